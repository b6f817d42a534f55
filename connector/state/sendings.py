"""What was ever sent, as it is read: requests with their items and each sending of them."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Text, bindparam, func, select
from sqlmodel import col
from sqlmodel import select as rows_of

from connector.state.clock import Moment, elapsed
from connector.state.columns import Utc
from connector.state.listed import among
from connector.state.tables import AttemptRow, DocumentRow, RequestItemRow, RequestRow
from connector.state.transactions import Transactions, chunks, core

__all__ = ["Answered", "Sendings", "StoredRequest", "open_ones", "seconds_since", "sent_moment"]

_DOCUMENT: Final = core(DocumentRow)
_ITEM: Final = core(RequestItemRow)
_ATTEMPT: Final = core(AttemptRow)
_OPEN: Final = (
    select(_ITEM.c.document, func.max(_ITEM.c.request))
    .where(_ITEM.c.outcome.is_(None), _ITEM.c.document.in_(bindparam("documents", expanding=True)))
    .group_by(_ITEM.c.document)
)
_ANSWERED: Final = (
    select(
        _DOCUMENT.c.marker,
        _ITEM.c.bid,
        _ATTEMPT.c["items"],
        _ATTEMPT.c.intuit_tid,
        _ATTEMPT.c.sent_at,
        _ATTEMPT.c.ended_at,
    )
    .join(_ITEM, _ITEM.c.document == _DOCUMENT.c.id)
    .join(_ATTEMPT, _ATTEMPT.c.request == _ITEM.c.request)
    .where(_DOCUMENT.c.company == bindparam("company"), among(_DOCUMENT.c.marker, bindparam("markers", type_=Text)))
    .where(_ATTEMPT.c.sent_at >= bindparam("since", type_=Utc), _ATTEMPT.c.ended_at.is_not(None))
    .order_by(_ATTEMPT.c.id)
)


@dataclass(frozen=True, slots=True)
class Answered:
    """How the last request about a document went: its id at Intuit, and how long it took, in seconds."""

    intuit_tid: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request with its items (by bId) and its attempts (in order)."""

    request: RequestRow
    items: tuple[RequestItemRow, ...]
    attempts: tuple[AttemptRow, ...]

    @property
    def key(self) -> int:
        """The request's key in the state."""
        if self.request.id is None:  # pragma: no cover - every row that was read has one
            raise AssertionError(self)
        return self.request.id

    def seconds_since_send(self) -> float:
        """``seconds_since`` of the last attempt."""
        return seconds_since(self.attempts[-1] if self.attempts else None)


def sent_moment(attempt: AttemptRow) -> Moment:
    """
    Until when ``attempt`` may have been sent, for ``clock.elapsed``.

    Its machine may have slept between the intent and the first byte, so one that has ended counts from its end.
    """
    return Moment(attempt.boot_id, attempt.boot_seconds, attempt.ended_at or attempt.sent_at)


def seconds_since(attempt: AttemptRow | None) -> float:
    """How long ago ``attempt`` was sent, by ``sent_moment``; infinitely long where there was none."""
    return float("inf") if attempt is None else elapsed(sent_moment(attempt))


class Sendings(Transactions):
    """The part of the state that tells what was sent."""

    def open_request(self, document_id: int) -> StoredRequest | None:
        """The request whose answer a sending document waits for; None where it waits for none."""
        with self.read() as t:
            state = t.scalar(select(_DOCUMENT.c.state).where(_DOCUMENT.c.id == document_id))
            request = open_ones(t, [document_id]).get(document_id) if state == "sending" else None
            return None if request is None else self._stored_requests([request])[0]

    def requests_of(self, document_id: int) -> list[StoredRequest]:
        """Every request a document was ever in, oldest first."""
        query = select(_ITEM.c.request).where(_ITEM.c.document == document_id).order_by(_ITEM.c.request)
        with self.read() as t:
            return self._stored_requests(list(t.scalars(query)))

    def request(self, request: int) -> StoredRequest | None:
        """One request by its key in the state."""
        found = self._stored_requests([request])
        return found[0] if found else None

    def attempts(self, request: int) -> list[AttemptRow]:
        """Every sending of one request, in order."""
        return self._rows(rows_of(AttemptRow).where(AttemptRow.request == request).order_by(col(AttemptRow.n)))

    def newest_attempt(self, company: str) -> AttemptRow | None:
        """The last sending to ``company`` that this state knows of; None where it knows of none."""
        mine = rows_of(AttemptRow).join(RequestRow, col(RequestRow.id) == AttemptRow.request)
        found = self._rows(mine.where(RequestRow.company == company).order_by(col(AttemptRow.id).desc()).limit(1))
        return found[0] if found else None

    def answered(self, company: str, markers: Sequence[str], since: datetime.datetime) -> dict[str, Answered]:
        """What came of the requests about some documents that were sent since then, by the documents' markers."""
        asked = {"company": company, "markers": json.dumps(list(markers)), "since": since}
        with self.read() as t:
            return {
                row.marker: Answered(row.intuit_tid, max(0.0, (row.ended_at - row.sent_at).total_seconds()))
                for row in t.execute(_ANSWERED, asked)
                if row.bid in row._mapping["items"]  # noqa: SLF001 - a row's own way to columns named like its methods
            }

    def _stored_requests(self, requests: Sequence[int]) -> list[StoredRequest]:
        stored: list[StoredRequest] = []
        with self.read():
            for request in requests:
                items = rows_of(RequestItemRow).where(RequestItemRow.request == request)
                stored.extend(
                    StoredRequest(
                        row,
                        tuple(self._rows(items.order_by(col(RequestItemRow.bid)))),
                        tuple(self.attempts(request)),
                    )
                    for row in self._rows(rows_of(RequestRow).where(RequestRow.id == request))
                )
        return stored


def open_ones(t: Connection, document_ids: Sequence[int]) -> dict[int, int]:
    """The newest request of each document whose outcome for it is unknown."""
    found: dict[int, int] = {}
    for piece in chunks(document_ids):
        found.update((row[0], row[1]) for row in t.execute(_OPEN, {"documents": piece}))
    return found
