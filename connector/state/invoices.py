"""Invoices as the sources last said them, and the pulls that brought them."""

import datetime
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Text, and_, bindparam, delete, func, insert, or_, select, type_coerce, update
from sqlmodel import col
from sqlmodel import select as rows_of

from connector.invoice import Invoice
from connector.state.clock import utc_now
from connector.state.columns import json_text
from connector.state.data import invoice_text
from connector.state.listed import among, pairs, pairs_text
from connector.state.moves import STATES
from connector.state.said import EventRow
from connector.state.tables import DocumentRow, InvoiceRow, PullRow, StandingRow
from connector.state.transactions import CHUNK, Transactions, chunks, core, in_bulk, new_id
from connector.value import value

__all__ = ["OPEN_STATES", "Invoices", "SeenInvoice"]

OPEN_STATES: Final = ("ready", "held", "blocked", "sending", "refused")

_INVOICE: Final = core(InvoiceRow)
_DOCUMENT: Final = core(DocumentRow)
_PULL: Final = core(PullRow)
_STANDING: Final = core(StandingRow)
_STANDS: Final = insert(_STANDING)
_HAPPENED: Final = insert(core(EventRow))
_KEY: Final = ("company", "source", "invoice")
_HERE: Final = tuple(_INVOICE.c[name] == bindparam(f"key_{name}") for name in _KEY)
# Record and fields come as text, because the text is what is compared.
_AS_TEXT: Final = {name: bindparam(name, type_=Text) for name in ("raw", "fields")}
_NEW: Final = insert(_INVOICE).values(_AS_TEXT)
_CHANGED: Final = update(_INVOICE).where(*_HERE).values(_AS_TEXT)
_DECIDED: Final = ("state", "code", "reason", "remedy", "cause", "vendor", "hash", "approvable")
_decision: Final = attrgetter(*_DECIDED)
_TOLD: Final = ("status", "amount", "currency", "date", "payee")
"""Of these a change after the first decision is kept."""
_DECISION: Final = 4 + len(_TOLD)  # the column in which it begins
_NOT_SENT: Final = tuple(state for state in STATES if state != "sent")


@value(frozen=True, slots=True)
class SeenInvoice:
    """
    An invoice that a run saw, and what the run decided about it.

    Args:
        state: ``document`` where a document of its own says more.
        code: With reason and remedy: why it is not on its way.
        cause: What decided: the rule or the field, for grouping.
        vendor: Whom the mapping would pay, where that was found out.
        mark: What its record is known by; empty where nothing is.
        hash: Of what a person would decide about.
        approvable: Whether a person's approval would lead anywhere; None where nothing waits.
    """

    invoice: Invoice
    state: Literal["skipped", "held", "blocked", "document"]
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    cause: str | None = None
    vendor: str | None = None
    mark: str = ""
    hash: str | None = None
    approvable: bool | None = None


class _Known(NamedTuple):
    said: tuple[str, str]
    decided: tuple[str | bool | None, ...]
    first_seen_paid: datetime.date | None
    told: tuple[Any, ...]


