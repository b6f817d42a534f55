"""Workbooks and CSVs as people really save them: each is read as it was meant, or refused in exactly these words."""

import datetime
import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from connector.mapping import FAULT_CODES, MappingFaults
from connector.tables.codes import CODES
from connector.tables.incoming import read_incoming
from connector.tables.sheet import read_sheet

HERE = Path(__file__).parent
HEADINGS = ("affiliate_id", "vendor", "account")
FINE = ("67890", "MediaBridge Partners LLC", "Affiliate payouts:US")


def plain(sheet: Worksheet) -> None:
    sheet.append(FINE)


def ids_that_are_numbers(sheet: Worksheet) -> None:
    """Up to fifteen digits Excel keeps every one."""
    for id_ in (67890, 67890.0, 123456789012345, -4):
        sheet.append((id_, "A", "B"))


def ids_with_a_form_of_noughts(sheet: Worksheet) -> None:
    sheet.append((412, "A", "B"))
    sheet["A2"].number_format = "000000"


def long_ids_that_became_numbers(sheet: Worksheet) -> None:
    sheet.append((123456789012345678, "A", "B"))
    sheet.append((1.23457e17, "A", "B"))


def a_formula_with_its_value(sheet: Worksheet) -> None:
    """Made by hand: no library writes both."""
    sheet.append(("67890", "=A2", "B"))


def a_formula_that_was_never_worked_out(sheet: Worksheet) -> None:
    sheet.append(("67890", '=CONCATENATE("A","B")', "=1+1"))


def an_error_in_a_cell(sheet: Worksheet) -> None:
    sheet.append(("67890", "#N/A", "B"))
    sheet["B2"].data_type = "e"


def merged_cells(sheet: Worksheet) -> None:
    for _ in range(3):
        sheet.append(FINE)
    sheet.merge_cells("C2:C4")


def dates(sheet: Worksheet) -> None:
    """A date is written as the mapping reads dates; a time belongs to no table."""
    sheet.append(("67890", datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31)))  # noqa: DTZ001


def times(sheet: Worksheet) -> None:
    sheet.append(("67890", datetime.datetime(2026, 1, 31, 12, 30), datetime.time(12, 30)))  # noqa: DTZ001


def a_percentage(sheet: Worksheet) -> None:
    sheet.append(("67890", "A", 0.1))
    sheet["C2"].number_format = "0%"


def numbers_with_decimals(sheet: Worksheet) -> None:
    sheet.append(("67890", 1234.5, 0.1 + 0.2))


def spaces_and_line_ends(sheet: Worksheet) -> None:
    sheet.append(("\u00a067890 ", "  Smith, Jones & Co\u00a0", "two\r\nlines"))
    sheet.append(("\u200e70112\u200b", True, None))


def blank_rows_and_columns(sheet: Worksheet) -> None:
    sheet.append(())
    sheet.append((*FINE, None, None, None))
    sheet["H9"] = "  "


def something_under_no_heading(sheet: Worksheet) -> None:
    sheet.append((*FINE, "why is this here"))


def hidden_rows_and_columns(sheet: Worksheet) -> None:
    """What a filter hides is still in the table."""
    sheet.append(FINE)
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True


def a_hidden_sheet_beside_it(sheet: Worksheet) -> None:
    sheet.append(FINE)
    other = sheet.parent.create_sheet("old")
    other.append(("something", "else"))
    other.sheet_state = "hidden"


def only_hidden_sheets(sheet: Worksheet) -> None:
    sheet.append(FINE)
    sheet.sheet_state = "hidden"
    sheet.parent.create_sheet("Read me")


def two_sheets_and_none_of_its_name(sheet: Worksheet) -> None:
    sheet.title = "Sheet1"
    sheet.append(FINE)
    sheet.parent.create_sheet("Sheet2").append(HEADINGS)


def two_sheets_and_one_of_its_name(sheet: Worksheet) -> None:
    sheet.title = "x"
    sheet.title = "VENDORS"
    sheet.append(FINE)
    sheet.parent.create_sheet("Notes").append(("call Joe",))


def an_empty_sheet(sheet: Worksheet) -> None:
    sheet.delete_rows(1)


def a_text_that_would_be_a_formula(sheet: Worksheet) -> None:
    sheet.append(("67890", "=cmd|' /C calc'!A0", "@SUM(1)"))
    sheet["B2"].data_type = "s"


SHEETS: dict[str, Callable[[Worksheet], None]] = {
    each.__name__: each
    for each in list(globals().values())
    if callable(each) and getattr(each, "__module__", "") == __name__
}


