"""An import shows every difference first, writes what the mapping can use, and keeps every byte of the rest."""

import datetime
import json
import os
import pty
import stat
from pathlib import Path

import pytest
from table_folder import VENDORS, TableFolder

SHIPPED = b"""\
affiliate_id,affiliate_name,vendor,account,class
67890,MediaBridge Partners,MediaBridge Partners LLC,Affiliate payouts:US,US
67912,Blue Fox Media,Blue Fox Media Ltd,Affiliate payouts:UK,UK
68004,Acme Reviews,Acme Reviews Inc,Affiliate payouts:US,US
"""
# As Excel saves it in Germany, with quotes and spaces as people type them, a remark column and an empty line.
TYPED = (
    "\ufeffaffiliate_id;affiliate_name; vendor ;account;class;remark;;\r\n"
    '67890;"MediaBridge Partners"; MediaBridge Partners LLC;Affiliate payouts:US;US;"""Joe""\r\nwaits";;\r\n'
    "\r\n"
    "67912;;Blue Fox Media Ltd;;;;;\r\n"
    "68004;Acme Reviews;=cmd|' /C calc'!A0;Affiliate payouts:US;US;\u202egnp.exe;;"
).encode()


def written(folder: TableFolder, text: str, name: str = "in.csv") -> str:
    (folder.folder / name).write_text(text, encoding="utf-8", newline="")
    return name


def test_an_export_that_nobody_edited_changes_nothing(folder: TableFolder) -> None:
    folder.vendors.write_bytes(TYPED)
    folder.export()

    ran = folder.bring()

    assert (ran.code, ran.out) == (0, f" {VENDORS}: nothing differs\n\n\nNothing was written.\n")
    assert folder.vendors.read_bytes() == TYPED


def test_the_difference_is_told_cell_by_cell_and_everything_else_stays_as_it_is_saved(folder: TableFolder) -> None:
    folder.vendors.write_bytes(TYPED)
    folder.export()
    folder.edit(C4="Acme; Reviews", E4=None, A5="70113", C5="Foo Media Ltd", D5="Affiliate payouts:UK")
    folder.edit(**{f"{column}3": None for column in "ABCDEF"})

    ran = folder.bring()

    assert ran.out.splitlines() == [
        f" {VENDORS}: 1 row added, 1 row changed, 1 row removed",
        "",
        ' + 70113  vendor: "Foo Media Ltd"  account: "Affiliate payouts:UK"',
        ' ~ 68004 (line 6)  vendor: "=cmd|\' /C calc\'!A0" → "Acme; Reviews"; class: "US" → empty',
        ' - 67912 (line 5)  vendor: "Blue Fox Media Ltd"',
        "",
        "",
        "Written. Next: connector plan",
    ]
    lines = TYPED.split(b"\r\n")
    assert folder.vendors.read_bytes().split(b"\r\n") == [
        *lines[:4],
        '68004;Acme Reviews;"Acme; Reviews";Affiliate payouts:US;;\u202egnp.exe;;'.encode(),
        b"70113;;Foo Media Ltd;Affiliate payouts:UK;;",
        b"",
    ]


def test_a_csv_is_taken_over_too_whatever_divides_its_cells(folder: TableFolder) -> None:
    folder.vendors.write_bytes(TYPED)
    name = written(folder, "vendor\taffiliate_id\nMediaBridge Partners LLC\t67890\nBlue Fox\t67912\nX\t68004\n")

    ran = folder.bring(name)

    assert ran.code == 0, ran.said
    assert "· the file has no column affiliate_name, account, class, remark; what stands there stays" in ran.out
    before, after = TYPED.split(b"\r\n"), folder.vendors.read_bytes().split(b"\r\n")
    assert after[:4] == before[:4]
    assert after[4] == before[4].replace(b"Blue Fox Media Ltd", b"Blue Fox")


def test_an_unknown_column_is_told_and_not_written(folder: TableFolder) -> None:
    name = written(folder, SHIPPED.decode().replace("class", "klass").replace("Inc", "Incorporated"))

    ran = folder.bring(name)

    assert "! the table has no column klass: it is not taken over; to keep it, add the heading" in ran.out
    assert folder.vendors.read_bytes() == SHIPPED.replace(b"Inc", b"Incorporated")


def test_without_a_terminal_the_difference_is_shown_and_nothing_written(folder: TableFolder) -> None:
    name = written(folder, SHIPPED.decode().replace("Inc", "Incorporated"))

    ran, as_json = (folder.run("table", "import", name, "vendors", *options) for options in ((), ("--json",)))

    assert ran.out.splitlines() == [
        f" {VENDORS}: 1 row changed",
        "",
        ' ~ 68004 (line 4)  vendor: "Acme Reviews Inc" → "Acme Reviews Incorporated"',
        "",
    ]
    assert ran.said == as_json.said
    assert ran.said == (
        "error[consent-missing]: without a terminal nothing can be asked\n"
        "   = nothing was written; if it is right: connector table import in.csv vendors --yes\n"
    )
    assert (ran.code, as_json.code, as_json.json["written"], len(as_json.json["changed"])) == (2, 2, False, 1)
    assert folder.vendors.read_bytes() == SHIPPED


