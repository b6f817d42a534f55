"""Where persons' words, payments and vendor credits meet on one invoice: no bill goes or is paid under the other."""

import pytest
from project import Project
from review_world import bill_of, delete, policy, review, waiting
from test_review_changes import entered
from test_undo import run_id, undone

PAID = {"invoice_status": "Paid"}
VOID = {"invoice_status": "Void"}


def credited(project: Project) -> str:
    """A bill that a vendor credit takes back; the run that made the bill."""
    policy(project, voided_later="credit")
    project.owe(1)
    project.sync()
    run = run_id(project)
    project.owe(1, **VOID)
    assert project.sync().counts == {"credited": 1}
    return run


def paying(project: Project, fault: str) -> None:
    """The invoice of a bill is paid at its source, and the answer to its payment is lost."""
    project.records_payments()
    project.owe(1, **PAID)
    project.arm(fault, path="/billpayment")
    project.sync(code=6)


# Taking a run back.


@pytest.mark.parametrize("fault", ["drop-before-commit", "commit-then-drop"])
def test_a_bill_stays_while_its_payment_is_without_an_answer(project: Project, fault: str) -> None:
    project.owe(1)
    project.sync()
    run = run_id(project)
    paying(project, fault)

    (told,) = undone(project, run, "--yes").json["documents"]

    assert (told["code"], told["reason"]) == ("not-taken-back", "QuickBooks' answer about its payment was lost")
    project.sync("--wait")
    assert bill_of(project, 1)["Balance"] == 0
    assert undone(project, run, "--yes").of(1)["code"] == "paid-in-quickbooks"


def test_a_bill_that_a_credit_takes_back_stays_with_it(project: Project) -> None:
    run = credited(project)

    ran = undone(project, run, "--yes")

    assert (ran.counts, ran.of(1)["reason"]) == ({"held": 1}, "vendor credit 2 takes it back already")
    assert len(project.held()) == len(project.held("VendorCredit")) == 1
    assert project.sync().counts == {"unchanged": 1}


def test_a_bill_whose_credit_was_taken_back_is_for_a_person_and_no_second_credit_is_made(project: Project) -> None:
    credited(project)
    undone(project, run_id(project), "--yes")

    for _ in range(2):
        ran = project.sync()
        assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "voided-at-source")
    assert "1 invoice held  AUD 101.25" in project.run("review").out
    assert "AUD 101.25" in project.run("status").out

    review(project, "approve", "cake:1")

    assert project.sync().counts == {"removed": 1}
    assert project.held() == project.held("VendorCredit") == []


def test_a_bill_whose_credit_was_taken_back_follows_its_source_again(project: Project) -> None:
    project.records_payments()
    credited(project)
    undone(project, run_id(project), "--yes")

    project.owe(1, total_payout="150.00")
    assert project.sync().counts == {"updated": 1}
    project.owe(1, total_payout="150.00", **PAID)
    assert project.sync().counts == {"paid": 1, "unchanged": 1}


def test_a_bill_that_quickbooks_does_not_let_go_stands_as_it_stood(project: Project) -> None:
    project.owe(1)
    project.sync()
    run = run_id(project)
    project.arm("answer-fault", status=400, code="6000", message="no")

    assert undone(project, run, "--yes").of(1)["code"] == "rule-of-quickbooks"

    path = project.folder / "mappings/cake.yaml"
    path.write_text(path.read_text().replace("CAKE invoice ", "Invoice "))
    assert project.sync().counts == {"unchanged": 1}
    assert bill_of(project, 1)["PrivateNote"].startswith("CAKE invoice 1")
    assert undone(project, run, "--yes").counts == {"removed": 1}


# Words about what is paid or credited.


def test_what_a_credit_takes_back_is_not_paid_though_a_person_accepted_both(project: Project) -> None:
    project.records_payments()
    credited(project)
    project.owe(1, **PAID)
    assert project.sync().of(1)["code"] == "live-again"

    review(project, "accept", "cake:1")

    for _ in range(2):
        assert project.sync().counts == {"unchanged": 1}
    assert project.held("BillPayment") == []
    ran = project.run("reconcile", "--json")
    assert (ran.code, [row["status"] for row in ran.json["rows"]]) == (0, ["accepted", "accepted"])


@pytest.mark.parametrize("verb", ["unlink", "link"])
def test_a_bill_is_not_taken_from_its_payment_on_the_way(project: Project, verb: str) -> None:
    there = entered(project, "CAKE-1")
    project.owe(1)
    project.sync()
    paying(project, "drop-before-commit")

    refused = review(project, verb, "cake:1", *([there] if verb == "link" else []), code=2)

    assert "the payment of CAKE-1 is without an answer from QuickBooks" in refused.said
    assert project.sync("--wait").counts == {"paid": 1, "unchanged": 1}
    review(project, "unlink", "cake:1")


def test_a_bill_that_a_person_linked_is_paid_like_any_other(project: Project) -> None:
    project.records_payments()
    there = entered(project)
    project.owe(1, **PAID)
    assert project.sync().counts == {"held": 1}

    review(project, "link", "cake:1", there)

    assert project.sync().counts == {"paid": 1, "unchanged": 1}
    assert project.held()[0]["Balance"] == 0


