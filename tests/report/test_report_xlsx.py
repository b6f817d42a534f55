"""The workbook of a reconciliation, read back by another library: numbers, dates, links, and nothing that computes."""

import datetime
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from made_reconciliation import COMPANY, HOSTILE, half_a_year, hostile, made

from connector.errors import WrongUse
from connector.reconcile import Row
from connector.report import reconciliation_xlsx, workbook
from connector.report.reconciliation_xlsx import write_xlsx

SHEETS = ["Summary", "Exceptions", "All", "Read me"]


def written(path: Path, rows: Iterator[Row]) -> Any:
    found = made(rows)
    write_xlsx(path, found, COMPANY)
    found.close()
    return openpyxl.load_workbook(path)


def lines(sheet: Any) -> list[dict[str, Any]]:
    """The rows of Exceptions or All as cells by their headings."""
    head, *rows = sheet.iter_rows()
    return [{title.value: cell for title, cell in zip(head, row, strict=True)} for row in rows]


def test_it_holds_a_summary_the_exceptions_all_rows_and_what_they_mean(tmp_path: Path) -> None:
    book = written(tmp_path / "out.xlsx", half_a_year())

    assert book.sheetnames == SHEETS
    statuses = [row["Status"].value for row in lines(book["Exceptions"])]
    assert statuses == [
        "amount-differs",
        "voided-at-source-paid",
        "currency-differs",
        "missing-in-quickbooks",
        "no-source",
        "twice-in-quickbooks",
        "blocked",
        "held",
    ]
    assert len(lines(book["All"])) == 60
    shown = {cell.value for row in book["Summary"].iter_rows() for cell in row}
    assert {"Harbour Media Pty Ltd", "Prepared by", "2026-11-03T09:02:00Z", "3f9a21c03f9a", "closes"} <= shown
    assert "The proof closes: every invoice and every bill of them is in exactly one row." in shown


def test_amounts_are_numbers_with_the_decimals_of_their_currency_and_dates_are_dates(tmp_path: Path) -> None:
    yen = replace(next(half_a_year()), currency="JPY", source_amount=Decimal(1234))
    dinar = replace(yen, currency="KWD", source_amount=Decimal("-1.234"))
    huge = replace(yen, currency="USD", source_amount=Decimal("99999999999999.99"))

    first, second, third, fourth = lines(
        written(tmp_path / "o.xlsx", iter([yen, dinar, huge, next(half_a_year())]))["All"]
    )

    assert (first["Source says"].value, first["Source says"].number_format) == (1234, "#,##0")
    assert (second["Source says"].value, second["Source says"].number_format) == (-1.234, "#,##0.000")
    assert third["Source says"].value == "99999999999999.99"  # more digits than Excel keeps of a number
    assert fourth["Source says"].number_format == "#,##0.00"
    assert fourth["Invoice date"].value == datetime.datetime(2026, 5, 1)  # noqa: DTZ001
    assert fourth["Invoice date"].number_format == "yyyy-mm-dd"
    assert (fourth["Invoice"].value, fourth["Invoice"].data_type) == ("10000", "s")


def test_people_can_filter_scroll_and_open_the_bill_in_the_right_company(tmp_path: Path) -> None:
    book = written(tmp_path / "out.xlsx", half_a_year())

    for name, last in (("Exceptions", 9), ("All", 61)):
        assert book[name].freeze_panes == "A2"
        assert book[name].auto_filter.ref == f"A1:U{last}"
    link = lines(book["Exceptions"])[0]["In QuickBooks"]
    assert link.value == "bill 1007"
    assert link.hyperlink.target == (
        "https://qbo.intuit.com/app/login?pagereq=bill%3FtxnId%3D1007&deeplinkcompanyid=4620816365"
    )


def test_nothing_in_it_computes_or_obeys_a_name(tmp_path: Path) -> None:
    book = written(tmp_path / "out.xlsx", hostile())

    for sheet in book:
        assert not sheet.merged_cells.ranges
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                if cell.data_type == "s" and sheet.title == "All" and cell.hyperlink is None:
                    assert cell.number_format == "@" or cell.row == 1  # text, also after a person edits the cell
                assert not {"\u202e", "\u2066", "\t"} & set(str(cell.value))
    vendors = [row["Vendor"].value for row in lines(book["All"])]
    assert {name for name in HOSTILE if "\u202e" not in name and "\t" not in name} <= set(vendors)
    assert {row["Vendor"].hyperlink for row in lines(book["All"])} == {None}


def test_the_same_rows_give_the_same_bytes_whatever_the_time(tmp_path: Path) -> None:
    digests = set()
    for year in (2026, 2031):
        with time_machine.travel(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)):
            written(tmp_path / f"{year}.xlsx", half_a_year())
        digests.add(hashlib.sha256((tmp_path / f"{year}.xlsx").read_bytes()).hexdigest())

    assert len(digests) == 1


def test_more_links_than_excel_takes_become_text_and_more_rows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "_MOST_LINKS", 5)
    rows = [row["In QuickBooks"] for row in lines(written(tmp_path / "out.xlsx", half_a_year())["All"])]
    monkeypatch.setattr(reconciliation_xlsx, "MOST_ROWS", 59)

    assert sum(cell.hyperlink is not None for cell in rows) == 5
    assert all(cell.hyperlink or cell.value is None or cell.value.startswith("https://") for cell in rows)
    with pytest.raises(WrongUse, match="60 rows are more than an Excel sheet takes"):
        written(tmp_path / "out.xlsx", half_a_year())


def test_a_proof_that_does_not_close_and_a_source_that_was_not_read_are_said_on_top(tmp_path: Path) -> None:
    found = made(half_a_year())
    found.proof.add_invoice("cake", "USD", "2026-10", Decimal("0.01"))
    write_xlsx(tmp_path / "out.xlsx", found, COMPANY)
    shown = [cell.value for row in openpyxl.load_workbook(tmp_path / "out.xlsx")["Summary"].iter_rows() for cell in row]

    assert "does NOT close" in shown
    assert any("The proof does NOT close" in str(value) for value in shown)
