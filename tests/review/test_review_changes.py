"""Link, unlink, recreate and accept: what a person decides about a bill that stands in QuickBooks, or is gone."""

from typing import Any

import pytest
from project import Project, Ran, bill
from review_world import bill_of, delete, edit, only, pay, policy, review, waiting

from connector.document import Key, marker
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.server import Sandbox
from connector.state.lock import CompanyLock


def entered(
    project: Project, number: str = "HAND-7", vendor: str = "Affiliate 1", amount: float = 101.25, **more: Any
) -> str:
    """A bill that a person typed; its id."""
    if not any(each["DisplayName"] == vendor for each in project.held("Vendor")):
        project.load("Vendor", {"DisplayName": vendor, "CurrencyRef": {"value": "AUD"}})
    (made,) = project.load("Bill", bill(number, vendor, amount, **more))
    return made


def reconciled(project: Project, id_: int) -> tuple[Ran, dict[str, Any]]:
    """The reconciliation, whose proof must close, and the invoice's row."""
    ran = project.run("reconcile", "--json")
    assert all(line["difference"] == line["quickbooks_difference"] == "0.00" for line in ran.json["proof"])
    (row,) = [each for each in ran.json["rows"] if each["invoice"] == str(id_)]
    return ran, row


# Link and unlink.


def test_a_bill_that_a_person_typed_is_linked_and_never_made_again(project: Project) -> None:
    there = entered(project)
    project.owe(1)
    assert project.sync().of(1)["code"] == "possible-duplicate"

    review(project, "link", "cake:1", there)

    assert project.sync().counts == {"unchanged": 1}
    assert len(project.held()) == 1
    ran, row = reconciled(project, 1)
    assert (ran.code, row["status"]) == (0, "entered-by-hand")


def test_a_linked_bill_that_differs_is_told_before_and_accepted_with_the_link(project: Project) -> None:
    there = entered(project, amount=90.0)
    project.owe(1)
    project.owe(1, total_payout="30000.00")
    project.sync()

    ran = project.run("review", "link", "cake:1", there, "--as", "anna", "--why", "split in two", "--yes")

    assert "the amount is 90.00 instead of 30,000.00" in ran.out
    assert "the number is HAND-7 instead of CAKE-1" in ran.out
    ran, row = reconciled(project, 1)
    assert (ran.code, row["status"], row["family"]) == (0, "accepted", "agree")
    assert row["why"].startswith("accepted by anna on ")
    assert project.sync().counts == {"unchanged": 1}


def test_a_bill_is_linked_to_an_invoice_of_which_the_mapping_makes_none(project: Project) -> None:
    there = entered(project)
    project.owe(1, invoice_status="Disputed")
    project.sync()

    ran = project.run("review", "link", "cake:1", there, "--yes", "--why", "paid while they argued")

    assert "nothing could be compared" in ran.out
    assert project.sync().counts == {"unchanged": 1}
    assert len(project.held()) == 1


def test_what_is_anothers_is_not_linked(project: Project) -> None:
    project.owe(1)
    project.sync()
    there = entered(project, vendor="Affiliate 2", amount=102.25)
    mine = bill_of(project, 1)["Id"]
    strange = entered(
        project,
        "HAND-8",
        "Affiliate 2",
        3.0,
        PrivateNote=marker(Key(REALM_ID, "cake", "999", "bill")),
        TxnDate="2026-01-31",
    )
    project.owe(2)
    project.sync()

    for id_, why in ((mine, "it is that of cake:1"), (strange, "another document's mark"), ("987654", "has no bill")):
        assert why in review(project, "link", "cake:2", id_, code=2).said
    assert "has bill" in review(project, "link", "cake:1", there, code=2).said
    review(project, "link", "cake:2", there)


def test_a_bill_that_was_deleted_is_replaced_by_another_that_is_linked(project: Project) -> None:
    project.owe(1)
    project.sync()
    delete(project, 1)
    there = entered(project)

    review(project, "link", "cake:1", there)

    assert project.sync().counts == {"unchanged": 1}


