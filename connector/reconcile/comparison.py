"""
The comparison of three sides that are read already: every invoice beside its document and its bills, each in one row.

What it asks of the state is by key; QuickBooks is asked only for a linked bill that is dated outside of what was read.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from connector.document import Key, marker
from connector.invoice import Invoice
from connector.mapping import Mapped, Mapping
from connector.plan import Terms
from connector.quickbooks.names import Names
from connector.reconcile.beside import Beside, amount_of, currency_of
from connector.reconcile.compare import compare, gone, unclaimed
from connector.reconcile.reconciled import Reconciled
from connector.reconcile.rows import Row, Status, month_name
from connector.reconcile.sides import Bill
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.gather import Gathered
from connector.sync.numbers import Numbers
from connector.sync.payees import Payees

__all__ = ["Comparison", "Pulled"]

_CHUNK: Final = 500
_HELD_BY_QUICKBOOKS: Final = ("sent", "sending", "held")


@dataclass(frozen=True, slots=True)
class Pulled:
    """
    One source, pulled whole.

    Args:
        chunks: Its invoices, some at a time; they may be read again and again.
        holds: Whether it has an invoice of this id.
    """

    name: str
    mapping: Mapping
    payees: Payees
    start_date: datetime.date
    chunks: Callable[[], Iterator[list[Invoice]]]
    holds: Callable[[str], bool]


class Comparison:
    """
    Fills a result with rows and proof.

    Args:
        company: The realm id.
        names: The company's lists, for what the mapping would make now.
        read: One bill or credit by entity and id; None where it is deleted.
        result: With the period, and the shelf that the bills are put on.
        every_source: No other source of the settings could explain a bill.
    """

    def __init__(
        self,
        state: State,
        company: str,
        sources: Sequence[Pulled],
        names: Names,
        read: Callable[[str, str], Bill | None],
        result: Reconciled,
        *,
        every_source: bool,
    ) -> None:
        self._state = state
        self._company = company
        self._sources = {source.name: source for source in sources}
        self._names = names
        self._read = read
        self._result = result
        self._every_source = every_source
        self._besides: dict[str, Beside] = {}

    def keep(self, bills: Iterable[Bill]) -> None:
        """Put bills on the shelf, each with the invoice whose document the state links to it."""
        bills = iter(bills)
        for chunk in iter(lambda: list(islice(bills, _CHUNK)), []):
            owners = {
                (entity, id_): owner
                for entity in {bill.entity for bill in chunk}
                for id_, owner in self._state.owners(self._company, entity, [bill.id for bill in chunk]).items()
            }
            self._result.shelf.put((bill, owners.get((bill.entity, bill.id))) for bill in chunk)

    def run(self) -> None:
        """Compare; the bills are on the shelf."""
        twice = self._count().twice()
        self._besides = {name: self._beside(source, twice) for name, source in self._sources.items()}
        for name, beside in self._besides.items():
            for chunk in self._in_period(self._sources[name]):
                for seen in beside.seen(chunk):
                    self._add(compare(seen))
            self._add(self._gone(name))
        self._add(self._left())
        for bill, owner, month in self._result.shelf.claimed():
            self._result.proof.add_bill(owner, bill.currency, month, bill.net)

    def _add(self, rows: Iterator[Row]) -> None:
        for row in rows:
            self._result.shelf.add_row(row)
            self._result.proof.add_row(row)
            self._result.differs = self._result.differs or row.family in ("differ", "one-side")

    def _beside(self, source: Pulled, twice: frozenset[str]) -> Beside:
        gathered = Gathered(
            self._state, self._company, source.name, source.mapping, source.payees, self._names, None, twice
        )
        terms = Terms(source.mapping.policy, source.start_date, self._names.facts.closing_date)
        return Beside(self._state, self._names, self._read, self._result.shelf, gathered, terms)

    def _count(self) -> Numbers:
        """The sources' totals, straight from what was pulled; and the bill numbers that invoices lay claim to."""
        numbers = Numbers()
        for name, source in self._sources.items():
            for chunk in source.chunks():
                known = self._state.documents(self._company, name, [invoice.id for invoice in chunk])
                made = {invoice for (invoice, _), row in known.items() if row.state in ("sent", "sending", "removed")}
                for invoice in chunk:
                    outcome = source.mapping.apply(invoice)
                    document = outcome.document if isinstance(outcome, Mapped) else None
                    if self._holds(invoice):
                        currency = currency_of(invoice, document, source.mapping)
                        amount = amount_of(invoice, currency)
                        self._result.proof.add_invoice(name, currency, month_name(invoice.date), amount)
                    started = invoice.date is not None and invoice.date >= source.start_date
                    if isinstance(outcome, Mapped) and outcome.late is None and started and invoice.id not in made:
                        numbers.claim(outcome.document.number)
        return numbers

    def _in_period(self, source: Pulled) -> Iterator[list[Invoice]]:
        for chunk in source.chunks():
            if held := [invoice for invoice in chunk if self._holds(invoice)]:
                yield held

    def _holds(self, invoice: Invoice) -> bool:
        """Whether an invoice is of the period; one without a readable date may be, and is shown."""
        return invoice.date is None or self._within(invoice.date)

    def _within(self, day: datetime.date) -> bool:
        return self._result.first <= day and (self._result.last is None or day <= self._result.last)

    def _gone(self, source: str) -> Iterator[Row]:
        """Documents of the period whose invoice the pull, which was whole, no longer holds."""
        for chunk in self._state.invoices_in_state(self._company, _HELD_BY_QUICKBOOKS, source):
            gone = [invoice for invoice in chunk if not self._sources[source].holds(invoice)]
            for row in self._state.documents(self._company, source, gone).values():
                day = _invoice_date(row)
                held = row.kind != "payment" and row.state in _HELD_BY_QUICKBOOKS  # of a payment its bill tells
                if held and day is not None and self._within(day):
                    yield from self._of_gone(row, day)

    def _of_gone(self, row: DocumentRow, day: datetime.date) -> Iterator[Row]:
        intended, bills, word = self._besides[row.source].gone(row, day)
        status: Status = "sending" if row.state == "sending" else "gone-at-source"
        bare = Row(status, row.source, row.invoice, day, "", "", row.number, row.vendor, row.currency)
        if bills or row.state in ("sent", "sending"):
            yield from gone(bare, intended, bills, word)

    # What no invoice of the period took from the shelf.

    def _left(self) -> Iterator[Row]:
        """Bills with a mark of ours or a link: of invoices that are gone, of old connections, of nobody."""
        strange: list[tuple[Bill, str | None]] = []
        told: set[int | None] = set()
        for chunk in self._result.shelf.unclaimed(_CHUNK):
            ours = [(bill, owner) for bill, owner in chunk if owner is None or not self._has(*owner)]
            rows = self._rows([bill for bill, _ in ours])
            for bill, _ in ours:
                row = rows.get((bill.entity, bill.id))
                if row is None or row.source not in self._sources:
                    if self._within(bill.date):
                        strange.append((bill, row.source if row else None))
                elif row.id not in told and not self._has(row.source, row.invoice):
                    day = _invoice_date(row) or bill.date
                    if self._within(day):
                        told.add(row.id)
                        yield from self._of_gone(row, day)
        yield from self._strangers(strange)

    def _has(self, source: str, invoice: str) -> bool:
        """Whether a source still has an invoice: its bill is of another month then."""
        return source in self._sources and self._sources[source].holds(invoice)

    def _rows(self, bills: Sequence[Bill]) -> dict[tuple[str, str], DocumentRow]:
        """The documents that bills are linked to, or else whose mark they carry."""
        marked = self._state.by_marker(self._company, [bill.marker for bill in bills if bill.marker])
        marked = {mark: row for mark, row in marked.items() if row.kind != "payment"}  # those stand on payments alone
        rows = {(bill.entity, bill.id): marked[bill.marker] for bill in bills if bill.marker in marked}
        for entity in {bill.entity for bill in bills}:
            linked = self._state.by_qbo_id(self._company, entity, [b.id for b in bills if b.entity == entity])
            rows |= {(entity, id_): row for id_, row in linked.items()}
        return rows

    def _strangers(self, bills: Sequence[tuple[Bill, str | None]]) -> Iterator[Row]:
        """Bills of nobody, each with the connection that it was made by where the state knows it."""
        marks = {bill.marker for bill, connection in bills if connection is None}
        for name, source in self._sources.items() if marks else ():
            for chunk in source.chunks():
                for invoice in chunk:
                    marks -= {marker(Key(self._company, name, invoice.id, "bill"))}
                    marks -= {marker(Key(self._company, name, invoice.id, "credit"))}
        left = [(bill, connection) for bill, connection in bills if connection or bill.marker in marks]
        if not self._every_source:
            self._result.unplaced = sum(connection is None for _, connection in left)
            return
        for bill, connection in left:
            row = unclaimed(bill, connection)
            self._result.shelf.claim(bill, None, row.month)
            yield row


def _invoice_date(row: DocumentRow) -> datetime.date | None:
    """The invoice's own date as of the document; the mapping may date the bill otherwise."""
    told = (row.facts or {}).get("date")
    return datetime.date.fromisoformat(told) if told else row.date
