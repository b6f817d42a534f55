"""A sheet of an Excel workbook as people really save it: every cell read as it was meant, or refused."""

import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from connector.errors import ConnectorError
from connector.mapping import Fault, MappingFaults
from connector.mapping.tables import trimmed
from connector.tables.incoming import Incoming, IncomingRow, Kind, fault_at, letters

__all__ = ["BESIDE", "read_sheet", "sheet_name"]

BESIDE: Final = ("Names in QuickBooks", "Read me")
"""The sheets that an export puts beside the table; an import does not read them."""

_UNPACKED_LIMIT: Final = 512 * 1024 * 1024
_MANY: Final = 20
_KEPT_DIGITS: Final = 15
_FORMULA_OR_MERGED: Final = re.compile(rb"<(?:\w+:)?(?:f[ />]|mergeCell )")
_ESCAPED: Final = re.compile("_x(005F|000D)_")  # an underline that is one, and the end of a line
_NOUGHTS: Final = re.compile("0+")
_AS_TEXT: Final = "format the column as Text, type it anew, and save"


def sheet_name(table: str) -> str:
    """What the sheet of a table is called; Excel takes 31 characters and keeps one name for itself."""
    return "history table" if table.casefold() == "history" else table[:31]


def read_sheet(data: bytes, shown: str, table: str) -> Incoming:
    """
    The sheet of ``table`` in a workbook.

    Args:
        data: The workbook.
        shown: Its file as people see it.
        table: Its sheet is read, or the only one there is.

    Raises:
        MappingFaults: ``table-file``, ``table-sheet``, ``table-cell``, ``table-merged`` or ``table-columns``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what its look loses, and only the texts are wanted
            return _read(data, shown, table)
    except ConnectorError:
        raise
    except (*_UNREADABLE, InvalidFileException) as error:
        what = "this workbook is damaged"
        raise fault_at(
            shown, "table-file", what, "open it in Excel and save it anew, as Excel Workbook (.xlsx)"
        ) from error


# What the library ends with at a damaged file; it names no exception of its own for most of it.
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OSError,
    EOFError,
    SyntaxError,
)


def _read(data: bytes, shown: str, table: str) -> Incoming:
    hard = _look_inside(data, shown)
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    sheet = book[_chosen(book, shown, table)]
    sheet.reset_dimensions()  # some programs write a wrong one
    rows = [(n, row) for n, row in enumerate(sheet.iter_rows(), 1) if any(cell.value is not None for cell in row)]
    reader = _Reader(shown, sheet.title)
    if hard:  # seldom, and then it is read twice: once as it looks, once as it is made
        whole = openpyxl.load_workbook(io.BytesIO(data))[sheet.title]
        reader.refuse_merged(whole)
        reader.refuse_not_computed(
            whole, {(n, at) for n, row in rows for at, cell in enumerate(row) if cell.value is not None}
        )
    return reader.table(rows)


def _look_inside(data: bytes, shown: str) -> bool:
    """Whether a sheet holds formulas or merged cells."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if "xl/workbook.xml" not in packed.namelist():
            what = "this is no Excel workbook"
            raise fault_at(shown, "table-file", what, "save it as Excel Workbook (.xlsx) or as CSV UTF-8")
        if sum(each.file_size for each in packed.infolist()) > _UNPACKED_LIMIT:
            raise fault_at(shown, "table-file", "unpacked, this workbook is far too large", "is it the right file?")
        sheets = [name for name in packed.namelist() if name.startswith("xl/worksheets/")]
        return any(_FORMULA_OR_MERGED.search(packed.read(name)) for name in sheets)


def _chosen(book: Any, shown: str, table: str) -> str:
    """The sheet that bears the table's name, or the only one that a person sees."""
    named = sheet_name(table).casefold()
    seen = [
        str(sheet.title) for sheet in book.worksheets if sheet.sheet_state == "visible" and sheet.title not in BESIDE
    ]
    found = [title for title in seen if title.casefold() == named] or seen
    if len(found) == 1:
        return found[0]
    if not found:
        raise fault_at(
            shown, "table-sheet", "every sheet with a table is hidden", "in Excel: right-click, Unhide; then save"
        )
    what = f"it has {len(found)} sheets, and none is called {table}: {', '.join(found)}"
    raise fault_at(shown, "table-sheet", what, f"call the one that is meant {table}, or hide the others")


