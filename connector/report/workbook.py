"""
An Excel workbook that is written line by line in flat memory, holds no formula, and is the same for the same input.

Numbers are numbers and dates are dates; everything else is text, also where a person edits the cell later.
"""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name

from connector.money import minor_units
from connector.report.cells import LONGEST, cleaner

__all__ = ["MOST_ROWS", "Amount", "Cell", "Link", "Sheet", "Style", "Workbook", "workbook"]

MOST_ROWS: Final = 1_048_575
"""Rows of one sheet beside its headings: more than these Excel does not open."""

_MOST_LINKS: Final = 65_530  # of one sheet; Excel drops what is beyond
_MOST_DIGITS: Final = 15  # Excel keeps no more of a number
_FIRST_YEAR: Final = 1901  # Excel knows no day before, and one day of 1900 too many

Style = Literal["plain", "bold", "title", "heading", "folded", "good", "bad", "proposed"]
_STYLES: Final[dict[Style, dict[str, Any]]] = {
    "plain": {},
    "bold": {"bold": True},
    "title": {"bold": True, "font_size": 16},
    "heading": {"bold": True, "bottom": 1, "bg_color": "#EEF1F4", "text_wrap": True, "valign": "top"},
    "folded": {"text_wrap": True},
    "good": {"bold": True, "font_color": "#14633B"},
    "bad": {"bold": True, "font_color": "#A3121F"},
    "proposed": {"bg_color": "#FFF6D6"},
}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with the decimals of its currency; the currency stands in a cell of its own."""

    value: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Link:
    address: str
    text: str


Cell = str | int | datetime.date | Amount | Link | None


@contextmanager
def workbook(path: Path, created: datetime.datetime, longest: int = LONGEST) -> Iterator["Workbook"]:
    """
    The workbook to be written to ``path``.

    Args:
        path: What stands there is replaced.
        created: The time that the file bears; never the clock's, so that it repeats itself.
        longest: Characters of a cell; what is longer is cut.

    Raises:
        OSError: The file cannot be written.
    """
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "use_zip64": True,
    }
    try:
        with xlsxwriter.Workbook(path, options) as book:
            book.set_properties({"created": created.replace(tzinfo=None)})
            yield Workbook(book, longest)
    except FileCreateError as error:
        raise error.args[0] from None


class Workbook:
    """The sheets and the few formats that they share."""

    def __init__(self, book: Any, longest: int) -> None:
        self._book = book
        self._formats: dict[tuple[str, Style], Any] = {}
        self.clean = cleaner(longest)

    def sheet(self, name: str, widths: Sequence[float], texts: int = 0) -> "Sheet":
        """The next sheet; ``widths`` of its columns in characters, of which the first ``texts`` take text only."""
        sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        for n, width in enumerate(widths):
            sheet.set_column(n, n, width, self.format("@", "plain") if n < texts else None)
        return Sheet(self, sheet)

    def format(self, number: str, style: Style) -> Any:
        """The format of a cell: Excel's own code for its numbers, and how it looks."""
        if (number, style) not in self._formats:
            self._formats[number, style] = self._book.add_format(
                {"num_format": number, "valign": "top", **_STYLES[style]}
            )
        return self._formats[number, style]


class Sheet:
    """One sheet, written from its first line to its last."""

    def __init__(self, book: Workbook, sheet: Any) -> None:
        self._book = book
        self._sheet = sheet
        self._line = 0
        self._links = 0

    def line(self, *cells: Cell, style: Style = "plain") -> None:
        """The next line; without cells an empty one."""
        for column, cell in enumerate(cells):
            self._write(column, cell, style)
        self._line += 1

    def headings(self, *titles: str) -> None:
        self.line(*titles, style="heading")

    def freeze(self) -> None:
        """Keep what is written so far in sight, and on every printed page."""
        self._sheet.freeze_panes(self._line, 0)
        self._sheet.repeat_rows(0, self._line - 1)

    def filter(self, columns: int) -> None:
        """Let people choose rows by every column of the table whose headings are the first line."""
        self._sheet.autofilter(0, 0, max(self._line - 1, 1), columns - 1)

    def choose(self, column: int, lines: int, sheet: str, source: int, names: int, *, others: bool) -> None:
        """
        Let people choose what goes into a column from names that stand in a column of another sheet.

        Args:
            column: Counted from 0, as ``source``.
            lines: How many below the headings.
            sheet: Where the names stand, below a heading.
            source: The column there.
            names: How many there are.
            others: Whether another name is fine; else a person is asked whether it is meant.
        """
        letter = xl_col_to_name(source)
        listed = f"='{sheet}'!${letter}$2:${letter}${names + 1}"
        options = {"validate": "list", "source": listed, "error_type": "warning", "show_error": not others}
        self._sheet.data_validation(1, column, lines, column, options)

    def _write(self, column: int, cell: Cell, style: Style) -> None:
        at, form, sheet = (self._line, column), self._book.format, self._sheet
        match cell:
            case Amount(value, currency) if value is not None:
                decimals = minor_units(currency or "USD")
                if len(value.normalize().as_tuple().digits) > _MOST_DIGITS:
                    sheet.write_string(*at, f"{value:f}", form("@", style))
                else:
                    sheet.write_number(*at, float(value), form(f"#,##0.{'0' * decimals}".rstrip("."), style))
            case Link(address, text) if self._links < _MOST_LINKS:
                self._links += 1
                sheet.write_url(*at, address, string=self._book.clean(text))
            case Link(address):
                sheet.write_string(*at, address, form("@", style))
            case datetime.date() if cell.year >= _FIRST_YEAR:
                sheet.write_datetime(*at, cell, form("yyyy-mm-dd", style))
            case int():
                sheet.write_number(*at, cell, form("0", style))
            case str() | datetime.date():
                sheet.write_string(*at, self._book.clean(str(cell)), form("@", style))
            case _:
                sheet.write_blank(*at, None, form("General", style))
