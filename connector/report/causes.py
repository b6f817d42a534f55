"""What waits after a plan or a run: each cause once, with how much it stops, a few of its invoices, and what to do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rich.console import Console

from connector.report.columns import safe, show_text
from connector.report.status_text import amount_text
from connector.sync.planned import Cause, Example

__all__ = ["amounts_text", "show_causes"]

_GROUPS: Final = 20
_ENTRIES: Final = 10
_LONG: Final = 300


@dataclass(frozen=True, slots=True)
class _Entry:
    """
    Some invoices of a group that have the same reason.

    Args:
        lines: The reason.
        told: How many they are, how much that is, and which.
    """

    lines: tuple[str, ...]
    told: str


def show_causes(console: Console, causes: Iterable[Cause], every: str) -> None:
    """
    What waits, grouped by what is to be done about it, most documents first.

    What all of a group have in common is said once; below it, what differs, each with its invoices.

    Args:
        console: Where to.
        causes: Of the plan or the run.
        every: How to see all of what is not shown.
    """
    groups: dict[tuple[str, str, str, str], list[Cause]] = {}
    for cause in causes:
        groups.setdefault((cause.of, cause.state, cause.code, cause.remedy), []).append(cause)
    most = sorted(groups.values(), key=lambda group: -_invoices(group))
    for group in most[:_GROUPS]:
        _show(console, sorted(group, key=lambda cause: -cause.invoices), every)
    if left := most[_GROUPS:]:
        noun = "cause" if len(left) == 1 else "causes"
        show_text(console, f"\n … and {len(left)} more {noun}   ({every} shows all)")


def amounts_text(sums: Mapping[str, Decimal]) -> str:
    """Sums by currency, each after two blanks; never added across currencies."""
    return "".join(f"  {amount_text(currency, amount)}" for currency, amount in sorted(sums.items()))


def _show(console: Console, group: Sequence[Cause], every: str) -> None:
    first = group[0]
    count = _count(_invoices(group), first.of)
    show_text(console, f"\n {count} {first.state}{amounts_text(_sums(group))}  [{first.code}]")
    entries = [entry for cause in group for entry in _entries(cause, alone=len(group) == 1)]
    common = [line for line in entries[0].lines if all(_same(line) in map(_same, each.lines) for each in entries)]
    for line in common:
        show_text(console, f"   {safe(line, _LONG)}")
    known = set(map(_same, common))
    for entry in entries[:_ENTRIES]:
        for line in entry.lines:
            if _same(line) not in known:
                show_text(console, f"   {safe(line, _LONG)}")
        show_text(console, f"{'   ' if len(entries) == 1 else '     '}{entry.told}")
    if len(entries) > _ENTRIES:
        show_text(console, f"   … and {len(entries) - _ENTRIES} more like these   ({every} shows all)")
    elif hidden := _hidden(group):
        show_text(console, f"   … and {hidden} more   ({every} shows all)")
    if first.remedy:
        show_text(console, f"   = {safe(first.remedy, _LONG)}")


def _entries(cause: Cause, *, alone: bool) -> Iterator[_Entry]:
    """One, or one for each example where each has a reason of its own, as a bill found in QuickBooks is."""
    examples = cause.examples
    if _each_its_own(cause):
        for example in examples:
            amount = "" if example.amount is None else f", {amount_text(example.currency, example.amount)}"
            yield _Entry(tuple(example.reason.splitlines()), _described(example) + amount)
        return
    names = ", ".join(safe(example.name, 40) for example in examples)
    more = f" and {cause.invoices - len(examples)} more" if cause.invoices > len(examples) else ""
    told = _described(examples[0]) if cause.invoices == 1 else f"{names}{more}"
    about = "" if alone else f"{_count(cause.invoices, cause.of)}{amounts_text(cause.amounts)}  "
    yield _Entry(tuple(cause.reason.splitlines()), about + told)


def _hidden(group: Sequence[Cause]) -> int:
    """How many invoices no line speaks of, as those shown have reasons of their own."""
    return sum(cause.invoices - len(cause.examples) for cause in group if _each_its_own(cause))


def _each_its_own(cause: Cause) -> bool:
    return len({example.reason for example in cause.examples}) > 1


def _described(example: Example) -> str:
    return ", ".join(safe(part, 60) for part in (example.name, example.vendor, example.date) if part)


def _same(line: str) -> str:
    """A line whatever its columns are aligned to."""
    return " ".join(line.split())


def _invoices(group: Sequence[Cause]) -> int:
    return sum(cause.invoices for cause in group)


def _sums(group: Sequence[Cause]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for cause in group:
        for currency, amount in cause.amounts.items():
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return sums


def _count(count: int, of: str) -> str:
    return f"{count} {of}" if count == 1 else f"{count} {of}s"
