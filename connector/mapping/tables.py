"""Tables: a CSV beside the mapping, matched on one field or a list of fields (mapping rule 4)."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, compress
from operator import not_
from typing import Final

from connector.mapping.faults import Fault, Span, TextFile, closest
from connector.mapping.yaml_text import decode

__all__ = ["SIZE_LIMIT", "Row", "Table", "decode_table", "delimiter_of", "read_table", "spoilt", "trimmed"]

SIZE_LIMIT: Final = 64 * 1024 * 1024
_COLUMN: Final = re.compile(r"\w+(?: +\w+)*")
_MANY: Final = 20  # faults of one kind in one file; a hundred say no more
# What web pages and spreadsheets leave round a copied text and nobody sees; other spaces Python knows itself.
_UNSEEN: Final = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_POWER: Final = re.compile(r"\d(?:[.,]\d+)?[Ee]\+\d+")
_KEPT_DIGITS: Final = 15  # of a number; a spreadsheet writes noughts for the others
_NO_CHANCE: Final = 6  # so many noughts in the place of other digits are chance once in a million

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line where it begins and its cells, trimmed, in the order of the headings."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """
    A table that has been read.

    Args:
        name: As the mapping calls it.
        file: As people see it (``mappings/cake.vendors.csv``).
        match: The fields, and columns, that choose the row.
        rows: By which match columns are ``*``, most exact columns first; then by the exact ones.
    """

    name: str
    file: TextFile
    match: tuple[str, ...]
    columns: dict[str, int]
    rows: dict[tuple[bool, ...], dict[Key, Row]] = field(repr=False)

    def lookup(self, key: Key) -> Row | None:
        """The row that serves ``key`` (trimmed texts, one a match column; "" is no value); None: no row does."""
        for stars, rows in self.rows.items():
            exact = tuple(compress(key, map(not_, stars))) if True in stars else key
            row = rows.get(exact)
            if row is not None:
                return row
        return None

    def cell(self, row: Row, column: str) -> str:
        return row.cells[self.columns[column]]

    def near_miss(self, key: Key) -> Row | None:
        """The row whose key differs from ``key`` in upper and lower case or in its kinds of spaces only."""
        return self._folded.get(tuple(map(_folded, key)))

    def all_rows(self) -> Iterator[Row]:
        for rows in self.rows.values():
            yield from rows.values()

    @cached_property
    def _folded(self) -> dict[Key, Row]:
        exact = self.rows.get((False,) * len(self.match), {})
        return {tuple(map(_folded, key)): row for key, row in exact.items()}


def trimmed(cell: str) -> str:
    """A cell without the spaces round it, non-breaking ones and those of no width among them."""
    cell = cell.strip()
    if cell.isascii() or (cell[0] not in _UNSEEN and cell[-1] not in _UNSEEN):
        return cell
    return trimmed(cell.strip(_UNSEEN))


def _folded(part: str) -> str:
    return " ".join(part.casefold().split())


def decode_table(data: bytes, shown: str) -> TextFile | Fault:
    """A table's bytes as text."""
    remedy = 'in Excel: Save As, "CSV UTF-8 (comma delimited)"'
    return decode(data, shown, "M131", limit=SIZE_LIMIT, remedy=remedy)


def read_table(name: str, file: TextFile, match: tuple[str, ...]) -> tuple[Table | None, list[Fault]]:
    """The table, and what is wrong in its file; no table where its headings cannot be used."""
    faults: list[Fault] = []
    rows = _rows(file, faults)
    header = next(rows, None)
    if header is None:
        what = "this table is empty"
        return None, faults or [
            file.fault("M132", what, None, f"its first line names the columns: {','.join(match)},…")
        ]
    columns = _columns(file, header, faults)
    lacking = (column for column in match if column not in columns)
    faults.extend(_no_match(file, header, column, closest(column, columns)) for column in lacking)
    if faults:
        return None, faults
    keyed = _keyed(file, rows, columns, match, faults)
    order = sorted(keyed, key=sum)
    table = Table(name, file, match, columns, {stars: keyed[stars] for stars in order})
    faults.extend(_ties(table))
    return table, faults


