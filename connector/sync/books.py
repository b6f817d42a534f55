"""
What stands in QuickBooks already, whoever made it: read first, before anything is written.

A state without a finished run, or a source new to it, reads every bill and credit since the start date; every later run
reads what was made since. A mark that the state does not know means that the state is old: then everything is read.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from connector.document import Document, Key
from connector.plan import LOOK_ALIKE_DAYS, Found, net_of
from connector.quickbooks.posted import Posted, bill_from
from connector.quickbooks.transport import Company, quote
from connector.state.store import State
from connector.state.tables import BookRow
from connector.value import value

__all__ = ["DATES_APART", "ENTITIES", "Books", "Wanted"]

DATES_APART: Final = datetime.timedelta(days=60)
"""A mapping may date a bill otherwise than its invoice."""
ENTITIES: Final = ("Bill", "VendorCredit")

_CLOCKS_APART: Final = datetime.timedelta(minutes=15)
_CHUNK: Final = 500
_NEAR: Final = datetime.timedelta(days=LOOK_ALIKE_DAYS)
_EARLIEST: Final = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


@value(frozen=True, slots=True)
class Wanted:
    """
    One document to look for.

    Args:
        vendor_id: None where its vendor is to be made.
        credit: The mark that a credit of the same invoice would have; None where the document is one.
    """

    key: Key
    marker: str
    document: Document
    vendor_id: str | None
    credit: str | None = None


class Books:
    """
    The bills and credits of one company, for one run.

    Args:
        home_currency: What a record without a currency is in.
    """

    def __init__(self, state: State, company: Company, home_currency: str) -> None:
        self._state = state
        self._company = company
        self._id = company.realm_id
        self._home = home_currency
        self._fresh: set[tuple[str, str]] = set()
        self._newest: datetime.datetime | None = None

    def read(self, start_dates: Mapping[str, datetime.date]) -> bool:
        """
        Bring what the state knows of the books up to date; a new or an older state reads all of them first (I11).

        Args:
            start_dates: Of every source that may write in this run.

        Returns:
            Whether a mark was seen that the state does not know: it is new, or an older copy.
        """
        facts = self._state.company_facts(self._id)
        read = _starts(facts.sources_read)
        if facts.newest_book_created is None or any(
            name not in read or start < read[name] for name, start in start_dates.items()
        ):
            strange = self._read_whole(min(start_dates.values()))
        else:
            since = (facts.newest_book_created - _CLOCKS_APART).isoformat(timespec="seconds")
            strange = self._read(f"MetaData.CreateTime >= {quote(since)}")
            if strange:
                self._read_whole(min(start_dates.values()))
        self._note_newest()
        return strange

    def finished(self, start_dates: Mapping[str, datetime.date]) -> None:
        """Note that a run over these sources came to its end: the next one need not read everything."""
        facts = self._state.company_facts(self._id)
        read = _starts(facts.sources_read)
        read.update({name: min(start, read.get(name, start)) for name, start in start_dates.items()})
        facts.sources_read = [f"{name} {start.isoformat()}" for name, start in sorted(read.items())]
        facts.newest_book_created = facts.newest_book_created or _EARLIEST
        self._state.save_company_facts(facts)

    def _note_newest(self) -> None:
        """Only when all of it was read: after a kill half-way the next run must find the same strange marks again."""
        facts = self._state.company_facts(self._id)
        if self._newest and (facts.newest_book_created is None or self._newest > facts.newest_book_created):
            facts.newest_book_created = self._newest
            self._state.save_company_facts(facts)

    def found(self, wanted: Sequence[Wanted]) -> dict[Key, tuple[Found, ...]]:
        """What carries a document's mark or number, or is of its vendor, net and nearly its date."""
        marks = [each.marker for each in wanted] + [each.credit for each in wanted if each.credit is not None]
        by_marker = self._state.books_by_marker(self._id, marks)
        by_number = self._state.books_by_number(self._id, [each.document.number for each in wanted])
        by_vendor = self._by_vendor(wanted)
        candidates: dict[Key, list[BookRow]] = {}
        for each in wanted:
            marked = [*by_marker.get(each.marker, ()), *by_marker.get(each.credit or "", ())]
            rows = [*marked, *by_number.get(each.document.number, ()), *_alike(each, by_vendor)]
            if rows:
                candidates[each.key] = list({(row.entity, row.qbo_id): row for row in rows}.values())
        standing = self._as_they_stand([row for rows in candidates.values() for row in rows])
        return {
            key: tuple(
                self._found(key, standing[row.entity, row.qbo_id])
                for row in rows
                if (row.entity, row.qbo_id) in standing
            )
            for key, rows in candidates.items()
        }

    def _by_vendor(self, wanted: Sequence[Wanted]) -> Mapping[tuple[str, str], list[BookRow]]:
        ids = sorted({each.vendor_id for each in wanted if each.vendor_id is not None})
        if not ids:
            return {}
        days = [each.document.date for each in wanted]
        return self._state.books_by_vendor(self._id, ids, min(days) - _NEAR, max(days) + _NEAR)

    def _as_they_stand(self, rows: Sequence[BookRow]) -> dict[tuple[str, str], BookRow]:
        """Rows kept from an earlier run may be edited or deleted by now: what would decide is read again."""
        standing = {(row.entity, row.qbo_id): row for row in rows}
        for entity in ENTITIES:
            stale = [id_ for of, id_ in standing if of == entity and (of, id_) not in self._fresh]
            for id_, record in self._company.read_several(entity, stale):
                if record is None:
                    self._state.forget_book(self._id, entity, id_)
                    del standing[entity, id_]
                else:
                    standing[entity, id_] = BookRow(**self._keep(entity, [record])[0])
        return standing

    def _found(self, key: Key, row: BookRow) -> Found:
        owner = self._state.by_qbo_id(self._id, row.entity, [row.qbo_id]).get(row.qbo_id)
        return _found(row, taken=owner is not None and (owner.source, owner.invoice) != (key.source, key.invoice))

    def _read_whole(self, start: datetime.date) -> bool:
        return self._read(f"TxnDate >= {quote((start - DATES_APART).isoformat())}")

    def _read(self, where: str) -> bool:
        """Whether a mark was seen that the state does not know."""
        strange = False
        for entity in ENTITIES:
            chunk: list[Mapping[str, Any]] = []
            for record in self._company.query(entity, where):
                chunk.append(record)
                if len(chunk) == _CHUNK:
                    strange = self._strange(self._keep(entity, chunk)) or strange
                    chunk = []
            strange = self._strange(self._keep(entity, chunk)) or strange
        return strange

    def _strange(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        markers = {row["marker"] for row in rows if row["marker"]}
        return bool(markers - self._state.known_markers(self._id, sorted(markers)))

    def _keep(self, entity: str, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        rows = [self._row(bill_from(record, entity, self._home)) for record in records]
        if not rows:
            return []
        self._fresh.update((row["entity"], row["qbo_id"]) for row in rows)
        newest = max(row["created"] for row in rows)
        self._newest = max(self._newest or newest, newest)
        self._state.keep_books(self._id, rows)
        return rows

    def _row(self, posted: Posted) -> dict[str, Any]:
        return {
            "company": self._id,
            "entity": posted.entity,
            "qbo_id": posted.id,
            "number": posted.number or None,
            "vendor_id": posted.vendor_id,
            "vendor": posted.vendor_name,
            "currency": posted.currency,
            "total": posted.total,
            "tax": posted.tax,
            "date": posted.date,
            "marker": posted.marker,
            "created": posted.created or _EARLIEST,
        }


def _alike(wanted: Wanted, by_vendor: Mapping[tuple[str, str], list[BookRow]]) -> list[BookRow]:
    """Of the same vendor, currency and net, dated nearly the same, and nobody's by its mark."""
    document = wanted.document
    return [
        row
        for row in by_vendor.get((wanted.vendor_id or "", document.currency), ())
        if row.marker is None and abs(row.date - document.date) <= _NEAR and row.total - row.tax == net_of(document)
    ]


def _starts(read: Iterable[str]) -> dict[str, datetime.date]:
    """Since which day the books were read for each source: a start date that moves back needs another reading."""
    entries = (entry.rpartition(" ") for entry in read)
    return {name: datetime.date.fromisoformat(day) for name, _, day in entries if name}


def _found(row: BookRow, *, taken: bool) -> Found:
    return Found(
        entity=row.entity,
        id=row.qbo_id,
        number=row.number or "",
        vendor_id=row.vendor_id or "",
        currency=row.currency or "",
        net=row.total - row.tax,
        date=row.date,
        marker=row.marker,
        created=row.created,
        taken=taken,
    )
