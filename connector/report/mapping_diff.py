"""``diff``: one mapping beside another, over invoices that were seen; pure, and every changed cent is in it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from connector.document import Document, Line, changed_boxes
from connector.invoice import Invoice
from connector.mapping import Mapped, NotMapped
from connector.report.trace import Decider

__all__ = ["Change", "Changed", "Difference", "Group", "compare"]


class Change(NamedTuple):
    """One box that would hold something else; ``before`` and ``after`` as on the bill, "" for empty."""

    box: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changed:
    """
    One invoice of which something else would become.

    Args:
        number: Of the bill as it would be; the invoice's id where there would be none.
        amount: What would be billed, or was, in ``currency``; likewise the amount before. Signed as at the source.
        in_quickbooks: Its document is there already, and stays as it is.
    """

    invoice: str
    number: str
    currency: str | None
    amount_before: Decimal | None
    amount: Decimal | None
    in_quickbooks: bool
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Group:
    """The same change of many bills, each once whichever of its lines: how many, and the amounts by currency."""

    change: Change
    count: int = 0
    in_quickbooks: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    invoices: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Difference:
    """What an edited mapping does to the invoices seen."""

    looked_at: int = 0
    bills: int = 0
    """How many of those looked at become a bill or a credit by either mapping."""
    changed: list[Changed] = field(default_factory=list)

    def groups(self) -> list[Group]:
        """The changes, the most frequent first."""
        groups: dict[Change, Group] = {}
        for one in self.changed:
            for change in dict.fromkeys(map(_general, one.changes)):
                group = groups.setdefault(change, Group(change))
                group.count += 1
                group.in_quickbooks += one.in_quickbooks
                group.invoices.append(one.invoice)
                amount = one.amount if one.amount is not None else one.amount_before
                if amount is not None:
                    currency = one.currency or ""
                    group.amounts[currency] = group.amounts.get(currency, Decimal(0)) + amount
        return sorted(groups.values(), key=lambda group: (-group.count, group.change))


def compare(before: Decider, after: Decider, invoices: Iterable[Invoice], in_quickbooks: Collection[str]) -> Difference:
    """
    Both mappings over the same invoices.

    Args:
        before: The mapping as the last run used it.
        after: The mapping as it stands.
        invoices: Those seen, of one source.
        in_quickbooks: The ids of those whose document was sent.
    """
    found = Difference()
    for invoice in invoices:
        found.looked_at += 1
        old, new = before.apply(invoice), after.apply(invoice)
        found.bills += isinstance(old, Mapped) or isinstance(new, Mapped)
        if old == new:
            continue
        changes = tuple(_changes(old, new))
        if changes:
            found.changed.append(_changed(invoice, old, new, changes, there=invoice.id in in_quickbooks))
    return found


def _changed(
    invoice: Invoice, old: Mapped | NotMapped, new: Mapped | NotMapped, changes: tuple[Change, ...], *, there: bool
) -> Changed:
    documents = [outcome.document if isinstance(outcome, Mapped) else None for outcome in (new, old)]
    told = next((each for each in documents if each is not None), None)
    amounts = [None if each is None else _signed(each, each.amount) for each in documents]
    number = told.number if told else invoice.id
    currency = told.currency if told else invoice.currency
    return Changed(invoice.id, number, currency, amounts[1], amounts[0], there, changes)


def _changes(old: Mapped | NotMapped, new: Mapped | NotMapped) -> Iterable[Change]:
    if _word(old) != _word(new):
        yield Change("outcome", _word(old), _word(new))
    if not isinstance(old, Mapped) or not isinstance(new, Mapped):
        return
    boxes = list(changed_boxes(old.document, new.document))
    if boxes and boxes[-1][0] == "lines":  # then no line has its like in the other
        boxes = [each for each in boxes[:-1] if not each[0].startswith("lines[")]
        yield from (Change(box, _text(before), _text(after)) for box, before, after in boxes)
        yield Change("lines", _lines(old.document), _lines(new.document))
        return
    yield from (Change(box, _text(before), _text(after)) for box, before, after in boxes)


def _word(outcome: Mapped | NotMapped) -> str:
    """What becomes of it, in a word and a code."""
    stopped = outcome if isinstance(outcome, NotMapped) else outcome.late
    return "a bill" if stopped is None else f"{stopped.state} [{stopped.code}]"


def _text(value: Any) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _lines(document: Document) -> str:
    return " + ".join(f"{_signed(document, line.amount):f} {_name(line)}" for line in document.lines)


def _name(line: Line) -> str:
    return line.account or line.item or ""


def _signed(document: Document, amount: Decimal) -> Decimal:
    return -amount if document.kind == "credit" else amount


def _general(change: Change) -> Change:
    """The same of any line: whether it was the first or the second is for the invoice to say."""
    if change.box.startswith("lines["):
        return change._replace(box=f"line {change.box.rpartition('.')[2]}")
    return change
