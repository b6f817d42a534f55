"""``connector preview``: invoice, deciding rule and bill side by side; ``--save`` makes it an example."""

import json
import os
import stat
from pathlib import Path

import pytest
from project import Project

GOLDEN = Path(__file__).parent / "previewed.txt"
HOSTILE = "Foo [/bar] \u202e=cmd|<b>"


@pytest.fixture
def seen(project: Project) -> Project:
    project.owe(10042, affiliate_id=67890, affiliate_name="MediaBridge Partners", currency_symbol="USD")
    project.owe(10043, affiliate_name="Nordic Deals ApS", invoice_status="Pending")
    project.owe(10044, affiliate_name=HOSTILE, total_payout="31250.00")
    project.sync()
    return project


def box(data: dict, name: str) -> dict:
    (found,) = (each for each in data["boxes"] if each["box"] == name)
    return found


def test_on_the_left_the_invoice_in_the_middle_the_rule_on_the_right_the_bill(
    seen: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "150")

    ran = seen.run("preview", "10042")

    if os.environ.get("REGENERATE_GOLDEN") == "1":
        GOLDEN.write_text(ran.out)
    assert ran.code == 0
    assert ran.out == GOLDEN.read_text()


def test_as_data_each_box_has_the_places_and_the_fields_that_decide(seen: Project) -> None:
    data = seen.run("preview", "CAKE-10042", "--json").json

    vendor = box(data, "vendor")
    assert (data["schema"], data["source"], data["invoice"]) == ("connector/preview/1", "cake", "10042")
    assert data["document"]["amount"] == "142.25"
    assert vendor["value"] == "MediaBridge Partners LLC"
    assert vendor["fields"] == {"affiliate_id": "67890", "affiliate_name": "MediaBridge Partners"}
    assert [each["place"].partition(":")[0] for each in vendor["decided_by"]] == [
        "mappings/cake.yaml",
        "mappings/cake.vendors.csv",
    ]
    assert data["unused"] == ["currency_symbol", "payment_type"]
    assert data["outcome"] is None


def test_it_is_the_mapping_as_it_stands_that_is_shown_and_nothing_is_written(seen: Project) -> None:
    mapping = seen.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("number:   CAKE-", "number:   AFF-"))
    before = (seen.folder / "state.db").read_bytes()

    ran = seen.run("preview", "10042")

    assert "becomes a bill: AFF-10042, USD 142.25" in ran.out
    assert "1 expectation of an example fails: until they fit, a sync leaves this source alone" in ran.out
    assert ran.out.endswith("Next: connector check\n")
    assert (seen.folder / "state.db").read_bytes() == before


def test_what_is_left_or_held_says_why_in_the_same_place(seen: Project) -> None:
    left, held = seen.run("preview", "10043"), seen.run("preview", "10044")

    assert left.out.startswith(" cake:10043 is skipped  [left]\n   mappings/cake.yaml:")
    assert "affiliate_name  Nordic Deals ApS" in left.out
    assert held.out.startswith(" cake:10044 is held  [amount-above]")
    assert "lines[1].amount: 31,250.00" in held.out
    assert not [unseen for unseen in ("\u202e", "\x1b") if unseen in held.out]


def test_a_bill_that_the_last_sync_left_waiting_says_so(project: Project) -> None:
    project.owe(10045, affiliate_name="Northwind Deals")  # who is a customer there
    project.sync(code=6)

    ran = project.run("preview", "10045")

    assert ran.out.startswith(" cake:10045 becomes a bill: CAKE-10045, AUD 145.25, Northwind Deals\n")
    assert "   but the last sync left it blocked  [vendor-name]\n   a customer in QuickBooks is called" in ran.out
    assert ran.out.endswith("Next: do what it says behind the =, then: connector sync\n")