def made(build: Callable[[Worksheet], None]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "vendors"
    sheet.append(HEADINGS)
    build(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(data: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """A workbook with one of its parts made otherwise, as other programs make them."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            text = old.read(each)
            new.writestr(each, change(text.decode()).encode() if each == name else text)
    return out.getvalue()


def told(data: bytes, folder: Path, name: str = "vendors.xlsx") -> str:
    """What is read, a row a line, or the words in which it is refused."""
    (folder / name).write_bytes(data)
    try:
        found = read_incoming(folder / name, "vendors", read_sheet)
    except MappingFaults as faults:
        return "\n\n".join(fault.render() for fault in faults.faults)
    rows = [f"{row.number}: {' | '.join(map(repr, row.cells))}" for row in found.rows]
    return "\n".join([f"{found.head}: {' | '.join(found.columns)}", *rows])


def golden(name: str, got: str) -> None:
    path = HERE / "sheets" / f"{name}.txt"
    if os.environ.get("REGENERATE_GOLDEN") == "1":
        path.write_text(f"{got}\n")

    assert path.read_text() == f"{got}\n"


@pytest.mark.parametrize("name", SHEETS)
def test_a_workbook_is_read_as_it_was_meant_or_refused_in_these_words(name: str, tmp_path: Path) -> None:
    data = made(SHEETS[name])
    if name == "a_formula_with_its_value":
        kept = r'<c r="B2" t="str"><f>A2</f><v>67890 Ltd</v></c>'
        data = changed(data, "xl/worksheets/sheet1.xml", lambda text: re.sub(r'<c r="B2".*?</c>', kept, text))

    golden(name, told(data, tmp_path))


FILES: dict[str, tuple[str, bytes]] = {
    "a_csv_in_windows_letters": ("vendors.csv", "affiliate_id;vendor\n67890;Société\n".encode("cp1252")),
    "a_csv_of_excel_with_semicolons": (
        "vendors.csv",
        "\ufeffaffiliate_id;vendor\r\n67890;\u00a0Smith, Joe\r\n".encode(),
    ),
    "a_csv_with_tabs": ("vendors.txt", b"affiliate_id\tvendor\n67890\tSmith, Joe\n\n70112\n"),
    "a_csv_with_a_comma_too_many": ("vendors.csv", b"affiliate_id,vendor\n67890,Smith, Joe\n"),
    "a_csv_with_a_quote_that_is_never_closed": ("vendors.csv", b'affiliate_id,vendor\n67890,"Smith\n'),
    "an_empty_file": ("vendors.csv", b""),
    "a_workbook_of_old_excel": ("vendors.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more"),
    "an_archive_that_is_no_workbook": ("vendors.xlsx", b""),
    "a_workbook_that_was_cut_off": ("vendors.xlsx", made(plain)[:-900]),
    "a_workbook_with_a_damaged_sheet": (
        "vendors.xlsx",
        changed(made(plain), "xl/worksheets/sheet1.xml", lambda text: text[: len(text) // 2]),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_as_it_was_meant_or_refused_in_these_words(name: str, tmp_path: Path) -> None:
    called, data = FILES[name]
    if name == "an_archive_that_is_no_workbook":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr("content.xml", "<office/>")
        data = out.getvalue()

    golden(name, told(data, tmp_path, called))


def test_every_refusal_is_explained_and_says_what_to_do() -> None:
    told = "".join(path.read_text() for path in (HERE / "sheets").iterdir())
    codes = set(re.findall(r"error\[([^]]+)\]", told))

    assert codes <= {*CODES, *FAULT_CODES}
    assert told.count("error[") == told.count("\n  = ")
    assert {"table-file", "table-sheet", "table-columns", "table-cell", "table-merged", "table-key"} <= codes


def test_the_refusals_use_no_words_of_a_library() -> None:
    strange = re.compile(r"xml|zip|codec|openpyxl|exception|NoneType|datetime|data_type", re.IGNORECASE)

    for path in sorted((HERE / "sheets").iterdir()):
        assert not strange.search(path.read_text()), path.name


def test_a_workbook_that_unpacks_to_far_too_much_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.tables.sheet._UNPACKED_LIMIT", 2000)

    assert "error[table-file]: unpacked, this workbook is far too large" in told(made(plain), tmp_path)


def test_many_faults_are_told_twenty_times(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        for _ in range(50):
            sheet.append((1e20, "A", "B"))

    assert told(made(build), tmp_path).count("error[table-key]") == 20
