"""What is worth knowing of a mapping without a fault: what is never asked, never used, or never comes to a bill."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from connector.document import MARKER_LENGTH, MEMO_LIMIT, NUMBER_LIMIT
from connector.invoice import Invoice
from connector.mapping.apply import vendor_name_usable
from connector.mapping.faults import Fault, Span, TextFile
from connector.mapping.filling import as_text
from connector.mapping.mapping import Mapping
from connector.mapping.placeholder import Alternative, Column, FieldName, Literal, Number
from connector.mapping.policy import AMOUNT_ABOVE
from connector.mapping.produced import produced
from connector.mapping.rules import Rule
from connector.mapping.tables import Row, Table

__all__ = ["notes_of", "rows_never_used"]

_DESCRIPTION_LIMIT: Final = 4000  # QuickBooks: Description of a line
_LIMITS: Final = {"number": NUMBER_LIMIT, "memo": MEMO_LIMIT - MARKER_LENGTH, "description": _DESCRIPTION_LIMIT}
_ENOUGH: Final = 100  # fewer invoices say nothing about a row that none of them used
_MANY: Final = 10


def notes_of(mapping: Mapping) -> list[Fault]:
    """Notes on the files alone, by their places; nothing is refused because of them."""
    form = TextFile(mapping.path, mapping.text, more_breaks=True)
    rules = mapping.rules
    boxes = [*rules.bill.values(), *(rule for line in rules.lines for rule in line.boxes.values())]
    paying, checking = list(rules.payment.values()), list(rules.check.values())
    found = [
        *(note for rule in [*boxes, *paying, *checking] for note in _never_asked(rule, form, rules.tables)),
        *_tables_never_asked(mapping, [*boxes, *paying, *checking]),
        *_too_long([*boxes, *paying], form),
        *_vendors(mapping, form),
        *_contradictions(mapping, form),
    ]
    found.sort(key=lambda note: (note.place.file != mapping.path, note.place.file, note.place.line))
    return [replace(note, word="note") for note in found]


def rows_never_used(mapping: Mapping, invoices: Iterable[Invoice], most: int) -> list[Fault]:
    """One note for each table with rows that served none of ``invoices``; none if these are few, or over ``most``."""
    tables = list(mapping.rules.tables.values())
    used: dict[str, set[int]] = {table.name: set() for table in tables}
    keys: set[tuple[str, tuple[str, ...]]] = set()
    count = 0
    for invoice in invoices:
        count += 1
        if count > most:
            return []
        for table in tables:
            key = tuple(as_text(invoice.fields.get(name)).strip() for name in table.match)
            if (table.name, key) not in keys:
                keys.add((table.name, key))
                row = table.lookup(key)
                used[table.name].update([row.line] if row else [])
    return [
        replace(_unused(table, rows, count), word="note")
        for table in tables
        if count >= _ENOUGH and (rows := [row for row in _in_order(table) if row.line not in used[table.name]])
    ]


def _unused(table: Table, rows: list[Row], count: int) -> Fault:
    total = sum(1 for _ in table.all_rows())
    lines = ", ".join(str(row.line) for row in rows[:_MANY]) + (", …" if len(rows) > _MANY else "")
    what = f"{len(rows)} of {total} rows served none of the {count} invoices seen so far"
    help_ = f"lines {lines}; where a key is misspelt mend it, else nothing has to be done"
    return table.file.fault("M203", what, Span(rows[0].line, 1), help_)


def _in_order(table: Table) -> list[Row]:
    return sorted(table.all_rows(), key=lambda row: row.line)


def _never_asked(rule: Rule, form: TextFile, tables: dict[str, Table]) -> Iterator[Fault]:
    """Alternatives behind one that always has a value."""
    for placeholder in rule.template.placeholders:
        for n, one in enumerate(placeholder.alternatives[:-1]):
            if isinstance(one, FieldName) or (isinstance(one, Column) and not _serves_all(tables[one.table], one.name)):
                continue
            behind = placeholder.alternatives[n + 1]
            before = _shown(one)
            what = f"{_shown(behind)} is never asked: {before} before it always has a value"
            help_ = f"leave out what stands behind {before}, or change the order"
            if isinstance(one, Column):
                help_ += f"; {tables[one.table].file.shown} has a row * and no empty cell under {one.name}"
            yield form.fault("M201", what, rule.span, help_)
            break


def _shown(one: Alternative) -> str:
    return f'"{one.text}"' if isinstance(one, Literal) else one.text if isinstance(one, Number) else str(one)


def _serves_all(table: Table, column: str) -> bool:
    """Whether every invoice gets a value: a row of stars alone, and no empty cell."""
    everybody = table.rows.get((True,) * len(table.match))
    return bool(everybody) and all(table.cell(row, column) for row in table.all_rows())


def _tables_never_asked(mapping: Mapping, rules: list[Rule]) -> Iterator[Fault]:
    asked = {column.table for rule in rules for each in rule.template.placeholders for column in each.columns}
    for name, table in mapping.rules.tables.items():
        if name not in asked:
            help_ = f"write <{name}.…> where it is to decide, or leave it out under tables"
            yield table.file.fault("M202", f"no box of {mapping.path} asks the table {name}", None, help_)


def _too_long(rules: list[Rule], form: TextFile) -> Iterator[Fault]:
    """What is over QuickBooks' limits before anything is filled in, so that every invoice waits."""
    for rule in rules:
        typed = _typed(rule)
        limit = _LIMITS.get(rule.box.name)
        if limit is not None and len(typed) > limit:
            what = f"what is typed here has {len(typed)} characters before anything is filled in"
            yield form.fault("M205", what, rule.span, f"shorten it: QuickBooks takes {limit} here")
        elif rule.box.name == "number" and rule.template.literal is not None and typed:
            what = f"every document gets the same number {typed}, and two of one number are held"
            yield form.fault("M206", what, rule.span, "fill in the invoice's own:   CAKE-<invoice_id>")


