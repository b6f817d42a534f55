"""GST: what becomes of a taxed invoice under each way that amounts can stand to tax, and what is told beforehand."""

from decimal import Decimal
from typing import Any

import pytest
from project import Project

MAPPING = "mappings/commission_factory.yaml"
WITH_TAX, WITHOUT = "    tax:         <tax.tax_code>\n", ""


@pytest.fixture
def company(project: Project) -> Project:
    project.settings(commission_factory=True)
    return project


def owe(company: Project, net: str, gst: str | None, total: str) -> None:
    row = {
        "Id": 7,
        "DateCreated": "2026-09-15T00:00:00.000",
        "DatePaid": "2026-09-20T00:00:00.000",
        "Number": "CF-7-0001",
        "Description": "Commissions",
        "SubTotal": float(net),
        "GST": None if gst is None else float(gst),
        "Total": float(total),
    }
    company.control("load", {"commission_factory": [row]})


def say(company: Project, *changes: tuple[str, str]) -> None:
    """Change the mapping, whose examples would otherwise object."""
    path = company.folder / MAPPING
    text = path.read_text().split("\nexamples:")[0]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def amounts(company: Project) -> tuple[Decimal, Decimal, str]:
    """Total, tax, and how the amounts stand to tax, of the one bill."""
    (held,) = company.held()
    tax = (held.get("TxnTaxDetail") or {}).get("TotalTax", 0)
    return Decimal(str(held["TotalAmt"])), Decimal(str(tax)), held["GlobalTaxCalculation"]


def told(company: Project, code: int) -> dict[str, Any]:
    document: dict[str, Any] = company.sync(code=code).of(7)
    return document


@pytest.mark.parametrize(("gst", "total", "tax"), [("12.35", "135.80", Decimal("12.35")), (None, "123.45", Decimal(0))])
def test_amounts_before_tax_have_it_added_by_quickbooks(
    company: Project, gst: str | None, total: str, tax: Decimal
) -> None:
    owe(company, "123.45", gst, total)

    assert told(company, 0)["state"] == "sent"

    assert (Decimal(total), tax, "TaxExcluded") == amounts(company)
    assert company.run("reconcile", "--json").code == 0


def test_amounts_with_tax_have_it_taken_out_and_the_net_is_checked(company: Project) -> None:
    say(
        company,
        ("  memo:     <Description>", "  memo:     <Description>\n  amounts are: inclusive of tax"),
        ("amount:      <SubTotal>", "amount:      <Total>"),
    )
    owe(company, "123.45", "12.35", "135.80")

    assert told(company, 0)["state"] == "sent"

    assert (Decimal("135.80"), Decimal("12.35"), "TaxInclusive") == amounts(company)
    assert company.run("reconcile", "--json").code == 0


def test_amounts_out_of_scope_bear_no_tax(company: Project) -> None:
    say(
        company,
        ("  memo:     <Description>", "  memo:     <Description>\n  amounts are: out of scope of tax"),
        (WITH_TAX, WITHOUT),
        ("  tax:   <GST or 0>\n  gross: <Total>\n", ""),
    )
    owe(company, "123.45", "12.35", "135.80")

    assert told(company, 0)["state"] == "sent"

    assert (Decimal("123.45"), Decimal(0), "NotApplicable") == amounts(company)


def test_another_tax_than_the_source_says_is_never_silent(company: Project) -> None:
    owe(company, "123.45", "9.00", "132.45")

    ran = told(company, 6)

    assert ("sent", "answer-differs") == (ran["state"], ran["code"])
    assert "the tax AUD 12.35 instead of AUD 9.00" in ran["reason"]
    assert "the gross total AUD 135.80 instead of AUD 132.45" in ran["reason"]
    assert Decimal("135.80") == amounts(company)[0]


def test_a_cent_a_line_is_how_tax_is_rounded_and_no_difference(company: Project) -> None:
    owe(company, "123.45", "12.34", "135.79")

    ran = told(company, 0)

    assert ("sent", None) == (ran["state"], ran["code"])


def test_a_company_without_sales_tax_is_told_before_anything_is_sent(company: Project) -> None:
    company.control("preferences", {"using_sales_tax": False})
    owe(company, "123.45", "12.35", "135.80")

    ran = told(company, 6)

    assert ("blocked", "tax-not-enabled") == (ran["state"], ran["code"])
    assert 'the tax code "GST"' in ran["reason"]
    assert not company.writes()
    assert "set sales tax" in company.run("help", "tax-not-enabled").out.lower()


def test_a_line_without_a_tax_code_is_told_before_anything_is_sent(company: Project) -> None:
    say(
        company,
        ("  memo:     <Description>", "  memo:     <Description>\n  amounts are: exclusive of tax"),
        (WITH_TAX, WITHOUT),
    )
    owe(company, "123.45", "12.35", "135.80")

    ran = told(company, 6)

    assert ("blocked", "tax-code-missing") == (ran["state"], ran["code"])
    assert "line 1 names no tax code" in ran["reason"]
    assert not company.writes()

    say(company, ("exclusive of tax", "out of scope of tax"), ("  tax:   <GST or 0>\n  gross: <Total>\n", ""))
    assert told(company, 0)["state"] == "sent"


def test_a_company_in_the_united_states_has_no_such_code(company: Project) -> None:
    company.control("preferences", {"country": "US", "multicurrency": True})
    say(company, ("currency: AUD", "currency: USD"))
    owe(company, "123.45", "12.35", "135.80")

    ran = told(company, 6)

    assert ("blocked", "tax-code-not-found") == (ran["state"], ran["code"])
    assert not company.writes()
