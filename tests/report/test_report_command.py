"""``connector reconcile --format … -o FILE`` as a person and as a program meet it: one set of rows, five shapes."""

import csv
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from project import ROOT, Project, invoice

from connector.report import reconciliation_html
from connector.report.whole_file import whole_file

NAMES = {"html": "out.html", "xlsx": "out.xlsx", "csv": "out.csv", "json": "out.json", "terminal": "out.txt"}


@pytest.fixture
def owed(project: Project) -> Project:
    """Two bills and a credit are in the books, and a person changed an amount; another invoice is not there yet."""
    project.owe(1)
    project.owe(4, total_payout="-50.00")
    project.owe(2, affiliate_name="=cmd|'/C calc'!A0", invoice_date="2026-10-31")
    project.sync()
    (bill,) = (bill for bill in project.held() if bill["DocNumber"] == "CAKE-2")
    detail = {"AccountRef": {"name": "Affiliate payouts"}}
    kind = "AccountBasedExpenseLineDetail"
    project.load("Bill", {"Id": bill["Id"], "Line": [{"Amount": "1.00", "DetailType": kind, kind: detail}]})
    project.control("load", {"cake": [invoice(3)]})
    return project


def test_every_format_holds_the_same_rows_and_ends_with_ten(owed: Project) -> None:
    for form, name in NAMES.items():
        ran = owed.run("reconcile", "--format", form, "-o", name)

        assert ran.code == 10, (form, ran.said)
        assert f"written to {name}" in ran.said
        assert ran.out.strip() == "Next: mend it, or connector review accept INVOICE; then: connector reconcile"
        assert stat.S_IMODE((owed.folder / name).stat().st_mode) == 0o600
    told = json.loads((owed.folder / "out.json").read_text())
    rows = list(csv.DictReader(io.StringIO((owed.folder / "out.csv").read_text("utf-8-sig"), newline="")))
    sheet = openpyxl.load_workbook(owed.folder / "out.xlsx")["All"]
    page = (owed.folder / "out.html").read_text()

    statuses = [row["status"] for row in told["rows"]]
    assert sorted(statuses) == ["amount-differs", "matched", "matched", "ready"]
    assert [row["status"] for row in rows] == statuses
    assert [cell.value for cell in sheet["A"][1:]] == statuses
    assert all(page.count(f"</span> {status}</span>") == statuses.count(status) for status in statuses)
    assert told["mappings"]["cake"][:12] in page


def test_a_row_tells_what_is_unpaid_when_it_is_due_and_on_which_account(owed: Project) -> None:
    rows = {row["invoice"]: row for row in owed.run("reconcile", "--json").json["rows"]}

    assert rows["1"]["accounts"] == [{"account": rows["1"]["accounts"][0]["account"], "amount": "101.25"}]
    assert rows["1"]["accounts"][0]["account"].startswith("Affiliate payouts")
    assert (rows["1"]["open_amount"], rows["1"]["due"]) == ("101.25", "2026-10-30")
    assert (rows["3"]["open_amount"], rows["3"]["due"]) == (None, None)
    assert (rows["4"]["open_amount"], rows["4"]["due"], rows["4"]["accounts"][0]["amount"]) == (
        "-50.00",
        None,
        "-50.00",
    )
    assert rows["3"]["accounts"]


@pytest.mark.parametrize("name", ["html", "xlsx", "csv", "json", "XLSX"])
def test_without_a_format_the_name_of_the_file_tells_it(owed: Project, name: str) -> None:
    assert owed.run("reconcile", "-o", f"report.{name}").code == 10

    begins = {"html": b"<!doctype html>", "xlsx": b"PK", "csv": b"\xef\xbb\xbf", "json": b"{"}
    assert (owed.folder / f"report.{name}").read_bytes().startswith(begins[name.lower()])


def test_text_goes_to_stdout_byte_for_byte_and_json_is_json(owed: Project) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    words = [sys.executable, "-m", "connector", "reconcile", "--format", "csv"]
    kept |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"}
    ran = subprocess.run(words, cwd=owed.folder, env=kept, capture_output=True, check=False)
    owed.run("reconcile", "--format", "csv", "-o", "out.csv")

    assert (ran.returncode, ran.stderr) == (10, b"")
    assert ran.stdout == (owed.folder / "out.csv").read_bytes()
    assert owed.run("reconcile", "--format", "html").out.startswith("<!doctype html>")
    as_json, as_format = (owed.run("reconcile", *words).json for words in (["--json"], ["--format", "json"]))
    for told in (as_json, as_format):
        told.pop("as_of")
    assert as_json == as_format


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--format", "xlsx"), "add: -o reconciliation.xlsx"),
        (("--json", "--format", "csv"), "leave one of them out"),
        (("-o", "nowhere/out.csv"), "there is no folder nowhere"),
        (("-o", "mappings"), "cannot be written"),
    ],
)
def test_what_has_nowhere_to_go_is_told_as_wrong_use(owed: Project, arguments: tuple[str, ...], told: str) -> None:
    ran = owed.run("reconcile", *arguments)

    assert ran.code == 2
    assert told in ran.said + ran.out


def test_a_report_that_breaks_off_leaves_the_old_one_as_it_was(owed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    owed.run("reconcile", "-o", "out.html")
    before = (owed.folder / "out.html").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reconciliation_html, "_sums", full)
    ran = owed.run("reconcile", "-o", "out.html")

    assert (ran.code, "No space left on device" in ran.said) == (2, True)
    assert (owed.folder / "out.html").read_bytes() == before
    assert not list(owed.folder.glob(".out.html*"))


def test_a_pipe_is_written_to_and_a_link_is_followed(tmp_path: Path) -> None:
    pipe, link, real = tmp_path / "pipe", tmp_path / "link", tmp_path / "real"
    os.mkfifo(pipe)
    real.write_text("old")
    link.symlink_to(real)

    with whole_file(pipe) as part:
        assert part == pipe
    with whole_file(link) as part:
        part.write_text("new")
        assert real.read_text() == "old"

    assert pipe.is_fifo()
    assert link.is_symlink()
    assert real.read_text() == "new"
