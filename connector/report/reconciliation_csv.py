"""A reconciliation as CSV: every row, the same as its JSON, for Excel and for programs."""

import csv
from collections.abc import Callable
from typing import Any, Final, TextIO

from connector.reconcile import Reconciled
from connector.report.cells import cleaner, is_formula
from connector.report.reconciliation import row_data
from connector.report.run import CompanyName

__all__ = ["COLUMNS", "write_csv"]

COLUMNS: Final = (
    "status",
    "family",
    "source",
    "invoice",
    "number",
    "vendor",
    "date",
    "month",
    "currency",
    "source_amount",
    "our_amount",
    "our_currency",
    "quickbooks_amount",
    "quickbooks_currency",
    "open_amount",
    "due",
    "account",
    "entity",
    "qbo_id",
    "why",
    "next",
    "link",
)
_AMOUNTS: Final = frozenset({"source_amount", "our_amount", "quickbooks_amount", "open_amount"})


def write_csv(stream: TextIO, found: Reconciled, company: CompanyName) -> None:
    """
    A line of names, then a line for each row, written as it goes.

    ``stream`` is in UTF-8, which its first character tells Excel, and translates no line ends.
    """
    stream.write("\ufeff")
    # Quoted throughout: where a spreadsheet divides at semicolons, no part of a text becomes a cell of its own.
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    clean = cleaner()
    for row in found.rows():
        data = row_data(row, company)
        data["account"] = "; ".join(name for name, _ in row.accounts)
        writer.writerow([_cell(name, data[name], clean) for name in COLUMNS])
    stream.flush()


def _cell(column: str, value: Any, clean: Callable[[str], str]) -> str:
    """An amount stays a number, below zero too; what would be taken for a formula has an apostrophe before it."""
    if value is None:
        return ""
    text = str(value)
    if column in _AMOUNTS:
        return text
    return f"'{clean(text)}" if is_formula(text) else clean(text)