class _Reader:
    """Reads one sheet, and gathers its faults."""

    def __init__(self, shown: str, title: str) -> None:
        self._book = Incoming(shown, title, (), 0, ())
        self._faults: list[Fault] = []

    def refuse_merged(self, whole: Any) -> None:
        for merged in whole.merged_cells.ranges:
            what = f"the cells {merged.coord} are merged into one"
            help_ = "in Excel: Home, Merge & Center, Unmerge Cells; then fill in every cell"
            self._faults.append(self._book.fault("table-merged", what, merged.min_row, merged.min_col - 1, help_))

    def refuse_not_computed(self, whole: Any, valued: set[tuple[int, int]]) -> None:
        for row in whole.iter_rows():
            for cell in row:
                if cell.data_type == "f" and (cell.row, cell.column - 1) not in valued:
                    what = "this formula was never worked out, so the cell has no value"
                    help_ = "open the file in Excel and save it, or paste the value over the formula"
                    self._faults.append(self._book.fault("table-cell", what, cell.row, cell.column - 1, help_))

    def table(self, rows: list[tuple[int, Any]]) -> Incoming:
        if not rows:
            self._refuse("table-columns", "this sheet is empty", 1, None, "its first row names the columns")
            raise MappingFaults(self._faults)
        (head, first), *others = rows
        names = [trimmed(self._cell(head, at, cell)[0]) for at, cell in enumerate(first)]
        while names and not names[-1]:
            names.pop()
        told = tuple(self._rows(others, len(names)))
        if self._faults:
            raise MappingFaults(self._faults[:_MANY])
        return Incoming(self._book.shown, self._book.sheet, tuple(names), head, told)

    def _rows(self, rows: list[tuple[int, Any]], width: int) -> Iterator[IncomingRow]:
        for number, row in rows:
            told = [self._cell(number, at, cell) for at, cell in enumerate(row)]
            told += [("", "text")] * (width - len(told))
            cells = tuple(text for text, _ in told)
            beyond = next((at for at in range(width, len(cells)) if cells[at]), None)
            if beyond is not None:
                what = f"something stands in {letters(beyond)}{number}, and its column has no heading"
                self._refuse("table-columns", what, number, beyond, "give the column a heading, or empty the cell")
            if any(cells):
                kinds = tuple(kind for _, kind in told)
                yield IncomingRow(number, cells[:width], kinds[:width])

    def _cell(self, row: int, column: int, cell: Any) -> tuple[str, Kind]:
        """A cell as the text that it shows, and what Excel holds it for."""
        value = cell.value
        kind: Kind = "text"
        if value is None:
            return "", kind
        if isinstance(value, str) and cell.data_type != "e":
            text = _ESCAPED.sub(lambda found: "_" if found[1] == "005F" else "", value)
            return trimmed(text.replace("\r\n", "\n").replace("\r", "\n")), kind
        if isinstance(value, bool):
            return ("TRUE" if value else "FALSE"), kind
        if isinstance(value, datetime.datetime) and value.time() == datetime.time():
            return value.date().isoformat(), "date"
        if isinstance(value, (int, float)):
            return self._number(row, column, value, cell.number_format), "number"
        if cell.data_type == "e":
            self._refuse(
                "table-cell", f"this cell shows the error {value}", row, column, "mend the formula, or type the value"
            )
        else:
            self._refuse("table-cell", f"this cell holds a time: {value}", row, column, _AS_TEXT)
        return "", kind

    def _number(self, row: int, column: int, value: float, form: str) -> str:
        number = Decimal(value if isinstance(value, int) else f"{value:.15g}")
        digits = len(f"{abs(number):f}".partition(".")[0])
        if digits > _KEPT_DIGITS:
            what = f"this became the number {float(value):g}: Excel keeps {_KEPT_DIGITS} of its {digits} digits"
            self._refuse("table-key", what, row, column, "format the column as Text, then type the id anew, and save")
        elif "%" in form:
            self._refuse(
                "table-cell", f"this cell holds {(number * 100).normalize():f}% as a number", row, column, _AS_TEXT
            )
        elif number == number.to_integral_value():
            text = f"{number:.0f}"
            return text.zfill(len(form)) if _NOUGHTS.fullmatch(form) else text
        return f"{number:f}"

    def _refuse(self, code: str, what: str, row: int, column: int | None, help_: str) -> None:
        if len(self._faults) < _MANY:
            self._faults.append(self._book.fault(code, what, row, column, help_))
