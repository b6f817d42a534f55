"""A reconciliation as people and programs see it, from the same rows: on the terminal, and as JSON."""

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.money import minor_units, with_thousands
from connector.quickbooks.documents import link
from connector.reconcile import FAMILIES, Family, ProofLine, Reconciled, Row
from connector.report.run import CompanyName, problem_data, stamp
from connector.report.terminal import safe

__all__ = ["row_data", "show_reconciliation", "write_reconciliation"]

_SHOWN: Final = 200
_WORDS: Final[dict[Family, str]] = {
    "agree": "agree",
    "on-its-way": "on their way",
    "needs-you": "need you",
    "differ": "differ",
    "one-side": "on one side only",
    "left-alone": "left alone",
}
_COLOURS: Final[dict[Family, str]] = {
    "agree": "green",
    "on-its-way": "cyan",
    "needs-you": "yellow",
    "differ": "red",
    "one-side": "red",
}
_COLUMNS: Final = (
    "Month",
    "Source total",
    "Matched",
    "On its way",
    "Needs you",
    "Differ",
    "One side",
    "Left alone",
    "To explain",
    "QuickBooks",
    "To explain",
)

# JSON.


def write_reconciliation(stream: TextIO, found: Reconciled, company: CompanyName) -> None:
    """The one JSON document, a proof line and a row to a line; written as it goes, however many rows there are."""
    counts = Counter(row.family for row in found.rows())
    head = {
        "schema": "connector/reconcile/1",
        "as_of": {name: stamp(time) for name, time in found.as_of.items()},
        "company": company,
        "period": {"first": found.first.isoformat(), "last": found.last.isoformat() if found.last else None},
        "counts": {family: counts[family] for family in FAMILIES},
        "unplaced": found.unplaced,
        "problems": [problem_data(problem) for problem in found.problems],
    }
    stream.write("{\n")
    stream.writelines(f" {_json(name)}: {_json(value)},\n" for name, value in head.items())
    stream.write(' "proof": [')
    _write_list(stream, (_proof_data(line) for line in found.proof.lines()))
    stream.write('],\n "rows": [')
    _write_list(stream, (row_data(row, company) for row in found.rows()))
    stream.write("]\n}\n")
    stream.flush()


def row_data(row: Row, company: CompanyName) -> dict[str, Any]:
    """One row; amounts as text with their currency beside."""
    linked = row.entity is not None and row.qbo_id is not None
    return {
        "status": row.status,
        "family": row.family,
        "source": row.source,
        "invoice": row.invoice,
        "number": row.number,
        "vendor": row.vendor,
        "date": row.date.isoformat() if row.date else None,
        "month": row.month,
        "currency": row.currency,
        "source_amount": _amount(row.source_amount, row.currency),
        "our_amount": _amount(row.our_amount, row.our_currency),
        "our_currency": row.our_currency,
        "quickbooks_amount": _amount(row.quickbooks_amount, row.quickbooks_currency),
        "quickbooks_currency": row.quickbooks_currency,
        "entity": row.entity,
        "qbo_id": row.qbo_id,
        "link": link(company["environment"], company["realm_id"], row.entity or "", row.qbo_id or "")
        if linked
        else None,
        "why": row.why,
        "next": row.next,
    }


def _proof_data(line: ProofLine) -> dict[str, Any]:
    currency = line.currency
    sums = {_key(family): _amount(amount, currency) for family, amount in line.families.items()}
    return {
        "source": line.source,
        "currency": currency,
        "month": line.month,
        "source_total": _amount(line.source_total, currency),
        **sums,
        "difference": _amount(line.difference, currency),
        "quickbooks_total": _amount(line.quickbooks_total, currency),
        "quickbooks_difference": _amount(line.quickbooks_difference, currency),
    }


def _key(family: Family) -> str:
    return "matched" if family == "agree" else family.replace("-", "_")


def _write_list(stream: TextIO, items: Iterable[dict[str, Any]]) -> None:
    between = "\n  "
    for item in items:
        stream.write(f"{between}{_json(item)}")
        between = ",\n  "


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _amount(amount: Decimal | None, currency: str | None) -> str | None:
    """With the decimals of its currency, and never fewer than it has."""
    if amount is None:
        return None
    least = -minor_units(currency or "USD")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent > least:
        amount = amount.quantize(Decimal(1).scaleb(least))
    return f"{amount + 0:f}"


# Terminal.


