import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from past_invoices import LARGE, REFUSED, TAKEN, UNKNOWN
from project import Project

from connector.errors import Problem
from connector.report.due import next_run, overdue
from connector.serve.clock import trigger_of
from connector.state.holder import holder_of
from connector.state.lock import CompanyLock

NOON = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)  # a Friday


def in_utc(schedule: str) -> Any:
    return trigger_of(schedule, "UTC")


def test_status_counts_every_invoice_once_with_amounts_per_currency(past: Project) -> None:
    found = past.run("status", "--json").json

    assert found["schema"] == "connector/status/1"
    assert found["company"]["name"].startswith("Sandbox")
    assert found["counts"] == {"sending": 1, "held": 1, "blocked": 1, "refused": 1, "sent": 3, "skipped": 2}
    assert found["amounts"]["held"] == {"AUD": "31250.00"}
    # A credit takes away.
    assert found["amounts"]["sent"] == {"AUD": "88.00", "USD": "162.25"}
    assert found["sources"][0]["counts"] == found["counts"]
    assert found["problems"] == []


def test_status_says_what_waits_and_for_whom_grouped_by_cause(past: Project) -> None:
    waiting = past.run("status", "--json").json["waiting"]

    assert [(each["who"], each["state"], each["code"], each["examples"]) for each in waiting] == [
        ("finance", "held", "amount-above", [f"cake:{LARGE}"]),
        ("finance", "blocked", "vendor-name", [f"cake:{TAKEN}"]),
        ("finance", "refused", "rule-of-quickbooks", [f"cake:{REFUSED}"]),
        ("nobody", "sending", "outcome-unknown", [f"cake:{UNKNOWN}"]),
    ]
    assert all(each["reason"] and each["remedy"] for each in waiting)
    assert waiting[0]["amounts"] == {"AUD": "31250.00"}


def test_status_names_unknown_outcomes_and_when_they_are_due(past: Project) -> None:
    (unknown,) = past.run("status", "--json").json["unknown"]

    assert (unknown["invoice"], unknown["currency"], unknown["attempts"]) == (str(UNKNOWN), "AUD", 1)
    sent, due = (datetime.datetime.fromisoformat(unknown[name]) for name in ("sent", "due"))
    assert abs((due - sent).total_seconds() - 3600) < 5


def test_status_on_the_terminal_reads_from_the_top(past: Project) -> None:
    ran = past.run("status")

    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "TIME", ran.out)
    assert re.search(r"cake +TIME +done, 3 left open +TIME +TIME +every 15 minutes", text)
    assert "1 without an answer  AUD 169.25" in text
    assert "3 in QuickBooks  AUD 88.00  USD 162.25" in text
    assert "\n 1 invoice held  AUD 31,250.00  for finance  [amount-above]\n" in text
    assert f"   cake:{UNKNOWN}  AUD 169.25  sent TIME, due TIME\n" in text
    assert text.endswith(" Next: connector sync --wait\n")
    assert "\x1b" not in ran.out


def test_the_exit_code_is_given_only_where_it_is_asked_for(past: Project) -> None:
    assert past.run("status").code == 0
    assert past.run("status", "--exit-code").code == 6


def test_without_a_state_status_says_so_and_makes_none(fresh: Project) -> None:
    plain, coded = fresh.run("status"), fresh.run("status", "--exit-code", "--json")

    assert (plain.code, coded.code, coded.json["exit_code"]) == (0, 0, 0)
    assert "There is no state yet" in plain.out
    assert coded.json["state"] is None
    assert coded.json["sources"][0]["last_run"] is None
    assert sorted(path.name for path in fresh.folder.iterdir()) == ["connector.toml", "mappings"]


def test_status_asks_nobody_and_writes_nothing(past: Project) -> None:
    asked = len(past.control("requests"))
    before = (past.folder / "state.db").read_bytes()

    for command in (["status"], ["why", str(LARGE)], ["runs"], ["auth", "status"]):
        assert past.run(*command).code == 0

    assert len(past.control("requests")) == asked
    assert (past.folder / "state.db").read_bytes() == before


def test_a_source_whose_key_was_refused_ends_status_with_4(copied: Project) -> None:
    copied.settings(cake="wrong-key", more='schedule = "every 15 minutes"')
    assert copied.sync(code=None).code == 4

    ran = copied.run("status", "--exit-code", "--json")

    assert ran.code == ran.json["exit_code"] == 4
    assert [(each["code"], each["source"]) for each in ran.json["problems"]] == [("source-key-refused", "cake")]
    told = copied.run("status").out
    assert "\n last run: error[source-key-refused]: cake: CAKE refuses" in told
    assert told.count("cake: ") == 1
    assert "its key refused" in told
    assert told.index("last run: error") < told.index("in QuickBooks")
    assert told.endswith(" Next: mend what the last run says above, then: connector sync\n")

    copied.settings(more='schedule = "every 15 minutes"')
    copied.sync(code=6)

    # The next good run clears it; what stands unsettled stays.
    assert copied.run("status", "--exit-code").code == 6


def test_a_sign_in_that_the_last_run_was_refused_is_told_by_status_and_by_auth_status(copied: Project) -> None:
    problem = {"who": "operator", "code": "quickbooks-forbidden", "what": "QuickBooks forbids it", "remedy": "look"}
    run = run_that_ended(copied, 4, problem)

    status, auth = copied.run("status"), copied.run("auth", "status", "--json")

    assert "QuickBooks: not allowed" in status.out
    assert "\n last run: error[quickbooks-forbidden]: QuickBooks forbids it\n    = look\n" in status.out
    assert (auth.code, auth.json["signed_in"]) == (4, True)
    assert auth.json["problems"][0]["code"] == "quickbooks-forbidden"
    assert "so the last run was told" in auth.json["problems"][0]["what"]
    assert "Signed in to" in copied.run("auth", "status").out
    assert run