def test_where_nothing_differs_nobody_need_be_asked(folder: TableFolder) -> None:
    ran = folder.run("table", "import", written(folder, SHIPPED.decode()), "vendors")

    assert (ran.code, ran.out.split("\n")[0]) == (0, f" {VENDORS}: nothing differs")


@pytest.mark.parametrize(("answer", "kept"), [("n", True), ("y", False)])
def test_at_a_terminal_the_difference_is_shown_and_a_person_asked(
    answer: str, kept: bool, folder: TableFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = written(folder, SHIPPED.decode().replace("Inc", "Incorporated"))
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    with os.fdopen(theirs, "r") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        ran = folder.run("table", "import", name, "vendors")
    os.close(ours)

    assert ran.code == 0
    assert ran.out.index("Incorporated") < ran.out.index(f"Write this to {VENDORS}? [y/N]")
    assert ("Nothing was written." in ran.out) is kept
    assert (folder.vendors.read_bytes() == SHIPPED) is kept


def test_as_json(folder: TableFolder) -> None:
    name = written(folder, SHIPPED.decode().replace("Inc", "Incorporated").replace("67912", "70113"))

    told = folder.bring(name, "--json").json

    assert told == {
        "schema": "connector/table/1",
        "table": "cake.vendors",
        "file": VENDORS,
        "from": "in.csv",
        "written": True,
        "added": [
            {
                "affiliate_id": "70113",
                "affiliate_name": "Blue Fox Media",
                "vendor": "Blue Fox Media Ltd",
                "account": "Affiliate payouts:UK",
                "class": "UK",
            }
        ],
        "changed": [
            {
                "line": 4,
                "key": "68004",
                "cells": {"vendor": {"before": "Acme Reviews Inc", "after": "Acme Reviews Incorporated"}},
            }
        ],
        "removed": [{"line": 3, "cells": told["added"][0] | {"affiliate_id": "67912"}}],
        "unknown_columns": [],
        "absent_columns": [],
        "left_out": 0,
        "problems": [],
    }


def test_a_table_that_the_mapping_could_not_use_is_told_at_its_cells_and_not_written(folder: TableFolder) -> None:
    folder.export()
    folder.edit(A4="1.23457E+17")

    ran = folder.bring()

    assert ran.code == 3
    assert ran.said == (
        "error[M134]: affiliate_id 1.23457E+17 is a long id that a spreadsheet turned into a number\n"
        " --> out.xlsx, vendors row 4\n"
        "  = in Excel format the column as Text, then write the id anew\n\n"
        "1 fault. Next: mend it, then: connector table import   (nothing was written)\n"
    )
    assert folder.vendors.read_bytes() == SHIPPED


def test_a_fault_is_told_at_its_row_where_the_table_ends_without_a_line_end(folder: TableFolder) -> None:
    folder.vendors.write_bytes(SHIPPED + b'70113,"Foo\nMedia",Foo Ltd,,')
    name = written(folder, folder.vendors.read_text() + "\n1.23457E+17,,Long Ltd,,\n")

    ran = folder.bring(name)

    assert "error[M134]" in ran.said
    assert f" --> {name}:7:1\n" in ran.said


def test_the_examples_of_the_mapping_must_hold_with_the_new_table(folder: TableFolder) -> None:
    name = written(folder, SHIPPED.decode().replace("MediaBridge Partners LLC", "Somebody Else"))

    ran = folder.bring(name, "--json")

    assert ran.code == 3
    assert {each["code"] for each in ran.json["problems"]} == {"M142"}
    assert folder.vendors.read_bytes() == SHIPPED


def test_every_mapping_that_reads_the_table_is_asked(folder: TableFolder) -> None:
    folder.settings(commission_factory=True)
    other = folder.folder / "mappings/commission_factory.yaml"
    other.write_text(
        other.read_text()
        .replace("tables:\n", "tables:\n  vendors: {file: cake.vendors.csv, match: status}\n")
        .replace("  memo:     <Description>", "  memo:     <vendors.status>")
    )
    folder.vendors.write_bytes(SHIPPED.replace(b"affiliate_id,", b"affiliate_id,status,").replace(b",", b",Paid,", 1))

    ran = folder.bring(written(folder, "affiliate_id,status\n1,a\n2,a\n"), table="cake.vendors")

    assert ran.code == 3
    assert "a second row where status is a" in ran.said


def test_a_broken_table_can_be_mended_by_an_import(folder: TableFolder) -> None:
    folder.vendors.write_bytes(SHIPPED + b"67890,again,Twice Ltd,,\n")
    assert folder.run("check").code == 3

    assert folder.bring(written(folder, SHIPPED.decode())).code == 0

    assert folder.vendors.read_bytes() == SHIPPED
    assert folder.run("check").code == 0


def test_a_table_that_is_not_there_is_made(folder: TableFolder) -> None:
    folder.vendors.unlink()

    ran = folder.bring(written(folder, SHIPPED.decode().replace(",", ";")))

    assert ran.code == 0, ran.said
    assert folder.vendors.read_bytes() == SHIPPED


def test_the_file_keeps_its_mode_and_what_stands_behind_a_link(folder: TableFolder) -> None:
    folder.vendors.chmod(0o640)
    real = folder.vendors.rename(folder.vendors.with_name("real.csv"))
    folder.vendors.symlink_to("real.csv")

    assert folder.bring(written(folder, SHIPPED.decode().replace("Inc", "Incorporated"))).code == 0

    assert folder.vendors.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert b"Incorporated" in real.read_bytes()


def test_a_table_that_somebody_saves_meanwhile_is_not_overwritten(
    folder: TableFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = SHIPPED.replace(b"Blue", b"Green")

    def asked(_: str) -> bool:
        folder.vendors.write_bytes(mine)
        return True

    monkeypatch.setattr("connector.cli.table.confirmed", asked)
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda _: True})())
    ran = folder.run("table", "import", written(folder, SHIPPED.decode().replace("Inc", "Incorporated")), "vendors")

    assert (ran.code, "error[table-changed]" in ran.said) == (3, True)
    assert folder.vendors.read_bytes() == mine
    assert sorted(path.name for path in folder.vendors.parent.iterdir() if "part" in path.name) == []


