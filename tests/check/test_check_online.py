"""``check --online``: every name that a mapping or its tables can give, against the live company."""

from pathlib import Path
from typing import Any

import pytest
from golden import assert_golden
from project import Project

from connector.sandbox.server import Sandbox

HERE = Path(__file__).parent

FORM = """source: cake

take:
  invoice_status: [Approved, Paid]
leave:
  invoice_status: [Pending, Void]

tables:
  vendors: {file: vendors.csv, match: affiliate_id}

bill:
  vendor:     <vendors.vendor or affiliate_name>
  number:     CAKE-<invoice_id>
  date:       <invoice_date>
  terms:      Net 31
  currency:   <vendors.currency or "AUD">
  ap_account: Operating account
  location:   Sidney

lines:
  - account: <vendors.account or "Affiliate payout">
    class:   <vendors.class or "">
    amount:  <total_payout>
    tax:     GST at 10%
  - item:     Affiliate service
    customer: Northwind Deals
    amount:   0.00

payment:
  account: Advertising

policy:
  vendor not in QuickBooks: create
  invoice paid at source: record payment
"""
VENDORS = """affiliate_id,name,vendor,account,class,currency
1,One,Sydney Office Rentals,Affiliate payouts:US,eu,
2,"Two, Inc",MediaBridge Partners,Affiliate payouts:EU,,AUD
3,Three,Northwind Deals,Commission income,,
4,Four,Old Media,Old payouts,,
5,Five,Brand New Media,Affiliate payout:UK,,
6,Six,Another One,Affiliate payout:UK,eu,
7,Seven,,Accounts Payable (A/P),,
"""


@pytest.fixture
def lists(project: Project, services: Sandbox) -> Project:
    """A mapping with every kind of wrong name, and books with an inactive account, vendor and three classes eu."""
    (project.folder / "mappings/cake.yaml").write_text(FORM)
    (project.folder / "mappings/vendors.csv").write_text(VENDORS)
    company = services.company
    _put(company, "Account", "Affiliate payouts", {"Id": "900", "Name": "Old payouts (deleted)", "Active": False})
    left = {"Id": "901", "DisplayName": "Old Media (deleted)", "Active": False}
    _put(company, "Vendor", "Sydney Office Rentals", left)
    for key, name in (("902", "Eu"), ("903", "eU")):
        _put(company, "Class", "EU", {"Id": key, "Name": name})
    return project


def _put(company: Any, kind: str, like: str, changes: dict[str, Any]) -> None:
    name = "DisplayName" if kind == "Vendor" else "Name"
    first = next(data for data in company.all(kind) if data[name] == like)
    full = {} if kind == "Vendor" else {"FullyQualifiedName": changes["Name"]}
    company.put(kind, first | changes | full)


def test_every_name_that_would_be_refused_is_told_with_its_place(lists: Project) -> None:
    ran = lists.run("check", "--online")

    assert ran.code == 3
    assert_golden(HERE / "online.txt", ran.out)


def test_as_json_each_has_its_place_and_a_page(lists: Project) -> None:
    faults = lists.run("check", "--online", "--json").json["faults"]

    assert {(each["code"], each["file"], each["line"]) for each in faults} >= {
        ("account-wrong-type", "mappings/vendors.csv", 4),
        ("vendor-currency", "mappings/vendors.csv", 3),
        ("term-not-found", "mappings/cake.yaml", 15),
    }
    (foreign,) = (each for each in faults if each["code"] == "vendor-currency")
    assert foreign["excerpt"][foreign["column"] - 1 :][: foreign["length"]] == "MediaBridge Partners"
    for code in {each["code"] for each in faults}:
        assert lists.run("help", code).code == 0, code


def reads(project: Project) -> int:
    return sum("/quickbooks/" in each["path"] for each in project.control("requests"))


def test_what_comes_along_fits_the_pretend_company_in_a_few_reads(project: Project) -> None:
    project.settings(commission_factory=True)

    ran = project.run("check", "--online")

    assert ran.code == 0, ran.out
    assert ran.out.splitlines() == [
        "ok  mappings/cake.yaml                2 tables, 8 examples; every name fits QuickBooks",
        "ok  mappings/commission_factory.yaml  1 table, 4 examples; every name fits QuickBooks",
        "Next: connector plan",
    ]
    assert reads(project) <= 10  # a list each, and what the company has switched on


def test_a_vendor_that_may_not_be_made_must_be_there(lists: Project) -> None:
    mapping = lists.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("QuickBooks: create", "QuickBooks: hold"))

    faults = lists.run("check", "--online", "--json").json["faults"]

    told = {each["code"]: each for each in faults if each["code"].startswith("vendor-")}
    assert told.keys() == {"vendor-not-found", "vendor-inactive", "vendor-currency"}
    missing = [each["what"] for each in faults if each["code"] == "vendor-not-found"]
    assert "QuickBooks has no vendor 'Brand New Media'" in missing


def test_a_company_of_one_currency_refuses_another(project: Project) -> None:
    project.control("preferences", {"multicurrency": False})
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("currency: <currency>", "currency: EUR"))

    ran = project.run("check", "--online", "--json")

    assert [each["code"] for each in ran.json["faults"]] == ["currency-not-enabled"], ran.json["faults"]


def test_hundreds_of_new_vendors_are_compared_at_once_and_faults_are_told_twenty_times(project: Project) -> None:
    rows = "".join(f"{n},x,New {n},Nowhere {n},\n" for n in range(2000))
    (project.folder / "mappings/cake.vendors.csv").write_text(
        "affiliate_id,affiliate_name,vendor,account,class\n" + rows
    )
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().partition("examples:")[0])

    ran = project.run("check", "--online", "--json")

    assert [each["code"] for each in ran.json["faults"]] == ["account-not-found"] * 20
    assert reads(project) <= 12


def test_without_a_sign_in_it_ends_with_4_and_what_the_files_have_is_told(project: Project) -> None:
    settings = project.folder / "connector.toml"
    settings.write_text(settings.read_text().replace("refresh_token =", "# refresh_token ="))

    plain, document = project.run("check", "--online"), project.run("check", "--online", "--json")

    assert (plain.code, document.code) == (4, 4)
    assert plain.out.startswith("ok  mappings/cake.yaml")
    assert "every name" not in plain.out
    assert "connector auth login" in plain.said
    assert [each["code"] for each in document.json["problems"]] == [plain.said.partition("[")[2].partition("]")[0]]


def test_quickbooks_that_is_down_ends_with_5(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from connector.quickbooks.client import Client  # noqa: PLC0415

    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _: None)
    project.control("arm", {"fault": "answer-500", "path": "/query", "method": "POST", "times": 50})

    assert project.run("check", "--online").code == 5


def test_a_mapping_with_faults_of_its_own_is_not_compared(project: Project) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("<invoice_date>", "<invoce_date>"))

    ran = project.run("check", "--online", "--json")

    assert (ran.code, [each["code"] for each in ran.json["faults"]]) == (3, ["M104"])