def test_a_linked_bill_over_another_amount_is_not_paid(project: Project) -> None:
    project.records_payments()
    there = entered(project, "CAKE-1", amount=90.0)
    project.owe(1, **PAID)
    project.sync()

    review(project, "link", "cake:1", there)

    told = project.sync().payment(1)
    assert (told["state"], told["code"]) == ("held", "edited-in-quickbooks")
    assert project.held("BillPayment") == []


def test_a_linked_bill_that_was_paid_by_hand_is_not_paid_again(project: Project) -> None:
    project.records_payments()
    there = entered(project)
    project.control("person", {"does": "pay", "bill": "HAND-7"})
    project.owe(1, **PAID)
    project.sync()

    review(project, "link", "cake:1", there)

    assert project.sync().payment(1)["code"] == "paid-by-hand"
    assert len(project.held("BillPayment")) == 1


# One word, once.


def test_an_approved_change_that_was_undone_since_asks_again(project: Project) -> None:
    policy(project, changed_later="hold")
    project.owe(1)
    project.sync()
    for amount in ("200.00", "101.25"):
        project.owe(1, total_payout=amount)
        assert project.sync().counts == {"held": 1}
        review(project, "approve", "cake:1")
        assert project.sync().counts == {"updated": 1}

    project.owe(1, total_payout="200.00")

    assert project.sync().counts == {"held": 1}
    assert bill_of(project, 1)["TotalAmt"] == 101.25


def test_what_was_approved_before_it_was_linked_says_nothing_after_it_is_unlinked(project: Project) -> None:
    there = entered(project, "CAKE-1")
    project.owe(1)
    project.sync()
    review(project, "unlink", "cake:1")
    project.sync()
    review(project, "approve", "cake:1")
    review(project, "link", "cake:1", there)
    project.sync()

    review(project, "unlink", "cake:1")

    assert project.sync().of(1)["code"] == "unlinked"


# What waits is told once.


def test_a_credit_that_waits_stands_in_the_list_and_not_the_bill_that_it_takes_back(project: Project) -> None:
    policy(project, voided_later="credit")
    project.owe(1)
    project.sync()
    project.control("preferences", {"book_close_date": "2099-01-01"})
    project.owe(1, **VOID)
    project.sync()

    (document,) = waiting(project)
    assert (document["kind"], document["number"]) == ("credit", "CAKE-1-V")
    review(project, "skip", "cake:1")

    project.control("preferences", {"book_close_date": "2026-01-01"})
    assert project.sync().counts == {"skipped": 1}
    assert project.held("VendorCredit") == []


def test_a_held_bill_whose_invoice_becomes_a_credit_waits_no_more(project: Project) -> None:
    project.owe(1, total_payout="30000.00")
    assert project.sync().counts == {"held": 1}
    project.owe(1, total_payout="-50.00")

    assert project.sync().counts == {"credited": 1}

    assert waiting(project) == []
    project.owe(1, total_payout="-50.00")
    assert project.sync().counts == {"unchanged": 1}


def test_what_was_accepted_beside_one_bill_is_told_again_beside_another(project: Project) -> None:
    policy(project, changed_later="hold")
    project.owe(1)
    project.sync()
    project.owe(1, total_payout="200.00")
    project.sync()
    review(project, "accept", "cake:1")
    assert project.sync().counts == {"unchanged": 1}
    project.owe(1, total_payout="300.00")
    project.sync()
    review(project, "approve", "cake:1")
    assert project.sync().counts == {"updated": 1}

    project.owe(1, total_payout="200.00")

    assert project.sync().counts == {"held": 1}


# A bill that is made anew after its payment.


def test_a_bill_made_anew_after_its_payment_is_told_until_a_payment_is_on_it(project: Project) -> None:
    project.records_payments()
    project.owe(1, **PAID)
    project.sync()
    project.control("person", {"does": "unpay", "bill": "CAKE-1"})
    delete(project, 1)
    review(project, "recreate", "cake:1")

    for counts in ({"created": 1}, {"unchanged": 1}):
        ran = project.sync()
        told = ran.payment(1)
        assert (ran.counts, told["state"], told["code"]) == (counts, "held", "bill-held")
        assert told["reason"] == "payment 2 was recorded on bill 1, and the invoice has another bill now"
    assert project.held("BillPayment") == []

    project.control("person", {"does": "pay", "bill": "CAKE-1"})
    assert project.sync().payment(1)["code"] == "paid-by-hand"
    assert project.sync().json["documents"] == []


def test_an_own_bill_beside_an_unlinked_one_is_not_paid_a_second_time(project: Project) -> None:
    project.records_payments()
    entered(project, "CAKE-1")
    project.owe(1, **PAID)
    assert project.sync().counts == {"adopted": 1, "paid": 1}
    review(project, "unlink", "cake:1")
    project.sync()
    for code in ("unlinked", "possible-duplicate"):
        assert waiting(project)[0]["code"] == code
        review(project, "approve", "cake:1")
        ran = project.sync()

    assert (ran.counts, ran.payment(1)["code"]) == ({"created": 1}, "bill-held")
    assert len(project.held("BillPayment")) == 1
