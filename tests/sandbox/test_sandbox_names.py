from typing import Any

import pytest
from conftest import Books, code


def test_a_new_vendor_is_answered_as_quickbooks_answers(books: Books) -> None:
    answer = books.post("vendor", {"DisplayName": "Boraski Family Store", "TaxIdentifier": "123456789"})
    assert '"Balance":0,"Vendor1099":false' in answer.text
    vendor = answer.json()["Vendor"]
    assert vendor["PrintOnCheckName"] == vendor["DisplayName"] == "Boraski Family Store"
    assert (vendor["Active"], vendor["SyncToken"], vendor["CurrencyRef"]["value"]) == (True, "0", "AUD")
    assert vendor["TaxIdentifier"] == "XXXXXXX6789"
    assert books.get(f"vendor/{vendor['Id']}").json()["Vendor"] == vendor


def test_a_vendors_currency_is_taken_or_silently_ignored(books: Books) -> None:
    body = {"DisplayName": "Paris Deals", "CurrencyRef": {"value": "EUR"}}
    assert books.made("Vendor", body)["CurrencyRef"] == {"value": "EUR", "name": "Euro"}
    books.control("switches", {"vendor_currency_ignored": True})
    assert books.made("Vendor", body | {"DisplayName": "Lyon Deals"})["CurrencyRef"]["value"] == "AUD"


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("no name at all", {}, "6080"),
    ("a vendor's name", {"DisplayName": "sydney office RENTALS"}, "6240"),
    ("a customer's name", {"DisplayName": "northwind deals"}, "6240"),
    ("an employee's name", {"DisplayName": "Alex Morgan"}, "6240"),
    ("a colon", {"DisplayName": "a:b"}, "6000"),
    ("a name too long", {"DisplayName": "x" * 501}, "2050"),
    ("a company name too long", {"DisplayName": "y", "CompanyName": "x" * 101}, "2050"),
    ("an address too long", {"DisplayName": "y", "PrimaryEmailAddr": {"Address": "a@" + "x" * 100}}, "2050"),
    ("an address that is none", {"DisplayName": "y", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
    ("an unknown property", {"DisplayName": "y", "Nickname": "z"}, "2010"),
    ("an unknown term", {"DisplayName": "y", "TermRef": {"value": "99"}}, "2500"),
    ("an unknown currency", {"DisplayName": "y", "CurrencyRef": {"value": "XXX"}}, "2500"),
]


@pytest.mark.parametrize(("body", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_vendor_is_refused_by_rule(books: Books, body: dict[str, Any], expected: str) -> None:
    assert code(books.post("vendor", body)) == expected


def test_a_vendor_is_named_by_its_parts_and_hostile_names_are_fine(books: Books) -> None:
    assert books.made("Vendor", {"GivenName": "Ada", "FamilyName": "Lovelace"})["DisplayName"] == "Ada Lovelace"
    name = "O'Brien <script>=cmd|' 🚀 \u202e"
    made = books.made("Vendor", {"DisplayName": name})
    assert made["DisplayName"] == name
    assert books.rows(r"select * from Vendor where DisplayName = 'O\'Brien <script>=cmd|\' 🚀 " + "\u202e'") == [made]


def test_an_inactive_vendor_frees_its_name_and_hides(books: Books) -> None:
    vendor = books.made("Vendor", {"DisplayName": "Gone Deals"})
    change = {"Id": vendor["Id"], "SyncToken": "0", "sparse": True, "Active": False}
    assert books.made("Vendor", change)["DisplayName"] == "Gone Deals (deleted)"
    assert books.rows("select * from Vendor where DisplayName like 'Gone%'") == []
    assert len(books.rows("select * from Vendor where DisplayName like 'Gone%' and Active in (true, false)")) == 1
    back = books.made("Vendor", change | {"SyncToken": "1", "Active": True})
    assert back["DisplayName"] == "Gone Deals"
    books.made("Vendor", change | {"SyncToken": "2"})
    books.made("Vendor", {"DisplayName": "Gone Deals"})
    assert code(books.post("vendor", change | {"SyncToken": "3", "Active": True})) == "6240"
    assert code(books.post("vendor", change)) == "5010"


def test_a_full_update_blanks_and_a_sparse_one_keeps(books: Books) -> None:
    vendor = books.made("Vendor", {"DisplayName": "Full Deals", "AcctNum": "77"})
    head = {"Id": vendor["Id"], "SyncToken": "0"}
    assert books.made("Vendor", head | {"sparse": True, "CompanyName": "Full"})["AcctNum"] == "77"
    after = books.made("Vendor", head | {"SyncToken": "1", "DisplayName": "Full Deals", "AcctNum": ""})
    assert "AcctNum" not in after
    assert "CompanyName" not in after


def test_list_entries_are_not_deleted_and_tax_codes_not_written(books: Books) -> None:
    assert code(books.post("vendor", {"Id": "5", "SyncToken": "0"}, operation="delete")) == "500"
    assert code(books.post("taxcode", {"Name": "Mine"})) == "500"


@pytest.mark.parametrize("kind", ["Class", "Department", "Term", "Customer", "Item", "Employee"])
def test_other_lists_take_new_entries_once(books: Books, kind: str) -> None:
    body = {"DisplayName" if kind in {"Customer", "Employee"} else "Name": "Fresh"}
    made = books.made(kind, body)
    assert books.get(f"{kind.lower()}/{made['Id']}").json()[kind] == made
    assert code(books.post(kind.lower(), body)) == "6240"


def test_an_account_under_a_parent_is_called_by_both(books: Books) -> None:
    parent = books.id("Account", "Affiliate payouts")
    body = {"Name": "AU", "AccountType": "Expense", "SubAccount": True, "ParentRef": {"value": parent}}
    assert books.made("Account", body)["FullyQualifiedName"] == "Affiliate payouts:AU"
    assert code(books.post("account", body)) == "6240"
    assert code(books.post("account", {"Name": "No type"})) == "2020"


def test_the_company_is_as_promised(books: Books) -> None:
    company = books.control("company")
    accounts = {row["FullyQualifiedName"] for row in company["Account"]}
    assert {"Accounts Payable (A/P)", "Accounts Payable (A/P) - USD", "Affiliate payouts:UK", "USD account"} <= accounts
    assert {row["Name"] for row in company["TaxCode"]} == {"GST", "GST free"}
    assert {row["Name"]: row["DueDays"] for row in company["Term"]}["Due on receipt"] == 0
    assert {row["Name"] for row in company["Class"]} == {"US", "EU", "UK", "AU"}
    assert {row["Name"] for row in company["Department"]} == {"Sydney", "London"}
    info = books.get("companyinfo/4620816365000000000").json()["CompanyInfo"]
    assert (info["Country"], info["NameValue"][0]["Value"]) == ("AU", "QuickBooks Online Plus")
    told = books.get("preferences").json()["Preferences"]
    assert told["CurrencyPrefs"]["HomeCurrency"]["value"] == "AUD"
    assert told["TaxPrefs"]["UsingSalesTax"] is True
    rate = books.get("exchangerate", sourcecurrencycode="USD", asofdate="2026-01-31").json()["ExchangeRate"]
    assert (rate["TargetCurrencyCode"], rate["AsOfDate"]) == ("AUD", "2026-01-31")
    assert rate["Rate"] > 1
