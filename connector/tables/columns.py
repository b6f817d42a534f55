"""Which column of a table goes into which boxes, as a mapping's rules have it."""

from collections.abc import Iterator

from connector.mapping import Mapping
from connector.mapping.rules import Rule

__all__ = ["boxes_of", "prefilled"]


def boxes_of(mapping: Mapping, table: str) -> dict[str, tuple[str, ...]]:
    """
    The boxes that each column of a table goes into, those of lines without their number.

    A column that only chooses the row, or is there for the human eye, has none; nor have boxes in which other text
    stands round the column, as no list of names could be chosen from for them: they are named with a ``+`` before them.
    """
    found: dict[str, dict[str, None]] = {}
    for name, rule in _rules(mapping):
        for placeholder in rule.template.placeholders:
            for column in placeholder.columns:
                if column.table == table:
                    box = f"+{name}" if rule.template.only is None else name
                    found.setdefault(column.name, {})[box] = None
    return {column: tuple(boxes) for column, boxes in found.items()}


def prefilled(mapping: Mapping, table: str) -> frozenset[str]:
    """The columns that repeat a field of the source for the human eye: nothing is taken from them."""
    used = boxes_of(mapping, table)
    match = mapping.rules.tables[table].match
    fields = (field.name for field in mapping.declaration.fields)
    return frozenset(name for name in fields if name not in used and name not in match)


def _rules(mapping: Mapping) -> Iterator[tuple[str, Rule]]:
    rules = mapping.rules
    yield from rules.bill.items()
    for line in rules.lines:
        yield from line.boxes.items()
    yield from ((f"check.{name}", rule) for name, rule in rules.check.items())
    yield from ((f"payment.{name}", rule) for name, rule in rules.payment.items())