class Invoices(Transactions):
    """The part of the state that knows invoices and pulls."""

    def save_invoices(self, company: str, run: str, rows: Sequence[SeenInvoice]) -> None:
        """
        Insert new invoices and renew those of which the source or the decision says something else.

        Of an invoice of which neither does, nothing is written; when one was first seen, and first seen paid, stays.
        """
        with self.write():
            for piece in chunks(rows):
                self._save_piece(company, run, piece)
                self._save_marks(company, piece)

    def _save_piece(self, company: str, run: str, rows: Sequence[SeenInvoice]) -> None:
        def where(key: tuple[str, str]) -> dict[str, str]:
            return {"key_company": company, "key_source": key[0], "key_invoice": key[1]}

        now = utc_now()
        known = self._known_invoices(company, rows)
        new: dict[tuple[str, str], dict[str, Any]] = {}
        changed: list[dict[str, Any]] = []
        decided_anew: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for row in rows:
            key = (row.invoice.source, row.invoice.id)
            decided = _decision(row)
            touched = {**dict(zip(_DECIDED, decided, strict=True)), "run": run, "last_seen": now}
            said = _said(row.invoice)
            paid = now.date() if row.invoice.paid else None
            names = {"company": company, "source": key[0], "invoice": key[1]}
            if (before := known.get(key)) is None:
                new[key] = {**names, **touched, **said, "first_seen": now, "first_seen_paid": paid}
            elif before.said != (said["digest"], said["fields"]):
                changed.append({**where(key), **touched, **said, "first_seen_paid": before.first_seen_paid or paid})
                events += [{**names, **event, "seen": now, "run": run} for event in _events(before, said)]
            elif before.decided != decided:
                decided_anew.append({**where(key), **touched})
        with self.write() as t:
            if new:
                in_bulk(t, _NEW, list(new.values()))
            if changed:
                t.execute(_CHANGED, changed)
            if events:
                in_bulk(t, _HAPPENED, events)
            if decided_anew:
                t.execute(update(_INVOICE).where(*_HERE), decided_anew)

    def _known_invoices(self, company: str, rows: Sequence[SeenInvoice]) -> dict[tuple[str, str], _Known]:
        columns = _INVOICE.c
        wanted = (columns.invoice, columns.first_seen_paid, columns.digest, type_coerce(columns.fields, Text))
        told = (columns[name] for name in (*_TOLD, *_DECIDED))
        query = select(*wanted, *told).where(columns.company == company)
        known = {}
        with self.read() as t:
            for source in {row.invoice.source for row in rows}:
                ids = [row.invoice.id for row in rows if row.invoice.source == source]
                found = t.execute(query.where(columns.source == source, among(columns.invoice, ids)))
                known.update(
                    {
                        (source, row[0]): _Known(
                            (row[2], row[3]), tuple(row[_DECISION:]), row[1], tuple(row[4:_DECISION])
                        )
                        for row in found
                    }
                )
        return known

    # What stands.

    def _save_marks(self, company: str, rows: Sequence[SeenInvoice]) -> None:
        """A decision that led to a document stands; any other is made again in every run."""
        columns = _STANDING.c
        with self.write() as t:
            for source in {row.invoice.source for row in rows}:
                ours = {row.invoice.id: row for row in rows if row.invoice.source == source}
                mine = (columns.company == company, columns.source == source)
                query = select(columns.invoice, columns.mark).where(*mine, among(columns.invoice, list(ours)))
                known: dict[str, str] = {row[0]: row[1] for row in t.execute(query)}
                wanted = {name: row.mark for name, row in ours.items() if row.state == "document" and row.mark}
                if stale := [{"key_invoice": name} for name, mark in known.items() if wanted.get(name) != mark]:
                    t.execute(delete(_STANDING).where(*mine, columns.invoice == bindparam("key_invoice")), stale)
                if new := {name: mark for name, mark in wanted.items() if known.get(name) != mark}:
                    place = {"company": company, "source": source}
                    in_bulk(t, _STANDS, [{**place, "invoice": name, "mark": new[name]} for name in new])

    def fresh(self, company: str, source: str) -> Callable[[Mapping[str, str]], set[str]]:
        """
        What tells, of invoices by their marks, which have to be decided about.

        Those are all but the ones whose record and terms are as they were when last decided about, and whose documents
        are all sent.
        """
        document, standing = _DOCUMENT.c, _STANDING.c
        open_ones = select(document.invoice).where(
            document.company == company, document.source == source, document.state.in_(_NOT_SENT)
        )
        with self.read() as t:
            unsent = set(t.scalars(open_ones))
        asked = pairs("marks")
        same = and_(standing.company == company, standing.source == source, standing.invoice == asked.c.key)
        query = (
            select(asked.c.key)
            .select_from(asked.outerjoin(_STANDING, same))
            .where(standing.mark.is_distinct_from(asked.c.value))
        )

        def fresh(marks: Mapping[str, str]) -> set[str]:
            with self.read() as t:
                changed = set(t.scalars(query, {"marks": pairs_text(marks)}))
            return changed | unsent.intersection(marks) if unsent else changed

        return fresh

    def first_seen_paid(self, company: str, source: str, ids: Sequence[str]) -> dict[str, datetime.date]:
        """On which day (UTC) the source first said paid, of those invoices of which it did."""
        columns = _INVOICE.c
        query = select(columns.invoice, columns.first_seen_paid).where(
            columns.company == company, columns.source == source, columns.first_seen_paid.is_not(None)
        )
        with self.read() as t:
            return {
                row[0]: row[1] for piece in chunks(ids) for row in t.execute(query.where(among(columns.invoice, piece)))
            }

    def invoice(self, company: str, source: str, invoice: str) -> InvoiceRow | None:
        """One invoice, or None where none was seen."""
        found = self._rows(
            rows_of(InvoiceRow).where(
                InvoiceRow.company == company, InvoiceRow.source == source, InvoiceRow.invoice == invoice
            )
        )
        return found[0] if found else None

    def invoices(
        self, company: str, source: str, *, first: datetime.date | None = None, last: datetime.date | None = None
    ) -> Iterator[InvoiceRow]:
        """
        Every invoice of ``source``, by its id; memory stays flat and no transaction stays open in between.

        Args:
            company: The realm id.
            source: The connection's name.
            first: With ``last``: only those dated in between, both included, by date; undated ones are left out.
            last: See ``first``.
        """
        query = rows_of(InvoiceRow).where(InvoiceRow.company == company, InvoiceRow.source == source)
        if first is not None:
            query = query.where(col(InvoiceRow.date) >= first)
        if last is not None:
            query = query.where(col(InvoiceRow.date) <= last)
        date, invoice = col(InvoiceRow.date), col(InvoiceRow.invoice)
        dated = first is not None or last is not None
        query = query.order_by(date, invoice) if dated else query.order_by(invoice)
        rows = self._rows(query.limit(CHUNK))
        yield from rows
        while len(rows) == CHUNK:
            after = invoice > rows[-1].invoice
            if dated:
                after = or_(date > rows[-1].date, and_(date == rows[-1].date, after))
            rows = self._rows(query.where(after).limit(CHUNK))
            yield from rows

    def find_invoice(self, company: str, text: str) -> list[tuple[str, str]]:
        """(source, id) of every invoice that ``text`` may mean: ``source:id``, an id, our number or a QuickBooks id."""
        source, colon, rest = text.partition(":")
        invoice, document = _INVOICE.c, _DOCUMENT.c
        same = invoice.invoice == text
        if colon:
            same = or_(same, and_(invoice.source == source, invoice.invoice == rest))
        with self.read() as t:
            found = [*t.execute(select(invoice.source, invoice.invoice).where(invoice.company == company, same))]
            meant = or_(
                document.number == text,
                and_(document.entity.in_(("Bill", "VendorCredit", "BillPayment")), document.qbo_id == text),
            )
            found += t.execute(select(document.source, document.invoice).where(document.company == company, meant))
        return sorted({(row[0], row[1]) for row in found})

    # Pulls.

    def start_pull(self, company: str, source: str, run: str, first: datetime.date, last: datetime.date) -> int:
        """Note that reading the invoice dates ``first`` to ``last`` began."""
        values = {"company": company, "source": source, "run": run, "first": first, "last": last, "complete": False}
        with self.write() as t:
            return new_id(t, _PULL, {**values, "began": utc_now()})

    def finish_pull(self, pull: int, *, total: int | None, complete: bool) -> None:
        """Note how many invoices it read, and whether they are all that the source claims."""
        with self.write() as t:
            ended = {"ended": utc_now(), "total": total, "complete": complete}
            t.execute(update(_PULL).where(_PULL.c.id == pull).values(ended))

    def last_complete_pull(self, company: str, source: str) -> PullRow | None:
        """The newest pull that read everything; None where there was none."""
        found = self._rows(
            rows_of(PullRow)
            .where(PullRow.company == company, PullRow.source == source, col(PullRow.complete))
            .order_by(col(PullRow.id).desc())
            .limit(1)
        )
        return found[0] if found else None

    def oldest_open_document_date(self, company: str, source: str) -> datetime.date | None:
        """The earliest date of what is not settled: open documents and their invoices, held and blocked invoices."""
        invoice, document = _INVOICE.c, _DOCUMENT.c
        ours = and_(document.company == company, document.source == source, document.state.in_(OPEN_STATES))
        theirs = and_(*(_INVOICE.c[name] == _DOCUMENT.c[name] for name in _KEY))
        waiting = and_(invoice.company == company, invoice.source == source, invoice.state.in_(("held", "blocked")))
        with self.read() as t:
            dates = [
                t.scalar(select(func.min(document.date)).where(ours)),
                t.scalar(select(func.min(invoice.date)).select_from(_DOCUMENT.join(_INVOICE, theirs)).where(ours)),
                t.scalar(select(func.min(invoice.date)).where(waiting)),
            ]
        return min((date for date in dates if date is not None), default=None)


def _events(before: _Known, said: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """What the source says otherwise than when a document was last decided about; none of one that was left alone."""
    if before.decided[0] == "skipped":
        return
    for name, old in zip(_TOLD, before.told, strict=True):
        if old != said[name]:
            yield {"field": name, "before": _text(old), "after": _text(said[name])}


def _text(value: Any) -> str | None:
    return None if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)


def _said(invoice: Invoice) -> dict[str, Any]:
    record = json_text(dict(invoice.raw))
    return {
        "date": invoice.date,
        "status": invoice.status,
        "payee": invoice.payee,
        "amount": invoice.amount,
        "currency": invoice.currency,
        "paid": invoice.paid,
        "paid_on": invoice.paid_on,
        "void": invoice.void,
        "digest": hashlib.sha256(record.encode()).hexdigest(),
        "raw": record,
        "fields": invoice_text(invoice),
    }
