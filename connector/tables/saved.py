"""A table's CSV as it is saved: rows may be changed, added and taken out, and everything else keeps its every byte."""

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.errors import MappingInvalid
from connector.mapping import Fault, MappingFaults
from connector.mapping.faults import Span, TextFile
from connector.mapping.tables import decode_table, delimiter_of, trimmed
from connector.report.whole_file import whole_file

__all__ = ["Record", "SavedTable", "lines_in", "replace_table"]

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Record:
    """
    One row.

    Args:
        line: Where it begins; 0 for a row that is not in the file.
        cells: Trimmed.
        raw: Its text with its line end, as it is saved.
        written: The cells untrimmed.
    """

    line: int
    cells: tuple[str, ...]
    raw: str
    written: tuple[str, ...]

    @property
    def blank(self) -> bool:
        return not any(self.cells)


@dataclass(frozen=True)
class SavedTable:
    """
    A table's file.

    Args:
        shown: The file as people see it.
        data: Its bytes.
        columns: The headings, trimmed, without empty ones at the end.
        before: What stands up to the end of the headings.
        records: All rows after the headings, blank ones too.
    """

    shown: str
    data: bytes
    columns: tuple[str, ...]
    delimiter: str
    line_end: str
    quoted: bool
    before: str
    records: tuple[Record, ...]

    @classmethod
    def of(cls, data: bytes, shown: str) -> "SavedTable":
        """
        The table in ``data``.

        Raises:
            MappingFaults: It is no table that a row could be put into.
        """
        file = decode_table(data, shown)
        if isinstance(file, Fault):
            raise MappingFaults([file])
        delimiter = delimiter_of(file)
        records = list(_records(file, delimiter))
        head = next((n for n, record in enumerate(records) if not record.blank), None)
        if head is None:
            raise MappingFaults([file.fault("M132", "this table is empty", None, "its first line names the columns")])
        names = list(records[head].cells)
        while names and not names[-1]:
            names.pop()
        raw = records[head].raw
        return cls(
            shown,
            data,
            tuple(names),
            delimiter,
            "\r\n" if raw.endswith("\r\n") else raw[-1] if raw[-1] in "\r\n" else "\n",
            raw.strip().startswith('"') and raw.strip().endswith('"'),
            "".join(record.raw for record in records[: head + 1]),
            tuple(records[head + 1 :]),
        )

    @classmethod
    def new(cls, shown: str, columns: Sequence[str]) -> "SavedTable":
        """A table that is not there yet, with its headings."""
        return cls.of((",".join(_quoted(column, ",", always=False) for column in columns) + "\n").encode(), shown)

    @property
    def rows(self) -> tuple[Record, ...]:
        return tuple(record for record in self.records if not record.blank)

    def line(self, cells: Sequence[str]) -> str:
        """A row of this table as it would be saved, without its line end."""
        return self.delimiter.join(_quoted(cell, self.delimiter, always=self.quoted) for cell in cells)

    def changed(self, record: Record, cells: dict[int, str]) -> Record:
        """``record`` with other texts in some of its cells, counted from 0; the others stay as they are written."""
        written = [*record.written, *[""] * (len(self.columns) - len(record.written))]
        for at, cell in cells.items():
            written[at] = cell
        end = record.raw[len(record.raw.rstrip("\r\n")) :]
        return Record(record.line, tuple(map(trimmed, written)), self.line(written) + end, tuple(written))

    def added(self, cells: Sequence[str]) -> Record:
        """A new row at the end."""
        return Record(0, tuple(cells), self.line(cells) + self.line_end, tuple(cells))

    def with_records(self, records: Iterable[Record]) -> bytes:
        """The file with these rows in place of its own."""
        parts = [self.before]
        for record in records:
            if parts[-1] and parts[-1][-1] not in "\r\n":
                parts.append(self.line_end)
            parts.append(record.raw)
        return (_BOM if self.data.startswith(_BOM) else b"") + "".join(parts).encode()


def lines_in(text: str) -> int:
    """How many lines ``text`` takes in a CSV, the last one with or without its end."""
    ends = text.count("\n") + text.count("\r") - text.count("\r\n")
    return ends + (text[-1:] not in ("", "\r", "\n"))


def replace_table(path: Path, before: bytes | None, data: bytes) -> None:
    """
    Put ``data`` in the place of what was read before; the file keeps its mode.

    Args:
        path: The table's file.
        before: What it held when it was read; None where there was none.
        data: What it is to hold.

    Raises:
        MappingInvalid: ``table-changed``: somebody saved it in between.
        OSError: It cannot be written.
    """
    with whole_file(path) as part:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        there = path.read_bytes() if path.exists() else None
        if there != before:
            raise MappingInvalid(
                f"{path.name} was saved by somebody else meanwhile; nothing was written",
                code="table-changed",
                remedy="look at it, then run the import again",
            )
        part.chmod(0o644 if before is None else path.stat().st_mode & 0o7777)


def _records(file: TextFile, delimiter: str) -> Iterable[Record]:
    lines = list(io.StringIO(file.text, newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    at = 0
    try:
        for cells in reader:
            raw = "".join(lines[at : reader.line_num])
            yield Record(at + 1, tuple(map(trimmed, cells)), raw, tuple(cells))
            at = reader.line_num
    except csv.Error:
        what = "a quote is not closed, or text follows it"
        help_ = 'double a quote that is meant: "Smith ""Joe"" Ltd"'
        raise MappingFaults([file.fault("M137", what, Span(at + 1, 1), help_)]) from None


def _quoted(cell: str, delimiter: str, *, always: bool) -> str:
    if always or any(char in cell for char in (delimiter, '"', "\r", "\n")):
        return f'"{cell.replace(chr(34), chr(34) * 2)}"'
    return cell
