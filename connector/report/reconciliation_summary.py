"""The workbook's first sheet: the proof, what there is of each family, two ageings, and the totals."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from connector.reconcile import FAMILIES, ProofLine, Reconciled
from connector.report.reconciliation_totals import Sides, Totals
from connector.report.reconciliation_words import FAMILY_NAMES, PROOF_WORDS
from connector.report.run import CompanyName, stamp
from connector.report.workbook import Amount, Sheet, Workbook

__all__ = ["period_of", "write_summary"]

_WIDTHS: Final = (34, 12, 12, *(16 for _ in range(11)))


def period_of(found: Reconciled) -> str:
    """``2026-10-01 to 2026-10-31``."""
    return f"{found.first.isoformat()} to {found.last.isoformat() if found.last else 'the newest invoice'}"


def write_summary(book: Workbook, found: Reconciled, company: CompanyName, totals: Totals) -> None:
    """The whole sheet; whatever is long stands last."""
    sheet = book.sheet("Summary", _WIDTHS)
    _write_head(sheet, found, company)
    _write_proof(sheet, found)
    _write_families(sheet, totals)
    _write_ageings(sheet, totals)
    _write_totals(sheet, totals)


def _write_head(sheet: Sheet, found: Reconciled, company: CompanyName) -> None:
    sheet.line("Reconciliation: source, connector, QuickBooks", style="title")
    sheet.line()
    sheet.line("Company", company["name"])
    sheet.line("QuickBooks company id", company["realm_id"])
    sheet.line("Environment", company["environment"])
    sheet.line("Invoices dated", period_of(found))
    for name, time in found.as_of.items():
        sheet.line(f"Read: {name}", stamp(time))
    for name, version in found.mappings.items():
        sheet.line(f"Mapping: {name}", version[:12])
    for problem in found.problems:
        sheet.line("Not read", f"{problem.source or ''} {problem.what}; {problem.remedy}".strip(), style="bad")
    if found.unplaced:
        sheet.line("Not placed", f"{found.unplaced} bills with a mark that only a report over all sources can place")
    sheet.line()
    sheet.line("Prepared by", "", "Date")
    sheet.line("Reviewed by", "", "Date")
    sheet.line()


def _write_proof(sheet: Sheet, found: Reconciled) -> None:
    lines = list(found.proof.lines())
    if not lines:
        sheet.line("Nothing was compared, so nothing is proved.", style="bad")
    elif found.proof.closes:
        sheet.line("The proof closes: every invoice and every bill of them is in exactly one row.", style="good")
    else:
        sheet.line("The proof does NOT close: trust no row before the differences are explained.", style="bad")
    sheet.headings(
        "Source",
        "Currency",
        "Month",
        "Source says",
        *(f"{'=' if n == 0 else '+'} {PROOF_WORDS[family]}" for n, family in enumerate(FAMILIES)),
        "Difference",
        "QuickBooks holds",
        "Unexplained",
        "Result",
    )
    for line in lines:
        sheet.line(
            line.source or "no source",
            line.currency or "?",
            line.month,
            *(Amount(amount, line.currency) for amount in _amounts(line)),
            "closes" if line.closes else "does NOT close",
            style="plain" if line.closes else "bad",
        )
    sheet.line()


def _amounts(line: ProofLine) -> Iterator[Decimal]:
    yield line.source_total
    yield from line.families.values()
    yield line.difference
    yield line.quickbooks_total
    yield line.quickbooks_difference


def _write_families(sheet: Sheet, totals: Totals) -> None:
    sheet.headings("Family", "Rows", "Currency", "Amount")
    for family in FAMILIES:
        sheet.line(FAMILY_NAMES[family], totals.families[family])
        for currency, amount in sorted(totals.amounts.get(family, {}).items()):
            sheet.line("", None, currency, Amount(amount, currency))
    sheet.line()


def _write_ageings(sheet: Sheet, totals: Totals) -> None:
    day = totals.day.isoformat()
    sheet.line(f"How old is what is open: days from the invoice date to {day}", style="bold")
    sheet.headings("Age", "Currency", "Exceptions", "Amount", "On their way", "Amount")
    for currency, age, waits in totals.by_age():
        exceptions, coming = waits.exceptions, waits.on_their_way
        sums = (exceptions.rows, Amount(exceptions.amount, currency), coming.rows, Amount(coming.amount, currency))
        sheet.line(age, currency, *sums)
    sheet.line()
    sheet.line(f"How long overdue are unpaid bills in QuickBooks: days from the due date to {day}", style="bold")
    sheet.headings("Overdue", "Currency", "Bills", "Still unpaid, with tax")
    for currency, late, bills in totals.by_overdue():
        sheet.line(late, currency, bills.rows, Amount(bills.amount, currency))
    sheet.line()


def _write_totals(sheet: Sheet, totals: Totals) -> None:
    _write_sides(sheet, "Month", totals.by_month())
    sheet.headings("Account", "Currency", "Rows", "In QuickBooks", "Not there yet")
    for currency, name, booked in totals.by_account():
        amounts = (booked.held, booked.missing)
        sheet.line(name or "no account", currency, booked.rows, *(Amount(amount, currency) for amount in amounts))
    sheet.line()
    _write_sides(sheet, "Vendor", totals.by_vendor())


def _write_sides(sheet: Sheet, title: str, lines: list[tuple[str, str, Sides]]) -> None:
    sheet.headings(title, "Currency", "Rows", "Source says", "QuickBooks holds", "Waiting", "Left alone")
    for currency, name, sides in lines:
        amounts = (sides.source, sides.quickbooks, sides.waiting, sides.left_alone)
        sheet.line(name or "no vendor", currency, sides.rows, *(Amount(amount, currency) for amount in amounts))
    sheet.line()
