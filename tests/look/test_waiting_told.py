"""What a finance person reads of what waits: each cause once, with its sums, a few invoices, and what to do."""

import re
from pathlib import Path

import pytest
from golden import assert_golden
from project import Project, bill

GOLDEN = Path(__file__).parent / "waiting"
COMMANDS = {"plan": (), "sync": ("--yes",), "unmapped": (), "status": (), "review": ()}


@pytest.fixture
def waiting(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Bills that go out beside some of everything that waits, at a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    project.settings(concurrency="1")  # or either of two bills may get the lower id
    mapping = project.folder / "mappings/cake.yaml"
    text = mapping.read_text().replace("<vendors.vendor or affiliate_name>", "<vendors.vendor>")
    mapping.write_text(text.partition("\nexamples:")[0])
    with (project.folder / "mappings/cake.vendors.csv").open("a") as table:
        table.write("68100,Empty Cell Media,,Affiliate payouts:US,US\n")
        table.write("68101,Bad Account,Bad Account Ltd,Affiliate payouts:Mars,US\n")
    project.load("Vendor", {"DisplayName": "Nordic Deals ApS"}, {"DisplayName": "Blue Fox Media Ltd"})
    project.load("Bill", bill("CAKE-1041", "Nordic Deals ApS", 7), bill("CAKE-1042", "Nordic Deals ApS", 9))
    project.owe(*range(1001, 1006), affiliate_id=70112, currency_symbol="USD", total_payout="4000.00")
    project.owe(1011, affiliate_id=70113, affiliate_name="Nordic Deals", currency_symbol="EUR", total_payout="240.00")
    project.owe(1012, affiliate_id=70113, affiliate_name="Nordic Deals", currency_symbol="USD", total_payout="10.00")
    project.owe(1013, affiliate_id=68100)
    project.owe(1014, 1015, 1016, 1017, affiliate_id=68101)
    project.owe(1021, 1022, affiliate_id=67890, total_payout="31250.00")
    project.owe(1031, 1032, affiliate_id=67890)
    project.owe(1041, 1042, affiliate_id=67912)
    return project


@pytest.mark.parametrize("command", COMMANDS)
def test_a_person_reads_each_cause_once_in_eighty_columns(waiting: Project, command: str) -> None:
    if command not in ("plan", "sync"):
        waiting.sync(code=6)

    told = waiting.run(command, *COMMANDS[command]).out

    timeless = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "YYYY-MM-DD hh:mm UTC", told)
    assert_golden(GOLDEN / f"{command}.txt", re.sub(r"\d{4}-\d\d-\d\d(?=  cake:)", "YYYY-MM-DD", timeless))
    assert [line for line in told.splitlines() if len(line) > 80 and "connector table export" not in line] == []


def test_with_all_every_document_has_a_line_with_its_whole_reason(waiting: Project) -> None:
    lines = waiting.run("plan", "--all").out.splitlines()

    at = next(n for n, line in enumerate(lines) if line.startswith("x cake:1001 "))
    assert " ".join(" ".join(lines[at + 1 : at + 3]).split()) == (
        "blocked: mappings/cake.yaml:25 vendor is <vendors.vendor>; "
        "mappings/cake.vendors.csv has no row where affiliate_id is 70112"
    )
    assert sum(line.startswith(("x ", "! ", "+ ")) for line in lines) == 18


def test_what_is_not_shown_is_counted(waiting: Project) -> None:
    for n in range(1, 13):
        waiting.owe(n, affiliate_id=80000 + n)

    told = waiting.run("plan").out

    assert " 19 invoices blocked  AUD 1,281.00  EUR 240.00  USD 20,010.00  [vendor-unknown]\n" in told
    assert "   … and 4 more like these   (connector plan --all shows all)\n" in told


def test_of_bills_that_each_wait_for_a_reason_of_their_own_the_rest_is_counted(waiting: Project) -> None:
    waiting.load("Bill", bill("CAKE-1043", "Nordic Deals ApS", 7), bill("CAKE-1044", "Nordic Deals ApS", 9))
    waiting.owe(1043, 1044, affiliate_id=67912)

    told = waiting.run("plan").out

    assert " 4 invoices held  AUD 571.00  [possible-duplicate]\n" in told
    assert "CAKE-1043, Blue Fox Media Ltd, 2026-09-30, AUD 143.25\n   … and 1 more   (connector plan --all " in told
