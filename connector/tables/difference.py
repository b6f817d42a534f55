"""What an import would change in a table, cell by cell, and the file that would come of it. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.invoice import FieldType
from connector.mapping import Fault, MappingFaults
from connector.tables.incoming import Incoming, IncomingRow
from connector.tables.saved import Record, SavedTable, lines_in

__all__ = ["NEW", "NOTE", "Changed", "Difference", "difference", "is_information"]

NOTE: Final = "(note)"
"""The heading over what an export says about a row."""

NEW: Final = "new"
"""How the note of a row begins that an export proposes; as long as nobody fills it in, an import leaves it out."""

_MANY: Final = 20


def is_information(column: str) -> bool:
    """Whether an export put this column there to be read; no table can have a column of such a name."""
    return column.startswith("(") and column.endswith(")")


@dataclass(frozen=True, slots=True)
class Changed:
    """
    A row of which some cells change.

    Args:
        cells: Column, the text that is there, the new one.
    """

    record: Record
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Difference:
    """
    What an import would do.

    Args:
        match: The columns that choose the row.
        added: The new rows, with the cells of the table's own columns.
        unknown: Columns of the imported file that the table has not; they are not written.
        absent: Columns of the table that the imported file has not; they stay as they are.
        left_out: How many proposed rows nobody filled in.
        data: The file that would come of it.
        origins: The place in the imported file of each row that is added or changed, by its line in ``data``.
    """

    match: tuple[str, ...]
    columns: tuple[str, ...]
    added: tuple[Record, ...]
    changed: tuple[Changed, ...]
    removed: tuple[Record, ...]
    unknown: tuple[str, ...]
    absent: tuple[str, ...]
    left_out: int
    data: bytes = field(repr=False)
    origins: Mapping[int, int] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def key(self, record: Record) -> str:
        """The row's key as people read it."""
        at = {name: n for n, name in enumerate(self.columns)}
        return ", ".join(record.cells[at[name]] for name in self.match if at[name] < len(record.cells))


def difference(
    saved: SavedTable,
    incoming: Incoming,
    match: Sequence[str],
    fields: Mapping[str, FieldType],
    prefilled: Collection[str],
    shown: Callable[[str], str],
) -> Difference:
    """
    What ``incoming`` would change in ``saved``.

    Args:
        saved: The table that is there.
        incoming: What a person wants imported.
        match: The columns that choose the row.
        fields: The type of every field of the source; a key of text must not have become a date or a number.
        prefilled: The columns that an export fills in by itself in the rows that it proposes.
        shown: How an export writes a cell: what still reads so was not edited.

    Raises:
        MappingFaults: ``table-columns``, ``table-key`` or ``table-key-twice``.
    """
    comparing = _Comparing(saved, incoming, tuple(match), fields, prefilled, shown)
    return comparing.result()


