"""A run on the terminal: one line a document that is written, sums that never cross currencies, troubles of a run."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from rich.console import Console
from rich.text import Text

from connector.document import Document
from connector.errors import Problem
from connector.money import with_thousands
from connector.plan import NOT_REWRITTEN, Action
from connector.report.causes import amounts_text
from connector.report.columns import safe, show_text
from connector.report.problems import problem_lines
from connector.sync.planned import Planned, Result, add_amount, count_of, currency_and_amount, told_by_cause
from connector.sync.run import Outcome

__all__ = ["show_plan", "show_problems", "show_summary"]

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
    A line for each document, at most two hundred; those that wait are told by their causes instead.

    Args:
        console: Where to.
        planned: What to show.
        everything: Those that wait, and unchanged and skipped ones, have a line too.
        verbose: Every line of every document below it, with its account.
    """
    more = 0
    shown = 0
    for _, action, result in planned.rows():
        name = count_of(action, result)
        code = result.code if result else action.code
        quiet = name in ("unchanged", "skipped") and code != NOT_REWRITTEN
        if not everything and (quiet or code == "waits-for-bill" or told_by_cause(action, result)):
            continue  # why a payment waits for its bill, is said of the bill
        if shown == _SHOWN:
            more += 1
            continue
        shown += 1
        _show_line(console, name, action, result)
        if verbose and action.document:
            _show_boxes(console, action.document)
    if more:
        show_text(console, f" … and {more} more (all of them: --json)")
    if shown:
        console.print()


def _show_boxes(console: Console, document: Document) -> None:
    for line in document.lines:
        parts = (line.account or line.item or "", line.class_name, line.tax, line.description)
        told = "  ".join(safe(part) for part in parts if part)
        show_text(console, f"      {with_thousands(line.amount, document.currency)}  {told}")


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
    show_text(console, f"     {what}")


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
            told = f"{counts[name]:>5} {noun}{word}{amounts_text(sums.get(name, {}))}"
            show_text(console, f" {told}")
    if not counts.total() and not outcome.problems:  # of a source that could not be read nobody knows
        console.print(Text(" no invoices"))
    for source, (count, amounts) in paid.items():
        are = "is" if count == 1 else "are"
        title = safe(outcome.not_paid[source])
        told = f" {count} of these,{amounts_text(amounts)}, {are} already paid at {title} and will stand unpaid"
        show_text(console, f"{told} in QuickBooks")


def show_problems(console: Console, problems: Iterable[Problem]) -> None:
    """Troubles of whole sources or of the run, with who must act."""
    for problem in problems:
        for line in problem_lines(problem.code, problem.what, problem.remedy, problem.source):
            show_text(console, line)


def _what(action: Action, result: Result | None) -> str:
    name = count_of(action, result)
    if result is not None and result.state == "sent":
        about = f"; {result.reason}" if result.reason else ""
        which = f", {_NOUNS[action.key.kind]} {result.qbo_id}" if result.qbo_id else ""
        return f"{_past(name)}{which}{about}"
    reason = (result.reason if result else action.reason) or ""
    first = "; ".join(" ".join(line.split()) for line in reason.splitlines())
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
