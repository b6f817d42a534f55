"""The texts that boxes can hold whatever invoice comes: those of the mapping itself, and those of its tables' cells."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from connector.mapping.faults import Fault, Span, TextFile
from connector.mapping.mapping import Mapping
from connector.mapping.placeholder import Column, FieldName, Number, Placeholder, Template
from connector.mapping.placeholder import Literal as Quoted
from connector.mapping.rules import Rule
from connector.mapping.tables import Row, Table, delimiter_of

__all__ = ["Part", "Produced", "produced"]

Part = Literal["bill", "line", "payment"]


@dataclass(frozen=True, slots=True)
class Produced:
    """
    One text that a box can hold, and where it stands.

    Args:
        part: What the box is of.
        box: Its name.
        currency: The bill's, where the mapping or the same row says it; None where the invoice does.
    """

    text: str
    part: Part
    box: str
    currency: str | None
    _form: TextFile
    _rule: Rule
    _cell: tuple[Table, Row, str] | None

    @property
    def line(self) -> int:
        """The line of the table or of the mapping."""
        return self._cell[1].line if self._cell else self._rule.span.line

    @property
    def table(self) -> str | None:
        """The table's file as people see it; None where the text stands in the mapping."""
        return self._cell[0].file.shown if self._cell else None

    def fault(self, code: str, what: str, help_: str) -> Fault:
        """A fault of this text, at its place."""
        if self._cell is None:
            return self._form.fault(code, what, self._rule.span, help_)
        table, row, column = self._cell
        return table.file.fault(code, what, _span(table, row, column), help_)


def produced(mapping: Mapping) -> Iterator[Produced]:
    """
    Every text that a box of QuickBooks' names can hold and that does not come from an invoice.

    A box with texts round its placeholders is told where all that it asks is one table; else only the invoice decides.
    """
    form = TextFile(mapping.path, mapping.text, more_breaks=True)
    rules = mapping.rules
    parts: list[tuple[Part, dict[str, Rule]]] = [("bill", rules.bill)]
    parts += [("line", line.boxes) for line in rules.lines]
    parts += [("payment", rules.payment)]
    for part, boxes in parts:
        for name, rule in boxes.items():
            if rule.box.kind == "name":
                for text, cell in _texts(rule.template, rules.tables):
                    currency = _currency(rules.bill.get("currency"), cell)
                    yield Produced(text, part, name, currency, form, rule, cell)


_Told = tuple[str, tuple[Table, Row, str] | None]


def _texts(template: Template, tables: dict[str, Table]) -> Iterator[_Told]:
    if template.literal is not None:
        if text := template.literal.strip():
            yield text, None
    elif template.only is not None:
        yield from _alternatives(template.only, tables)
    else:
        yield from _joined(template, tables)


def _alternatives(placeholder: Placeholder, tables: dict[str, Table]) -> Iterator[_Told]:
    for one in placeholder.alternatives:
        if isinstance(one, Column):
            table = tables[one.table]
            for row in table.all_rows():
                if text := table.cell(row, one.name):
                    yield text, (table, row, one.name)
        elif not isinstance(one, FieldName):
            if text := one.text.strip():
                yield text, None
            return  # what stands behind it is never asked


def _joined(template: Template, tables: dict[str, Table]) -> Iterator[_Told]:
    names = {column.table for each in template.placeholders for column in each.columns}
    if len(names) != 1 or any(each.names or each.dated for each in template.placeholders):
        return
    table = tables[names.pop()]
    column = template.placeholders[0].columns or next(each.columns for each in template.placeholders if each.columns)
    for row in table.all_rows():
        filled = [part if isinstance(part, str) else _filled(part, table, row) for part in template.parts]
        if None not in filled:
            yield "".join(part or "" for part in filled).strip(), (table, row, column[0].name)


def _filled(placeholder: Placeholder, table: Table, row: Row) -> str | None:
    """The first of its alternatives that has a value in ``row``; None where none has."""
    for one in placeholder.alternatives:
        if isinstance(one, Quoted | Number):
            return one.text
        if isinstance(one, Column) and (cell := table.cell(row, one.name)):
            return cell
    return None


def _currency(rule: Rule | None, cell: tuple[Table, Row, str] | None) -> str | None:
    if rule is None:
        return None
    if rule.template.literal is not None:
        return rule.template.literal.strip().upper()
    only = rule.template.only
    if only is None or cell is None or only.names or {column.table for column in only.columns} != {cell[0].name}:
        return None
    return (_filled(only, cell[0], cell[1]) or "").upper() or None


def _span(table: Table, row: Row, column: str) -> Span:
    """Where the cell stands in its line; the line's beginning where a row goes over several."""
    line = table.file.lines[row.line - 1]
    delimiter = delimiter_of(table.file)
    wanted, quoted, start = table.columns[column], False, 0
    for at, char in enumerate(line):
        if not wanted:
            break
        quoted ^= char == '"'
        if char == delimiter and not quoted:
            wanted -= 1
            start = at + 1
    text = table.cell(row, column)
    at = line.find(text, start)
    return Span(row.line, at + 1, len(text)) if at >= 0 and not wanted else Span(row.line, 1)
