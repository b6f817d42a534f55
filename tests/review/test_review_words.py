"""Approve, reject and skip: a person's word lets go on, or leaves alone, exactly what was seen."""

import time
from typing import Any

import pytest
from project import Project, bill
from review_world import LARGE, at_a_terminal, bill_of, edit, only, pay, policy, review, waiting

from connector.document import Key
from connector.sandbox.credentials import REALM_ID
from connector.state.lock import CompanyLock

VOID = {"invoice_status": "Void"}


# Approve.


def test_what_is_approved_is_made_by_the_next_sync(project: Project) -> None:
    project.owe(1, **LARGE)
    assert project.sync().counts == {"held": 1}
    row = only(project)
    assert (row["state"], row["code"], row["approving"]) == ("held", "amount-above", "makes it as it stands here")

    review(project, "approve", str(row["review"]))

    assert only(project)["waits_for_sync"]
    assert not project.held()
    assert project.plan().of(1)["reason"].startswith("approved by anna on ")
    assert project.sync().counts == {"created": 1}
    assert waiting(project) == []
    assert project.sync().counts == {"unchanged": 1}


@pytest.mark.parametrize("how", ["the invoice", "the mapping"])
def test_what_changed_since_it_was_approved_is_held_again(project: Project, how: str) -> None:
    project.owe(1, **LARGE)
    project.sync()
    review(project, "approve", "cake:1")

    if how == "the invoice":
        project.owe(1, total_payout="99999.00")
    else:
        path = project.folder / "mappings/cake.vendors.csv"
        path.write_text(f"{path.read_text()}500001,Affiliate 1,Another Name,Affiliate payouts:US,US\n")

    assert project.sync(code=None).counts == {"held": 1}
    assert not only(project)["waits_for_sync"]
    review(project, "approve", "CAKE-1")
    assert project.sync(code=None).counts == {"created": 1}