class _Comparing:
    def __init__(
        self,
        saved: SavedTable,
        incoming: Incoming,
        match: tuple[str, ...],
        fields: Mapping[str, FieldType],
        prefilled: Collection[str],
        shown: Callable[[str], str],
    ) -> None:
        self._saved, self._incoming, self._match, self._fields, self._shown = saved, incoming, match, fields, shown
        self._faults: list[Fault] = []
        self._there = {name: at for at, name in enumerate(saved.columns)}
        self._given = self._columns()
        self._keys = [self._given[name] for name in match]
        self._answers = [
            at
            for name, at in self._given.items()
            if name in self._there and name not in match and name not in prefilled
        ]
        self._note = next((at for at, name in enumerate(incoming.columns) if name == NOTE), None)
        self._known: dict[tuple[str, ...], list[Record]] = {}
        own = [self._there[name] for name in match]
        for record in saved.rows:
            key = tuple(record.cells[at] if at < len(record.cells) else "" for at in own)
            self._known.setdefault(key, []).append(record)
        self._alike: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for key in self._known:
            self._alike.setdefault(tuple(map(shown, key)), []).append(key)
        self._noughts = {_without_noughts(key): key for key in self._known if _without_noughts(key) != key}
        self._new: set[tuple[str, ...]] = set()

    def result(self) -> Difference:
        taken: dict[int, tuple[IncomingRow, Record, Changed | None]] = {}
        added: list[tuple[IncomingRow, Record]] = []
        left_out = 0
        for row, key in self._rows():
            if (record := self._found(key, taken)) is not None:
                taken[record.line] = (row, *self._compared(row, record))
            elif self._proposed(row):
                left_out += 1
            elif self._sound(row, key):
                cells = [row.cells[self._given[name]] if name in self._given else "" for name in self._saved.columns]
                added.append((row, self._saved.added(cells)))
        if self._faults:
            raise MappingFaults(self._faults[:_MANY])
        return self._told(taken, added, left_out)

    def _told(
        self,
        taken: Mapping[int, tuple[IncomingRow, Record, Changed | None]],
        added: Sequence[tuple[IncomingRow, Record]],
        left_out: int,
    ) -> Difference:
        kept = [record for record in self._saved.records if record.blank or record.line in taken]
        records = [taken[record.line][1] if record.line in taken else record for record in kept]
        origins: dict[int, int] = {}
        line = lines_in(self._saved.before) + 1
        rows = [taken[record.line][0].number if record.line in taken else 0 for record in kept]
        for record, number in zip(
            [*records, *(each for _, each in added)], [*rows, *(r.number for r, _ in added)], strict=True
        ):
            if number:
                origins[line] = number
            line += lines_in(record.raw)
        return Difference(
            self._match,
            self._saved.columns,
            tuple(record for _, record in added),
            tuple(each for _, _, each in taken.values() if each is not None),
            tuple(record for record in self._saved.rows if record.line not in taken),
            tuple(n for n in self._incoming.columns if n and n not in self._there and not is_information(n)),
            tuple(name for name in self._saved.columns if name not in self._given),
            left_out,
            self._saved.with_records([*records, *(record for _, record in added)]),
            origins,
        )

    def _columns(self) -> dict[str, int]:
        given: dict[str, int] = {}
        head = self._incoming.head
        for at, name in enumerate(self._incoming.columns):
            if name in given and name in self._there:
                what = f"the column {name} stands twice"
                self._refuse("table-columns", what, head, at, "rename one of them, or delete it")
            given.setdefault(name, at)
        for name in self._match:
            if name not in self._there:
                what = f"{self._saved.shown} has no column {name}"
                self._refuse("table-columns", what, head, None, "mend the table that is there first: connector check")
            elif name not in given:
                what = f"there is no column {name}, which tells whose row it is"
                self._refuse(
                    "table-columns",
                    what,
                    head,
                    None,
                    f"its first row names the columns: {', '.join(self._saved.columns)}",
                )
        if self._faults:
            raise MappingFaults(self._faults)
        return given

    def _rows(self) -> Collection[tuple[IncomingRow, tuple[str, ...]]]:
        """Every row with its key; rows without any, and keys that stand twice, are faults."""
        found: dict[tuple[str, ...], IncomingRow] = {}
        used = [at for name, at in self._given.items() if name in self._there]
        for row in self._incoming.rows:
            if not any(row.cells[at] for at in used):
                continue  # information about nothing, or a row that was emptied
            key = tuple(row.cells[at] for at in self._keys)
            if "" in key:
                column = self._match[key.index("")]
                self._refuse(
                    "table-key",
                    f"{column} is empty in this row",
                    row.number,
                    self._given[column],
                    "fill it in, or delete the row",
                )
            elif key in found:
                first = self._incoming.called(found[key].number, self._keys[0])
                what = f"a second row where {self._said(key)}; the first is {first}"
                self._refuse("table-key-twice", what, row.number, self._keys[0], "delete one of the two")
            else:
                found[key] = row
        self._new = set(found)
        return [(row, key) for key, row in found.items()]

    def _found(self, key: tuple[str, ...], taken: Mapping[int, object]) -> Record | None:
        """The row that is meant: of this key, else of one that an export writes so."""
        for each in (key, *self._alike.get(key, ())):
            for record in self._known.get(each, ()):
                if record.line not in taken:
                    return record
        return None

    def _compared(self, row: IncomingRow, record: Record) -> tuple[Record, Changed | None]:
        cells: dict[int, str] = {}
        told: list[tuple[str, str, str]] = []
        for name, at in self._there.items():
            if name not in self._given or name in self._match:
                continue
            old = record.cells[at] if at < len(record.cells) else ""
            new = row.cells[self._given[name]]
            if new not in (old, self._shown(old)):
                cells[at] = new
                told.append((name, old, new))
        return (self._saved.changed(record, cells), Changed(record, tuple(told))) if cells else (record, None)

    def _proposed(self, row: IncomingRow) -> bool:
        """Whether an export proposed this row and nobody filled it in."""
        noted = self._note is not None and row.cells[self._note].casefold().startswith(NEW)
        return noted and not any(row.cells[at] for at in self._answers)

    def _sound(self, row: IncomingRow, key: tuple[str, ...]) -> bool:
        """Whether no spreadsheet changed the key of a new row."""
        help_ = "format the column as Text, then type the id anew, and save"
        for name, at in zip(self._match, self._keys, strict=True):
            if row.kind(at) == "date" and self._fields.get(name) != "date":
                what = f"{name} became a date: {row.cells[at]}"
                self._refuse("table-key", what, row.number, at, help_)
                return False
        lost = self._noughts.get(_without_noughts(key))
        if lost is None or lost in self._new:
            return True
        there = ", ".join(lost)
        what = f"{self._said(key)} is new here, and {self._saved.shown} has {there}: the noughts in front were lost"
        self._refuse("table-key", what, row.number, self._keys[0], help_)
        return False

    def _said(self, key: tuple[str, ...]) -> str:
        return " and ".join(f"{name} is {part}" for name, part in zip(self._match, key, strict=True))

    def _refuse(self, code: str, what: str, row: int, column: int | None, help_: str) -> None:
        self._faults.append(self._incoming.fault(code, what, row, column, help_))


def _without_noughts(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple((part.lstrip("0") or "0") if part.isdecimal() else part for part in key)