def test_what_is_unlinked_waits_and_does_not_take_the_same_bill_again(project: Project) -> None:
    entered(project, "CAKE-1")
    project.owe(1)
    assert project.sync().counts == {"adopted": 1}

    review(project, "unlink", "cake:1")

    assert only(project)["code"] == "unlinked"
    for _ in range(2):
        assert project.sync().of(1)["code"] == "unlinked"
    review(project, "approve", "cake:1")
    assert project.sync().of(1)["code"] == "possible-duplicate"
    review(project, "approve", "cake:1")
    assert project.sync().counts == {"created": 1}
    assert project.numbers()["CAKE-1"] == 2


def test_an_unlinked_invoice_may_be_linked_again_or_skipped(project: Project) -> None:
    there = entered(project, "CAKE-1")
    project.owe(1)
    project.sync()
    review(project, "unlink", "cake:1")
    review(project, "link", "cake:1", there)
    assert project.sync().counts == {"unchanged": 1}

    review(project, "unlink", "cake:1")
    review(project, "skip", "cake:1")
    assert project.sync().counts == {"skipped": 1}
    assert len(project.held()) == 1


def test_a_bill_of_our_own_making_is_not_unlinked(project: Project) -> None:
    project.owe(1)
    project.sync()

    assert "was made by us" in review(project, "unlink", "cake:1", code=2).said


# Recreate.


def test_a_bill_that_is_proven_gone_is_made_again_under_a_new_id(project: Project) -> None:
    project.owe(1)
    project.sync()
    before = {each["requestid"] for each in project.writes()}
    assert "stands in QuickBooks" in review(project, "recreate", "cake:1", code=2).said
    delete(project, 1)

    review(project, "recreate", "cake:1")

    assert project.sync().counts == {"created": 1}
    assert project.writes()[-1]["requestid"] not in before
    assert len(project.held()) == 1
    assert project.sync().counts == {"unchanged": 1}


def test_what_was_sent_moments_ago_is_not_proven_gone(project: Project) -> None:
    project.owe(1)
    project.sync()
    delete(project, 1)
    project.settings(settle_after="180 s")

    for verb in ("recreate", "accept"):
        assert "moments ago" in review(project, verb, "cake:1", code=2).said
    project.settings(settle_after="10 ms")
    review(project, "recreate", "cake:1")


# Accept.