def test_a_daemon_that_changes_it_while_a_person_looks_makes_the_word_void(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()
    seen = only(project)
    project.owe(1, total_payout="99999.00")
    project.sync()

    ran = project.run("review", "approve", str(seen["review"]), "--hash", seen["hash"], "--yes", "--json")

    assert (ran.code, ran.json["problems"][0]["code"]) == (3, "review-outdated")
    assert only(project)["words"] == []
    assert project.sync().counts == {"held": 1}


def test_a_second_hold_needs_a_word_of_its_own(project: Project) -> None:
    project.load("Vendor", {"DisplayName": "Affiliate 1", "CurrencyRef": {"value": "AUD"}})
    project.load("Bill", bill("CAKE-1", "Affiliate 1", 7))
    project.owe(1, **LARGE)
    project.sync()
    review(project, "approve", "cake:1")

    assert project.sync().of(1)["code"] == "possible-duplicate"
    review(project, "approve", "cake:1")

    assert project.sync().counts == {"created": 1}
    assert project.numbers()["CAKE-1"] == 2


def test_a_bill_beside_it_that_changes_is_seen_anew(project: Project) -> None:
    project.load("Vendor", {"DisplayName": "Affiliate 1", "CurrencyRef": {"value": "AUD"}})
    project.load("Bill", bill("CAKE-1", "Affiliate 1", 7))
    project.owe(1)
    project.sync()
    review(project, "approve", "cake:1")
    project.control("person", {"does": "edit", "bill": "CAKE-1", "changes": {"TxnDate": "2026-09-12"}})

    assert project.sync().of(1)["code"] == "possible-duplicate"


def test_limits_count_what_a_person_approved(project: Project) -> None:
    project.settings(limits="[limits]\nmax_total = {AUD = 1000}")
    project.owe(1, **LARGE)
    project.sync()
    review(project, "approve", "cake:1")

    assert project.sync(code=8).json["problems"][0]["code"] == "limit-exceeded"
    assert not project.held()


def test_what_is_live_again_becomes_a_new_bill(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.owe(1, **VOID)
    assert project.sync().counts == {"removed": 1}
    project.owe(1)
    assert project.sync().of(1)["code"] == "live-again"

    review(project, "approve", "cake:1")

    assert project.sync().counts == {"created": 1}
    assert len(project.held()) == 1
    assert project.sync().counts == {"unchanged": 1}


def test_what_policy_holds_back_is_changed_on_a_persons_word(project: Project) -> None:
    policy(project, changed_later="hold", voided_later="hold")
    project.owe(1, 2)
    project.sync()
    project.owe(1, total_payout="250.00")
    project.owe(2, **VOID)
    assert project.sync().counts == {"held": 2}

    review(project, "approve", "cake:1", "cake:2")

    assert project.sync().counts == {"updated": 1, "removed": 1}
    assert [each["TotalAmt"] for each in project.held()] == [250.0]


def test_an_approved_change_that_quickbooks_speaks_against_stays_held(project: Project) -> None:
    policy(project, changed_later="hold")
    project.owe(1)
    project.sync()
    project.owe(1, total_payout="250.00")
    project.sync()
    review(project, "approve", "cake:1")
    pay(project, 1)

    assert "paid" in project.sync().of(1)["reason"]
    ran = project.run("review", "approve", "cake:1", "--yes")
    assert ran.code == 2
    assert "connector review accept cake:1" in ran.said


def test_what_a_person_edited_is_written_over_on_a_persons_word_and_not_after_another_edit(project: Project) -> None:
    project.owe(1)
    project.sync()
    edit(project, 1, PrivateNote="mine")
    project.owe(1, total_payout="250.00")
    assert project.sync().of(1)["code"] == "edited-in-quickbooks"
    review(project, "approve", "cake:1")
    edit(project, 1, PrivateNote="mine, again")

    assert project.sync().of(1)["code"] == "edited-in-quickbooks"
    review(project, "approve", "cake:1")

    assert project.sync().counts == {"updated": 1}
    assert "mine" not in bill_of(project, 1)["PrivateNote"]


def test_what_was_sent_three_times_in_vain_goes_out_as_a_new_one(project: Project) -> None:
    project.settings(settle_after="10 ms")
    project.owe(1)
    project.arm("drop-before-commit", times=4)
    for _ in range(4):
        project.sync(code=6)
        time.sleep(0.02)
    assert project.sync().of(1)["code"] == only(project)["code"] == "outcome-unknown"
    before = project.writes()

    review(project, "approve", "cake:1")

    assert project.sync().counts == {"created": 1}
    assert project.writes()[-1]["requestid"] not in {each["requestid"] for each in before}
    assert len(project.held()) == 1


def test_a_negative_invoice_that_policy_holds_becomes_a_credit(project: Project) -> None:
    policy(project, negative="hold")
    project.owe(1, total_payout="-75.25")
    project.sync(code=None)
    assert only(project)["approving"] == "makes a vendor credit of it"

    review(project, "approve", "cake:1")

    assert project.sync(code=None).counts == {"credited": 1}


@pytest.mark.parametrize(
    ("change", "code", "instead"),
    [
        ({"currency_symbol": "XXQ"}, "currency-unknown", "ISO"),
        ({"invoice_status": "Disputed"}, "status-unknown", "take or leave"),
    ],
)
def test_what_needs_another_mend_cannot_be_approved(
    project: Project, change: dict[str, Any], code: str, instead: str
) -> None:
    project.owe(1, **change)
    project.sync(code=None)
    assert (only(project)["code"], only(project)["approving"]) == (code, None)

    ran = project.run("review", "approve", "cake:1", "--yes")

    assert ran.code == 2
    assert "review-not-possible" in ran.said
    assert "approving cannot help" in ran.said


# Reject and skip.


def test_what_is_rejected_is_left_alone_until_it_changes(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()
    review(project, "reject", "cake:1", why="a test of theirs")

    row = project.sync().of(1)
    assert (row["state"], row["code"]) == ("skipped", "rejected")
    assert row["reason"].endswith(": a test of theirs")
    assert waiting(project) == []
    (left,) = project.run("status", "--json").json["left_alone"]
    assert (left["code"], left["reason"]) == ("rejected", row["reason"])
    assert "1 invoice left alone by a person  AUD 31,250.00  [rejected]" in project.run("status").out

    project.owe(1, total_payout="41250.00")
    assert project.sync().of(1)["code"] == "amount-above"


def test_what_is_skipped_stays_so_whatever_it_says_later_until_somebody_approves(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()
    review(project, "skip", "cake:1")
    assert project.sync().of(1)["code"] == "skipped-by-person"

    project.owe(1)  # a usual amount
    assert project.sync().counts == {"skipped": 1}
    assert project.plan().counts == {"skipped": 1}
    assert project.run("reconcile", "--json").json["rows"][0]["why"].startswith("skipped by anna on ")

    review(project, "approve", "cake:1")
    assert project.sync().counts == {"created": 1}


def test_what_stands_in_quickbooks_can_be_neither_rejected_nor_skipped(project: Project) -> None:
    policy(project, changed_later="hold")
    project.owe(1)
    project.sync()
    project.owe(1, total_payout="250.00")
    project.sync()

    for verb in ("reject", "skip"):
        ran = review(project, verb, "cake:1", code=2)
        assert "connector review accept cake:1" in ran.said


def test_a_skipped_invoice_whose_bill_is_found_by_its_mark_is_ours_all_the_same(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.forget()
    project.owe(1, **LARGE)
    project.owe(2, **LARGE)
    project.sync(code=None)
    ran = review(project, "skip", "cake:1", code=2)

    assert "has bill" in ran.said


# Persons.


def test_the_later_of_two_reviewers_is_heard_and_both_are_kept(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()
    review(project, "approve", "cake:1")
    ran = project.run("review", "reject", "cake:1", "--as", "bob", "--why", "not ours", "--yes")

    assert "approved by anna: because" in ran.out
    assert "your word is the later one" in ran.out
    assert project.sync().of(1)["reason"].startswith("rejected by bob on ")
    with project.state() as state:
        said = state.words(REALM_ID, "cake", ["1"])["1"]
    assert [(word.verb, word.who) for word in said] == [("approve", "anna"), ("reject", "bob")]


def test_two_reviewers_at_once_are_both_kept(project: Project) -> None:
    project.owe(1, 2, **LARGE)
    project.sync()
    both = [
        project.process("review", "approve", f"cake:{n}", "--as", name, "--yes") for n, name in ((1, "a"), (2, "b"))
    ]

    assert [each.communicate(timeout=60)[1] for each in both] == ["", ""]
    assert project.sync().counts == {"created": 2}


def test_words_need_no_lock(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()

    with CompanyLock(project.folder, REALM_ID, "serve"):
        review(project, "approve", "cake:1")
        held = review(project, "accept", "cake:1", code=2)

    assert "no bill in QuickBooks" in held.said
    assert project.sync().counts == {"created": 1}


def test_a_person_at_a_terminal_sees_what_it_is_about_and_is_asked_why(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()

    asked = [("Approve? [y/N]", "y\n", lambda: None), ("Why (may stay empty)", "as agreed\n", lambda: None)]
    code, shown = at_a_terminal(project, ["review", "approve", "cake:1", "--as", "anna"], *asked)

    assert code == 0, shown
    assert "31,250.00" in shown
    assert "CAKE-1: approved by anna." in shown
    assert only(project)["words"][0]["why"] == "as agreed"


def test_a_sync_in_between_makes_a_yes_at_the_terminal_void(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()

    def changes() -> None:
        project.owe(1, total_payout="99999.00")
        project.sync()

    asked = [("Approve? [y/N]", "y\n", changes), ("Why (may stay empty)", "\n", lambda: None)]
    code, shown = at_a_terminal(project, ["review", "approve", str(only(project)["review"])], *asked)

    assert (code, "review-outdated" in shown) == (3, True), shown
    assert only(project)["words"] == []


@pytest.mark.parametrize(
    ("words", "written_out"),
    [
        (("approve", "1"), "connector review approve NO. --yes"),
        (("skip", "1"), "connector review skip NO. --yes --why …"),
        (("link", "1", "145"), "connector review link NO. QBO_ID --yes --why …"),
    ],
)
def test_without_a_terminal_the_whole_command_is_told(
    project: Project, words: tuple[str, ...], written_out: str
) -> None:
    ran = project.run("review", *words)

    assert (ran.code, f"then: {written_out}\n" in ran.said) == (2, True), ran.said


def test_a_no_at_the_terminal_records_nothing(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()

    code, shown = at_a_terminal(project, ["review", "skip", "cake:1"], ("Skip for good? [y/N]", "n\n", lambda: None))

    assert (code, "Nothing was recorded." in shown) == (0, True), shown
    assert only(project)["words"] == []


def test_nothing_asks_without_a_terminal_and_every_word_but_approve_needs_a_reason(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()

    assert "--yes" in project.run("review", "approve", "cake:1").said
    assert "--why" in review(project, "reject", "cake:1", code=2, why=None).said
    review(project, "approve", "cake:1", why=None)


@pytest.mark.parametrize("name", ["number", "cake:1", "1", "CAKE-1"])
def test_a_document_goes_by_every_name(project: Project, name: str) -> None:
    project.owe(1, 2, **LARGE)
    project.sync()
    number = next(each["review"] for each in waiting(project) if each["invoice"] == "1")

    ran = review(project, "approve", str(number) if name == "number" else name)

    assert [each["invoice"] for each in ran.json["documents"]] == ["1"]


def test_a_number_that_may_mean_two_is_asked_back(project: Project) -> None:
    project.owe(7, **LARGE)
    project.sync()
    number = only(project)["review"]
    project.owe(number, **LARGE)
    project.sync()

    ran = review(project, "approve", str(number), code=2)

    assert "cake:7 or cake:" in ran.said


def test_the_list_groups_by_cause_and_names_the_next_command(project: Project) -> None:
    project.owe(1, 2, **LARGE)
    project.owe(3, invoice_status="Disputed")
    project.sync(code=None)

    shown = project.run("review").out

    assert "2 invoices held  AUD 62,500.00  [amount-above]" in shown
    assert "approving makes it as it stands here" in shown
    assert "approving cannot help" in shown
    assert shown.rstrip().splitlines()[-1].startswith(" Next: connector review approve ")
    assert project.run("review", "list").out == shown


def test_with_nothing_to_decide_the_list_says_so(project: Project) -> None:
    assert "Nothing waits for a person." in project.run("review").out
    project.owe(1)
    project.sync()
    assert "Nothing waits for a person." in project.run("review").out


def test_a_word_is_never_changed_or_deleted(project: Project) -> None:
    project.owe(1, **LARGE)
    project.sync()
    for verb in ("approve", "reject", "approve", "skip", "approve"):
        review(project, verb, "cake:1")
    project.sync()
    with project.state() as state:
        verbs = [word.verb for word in state.words(REALM_ID, "cake", ["1"])["1"]]
        assert state.document(Key(REALM_ID, "cake", "1", "bill")).state == "sent"
    assert verbs == ["approve", "reject", "approve", "skip", "approve"]
