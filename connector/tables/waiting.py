"""What waits for a row of a table or for a name in QuickBooks, from the state and today's mappings; nobody is asked."""

import datetime
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from connector.errors import ConnectorError, Problem
from connector.invoice import Declaration, Invoice
from connector.mapping import Mapped, Mapping, Missing, NotMapped, load
from connector.mapping.filling import as_text
from connector.mapping.tables import Table
from connector.quickbooks.kept import KeptLists
from connector.report.status import add_amount
from connector.settings import Settings
from connector.state.data import invoice_of
from connector.state.overview import payments, waiting_invoices
from connector.state.store import State
from connector.state.tables import InvoiceRow
from connector.sync.company import KeptNames
from connector.tables.alike import Alike
from connector.tables.columns import boxes_of, prefilled
from connector.tables.saved import SavedTable

__all__ = ["NameWanted", "RowWanted", "Waiting", "find_waiting"]

_EXAMPLES: Final = 3
_NO_NAME: Final = re.compile(
    "(account|class|customer|item|location|tax-code|term|vendor)-(ambiguous|inactive|not-found|wrong-type)|vendor-missing"
)
_OTHER_VENDOR: Final = frozenset(
    {"vendor-currency", "vendor-name", "vendor-renamed", "vendor-renamed-in-quickbooks", "vendor-shared"}
)
"""Codes of bills whose vendor cannot be used, which a row with another one mends."""


@dataclass(slots=True)
class _Group:
    """
    Invoices that one mend would release.

    Args:
        since: When the first of them was first seen, UTC.
        examples: A few of them, as ``source:id``.
    """

    code: str
    reason: str
    remedy: str
    sources: set[str] = field(default_factory=set)
    invoices: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    since: datetime.datetime | None = None
    examples: list[str] = field(default_factory=list)

    def add(self, row: InvoiceRow) -> None:
        self.sources.add(row.source)
        self.invoices += 1
        add_amount(self.sums, row)
        self.since = min(self.since or row.first_seen, row.first_seen)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{row.source}:{row.invoice}")

    @property
    def weight(self) -> tuple[Decimal, int, str]:
        """By this the heaviest comes first; of several currencies the largest speaks, as they are never added."""
        return -max((abs(amount) for amount in self.sums.values()), default=Decimal(0)), -self.invoices, self.reason


@dataclass(slots=True)
class RowWanted(_Group):
    """
    A row that a table lacks, or one of its rows that does not do.

    Args:
        table: As its mapping calls it.
        file: Its file as people see it.
        columns: The headings of the table.
        key: By match column.
        asked: The columns that were asked for.
        cells: The row, one cell a heading: its key, and what the source says under columns that nothing is taken from.
        line: Of the row that is there and does not do; None where there is none.
        guess: A name that may be meant.
    """

    table: str = ""
    file: str = ""
    columns: tuple[str, ...] = ()
    key: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cells: tuple[str, ...] = ()
    line: int | None = None
    guess: str | None = None

    @property
    def pastable(self) -> bool:
        """Whether a new row would mend it; a key that the source left empty no row can have."""
        return self.line is None and all(self.key.values())


@dataclass(slots=True)
class NameWanted(_Group):
    """
    A name that QuickBooks does not have, or that cannot be used.

    Args:
        kind: What it would name, in a bookkeeper's words.
        near: Names that resemble it.
    """

    kind: str = ""
    name: str = ""
    near: tuple[str, ...] = ()


@dataclass(slots=True)
class Waiting:
    """
    Everything that waits for a row or a name, the largest amount first.

    Args:
        saved: The tables that rows are wanted of, by their files.
        freed: How many invoices wait for nothing any more but the next sync, as a mapping or table was mended.
        problems: Of sources whose mappings have faults.
    """

    rows: list[RowWanted] = field(default_factory=list)
    names: list[NameWanted] = field(default_factory=list)
    saved: dict[str, SavedTable] = field(default_factory=dict)
    freed: int = 0
    problems: list[Problem] = field(default_factory=list)
    errors: list[ConnectorError] = field(default_factory=list)


def find_waiting(settings: Settings, state: State, declaration: Callable[[str], Declaration]) -> Waiting:
    """
    What waits in the company of ``settings``.

    Args:
        settings: Of the company.
        state: What the runs left.
        declaration: The source's class by its type's name.
    """
    lists = KeptLists(KeptNames(state, settings.quickbooks.realm_id))
    found = Waiting()
    rows: dict[tuple[object, ...], RowWanted] = {}
    names: dict[tuple[str, str], NameWanted] = {}
    for name, source in settings.sources.items():
        try:
            kind = declaration(source.type)
            mapping = load(source.mapping, kind, root=settings.folder, currency=source.currency)
        except ConnectorError as error:
            found.errors.append(error)
            found.problems.append(error.problem.met_in(name))
            continue
        looking = _Looking(state, mapping, lists, rows, names)
        for row in waiting_invoices(state, settings.quickbooks.realm_id, name):
            found.freed += looking.look(row)
        looking.look_at_payments(settings.quickbooks.realm_id, name)
        for file in {each.file for each in rows.values()} & set(looking.tables):
            found.saved[file] = SavedTable.of(looking.tables[file].file.text.encode(), file)
    found.rows = sorted(rows.values(), key=lambda each: each.weight)
    found.names = sorted(names.values(), key=lambda each: each.weight)
    return found


