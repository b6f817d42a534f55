"""A run on the terminal: one line a document, sums that never cross currencies, troubles grouped by cause."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.errors import Problem
from connector.money import with_thousands
from connector.plan import Action
from connector.sync.planned import Cause, Planned, Result, count_of, currency_and_amount
from connector.sync.run import Outcome

__all__ = ["safe", "show_causes", "show_plan", "show_problems", "show_summary"]

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
_COLOURS: Final = {"+": "green", "=": "cyan", "~": "yellow", "-": "yellow", "$": "green", "!": "yellow", "x": "red"}
_WORDS: Final = {
    "created": "to create",
    "credited": "to credit",
    "adopted": "already in QuickBooks",
    "held": "held",
    "blocked": "blocked",
    "refused": "refused",
    "unknown": "without an answer",
    "waiting": "waiting",
    "skipped": "skipped",
    "unchanged": "unchanged",
}
# What moves the cursor or turns the writing direction is shown as a box instead.
_UNSAFE: Final = dict.fromkeys(
    [*range(32), 127, *range(0x80, 0xA0), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd"
)


def safe(text: object, most: int = 60) -> str:
    """Text from outside that can do nothing to a terminal, cut to ``most`` characters."""
    clean = str(text).translate(_UNSAFE)
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def show_plan(console: Console, planned: Planned) -> None:
    """Every document that is not simply unchanged or skipped, at most two hundred of them."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, justify in (("", "left"), ("Invoice", "left"), ("Vendor", "left"), ("Date", "left"), ("Cur", "left")):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("Amount", justify="right", no_wrap=True)
    table.add_column("What happens", overflow="fold")
    more = 0
    for n, (action, result) in enumerate(_notable(planned)):
        if n < _SHOWN:
            table.add_row(*_cells(action, result))
        else:
            more += 1
    if table.row_count:
        console.print(table)
    if more:
        console.print(Text(f" … and {more} more (all of them: --json)"))


def show_summary(console: Console, outcome: Outcome, *, planned_only: bool) -> None:
    """Counts and sums by currency, and what stands at the source as paid."""
    counts: Counter[str] = Counter()
    sums: dict[str, Counter[str]] = {}
    for _, action, result in outcome.planned.rows():
        name = count_of(action, result)
        counts[name] += 1
        currency, amount = currency_and_amount(action)
        if name not in ("skipped", "unchanged") and currency and amount is not None:
            sums.setdefault(name, Counter())[currency] += amount  # type: ignore[assignment]
    parts = [
        f"{counts[name]} {_WORDS.get(name, name) if planned_only else _past(name)}{_amounts(sums.get(name, {}))}"
        for name in (*_SYMBOLS, "unchanged", "skipped")
        if counts[name]
    ]
    console.print(Text(" " + ("   ".join(parts) if parts else "no invoices")), soft_wrap=True)
    for source, (count, paid) in outcome.paid_at_source.items():
        console.print(
            Text(
                f" {count} of these,{_amounts(paid)}, are already paid at {safe(source)} "
                "and will stand unpaid in QuickBooks"
            ),
            soft_wrap=True,
        )


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
        where = f"{problem.source}: " if problem.source else ""
        console.print(Text(f"error[{problem.code}]: {where}{problem.what}"), soft_wrap=True)
        console.print(Text(f"  = {problem.remedy}"), soft_wrap=True)


def _notable(planned: Planned) -> Iterator[tuple[Action, Result | None]]:
    for _, action, result in planned.rows():
        if count_of(action, result) not in ("unchanged", "skipped"):
            yield action, result


def _cells(action: Action, result: Result | None) -> list[Text]:
    name = count_of(action, result)
    symbol = _SYMBOLS[name]
    currency, amount = currency_and_amount(action)
    document = action.document
    day = document.date if document else action.invoice.date
    shown = with_thousands(amount, currency) if amount is not None and currency else "—"
    return [
        Text(symbol, style=_COLOURS.get(symbol, "")),
        Text(safe(document.number if document else f"{action.key.source}:{action.key.invoice}", 28)),
        Text(safe(document.vendor if document else "—", 30)),
        Text(day.isoformat() if day else "—"),
        Text(currency or "—"),
        Text(shown),
        Text(safe(_what(action, result), 120)),
    ]


def _what(action: Action, result: Result | None) -> str:
    name = count_of(action, result)
    if result is not None and result.state == "sent":
        about = f"; {result.reason}" if result.reason else ""
        return f"{_past(name)}, bill {result.qbo_id}{about}"
    reason = (result.reason if result else action.reason) or ""
    first = reason.splitlines()[0] if reason else ""
    if name in ("created", "credited"):
        made = "create bill" if action.key.kind == "bill" else "create vendor credit"
        return f"{made}, {action.note}" if action.note else made
    return f"{name}: {first}" if first else name


def _past(name: str) -> str:
    return {"unknown": "without an answer", "adopted": "found in QuickBooks"}.get(name, name)


def _amounts(sums: Mapping[str, object]) -> str:
    return "".join(
        f"  {currency} {with_thousands(Decimal(str(amount)), currency)}" for currency, amount in sorted(sums.items())
    )
