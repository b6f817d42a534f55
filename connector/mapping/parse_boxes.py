"""Reading what goes into boxes, and checking every name in it against the source's fields and the tables."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from connector.document import NUMBER_LIMIT
from connector.invoice import Declaration
from connector.mapping.apply import vendor_name_usable
from connector.mapping.boxes import AMOUNTS_ARE, LINE, Box
from connector.mapping.dates import iso_date
from connector.mapping.faults import Span, closest
from connector.mapping.form import Form
from connector.mapping.placeholder import (
    Column,
    FieldName,
    Grammar,
    Literal,
    Number,
    Placeholder,
    Template,
    parse_template,
)
from connector.mapping.rules import LineRule, Rule
from connector.mapping.tables import Table
from connector.mapping.yaml_text import Items, Map, Text
from connector.money import CURRENCIES, typed_decimal

__all__ = ["BoxReader"]

_MANY_CELLS = 20


class BoxReader:
    """
    Turns the boxes of a form into rules.

    Args:
        tables: By the name that the mapping gives them; None: it is named but could not be read.
    """

    def __init__(self, form: Form, declaration: Declaration, tables: Mapping[str, Table | None]) -> None:
        self._form = form
        self._type = declaration.type
        self._fields = {field.name: field.type for field in declaration.fields}
        self._tables = tables
        self._checked: set[tuple[str, str, str]] = set()

    def boxes(self, entries: Map, known: Mapping[str, Box], of: str) -> dict[str, Rule]:
        """The rules of the boxes that are filled in, in the form's order."""
        required = [box.name for box in known.values() if box.required]
        rules: dict[str, Rule] = {}
        for name, (key, node) in self._form.known(entries, known, required, of).items():
            text = self._form.text(key, node)
            if text is not None:
                rule = self._rule(known[name], text)
                if rule:
                    rules[name] = rule
        return rules

    def lines(self, items: Items) -> tuple[LineRule, ...]:
        """The lines of the bill, with their shares where they split an amount (mapping rule 5)."""
        lines: list[tuple[dict[str, Rule], Map, Decimal | None]] = []
        for node in items.entries:
            if not isinstance(node, Map):
                self._form.fault("M108", "a line is not filled in the way it is meant", node.span, "it takes boxes")
                continue
            boxes = self.boxes(node, LINE, "a line")
            self._account_or_item(node)
            share = self._share(node)
            boxes.pop("share", None)
            lines.append((boxes, node, share))
        if not items.entries:
            self._form.fault("M106", "lines needs a line", items.span, "add   - account: …")
        self._shares(lines)
        return tuple(LineRule(boxes, share) for boxes, _, share in lines)

    def _rule(self, box: Box, text: Text) -> Rule | None:
        try:
            template = parse_template(text.value)
        except Grammar as wrong:
            self._form.fault(wrong.code, wrong.what, text.part(wrong.offset, wrong.length), wrong.help)
            return None
        before = len(self._form.faults)
        for placeholder in template.placeholders:
            self._names(placeholder, text)
        if len(self._form.faults) == before:
            self._kinds(box, template, text)
        return Rule(box, template, self._form.place(text.span), text.span)

    def _names(self, placeholder: Placeholder, text: Text) -> None:
        for one in placeholder.alternatives:
            if isinstance(one, FieldName) and one.name not in self._fields:
                self._no_field(one, placeholder, text)
            elif isinstance(one, Column):
                self._no_column(one, placeholder, text)

    def _no_field(self, one: FieldName, placeholder: Placeholder, text: Text) -> None:
        columns = [f"{table.name}.{column}" for table in self._tables.values() if table for column in table.columns]
        guess = closest(one.name, self._fields) or next((c for c in columns if c.endswith(f".{one.name}")), None)
        what = f"a {self._type} invoice has no field <{one.name}>"
        help_ = f"did you mean <{guess}>?" if guess else f"write one of its fields: {', '.join(self._fields)}"
        self._form.fault("M104", what, _span(text, placeholder, one), help_)

    def _no_column(self, one: Column, placeholder: Placeholder, text: Text) -> None:
        if one.table not in self._tables:
            guess = closest(one.table, self._tables)
            if guess:
                help_ = f"did you mean <{guess}.{one.name}>?"
            else:
                help_ = f"name it under tables:   {one.table}: {{file: {one.table}.csv, match: …}}"
            self._form.fault("M115", f"there is no table {one.table}", _span(text, placeholder, one), help_)
            return
        table = self._tables[one.table]
        if table is not None and one.name not in table.columns:
            guess = closest(one.name, table.columns)
            help_ = f"did you mean <{one.table}.{guess}>?" if guess else f"its columns are: {', '.join(table.columns)}"
            what = f"{table.file.shown} has no column {one.name}"
            self._form.fault("M116", what, _span(text, placeholder, one), help_)

    def _kinds(self, box: Box, template: Template, text: Text) -> None:
        """Whether what goes in is of the box's kind."""
        for placeholder in template.placeholders:
            if placeholder.dated:
                self._only_dates(placeholder, text, f"{placeholder.text} asks for a date")
        if box.kind in ("date", "number"):
            self._single(box, template, text)
        if box.kind == "choice" and template.placeholders:
            what = f"{template.text} is no answer here"
            self._form.fault("M118", what, text.span, f"write one of: {', '.join(AMOUNTS_ARE)}")
        literal = template.literal
        if literal is not None:
            self._literal(box, literal.strip(), text)

    def _single(self, box: Box, template: Template, text: Text) -> None:
        if template.literal is not None:
            return
        article = "a date" if box.kind == "date" else "a number"
        if len(template.parts) != 1:
            what = f"{box.name} takes {article} and nothing round it"
            self._form.fault("M117", what, text.span, f"leave only {template.placeholders[0].text}")
            return
        placeholder = template.placeholders[0]
        if box.kind == "date":
            if placeholder.pattern is not None:
                self._form.fault("M117", "date boxes take a date as it is", text.span, "leave out the pattern after as")
            elif not placeholder.dated:
                self._only_dates(placeholder, text, "date boxes take a date")
            return
        for one in placeholder.alternatives if not placeholder.dated else ():
            self._numeric(one, placeholder, text, box)
        if placeholder.dated:
            self._form.fault("M117", f"{box.name} takes a number", text.span, "leave out the days and the pattern")

    def _numeric(
        self, one: FieldName | Column | Literal | Number, placeholder: Placeholder, text: Text, box: Box
    ) -> None:
        if isinstance(one, FieldName) and self._fields[one.name] != "number":
            what = f"{box.name} takes a number, and <{one.name}> is a {self._fields[one.name]}"
            numbers = [name for name, kind in self._fields.items() if kind == "number"]
            self._form.fault("M117", what, _span(text, placeholder, one), f"the numbers are: {', '.join(numbers)}")
        elif isinstance(one, Literal) and one.text:
            self._form.fault("M117", f'{box.name} takes a number, not "{one.text}"', text.span, "leave out the quotes")
        elif isinstance(one, Column):
            self._cells(one, "number")

    def _only_dates(self, placeholder: Placeholder, text: Text, why: str) -> None:
        for one in placeholder.alternatives:
            if isinstance(one, FieldName) and self._fields[one.name] != "date":
                what = f"{why}, and <{one.name}> is a {self._fields[one.name]}"
                dates = [name for name, kind in self._fields.items() if kind == "date"]
                self._form.fault("M114", what, _span(text, placeholder, one), f"the dates are: {', '.join(dates)}")
            elif isinstance(one, Column):
                self._cells(one, "date")
            elif isinstance(one, Number) or (isinstance(one, Literal) and one.text and not _is_date(one.text)):
                self._form.fault(
                    "M114", f"{why}, and {one.text} is none", text.span, 'write it like this: "2026-01-31"'
                )

    def _cells(self, column: Column, kind: str) -> None:
        """A table's cells are text; where a box needs a number or a date every one of them must be one."""
        table = self._tables[column.table]
        if table is None or (column.table, column.name, kind) in self._checked:
            return
        self._checked.add((column.table, column.name, kind))
        good, example = (_is_number, "1234.5 or 1,234.50") if kind == "number" else (_is_date, "2026-01-31")
        wrong = [row for row in table.all_rows() if (cell := table.cell(row, column.name)) and not good(cell)]
        for row in sorted(wrong, key=lambda row: row.line)[:_MANY_CELLS]:
            what = f"{column.name} in this row is no {kind}: {table.cell(row, column.name)}"
            self._form.faults.append(
                table.file.fault("M139", what, Span(row.line, 1), f"write it like this: {example}")
            )

    def _literal(self, box: Box, literal: str, text: Text) -> None:
        """What stands there as typed can be judged before any invoice comes."""
        wrong = next(_literal_faults(box, literal), None)
        if wrong:
            self._form.fault(wrong[0], wrong[1], text.span, wrong[2])

    def _account_or_item(self, line: Map) -> None:
        keys = [key.value for key, _ in line.entries]
        misspelt = any(closest(key, ("account", "item")) for key in keys if key not in LINE)
        if "account" in keys and "item" in keys:
            help_ = "keep one of account and item"
            self._form.fault("M125", "a line has an account or an item, not both", line.span, help_)
        elif "account" not in keys and "item" not in keys and not misspelt:
            self._form.fault("M106", "a line needs an account", line.span, "add   account: …   (or item: …)")
        elif "quantity" in keys and "item" not in keys:
            self._form.fault("M125", "a quantity needs an item", line.span, "add   item: …   or leave out the quantity")

    def _share(self, line: Map) -> Decimal | None:
        node = line.get("share")
        if not isinstance(node, Text) or node.empty:
            return None
        number = node.value.strip().removesuffix("%").strip()
        try:
            share = typed_decimal(number)
        except ValueError:
            share = Decimal(0)
        if not node.value.strip().endswith("%") or not 0 < share <= 100:
            self._form.fault("M123", f"{node.value} is no share", node.span, "write a plain percentage: 70%")
            return None
        return share

    def _shares(self, lines: list[tuple[dict[str, Rule], Map, Decimal | None]]) -> None:
        named = [line.key("share") for _, line, _ in lines]
        if not any(named):
            return
        bare = [line for (_, line, _), key in zip(lines, named, strict=True) if not key]
        for line in bare:
            self._form.fault(
                "M123", "this line has no share and others have", line.span, "give all lines a share, or none"
            )
        shares = [share for _, _, share in lines if share is not None]
        if bare or len(shares) < len(lines):
            return
        amounts = {boxes["amount"].template.text for boxes, _, _ in lines if "amount" in boxes}
        first = named[0]
        assert first is not None  # noqa: S101 - no line is bare
        if len(amounts) > 1:
            what = "lines with shares have different amounts"
            self._form.fault("M123", what, first.span, "write the whole amount on every line; the share cuts it")
        if sum(shares) != 100:
            what = f"the shares add up to {sum(shares):f}%"
            self._form.fault("M123", what, first.span, "they must add up to 100%")


