"""``diff`` on the terminal and as data: how many bills would change, and what of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console

from connector.report.columns import safe, show_columns, show_line
from connector.report.mapping_diff import Changed, Difference, Group
from connector.report.status_text import amount_text

__all__ = ["difference_data", "show_difference"]

_MANY: Final = 5  # different changes of one box; a memo with a date in it has as many as there are bills
_NAMED: Final = 3
_LONG: Final = 60
_TITLES: Final = ("Bills", "In QuickBooks", "Amount", "Box", "Change")


def difference_data(difference: Difference) -> dict[str, Any]:
    """The difference in the JSON document; amounts as text, by currency."""
    return {
        "looked_at": difference.looked_at,
        "bills": difference.bills,
        "would_change": sum(not one.in_quickbooks for one in difference.changed),
        "in_quickbooks": sum(one.in_quickbooks for one in difference.changed),
        "groups": [
            {
                **group.change._asdict(),
                "count": group.count,
                "in_quickbooks": group.in_quickbooks,
                "amounts": {currency or "?": f"{amount:f}" for currency, amount in sorted(group.amounts.items())},
                "invoices": group.invoices,
            }
            for group in difference.groups()
        ],
        "invoices": [_changed(one) for one in difference.changed],
    }


def _changed(one: Changed) -> dict[str, Any]:
    return {
        "invoice": one.invoice,
        "number": one.number,
        "currency": one.currency,
        "amount_before": None if one.amount_before is None else f"{one.amount_before:f}",
        "amount": None if one.amount is None else f"{one.amount:f}",
        "in_quickbooks": one.in_quickbooks,
        "changes": [change._asdict() for change in one.changes],
    }


def show_difference(console: Console, told: Mapping[str, Any], difference: Difference) -> None:
    """
    One source's: the count first, then a line for each change.

    Args:
        console: Where to.
        told: The source's entry in the JSON document.
        difference: What ``told`` was made of.
    """
    name, path = safe(told["source"]), safe(told["mapping"]["path"], 120)
    if told["mapping"]["before"] == told["mapping"]["after"]:
        show_line(console, f" {name}: {path} and its tables are as the last run used them; nothing would change")
        return
    new, there, of = told["would_change"], told["in_quickbooks"], f"{told['looked_at']:,}"
    if not new and not there:
        show_line(console, f" {name}: {path} was edited, and none of {of} invoices would change")
        return
    since = f"  (invoices dated since {told['since']}; all of them: --all)" if told["since"] else ""
    show_line(console, f" {name}: {new:,} of {told['bills']:,} bills would change{since}")
    if there:
        one = there == 1
        what, stays = ("1 more is", "stays as it stands") if one else (f"{there:,} more are", "stay as they stand")
        show_line(console, f"   {what} in QuickBooks already, would be made otherwise now, and {stays}")
    console.print()
    show_columns(console, _TITLES, _rows(difference.groups()), right=_TITLES[:2])


def _rows(groups: Sequence[Group]) -> Iterator[tuple[str, ...]]:
    by_box = sorted(groups, key=lambda group: group.change.box)
    boxes = {box: list(each) for box, each in groupby(by_box, key=lambda group: group.change.box)}
    for box, same in sorted(boxes.items(), key=lambda item: -sum(group.count for group in item[1])):
        shown = same if len(same) <= _MANY else same[:_NAMED]
        for group in shown:
            change = f"{_value(group.change.before)} → {_value(group.change.after)}"
            yield f"{group.count:,}", f"{group.in_quickbooks:,}", _amounts(group), box, change
        if len(shown) < len(same):
            rest = same[len(shown) :]
            counts = sum(group.count for group in rest), sum(group.in_quickbooks for group in rest)
            yield *(f"{count:,}" for count in counts), "", box, "more change in the same way (all of them: --json)"


def _amounts(group: Group) -> str:
    return "  ".join(amount_text(currency, amount) for currency, amount in sorted(group.amounts.items()))


def _value(text: str) -> str:
    return safe(text, _LONG) if text else "(empty)"