def test_a_mapping_with_faults_is_told_as_it_was_rendered_and_leads_to_check(copied: Project) -> None:
    mapping = copied.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("<invoice_date>", "<invoce_date>", 1))
    assert copied.sync(code=None).code == 3

    told = copied.run("status").out

    assert told.count("error[M104]") == 1
    assert "\n last run: error[M104]: a cake invoice has no field <invoce_date>\n" in told
    assert told.count("did you mean <invoice_date>?") == 1
    assert "faults in its mapping" in told
    assert told.endswith(" Next: mend what the last run says above, then: connector check\n")


def test_the_trouble_of_one_source_is_not_that_of_another(copied: Project) -> None:
    copied.settings(commission_factory=True)
    problem = {"who": "nobody", "code": "source-down", "what": "no answer", "remedy": "run again", "source": "cake"}
    run_that_ended(copied, 5, problem, sources=["commission_factory"])

    sources = {each["source"]: each["ended_with"] for each in copied.run("status", "--json").json["sources"]}

    assert sources == {"cake": "source not reachable", "commission_factory": "done"}


def test_an_amount_without_a_currency_is_shown_with_a_question_mark(copied: Project) -> None:
    copied.owe(10099, currency_symbol="XYZ", total_payout="12.50")
    copied.sync("--period", "2026-09", code=None)

    document = copied.run("status", "--json").json
    (group,) = (each for each in document["waiting"] if each["code"] == "currency-unknown")

    assert group["amounts"] == {"?": "12.50"}
    assert "? 12.50" in copied.run("status").out
    assert "? 12.50, 2026-09-30" in copied.run("why", "10099").out


def run_that_ended(project: Project, code: int, problem: dict[str, Any], sources: list[str] | None = None) -> str:
    """A run of the state that met one problem."""
    told = Problem(**problem)
    with project.state() as state:
        run = state.start_run("4620816365000000000", "sync", "ap", sources or ["cake"])
        state.finish_run(run, code, {}, [told], {})
    return run


def test_a_source_that_was_not_read_for_two_intervals_ends_status_with_5(copied: Project) -> None:
    later = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=31)
    with copied.state() as state, state.write() as t:
        t.exec_driver_sql("UPDATE pull SET ended = ?", (f"{later:%Y-%m-%d %H:%M:%S.%f}",))

    ran = copied.run("status", "--exit-code", "--json")

    assert ran.code == 5
    assert ran.json["sources"][0]["overdue"] is True
    assert ", overdue" in copied.run("status").out


def test_status_says_who_holds_the_lock(copied: Project) -> None:
    with CompanyLock(copied.folder, "4620816365000000000", "serve") as lock:
        found = copied.run("status", "--json").json["lock"]
        told = copied.run("status").out
        assert lock.held
    free = copied.run("status", "--json").json["lock"]

    assert found["command"] == "serve"
    assert f"Writing now: process {found['pid']} (serve), since" in told
    assert free is None


def test_looking_for_the_holder_makes_no_file(tmp_path: Path) -> None:
    assert holder_of(tmp_path, "1") is None
    assert list(tmp_path.iterdir()) == []


def test_a_lock_whose_text_cannot_be_read_is_still_held(tmp_path: Path) -> None:
    with CompanyLock(tmp_path, "1") as lock:
        lock.path.write_text("nonsense")
        assert holder_of(tmp_path, "1") is not None


@pytest.mark.parametrize(
    ("schedule", "last", "expected"),
    [
        ("every 15 minutes", NOON - datetime.timedelta(minutes=5), NOON + datetime.timedelta(minutes=10)),
        ("every 15 minutes", NOON - datetime.timedelta(hours=5), NOON),
        ("every 15 minutes", None, NOON),
        (None, NOON, None),
        (
            "0 6 * * mon-fri",
            NOON - datetime.timedelta(hours=6),
            datetime.datetime(2026, 11, 23, 5, 0, tzinfo=datetime.UTC),
        ),
    ],
)
def test_the_next_run_follows_from_the_schedule_and_the_last(
    schedule: str | None, last: datetime.datetime | None, expected: datetime.datetime | None
) -> None:
    assert next_run(schedule, last, NOON, lambda text: trigger_of(text, "Europe/Berlin")) == expected


@pytest.mark.parametrize(
    ("schedule", "hours", "late"),
    [
        ("every 6 hours", 11.9, False),
        ("every 6 hours", 12.1, True),
        ("0 6 * * mon-fri", 54, True),  # Wednesday morning: Thursday's and Friday's turns have passed
        ("0 6 * * mon-fri", 29, False),
        (None, 10_000, False),
    ],
)
def test_a_source_is_overdue_when_two_turns_passed_without_a_success(
    schedule: str | None, hours: float, late: bool
) -> None:
    assert overdue(schedule, NOON - datetime.timedelta(hours=hours), NOON, in_utc) is late


def test_a_weekend_makes_no_weekday_schedule_overdue() -> None:
    monday = datetime.datetime(2026, 11, 23, 5, 59, tzinfo=datetime.UTC)

    assert not overdue("0 6 * * mon-fri", NOON, monday, in_utc)