class _Looking:
    """Looks at what waits of one source."""

    def __init__(
        self,
        state: State,
        mapping: Mapping,
        lists: KeptLists,
        rows: dict[tuple[object, ...], RowWanted],
        names: dict[tuple[str, str], NameWanted],
    ) -> None:
        self._state, self._mapping, self._lists, self._rows, self._names = state, mapping, lists, rows, names
        self._fields = [field.name for field in mapping.declaration.fields]
        self.tables = {table.file.shown: table for table in mapping.rules.tables.values()}
        self._alike: dict[tuple[str, str], Alike] = {}

    def look(self, row: InvoiceRow) -> bool:
        """Note what an invoice waits for; whether it waits for nothing but the next sync."""
        invoice = invoice_of(row.fields, row.raw)
        outcome = self._mapping.apply(invoice)
        code = row.code or ""
        if isinstance(outcome, NotMapped):
            if outcome.missing is not None:
                self._row(row, invoice, outcome.missing, outcome.code, "\n".join(outcome.reason), outcome.remedy)
            return False
        if code in _OTHER_VENDOR:
            return self._other_vendor(row, invoice, outcome)
        if _NO_NAME.fullmatch(code):
            return not self._lacking(row, outcome)
        return code.endswith("-unknown") and outcome.late is None

    def look_at_payments(self, company: str, source: str) -> None:
        """Payments wait for the account that they are paid from."""
        for one in payments(self._state, company):
            if one.source != source or one.state not in ("held", "blocked") or not _NO_NAME.fullmatch(one.code or ""):
                continue
            if (row := self._state.invoice(company, source, one.invoice)) is not None:
                self._name(row, one.code or "", "account", one.reason or "", one.reason or "", one.remedy or "", ())

    def _other_vendor(self, row: InvoiceRow, invoice: Invoice, outcome: Mapped) -> bool:
        vendor = outcome.document.vendor
        if vendor != row.vendor:
            return True  # it has another one by now
        missing = self._mapping.deciding_row("vendor", invoice)
        told = (row.code or "", row.reason or "", row.remedy or "")
        if missing is None:
            self._name(row, told[0], "vendor", vendor, *told[1:], ())
        else:
            self._row(row, invoice, missing, *told, never=vendor)
        return False

    def _lacking(self, row: InvoiceRow, outcome: Mapped) -> bool:
        code = row.code or ""
        lacking = list(self._lists.missing(outcome.document, vendor=code.startswith("vendor-")))
        for each in lacking:
            remedy = (
                f"add or activate the {each.kind} in QuickBooks, or name another in {self._mapping.path} or its tables"
            )
            self._name(row, each.code, each.kind, each.text, each.reason, remedy, each.near)
        return bool(lacking)

    def _name(
        self, row: InvoiceRow, code: str, kind: str, name: str, reason: str, remedy: str, near: tuple[str, ...]
    ) -> None:
        new = NameWanted(code, reason, remedy, kind=kind, name=name, near=near)
        self._names.setdefault((kind, name), new).add(row)

    def _row(
        self,
        row: InvoiceRow,
        invoice: Invoice,
        missing: Missing,
        code: str,
        reason: str,
        remedy: str,
        never: str | None = None,
    ) -> None:
        """Note the row that is wanted; ``never`` is the value that stops the invoice, which no guess may be."""
        table = self.tables[missing.file]
        there = table.lookup(tuple(part for _, part in missing.key))
        own = None if there is None or self._is_general(table, there.cells) else there.line
        wanted = self._rows.setdefault((missing.file, missing.key), RowWanted(code, reason, remedy))
        if not wanted.invoices:
            key = dict(missing.key)
            wanted.table, wanted.file, wanted.key, wanted.line = table.name, missing.file, key, own
            wanted.columns = tuple(table.columns)
            wanted.cells = tuple(self._cells(table, key, invoice))
            wanted.guess = self._guess(table, missing, invoice, never)
        if missing.column not in wanted.asked:
            wanted.asked.append(missing.column)
        wanted.add(row)

    def _is_general(self, table: Table, cells: tuple[str, ...]) -> bool:
        return any(cells[table.columns[name]] == "*" for name in table.match)

    def _cells(self, table: Table, key: dict[str, str], invoice: Invoice) -> Iterator[str]:
        telling = prefilled(self._mapping, table.name)
        for column in table.columns:
            if column in key:
                yield key[column]
            else:
                yield as_text(invoice.fields.get(column)) if column in telling else ""

    def _guess(self, table: Table, missing: Missing, invoice: Invoice, never: str | None) -> str | None:
        if (table.name, missing.column) not in self._alike:
            own = [table.cell(row, missing.column) for row in table.all_rows()]
            boxes = boxes_of(self._mapping, table.name).get(missing.column, ())
            names = [name for box in boxes for name in self._lists.names(box)]
            self._alike[table.name, missing.column] = Alike(name for name in [*names, *own] if name)
        told = [part for _, part in missing.key]
        told += [as_text(invoice.fields.get(name)) for name in self._telling(table)]
        alike = self._alike[table.name, missing.column]
        guesses = (alike.closest(text, never=never) for text in told if any(char.isalpha() for char in text))
        return next((guess for guess in guesses if guess is not None), None)

    def _telling(self, table: Table) -> list[str]:
        """The fields that say who it is: those the table repeats, and those that may name the vendor."""
        vendor = self._mapping.rules.bill["vendor"].template.placeholders
        named = [one.name for placeholder in vendor for one in placeholder.names]
        return [*(name for name in table.columns if name in self._fields and name not in table.match), *named]