KEYS = {
    "a key that stands twice": ("67890,A\n67890,B\n", "line 2", "table-key-twice"),
    "a key that is empty": (",A\n", "affiliate_id is empty in this row", "table-key"),
    "noughts in front that were lost": ("412,A\n", "0412: the noughts in front were lost", "table-key"),
    "a column twice": ("", "the column vendor stands twice", "table-columns"),
}


@pytest.mark.parametrize("name", KEYS)
def test_what_cannot_be_told_apart_is_refused_with_its_place(name: str, folder: TableFolder) -> None:
    rows, words, code = KEYS[name]
    folder.vendors.write_bytes(SHIPPED + b"0412,Nought,Nought Ltd,,\n")
    head = "affiliate_id,vendor,vendor\n" if "column" in name else "affiliate_id,vendor\n"

    ran = folder.bring(written(folder, head + rows))

    assert ran.code == 3
    assert f"error[{code}]" in ran.said
    assert words in ran.said
    assert "--> in.csv:" in ran.said
    assert ran.said.endswith("then: connector table import   (nothing was written)\n")


def test_ids_that_excel_made_dates_of_are_refused(folder: TableFolder) -> None:
    folder.export()
    folder.edit(A5=datetime.date(2026, 2, 1), C5="Somebody")

    ran = folder.bring()

    assert ran.code == 3
    assert "error[table-key]: affiliate_id became a date: 2026-02-01\n --> out.xlsx, vendors!A5" in ran.said


def test_which_table_is_meant(folder: TableFolder) -> None:
    folder.settings(commission_factory=True)
    other = folder.folder / "mappings/commission_factory.yaml"
    other.write_text(
        other.read_text().replace(
            "  tax: {", "  terms: {file: commission_factory.tax.csv, match: gst_charged}\n  tax: {"
        )
    )
    name = written(folder, "a\n1\n")

    for table, words in {
        "vendor": "did you mean vendors?",
        "terms": "write one of: cake.terms, commission_factory.terms",
        "nonsense.x": "there are: cake.vendors, cake.terms, commission_factory.terms, commission_factory.tax",
    }.items():
        ran = folder.bring(name, table=table)

        assert ran.code == 2
        assert words in ran.said
    assert folder.bring("nothing.csv").code == 2
    assert "error[file-not-readable]" in folder.bring("nothing.csv").said


def test_a_failure_as_json_is_one_document(folder: TableFolder) -> None:
    ran = folder.bring(written(folder, "vendor\nA\n"), "--json")

    document = json.loads(ran.out)
    assert (ran.code, document["schema"]) == (3, "connector/table/1")
    assert [each["code"] for each in document["problems"]] == ["table-columns"]


def test_an_import_needs_no_network_and_no_state(folder: TableFolder, tmp_path: Path) -> None:
    assert folder.bring(written(folder, SHIPPED.decode().replace("Inc", "Incorporated"))).code == 0

    assert sorted(path.name for path in tmp_path.iterdir()) == ["connector.toml", "in.csv", "mappings"]