def test_a_narrow_terminal_gets_a_box_a_line(seen: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    lines = seen.run("preview", "10042").out.splitlines()

    at = lines.index(" vendor                 MediaBridge Partners LLC")
    assert lines[at + 1] == "     cake.yaml:25  vendor: <vendors.vendor or affiliate_name>"
    assert lines[at + 3] == "     said: affiliate_id 67890, affiliate_name MediaBridge Partners"


def test_a_record_from_a_file_needs_no_state(seen: Project) -> None:
    seen.forget()
    record = {"invoice_id": 7, "invoice_date": "2026-09-30", "invoice_status": "Approved", "affiliate_id": 1}
    more = {"affiliate_name": "A", "billing_cycle_name": "Net 30", "currency_symbol": "€", "total_payout": 12.5}
    (seen.folder / "one.json").write_text(json.dumps(record | more | {"payment_type": "", "date_approved": None}))

    ran = seen.run("preview", "one.json")

    assert ran.out.startswith(" cake:7 is held  [field-empty]")
    assert "memo is <date_approved as d mmm yyyy>" in ran.out


def test_saved_it_is_an_example_that_check_runs_and_a_later_edit_fails(seen: Project) -> None:
    mapping = seen.folder / "mappings/cake.yaml"
    mapping.chmod(0o640)
    before = mapping.read_text()

    ran = seen.run("preview", "10044", "--save")

    example = seen.folder / "mappings/examples/cake-10044.json"
    assert ran.code == 0
    assert "Saved: mappings/examples/cake-10044.json and mappings/cake.yaml" in ran.out
    assert mapping.read_text().startswith(before.rstrip("\n"))
    assert stat.S_IMODE(mapping.stat().st_mode) == 0o640
    assert json.loads(example.read_text())["affiliate_name"] == HOSTILE
    assert "9 examples" in seen.run("check").out
    assert seen.run("preview", str(example)).out.startswith(" cake:10044 is held  [amount-above]")

    mapping.write_text(mapping.read_text().replace('or "Affiliate payouts">', 'or "Commissions">'))
    assert "expected lines[1].account Affiliate payouts, and got Commissions" in seen.run("check").out


def test_a_second_saving_of_the_same_leaves_all_as_it_is(seen: Project) -> None:
    seen.run("preview", "10043", "--save")
    before = (seen.folder / "mappings/cake.yaml").read_bytes()

    ran = seen.run("preview", "10043", "--save")

    assert ran.code == 2
    assert "error[example-not-saved]: mappings/examples/cake-10043.json is an example already" in ran.said
    assert (seen.folder / "mappings/cake.yaml").read_bytes() == before


def test_a_mapping_that_would_have_faults_is_not_written(seen: Project) -> None:
    mapping = seen.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("number:   CAKE-", "number:   AFF-"))
    before = mapping.read_bytes()

    ran = seen.run("preview", "10043", "--save")

    assert ran.code == 3
    assert mapping.read_bytes() == before
    assert not (seen.folder / "mappings/examples/cake-10043.json").exists()


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["12345"], 'no invoice is known by "12345"'),
        (["none.json"], "none.json does not hold one invoice as JSON"),
    ],
    ids=str,
)
def test_what_there_is_not_is_told_with_what_to_write(seen: Project, words: list[str], what: str) -> None:
    ran = seen.run("preview", *words)

    assert ran.code == 2
    assert ran.said.startswith(f"error[invoice-unknown]: {what}")
    assert ran.said.count("\n   = ") == 1


RECORD = {
    "invoice_id": 7,
    "invoice_date": "2026-09-30",
    "invoice_status": "Approved",
    "affiliate_id": 1,
    "affiliate_name": "A",
    "billing_cycle_name": "Net 30",
    "currency_symbol": "",
    "total_payout": 12.5,
    "payment_type": "",
    "date_approved": "2026-10-01",
}
SECOND = """
[sources.cake_uk]
type = "cake"
base_url = "http://127.0.0.1:9/cake"
api_key = "key-of-cake-in-the-uk"
mapping = "mappings/cake.yaml"
start_date = 2026-01-01
"""


def kept(project: Project, **changes: object) -> str:
    (project.folder / "one.json").write_text(json.dumps(RECORD | changes))
    return "one.json"


def test_a_record_that_several_sources_could_have_sent_needs_the_name_of_one(project: Project) -> None:
    project.settings(more=SECOND)

    ran = project.run("preview", kept(project))

    assert ran.code == 2
    assert ran.said == (
        "error[record-of-several]: one.json may be a record of cake or of cake_uk\n"
        "   = say whose it is: connector preview one.json --source cake\n"
    )
    assert project.run("preview", "one.json", "--source", "cake").out.startswith(" cake:7 becomes a bill")
    assert project.run("preview", "one.json", "--source", "cake_uk").out.startswith(" cake_uk:7 is held")
    assert project.run("preview", "one.json", "--source", "cke").said == (
        "error[source-unknown]: there is no source cke\n   = write --source and one of: cake, cake_uk\n"
    )


def test_a_record_that_one_source_alone_takes_needs_no_name(project: Project) -> None:
    project.settings(commission_factory=True)

    assert project.run("preview", kept(project)).out.startswith(" cake:7 becomes a bill")
    (project.folder / "one.json").write_text("{}")
    ran = project.run("preview", "one.json")
    assert (ran.code, ran.said.split("\n")[0]) == (2, "error[record-of-none]: one.json is a record of no source")
    assert "cake: a record of CAKE has no invoice_id" in ran.said


def test_an_example_that_was_held_for_its_currency_stays_right_whatever_the_settings_say(project: Project) -> None:
    settings = project.folder / "connector.toml"
    named = settings.read_text()
    settings.write_text(named.replace('currency = "USD"\n', ""))
    assert "[currency-unknown]" in project.run("preview", kept(project), "--save").out
    assert "held: currency-unknown" in (project.folder / "mappings/cake.yaml").read_text()

    settings.write_text(named)

    assert project.run("preview", "one.json").out.startswith(" cake:7 becomes a bill: CAKE-7, USD 12.50")
    assert project.run("check").code == 0


def test_an_example_whose_currency_the_settings_say_tells_so_where_it_fails(project: Project) -> None:
    settings = project.folder / "connector.toml"
    named = settings.read_text()
    assert project.run("preview", kept(project), "--save").code == 0

    settings.write_text(named.replace('currency = "USD"', 'currency = "EUR"'))
    other = project.run("check").out
    settings.write_text(named.replace('currency = "USD"\n', ""))
    none = project.run("check").out

    assert "expected currency USD, and got EUR" in other
    assert "= its record does not tell the currency, and the settings say that EUR is meant\n" in other
    assert "expected a bill, and the invoice is held [currency-unknown]" in none
    assert "= say in the settings which currency is meant, under the source: currency\n" in none
