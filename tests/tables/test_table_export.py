"""The workbook of a table: ids are text, names are chosen from lists, what waits is told, and nothing computes."""

import hashlib

import openpyxl
import pytest
from table_folder import VENDORS, TableFolder

from connector.sandbox.credentials import REALM_ID
from connector.state.overview import seen_keys

HOSTILE = "=cmd|' /C calc'!A0 \u202egnp"


@pytest.fixture
def waiting(company: TableFolder) -> TableFolder:
    company.load("Vendor", {"DisplayName": "Nordic Deals ApS", "CurrencyRef": {"value": "EUR"}})
    with company.vendors.open("a") as table:
        table.write("68100,Empty Cell Media,,Affiliate payouts:US,US\n")
    company.owe(1, 2, affiliate_id=70113, affiliate_name="Nordic Deals", currency_symbol="EUR", total_payout="120.50")
    company.owe(3, affiliate_id=70114, affiliate_name=HOSTILE)
    company.owe(4, affiliate_id=68100, invoice_date="2026-08-31")
    company.owe(5, affiliate_id=67890, invoice_date="2026-10-31", currency_symbol="USD")
    assert company.sync(code=6).counts == {"blocked": 4, "created": 1}
    return company


def test_it_holds_the_rows_what_waits_for_them_and_the_rows_that_are_missing(waiting: TableFolder) -> None:
    ran = waiting.export()

    assert ran.out == (
        f"out.xlsx: 4 rows of {VENDORS}, and 2 that invoices wait for\n"
        "Next: edit it, save it, then: connector table import out.xlsx cake.vendors\n"
    )
    rows = waiting.rows()
    assert list(rows[0]) == [
        *("affiliate_id", "affiliate_name", "vendor", "account", "class"),
        *("(last seen)", "(invoices waiting)", "(waiting AUD)", "(waiting EUR)", "(note)"),
    ]
    assert [row["affiliate_id"] for row in rows] == ["67890", "67912", "68004", "68100", "70113", "70114"]
    assert f"{rows[0]['(last seen)']:%Y-%m-%d}" == "2026-10-31"
    assert (rows[0]["(invoices waiting)"], rows[0]["(note)"]) == (None, None)
    assert (rows[3]["(invoices waiting)"], rows[3]["(waiting AUD)"]) == (1, 104.25)
    assert rows[3]["(note)"] == "fill in or mend vendor"
    assert (rows[4]["(invoices waiting)"], rows[4]["(waiting EUR)"], rows[4]["vendor"]) == (2, 241, None)
    assert rows[4]["(note)"] == 'new: fill in vendor; looks like "Nordic Deals ApS"'
    assert rows[5]["affiliate_name"] == "=cmd|' /C calc'!A0 \ufffdgnp"


