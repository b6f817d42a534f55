"""What a document needs and its company has not switched on: told before anything is sent, as no retry mends it."""

from connector.document import Document
from connector.invoice import Trouble
from connector.quickbooks.facts import CompanyFacts

__all__ = ["lacks"]


def lacks(document: Document, facts: CompanyFacts) -> list[Trouble]:
    """
    Why this company, as it is set up, cannot hold the document; what QuickBooks does not tell speaks for it.

    Without multicurrency QuickBooks refuses a foreign bill. Without sales tax it drops the tax codes in silence, and
    with it, outside of the United States, it refuses a line that has none (facts of QuickBooks: tax, multicurrency).
    """
    found: list[Trouble] = []
    if not facts.multicurrency and facts.home_currency and document.currency != facts.home_currency:
        found.append(_no_currency(document.currency, facts.home_currency))
    if facts.in_united_states or document.amounts_are == "out of scope of tax":
        return found
    codes = sorted({line.tax for line in document.lines if line.tax})
    without = [str(n) for n, line in enumerate(document.lines, 1) if not line.tax]
    if facts.sales_tax is False and codes:
        found.append(_no_tax(codes))
    elif facts.sales_tax and without:
        found.append(_no_code(without))
    return found


def _no_currency(currency: str, home: str) -> Trouble:
    return Trouble(
        "currency-not-enabled",
        f"the bill is in {currency}; this company keeps its books in {home} and has no other currency",
        "switch on multicurrency in QuickBooks (it stays on for good), or leave these invoices out in the mapping",
    )


def _no_tax(codes: list[str]) -> Trouble:
    named = " and ".join(f'"{code}"' for code in codes)
    return Trouble(
        "tax-not-enabled",
        f"the lines name the tax code {named}, and this company works out no sales tax: the bill would lack it",
        "set sales tax (GST, VAT) up in QuickBooks, or take the tax box out of the mapping's lines",
    )


def _no_code(lines: list[str]) -> Trouble:
    which = f"line {lines[0]} names" if len(lines) == 1 else f"lines {', '.join(lines)} name"
    return Trouble(
        "tax-code-missing",
        f"{which} no tax code, and in this company every line of a taxed bill needs one",
        "fill in the tax box of every line in the mapping, or write   amounts are: out of scope of tax   under bill",
    )
