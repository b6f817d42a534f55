"""What needs a row or a name, biggest blocked amount first, with rows to paste and a guess that nobody applies."""

import csv
import os
from pathlib import Path
from typing import Any

import pytest
from table_folder import VENDORS, TableFolder

GOLDEN = Path(__file__).parent / "unmapped.txt"
HOSTILE = "=cmd|' /C calc'!A0 \u202egnp \x1b[31m"


@pytest.fixture
def waiting(company: TableFolder) -> TableFolder:
    """Something of everything that can wait for a row or a name."""
    with company.vendors.open("a") as table:
        table.write("68100,Empty Cell Media,,Affiliate payouts:US,US\n")
        table.write("68101,Bad Account,Bad Account Ltd,Affiliate payouts:Mars,US\n")
        table.write("68102,Like A Customer,Already A Customer,Affiliate payouts:US,US\n")
    company.load("Vendor", {"DisplayName": "Nordic Deals ApS"})
    company.load("Vendor", {"DisplayName": "Foo Media Ltd", "CurrencyRef": {"value": "USD"}})
    company.load("Customer", {"DisplayName": "Already A Customer"})
    foo = {"affiliate_id": 70112, "affiliate_name": "Foo Media, Inc"}
    company.owe(1001, 1002, 1003, **foo, currency_symbol="USD", total_payout="4000.00")
    nordic = {"affiliate_id": 70113, "affiliate_name": "Nordic Deals"}
    company.owe(1004, **nordic, currency_symbol="EUR", total_payout="240.00")
    company.owe(1005, **nordic, currency_symbol="USD", total_payout="10.00")
    company.owe(1006, affiliate_id=70114, affiliate_name=HOSTILE, total_payout="5.00")
    company.owe(1007, affiliate_id=70115, affiliate_name="N" * 500, total_payout="4.00")
    company.owe(1008, affiliate_id=68100, affiliate_name="Empty Cell Media")
    company.owe(1009, affiliate_id=68101, affiliate_name="Bad Account")
    company.owe(1010, affiliate_id=68102, affiliate_name="Like A Customer", total_payout="3.00")
    company.owe(1011, affiliate_id=67890, total_payout="31250.00")  # too large, which no row and no name would mend
    assert company.sync(code=6).counts == {"blocked": 10, "held": 1}
    return company


def told(ran: Any) -> list[tuple[Any, ...]]:
    return [
        (each["key"], each["line"], each["invoices"], each["amounts"], each["looks_like"]) for each in ran.json["rows"]
    ]


def test_it_reads_from_the_top_and_ends_with_the_next_step(waiting: TableFolder) -> None:
    asked = len(waiting.control("requests"))

    ran = waiting.run("unmapped")

    text = ran.out.replace(waiting.today, "<today>")
    if os.environ.get("REGENERATE_GOLDEN") == "1":
        GOLDEN.write_text(text)
    assert (ran.code, ran.said) == (0, "")
    assert text == GOLDEN.read_text()
    assert len(waiting.control("requests")) == asked


def test_rows_are_told_with_what_waits_for_each_the_largest_first(waiting: TableFolder) -> None:
    ran = waiting.run("unmapped", "--json")

    assert ran.json["schema"] == "connector/unmapped/1"
    assert told(ran) == [
        ({"affiliate_id": "70112"}, None, 3, {"USD": "12000.00"}, "Foo Media Ltd"),
        ({"affiliate_id": "70113"}, None, 2, {"EUR": "240.00", "USD": "10.00"}, "Nordic Deals ApS"),
        ({"affiliate_id": "68100"}, 5, 1, {"AUD": "108.25"}, None),
        ({"affiliate_id": "70114"}, None, 1, {"AUD": "5.00"}, None),
        ({"affiliate_id": "70115"}, None, 1, {"AUD": "4.00"}, None),
        ({"affiliate_id": "68102"}, 7, 1, {"AUD": "3.00"}, None),
    ]
    assert [each["row"] for each in ran.json["rows"]][:3] == [
        '70112,"Foo Media, Inc",,,',
        "70113,Nordic Deals,,,",
        None,
    ]
    assert ran.json["rows"][0]["examples"] == ["cake:1001", "cake:1002", "cake:1003"]
    assert [(each["kind"], each["name"], each["code"]) for each in ran.json["names"]] == [
        ("account", "Affiliate payouts:Mars", "account-not-found")
    ]
    assert ran.json["names"][0]["near"][0] == "Affiliate payouts"


def test_a_pasted_row_that_is_filled_in_frees_its_invoices(waiting: TableFolder) -> None:
    row = waiting.run("unmapped", "--json").json["rows"][0]["row"]
    with waiting.vendors.open("a") as table:
        table.write(row.replace(",,,", ",Foo Media Ltd,Affiliate payouts:UK,") + "\n")
    assert waiting.run("check").code == 0

    ran = waiting.run("unmapped")

    assert "70112" not in ran.out
    assert " 3 invoices wait for nothing any more but the next sync: the mapping or a table was mended.\n" in ran.out
    assert waiting.plan().counts["created"] == 3