def _vendors(mapping: Mapping, form: TextFile) -> Iterator[Fault]:
    """Names that QuickBooks takes for no vendor, in a table or round a placeholder."""
    rule = mapping.rules.bill["vendor"]
    help_ = "leave out the colon, the tab or the line break; at most 500 characters"
    if not vendor_name_usable(_typed(rule)):
        yield form.fault("M205", "QuickBooks takes no vendor name with what is typed here", rule.span, help_)
        return
    wrong = (each for each in produced(mapping) if each.box == "vendor" and not vendor_name_usable(each.text))
    for _, each in zip(range(_MANY), wrong, strict=False):
        yield each.fault("M205", f"QuickBooks takes no such vendor name: {each.text[:60]}", help_)


def _contradictions(mapping: Mapping, form: TextFile) -> Iterator[Fault]:
    rules = mapping.rules
    if mapping.policy.amount_above == 0 and AMOUNT_ABOVE in rules.policy_places:
        line = int(rules.policy_places[AMOUNT_ABOVE].rpartition(":")[2])
        help_ = "raise it, or leave the line out for no limit"
        yield form.fault("M204", "every bill is above 0 and waits for a person", Span(line, 1), help_)
    if rules.amounts_are == "out of scope of tax" and rules.amounts_place:
        help_ = "write   amounts are: exclusive of tax   under bill, or leave the box out"
        taxed = [line.boxes["tax"] for line in rules.lines if "tax" in line.boxes]
        taxed += [rules.check["tax"]] if "tax" in rules.check else []
        for rule in taxed:
            yield form.fault("M204", "tax is filled in, and the amounts are out of scope of tax", rule.span, help_)


def _typed(rule: Rule) -> str:
    """What stands in a box as typed, without what is filled in."""
    return "".join(part for part in rule.template.parts if isinstance(part, str)).strip()