def show_reconciliation(console: Console, found: Reconciled) -> None:
    """The proof, the families, and every exception, oldest first; what agrees is one line."""
    _show_proof(console, found)
    _show_families(console, found)
    _show_exceptions(console, found)
    sides = ", ".join(f"{safe(name)} {stamp(time)}" for name, time in found.as_of.items())
    console.print(Text(f"\n Read: {sides or 'nothing'}"), soft_wrap=True)
    if found.unplaced:
        more = f" {found.unplaced} bills carry a mark that only a reconcile over all sources can place"
        console.print(Text(more, style="yellow"), soft_wrap=True)


def _show_proof(console: Console, found: Reconciled) -> None:
    """A table for each source and currency, a line for each month."""
    lines = list(found.proof.lines())
    for (source, currency), months in groupby(lines, key=lambda line: (line.source, line.currency)):
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for name in _COLUMNS:
            table.add_column(name, justify="left" if name == "Month" else "right", min_width=7, no_wrap=True)
        for line in months:
            table.add_row(*_proof_cells(line))
        console.print(Text(f"\n{safe(source or 'of no source')}, {currency or 'currency unknown'}", style="bold"))
        console.print(table)
    if found.proof.closes and lines:
        told = "\n The proof closes to 0.00: every invoice and every bill of them is in exactly one row."
        console.print(Text(told, style="green"), soft_wrap=True)
    elif lines:
        told = "\n The proof does NOT close: trust no row before the differences in red are explained."
        console.print(Text(told, style="bold red"), soft_wrap=True)


def _proof_cells(line: ProofLine) -> list[Text]:
    currency = line.currency or "USD"

    def shown(amount: Decimal) -> Text:
        return Text(with_thousands(amount, currency) if amount else "—")

    def explained(amount: Decimal) -> Text:
        return Text(with_thousands(amount, currency), style="bold red" if amount else "green")

    return [
        Text(line.month),
        shown(line.source_total),
        *(shown(line.families[family]) for family in FAMILIES),
        explained(line.difference),
        shown(line.quickbooks_total),
        explained(line.quickbooks_difference),
    ]


def _show_families(console: Console, found: Reconciled) -> None:
    counts: Counter[Family] = Counter()
    sums: dict[Family, dict[str, Decimal]] = {}
    for row in found.rows():
        counts[row.family] += 1
        currency, amount = _told_amount(row)
        if currency and amount is not None:
            held = sums.setdefault(row.family, {})
            held[currency] = held.get(currency, Decimal(0)) + amount
    console.print()
    for family in FAMILIES:
        amounts = "".join(
            f"  {currency} {with_thousands(amount, currency)}"
            for currency, amount in sorted(sums.get(family, {}).items())
        )
        style = _COLOURS.get(family, "") if counts[family] else "dim"
        console.print(Text(f" {counts[family]:>6} {_WORDS[family]:<17}{amounts}", style=style), soft_wrap=True)


def _show_exceptions(console: Console, found: Reconciled) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("Status", "Date", "Invoice", "Vendor", "Cur"):
        table.add_column(name, no_wrap=True)
    for name in ("Source", "QuickBooks"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Why, and what to do", overflow="fold")
    count = 0
    for families in (("differ", "one-side"), ("needs-you",)):  # what differs stands before what merely waits
        rows, all_of_them = _oldest(found, families)
        count += all_of_them
        for row in rows[: _SHOWN - table.row_count]:
            table.add_row(*_cells(row))
    if table.row_count:
        console.print()
        console.print(table)
    if count > table.row_count:
        console.print(Text(f" … and {count - table.row_count} more (all of them: --json)"))


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


def _cells(row: Row) -> list[Text]:
    def shown(amount: Decimal | None, currency: str | None) -> Text:
        return Text(with_thousands(amount, currency or "USD") if amount is not None else "—")

    theirs = shown(row.quickbooks_amount, row.quickbooks_currency)
    if row.quickbooks_currency and row.quickbooks_currency != row.currency:
        theirs = Text(f"{row.quickbooks_currency} {theirs}")
    name = row.number or (f"{row.source}:{row.invoice}" if row.invoice else f"{row.entity} {row.qbo_id}")
    return [
        Text(row.status, style=_COLOURS.get(row.family, "")),
        Text(row.date.isoformat() if row.date else "—"),
        Text(safe(name, 28)),
        Text(safe(row.vendor or "—", 26)),
        Text(row.currency or "—"),
        shown(row.source_amount, row.currency),
        theirs,
        Text(f"{safe(row.why, 160)} = {safe(row.next, 120)}"),
    ]


def _told_amount(row: Row) -> tuple[str | None, Decimal | None]:
    """What the source says; of what no source says, what QuickBooks says."""
    if row.source_amount is not None:
        return row.currency, row.source_amount
    if row.quickbooks_amount is not None:
        return row.quickbooks_currency, row.quickbooks_amount
    return row.our_currency, row.our_amount
