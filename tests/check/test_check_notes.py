"""Notes of ``check``: rules that never apply, rows never used, what contradicts itself, what is over a limit."""

from pathlib import Path

import pytest
from golden import assert_golden
from project import Project

from connector.mapping import NOTE_CODES

HERE = Path(__file__).parent

FORM = """source: cake

take:
  invoice_status: [Approved, Paid]

tables:
  vendors: {file: noted.vendors.csv, match: affiliate_id}
  terms:   {file: cake.terms.csv, match: billing_cycle_name}

bill:
  vendor:   <vendors.vendor or affiliate_name>
  number:   A constant number
  date:     <invoice_date>
  currency: <currency>
  memo:     <payment_type or "no type" or affiliate_name> MEMO
  amounts are: out of scope of tax

lines:
  - account: <vendors.account or "Affiliate payouts" or 7>
    amount:  <total_payout>
    tax:     GST

check:
  tax: 0

policy:
  amount above: 0
"""
VENDORS = "affiliate_id,vendor,account\n67890,MediaBridge Partners LLC,A\n70112,Foo: Media,\n*,Others,\n"


@pytest.fixture
def noted(project: Project) -> Project:
    """A mapping that is good and seldom does what was meant."""
    (project.folder / "mappings/cake.yaml").write_text(FORM.replace("MEMO", "m" * 3981))
    (project.folder / "mappings/noted.vendors.csv").write_text(VENDORS)
    return project


def test_notes_stand_beside_a_mapping_that_is_good(noted: Project) -> None:
    ran = noted.run("check")

    assert ran.code == 0
    assert_golden(HERE / "notes.txt", ran.out.replace("m" * 100, ""))


def test_as_json_they_are_no_faults(noted: Project) -> None:
    document = noted.run("check", "--json").json

    assert document["faults"] == []
    assert document["mappings"][0]["ok"]
    assert {each["code"] for each in document["notes"]} == NOTE_CODES.keys() - {"M203"}


def test_rows_that_no_invoice_used_are_told_once_there_are_enough_invoices(project: Project) -> None:
    assert project.run("check", "--json").json["notes"] == []

    project.owe(1, affiliate_id=67890)
    project.owe(2, affiliate_id=11111, billing_cycle_name="Weekly")
    project.sync(code=None)
    assert project.run("check", "--json").json["notes"] == []

    project.owe(*range(3, 101))
    project.sync(code=None)
    told = {each["file"]: each for each in project.run("check", "--json").json["notes"]}

    vendors, terms = told["mappings/cake.vendors.csv"], told["mappings/cake.terms.csv"]
    assert (vendors["code"], vendors["line"]) == ("M203", 3)
    assert vendors["what"] == "2 of 3 rows served none of the 100 invoices seen so far"
    assert vendors["help"].startswith("lines 3, 4;")
    assert terms["help"].startswith("lines 2, 3, 5;")  # Net 30 and * are used


def test_a_state_that_cannot_be_read_hinders_no_check(project: Project) -> None:
    (project.folder / "state.db").write_bytes(b"this is no database at all, and long enough to look like one" * 100)

    ran = project.run("check", "--json")

    assert (ran.code, ran.json["notes"]) == (0, [])


def test_what_comes_along_has_no_notes(project: Project) -> None:
    project.settings(commission_factory=True)

    assert project.run("check", "--json").json["notes"] == []
