"""
One QuickBooks company: read it, write to it.

Reads page to the end and are tried again; a write leaves exactly once, and its answer is judged, never guessed.
"""

import datetime
import threading
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal
from urllib.parse import quote as percent

from connector.errors import ConnectorError, ServiceDown, Stopped
from connector.network import Answer, Lost, NotSent
from connector.quickbooks.client import Client, Meters, ReadRefused, Turn, unreadable
from connector.quickbooks.connection import Settings
from connector.quickbooks.frozen import BatchItem, frozen_batch
from connector.quickbooks.limiter import Kind
from connector.quickbooks.outcome import Outcome, batch_outcomes, outcome_of

__all__ = ["PAGE", "Company", "Meters", "Operation", "Outcome", "ReadRefused", "Settings", "equals", "one_of", "quote"]

PAGE: Final = 1000
"""QuickBooks gives 100 records unless asked for more, and never more than these."""
_RESTARTS: Final = 3
_IDS_A_QUERY: Final = 30

Operation = Literal["create", "update", "delete"]


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


class Company(Client):
    """
    One QuickBooks company. Thread-safe; close it when done.

    Reads and `take_turn` raise ServiceDown, Stopped, Throttled, AnswerUnreadable or SignInNeeded; writes answer with an
    `Outcome` whatever happens.
    """

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
            raise unreadable(f"the count of {entity} holds no totalCount")
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

    def read_several(self, entity: str, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """
        Each record as it stands; None where it is deleted or never was.

        Many cost one metered read together. What a query does not show is not proven gone: it is read by its id.
        """
        shown: dict[str, dict[str, Any]] = {}
        for at in range(0, len(ids) if len(ids) > 1 else 0, _IDS_A_QUERY):
            shown |= {row["Id"]: row for row in self.query(entity, one_of("Id", list(ids[at : at + _IDS_A_QUERY])))}
        for id_ in ids:
            yield id_, shown.get(id_) or self.read(entity, id_)

    def company_info(self) -> dict[str, Any]:
        """Name, country and subscription of the company."""
        self._may_ask()
        return _object(self.get_single_object("CompanyInfo", self.realm_id), "CompanyInfo")

    def preferences(self) -> dict[str, Any]:
        """What is switched on in the company."""
        self._may_ask()
        return _object(self.get(f"{self._base}/preferences"), "Preferences")

    def exchange_rate(self, currency: str, day: datetime.date) -> Decimal:
        """Home currency for one unit of ``currency`` on ``day``, as QuickBooks has it."""
        self._may_ask()
        params = {"sourcecurrencycode": currency, "asofdate": day.isoformat()}
        record = _object(self.get(f"{self._base}/exchangerate", params=params), "ExchangeRate")
        rate = _rate_in(record)
        if rate is None:
            raise unreadable(f"QuickBooks has no exchange rate for {currency} on {day}")
        return rate

    def exchange_rates(
        self, currencies: Sequence[str], first: datetime.date, last: datetime.date
    ) -> dict[tuple[str, datetime.date], Decimal]:
        """
        The rates that one query shows, by currency and day: those that are of the very day, and one a day.

        Days may be missing: `exchange_rate` tells of them. Days times currencies fit into a page.
        """
        days = f"AsOfDate >= {quote(first.isoformat())} AND AsOfDate <= {quote(last.isoformat())}"
        if first == last:
            days = equals("AsOfDate", first.isoformat())  # the only form that Intuit documents
        where = f"{one_of('SourceCurrencyCode', list(currencies))} AND {days}"
        rows = self._ask(f"SELECT * FROM ExchangeRate WHERE {where} MAXRESULTS {PAGE}").get("ExchangeRate", [])  # noqa: S608
        found: dict[tuple[str, datetime.date], set[Decimal]] = {}
        for row in rows if isinstance(rows, list) else ():
            day, rate = _day_in(row), _rate_in(row)
            if day is not None and rate is not None and first <= day <= last:
                found.setdefault((str(row.get("SourceCurrencyCode")), day), set()).add(rate)
        return {key: rates.pop() for key, rates in found.items() if len(rates) == 1}

    # Writes.

    def take_turn(self, kind: Kind = "request", stop: threading.Event | None = None) -> bool:
        """
        Wait for the limiter and a good token, so that a following ``send(…, turn_taken=True)`` leaves at once.

        Whoever notes the time of a send before sending takes the turn first: the note would else be a minute too early.

        Args:
            kind: What is to be sent.
            stop: Ends the waiting; then there is no turn and the answer is False.
        """
        self._sign_in.access_token()
        return self._limiter.wait(kind, stop)

    def sign_in_again(self) -> bool:
        """Get another access token after a write met a 401; False where Intuit gives none."""
        try:
            self._sign_in.access_token()  # the refused one is distrusted already
        except ConnectorError:
            return False
        return True

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
        return answer if isinstance(answer, Outcome) else self._noted(outcome_of(answer, entity))

    def send_batch(
        self, items: Sequence[BatchItem], request_id: str, *, turn_taken: bool = False
    ) -> dict[str, Outcome] | Outcome:
        """
        Write several records in one request, once; items neither share a fate nor see each other.

        Args:
            items: The same id always goes with the same ones, in the same order.
            request_id: At most 36 characters, the bIds at most 10.
            turn_taken: ``take_turn("batch")`` was called for this send.

        Returns:
            One outcome for each bId; a single one where the request as a whole was not answered item by item.
        """
        body, entities = frozen_batch(items), {item.bid: item.entity for item in items}
        turn: Turn = "turn" if turn_taken else "batch"
        answer = self._write(f"{self._base}/batch", {"requestid": request_id}, body, turn)
        if isinstance(answer, Outcome):
            return answer
        outcomes = batch_outcomes(answer, entities)
        for outcome in outcomes.values() if isinstance(outcomes, dict) else (outcomes,):
            self._noted(outcome)
        return outcomes

    # Inside.

    def _may_ask(self) -> None:
        """
        A run that stops asks nothing new; what settles an answer that came is read by its id all the same.

        Raises:
            Stopped: It does.
        """
        if self._stop.is_set():
            raise Stopped

    def _ask(self, select: str) -> dict[str, Any]:
        self._may_ask()
        return _object(super().query(select), "QueryResponse")

    def _page(self, entity: str, where: str, order: str, start: int) -> list[dict[str, Any]]:
        which = f"{entity}{_where(where)} ORDERBY {order or 'Id'}"
        answer = self._ask(f"SELECT * FROM {which} STARTPOSITION {start} MAXRESULTS {PAGE}")  # noqa: S608
        rows = answer.get(entity, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("Id") for row in rows):
            raise unreadable(f"a page of {entity} holds something else")
        return rows

    def _write(self, url: str, params: Mapping[str, str | int], body: bytes, turn: Turn) -> Answer | Outcome:
        headers = {"Content-Type": "application/json"}
        try:
            token = self._sign_in.access_token()
        except ConnectorError as trouble:
            return Outcome("not-sent", message=trouble.what)  # whoever takes the next turn is told what to do
        try:
            answer = self.process_request("POST", url, headers, params, body, token=token, turn=turn, for_write=True)
        except NotSent as trouble:
            return Outcome("not-sent", message=str(trouble))
        except Lost as trouble:
            return Outcome("unknown", message=str(trouble))
        if answer.status == 401:
            self._sign_in.distrust(token)
        return answer

    def _noted(self, outcome: Outcome) -> Outcome:
        if outcome.kind == "applied":
            with self._counting:
                self.meters.core += 1
        elif outcome.kind == "throttled":
            self._rest(outcome.retry_after)
        return outcome


def _where(condition: str) -> str:
    return f" WHERE {condition}" if condition else ""


def _rate_in(record: Any) -> Decimal | None:
    rate = record.get("Rate") if isinstance(record, dict) else None
    if isinstance(rate, bool) or not isinstance(rate, int | Decimal) or rate <= 0:
        return None
    return Decimal(rate)


def _day_in(record: Any) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(record["AsOfDate"])
    except (KeyError, TypeError, ValueError):
        return None


def _object(content: Any, name: str) -> dict[str, Any]:
    held = content.get(name) if isinstance(content, dict) else None
    if not isinstance(held, dict):
        raise unreadable(f"the answer holds no {name}")
    return held