@pytest.mark.parametrize("row", ["", "70112,Foo Media,Foo Media,,\n"], ids=["by the source's name", "by a row"])
def test_a_guess_is_never_the_name_that_stops_the_invoice(company: TableFolder, row: str) -> None:
    company.load("Vendor", {"DisplayName": "Foo Media", "CurrencyRef": {"value": "USD"}})
    company.load("Vendor", {"DisplayName": "Foo Media Ltd", "CurrencyRef": {"value": "AUD"}})
    mapping = company.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("<vendors.vendor>", "<vendors.vendor or affiliate_name>"))
    company.vendors.write_text(company.vendors.read_text() + row)
    company.owe(1, affiliate_id=70112, affiliate_name="Foo Media")  # in AUD
    company.sync(code=6)

    (wanted,) = company.run("unmapped", "--json").json["rows"]

    assert (wanted["code"], wanted["looks_like"]) == ("vendor-currency", "Foo Media Ltd")


def test_no_guess_is_ever_applied(waiting: TableFolder) -> None:
    before = waiting.vendors.read_bytes()

    waiting.run("unmapped")
    waiting.export()
    waiting.bring()

    assert waiting.vendors.read_bytes() == before
    assert waiting.plan().counts == {"blocked": 10, "held": 1}


def test_rows_are_written_as_the_table_is(waiting: TableFolder) -> None:
    waiting.vendors.write_text(waiting.vendors.read_text().replace(",", ";"))

    first = waiting.run("unmapped", "--json").json["rows"][0]

    assert first["row"] == "70112;Foo Media, Inc;;;"


def test_names_from_outside_do_nothing_to_the_terminal_or_a_spreadsheet(waiting: TableFolder) -> None:
    ran = waiting.run("unmapped", "-o", "wanted.csv")

    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert "70114,'=cmd|' /C calc'!A0 \ufffdgnp \ufffd[31m,,," in ran.out
    with (waiting.folder / "wanted.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["amount"] for row in rows[:3]] == ["12000.00", "240.00", "10.00"]
    assert {row["currency"] for row in rows} == {"USD", "EUR", "AUD"}
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row.values())


def test_a_key_that_looks_like_a_formula_is_told_with_care(company: TableFolder) -> None:
    mapping = company.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("match: affiliate_id", "match: affiliate_name"))
    company.owe(1, affiliate_id=1, affiliate_name=HOSTILE)
    company.sync(code=6)

    ran = company.run("unmapped")

    assert "Take care with the row of cake:1: its key looks like a formula" in ran.out
    company.export()
    company.edit(C5="Sound Name Ltd")
    assert company.bring().code == 0
    assert "\x1b" not in company.run("check").out


def test_a_mapping_with_faults_is_told_and_the_other_sources_go_on(waiting: TableFolder) -> None:
    waiting.settings(commission_factory=True)
    mapping = waiting.folder / "mappings/commission_factory.yaml"
    mapping.write_text(mapping.read_text().replace("<Number>", "<Nunber>"))

    ran = waiting.run("unmapped", "--json")

    assert ran.code == 3
    assert [each["code"] for each in ran.json["problems"]] == ["M104"]
    assert len(ran.json["rows"]) == 6
    assert waiting.run("unmapped").out.endswith(" Next: mend what is named above, then: connector check\n")


def test_without_a_state_and_with_nothing_that_waits(folder: TableFolder) -> None:
    ran = folder.run("unmapped")

    assert ran.code == 0
    assert ran.out.startswith(" No sync has read the sources yet, so nothing is known to wait.\n")
    assert ran.out.endswith("\n\n Next: connector plan\n")
    assert sorted(path.name for path in folder.folder.iterdir()) == ["connector.toml", "mappings"]


def test_a_payment_waits_for_its_account(company: TableFolder) -> None:
    company.records_payments(account="No such account")
    company.owe(1, affiliate_id=67890, invoice_status="Paid")
    company.sync(code=6)

    (name,) = company.run("unmapped", "--json").json["names"]

    assert (name["kind"], name["invoices"], name["amounts"]) == ("account", 1, {"AUD": "101.25"})
    assert "No such account" in name["reason"]


def test_what_the_source_leaves_empty_no_row_can_have(company: TableFolder) -> None:
    mapping = company.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("match: billing_cycle_name", "match: payment_type"))
    terms = company.folder / "mappings/cake.terms.csv"
    terms.write_text("payment_type,terms\nWire,Net 30\n")
    company.owe(1, affiliate_id=67890, payment_type="")
    company.sync(code=6)

    ran = company.run("unmapped")

    assert "mappings/cake.terms.csv: a cell has to be filled in or mended." in ran.out
    assert "(empty)" in ran.out
    assert "the source leaves it empty: fill it in there, or add a row for *" in ran.out
    assert VENDORS not in ran.out
