"""The rows of a file that a person wants imported, each cell with the place that a fault of it names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from connector.errors import WrongUse
from connector.mapping import Fault, MappingFaults, Place
from connector.tables.saved import SavedTable, lines_in

__all__ = ["SIZE_LIMIT", "Incoming", "IncomingRow", "Kind", "fault_at", "read_incoming"]

SIZE_LIMIT: Final = 64 * 1024 * 1024
Kind = Literal["text", "number", "date"]

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """
    One row.

    Args:
        number: The sheet's row, or the line where it begins in a CSV.
        cells: Trimmed, as many as there are headings.
        kinds: What a spreadsheet held each cell for; a CSV's are all text.
    """

    number: int
    cells: tuple[str, ...]
    kinds: tuple[Kind, ...] = ()

    def kind(self, column: int) -> Kind:
        return self.kinds[column] if self.kinds else "text"


@dataclass(frozen=True)
class Incoming:
    """
    A file to be imported.

    Args:
        shown: The file as people see it.
        sheet: The sheet that was read; "" for a CSV.
        columns: The headings.
        head: The row or line of the headings.
    """

    shown: str
    sheet: str
    columns: tuple[str, ...]
    head: int
    rows: tuple[IncomingRow, ...] = field(repr=False)

    def place(self, row: int, column: int | None = None) -> Place:
        """A row, or one cell of it: ``vendors.xlsx, vendors!B7``, ``vendors.csv:7``."""
        if not self.sheet:
            return Place(self.shown, row, 1, 1)
        where = f" row {row}" if column is None else f"!{letters(column)}{row}"
        return Place(f"{self.shown}, {self.sheet}{where}")

    def called(self, row: int, column: int) -> str:
        """The same within a sentence: ``A7``, ``line 7``."""
        return f"{letters(column)}{row}" if self.sheet else f"line {row}"

    def fault(self, code: str, what: str, row: int, column: int | None, help_: str) -> Fault:
        return Fault(code, what, self.place(row, column), "", help_)


def letters(column: int) -> str:
    """A column as spreadsheets call it: 0 is A."""
    name, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def fault_at(shown: str, code: str, what: str, help_: str) -> MappingFaults:
    """One fault of a file as a whole."""
    return MappingFaults([Fault(code, what, Place(shown), "", help_)])


def read_incoming(path: Path, table: str, read_workbook: Callable[[bytes, str, str], Incoming]) -> Incoming:
    """
    The table in ``path``: a workbook, or a CSV with commas, semicolons or tabs.

    Args:
        path: What a person saved.
        table: The name of the table, which its sheet may bear.
        read_workbook: Reads the bytes of a workbook; given here, as only a workbook needs what reads it.

    Raises:
        WrongUse: ``file-not-readable``.
        MappingFaults: It holds no table, or cells that cannot be read as they were meant.
    """
    shown = path.name
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror}"
        raise WrongUse(what, code="file-not-readable", remedy="name the file that was saved") from None
    if len(data) > SIZE_LIMIT:
        what = f"this file is larger than {SIZE_LIMIT // 1024 // 1024} MB"
        raise fault_at(shown, "table-file", what, "is it the right file?")
    if data.startswith(_OLE):
        what = "this is a workbook of old Excel, or one with a password"
        raise fault_at(shown, "table-file", what, "take the password off, and save it as Excel Workbook (.xlsx)")
    if data.startswith(_ZIP):
        return read_workbook(data, shown, table)
    saved = SavedTable.of(data, shown)
    width = len(saved.columns)
    rows = []
    for record in saved.rows:
        if any(record.cells[width:]):
            place = Place(shown, record.line, 1, 1)
            what = f"this row has {len(record.cells)} cells and the headings have {width}"
            raise MappingFaults(
                [Fault("M137", what, place, record.raw.rstrip(), "put quotes round a text that holds a comma")]
            )
        cells = record.cells[:width]
        rows.append(IncomingRow(record.line, (*cells, *[""] * (width - len(cells)))))
    return Incoming(shown, "", saved.columns, lines_in(saved.before), tuple(rows))
