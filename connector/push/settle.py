"""
Unknown is a state, and only evidence leaves it.

Found, by the number in the intent or by the mark: it is ours and sent. Absent counts only when the question was asked
at least ``settle_after`` after the last send; then the same bytes go out under the same id. After three rounds without
evidence a person looks.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, cast

from connector.document import Key, Kind, from_data
from connector.errors import OurFault
from connector.plan import Verb
from connector.push.answer import Written, judge
from connector.push.changes import evidence
from connector.push.order import Order
from connector.push.payments import bill_in, evidence_of_payment
from connector.push.send import Flight, Sender, Start, record
from connector.quickbooks.documents import operation_of
from connector.quickbooks.outcome import parse
from connector.quickbooks.posted import marker_in
from connector.quickbooks.transport import Company, one_of
from connector.state.sendings import StoredRequest
from connector.state.store import State
from connector.state.tables import DocumentRow

__all__ = ["Settled", "due_in", "settle"]

_ROUNDS: Final = 3
_CLOCKS_APART: Final = datetime.timedelta(minutes=15)
_NUMBERS_A_QUERY: Final = 30
_CONTROL: Final = frozenset(map(chr, (*range(32), 127)))
"""Signs that no query can hold; a number with one is looked for by its mark alone."""


@dataclass(frozen=True, slots=True)
class Settled:
    """
    A document whose outcome was looked for, and what it is now; ``sending`` where it still is not known.

    Args:
        verb: As what it had been sent.
    """

    key: Key
    written: Written
    verb: Verb


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: StoredRequest
    documents: tuple[DocumentRow, ...]


def due_in(state: State, company_id: str, settle_after: float) -> float | None:
    """Seconds until every document of unknown outcome may be settled; None where there is none."""
    waits = [settle_after - each.request.seconds_since_send() for each in _waiting(state, company_id)]
    return max(0.0, *waits) if waits else None


def settle(state: State, company: Company, sender: Sender) -> Iterator[Settled]:
    """
    Look for every document of unknown outcome that is due; what is proven absent goes out again.

    Due is what was last sent ``settle_after`` ago (I6), and only what is found there or is proven absent leaves (I5).
    """
    due = [
        each
        for each in _waiting(state, company.realm_id)
        if each.request.seconds_since_send() >= company.settings.settle_after
    ]
    absent: list[Flight] = []
    for waiting in due:
        flight = _flight(waiting)
        found = _look(company, waiting) | _look_at_changes(company, flight) | _look_at_bills(state, company, flight)
        rounds = {document.id: document.rounds for document in waiting.documents}
        again: dict[str, Order] = {}
        for bid, order in flight.items.items():
            written = found.get(order.document_id)
            if written is None and rounds[order.document_id] < _ROUNDS:
                state.note_round(order.document_id, **_NOT_THERE_YET)
                again[bid] = order
                continue
            written = written or _given_up(waiting, order)
            record(state, [(order, written)])
            yield _settled(order, written)
        if again:
            # Of a batch, what was found is left out; the rest goes again under the same ids.
            tries = len(waiting.request.attempts)
            absent.append(replace(flight, items=again, tries=tries, doubtful=tries > 0))
    for order, written in sender.fly(Start(flight.batch, partial(replace, flight)) for flight in absent):
        yield _settled(order, written)


_VERBS: Final[dict[str, Verb]] = {"update": "update", "delete": "remove"}
_NEW: Final[dict[Kind, Verb]] = {"bill": "create", "credit": "credit", "payment": "pay"}


def _settled(order: Order, written: Written) -> Settled:
    made = _NEW[order.key.kind] if written.adopted is None else "adopt"
    return Settled(order.key, written, _VERBS.get(order.operation, made))


_NOT_THERE_YET: Final = {
    "code": "outcome-unknown",
    "reason": "sent without an answer, and QuickBooks does not show it: the same request goes out again",
    "remedy": "nothing to do",
}


def _given_up(waiting: _Waiting, order: Order) -> Written:
    if order.key.kind == "payment":  # whether money left twice, nobody but the bookkeeper can tell
        remedy = (
            "look at the bill in QuickBooks: if it is owed still, record its payment there, and the next run links it"
        )
    else:
        remedy = "look in QuickBooks for the number; then link it, or approve that it goes out again: connector review"
    return Written(
        "held",
        "outcome-unknown",
        f"sent {len(waiting.request.attempts)} times without an answer, and QuickBooks does not show it",
        remedy,
    )


def _waiting(state: State, company_id: str) -> list[_Waiting]:
    by_request: dict[int, list[DocumentRow]] = {}
    requests: dict[int, StoredRequest] = {}
    for document in state.documents_in_state(company_id, ["sending"]):
        request = state.open_request(_id(document))
        if request is None:
            raise OurFault(
                f"document {document.id} is sending without a request",
                code="sending-without-request",
                remedy="Report this.",
            )
        requests[request.key] = request
        by_request.setdefault(request.key, []).append(document)
    return [_Waiting(requests[id_], tuple(documents)) for id_, documents in by_request.items()]


def _flight(waiting: _Waiting) -> Flight:
    documents = {document.id: document for document in waiting.documents}
    items: dict[str, Order] = {}
    for item in waiting.request.items:
        document = documents.get(item.document)
        if document is None or document.content is None:
            continue  # another item of the batch, settled already
        body = parse(item.body.encode())
        key = Key(document.company, document.source, document.invoice, cast("Kind", document.kind))
        items[item.bid] = Order(
            n=0,
            key=key,
            marker=document.marker,
            document_id=_id(document),
            document=from_data(document.content),
            entity=document.entity or "Bill",
            body=item.body.encode(),
            generation=item.generation,
            operation=operation_of(body),
            revision=body.get("SyncToken", "0"),
            pays=bill_in(body) if key.kind == "payment" else "",
        )
    request = waiting.request.request
    return Flight(waiting.request.key, request.request_id, items, batch=request.operation == "batch")


def _id(row: DocumentRow) -> int:
    if row.id is None:  # pragma: no cover - every row that was read has one
        raise AssertionError(row)
    return row.id


def _look_at_changes(company: Company, flight: Flight) -> dict[int, Written]:
    """What QuickBooks shows of updates and removals, each read by its id."""
    changes = [order for order in flight.items.values() if order.operation != "create"]
    found = {order.document_id: evidence(company, order) for order in changes}
    return {id_: written for id_, written in found.items() if written is not None}


def _look_at_bills(state: State, company: Company, flight: Flight) -> dict[int, Written]:
    """What the bills of payments show of them."""
    payments = [order for order in flight.items.values() if order.key.kind == "payment"]
    found = {order.document_id: evidence_of_payment(state, company, order) for order in payments}
    return {id_: written for id_, written in found.items() if written is not None}


def _look(company: Company, waiting: _Waiting) -> dict[int, Written]:
    """What QuickBooks shows of new documents: by number first, then by mark among what was made since the send."""
    found: dict[int, Written] = {}
    new = [each for each in waiting.documents if each.qbo_id is None and each.kind != "payment"]
    for entity in sorted({document.entity or "Bill" for document in new}):
        ours = [document for document in new if (document.entity or "Bill") == entity]
        seen = _by_number(company, entity, ours)
        if any(document.marker not in _markers(seen) for document in ours) and waiting.request.attempts:
            since = min(attempt.sent_at for attempt in waiting.request.attempts) - _CLOCKS_APART
            seen += list(company.query(entity, f"MetaData.CreateTime >= '{since.isoformat(timespec='seconds')}'"))
        for document in ours:
            written = _evidence(document, entity, seen)
            if written is not None:
                found[_id(document)] = written
    return found


def _by_number(company: Company, entity: str, documents: Sequence[DocumentRow]) -> list[dict[str, Any]]:
    numbers = sorted(
        {document.number for document in documents if document.number and _CONTROL.isdisjoint(document.number)}
    )
    rows: list[dict[str, Any]] = []
    for at in range(0, len(numbers), _NUMBERS_A_QUERY):
        rows += company.query(entity, one_of("DocNumber", numbers[at : at + _NUMBERS_A_QUERY]))
    return rows


def _markers(rows: Sequence[Mapping[str, Any]]) -> set[str | None]:
    return {marker_in(str(row.get("PrivateNote") or "")) for row in rows}


def _evidence(document: DocumentRow, entity: str, rows: Sequence[Mapping[str, Any]]) -> Written | None:
    ours = [row for row in rows if marker_in(str(row.get("PrivateNote") or "")) == document.marker]
    if ours and document.content is not None:
        first = min(
            ours, key=lambda row: (str(row.get("MetaData", {}).get("CreateTime", "")), len(row["Id"]), row["Id"])
        )
        return judge(first, entity, from_data(document.content), document.marker)
    others = [row for row in rows if row.get("DocNumber") == document.number]
    if others:
        return Written(
            "held",
            "possible-duplicate",
            f"QuickBooks has {entity.lower()} {others[0]['Id']} with the number {document.number} and without our mark",
            "compare both; give one of them its own number, or delete it in QuickBooks",
        )
    return None