def _no_match(file: TextFile, header: Row, column: str, guess: str | None) -> Fault:
    what = f"this table has no column {column}, by which its rows are found"
    if guess is None:
        help_ = f"add a column {column}, or name after match, in the mapping, a field that has a column here"
        return file.fault("M133", what, _line(header), help_)
    at = file.lines[header.line - 1].find(guess)
    return file.fault("M133", what, Span(header.line, at + 1, len(guess)), f"write {column} in place of {guess}")


def _line(row: Row, length: int = 1) -> Span:
    return Span(row.line, 1, length)


def delimiter_of(file: TextFile) -> str:
    """What divides the cells: the one of comma, semicolon and tab that stands most often in the first line."""
    first = next((line for line in file.lines if line.strip()), "")
    return max(",;\t", key=first.count)  # the comma wins where none is there


def spoilt(table: Table, texts: Collection[str]) -> list[Fault]:
    """
    Keys that a spreadsheet took for numbers when it saved the table: a fault for each, as they can match no invoice.

    Args:
        table: As it was read.
        texts: The match columns that hold texts at the source; ``.0`` may stand in a number.
    """
    found: list[Fault] = []
    for column in table.match:
        at = table.columns[column]
        cells = [(row, row.cells[at]) for row in table.all_rows()]
        noughts = _rounded([cell for _, cell in cells])
        for row, cell in cells:
            if cell in noughts:
                what = f"{column} {cell} was rounded by a spreadsheet, which keeps {_KEPT_DIGITS} digits of a number"
            elif "+" in cell and _POWER.fullmatch(cell):
                what = f"{column} {cell} is a long id that a spreadsheet turned into a number"
            elif column in texts and cell.endswith(".0") and cell[:-2].isdecimal():
                what = f"{column} {cell} is an id that a spreadsheet turned into a number"
                found.append(table.file.fault("M134", what, Span(row.line, 1), f"write {cell[:-2]}"))
                continue
            else:
                continue
            help_ = "in Excel format the column as Text, then write the id anew"
            found.append(table.file.fault("M134", what, Span(row.line, 1), help_))
    return sorted(found, key=lambda fault: fault.place.line)[:_MANY]


def _rounded(cells: Collection[str]) -> set[str]:
    """The long ids of a column that end in noughts, where all long ones do and no chance explains it."""
    long = {cell for cell in cells if len(cell) > _KEPT_DIGITS and cell.isdecimal()}
    if any(cell[_KEPT_DIGITS:].strip("0") for cell in long):
        return set()
    return long if sum(len(cell) - _KEPT_DIGITS for cell in long) >= _NO_CHANCE else set()


def _rows(file: TextFile, faults: list[Fault]) -> Iterator[Row]:
    """Every row that is not blank; stops at what no CSV reader could go on from."""
    reader = csv.reader(io.StringIO(file.text, newline=""), delimiter=delimiter_of(file), strict=True)
    line = 1
    try:
        for cells in reader:
            told = tuple([trimmed(cell) for cell in cells])
            if any(told):
                yield Row(line, told)
            line = reader.line_num + 1
    except csv.Error:
        what = "a quote is not closed, or text follows it"
        faults.append(file.fault("M137", what, Span(line, 1), 'double a quote that is meant: "Smith ""Joe"" Ltd"'))


def _columns(file: TextFile, header: Row, faults: list[Fault]) -> dict[str, int]:
    names = list(header.cells)
    while names and not names[-1]:  # spreadsheets leave commas behind
        names.pop()
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in columns:
            faults.append(file.fault("M132", f"the column {name} stands twice", _line(header), "rename one of them"))
        elif not _COLUMN.fullmatch(name) or {"or", "as"} & set(name.split()):
            what = f'"{name}" cannot be the name of a column' if name else "a column has no name"
            help_ = "use letters, digits, _ and inner spaces, and not the words or and as"
            faults.append(file.fault("M132", what, _line(header), help_))
        columns[name] = index
    return columns


