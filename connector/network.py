"""
One policy for every request that leaves this machine, whoever it goes to.

No proxies or passwords out of the environment, no redirects, TLS always verified, a time limit on connecting and one on
the whole exchange, a cap on the answer's size. Addresses with keys in them never reach a message.
"""

import logging
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from connector.route import Heard, Network

__all__ = ["Answer", "Lost", "Network", "NotSent", "exchange", "open_session"]

_CONNECT_SECONDS: Final = 10.0
_CAP: Final = 64 * 1024 * 1024
_PIECE: Final = 64 * 1024
_PLAIN: Final = ("", "identity")
_GZIP: Final = ("gzip", "x-gzip")
_AS_GZIP: Final = 16 + zlib.MAX_WBITS

# Every line of it holds an address, at any level; what there is to say is said by us.
logging.getLogger("urllib3.connectionpool").addFilter(lambda _: False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class NotSent(Exception):
    """Raised when no byte of the request left: the name is unknown or nobody listens."""


class Lost(Exception):
    """Raised when the request may have arrived and no whole answer came back."""


def open_session(network: Network, connections: int = 10) -> requests.Session:
    """A session under this module's policy."""
    session = requests.Session()
    session.trust_env = False
    session.verify = network.ca_bundle or True
    session.headers["Accept-Encoding"] = "gzip"
    if network.proxy:
        session.proxies = {"http": network.proxy, "https": network.proxy}
    adapter = _Telling(network, connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Telling(HTTPAdapter):
    """Tells whoever listens to the network how each request ended, answered or not."""

    def __init__(self, network: Network, connections: int) -> None:
        super().__init__(pool_connections=2, pool_maxsize=connections, max_retries=0)
        self._network = network

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """The answer as soon as its head is here."""
        began = time.monotonic()
        status, date = 0, ""
        try:
            response = super().send(request, *args, **kwargs)
            status, date = response.status_code, response.headers.get("Date", "")
        finally:
            if self._network.heard is not None:
                host = urlsplit(request.url or "").hostname or ""
                seconds = time.monotonic() - began
                self._network.heard(Heard(self._network.service, host, date, seconds, status))
        return response


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    *,
    params: Mapping[str, str | int] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = 60.0,
    cap: int = _CAP,
) -> Answer:
    """
    One request and its whole answer, within ``seconds``.

    Raises:
        NotSent: Nothing left this machine.
        Lost: It may have arrived; the answer is missing, late, cut off or larger than ``cap`` bytes.
    """
    began = time.monotonic()
    try:
        with session.request(
            method,
            url,
            params=params,
            headers=headers,
            data=body,
            timeout=(min(_CONNECT_SECONDS, seconds), seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            whole = _read(response, began + seconds, cap)
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, names, whole, time.monotonic() - began)
    except (requests.RequestException, HTTPError, OSError) as error:
        # The text of these holds the address, and the address may hold a key: only the kind is told.
        if _never_left(error):
            raise NotSent(_kind(error)) from None
        raise Lost(_kind(error)) from None


def _read(response: requests.Response, deadline: float, cap: int) -> bytes:
    packed = response.headers.get("Content-Encoding", "").strip().lower()
    if packed not in (*_PLAIN, *_GZIP):
        raise Lost("the answer is packed in a way that was not asked for")
    pieces = _pieces(response, deadline)
    whole: list[bytes] = []
    size = 0
    for piece in pieces if packed in _PLAIN else _unpacked(pieces):
        size += len(piece)
        if size > cap:
            raise Lost(f"the answer is larger than {cap} bytes")
        whole.append(piece)
    return b"".join(whole)


def _pieces(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """The body as it comes in, however little at a time, so that a byte a minute meets the deadline."""
    while piece := response.raw.read1(_PIECE, decode_content=False):
        if time.monotonic() > deadline:
            raise Lost("the answer took too long")
        yield piece


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A body in gzip, unpacked a piece at a time: megabytes may unpack to gigabytes, and the cap must come first."""
    unpacker = zlib.decompressobj(_AS_GZIP)
    begun = False
    for packed in pieces:
        begun, rest = True, packed
        while rest:
            if unpacker.eof:  # gzip may hold one part after the other
                unpacker = zlib.decompressobj(_AS_GZIP)
            try:
                yield unpacker.decompress(rest, _PIECE)
            except zlib.error:
                raise Lost("the answer cannot be unpacked") from None
            rest = unpacker.unconsumed_tail or unpacker.unused_data
    if begun and not unpacker.eof:
        raise Lost("the answer was cut off")


def _never_left(error: BaseException) -> bool:
    cause: BaseException | None = error
    seen = 0
    while cause is not None and seen < 8:
        if isinstance(cause, NewConnectionError | ConnectTimeoutError | NameResolutionError):
            return True
        if isinstance(cause, ssl.SSLCertVerificationError):  # any other trouble with TLS may come after the first byte
            return True
        inner = cause.reason if isinstance(cause, MaxRetryError) else getattr(cause, "original_error", None)
        nested = next((part for part in cause.args if isinstance(part, BaseException)), None)
        cause = inner or nested
        seen += 1
    return False


def _kind(error: BaseException) -> str:
    words: dict[type[BaseException], str] = {
        requests.exceptions.ConnectTimeout: "no connection within the time limit",
        requests.exceptions.ReadTimeout: "no answer within the time limit",
        requests.exceptions.SSLError: "the server's certificate is not trusted",
        requests.exceptions.ProxyError: "the proxy refused",
        ReadTimeoutError: "no answer within the time limit",
        ProtocolError: "the answer was cut off",
    }
    for kind, text in words.items():
        if isinstance(error, kind):
            return text
    if _never_left(error):
        return "nobody answers at this address"
    return "the connection broke"
