"""
The client: python-quickbooks over our own sessions, with what money needs.

The library has no time limit, no retry, no paging, no 401 refresh, no request id on a batch, reuses its caller's
params, reads amounts as floats and hides status and headers. Here reads are tried again; a write leaves exactly once.
"""

import datetime
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, NoReturn, Self
from urllib.parse import quote as percent

import requests
from quickbooks.client import QuickBooks
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from connector.errors import AnswerUnreadable, OurFault, ServiceDown, SignInNeeded, Throttled
from connector.network import Answer, Lost, NotSent, exchange, open_session
from connector.quickbooks.connection import Settings
from connector.quickbooks.limiter import Limiter
from connector.quickbooks.outcome import Outcome, batch_outcomes, fault_in, outcome_of, parse, retry_after
from connector.quickbooks.signin import SignIn

__all__ = ["Company", "Meters", "Outcome", "ReadRefused", "Settings", "equals", "one_of", "quote"]

MINOR_VERSION: Final = 75
PAGE: Final = 1000  # QuickBooks gives 100 unless asked, and never more
_TRIES: Final = 4
_THROTTLES: Final = 3
_LONGEST_WAIT: Final = 300.0
_IDLE_SECONDS: Final = 20.0
_RESTARTS: Final = 3

Operation = Literal["create", "update", "delete"]
_Turn = Literal["read", "request", "batch", "turn"]


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


def quote(text: str) -> str:
    r"""
    ``text`` as a value in a query: ``O'Neil`` becomes ``'O\'Neil'``.

    Raises:
        ValueError: The text holds a control character, which no name in QuickBooks can.
    """
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        raise ValueError("a control character cannot be asked for")
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def equals(name: str, value: str) -> str:
    """A condition: ``DisplayName = 'Foo'``."""
    return f"{name} = {quote(value)}"


def one_of(name: str, values: list[str]) -> str:
    """A condition: ``DocNumber IN ('A', 'B')``; ``values`` is not empty."""
    return f"{name} IN ({', '.join(map(quote, values))})"


