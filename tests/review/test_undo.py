"""``runs undo``: a bad run's bills go as far as nobody paid or changed them and their books are open."""

from typing import Any

import pytest
from project import Project, Ran, bill
from review_world import bill_of, delete, edit, only, pay, review

from connector.sandbox.credentials import REALM_ID
from connector.state.lock import CompanyLock


def run_id(project: Project) -> str:
    """The newest run."""
    return str(project.run("runs", "--json").json["runs"][0]["run"])


def undone(project: Project, run: str, *options: str, code: int = 0) -> Ran:
    ran = project.run("runs", "undo", run, "--json", *options)
    assert ran.code == code, (ran.code, ran.said[-2000:], ran.out[-2000:])
    return ran


def test_a_run_is_taken_back_and_what_is_still_live_waits_for_a_person(project: Project) -> None:
    project.owe(1, 2)
    project.owe(3, total_payout="-75.25")
    project.sync()
    run = run_id(project)

    planned = undone(project, run)
    assert (planned.json["schema"], planned.counts) == ("connector/plan/1", {"removed": 3})
    assert len(project.held()) == 2

    ran = undone(project, run, "--yes")

    assert (ran.json["schema"], ran.counts) == ("connector/sync/1", {"removed": 3})
    assert {each["state"] for each in ran.json["documents"]} == {"removed"}
    assert project.held() == project.held("VendorCredit") == []
    assert project.sync().counts == {"held": 3}
    review(project, "approve", "cake:1")
    assert project.sync().counts == {"created": 1, "held": 2}


def test_what_was_paid_edited_or_stands_in_closed_books_stays_and_is_named(project: Project) -> None:
    project.owe(1, 2, 3, 5)
    project.owe(4, invoice_date="2026-08-31")
    project.sync()
    run = run_id(project)
    pay(project, 1)
    edit(project, 2, PrivateNote="mine")
    delete(project, 5)
    project.control("preferences", {"book_close_date": "2026-09-15"})

    ran = undone(project, run, "--yes")

    codes = {each["invoice"]: each["code"] for each in ran.json["documents"] if each["action"] == "hold"}
    assert codes == {
        "1": "paid-in-quickbooks",
        "2": "edited-in-quickbooks",
        "4": "books-closed",
        "5": "missing-in-quickbooks",
    }
    assert ran.counts == {"removed": 1, "held": 4}
    assert sorted(each["DocNumber"] for each in project.held()) == ["CAKE-1", "CAKE-2", "CAKE-4"]
    with project.state() as state:
        assert [row.state for row in state.documents(REALM_ID, "cake", ["1", "2", "4"]).values()] == ["sent"] * 3


def test_what_the_run_found_or_only_changed_is_not_taken_back(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.load("Vendor", {"DisplayName": "Affiliate 2", "CurrencyRef": {"value": "AUD"}})
    project.load("Bill", bill("CAKE-2", "Affiliate 2", 102.25))
    project.owe(1, total_payout="250.00")
    project.owe(2)
    assert project.sync().counts == {"updated": 1, "adopted": 1}

    ran = undone(project, run_id(project), "--yes")

    assert {each["code"] for each in ran.json["documents"]} == {"not-taken-back"}
    assert len(project.held()) == 2


def test_a_bill_that_was_made_anew_since_is_of_the_later_run(project: Project) -> None:
    project.owe(1)
    project.sync()
    first = run_id(project)
    delete(project, 1)
    review(project, "recreate", "cake:1")
    project.sync()

    assert undone(project, first, "--yes").counts == {"held": 1}
    assert len(project.held()) == 1
    assert undone(project, run_id(project), "--yes").counts == {"removed": 1}


def test_many_go_in_batches_and_a_second_time_finds_nothing(project: Project) -> None:
    project.owe(*range(1, 31))
    project.sync()
    run = run_id(project)
    before = len(project.writes())

    assert undone(project, run, "--yes").counts == {"removed": 30}
    assert len(project.writes()) - before <= 2
    assert undone(project, run, "--yes").counts == {}


def test_a_lost_answer_leaves_it_unknown_and_the_next_run_finds_it_gone(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.arm("commit-then-drop")

    assert undone(project, run_id(project), "--yes", code=6).counts == {"unknown": 1}
    project.sync("--wait", code=None)
    project.sync()

    assert project.held() == []
    assert only(project)["code"] == "live-again"


def test_it_takes_the_lock_and_names_who_has_it(project: Project) -> None:
    project.owe(1)
    project.sync()

    with CompanyLock(project.folder, REALM_ID, "serve"):
        ran = undone(project, run_id(project), "--yes", code=7)

    assert ran.json["problems"][0]["code"] == "lock-held"
    assert len(project.held()) == 1


def test_the_last_line_says_what_becomes_of_live_invoices(project: Project) -> None:
    project.owe(1)
    project.sync()
    run = run_id(project)

    planned = project.run("runs", "undo", run).out
    assert planned.rstrip().endswith(f"Next: connector runs undo {run} --yes")
    shown = project.run("runs", "undo", run[:12], "--yes").out

    assert "What is still live at its source will be held [live-again] until a person approves it." in shown
    assert shown.rstrip().endswith("Next: connector sync, then: connector review")
    assert "undo" in project.run("runs").out


@pytest.mark.parametrize("what", [{"total_payout": "250.00"}, {"invoice_status": "Void"}])
def test_an_undone_invoice_follows_its_source_all_the_same(project: Project, what: dict[str, Any]) -> None:
    project.owe(1)
    project.sync()
    undone(project, run_id(project), "--yes")
    project.owe(1, **what)

    counts = project.sync().counts

    assert counts == ({"skipped": 1} if "invoice_status" in what else {"held": 1})
    assert project.held() == []
    with pytest.raises(ValueError, match="not enough"):
        bill_of(project, 1)
