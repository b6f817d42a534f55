"""
How a source is asked: GET alone, over the one network policy, with one layer of waits.

Temporary trouble is tried again after 1, 2 and 4 s. "Slow down" (429, or what the source says instead) is waited out
for as long as the source names, 60 s where it names nothing, 120 s at most. The address, and with it the key, never
reaches a message.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, Self, TypeVar

from tenacity import RetryCallState, Retrying

from connector.errors import AnswerUnreadable, ConnectorError, ServiceDown, SignInNeeded, Throttled
from connector.network import Answer, Lost, NotSent, exchange, open_session
from connector.sources.source import Connection

__all__ = ["LONGEST_WAIT", "SECONDS", "Asker", "key_refused", "throttled"]

FIRST_WAIT: float = 1.0
THROTTLE_WAIT: float = 60.0
LONGEST_WAIT: Final = 120.0
_TRIES: Final = 4
SECONDS: Final = 60.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Meaning:
    error: type[ConnectorError]
    code: str
    words: str


_KEY: Final = _Meaning(SignInNeeded, "source-key-refused", "does not accept the key")
_SLOW: Final = _Meaning(Throttled, "source-throttled", "asks us to slow down")
_REFUSED: Final = "source-refused"
_DOWN: Final = "source-down"

_STATUSES: Final[Mapping[int, _Meaning]] = {
    400: _Meaning(AnswerUnreadable, _REFUSED, "could not read a parameter of our request"),
    401: _KEY,
    403: _KEY,
    404: _Meaning(AnswerUnreadable, _REFUSED, "has nothing at this address"),
    429: _SLOW,
    500: _Meaning(ServiceDown, _DOWN, "has an error of its own"),
    502: _Meaning(ServiceDown, _DOWN, "is behind a gateway that does not reach it"),
    503: _Meaning(ServiceDown, _DOWN, "is not available"),
    504: _Meaning(ServiceDown, _DOWN, "did not answer its gateway in time"),
    **dict.fromkeys(
        (301, 302, 303, 307, 308),
        _Meaning(AnswerUnreadable, _REFUSED, "sends us to another address, which is never followed"),
    ),
}
_ELSE: Final = _Meaning(AnswerUnreadable, _REFUSED, "answers in a way its document does not name")


def key_refused(connection: Connection, title: str, what: str, hint: str = "") -> SignInNeeded:
    """The error for a refused key; ``what`` continues the source's title."""
    variable = f"CONNECTOR_SOURCES__{connection.name.upper()}__API_KEY"
    return SignInNeeded(
        f"{connection.name}: {title} {what}",
        code=_KEY.code,
        remedy=f"set sources.{connection.name}.api_key (or {variable}){hint}",
        source=connection.name,
    )


def throttled(connection: Connection, title: str, what: str, retry_after: float | None = None) -> Throttled:
    """The error for "slow down"; ``what`` continues the source's title."""
    return Throttled(
        f"{connection.name}: {title} {what}",
        code=_SLOW.code,
        remedy="nothing was advanced; the next run tries again",
        source=connection.name,
        retry_after=retry_after,
    )


class Asker:
    """
    One source's GETs, for the length of one pull. Use as a context.

    Args:
        connection: Where and with which key.
        title: What people call the source.
        key_hint: What to add to the remedy of a refused key.
        slow_waits: How often "slow down" is waited out before it is an error.
        slow_words: What is said when it is not waited out any more.
        turn: A context each single request runs in: the source's own limits.
    """

    def __init__(
        self,
        connection: Connection,
        title: str,
        *,
        key_hint: str = "",
        slow_waits: int = 3,
        slow_words: str = _SLOW.words,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._connection = connection
        self._title = title
        self._key_hint = key_hint
        self._slow_waits = slow_waits
        self._slow_words = slow_words
        self._turn = turn
        self._session = open_session(connection.network, connections=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(
        self,
        path: str,
        params: Mapping[str, str | int],
        accept: str,
        read: Callable[[bytes], _T],
    ) -> _T:
        """
        What ``read`` makes of the answer's body; ``read`` may raise Throttled, which is waited out like a 429.

        Raises:
            SignInNeeded: 401 or 403.
            Throttled: The waits are used up.
            ServiceDown: Nobody answers, or it fails, after four tries.
            AnswerUnreadable: Any other answer.
        """
        patience = _Patience(self._slow_waits)
        retrying = Retrying(retry=patience.again, wait=patience.wait, sleep=time.sleep, reraise=True)
        try:
            for attempt in retrying:
                with attempt:
                    return self._once(path, params, accept, read)
        except Throttled as error:
            if type(error) is not Throttled:  # a limit of our own, which has said how long
                raise
            raise throttled(self._connection, self._title, self._slow_words, error.retry_after) from None
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _once(self, path: str, params: Mapping[str, str | int], accept: str, read: Callable[[bytes], _T]) -> _T:
        url = self._connection.base_url.rstrip("/") + path
        try:
            with self._turn():
                answer = exchange(self._session, "GET", url, params=params, headers={"Accept": accept}, seconds=SECONDS)
        except (NotSent, Lost) as error:
            raise ServiceDown(
                f"{self._connection.name}: {self._title} cannot be read: {error}",
                code=_DOWN,
                remedy="check the network and base_url; nothing was advanced, the next run tries again",
                source=self._connection.name,
            ) from None
        if answer.status != 200:
            raise self._refusal(answer)
        return read(answer.body)

    def _refusal(self, answer: Answer) -> ConnectorError:
        meaning = _STATUSES.get(answer.status, _ELSE)
        what = f"{meaning.words} (HTTP {answer.status})"
        if meaning is _KEY:
            return key_refused(self._connection, self._title, what, self._key_hint)
        if meaning is _SLOW:
            return throttled(self._connection, self._title, what, _retry_after(answer.headers.get("retry-after", "")))
        return meaning.error(
            f"{self._connection.name}: {self._title} {what}",
            code=meaning.code,
            remedy="nothing was advanced; the next run tries again"
            if meaning.code == _DOWN
            else f"check sources.{self._connection.name}.base_url, then run: connector plan",
            source=self._connection.name,
        )


class _Patience:
    """Counts the two kinds of waits of one request apart."""

    def __init__(self, slow_waits: int) -> None:
        self._slow_left = slow_waits
        self._failures = 0

    def again(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if type(error) is Throttled:
            self._slow_left -= 1
            return self._slow_left >= 0
        if type(error) is ServiceDown:
            self._failures += 1
            return self._failures < _TRIES
        return False

    def wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Throttled):
            asked = THROTTLE_WAIT if error.retry_after is None else error.retry_after
            return min(max(asked, 0.0), LONGEST_WAIT)
        return FIRST_WAIT * float(2 ** (self._failures - 1))


def _retry_after(text: str) -> float | None:
    """Seconds out of ``Retry-After``, which is a number or an HTTP date; None where it is neither."""
    if text.strip().isdecimal():
        return float(text[:9])
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError):
        return None