class _Sessions:
    """Keep-alive sessions, one exchange at a time each, the one used last first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._free: list[tuple[requests.Session, float]] = []
        self._lock = threading.Lock()

    def take(self, *, for_write: bool) -> requests.Session:
        with self._lock:
            session, used = self._free.pop() if self._free else (open_session(self._settings.network, 1), 0.0)
        if for_write and time.monotonic() - used > _IDLE_SECONDS:
            session.close()  # a server hangs up on idle connections, and a write into one is a write of unknown outcome
        return session

    def give_back(self, session: requests.Session) -> None:
        with self._lock:
            self._free.append((session, time.monotonic()))

    def close(self) -> None:
        with self._lock:
            while self._free:
                self._free.pop()[0].close()


class Company(QuickBooks):  # type: ignore[misc]  # the library has no types
    """
    One QuickBooks company. Thread-safe; close it when done.

    Reads raise ServiceDown, Throttled, AnswerUnreadable or SignInNeeded. Writes answer with an `Outcome` and raise
    SignInNeeded or ServiceDown only before a byte has left.

    Args:
        sleep: How the waits between tries of a read are spent.
    """

    first_wait = 1.0  # seconds before the second try of a read; doubles

    def __new__(cls, *_: Any, **__: Any) -> Self:
        instance: Self = super().__new__(cls, minorversion=MINOR_VERSION)
        return instance

    def __init__(
        self, settings: Settings, sign_in: SignIn, limiter: Limiter, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.settings = settings
        self.company_id = settings.realm_id
        self.meters = Meters()
        self._sign_in = sign_in
        self._limiter = limiter
        self._sleep = sleep
        self._sessions = _Sessions(settings)
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

    # Reads.

    def query(self, entity: str, where: str = "", order: str = "Id") -> Iterator[dict[str, Any]]:
        """
        Every record of an entity that meets the condition, page by page, each once.

        Pages overlap by one record: where that record is another than before, a record was deleted meanwhile and the
        rest has moved up unseen, so the reading starts again.

        Args:
            entity: ``Bill``, ``Vendor``, ….
            where: As QuickBooks' query language has it, values made with `quote`; inactive ones only if asked for.
            order: ``ORDERBY`` column; one that does not change for a record.
        """
        seen: set[str] = set()
        for _ in range(_RESTARTS):
            start, last = 1, ""
            while True:
                rows = self._page(entity, where, order, start)
                if last and (not rows or rows[0]["Id"] != last):
                    break
                yield from (row for row in rows if row["Id"] not in seen)
                seen.update(row["Id"] for row in rows)
                if len(rows) < PAGE:
                    return
                last = rows[-1]["Id"]
                start += PAGE - 1
        raise ServiceDown(
            f"QuickBooks' list of {entity} kept changing while it was read",
            code="quickbooks-moving",
            remedy="run again when nobody deletes in QuickBooks",
        )

    def count(self, entity: str, where: str = "") -> int:
        """How many records meet the condition."""
        answer = self._ask(f"SELECT count(*) FROM {entity}{_where(where)}")  # noqa: S608 - values pass `quote`
        total = answer.get("totalCount")
        if not isinstance(total, int):
            raise _unreadable(f"the count of {entity} holds no totalCount")
        return total

    def read(self, entity: str, id: str) -> dict[str, Any] | None:  # noqa: A002 - QuickBooks' word
        """One record as it stands; None where it is deleted or never was (610)."""
        try:
            content = self.get_single_object(entity, percent(id, safe=""))
        except ReadRefused as refused:
            if refused.fault_code == "610":
                return None
            raise
        record = _object(content, entity)
        return None if record.get("status") == "Deleted" else record

    def company_info(self) -> dict[str, Any]:
        """Name, country and subscription of the company."""
        return _object(self.get_single_object("CompanyInfo", self.realm_id), "CompanyInfo")

    def preferences(self) -> dict[str, Any]:
        """What is switched on in the company."""
        return _object(self.get(f"{self._base}/preferences"), "Preferences")

    def exchange_rate(self, currency: str, day: datetime.date) -> Decimal:
        """Home currency for one unit of ``currency`` on ``day``, as QuickBooks has it."""
        params = {"sourcecurrencycode": currency, "asofdate": day.isoformat()}
        rate = _object(self.get(f"{self._base}/exchangerate", params=params), "ExchangeRate").get("Rate")
        if isinstance(rate, bool) or not isinstance(rate, int | Decimal) or rate <= 0:
            raise _unreadable(f"QuickBooks has no exchange rate for {currency} on {day}")
        return Decimal(rate)

    # Writes.

    def take_turn(self, kind: Literal["request", "batch"] = "request") -> None:
        """
        Wait for the limiter and a good token, so that a following ``send(…, turn_taken=True)`` leaves at once.

        Whoever notes the time of a send before sending takes the turn first: the note would else be a minute too early.
        """
        self._sign_in.access_token()
        self._limiter.wait(kind)

    def send(
        self, entity: str, body: bytes, request_id: str, operation: Operation, *, turn_taken: bool = False
    ) -> Outcome:
        """
        Write one record, once.

        Args:
            entity: ``Bill``, ``VendorCredit``, ``BillPayment``, ``Vendor``.
            body: Exact bytes; the same id always goes with the same bytes.
            request_id: At most 50 characters; QuickBooks answers a repeated one with its first answer.
            operation: An update's and a deletion's body holds Id and SyncToken.
            turn_taken: `take_turn` was called for this send.
        """
        params: dict[str, str | int] = {"requestid": request_id}
        if operation == "delete":
            params["operation"] = "delete"
        answer = self._write(f"{self._base}/{entity.lower()}", params, body, "turn" if turn_taken else "request")
        return answer if isinstance(answer, Outcome) else self._counted(outcome_of(answer, entity))

    def send_batch(self, body: bytes, request_id: str, *, turn_taken: bool = False) -> dict[str, Outcome] | Outcome:
        """
        Write several records in one request, once; items neither share a fate nor see each other.

        Args:
            body: ``{"BatchItemRequest": […]}``, as `documents.frozen_batch` makes it.
            request_id: At most 36 characters, the bIds at most 10.
            turn_taken: ``take_turn("batch")`` was called for this send.

        Returns:
            One outcome for each bId; a single one where the request as a whole was not answered item by item.
        """
        items = {item["bId"]: _entity_of(item) for item in parse(body)["BatchItemRequest"]}
        turn: _Turn = "turn" if turn_taken else "batch"
        answer = self._write(f"{self._base}/batch", {"requestid": request_id}, body, turn)
        if isinstance(answer, Outcome):
            return answer
        outcomes = batch_outcomes(answer, items)
        if isinstance(outcomes, dict):
            for outcome in outcomes.values():
                self._counted(outcome)
        return outcomes

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
            stop=stop_after_attempt(_TRIES),
            wait=wait_exponential_jitter(initial=self.first_wait, max=30, jitter=self.first_wait),
            retry=retry_if_exception_type(_Temporary),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return tries(self._read_once, request_type, url, headers, params or {}, body)
        except _Temporary as trouble:
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
        token: str | None = None,
        kind: _Turn = "read",
    ) -> Answer:
        """One exchange with a fresh set of params; raises NotSent and Lost."""
        sent_headers = {
            "Accept": "application/json",
            "User-Agent": "affiliate-connector",
            "Authorization": f"Bearer {token or self._sign_in.access_token()}",
            **(headers or {}),
        }
        if kind != "turn":
            self._limiter.wait("batch" if kind == "batch" else "request")
        session = self._sessions.take(for_write=kind != "read")
        try:
            return exchange(
                session,
                request_type,
                url,
                params={**(params or {}), "minorversion": MINOR_VERSION},
                headers=sent_headers,
                body=data,
                seconds=self.settings.timeout,
            )
        finally:
            self._sessions.give_back(session)

    # Inside.

    @property
    def _base(self) -> str:
        return f"{self.api_url}/company/{self.realm_id}"

    def _ask(self, select: str) -> dict[str, Any]:
        return _object(super().query(select), "QueryResponse")

    def _page(self, entity: str, where: str, order: str, start: int) -> list[dict[str, Any]]:
        which = f"{entity}{_where(where)} ORDERBY {order or 'Id'}"
        answer = self._ask(f"SELECT * FROM {which} STARTPOSITION {start} MAXRESULTS {PAGE}")  # noqa: S608
        rows = answer.get(entity, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("Id") for row in rows):
            raise _unreadable(f"a page of {entity} holds something else")
        return rows

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
                token, renewed = self._sign_in.renew(token), True
            elif answer.status == 429 or (fault and fault.codes == {3001}):
                throttles += 1
                self._pause(retry_after(answer.headers), throttles)
            elif answer.status == 200 and fault is None:
                self._counted_read()
                return content
            else:
                _refused_read(answer.status, content)

    def _pause(self, asked: float | None, throttles: int) -> None:
        wait = max(self.settings.throttle_wait, min(asked or 0.0, _LONGEST_WAIT))
        if throttles >= _THROTTLES:
            raise Throttled(
                f"QuickBooks asked to slow down {_THROTTLES} times in a row",
                code="quickbooks-throttled",
                remedy="run again later; if it lasts for hours, the app's monthly allowance of reads is used up",
                retry_after=asked,
            )
        self._sleep(wait)

    def _write(self, url: str, params: Mapping[str, str | int], body: bytes, kind: _Turn) -> Answer | Outcome:
        headers = {"Content-Type": "application/json"}
        try:
            return self.process_request("POST", url, headers, params, body, kind=kind)
        except NotSent as trouble:
            return Outcome("not-sent", message=str(trouble))
        except Lost as trouble:
            return Outcome("unknown", message=str(trouble))

    def _counted(self, outcome: Outcome) -> Outcome:
        if outcome.kind == "applied":
            with self._counting:
                self.meters.core += 1
        return outcome

    def _counted_read(self) -> None:
        with self._counting:
            self.meters.core_plus += 1


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""


def _entity_of(item: Mapping[str, Any]) -> str:
    return next(name for name in item if name not in ("bId", "operation", "optionsData"))


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
            remedy="run: connector auth login",
        )
    if status == 403 or (fault and 3100 in fault.codes):
        raise SignInNeeded(
            "QuickBooks forbids this app to use the company",
            code="quickbooks-forbidden",
            remedy="check quickbooks.realm_id and quickbooks.environment, then sign in again: connector auth login",
        )
    if fault is not None:
        why = f"{fault.detail or fault.message} ({fault.code})"
        raise ReadRefused(f"QuickBooks refuses the question: {why}", fault.code)
    raise _unreadable(f"HTTP {status} without the documented content")


def _object(content: Any, name: str) -> dict[str, Any]:
    held = content.get(name) if isinstance(content, dict) else None
    if not isinstance(held, dict):
        raise _unreadable(f"the answer holds no {name}")
    return held


def _unreadable(what: str) -> AnswerUnreadable:
    return AnswerUnreadable(
        f"QuickBooks answered in an unknown shape: {what}",
        code="quickbooks-shape",
        remedy="check quickbooks.api_url; if it is right, run again later",
    )