def _keyed(
    file: TextFile, rows: Iterator[Row], columns: dict[str, int], match: tuple[str, ...], faults: list[Fault]
) -> dict[tuple[bool, ...], dict[Key, Row]]:
    keyed: dict[tuple[bool, ...], dict[Key, Row]] = {}
    width = len(columns)
    wanted = [columns[column] for column in match]
    many = len(faults) + _MANY
    for row in rows:
        if len(faults) >= many:
            break
        if len(row.cells) < width or any(row.cells[width:]):
            faults.append(_misfit(file, row, width))
            continue
        key = tuple([row.cells[index] for index in wanted])
        if "" in key:
            column = match[key.index("")]
            faults.append(file.fault("M138", f"{column} is empty in this row", _line(row), "fill it in, or write *"))
            continue
        stars = tuple([part == "*" for part in key])
        if True in stars:
            key = tuple([part for part in key if part != "*"])
        same = keyed.setdefault(stars, {})
        if key in same:
            shown = _said(match, tuple(row.cells[index] for index in wanted))
            help_ = f"line {same[key].line} has it too; delete one of lines {same[key].line} and {row.line}"
            faults.append(file.fault("M135", f"a second row where {shown}", _line(row), help_))
            continue
        same[key] = row
    return keyed


def _misfit(file: TextFile, row: Row, width: int) -> Fault:
    """The fault of a row with too few cells, or with something in cells that no heading stands over."""
    has = len(row.cells)
    what = f"this row has {has} {'cell' if has == 1 else 'cells'} and the headings have {width}"
    if has < width:
        missing = width - has
        what = f"{what}: {missing} {'is' if missing == 1 else 'are'} missing"
        return file.fault("M137", what, _line(row), "add them at the end of the row; an empty cell needs its comma too")
    return file.fault("M137", what, _line(row), "put quotes round a text that holds a comma")


def _said(match: tuple[str, ...], key: Key) -> str:
    return " and ".join(f"{column} is {part or 'empty'}" for column, part in zip(match, key, strict=True))


def _ties(table: Table) -> Iterator[Fault]:
    """Two rows that are equally exact and serve one key, where no row of its own decides."""
    found = 0
    for (one, ones), (two, twos) in combinations(table.rows.items(), 2):
        if sum(one) != sum(two):
            continue
        both = tuple(a and b for a, b in zip(one, two, strict=True))
        deciding = table.rows.get(both, {})
        shared: dict[Key, list[tuple[Key, Row]]] = {}
        for key, row in ones.items():
            shared.setdefault(_common(key, one, two), []).append((_full(key, one), row))
        for key, row in twos.items():
            for other, other_row in shared.get(_common(key, two, one), ()):
                full = _full(key, two)
                joined = tuple(b if a == "*" else a for a, b in zip(other, full, strict=True))
                if tuple(part for part in joined if part != "*") in deciding:
                    continue
                later, earlier = (row, other_row) if row.line > other_row.line else (other_row, row)
                what = f"this row and line {earlier.line} both serve {_said(table.match, joined)}"
                yield table.file.fault("M136", what, _line(later), "add a row for exactly that")
                found += 1
                break
            if found >= _MANY:
                return


def _full(key: Key, stars: tuple[bool, ...]) -> Key:
    parts = iter(key)
    return tuple("*" if star else next(parts) for star in stars)


def _common(key: Key, own: tuple[bool, ...], other: tuple[bool, ...]) -> Key:
    """The parts of a key in columns where neither pattern has a star."""
    return tuple(part for part, star in zip(_full(key, own), other, strict=True) if part != "*" and not star)
