"""Filling boxes from one invoice and the tables, noting for each box who decided it (mapping rules 2 and 4)."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from pathlib import PurePosixPath

from connector.day import iso
from connector.invoice import FieldValue, Invoice
from connector.mapping.dates import format_date, iso_date
from connector.mapping.outcome import Missing, Note, NotMapped, VendorBy
from connector.mapping.placeholder import Column, FieldName, Literal, Number, Placeholder
from connector.mapping.rules import Rule
from connector.mapping.tables import Row, Table
from connector.money import typed_decimal

__all__ = ["Filled", "Filling", "Stopped", "aligned", "as_text"]

_SEE_ALL = "then run: connector sync   (or see all of them: connector unmapped)"


class Stopped(Exception):
    """Raised inside the mapping where an invoice can become no document; carries why."""

    def __init__(self, outcome: NotMapped) -> None:
        self.outcome = outcome


Filled = tuple[FieldValue, tuple[str, ...], VendorBy]
"""What a box holds, the rows it came through, and what it came from: field before table before text."""


def aligned(*lines: tuple[str, str]) -> tuple[str, ...]:
    """Places and what is said about them, in two columns."""
    width = max(len(place) for place, _ in lines)
    return tuple(f"{place:<{width}}  {said}" for place, said in lines)


def as_text(value: FieldValue) -> str:
    """A field as text: dates ISO, numbers as the source sent them, "" for none."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return iso(value)


