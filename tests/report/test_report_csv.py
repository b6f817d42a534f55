"""The CSV of a reconciliation: every row, numbers that are numbers, and no cell that a spreadsheet would obey."""

import csv
import io
import json

from made_reconciliation import COMPANY, half_a_year, hostile, made

from connector.reconcile import Reconciled
from connector.report.reconciliation import write_reconciliation
from connector.report.reconciliation_csv import COLUMNS, write_csv

AMOUNTS = ("source_amount", "our_amount", "quickbooks_amount", "open_amount")


def written(found: Reconciled) -> str:
    stream = io.StringIO(newline="")
    write_csv(stream, found, COMPANY)
    return stream.getvalue()


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_excel_is_told_that_it_is_utf_8_and_every_line_ends_as_it_expects() -> None:
    text = written(made(half_a_year()))

    assert text.startswith('\ufeff"status","family","source"')
    assert text.count("\r\n") == text.count("\n") == 61
    assert tuple(read(text)[0]) == COLUMNS


def test_every_row_of_the_json_stands_in_it_with_the_same_values() -> None:
    found = made(half_a_year())
    stream = io.StringIO()
    write_reconciliation(stream, found, COMPANY)

    told = json.loads(stream.getvalue())["rows"]
    rows = read(written(found))

    assert len(rows) == len(told) == 60
    for row, data in zip(rows, told, strict=True):
        data["account"] = "; ".join(each["account"] for each in data["accounts"])
        assert row == {name: data[name] or "" for name in COLUMNS}


def test_an_amount_below_zero_stays_a_number() -> None:
    (credit,) = (row for row in read(written(made(half_a_year()))) if row["entity"] == "VendorCredit")

    assert credit["source_amount"] == credit["quickbooks_amount"] == "-9012.25"
    assert credit["date"] == "2026-07-08"


def test_no_text_begins_as_a_formula_would() -> None:
    rows = read(written(made(hostile())))

    texts = [value for row in rows for name, value in row.items() if name not in AMOUNTS]
    assert not [text for text in texts if text.startswith(tuple("=+-@\t\r\n"))]
    assert rows[6]["vendor"] == "'=cmd|'/C calc'!A0"
    assert rows[24]["vendor"] == "W" * 500
    assert not {"\u202e", "\u2066", "\u200f", "\t", "\r"} & set("".join(texts))


def test_the_same_rows_give_the_same_bytes() -> None:
    assert written(made(half_a_year())) == written(made(half_a_year()))
