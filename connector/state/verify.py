"""Whether a state is sound: the file, and its rows by what the write protocol lets stand in them."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, Select, exists, func, or_, select

from connector.document import Key, Kind, marker
from connector.errors import Problem
from connector.state import file
from connector.state.moves import STATES
from connector.state.tables import AttemptRow, DocumentRow, InvoiceRow, RequestItemRow, RequestRow, Table
from connector.state.transactions import CHUNK, Transactions, core, damaged

__all__ = ["counts_of", "problems_of_file", "problems_of_rows"]

_DOCUMENT: Final = core(DocumentRow).c
_REQUEST: Final = core(RequestRow).c
_ITEM: Final = core(RequestItemRow).c
_ATTEMPT: Final = core(AttemptRow).c

_COUNTED: Final[dict[str, type[Table]]] = {
    "invoices": InvoiceRow,
    "documents": DocumentRow,
    "requests": RequestRow,
    "attempts": AttemptRow,
}
_TOLD: Final = 20  # of one kind; more of them say nothing new

_WHOSE: Final = (_DOCUMENT.id, _DOCUMENT.source, _DOCUMENT.invoice, _DOCUMENT.kind)
_DOCUMENT_IS: Final = "document {id} ({kind} of {source} {invoice})"
_OPEN: Final = (_ITEM.document == _DOCUMENT.id, _ITEM.outcome.is_(None))
_DUE: Final = func.row_number().over(partition_by=_ATTEMPT.request, order_by=_ATTEMPT.id)
_NUMBERED: Final = select(_ATTEMPT.id, _ATTEMPT.request, _ATTEMPT.n, _DUE.label("due")).subquery()


@dataclass(frozen=True, slots=True)
class _Rule:
    """What no move of the protocol makes: the rows that have it, and what is said of each."""

    breach: Select[Any]
    told: str


_RULES: Final = (
    _Rule(
        select(*_WHOSE, _DOCUMENT.state).where(_DOCUMENT.state.not_in(STATES)),
        f'{_DOCUMENT_IS} is in the state "{{state}}", which there is not',
    ),
    _Rule(
        select(*_WHOSE).where(_DOCUMENT.state == "sending", ~exists().where(*_OPEN)),
        f"{_DOCUMENT_IS} is sending, and no request waits for its answer",
    ),
    _Rule(
        select(*_WHOSE, func.count(_ITEM.request).label("n"))
        .where(_DOCUMENT.state == "sending", *_OPEN)
        .group_by(*_WHOSE)
        .having(func.count(_ITEM.request) > 1),
        f"{_DOCUMENT_IS} waits for the answers of {{n}} requests at once",
    ),
    _Rule(
        # A bill that somebody paid together with others has no payment of its own.
        select(*_WHOSE).where(
            _DOCUMENT.state == "sent",
            _DOCUMENT.qbo_id.is_(None),
            or_(_DOCUMENT.kind != "payment", _DOCUMENT.adopted.is_(False)),
        ),
        f"{_DOCUMENT_IS} is sent, and its id in QuickBooks is not known",
    ),
    _Rule(
        select(_DOCUMENT.qbo_id, func.min(_DOCUMENT.id).label("one"), func.max(_DOCUMENT.id).label("other"))
        .where(_DOCUMENT.qbo_id.is_not(None))
        .group_by(_DOCUMENT.company, func.coalesce(_DOCUMENT.entity, ""), _DOCUMENT.qbo_id)
        .having(func.count() > 1),
        "documents {one} and {other} both have the QuickBooks id {qbo_id}",
    ),
    _Rule(
        select(_NUMBERED).where(_NUMBERED.c.n != _NUMBERED.c.due),
        "attempt {id} of request {request} is number {n}, and should be number {due}",
    ),
    _Rule(
        select(_REQUEST.id, _REQUEST.request_id).where(~exists().where(_ITEM.request == _REQUEST.id)),
        "request {id} ({request_id}) has nothing to send",
    ),
)


def problems_of_file(path: Path) -> list[Problem]:
    """What SQLite finds wrong with the file, its indexes and its references; empty where it is sound."""
    return [damaged(f"{path}: {found}").problem for found in file.faults_in(path, thorough=True)]


def problems_of_rows(state: Transactions) -> list[Problem]:
    """Every breach of the write protocol that can be read off the rows of a state of today's schema."""
    with state.read() as t:
        return [
            Problem("operator", "state-inconsistent", what, damaged(what).remedy)
            for found in (*(_breaches(t, rule) for rule in _RULES), _other_bytes(t), _other_marks(t))
            for what in islice(found, _TOLD)
        ]


def counts_of(state: Transactions) -> dict[str, int]:
    """How many rows of each kind were looked at."""
    with state.read() as t:
        return {name: t.scalar(select(func.count()).select_from(core(model))) or 0 for name, model in _COUNTED.items()}


def _breaches(t: Connection, rule: _Rule) -> Iterator[str]:
    for row in t.execute(rule.breach.limit(_TOLD)):
        yield rule.told.format(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row by columns


def _other_bytes(t: Connection) -> Iterator[str]:
    """Items whose bytes are no longer those of the intent."""
    for row in _all(t, select(_ITEM.request, _ITEM.bid, _ITEM.body, _ITEM.sha256)):
        if hashlib.sha256(row.body.encode()).hexdigest() != row.sha256:
            yield f'item "{row.bid}" of request {row.request} no longer holds the bytes that were intended'


def _other_marks(t: Connection) -> Iterator[str]:
    """Documents whose mark is not that of their key: their bills would not be found again."""
    for row in _all(t, select(_DOCUMENT.company, *_WHOSE, _DOCUMENT.marker)):
        if row.marker != marker(Key(row.company, row.source, row.invoice, cast("Kind", row.kind))):
            whose = _DOCUMENT_IS.format(**row._mapping)  # noqa: SLF001 - as above
            yield f'{whose} has the mark "{row.marker}", which is not that of its key'


def _all(t: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    return iter(t.execute(query.execution_options(yield_per=CHUNK)))
