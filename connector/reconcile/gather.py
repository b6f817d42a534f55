"""The three sides brought together: the sources pulled, QuickBooks read, the state asked, each invoice compared."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from connector.document import Key, marker
from connector.errors import ConnectorError, Problem, exit_code_of
from connector.invoice import Invoice
from connector.mapping import Mapped
from connector.plan import Terms
from connector.quickbooks.posted import bill_from
from connector.quickbooks.transport import quote
from connector.reconcile.beside import Beside, amount_of, currency_of
from connector.reconcile.compare import compare, gone, unclaimed
from connector.reconcile.proof import Proof
from connector.reconcile.rows import Family, Row, Status, month_name
from connector.reconcile.shelf import Shelf
from connector.reconcile.sides import Bill
from connector.settings import Settings, SourceSettings
from connector.sources.source import Window
from connector.state.clock import utc_now
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.books import DATES_APART, ENTITIES
from connector.sync.company import Opened, open_company
from connector.sync.gather import Gathered
from connector.sync.numbers import Numbers
from connector.sync.pulling import Loaded, Puller
from connector.sync.selection import WIDER, Selection

__all__ = ["Reconciled", "Reconciliation"]

_DIFFERENCES: Final = 10
_HELD_BY_QUICKBOOKS: Final = ("sent", "sending", "held")


@dataclass(slots=True)
class Reconciled:
    """
    What a reconciliation came to; close it when it is reported.

    Args:
        first: The first day of the period.
        last: Its last day; None: up to the newest invoice.
        as_of: When reading each side began: the sources by name, and ``quickbooks``.
        mappings: The version of each source's mapping, by the source's name.
        unplaced: Bills with a mark that only a reconciliation over all sources could place.
    """

    shelf: Shelf
    proof: Proof
    first: datetime.date
    last: datetime.date | None
    as_of: dict[str, datetime.datetime] = field(default_factory=dict)
    mappings: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    exit_codes: set[int] = field(default_factory=set)
    company: str = ""
    unplaced: int = 0
    differs: bool = False

    def rows(self) -> Iterator[Row]:
        """Every row, source by source, by date."""
        return self.shelf.rows()

    def oldest(self, family: Family) -> Iterator[Row]:
        """The rows of one family, the oldest first."""
        return self.shelf.oldest(family)

    def close(self) -> None:
        """Let go of the temporary files."""
        self.shelf.close()

    @property
    def exit_code(self) -> int:
        """The first that applies of the list of the exit codes; 10 where a row differs or stands on one side only."""
        return exit_code_of(self.exit_codes) or (_DIFFERENCES if self.differs else 0)


class Reconciliation:
    """
    One comparison of some sources with the state and QuickBooks.

    Args:
        selection: The sources, and the period by its first and last day; without one every month from the earliest
            start date on.
        tell: Called with one line whenever something takes its time.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        selection: Selection,
        *,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._company = settings.quickbooks.realm_id
        self._chosen = selection.sources_in(settings)
        self._tell = tell
        self._puller = Puller(settings, state, tell)
        self._pulled: dict[str, Loaded] = {}
        starts = [source.start_date for source in self._chosen.values()]
        first = selection.first or min(starts, default=utc_now().date()).replace(day=1)
        self._result = Reconciled(Shelf(), Proof(), first, selection.last)

    def run(self) -> Reconciled:
        """Read all sides and compare; a source that fails is told under ``problems`` and stops no other."""
        with closing(self._puller):
            try:
                for name, source in self._chosen.items():
                    self._tried(partial(self._pull, name, source), name)
                if self._pulled and not self._tried(self._compare, None):
                    self._nothing()
            except BaseException:
                self._result.close()
                raise
        return self._result

    # Reading.

    def _pull(self, name: str, source: SourceSettings) -> None:
        last = self._result.last or utc_now().date() + datetime.timedelta(days=1)
        window = Window(self._result.first - WIDER, max(self._result.first, last) + WIDER)
        self._pulled[name] = self._puller.load(name, source, window)
        self._result.as_of[name] = self._pulled[name].began
        self._result.mappings[name] = self._pulled[name].mapping.version

    def _read_bills(self, opened: Opened) -> None:
        self._tell("reading QuickBooks")
        self._result.as_of["quickbooks"] = utc_now()
        facts = opened.names.facts
        self._result.company = facts.name
        where = f"TxnDate >= {quote((self._result.first - DATES_APART).isoformat())}"
        if self._result.last is not None:
            where += f" AND TxnDate <= {quote((self._result.last + DATES_APART).isoformat())}"
        for entity in ENTITIES:
            records = opened.company.query(entity, where)
            self._result.shelf.put(Bill.of(bill_from(record, entity, facts.bill_currency)) for record in records)

    # Comparing.

    def _compare(self) -> None:
        opened = open_company(self._settings, self._state)
        with opened.company:
            self._read_bills(opened)
            numbers = self._count()
            for name, pulled in self._pulled.items():
                beside = self._beside(name, pulled, opened, numbers)
                for chunk in self._in_period(pulled):
                    for seen in beside.seen(chunk):
                        self._add(compare(seen))
                self._add(self._gone(name, beside))
        self._add(self._strangers())
        for bill, source, month in self._result.shelf.claimed():
            self._result.proof.add_bill(source, bill.currency, month, bill.net)

    def _add(self, rows: Iterator[Row]) -> None:
        for row in rows:
            self._result.shelf.add_row(row)
            self._result.proof.add_row(row)
            self._result.differs = self._result.differs or row.family in ("differ", "one-side")

    def _beside(self, name: str, pulled: Loaded, opened: Opened, numbers: Numbers) -> Beside:
        gathered = Gathered(
            self._state, self._company, name, pulled.mapping, pulled.payees, opened.names, None, numbers.twice()
        )
        terms = Terms(pulled.mapping.policy, pulled.settings.start_date, opened.names.facts.closing_date)
        return Beside(self._state, opened.company, opened.names, self._result.shelf, gathered, terms)

    def _count(self) -> Numbers:
        """The sources' totals, straight from what was pulled; and the bill numbers that invoices lay claim to."""
        numbers = Numbers()
        for name, pulled in self._pulled.items():
            for chunk in self._puller.chunks(pulled):
                known = self._state.documents(self._company, name, [invoice.id for invoice in chunk])
                made = {invoice for (invoice, _), row in known.items() if row.state in ("sent", "sending", "removed")}
                for invoice in chunk:
                    outcome = pulled.mapping.apply(invoice)
                    document = outcome.document if isinstance(outcome, Mapped) else None
                    if self._holds(invoice):
                        currency = currency_of(invoice, document, pulled.mapping)
                        amount = amount_of(invoice, currency)
                        self._result.proof.add_invoice(name, currency, month_name(invoice.date), amount)
                    started = invoice.date is not None and invoice.date >= pulled.settings.start_date
                    if isinstance(outcome, Mapped) and outcome.late is None and started and invoice.id not in made:
                        numbers.claim(outcome.document.number)
        return numbers

    def _in_period(self, pulled: Loaded) -> Iterator[list[Invoice]]:
        for chunk in self._puller.chunks(pulled):
            if held := [invoice for invoice in chunk if self._holds(invoice)]:
                yield held

    def _holds(self, invoice: Invoice) -> bool:
        """Whether an invoice is of the period; one without a readable date may be, and is shown."""
        return invoice.date is None or self._within(invoice.date)

    def _within(self, day: datetime.date) -> bool:
        return self._result.first <= day and (self._result.last is None or day <= self._result.last)

    def _gone(self, name: str, beside: Beside) -> Iterator[Row]:
        """Documents of the period whose invoice the pull, which was whole, no longer holds."""
        for row in self._state.documents_in_state(self._company, _HELD_BY_QUICKBOOKS, name):
            if row.kind == "payment":
                continue  # its bill tells of it
            day = _invoice_date(row)
            if day is None or not self._within(day) or self._puller.holds(name, row.invoice):
                continue
            intended, bills, word = beside.gone(row, day)
            status: Status = "sending" if row.state == "sending" else "gone-at-source"
            bare = Row(status, name, row.invoice, day, "", "", row.number, row.vendor, row.currency)
            if bills or row.state != "held":
                yield from gone(bare, intended, bills, word)

    def _strangers(self) -> Iterator[Row]:
        """Bills with a mark that no invoice and no document explains."""
        last = self._result.last or datetime.date.max
        bills = self._result.shelf.strangers(self._result.first, last)
        marks = {bill.marker for bill in bills if bill.marker}
        marks -= self._state.known_markers(self._company, sorted(marks))
        for name, pulled in self._pulled.items() if marks else ():
            for chunk in self._puller.chunks(pulled):
                for invoice in chunk:
                    marks -= {marker(Key(self._company, name, invoice.id, "bill"))}
                    marks -= {marker(Key(self._company, name, invoice.id, "credit"))}
        left = [bill for bill in bills if bill.marker in marks]
        if self._pulled.keys() != self._settings.sources.keys():
            self._result.unplaced = len(left)
            return
        for bill in left:
            row = unclaimed(bill)
            self._result.shelf.claim(bill, None, row.month)
            yield row

    def _nothing(self) -> None:
        """Half a comparison would prove nothing."""
        result = self._result
        result.shelf.close()
        result.shelf, result.proof, result.differs, result.unplaced = Shelf(), Proof(), False, 0

    def _tried(self, work: Callable[[], None], source: str | None) -> bool:
        try:
            work()
        except ConnectorError as error:
            self._result.problems.append(error.problem.met_in(source))
            self._result.exit_codes.add(error.exit_code)
            return False
        return True


def _invoice_date(row: DocumentRow) -> datetime.date | None:
    """The invoice's own date as of the document; the mapping may date the bill otherwise."""
    told = (row.facts or {}).get("date")
    return datetime.date.fromisoformat(told) if told else row.date
