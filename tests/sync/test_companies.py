"""Companies differ: country, home currency, one currency or several. The same invoices become right bills in each."""

import time
from typing import Any

import pytest
from plain_company import PlainCompany, serving
from project import Project


def bill_of(project: Project) -> dict[str, Any]:
    (held,) = project.held()
    return held


def test_in_a_company_of_one_currency_in_the_united_states(project: Project) -> None:
    project.control("preferences", {"country": "US", "home_currency": "USD", "multicurrency": False})
    project.owe(1, currency_symbol="USD")

    assert {"created": 1} == project.sync().counts

    (sent,) = (each["body"] for each in project.writes())
    assert "GlobalTaxCalculation" not in sent
    assert "CurrencyRef" not in sent
    assert "ExchangeRate" not in sent
    assert bill_of(project)["TotalAmt"] == 101.25
    assert {"unchanged": 1} == project.sync().counts
    assert project.run("reconcile", "--json").code == 0


def test_a_foreign_invoice_in_a_company_of_one_currency_waits_with_its_reason(project: Project) -> None:
    project.control("preferences", {"country": "US", "home_currency": "USD", "multicurrency": False})
    project.owe(1, currency_symbol="EUR")

    blocked = project.sync(code=6).of(1)

    assert ("blocked", "currency-not-enabled") == (blocked["state"], blocked["code"])
    assert not project.held()
    assert not [row for row in project.held("Vendor") if row["DisplayName"] == "Affiliate 1"]


@pytest.mark.parametrize(
    ("country", "home", "currency", "rate"),
    [("US", "USD", "EUR", True), ("US", "USD", "USD", False), ("GB", "GBP", "USD", True), ("AU", "AUD", "AUD", False)],
)
def test_in_a_company_of_several_currencies(
    project: Project, country: str, home: str, currency: str, *, rate: bool
) -> None:
    project.control("preferences", {"country": country, "home_currency": home, "multicurrency": True})
    project.owe(1, currency_symbol=currency)

    assert {"created": 1} == project.sync().counts

    (sent,) = (each["body"] for each in project.writes())
    assert rate == ("ExchangeRate" in sent)
    assert (country != "US") == ("GlobalTaxCalculation" in sent)
    assert currency == bill_of(project)["CurrencyRef"]["value"]
    assert {"unchanged": 1} == project.sync().counts


def test_with_the_state_lost_a_company_of_one_currency_is_adopted_too(project: Project) -> None:
    project.control("preferences", {"country": "US", "home_currency": "USD", "multicurrency": False})
    project.owe(*range(1, 20), currency_symbol="USD")
    assert {"created": 19} == project.sync().counts
    project.forget()

    assert {"adopted": 19} == project.sync().counts
    assert 19 == len(project.held())


def test_in_a_company_that_answers_no_more_than_it_must(project: Project) -> None:
    company = PlainCompany()
    with serving(company) as url:
        settings = project.folder / "connector.toml"
        text = settings.read_text().replace(f"{project.url}/quickbooks/v3", f"{url}/v3")
        settings.write_text(text.replace(f"{project.url}/oauth/discovery", f"{url}/discovery"))
        project.owe(1, 2, currency_symbol="USD")
        assert {"created": 2} == project.sync().counts
        project.owe(*range(10, 30), currency_symbol="USD")
        assert {"created": 20, "unchanged": 2} == project.sync().counts

        project.forget()
        time.sleep(1.1)

        assert {"adopted": 22} == project.sync().counts
        assert {"unchanged": 22} == project.sync().counts
        assert 22 == len(company.bills)
        told = project.run("reconcile", "--json")
        assert {"matched"} == {row["status"] for row in told.json["rows"]}
        assert 0 == told.code
