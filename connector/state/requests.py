"""Requests: the intent before every write to QuickBooks, each sending of it, and what became of its documents."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import Connection, Update, bindparam, false, func, insert, or_, select, update

from connector.errors import OurFault
from connector.state.clock import moment, utc_now
from connector.state.moves import MOVES, check_move
from connector.state.sendings import Sendings, open_ones
from connector.state.tables import AttemptRow, DocumentRow, RequestItemRow, RequestRow
from connector.state.transactions import core, in_bulk, new_id
from connector.value import value

__all__ = ["Conclusion", "Ended", "IntendedItem", "Intent", "Requests"]

_DOCUMENT: Final = core(DocumentRow)
_REQUEST: Final = core(RequestRow)
_ITEM: Final = core(RequestItemRow)
_ATTEMPT: Final = core(AttemptRow)

# Made once: a statement that is made anew for every batch costs more than what it does.
_SAME_REQUEST: Final = select(_REQUEST.c.id).where(
    _REQUEST.c.company == bindparam("company"), _REQUEST.c.request_id == bindparam("request_id")
)
_STATES: Final = select(_DOCUMENT.c.id, _DOCUMENT.c.state).where(
    _DOCUMENT.c.id.in_(bindparam("documents", expanding=True))
)
_NEW_ITEM: Final = insert(_ITEM)
_WAITING: Final = (
    select(_ITEM.c.bid)
    .outerjoin(_DOCUMENT, _DOCUMENT.c.id == _ITEM.c.document)
    .where(_ITEM.c.request == bindparam("request"), _ITEM.c.outcome.is_(None))
    .where(or_(_ITEM.c.document.is_(None), _DOCUMENT.c.state == "sending"))
)
_TRIES: Final = select(func.max(_ATTEMPT.c.n)).where(_ATTEMPT.c.request == bindparam("request"))
_FINISHED: Final = update(_ATTEMPT).where(_ATTEMPT.c.id == bindparam("key_id"), _ATTEMPT.c.outcome.is_(None))
_CONCLUDED: Final = update(_ITEM).where(
    _ITEM.c.request == bindparam("key_request"), _ITEM.c.document == bindparam("key_document")
)

ItemOutcome = Literal["applied", "refused", "absent", "left-out"]

# What a document's move says about the item it was in; a document that is held leaves its outcome to the caller.
_OUTCOMES: Final = {"sent": "applied", "removed": "applied", "refused": "refused", "ready": "absent"}

_CONCLUDABLE: Final = frozenset(column.name for column in _DOCUMENT.columns) - frozenset(
    "id company source invoice kind state marker created updated run".split()
)


@value(frozen=True, slots=True)
class IntendedItem:
    """
    One document, or one vendor to be made, of a request as it is to be sent.

    Args:
        document_id: The document's row; it is ``ready`` or ``sent``. None for a vendor.
        bid: Which item it is: at most two characters in a batch.
        number: The number the document is to have in QuickBooks; a vendor's name.
        generation: Of the request id.
        body: The exact text to be sent; its UTF-8 bytes never change.
        becomes: Further columns of the document that change with the intent.
    """

    document_id: int | None
    bid: str
    number: str | None
    generation: int
    body: str
    becomes: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """
    A request that is about to be sent.

    Args:
        company: The realm id.
        run: The run that intends it.
        request_id: At most 36 characters.
        operation: ``batch`` where the items carry their own.
        entity: None where a batch mixes them.
        items: At least one.
        revision: ``0``, or the SyncToken that is replaced.
    """

    company: str
    run: str
    request_id: str
    operation: Literal["create", "update", "delete", "batch"]
    entity: str | None
    items: Sequence[IntendedItem]
    revision: str = "0"


@value(frozen=True, slots=True)
class Conclusion:
    """
    What evidence says of one sending document.

    Args:
        document_id: The document's row.
        state: sent, refused, ready (proven absent), held or removed.
        outcome: The item's; by default what ``state`` implies. A held one's stays unknown unless given.
        fields: Columns of the document. ``code``, ``reason`` and ``remedy`` are emptied where not given.
        request: In which request it was sent; None: the newest whose outcome for it is unknown.
    """

    document_id: int
    state: str
    outcome: ItemOutcome | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    request: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How one sending of a request ended."""

    attempt: int
    outcome: str
    http_status: int | None = None
    code: str | None = None
    intuit_tid: str | None = None
    detail: str | None = None


