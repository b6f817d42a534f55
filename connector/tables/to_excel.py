"""A table as a workbook to be edited: ids are text, names are chosen from lists, and new rows are proposed."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Final

from connector.errors import WrongUse
from connector.money import CURRENCIES, round_minor
from connector.report.cells import cleaner
from connector.report.workbook import MOST_ROWS, Amount, Cell, Sheet, Workbook, workbook
from connector.tables.difference import NEW, NOTE
from connector.tables.saved import SavedTable
from connector.tables.sheet import BESIDE, sheet_name
from connector.tables.waiting import RowWanted

__all__ = ["CELL_LIMIT", "Export", "shown_in_excel", "write_table"]

CELL_LIMIT: Final = 32_000
"""Characters of a cell; Excel takes 32,767."""

_NAMES, _README = BESIDE
_LAST_SEEN: Final = "(last seen)"
_WAITING: Final = "(invoices waiting)"
_ROOM: Final = 1000  # rows below the last one in which names can still be chosen
_WIDTHS: Final = (10, 50)
_OLDEST: Final = datetime.date(2000, 1, 1)


@dataclass(frozen=True)
class Export:
    """
    What goes into the workbook of one table.

    Args:
        table: Its source and name: ``cake.vendors``.
        saved: Its file.
        match: The columns that choose the row.
        seen: The newest invoice date by key.
        waiting: What waits for a row that is there, or for one that is not.
        choices: The names that may stand in a column.
        others: The columns in which another name is fine, as QuickBooks gets it then.
    """

    table: str
    saved: SavedTable
    match: tuple[str, ...]
    seen: Mapping[tuple[str, ...], datetime.date]
    waiting: Sequence[RowWanted]
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    others: frozenset[str] = frozenset()


def shown_in_excel(cell: str) -> str:
    """How a cell of the table is written; what cannot be shown is a box there, and comes back as it was."""
    return _clean(cell)


_clean: Final = cleaner(CELL_LIMIT)


def write_table(path: Path, export: Export) -> int:
    """
    Write the workbook; how many rows it proposes.

    Raises:
        WrongUse: The table has more rows than a sheet takes.
        OSError: The file cannot be written.
    """
    proposed = [each for each in export.waiting if each.pastable]
    if len(export.saved.rows) + len(proposed) > MOST_ROWS:
        what = f"{export.saved.shown} has more rows than an Excel sheet takes"
        raise WrongUse(what, code="wrong-use", remedy="edit the CSV itself in a text editor")
    newest = max(export.seen.values(), default=_OLDEST)
    created = datetime.datetime(newest.year, newest.month, newest.day, tzinfo=datetime.UTC)
    with workbook(path, created, CELL_LIMIT) as book:
        _write_rows(book, export, proposed)
        if export.choices:
            _write_names(book, export)
        _write_meaning(book, export)
    return len(proposed)


def _write_rows(book: Workbook, export: Export, proposed: Sequence[RowWanted]) -> None:
    columns = export.saved.columns
    currencies = sorted({currency for each in export.waiting for currency in each.sums})
    told = [_LAST_SEEN, _WAITING, *(f"(waiting {currency})" for currency in currencies), NOTE]
    widths = [*(_width(export, at) for at in range(len(columns))), *[14] * (len(told) - 1), 44]
    sheet = book.sheet(sheet_name(export.table.rpartition(".")[2]), widths, texts=len(columns))
    sheet.headings(*columns, *told)
    sheet.freeze()
    by_line = {each.line: each for each in export.waiting if each.line is not None}
    for record in export.saved.rows:
        cells = [*record.cells, *[""] * (len(columns) - len(record.cells))][: len(columns)]
        key = tuple(cells[columns.index(name)] for name in export.match)
        waiting = by_line.get(record.line)
        sheet.line(*_cells(cells), *_told(export.seen.get(key), waiting, currencies, _note(waiting)))
    for each in proposed:
        at = dict(zip(each.columns, each.cells, strict=True))
        key = tuple(each.key[name] for name in export.match)
        note = f"{NEW}: fill in {' and '.join(each.asked)}"
        note = f'{note}; looks like "{each.guess}"' if each.guess else note
        cells = [at.get(name, "") for name in columns]
        sheet.line(*_cells(cells), *_told(export.seen.get(key), each, currencies, note), style="proposed")
    sheet.filter(len(columns) + len(told))
    _offer(sheet, export, len(export.saved.rows) + len(proposed))


def _cells(cells: Sequence[str]) -> Iterator[Cell]:
    return (cell or None for cell in cells)


def _told(
    seen: datetime.date | None, waiting: RowWanted | None, currencies: Sequence[str], note: str
) -> Iterator[Cell]:
    yield seen
    yield waiting.invoices if waiting else None
    for currency in currencies:
        amount = waiting.sums.get(currency) if waiting else None
        known = currency if currency in CURRENCIES else None
        yield Amount(None if amount is None else round_minor(amount, currency), known)
    yield note or None


def _note(waiting: RowWanted | None) -> str:
    if waiting is None:
        return ""
    note = f"fill in or mend {' and '.join(waiting.asked)}"
    return f'{note}; looks like "{waiting.guess}"' if waiting.guess else note


def _width(export: Export, column: int) -> float:
    """Wide enough for most of what stands there."""
    longest = max(
        (len(record.cells[column]) for record in export.saved.rows[:_ROOM] if column < len(record.cells)), default=0
    )
    least, most = _WIDTHS
    return min(most, max(least, longest, len(export.saved.columns[column])) + 2)


def _offer(sheet: Sheet, export: Export, rows: int) -> None:
    for n, (column, names) in enumerate(export.choices.items()):
        at = export.saved.columns.index(column)
        sheet.choose(at, rows + _ROOM, _NAMES, n, len(names), others=column in export.others)


def _write_names(book: Workbook, export: Export) -> None:
    sheet = book.sheet(_NAMES, [40] * len(export.choices), texts=len(export.choices))
    sheet.headings(*(f"for {column}" for column in export.choices))
    sheet.freeze()
    for names in zip_longest(*export.choices.values()):
        sheet.line(*names)


def _write_meaning(book: Workbook, export: Export) -> None:
    sheet = book.sheet(_README, (24, 100))
    sheet.line("How to edit this table", style="title")
    sheet.line()
    said = (
        (
            "What it is",
            f"The table {export.table} of the mapping: {export.saved.shown}. One row for each {_keys(export)}.",
        ),
        (
            "Change",
            "Type over a cell, or choose a name from its list. Rows may be sorted, filtered, added and deleted.",
        ),
        (
            "Rows in yellow",
            "New: invoices wait for them. Fill them in; one that stays empty is left out at the import.",
        ),
        ("A row for *", "Serves every key that has no row of its own. An empty cell of a row is not filled from it."),
        ("Ids", "The columns are text, so that Excel keeps noughts in front and long ids. Leave them so."),
        (
            "Columns in brackets",
            "Are there to be read, and not imported: when an invoice last named the key, and what waits for it.",
        ),
        ("A box in a name", "Stands for a sign that cannot be shown. Left as it is, the name stays as it was."),
        ("Afterwards", f"Save as Excel Workbook or CSV UTF-8, then run: connector table import FILE {export.table}"),
        ("", "It shows every difference before it writes, and writes nothing that the mapping could not use."),
    )
    for title, meaning in said:
        sheet.line(title, meaning, style="folded")
    if export.choices:
        sheet.line()
        sheet.line("The lists", f"Names as QuickBooks had them when they were last read: {', '.join(export.choices)}.")


def _keys(export: Export) -> str:
    return " and ".join(export.match)
