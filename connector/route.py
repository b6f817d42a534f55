"""How requests leave this machine: the ``[network]`` section, and where a secret may go. Light to import."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["Heard", "Listener", "Network", "Unsafe", "unsafe_in"]


@dataclass(frozen=True, slots=True)
class Heard:
    """
    How one request ended.

    Args:
        service: Whom the network leads to; a host alone does not tell two services of one house apart.
        host: Who was asked.
        date: The answer's ``Date`` header; "" without one.
        seconds: Since it was asked.
        status: Of HTTP; 0 where no answer came.
    """

    service: str
    host: str
    date: str
    seconds: float
    status: int


Listener = Callable[[Heard], None]

Unsafe = Literal["no-address", "password", "plain"]


@dataclass(frozen=True, slots=True)
class Network:
    """
    The ``[network]`` section of the settings.

    Args:
        heard: Told of every request over this network that ended; None: nobody listens.
        service: Whom it leads to, as its listeners are told.
    """

    proxy: str = field(default="", repr=False)
    ca_bundle: str = ""
    heard: Listener | None = field(default=None, repr=False, compare=False)
    service: str = ""

    def heard_by(self, listener: Listener) -> "Network":
        """The same, with one more who listens."""
        before = self.heard
        if before is None:
            return replace(self, heard=listener)

        def both(heard: Heard) -> None:
            before(heard)
            listener(heard)

        return replace(self, heard=both)


def unsafe_in(url: str) -> Unsafe | None:
    """
    Why no secret may be sent to ``url``; None where it may.

    It is no web address, holds a user or password, or is plain http beyond this machine.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "no-address"
    # Between the reader here and the one that connects, a backslash or a blank may end the host in two places.
    if parts.scheme not in ("http", "https") or not host or any(each.isspace() or each == "\\" for each in url):
        return "no-address"
    if parts.username is not None or parts.password is not None:
        return "password"
    return "plain" if parts.scheme == "http" and not _is_loopback(host) else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