class Requests(Sendings):
    """The part of the state that makes the write protocol durable."""

    def intend(self, intent: Intent) -> int:
        """
        Commit, in one transaction, what is about to be sent, and move its documents to ``sending``; the request's key.

        A request id that is known already (its documents were proven absent) is the same request again, if its items
        and bytes are the same.

        Raises:
            OurFault: ``request-changed``: the id was used for other bytes; ``move-forbidden``.
        """
        self._committed_alone()
        with self.write() as t:
            return self._intended(t, intent)[0]

    def begin(self, intent: Intent) -> tuple[int, int]:
        """
        ``intend`` and ``start_attempt`` of all its items in one transaction, for a request that leaves at once (I1).

        Returns:
            The keys of the request and of the attempt.
        """
        self._committed_alone()
        with self.write() as t:
            request, tries = self._intended(t, intent)
            return request, _attempted(t, request, tries, [item.bid for item in intent.items])

    def _intended(self, t: Connection, intent: Intent) -> tuple[int, int]:
        """The request's key, and how often it was sent before."""
        # A batch draws its id anew; were it drawn twice, the table would refuse it.
        asked = {"company": intent.company, "request_id": intent.request_id}
        request: int | None = t.scalar(_SAME_REQUEST, asked) if intent.operation != "batch" else None
        tries = 0
        if request is None:
            generation = max(item.generation for item in intent.items)
            row = {**asked, "operation": intent.operation, "entity": intent.entity, "generation": generation}
            request = new_id(t, _REQUEST, {**row, "revision": intent.revision, "created": utc_now(), "run": intent.run})
            in_bulk(t, _NEW_ITEM, [{"request": request, **_stored(item)} for item in intent.items])
        else:
            self._intend_again(t, request, intent.items)
            tries = _tries(t, request)
        marks = {"revision": intent.revision, "rounds": 0, "code": None, "reason": None, "remedy": None}
        moves = [
            (
                item.document_id,
                "sending",
                {
                    "number": item.number,
                    "generation": item.generation,
                    "run": intent.run,
                    **marks,
                    **(item.becomes or {}),
                },
            )
            for item in intent.items
            if item.document_id is not None
        ]
        _move(t, moves)
        return request, tries

    def _intend_again(self, t: Connection, request: int, items: Sequence[IntendedItem]) -> None:
        """The same id goes with the same bytes for ever (I4)."""
        known = {
            row.bid: (row.document, row.sha256) for row in t.execute(select(_ITEM).where(_ITEM.c.request == request))
        }
        for item in items:
            stored = _stored(item)
            if known.get(item.bid) != (item.document_id, stored["sha256"]):
                raise OurFault(
                    f"request {request} was to carry other bytes under its id than before",
                    code="request-changed",
                    remedy="Report this; nothing was sent.",
                )
            t.execute(update(_ITEM).where(_ITEM.c.request == request, _ITEM.c.bid == item.bid).values(outcome=None))

    def start_attempt(self, request: int, items: Sequence[str]) -> int:
        """
        Commit that ``request`` is about to be sent with the items of these bIds; only then may a byte leave (I1).

        Raises:
            OurFault: ``send-in-transaction``; ``send-without-intent``: an item is unknown, settled, or its document is
                not sending.
        """
        self._committed_alone()
        with self.write() as t:
            if not items or not set(items) <= set(t.scalars(_WAITING, {"request": request})):
                raise OurFault(
                    f"request {request} was to be sent with items that do not wait for an answer",
                    code="send-without-intent",
                    remedy="Report this; nothing was sent.",
                )
            return _attempted(t, request, _tries(t, request), items)

    def finish_attempt(
        self,
        attempt: int,
        outcome: str,
        http_status: int | None = None,
        code: str | None = None,
        intuit_tid: str | None = None,
        detail: str | None = None,
    ) -> None:
        """
        Complete an attempt, once. Inside ``with state.write():`` it is committed with the ``conclude`` beside it.

        Raises:
            OurFault: ``attempt-finished``: it was completed before; what happened is not rewritten.
        """
        with self.write() as t:
            _finish(t, Ended(attempt, outcome, http_status, code, intuit_tid, detail))

    def land(self, ended: Ended, conclusions: Sequence[Conclusion]) -> None:
        """``finish_attempt`` and ``conclude_all`` for what came back, in one transaction."""
        with self.write() as t:
            _finish(t, ended)
            _conclude(t, conclusions)

    def conclude(self, document_id: int, state: str, *, outcome: ItemOutcome | None = None, **fields: object) -> None:
        """Settle one sending document; see ``conclude_all``."""
        self.conclude_all([Conclusion(document_id, state, outcome, fields)])

    def conclude_all(self, conclusions: Sequence[Conclusion]) -> None:
        """
        Settle sending documents by evidence: move each, set its fields, and note its item's outcome; all or none.

        Raises:
            OurFault: ``move-forbidden``; ``document-column``: no such column, or one that nothing may change;
                ``sent-without-id``: what is sent has an id in QuickBooks, for good (I8).
        """
        with self.write() as t:
            _conclude(t, conclusions)