class Filling:
    """
    One invoice on its way into the boxes.

    Args:
        tables: The mapping's, by name.
        title: The source as people call it.
    """

    def __init__(self, tables: Mapping[str, Table], invoice: Invoice, title: str) -> None:
        self._tables = tables
        self._invoice = invoice
        self._title = title
        self._rows: dict[str, tuple[tuple[str, ...], Row | None]] = {}
        self.notes: list[Note] = []

    def note(self, box: str, value: str, rule: Rule, via: tuple[str, ...] = ()) -> None:
        self.notes.append((box, value, rule.place, via))

    def text(self, rule: Rule, box: str) -> tuple[str, VendorBy]:
        """A text box: its placeholders filled in, trimmed; "" where the mapping says that empty is fine."""
        if (only := rule.template.only) is not None:  # most boxes are one placeholder and nothing else
            told, via, by = self._placeholder(only, rule, box)
            value = (told if isinstance(told, str) else _written(told, only)).strip()
            self.notes.append((box, value, rule.place, via))
            return value, by
        parts: list[str] = []
        rows: dict[str, None] = {}
        kinds: set[VendorBy] = set()
        for part in rule.template.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            told, via, by = self._placeholder(part, rule, box)
            parts.append(_written(told, part))
            rows.update(dict.fromkeys(via))
            kinds.add(by)
        value = "".join(parts).strip()
        self.note(box, value, rule, tuple(rows))
        return value, "field" if "field" in kinds else "table" if "table" in kinds else "text"

    def date(self, rule: Rule, box: str) -> datetime.date | None:
        """A date box; None where the mapping says that empty is fine."""
        value, via = self._single(rule, box)
        day = iso_date(value) if isinstance(value, str) and value else value or None
        assert day is None or isinstance(day, datetime.date)  # noqa: S101 - the check saw to it
        self.note(box, as_text(day), rule, via)
        return day

    def number(self, rule: Rule, box: str) -> tuple[Decimal | None, tuple[str, ...]]:
        """A number box, unrounded, and its rows, not noted yet; None where the mapping says that empty is fine."""
        value, via = self._single(rule, box)
        number = (typed_decimal(value) if value else None) if isinstance(value, str) else value
        assert number is None or isinstance(number, Decimal)  # noqa: S101 - the check saw to it
        return number, via

    def empty(self, rule: Rule, box: str) -> Stopped:
        """The way out for a box that may not be empty and is."""
        lines = aligned((rule.place, f"{box} is {rule.template.text}"), ("this invoice", "leaves it empty"))
        remedy = f"say in the mapping what {box} is then"
        return Stopped(NotMapped("held", "field-empty", lines, remedy, f"{box} is empty", box))

    def row_to_add(self, rule: Rule) -> tuple[Missing | None, str]:
        """The row that would decide this box by a table, and the words that ask for it."""
        columns = [column for placeholder in rule.template.placeholders for column in placeholder.columns]
        if not columns:
            return None, f"give {rule.box.name} a table in the mapping, with a row for this invoice"
        table = self._tables[columns[0].table]
        key, row = self._row(table)
        missing = Missing(table.file.shown, tuple(zip(table.match, key, strict=True)), columns[0].name)
        if row:
            return missing, f"mend {columns[0].name} in {table.file.shown}:{row.line}, then run: connector sync"
        return missing, f"add a row to {table.file.shown} where {_key_text(table, key)}, then run: connector sync"

    def _single(self, rule: Rule, box: str) -> tuple[FieldValue, tuple[str, ...]]:
        if rule.template.literal is not None:
            return rule.template.literal.strip(), ()
        value, via, _ = self._placeholder(rule.template.placeholders[0], rule, box)
        return value, via

    def _placeholder(self, placeholder: Placeholder, rule: Rule, box: str) -> Filled:
        for one in placeholder.alternatives:
            filled = self._alternative(one)
            if filled is not None:
                return self._shifted(filled, placeholder, rule, box) if placeholder.dated else filled
        raise Stopped(self._gap(placeholder, rule, box))

    def _alternative(self, one: FieldName | Column | Literal | Number) -> Filled | None:
        if isinstance(one, FieldName):
            value = self._invoice.fields.get(one.name)
            return None if value is None or (isinstance(value, str) and not value.strip()) else (value, (), "field")
        if isinstance(one, Column):
            table = self._tables[one.table]
            row = self._row(table)[1]
            cell = table.cell(row, one.name) if row else ""
            return (cell, (f"{table.file.shown}:{row.line}",), "table") if row and cell else None
        return one.text, (), "text"

    def _shifted(self, filled: Filled, placeholder: Placeholder, rule: Rule, box: str) -> Filled:
        value, via, by = filled
        if value == "":
            return filled
        day = iso_date(value) if isinstance(value, str) else value
        assert isinstance(day, datetime.date)  # noqa: S101 - the check saw to it
        try:
            return day + datetime.timedelta(days=placeholder.days), via, by
        except OverflowError:
            lines = aligned((rule.place, f"{box} is {rule.template.text}"), ("this invoice", f"has {day.isoformat()}"))
            remedy = f"mend the date in {self._title}"
            raise Stopped(
                NotMapped("held", "date-out-of-range", lines, remedy, f"{box} is out of range", box)
            ) from None

    def _row(self, table: Table) -> tuple[tuple[str, ...], Row | None]:
        if table.name not in self._rows:
            key = tuple([as_text(self._invoice.fields.get(name)).strip() for name in table.match])
            self._rows[table.name] = key, table.lookup(key)
        return self._rows[table.name]

    def _gap(self, placeholder: Placeholder, rule: Rule, box: str) -> NotMapped:
        lines = [(rule.place, f"{box} is {placeholder.text}")]
        missing: list[tuple[Missing, str, bool]] = []
        for column in placeholder.columns:
            table = self._tables[column.table]
            key, row = self._row(table)
            shown = _key_text(table, key)
            gap = f"{column.name} is empty where {shown}" if row else f"no row where {shown}"
            place = f"{table.file.shown}:{row.line}" if row else table.file.shown
            lines.append((place, gap if row else f"has {gap}"))
            near = None if row else table.near_miss(key)
            if near:
                there = [table.cell(near, name) for name in table.match]
                by_case = [part.casefold() for part in there] == [part.casefold() for part in key]
                said = f"has {', '.join(there)}: {'upper and lower case' if by_case else 'its spaces'} differ"
                lines.append((f"{table.file.shown}:{near.line}", said))
            cause = f"{PurePosixPath(table.file.shown).name}: {gap}"
            pairs = tuple(zip(table.match, key, strict=True))
            missing.append((Missing(table.file.shown, pairs, column.name), cause, row is not None))
        lines += [("this invoice", f"has no {name}") for name in placeholder.names]
        if missing:
            found = missing[0]
            remedy = f"{'fill in the cell' if found[2] else 'add the row'}, {_SEE_ALL}"
            code = f"{_last(box)}-unknown"
            return NotMapped("blocked", code, aligned(*lines), remedy, found[1], box, found[0])
        names = " and ".join(str(name) for name in placeholder.names)
        inside = placeholder.text[1:-1]
        remedy = f'fill it in at {self._title}, or say in the mapping what stands instead: <{inside} or "…">'
        return NotMapped("held", "field-empty", aligned(*lines), remedy, f"{box}: {names} is empty", box)


def _key_text(table: Table, key: tuple[str, ...]) -> str:
    return " and ".join(f"{name} is {part or 'empty'}" for name, part in zip(table.match, key, strict=True))


def _last(box: str) -> str:
    return box.rpartition(".")[2].replace("_", "-")


def _written(value: FieldValue, placeholder: Placeholder) -> str:
    return format_date(value, placeholder.pattern) if isinstance(value, datetime.date) else as_text(value)