def _span(text: Text, placeholder: Placeholder, one: FieldName | Column) -> Span:
    """The whole placeholder where it is one name alone, else the name in it."""
    if placeholder.text[1:-1].strip() == str(one):
        return text.part(placeholder.offset, len(placeholder.text))
    return text.part(one.offset, len(str(one)))


def _is_date(text: str) -> bool:
    try:
        iso_date(text)
    except ValueError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        typed_decimal(text)
    except ValueError:
        return False
    return True


def _literal_faults(box: Box, literal: str) -> Iterator[tuple[str, str, str]]:
    if box.required and not literal:
        yield "M109", f"{box.name} is empty", "every bill needs it"
    elif not literal:
        return
    elif box.kind == "number" and not _is_number(literal):
        yield "M119", f"{literal} is no number", "write 1234.5 or 1,234.50, or <field>"
    elif box.kind == "date" and not _is_date(literal):
        yield "M119", f"{literal} is no date", "write 2026-01-31, or <field>"
    elif box.kind == "choice" and literal not in AMOUNTS_ARE:
        guess = closest(literal, AMOUNTS_ARE)
        yield (
            "M118",
            f"{literal} is no answer here",
            f"did you mean {guess}?" if guess else f"write one of: {', '.join(AMOUNTS_ARE)}",
        )
    elif box.name == "currency" and literal.upper() not in CURRENCIES:
        yield "M126", f"{literal} is no currency", "write its three letters: USD"
    elif box.name == "vendor" and not vendor_name_usable(literal):
        yield "M126", "QuickBooks takes no such vendor name", "leave out the colon; at most 500 characters"
    elif box.name == "number" and len(literal) > NUMBER_LIMIT:
        yield "M126", f"the number has {len(literal)} characters", f"QuickBooks takes {NUMBER_LIMIT}"
