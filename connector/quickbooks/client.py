"""
python-quickbooks over our own sessions: one policy for every request, and reads that are tried again.

The library has no time limit, no retry, no throttle and no 401 refresh, reuses its caller's params, reads amounts as
floats and hides status and headers. Everything it sends goes through its two methods that are replaced here.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NoReturn, Self

from quickbooks.client import QuickBooks
from tenacity import (
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
    wait_exponential_jitter,
)

from connector.errors import AnswerUnreadable, OurFault, ServiceDown, SignInNeeded, Stopped, Throttled
from connector.network import Answer, Lost, NotSent, exchange
from connector.quickbooks.connection import Settings
from connector.quickbooks.limiter import Kind, Limiter
from connector.quickbooks.outcome import fault_in, parse, retry_after
from connector.quickbooks.remedy import SIGN_IN
from connector.quickbooks.sessions import Sessions
from connector.quickbooks.signin import SignIn

__all__ = ["Client", "Meters", "ReadRefused", "Turn", "unreadable"]

MINOR_VERSION: Final = 75
_TRIES: Final = 4
_THROTTLES: Final = 3
_SHORTEST_TOKEN: Final = 16  # Intuit's have hundreds of characters; a shorter text may stand in an honest answer

# What a request takes from the limiter; "turn": it has been taken already.
Turn = Kind | Literal["turn"]


class ReadRefused(AnswerUnreadable):
    """
    Raised when QuickBooks refuses a read with a fault.

    Args:
        fault_code: QuickBooks' own code, e.g. ``5030``.
    """

    def __init__(self, what: str, fault_code: str) -> None:
        super().__init__(what, code="quickbooks-read-refused", remedy="see connector help quickbooks-read-refused")
        self.fault_code = fault_code


class _Temporary(Exception):
    """Raised inside this module when the same read may succeed a moment later."""


@dataclass(slots=True)
class Meters:
    """Answered calls as Intuit counts them: writes (Core) are free, reads (CorePlus) are paid for."""

    core: int = 0
    core_plus: int = 0


class Client(QuickBooks):  # type: ignore[misc]  # the library has no types
    """
    The requests of one company, for `transport.Company`.

    Args:
        stop: Set from outside to ask nothing more and to wait for nothing; a record may still be read by its id, once.
        sleep: How the waits between tries of a read are spent; until ``stop`` where nothing is given.
    """

    first_wait = 1.0  # seconds before the second try of a read; doubles

    def __new__(cls, *_: Any, **__: Any) -> Self:
        instance: Self = super().__new__(cls, minorversion=MINOR_VERSION)
        return instance

    def __init__(
        self,
        settings: Settings,
        sign_in: SignIn,
        limiter: Limiter,
        *,
        stop: threading.Event | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.settings = settings
        self.company_id = settings.realm_id
        self.meters = Meters()
        self._sign_in = sign_in
        self._limiter = limiter
        self._stop = stop or threading.Event()
        self._sleep = sleep or sleep_using_event(self._stop)
        self._sessions = Sessions(settings.network)
        self._counting = threading.Lock()

    @property
    def realm_id(self) -> str:
        return self.settings.realm_id

    @property
    def environment(self) -> str:
        return self.settings.environment

    @property
    def api_url(self) -> str:
        return self.settings.api_base

    def close(self) -> None:
        """Close every connection; the company can be used again."""
        self._sessions.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _base(self) -> str:
        return f"{self.api_url}/company/{self.realm_id}"

    # The library's ways in: every call of its own goes through these two.

    def make_request(
        self,
        request_type: str,
        url: str,
        request_body: Any = None,
        content_type: str = "application/json",
        params: Mapping[str, str | int] | None = None,
        file_path: str | None = None,
        file_bytes: bytes | None = None,
        request_id: str | None = None,
    ) -> Any:
        if file_path or file_bytes or request_id or (request_type != "GET" and not url.endswith("/query")):
            raise OurFault(
                "a write tried to pass the write protocol by",
                code="write-outside-protocol",
                remedy="report it; nothing was sent",
            )
        body = str(request_body).encode() if request_body else None
        headers = {"Content-Type": content_type} if body else {}
        tries = Retrying(
            stop=stop_after_attempt(_TRIES) | stop_when_event_set(self._stop),
            wait=wait_exponential_jitter(initial=self.first_wait, max=30, jitter=self.first_wait),
            retry=retry_if_exception_type(_Temporary),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return tries(self._read_once, request_type, url, headers, params or {}, body)
        except _Temporary as trouble:
            if self._stop.is_set():
                raise Stopped from None
            raise ServiceDown(
                f"QuickBooks cannot be read: {trouble}", code="quickbooks-down", remedy="nothing is lost; run again"
            ) from None

    def process_request(
        self,
        request_type: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        data: bytes | None = None,
        *,
        token: str,
        turn: Turn = "request",
        for_write: bool = False,
    ) -> Answer:
        """One exchange with a fresh set of params; raises NotSent and Lost."""
        sent_headers = {
            "Accept": "application/json",
            "User-Agent": "affiliate-connector",
            "Authorization": f"Bearer {token}",
            **(headers or {}),
        }
        if turn != "turn" and not self._limiter.wait(turn, self._stop):
            raise NotSent("the run was told to stop")
        session = self._sessions.take(for_write=for_write)
        try:
            answer = exchange(
                session,
                request_type,
                url,
                params={**(params or {}), "minorversion": MINOR_VERSION},
                headers=sent_headers,
                body=data,
                seconds=self.settings.timeout,
            )
            return _without(answer, token)
        finally:
            self._sessions.give_back(session)

    def _read_once(
        self, method: str, url: str, headers: Mapping[str, str], params: Mapping[str, str | int], body: bytes | None
    ) -> Any:
        token = self._sign_in.access_token()
        renewed = False
        throttles = 0
        while True:
            try:
                answer = self.process_request(method, url, headers, params, body, token=token)
            except (Lost, NotSent) as trouble:
                raise _Temporary(str(trouble)) from None
            content = _parsed(answer)
            fault = fault_in(content)
            if answer.status == 401 and not renewed:
                self._sign_in.distrust(token)
                token, renewed = self._sign_in.access_token(), True
            elif answer.status == 429 or (fault and fault.codes == {3001}):
                throttles += 1
                self._slow_down(retry_after(answer.headers), throttles)
            elif answer.status == 200 and fault is None:
                self._counted_read()
                return content
            else:
                _refused_read(answer.status, content)

    def _rest(self, asked: float | None) -> None:
        """QuickBooks asked to slow down: nothing more leaves for that long, whoever would send it."""
        self._limiter.rest(max(self.settings.throttle_wait, asked or 0.0))

    def _slow_down(self, asked: float | None, throttles: int) -> None:
        self._rest(asked)
        if throttles >= _THROTTLES:
            raise Throttled(
                f"QuickBooks asked to slow down {_THROTTLES} times in a row",
                code="quickbooks-throttled",
                remedy="run again later; if it lasts for hours, the app's monthly allowance of reads is used up",
                retry_after=asked,
            )

    def _counted_read(self) -> None:
        with self._counting:
            self.meters.core_plus += 1


def _without(answer: Answer, token: str) -> Answer:
    """An answer may quote the token it was sent, and what it says may be kept and shown."""
    quoted = token.encode()
    if len(quoted) < _SHORTEST_TOKEN or quoted not in answer.body:
        return answer
    return replace(answer, body=answer.body.replace(quoted, b"***"))


def _parsed(answer: Answer) -> Any:
    try:
        return parse(answer.body)
    except ValueError:
        return None


def _refused_read(status: int, content: Any) -> NoReturn:
    fault = fault_in(content)
    if status >= 500 or (fault and fault.codes and max(fault.codes) == 10000):
        raise _Temporary(f"HTTP {status}")
    if status == 401:
        raise SignInNeeded(
            "QuickBooks does not accept a token that Intuit has just issued",
            code="quickbooks-sign-in",
            remedy=SIGN_IN,
        )
    if status == 403 or (fault and 3100 in fault.codes):
        raise SignInNeeded(
            "QuickBooks forbids this app to use the company",
            code="quickbooks-forbidden",
            remedy=f"check quickbooks.realm_id and quickbooks.environment; if both are right, {SIGN_IN}",
        )
    if fault is not None:
        why = f"{fault.detail or fault.message} ({fault.code})"
        raise ReadRefused(f"QuickBooks refuses the question: {why}", fault.code)
    raise unreadable(f"HTTP {status} without the documented content")


def unreadable(what: str) -> AnswerUnreadable:
    """The error for an answer without its documented shape."""
    return AnswerUnreadable(
        f"QuickBooks answered in an unknown shape: {what}",
        code="quickbooks-shape",
        remedy="check quickbooks.api_url; if it is right, run again later",
    )