def test_every_cell_of_the_table_is_text_also_where_a_person_types_later(waiting: TableFolder) -> None:
    waiting.export()
    book = openpyxl.load_workbook(waiting.folder / "out.xlsx")

    sheet = book["vendors"]
    assert sheet.freeze_panes == "A2"
    for row in sheet.iter_rows(min_row=2, max_col=5):
        for cell in row:
            assert cell.value is None or (cell.data_type, cell.number_format) == ("s", "@")
    assert [sheet.column_dimensions[column].number_format for column in "ABCDE"] == ["@"] * 5
    assert {cell.data_type for each in book for row in each.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert [each.title for each in book] == ["vendors", "Names in QuickBooks", "Read me"]


def test_names_are_chosen_from_the_lists_of_quickbooks(waiting: TableFolder) -> None:
    waiting.export()
    book = openpyxl.load_workbook(waiting.folder / "out.xlsx")

    lists = {str(each.sqref): each for each in book["vendors"].data_validations.dataValidation}
    assert {at: (each.type, each.showErrorMessage, each.errorStyle) for at, each in lists.items()} == {
        "C2:C1007": ("list", False, "warning"),  # a vendor of a new name is made
        "D2:D1007": ("list", True, "warning"),
        "E2:E1007": ("list", True, "warning"),
    }
    names = waiting.rows("Names in QuickBooks")
    accounts = [row["for account"] for row in names if row["for account"]]
    assert "Affiliate payouts:US" in accounts
    assert "Accounts Payable (A/P)" not in accounts
    assert accounts == sorted(accounts)
    assert lists["D2:D1007"].formula1 == f"'Names in QuickBooks'!$B$2:$B${len(accounts) + 1}"
    assert "Nordic Deals ApS" in [row["for vendor"] for row in names]


def test_the_same_state_gives_the_same_bytes(waiting: TableFolder) -> None:
    digests = set()
    for _ in range(2):
        waiting.export()
        digests.add(hashlib.sha256((waiting.folder / "out.xlsx").read_bytes()).hexdigest())

    assert len(digests) == 1


def test_it_asks_nobody_unless_told_to(waiting: TableFolder) -> None:
    waiting.load("Vendor", {"DisplayName": "Made Just Now Ltd"})
    asked = len(waiting.control("requests"))

    waiting.export()
    assert len(waiting.control("requests")) == asked
    assert "Made Just Now Ltd" not in str(waiting.rows("Names in QuickBooks"))

    waiting.export("cake.vendors", "--online")
    assert "Made Just Now Ltd" in str(waiting.rows("Names in QuickBooks"))


def test_without_a_state_there_are_rows_and_no_names(folder: TableFolder) -> None:
    ran = folder.export("terms")

    assert "No names to choose from are known yet" in ran.out
    book = openpyxl.load_workbook(folder.folder / "out.xlsx")
    assert [each.title for each in book] == ["terms", "Read me"]
    assert not (folder.folder / "state.db").exists()


def test_as_json(folder: TableFolder) -> None:
    assert folder.export("cake.vendors", "--json").json == {
        "schema": "connector/table/1",
        "table": "cake.vendors",
        "file": VENDORS,
        "to": "out.xlsx",
        "rows": 3,
        "proposed": 0,
        "problems": [],
    }


def test_what_it_cannot_do_it_says(folder: TableFolder) -> None:
    assert "name a file that ends in .xlsx" in folder.run("table", "export", "vendors", "-o", "out.csv").said
    assert folder.run("table", "export", "vendors", "-o", "no/such/out.xlsx").code == 2
    folder.vendors.write_text("affiliate_id,vendor\n1,A\n1,B\n")

    ran = folder.run("table", "export", "vendors", "-o", "out.xlsx")

    assert (ran.code, "error[M135]" in ran.said) == (3, True)
    assert not (folder.folder / "out.xlsx").exists()


def test_a_filled_in_row_comes_in_and_the_others_stay_out(waiting: TableFolder) -> None:
    waiting.export()
    waiting.edit(C6="Nordic Deals ApS", C5="Empty Cell Media Ltd")

    ran = waiting.bring()

    assert '+ 70113  affiliate_name: "Nordic Deals"  vendor: "Nordic Deals ApS"' in ran.out
    assert '~ 68100 (line 5)  vendor: empty → "Empty Cell Media Ltd"' in ran.out
    assert "· 1 proposed row was not filled in and is left out" in ran.out
    assert waiting.vendors.read_text().endswith("US,US\n70113,Nordic Deals,Nordic Deals ApS,,\n")
    assert waiting.sync(code=6).counts == {"created": 3, "blocked": 1, "unchanged": 1}


def test_keys_are_seen_whatever_type_their_fields_have(waiting: TableFolder) -> None:
    with waiting.state() as state:
        found = dict(seen_keys(state, REALM_ID, "cake", ("affiliate_id", "total_payout", "invoice_date")))

    assert found["70113", "120.50", "2026-09-30"].isoformat() == "2026-09-30"
    assert len(found) == 4
