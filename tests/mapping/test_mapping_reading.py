"""Reading: everything is text, tables match as people expect, and nothing is cut or guessed."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from mapping_records import VENDORS, form_text, invoice

from connector.mapping import Mapped, Mapping, MappingFaults, NotMapped, load
from connector.mapping.dates import format_date, pattern_fault
from connector.mapping.faults import TextFile
from connector.mapping.placeholder import Column, FieldName, Grammar, Literal, Number, Placeholder, parse_template
from connector.mapping.tables import read_table
from connector.sources.cake import Cake

Build = Callable[..., Mapping]


def memo(mapping: Mapping, **changes: object) -> str:
    mapped = mapping.apply(invoice(**changes))
    assert isinstance(mapped, Mapped), mapped
    return mapped.document.memo


@pytest.mark.parametrize("text", ["NO", "0412", "12:30", "1e5", "null", "2026-01-31", "~", "on", "0x1F", "1_000"])
def test_what_yaml_takes_for_something_else_stays_text(text: str, build: Build) -> None:
    assert memo(build(bill={"memo": text})) == text


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("a lone > is literal", "a lone > is literal"),
        ("5 << 6", "5 < 6"),
        ('<payment_type or "<none>">', "PayPal"),
        ('<advertiser_id or "say ""no"" > yes">', 'say "no" > yes'),
        ("<advertiser_id or payment_type or 7>", "PayPal"),
        ("<advertiser_id or 1,234.50>", "1,234.50"),
        ("<advertiser_id or -5>", "-5"),
        ("<total_payout>", "4825.50"),
        ("<invoice_date>", "2026-01-31"),
        ("<invoice_date + 30 days>", "2026-03-02"),
        ("<invoice_date - 31 days as dd/mm/yy>", "31/12/25"),
        ("<invoice_date as d mmmm yyyy>", "31 January 2026"),
        ('<advertiser_id or "">', ""),
        ('<vendors.account or "none">', "Affiliate payouts:US"),
        ('<vendors.vendor or "A as B or C">', "MediaBridge Partners LLC"),
        ('"Invoice #<invoice_id>"', "Invoice #10042"),
        ("Invoice<invoice_id>#1", "Invoice10042#1"),
    ],
)
def test_a_placeholder_is_filled_in(box: str, expected: str, build: Build) -> None:
    quoted = box if box.startswith('"Inv') else "'" + box.replace("'", "''") + "'"

    assert memo(build(bill={"memo": quoted})) == expected


def test_zero_is_a_value_and_an_empty_text_is_none(build: Build) -> None:
    mapping = build(bill={"memo": '<payment_type or "nothing">'})

    assert memo(mapping, payment_type="0") == "0"
    assert memo(mapping, payment_type="") == "nothing"
    assert memo(mapping, payment_type=None) == "nothing"


def test_empty_text_chosen_on_purpose_has_no_date_to_write(build: Build) -> None:
    assert memo(build(bill={"memo": '<date_approved or "" as d mmm yyyy>'}), date_approved=None) == ""


def test_the_grammar_is_read_as_it_is_written_down() -> None:
    text = 'x <a or t.two words or "q" or 1.5 + 14 days as d mmm yyyy> y'
    parts = parse_template(text).parts

    placeholder = parts[1]
    assert isinstance(placeholder, Placeholder)
    assert (parts[0], parts[2]) == ("x ", " y")
    assert (placeholder.days, placeholder.pattern) == (14, "d mmm yyyy")
    assert [type(one) for one in placeholder.alternatives] == [FieldName, Column, Literal, Number]
    assert str(placeholder.alternatives[1]) == "t.two words"


@pytest.mark.parametrize(
    "text",
    [
        "<",
        "<a",
        "<>",
        "<a b>",
        '<"a">',
        "<a or>",
        "<or a>",
        "<a or or b>",
        "<a as>",
        "<a as d m>",
        "<a + days>",
        "<a.or>",
        "<a + 5>",
        "<a.b.c>",
        "<a or 1.234,50>",
        '<a or "b>',
        "<a - 99999 days>",
        "<a <b>>",
        "<a as d mmm yyyy + 1 days>",
    ],
)
def test_what_is_not_in_the_grammar_is_a_fault(text: str) -> None:
    with pytest.raises(Grammar) as caught:
        parse_template(text)

    assert text[caught.value.offset :] or caught.value.offset == len(text)


def test_many_quotes_take_no_time() -> None:
    started = time.perf_counter()
    with pytest.raises(Grammar):
        parse_template("<a or " + '"' * 50_001)

    assert time.perf_counter() - started < 1


def test_every_date_pattern_of_a_spreadsheet_is_known() -> None:
    day = date(2026, 3, 5)
    patterns = {"d": "5", "dd": "05", "mm": "03", "mmm": "Mar", "mmmm": "March", "yy": "26", "yyyy": "2026"}

    assert {pattern: format_date(day, pattern) for pattern in patterns} == patterns
    assert format_date(day, "mmm d, yyyy") == "Mar 5, 2026"
    assert pattern_fault("d m yyyy") == (2, "m")
    assert pattern_fault("yyyy'T'") == (4, "'")


def test_a_mapping_with_a_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    (tmp_path / "cake.yaml").write_bytes(b"\xef\xbb\xbf" + form_text().replace("\n", "\r\n").encode())
    (tmp_path / "vendors.csv").write_bytes(b"\xef\xbb\xbf" + VENDORS.replace("\n", "\r\n").encode())
    mapped = load(tmp_path / "cake.yaml", Cake, root=tmp_path).apply(invoice())

    assert isinstance(mapped, Mapped)
    assert mapped.document.vendor == "MediaBridge Partners LLC"


@pytest.mark.parametrize(
    "table",
    [
        "affiliate_id;vendor;account\n67890;Smith, Jones & Co;A\n",
        "affiliate_id\tvendor\taccount\n67890\tSmith, Jones & Co\tA\n",
        'affiliate_id,vendor,account,,\n\n,,\n\u00a067890 ," Smith, Jones & Co\u00a0",A,,\n',
        '\ufeffaffiliate_id,vendor,account\r\n\u200e67890\u200b,"\u202aSmith, Jones & Co\u202c",A\r\n',
        'affiliate_id,vendor,account,for the eye\n*,Others,B,"two\nlines"\n67890,"Smith, Jones & Co",A,x\n',
    ],
)
def test_tables_are_read_as_spreadsheets_save_them(table: str, build: Build) -> None:
    mapped = build(vendors=table).apply(invoice())

    assert isinstance(mapped, Mapped)
    assert mapped.document.vendor == "Smith, Jones & Co"


def test_the_most_exact_row_wins_and_its_empty_cells_stay_empty() -> None:
    text = "a,b,v\n*,*,all\n1,*,one\n*,2,two\n1,2,both\n3,*,\n3,2,\n"
    table, faults = read_table("t", TextFile("t.csv", text), ("a", "b"))

    assert table
    assert faults == []
    found = {key: table.lookup(key) for key in [("1", "2"), ("1", "9"), ("9", "2"), ("9", "9"), ("3", "9"), ("", "")]}
    assert {key: row and table.cell(row, "v") for key, row in found.items()} == {
        ("1", "2"): "both",
        ("1", "9"): "one",
        ("9", "2"): "two",
        ("9", "9"): "all",
        ("3", "9"): "",
        ("", ""): "all",
    }


def test_rows_that_tie_are_a_fault_unless_a_row_of_its_own_decides() -> None:
    def faults(text: str) -> list[str]:
        return [fault.what for fault in read_table("t", TextFile("t.csv", text), ("a", "b", "c"))[1]]

    assert faults("a,b,c,v\n1,*,3,x\n*,2,3,y\n") == ["this row and line 2 both serve a is 1 and b is 2 and c is 3"]
    assert faults("a,b,c,v\n1,*,3,x\n*,2,3,y\n1,2,3,z\n") == []
    assert faults("a,b,c,v\n1,*,3,x\n*,2,4,y\n") == []
    assert faults("a,b,c,v\n1,*,*,x\n*,2,*,y\n1,2,*,z\n") == []


def test_a_hundred_faults_in_a_table_are_told_twenty_times() -> None:
    text = "a,v\n" + "1,x\n" * 101

    assert len(read_table("t", TextFile("t.csv", text), ("a",))[1]) == 20


def test_a_star_serves_a_key_that_is_empty_and_nothing_else_does(build: Build) -> None:
    tables = {"vendors": "{file: vendors.csv, match: affiliate_name}"}
    bill = {"vendor": "<vendors.vendor>"}
    with_star = build(tables=tables, bill=bill, vendors="affiliate_name,vendor\n*,Others\n")
    without = build(tables=tables, bill=bill, vendors="affiliate_name,vendor\nA,B\n")

    assert isinstance(with_star.apply(invoice(affiliate_name=None)), Mapped)
    outcome = without.apply(invoice(affiliate_name=None))
    assert isinstance(outcome, NotMapped)
    assert outcome.cause == "vendors.csv: no row where affiliate_name is empty"


def test_a_mapping_is_never_read_again(build: Build, tmp_path: Path) -> None:
    mapping = build()
    (tmp_path / "vendors.csv").write_text("affiliate_id,vendor,account\n67890,Somebody else,X\n")
    mapped = mapping.apply(invoice())

    assert isinstance(mapped, Mapped)
    assert mapped.document.vendor == "MediaBridge Partners LLC"
    assert mapping.tables == {"vendors.csv": VENDORS}


def test_fifty_thousand_rows_are_read_and_found_at_once(build: Build) -> None:
    rows = "".join(f"{number},Vendor {number},Affiliate payouts\n" for number in range(50_000))
    started = time.process_time()
    mapping = build(vendors="affiliate_id,vendor,account\n" + rows)
    loaded = time.process_time()
    for number in range(1000):
        assert isinstance(mapping.apply(invoice(affiliate_id=number * 49)), Mapped)

    assert loaded - started < 2
    assert time.process_time() - loaded < 1


def test_a_mapping_of_a_thousand_lines_is_checked_in_under_a_second(build: Build) -> None:
    line = (
        'account: Affiliate payouts, amount: <total_payout>, share: 0.5%, description: "<invoice_id> <affiliate_name>"'
    )
    started = time.process_time()
    mapping = build(lines="\n" + "\n".join(f"  - {{{line}}}" for _ in range(200)) + "\n" + "# remark\n" * 800)
    elapsed = time.process_time() - started
    mapped = mapping.apply(invoice())

    assert elapsed < 1
    assert isinstance(mapped, Mapped)
    assert mapped.document.total.amount == invoice().amount


def test_importing_the_language_stays_cheap() -> None:
    heavy = {"requests", "sqlmodel", "sqlalchemy", "pydantic"}
    code = f"import sys, connector.mapping; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_file_too_large_is_refused_before_it_is_read_as_a_form(tmp_path: Path) -> None:
    (tmp_path / "cake.yaml").write_text("# " + "x" * 300_000)
    with pytest.raises(MappingFaults) as caught:
        load(tmp_path / "cake.yaml", Cake, root=tmp_path)

    assert "larger than 256 KB" in caught.value.what


def test_a_mapping_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(MappingFaults) as caught:
        load(tmp_path / "none.yaml", Cake, root=tmp_path)

    assert caught.value.what.splitlines()[0] == "error[M101]: there is no such file"


def test_a_table_must_stand_beside_its_mapping(build: Build) -> None:
    with pytest.raises(MappingFaults) as caught:
        build(tables={"vendors": "{file: /etc/passwd, match: affiliate_id}"})

    assert caught.value.code == "M130"
