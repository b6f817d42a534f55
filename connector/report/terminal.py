"""A run on the terminal: one line a document, sums that never cross currencies, troubles grouped by cause."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.text import Text

from connector.document import Document
from connector.errors import Problem
from connector.money import with_thousands
from connector.plan import NOT_REWRITTEN, Action
from connector.report.columns import safe, show_line
from connector.report.problems import problem_lines
from connector.report.status_text import amount_text
from connector.sync.planned import Cause, Planned, Result, add_amount, count_of, currency_and_amount
from connector.sync.run import Outcome

__all__ = ["show_causes", "show_plan", "show_problems", "show_summary"]

_SHOWN: Final = 200
_SYMBOLS: Final = {
    "created": "+",
    "credited": "+",
    "adopted": "=",
    "updated": "~",
    "removed": "-",
    "paid": "$",
    "held": "!",
    "blocked": "x",
    "refused": "x",
    "unknown": "?",
    "waiting": "·",
}
_PAYMENTS: Final = "payment "
_NOUNS: Final = {"bill": "bill", "credit": "vendor credit", "payment": "payment"}
_COLOURS: Final = {"+": "green", "=": "cyan", "~": "yellow", "-": "yellow", "$": "green", "!": "yellow", "x": "red"}
_WORDS: Final = {
    "created": "to create",
    "credited": "to credit",
    "adopted": "already in QuickBooks",
    "updated": "to update",
    "removed": "to remove",
    "paid": "to pay",
    "held": "held",
    "blocked": "blocked",
    "refused": "refused",
    "unknown": "without an answer",
    "waiting": "waiting",
    "skipped": "skipped",
    "unchanged": "unchanged",
}


def show_plan(console: Console, planned: Planned, *, everything: bool = False, verbose: bool = False) -> None:
    """
    A line for each document, at most two hundred.

    Args:
        console: Where to.
        planned: What to show.
        everything: Unchanged and skipped ones too.
        verbose: Every line of every document below it, with its account.
    """
    more = 0
    shown = 0
    for _, action, result in planned.rows():
        name = count_of(action, result)
        code = result.code if result else action.code
        quiet = name in ("unchanged", "skipped") and code != NOT_REWRITTEN
        if not everything and (quiet or code == "waits-for-bill"):
            continue  # why a payment waits for its bill, the bill's own line says
        if shown == _SHOWN:
            more += 1
            continue
        shown += 1
        _show_line(console, name, action, result)
        if verbose and action.document:
            _show_boxes(console, action.document)
    if more:
        console.print(Text(f" … and {more} more (all of them: --json)"))
    if shown:
        console.print()


def _show_boxes(console: Console, document: Document) -> None:
    for line in document.lines:
        parts = (line.account or line.item or "", line.class_name, line.tax, line.description)
        told = "  ".join(safe(part) for part in parts if part)
        console.print(Text(f"      {with_thousands(line.amount, document.currency)}  {told}"), soft_wrap=True)


def _show_line(console: Console, name: str, action: Action, result: Result | None) -> None:
    symbol = _SYMBOLS.get(name, " ")
    currency, amount = currency_and_amount(action)
    document = action.document
    day = document.date if document else action.invoice.date
    number = safe((document.number if document else "") or f"{action.key.source}:{action.key.invoice}", 21)
    vendor = safe(document.vendor if document else "—", 26)
    money = with_thousands(amount, currency) if amount is not None and currency else "—"
    if amount is not None and not currency:
        money = f"{amount:f}"
    head = f" {number:<14} {vendor:<26} {day or '—'!s:<10} {currency or '?':<3} {money:>12}"
    what = safe(_what(action, result), 300)
    line = Text(symbol, style=_COLOURS.get(symbol, ""))
    line.append(head)
    if len(head) + len(what) + 3 <= console.width:
        line.append(f"  {what}")
        console.print(line, soft_wrap=True)
        return
    console.print(line, soft_wrap=True)
    for folded in textwrap.wrap(what, max(20, console.width - 6)):
        console.print(Text(f"     {folded}"), soft_wrap=True)


def show_summary(console: Console, outcome: Outcome, *, planned_only: bool) -> None:
    """Counts and sums by currency, payments apart from invoices, and what is paid at its source and not recorded."""
    counts: Counter[str] = Counter()
    sums: dict[str, dict[str, Decimal]] = {}
    paid: dict[str, tuple[int, dict[str, Decimal]]] = {}
    for _, action, result in outcome.planned.rows():
        name = count_of(action, result)
        payment = action.key.kind == "payment"
        if payment and name != "paid":
            name = f"{_PAYMENTS}{name}"
        counts[name] += 1
        if name not in ("skipped", "unchanged"):
            add_amount(sums.setdefault(name, {}), action)
        if name in ("created", "adopted") and action.invoice.paid and action.key.source in outcome.not_paid:
            count, amounts = paid.get(action.key.source, (0, {}))
            add_amount(amounts, action)
            paid[action.key.source] = (count + 1, amounts)
    counts["unchanged"] = outcome.planned.counts()["unchanged"]  # most of them stand and have no row
    for name in (*_SYMBOLS, "unchanged", "skipped", *(f"{_PAYMENTS}{name}" for name in _SYMBOLS)):
        if counts[name]:
            about = name.removeprefix(_PAYMENTS)
            word = _WORDS.get(about, about) if planned_only else _past(about)
            noun = "" if about == name else "payment " if counts[name] == 1 else "payments "
            told = f"{counts[name]:>5} {noun}{word}{_amounts(sums.get(name, {}))}"
            console.print(Text(f" {told}"), soft_wrap=True)
    if not counts.total() and not outcome.problems:  # of a source that could not be read nobody knows
        console.print(Text(" no invoices"))
    for source, (count, amounts) in paid.items():
        are = "is" if count == 1 else "are"
        title = safe(outcome.not_paid[source])
        told = f" {count} of these,{_amounts(amounts)}, {are} already paid at {title} and will stand unpaid"
        console.print(Text(f"{told} in QuickBooks"), soft_wrap=True)


def show_causes(console: Console, causes: Iterable[Cause]) -> None:
    """What waits, grouped by what one mend would release, most documents first."""
    for cause in sorted(causes, key=lambda each: -each.invoices)[:20]:
        noun = "invoice" if cause.invoices == 1 else "invoices"
        console.print(
            Text(f"\n {cause.invoices} {noun} {cause.state}{_amounts(cause.amounts)}  [{cause.code}]"), soft_wrap=True
        )
        for line in cause.reason.splitlines():
            console.print(Text(f"   {safe(line, 300)}"), soft_wrap=True)
        if cause.remedy:
            console.print(Text(f"   = {safe(cause.remedy, 300)}"), soft_wrap=True)


def show_problems(console: Console, problems: Iterable[Problem]) -> None:
    """Troubles of whole sources or of the run, with who must act."""
    for problem in problems:
        for line in problem_lines(problem.code, problem.what, problem.remedy, problem.source):
            show_line(console, line)


def _what(action: Action, result: Result | None) -> str:
    name = count_of(action, result)
    if result is not None and result.state == "sent":
        about = f"; {result.reason}" if result.reason else ""
        which = f", {_NOUNS[action.key.kind]} {result.qbo_id}" if result.qbo_id else ""
        return f"{_past(name)}{which}{about}"
    reason = (result.reason if result else action.reason) or ""
    first = reason.splitlines()[0] if reason else ""
    if result is None and name in ("updated", "removed"):
        return f"{action.action} {_NOUNS[action.key.kind]} {action.qbo_id}: {first}"
    if result is None and name == "paid" and not action.settled:
        return f"pay {action.note}" + (f", {first}" if first else "")
    if name in ("created", "credited"):
        made = f"create {_NOUNS[action.key.kind]}"
        made = f"{made}, {action.note}" if action.note else made
        return f"{made}: {first}" if first else made
    if action.code == NOT_REWRITTEN:
        return first
    return f"{name}: {first}" if first else name


def _past(name: str) -> str:
    return {"unknown": "without an answer", "adopted": "found in QuickBooks"}.get(name, name)


def _amounts(sums: Mapping[str, Decimal]) -> str:
    return "".join(f"  {amount_text(currency, amount)}" for currency, amount in sorted(sums.items()))
