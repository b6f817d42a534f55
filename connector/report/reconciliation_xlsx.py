"""A reconciliation as an Excel workbook: Summary, Exceptions, All and Read me, from the same rows as its JSON."""

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from connector.errors import WrongUse
from connector.reconcile import Reconciled, Row
from connector.report.reconciliation import link_of
from connector.report.reconciliation_summary import write_summary
from connector.report.reconciliation_totals import EXCEPTIONS, Totals, ageing_day, difference
from connector.report.reconciliation_words import FAMILY_MEANINGS, FAMILY_NAMES, STATUS_MEANINGS
from connector.report.run import CompanyName
from connector.report.workbook import MOST_ROWS, Amount, Cell, Link, Sheet, Workbook, workbook

__all__ = ["write_xlsx"]

# Title, width and meaning of each column of Exceptions and All.
_COLUMNS: Final = (
    ("Status", 22, "What the comparison came to; the list below has them all."),
    ("Family", 16, "The group that the status belongs to."),
    ("Source", 20, "The connection in connector.toml; empty where no source knows the bill."),
    ("Invoice", 12, "The source's own id."),
    ("Number", 20, "The bill's number."),
    ("Vendor", 34, "The vendor in QuickBooks."),
    ("Invoice date", 12, "The invoice's own date at the source, else that of the bill."),
    ("Month", 10, "The month of the invoice date, by which the proof is drawn up."),
    ("Currency", 9, "Of the source's amount."),
    ("Source says", 15, "What the source says now, before tax; a credit is negative."),
    ("Our currency", 9, "Of the next amount."),
    ("Connector meant", 15, "What the connector's document is to hold, before tax."),
    ("QuickBooks currency", 12, "Of the next amounts."),
    ("QuickBooks holds", 15, "QuickBooks' total less tax."),
    ("Difference", 13, "Source says less QuickBooks holds, where both are in one currency."),
    ("Still unpaid", 15, "What is unpaid of the bill in QuickBooks, with tax."),
    ("Due", 12, "The bill's due date in QuickBooks."),
    ("Accounts", 28, "The accounts or items of the connector's document."),
    ("In QuickBooks", 18, "Opens the bill, in the right company."),
    ("Why", 60, "The reason for the status."),
    ("What to do", 60, "The next step."),
)


def write_xlsx(path: Path, found: Reconciled, company: CompanyName) -> None:
    """
    The whole workbook.

    Raises:
        WrongUse: There are more rows than a sheet takes.
        OSError: The file cannot be written.
    """
    totals = Totals.of(found.rows(), ageing_day(found))
    if totals.rows > MOST_ROWS:
        raise WrongUse(
            f"{totals.rows:,} rows are more than an Excel sheet takes",
            code="wrong-use",
            remedy="write one month with --period, or all of them with --format csv",
        )
    created = max(found.as_of.values(), default=datetime.datetime(found.first.year, 1, 1, tzinfo=datetime.UTC))
    with workbook(path, created) as book:
        write_summary(book, found, company, totals)
        exceptions = (row for family in EXCEPTIONS for row in found.oldest(family))
        _write_rows(book, "Exceptions", exceptions, company)
        _write_rows(book, "All", found.rows(), company)
        _write_meanings(book)


def _write_rows(book: Workbook, name: str, rows: Iterable[Row], company: CompanyName) -> None:
    sheet = book.sheet(name, [width for _, width, _ in _COLUMNS])
    sheet.headings(*(title for title, _, _ in _COLUMNS))
    sheet.freeze()
    for row in rows:
        _write_row(sheet, row, company)
    sheet.filter(len(_COLUMNS))


def _write_row(sheet: Sheet, row: Row, company: CompanyName) -> None:
    address = link_of(row, company)
    called = f"{'credit' if row.entity == 'VendorCredit' else 'bill'} {row.qbo_id}"
    link: Cell = None if address is None else Link(address, called)
    sheet.line(
        row.status,
        FAMILY_NAMES[row.family],
        row.source,
        row.invoice,
        row.number,
        row.vendor,
        row.date,
        row.month,
        row.currency,
        Amount(row.source_amount, row.currency),
        row.our_currency,
        Amount(row.our_amount, row.our_currency),
        row.quickbooks_currency,
        Amount(row.quickbooks_amount, row.quickbooks_currency),
        Amount(difference(row), row.currency),
        Amount(row.open_amount, row.quickbooks_currency),
        row.due,
        "; ".join(name for name, _ in row.accounts),
        link,
        row.why,
        row.next,
    )


def _write_meanings(book: Workbook) -> None:
    sheet = book.sheet("Read me", (24, 100))
    sheet.line("How to read this workbook", style="title")
    sheet.line()
    for sheet_name, meaning in (
        ("Summary", "The proof, what there is of each family, two ageings, and totals by month, account and vendor."),
        ("Exceptions", "What differs, stands on one side only, or needs a person; the oldest first in each family."),
        ("All", "Every invoice, and every bill of them in QuickBooks, each in exactly one row."),
    ):
        sheet.line(sheet_name, meaning)
    sheet.line()
    sheet.line(
        "The proof",
        "Of every source, currency and month: what the source says = matched + on its way + needs you + differs + "
        "on one side only + left alone. The difference must be 0.00; so must what is unexplained of QuickBooks, whose "
        "bills are summed once as they were read and once from the rows.",
        style="folded",
    )
    sheet.line("Amounts", "Before tax, unless said otherwise. Currencies are never added to each other.")
    sheet.line()
    sheet.headings("Column", "What it holds")
    for title, _, meaning in _COLUMNS:
        sheet.line(title, meaning)
    sheet.line()
    sheet.headings("Family", "What it means")
    for family, meaning in FAMILY_MEANINGS.items():
        sheet.line(FAMILY_NAMES[family], meaning)
    sheet.line()
    sheet.headings("Status", "What it means")
    for status, meaning in STATUS_MEANINGS.items():
        sheet.line(status, meaning)