def changed(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.owe(1, total_payout="250.00")
    pay(project, 1)
    project.sync()


def voided(project: Project) -> None:
    project.owe(1)
    project.sync()
    pay(project, 1)
    project.owe(1, invoice_status="Void")
    project.sync()


def fell_back(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.owe(1, invoice_status="Pending")
    project.sync()


def edited(project: Project) -> None:
    project.owe(1)
    project.sync()
    edit(project, 1, TxnDate="2026-09-12")
    project.owe(1, total_payout="250.00")
    project.sync()


def differs(project: Project) -> None:
    """Nothing that a sync sees: a person moved the bill's date."""
    project.owe(1)
    project.sync()
    edit(project, 1, TxnDate="2026-09-12")


@pytest.mark.parametrize("planted", [changed, voided, fell_back, edited, differs])
def test_a_difference_that_is_accepted_is_over_until_either_side_changes(project: Project, planted: Any) -> None:
    planted(project)
    assert reconciled(project, 1)[0].code == 10
    standing = {each["Id"]: each["SyncToken"] for each in project.held()}

    shown = project.run("review", "accept", "cake:1", "--as", "anna", "--why", "agreed by mail", "--yes").out

    assert "[]" not in shown
    assert waiting(project) == []
    assert project.sync().counts == {"unchanged": 1}
    assert waiting(project) == []
    ran, row = reconciled(project, 1)
    assert (ran.code, row["status"], row["family"]) == (0, "accepted", "agree")
    assert "anna on " in row["why"]
    assert "agreed by mail" in row["why"]
    assert {each["Id"]: each["SyncToken"] for each in project.held()} == standing

    edit(project, 1, TxnDate="2026-09-20")
    assert reconciled(project, 1)[0].code == 10


def test_an_accepted_difference_is_told_again_when_the_source_changes_again(project: Project) -> None:
    changed(project)
    review(project, "accept", "cake:1")
    project.owe(1, total_payout="260.00")

    assert project.sync().of(1)["code"] == "changed-at-source"
    assert reconciled(project, 1)[1]["status"] == "changed-at-source"


def test_a_bill_that_is_gone_for_good_is_accepted_and_left_alone(project: Project) -> None:
    project.owe(1)
    project.sync()
    delete(project, 1)
    row = reconciled(project, 1)[1]
    assert row["status"] == "missing-in-quickbooks"
    assert row["next"] == (
        "if it is still owed: connector review recreate cake:1; if not: connector review accept cake:1"
    )

    review(project, "accept", "cake:1", why="paid in cash")

    assert project.sync().counts == {"skipped": 1}
    ran, row = reconciled(project, 1)
    assert (ran.code, row["status"], row["family"]) == (0, "skipped", "left-alone")
    assert "accepted by anna on " in row["why"]
    assert not project.held()

    project.owe(1, total_payout="250.00")
    assert project.sync().of(1)["code"] == "missing-in-quickbooks"
    assert not project.held()
    review(project, "recreate", "cake:1")
    assert project.sync().counts == {"created": 1}


def test_that_an_invoice_is_gone_at_its_source_is_accepted_as_its_bill_stands(
    project: Project, services: Sandbox
) -> None:
    project.owe(1)
    project.sync()
    services.world.cake.clear()
    services.world.version += 1
    assert reconciled(project, 1)[1]["status"] == "gone-at-source"

    review(project, "accept", "cake:1")

    assert reconciled(project, 1)[1]["status"] == "accepted"
    edit(project, 1, TxnDate="2026-09-20")
    assert reconciled(project, 1)[1]["status"] == "gone-at-source"


def test_a_change_that_quickbooks_refused_is_accepted_as_the_bill_stands(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.owe(1, total_payout="250.00")
    project.arm("answer-fault", status=400, code="6000", message="A business rule", detail="The rule of the day")
    project.sync(code=None)
    assert only(project)["approving"] is None

    review(project, "accept", "cake:1")

    assert waiting(project) == []
    assert project.sync().counts == {"unchanged": 1}
    assert reconciled(project, 1)[1]["status"] == "accepted"


# Persons and processes.


@pytest.mark.parametrize("verb", ["link", "unlink", "recreate", "accept"])
def test_what_changes_a_document_waits_for_no_run_and_names_who_is_at_work(project: Project, verb: str) -> None:
    there = entered(project, "CAKE-1" if verb == "unlink" else "HAND-7")
    project.owe(1)
    project.sync()
    if verb in ("recreate", "accept"):
        review(project, "link", "cake:1", there)
    if verb == "recreate":
        project.control("person", {"does": "delete", "bill": there})

    with CompanyLock(project.folder, REALM_ID, "serve"):
        ran = review(project, verb, "cake:1", *((there,) if verb == "link" else ()), code=7)

    assert ran.json["problems"][0]["code"] == "lock-held"
    assert "serve" in ran.json["problems"][0]["what"]


def test_why_tells_who_decided_what_and_what_changed_on_each_side(project: Project) -> None:
    policy(project, changed_later="hold")
    project.owe(1)
    project.sync()
    project.owe(1, total_payout="250.00")
    project.sync()
    review(project, "accept", "cake:1", why="agreed by mail")

    (life,) = project.run("why", "cake:1", "--json").json["invoices"]
    shown = project.run("why", "cake:1").out

    assert [(each["field"], each["before"], each["after"]) for each in life["changes"]] == [
        ("amount", "101.25", "250.00")
    ]
    assert [(each["verb"], each["who"], each["why"]) for each in life["reviews"]] == [
        ("accept", "anna", "agreed by mail")
    ]
    assert "accepted by anna: agreed by mail" in shown
    assert "amount 101.25 → 250.00" in shown


def test_an_unchanged_invoice_writes_nothing_and_one_change_is_one_row(project: Project) -> None:
    project.owe(1)
    for _ in range(3):
        project.sync("--since", "2026-01-01")
    with project.state() as state:
        assert state.events(REALM_ID, "cake", "1") == []
        before = state.invoice(REALM_ID, "cake", "1").last_seen
    project.owe(1, total_payout="250.00")
    for _ in range(2):
        project.sync("--since", "2026-01-01")
    with project.state() as state:
        (event,) = state.events(REALM_ID, "cake", "1")
        assert state.invoice(REALM_ID, "cake", "1").last_seen > before
    assert (event.field, event.before, event.after) == ("amount", "101.25", "250.00")
