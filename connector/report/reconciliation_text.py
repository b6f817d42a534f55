"""A reconciliation on the terminal, from the same rows as its JSON: amounts are never cut, however narrow it is."""

import heapq
import textwrap
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.text import Text

from connector.money import with_thousands
from connector.reconcile import FAMILIES, Family, ProofLine, Reconciled, Row
from connector.report.columns import safe, show_line
from connector.report.reconciliation_totals import Totals, ageing_day
from connector.report.reconciliation_words import PROOF_WORDS, TILE_WORDS
from connector.report.run import stamp
from connector.report.status_text import time_text

__all__ = ["show_reconciliation"]

_SHOWN: Final = 200
_COLOURS: Final[dict[Family, str]] = {
    "agree": "green",
    "on-its-way": "cyan",
    "needs-you": "yellow",
    "differ": "red",
    "one-side": "red",
}
_ABOUT_QUICKBOOKS: Final = (
    "QuickBooks: its bills and credits of these invoices before tax, by the month of the invoice; unexplained is "
    "what no row of this report accounts for."
)


def show_reconciliation(console: Console, found: Reconciled) -> None:
    """The proof, the families, and every exception, oldest first; what agrees is one line."""
    _show_proof(console, found)
    _show_families(console, found)
    _show_exceptions(console, found)
    sides = ", ".join(f"{safe(name)} {time_text(stamp(time))}" for name, time in found.as_of.items())
    _show_folded(console, f"Read: {sides or 'nothing'}", " ", before="\n")
    if found.unplaced:
        noun, verb = ("bill", "carries") if found.unplaced == 1 else ("bills", "carry")
        told = f"{found.unplaced} {noun} {verb} a mark that only a reconcile over all sources can place"
        _show_folded(console, told, " ", "yellow")


# The proof.


def _show_proof(console: Console, found: Reconciled) -> None:
    """A block for each source, currency and month: what the source says, its parts below each other, and the rest."""
    lines = list(found.proof.lines())
    for line in lines:
        _show_block(console, line)
    if lines:
        _show_folded(console, _ABOUT_QUICKBOOKS, " ", "dim", before="\n")
    if found.proof.closes and lines:
        told = "The proof closes to 0.00: every invoice and every bill of them is in exactly one row."
        _show_folded(console, told, " ", "green", before="\n")
    elif lines:
        told = "The proof does NOT close: trust no row before the differences in red are explained."
        _show_folded(console, told, " ", "bold red", before="\n")


def _show_block(console: Console, line: ProofLine) -> None:
    currency = line.currency or "USD"
    source = f"{safe(line.source)} says" if line.source else "no source"
    name = safe(line.source) if line.source else "of no source"
    show_line(console, f"\n{name}, {line.currency or 'currency unknown'}, {line.month}", "bold")
    rows: list[tuple[str, str, Decimal]] = [("", source, line.source_total)]
    parts = [family for family in FAMILIES if line.families[family]] or list(FAMILIES[:1])
    rows += [("=" if n == 0 else "+", PROOF_WORDS[family], line.families[family]) for n, family in enumerate(parts)]
    quickbooks = [("", "QuickBooks holds", line.quickbooks_total), ("", "unexplained", line.quickbooks_difference)]
    amounts = [with_thousands(amount, currency) for _, _, amount in (*rows, *quickbooks)]
    amounts.append(with_thousands(line.difference, currency))
    wide = max(18, *(len(name) for _, name, _ in rows))
    far = max(map(len, amounts))

    def show(sign: str, name: str, amount: Decimal, *, rest: bool = False) -> None:
        shown = f"   {sign:<1} {name:<{wide}}  {with_thousands(amount, currency):>{far}}"
        if not rest:
            show_line(console, shown)
            return
        show_line(console, f"{shown}  {'does NOT close' if amount else 'closes'}", "bold red" if amount else "green")

    for row in rows:
        show(*row)
    show("", "difference", line.difference, rest=True)
    show("", "QuickBooks holds", line.quickbooks_total)
    show("", "unexplained", line.quickbooks_difference, rest=True)


# The families.


def _show_families(console: Console, found: Reconciled) -> None:
    totals = Totals.of(found.rows(), ageing_day(found))
    console.print()
    for family in FAMILIES:
        amounts = [
            f"{currency} {with_thousands(amount, currency)}"
            for currency, amount in sorted(totals.amounts.get(family, {}).items())
        ]
        count = totals.families[family]
        style = _COLOURS.get(family, "") if count else "dim"
        _show_amounts(console, f" {count:>6} {TILE_WORDS[family]:<16}", amounts, style)


def _show_amounts(console: Console, head: str, amounts: Sequence[str], style: str) -> None:
    """Sums beside each other, and below each other where they do not fit."""
    line = head
    for amount in amounts:
        if len(line) + len(amount) + 2 > console.width and line.strip():
            show_line(console, line, style)
            line = " " * len(head)
        line = f"{line}  {amount}"
    show_line(console, line, style)


# The exceptions.


def _show_exceptions(console: Console, found: Reconciled) -> None:
    count = shown = 0
    for families in (("differ", "one-side"), ("needs-you",)):  # what differs stands before what merely waits
        rows, all_of_them = _oldest(found, families)
        count += all_of_them
        for row in rows[: _SHOWN - shown]:
            shown += 1
            _show_exception(console, row)
    if count > shown:
        show_line(console, f"\n … and {count - shown} more (all of them: --format html, xlsx, csv or json)")


def _oldest(found: Reconciled, families: tuple[str, ...]) -> tuple[list[Row], int]:
    """The oldest rows of some families, as many as are shown, and how many there are."""
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in found.rows():
            if row.family in families:
                count += 1
                yield row

    return heapq.nsmallest(_SHOWN, counted(), key=lambda row: (row.month, str(row.date), row.source or "")), count


def _show_exception(console: Console, row: Row) -> None:
    """What it is and its amounts, why, and what to do, each on lines of its own."""
    name = row.number or (f"{row.source}:{row.invoice}" if row.invoice else f"{row.entity} {row.qbo_id}")
    parts = [row.status, row.date.isoformat() if row.date else "no date", safe(name, 120)]
    parts += [safe(row.vendor, 120)] if row.vendor else []
    if row.source_amount is not None:
        parts.append(f"{safe(row.source or 'source')} {_money(row.source_amount, row.currency)}")
    if row.quickbooks_amount is not None:
        parts.append(f"QuickBooks {_money(row.quickbooks_amount, row.quickbooks_currency)}")
    lines = _packed(parts, console.width)
    head = Text(f"\n {lines[0]}")
    head.stylize(_COLOURS.get(row.family, ""), 2, 2 + len(row.status))
    console.print(head, soft_wrap=True)
    for line in lines[1:]:
        show_line(console, f"     {line}")
    _show_folded(console, safe(row.why, 2000), "     ")
    _show_folded(console, f"= {safe(row.next, 1000)}", "     ")


def _packed(parts: Sequence[str], width: int) -> list[str]:
    """Parts beside each other as far as they fit; none is divided."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 2 + 5 > width:
            lines.append(part)
        else:
            lines[-1] = f"{lines[-1]}  {part}"
    return lines


def _show_folded(console: Console, text: str, indent: str, style: str = "", *, before: str = "") -> None:
    width = max(20, console.width - 1)
    lines = textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    for n, line in enumerate(lines):
        show_line(console, f"{before if n == 0 else ''}{line}", style)


def _money(amount: Decimal, currency: str | None) -> str:
    return f"{currency or '?'} {with_thousands(amount, currency or 'USD')}"