def _tries(t: Connection, request: int) -> int:
    return t.scalar(_TRIES, {"request": request}) or 0


def _attempted(t: Connection, request: int, tries: int, items: Sequence[str]) -> int:
    now = moment()
    clocks = {"sent_at": now.wall, "boot_id": now.boot_id, "boot_seconds": now.boot_seconds}
    return new_id(t, _ATTEMPT, {"request": request, "n": tries + 1, "items": list(items), **clocks})


def _finish(t: Connection, ended: Ended) -> None:
    now = moment()
    clocks = {"ended_at": now.wall, "boot_id": now.boot_id, "boot_seconds": now.boot_seconds}
    values = {**asdict(ended), "key_id": ended.attempt, **clocks}
    del values["attempt"]
    if in_bulk(t, _FINISHED, [values]) != 1:
        raise OurFault(
            f"attempt {ended.attempt} was to be completed twice", code="attempt-finished", remedy="Report this."
        )


def _conclude(t: Connection, conclusions: Sequence[Conclusion]) -> None:
    moves = []
    for each in conclusions:
        if wrong := each.fields.keys() - _CONCLUDABLE:
            raise OurFault(f"no answer changes {sorted(wrong)}", code="document-column", remedy="Report this.")
        if each.state == "sent" and each.fields.get("qbo_id", "kept") is None:
            what = f"document {each.document_id} was to be sent without an id in QuickBooks"
            raise OurFault(what, code="sent-without-id", remedy="Report this; nothing was written.")
        moves.append((each.document_id, each.state, {"code": None, "reason": None, "remedy": None, **each.fields}))
    _move(t, moves, only_from="sending")
    unnamed = [each.document_id for each in conclusions if each.request is None]
    requests = open_ones(t, unnamed) if unnamed else {}
    settled = []
    for each in conclusions:
        request = each.request or requests.get(each.document_id)
        outcome = each.outcome or _OUTCOMES.get(each.state)
        if request is not None and outcome is not None:
            settled.append({"key_request": request, "key_document": each.document_id, "outcome": outcome})
    if settled:
        in_bulk(t, _CONCLUDED, settled)


def _stored(item: IntendedItem) -> dict[str, Any]:
    return {
        "bid": item.bid,
        "document": item.document_id,
        "number": item.number,
        "generation": item.generation,
        "body": item.body,
        "sha256": hashlib.sha256(item.body.encode()).hexdigest(),
    }


def _move(t: Connection, moves: Sequence[tuple[int, str, Mapping[str, Any]]], *, only_from: str | None = None) -> None:
    """
    Move documents, each with the columns that go with it; one statement for all that set the same columns.

    The statement itself lets through only what the table of moves lets through.
    """
    now = utc_now()
    alike: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for id_, state, values in moves:
        row = {**values, "key_id": id_, "state": state, "updated": now}
        alike.setdefault((state, tuple(values)), []).append(row)
    for (state, _), rows in alike.items():
        if in_bulk(t, _moved(state, only_from), rows) != len(rows):
            raise _forbidden(t, [row["key_id"] for row in rows], state, only_from)


@cache
def _moved(state: str, only_from: str | None) -> Update:
    allowed = [old for old, new in MOVES if new == state and old is not None and only_from in (None, old)]
    from_there = or_(false(), *(_DOCUMENT.c.state == old for old in allowed))
    return update(_DOCUMENT).where(_DOCUMENT.c.id == bindparam("key_id"), from_there)


def _forbidden(t: Connection, documents: Sequence[int], state: str, only_from: str | None) -> OurFault:
    """Which document may not make the move, and why."""
    rows = t.execute(_STATES, {"documents": documents})
    before: dict[int, str] = {row[0]: row[1] for row in rows}
    for id_ in documents:
        old = before.get(id_)
        if old is None or only_from not in (None, old):
            what = f"document {id_} is {old or 'unknown'}, not {only_from or 'known'}"
            return OurFault(what, code="move-forbidden", remedy="Report this; nothing was written.")
        try:
            check_move(old, state)
        except OurFault as fault:
            return fault
    return OurFault("a document moved twice", code="move-forbidden", remedy="Report this; nothing was written.")
