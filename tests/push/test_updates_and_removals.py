"""Updates and removals under every bad day: the bill ends as the source says, once, or a person is told why not."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from project import Project
from sqlmodel import Session, select
from test_write_protocol import FORGETS_MOSTLY, LOST

from connector.document import Key
from connector.errors import ServiceDown
from connector.push import request_id
from connector.sandbox.credentials import REALM_ID
from connector.state.store import State
from connector.state.tables import AttemptRow, DocumentRow, RequestItemRow, RequestRow
from connector.sync.standing import Standings

KEY = Key(REALM_ID, "cake", "1", "bill")
CHANGED = {"total_payout": "250.00"}
VOID = {"invoice_status": "Void"}
WISHES = pytest.mark.parametrize("wish", [CHANGED, VOID], ids=["changed", "voided"])


def billed(project: Project, **change: Any) -> None:
    """One invoice with its bill over 101.25; then the source says something else."""
    project.owe(1)
    project.sync()
    project.owe(1, **change)


def bill(project: Project) -> dict[str, Any]:
    (found,) = project.held()
    return found


def amounts(project: Project) -> list[float]:
    return sorted(each["TotalAmt"] for each in project.held())


def rows(project: Project, table: Any) -> list[Any]:
    with project.state() as state, state.read() as t, Session(t) as session:
        return list(session.exec(select(table)).all())


def edit(project: Project, **boxes: Any) -> None:
    """A person changes the bill in QuickBooks."""
    project.load("Bill", {"Id": bill(project)["Id"], **boxes})


def pay(project: Project) -> None:
    """A person pays half of the bill."""
    now = bill(project)
    line = {"Amount": 50, "LinkedTxn": [{"TxnId": now["Id"], "TxnType": "Bill"}]}
    head = {"VendorRef": {"value": now["VendorRef"]["value"]}, "TotalAmt": 50, "PayType": "Check"}
    project.load(
        "BillPayment", head | {"CheckPayment": {"BankAccountRef": {"name": "Operating account"}}, "Line": [line]}
    )


@pytest.fixture
def delete(services: Any, project: Project) -> Callable[[], None]:
    """A person deletes the bill."""
    return lambda: services.company.remove("Bill", bill(project)["Id"])


def meanwhile(patch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """It happens once, between the decision and the send."""
    looked, waiting = Standings.of, [happens]

    def then(self: Standings, documents: Any) -> Any:
        found = looked(self, documents)
        if waiting:
            waiting.pop()()
        return found

    patch.setattr(Standings, "of", then)


# The good day.


def test_a_changed_invoice_changes_its_bill_and_nothing_else_of_it(project: Project) -> None:
    billed(project)
    edit(project, Memo="a note of a person, in a box that is none of ours")
    project.owe(1, **CHANGED)

    planned, ran = project.plan(), project.sync()

    assert planned.counts == ran.counts == {"updated": 1}
    assert planned.of(1)["action"] == "update"
    assert planned.of(1)["reason"] == "the source changed after the bill was made: amount 101.25 → 250.00"
    now = bill(project)
    assert (now["TotalAmt"], now["Memo"]) == (250.0, "a note of a person, in a box that is none of ours")
    assert project.sync().counts == {"unchanged": 1}


def test_a_voided_invoice_removes_its_bill(project: Project) -> None:
    billed(project, **VOID)

    planned, ran = project.plan(), project.sync()

    assert planned.counts == ran.counts == {"removed": 1}
    assert planned.of(1)["action"] == "remove"
    assert ran.of(1)["state"] == "removed"
    assert not project.held()
    assert project.sync().counts == {"skipped": 1}


def test_an_invoice_that_is_live_again_after_its_bill_was_removed_is_for_a_person(project: Project) -> None:
    billed(project, **VOID)
    project.sync()
    project.owe(1)

    ran = project.sync()

    assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "live-again")
    assert not project.held()


def test_another_payee_and_another_day_move_the_bill_and_its_due_date(project: Project) -> None:
    billed(project, affiliate_id=7, affiliate_name="Somebody else", invoice_date="2026-09-10")

    assert project.sync().counts == {"updated": 1}
    now = bill(project)
    assert (now["VendorRef"]["name"], now["TxnDate"], now["DueDate"]) == ("Somebody else", "2026-09-10", "2026-10-10")


def test_many_changes_and_creations_share_a_batch(project: Project) -> None:
    project.owe(*range(1, 13))
    project.sync()
    project.owe(*range(1, 5), **CHANGED)
    project.owe(*range(5, 9), **VOID)
    project.owe(*range(13, 20))

    assert project.sync().counts == {"updated": 4, "removed": 4, "created": 7, "unchanged": 4}

    batch = json.loads(next(each["body"] for each in reversed(project.writes()) if '"Bill"' in each["body"]))
    operations = [item["operation"] for item in batch["BatchItemRequest"]]
    assert sorted(operations) == ["create"] * 7 + ["delete"] * 4 + ["update"] * 4
    assert amounts(project)[-4:] == [250.0] * 4
    assert project.sync().counts == {"unchanged": 15, "skipped": 4}


def test_every_change_stands_in_the_state_before_it_is_sent(project: Project) -> None:
    billed(project, **CHANGED)
    project.sync()
    project.owe(1, **VOID)
    project.sync()

    update, removal = project.writes()[-2:]
    assert update["requestid"] == request_id(KEY, "update", "0", 0)
    assert removal["requestid"] == request_id(KEY, "delete", "1", 0)
    stored = {row.request_id: row for row in rows(project, RequestRow)}
    items = {row.request: row for row in rows(project, RequestItemRow)}
    for write, operation, revision in ((update, "update", "0"), (removal, "delete", "1")):
        row = stored[write["requestid"]]
        assert (row.operation, row.revision, items[row.id].outcome) == (operation, revision, "applied")
        assert items[row.id].body == write["body"]
    assert len(rows(project, AttemptRow)) == len([each for each in project.control("requests") if writes(each)])


def writes(request: dict[str, Any]) -> bool:
    return request["method"] == "POST" and request["path"].endswith(("/bill", "/batch", "/vendor"))


@WISHES
def test_a_change_that_was_decided_and_not_begun_is_decided_again(project: Project, wish: dict[str, str]) -> None:
    """The run ends between the decision, which is kept, and the intent."""
    billed(project, **wish)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, "_intended", full_disk)
        project.sync(code=5)

    assert project.sync().counts == {"updated" if wish is CHANGED else "removed": 1}


def test_a_refused_change_that_is_asked_again_and_not_begun_is_decided_again(project: Project) -> None:
    billed(project, **CHANGED)
    refuse(project)
    project.sync()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, "_intended", full_disk)
        project.sync("--retry-refused", code=5)

    assert project.sync().counts == {"updated": 1}
    assert amounts(project) == [250.0]


def full_disk(*_: object, **__: object) -> int:
    raise ServiceDown("the disk is full", code="state-disk-full", remedy="Free some space and run again.")


def credited(project: Project) -> None:
    """The policy takes a voided invoice's bill back by a vendor credit."""
    path = project.folder / "mappings/cake.yaml"
    text = path.read_text().split("\nexamples:")[0]
    path.write_text(text.replace("invoice voided later:      delete", "invoice voided later:      credit"))
    billed(project, **VOID)


# Answers that are lost.


@pytest.mark.parametrize("requestids", FORGETS_MOSTLY)
@pytest.mark.parametrize(("fault", "how"), LOST, ids=str)
def test_a_lost_answer_to_a_credit_that_takes_a_bill_back_ends_in_one(
    project: Project, fault: str, how: dict[str, Any], requestids: str
) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids)
    credited(project)
    before = bill(project)
    project.arm(fault, "/vendorcredit", **how)

    assert project.sync(code=6).counts == {"unknown": 1}
    time.sleep(0.06)

    assert project.sync().counts == {"credited": 1}
    assert project.sync().counts == {"unchanged": 1}
    assert len({(each["requestid"], each["body"]) for each in project.writes()[1:]}) == 1
    assert project.numbers("VendorCredit") == {"CAKE-1-V": 1}
    assert bill(project) == before


def test_an_invoice_that_is_live_again_before_its_credit_is_settled_waits_for_that(project: Project) -> None:
    project.settings(settle_after="300 s")
    credited(project)
    project.arm("commit-then-drop", "/vendorcredit")
    project.sync(code=6)
    project.owe(1)

    assert project.sync(code=6).counts == {"unknown": 1}
    project.settings(settle_after="10 ms")
    live = project.sync()
    assert (live.counts, live.of(1)["code"]) == ({"held": 1}, "live-again")


@WISHES
@pytest.mark.parametrize("requestids", FORGETS_MOSTLY)
@pytest.mark.parametrize(("fault", "how"), LOST, ids=str)
def test_a_lost_answer_ends_in_one_change(
    project: Project, fault: str, how: dict[str, Any], requestids: str, wish: dict[str, str]
) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids)
    billed(project, **wish)
    project.arm(fault, **how)

    assert project.sync(code=6).counts == {"unknown": 1}
    time.sleep(0.06)
    second = project.sync()

    assert len({(each["requestid"], each["body"]) for each in project.writes()[1:]}) == 1
    if wish is CHANGED:
        assert second.counts == {"updated": 1}
        assert (bill(project)["TotalAmt"], bill(project)["SyncToken"]) == (250.0, "1")
        assert project.sync().counts == {"unchanged": 1}
    else:
        assert second.counts == {"removed": 1}
        assert not project.held()
        assert project.sync().counts == {"skipped": 1}


@pytest.mark.parametrize("requestids", FORGETS_MOSTLY)
@pytest.mark.parametrize(("fault", "how"), [*LOST, ("batch-item-lost", {"index": 3})], ids=str)
def test_a_lost_answer_to_a_batch_of_everything_ends_in_one_of_each(
    project: Project, fault: str, how: dict[str, Any], requestids: str
) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids)
    one = {"affiliate_id": 7, "affiliate_name": "One"}
    project.owe(*range(1, 13), **one)
    project.sync()
    project.owe(*range(1, 5), **one, **CHANGED)
    project.owe(*range(5, 9), **one, **VOID)
    project.owe(*range(13, 20), **one)
    project.arm(fault, "/batch", **how)
    project.sync(code=None)
    time.sleep(0.06)
    project.sync()

    assert project.sync().counts == {"unchanged": 15, "skipped": 4}
    assert project.numbers() == {f"CAKE-{id_}": 1 for id_ in (*range(1, 5), *range(9, 20))}
    assert sorted(each["TotalAmt"] for each in project.held() if each["SyncToken"] == "1") == [250.0] * 4


@WISHES
def test_wait_stays_until_the_change_is_known(project: Project, wish: dict[str, str]) -> None:
    project.settings(settle_after="300 ms")
    billed(project, **wish)
    project.arm("commit-then-drop")

    assert project.sync("--wait").counts == {"updated" if wish is CHANGED else "removed": 1}


def test_wait_also_tells_a_change_that_an_earlier_run_left_as_a_change(project: Project) -> None:
    project.settings(settle_after="1500 ms")
    billed(project, **CHANGED)
    project.arm("drop-before-commit")
    project.sync(code=6)

    assert project.sync("--wait").counts == {"updated": 1}


@WISHES
def test_a_change_that_never_arrives_is_for_a_person_after_three_rounds(project: Project, wish: dict[str, str]) -> None:
    project.settings(settle_after="10 ms")
    billed(project, **wish)
    project.arm("drop-before-commit", times=4)
    for _ in range(4):
        project.sync(code=6)
        time.sleep(0.02)

    held = project.sync()
    assert (held.counts, held.of(1)["code"]) == ({"held": 1}, "outcome-unknown")
    assert held.of(1)["qbo_id"] == bill(project)["Id"]
    assert len({each["requestid"] for each in project.writes()}) == 2
    assert project.sync().counts == {"held": 1}
    assert project.sync("--retry-refused").counts == {"updated" if wish is CHANGED else "removed": 1}


# Somebody else, in the meantime.


def test_a_touch_in_between_is_met_by_the_next_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    billed(project, **CHANGED)
    meanwhile(monkeypatch, lambda: edit(project, Memo="mine"))

    ran = project.sync()
    assert (ran.counts, ran.of(1)["code"]) == ({"waiting": 1}, "stale")
    assert project.sync().counts == {"updated": 1}
    assert (bill(project)["TotalAmt"], bill(project)["Memo"]) == (250.0, "mine")


@WISHES
def test_a_payment_in_between_leaves_the_bill_to_a_person(
    project: Project, monkeypatch: pytest.MonkeyPatch, wish: dict[str, str]
) -> None:
    billed(project, **wish)
    meanwhile(monkeypatch, lambda: pay(project))

    assert project.sync().counts == {"waiting": 1}
    held = project.sync()
    assert held.counts == {"held": 1}
    assert held.of(1)["code"] == ("changed-at-source" if wish is CHANGED else "voided-at-source-paid")
    assert amounts(project) == [101.25]


@WISHES
def test_an_edit_in_between_is_not_overwritten(
    project: Project, monkeypatch: pytest.MonkeyPatch, wish: dict[str, str]
) -> None:
    billed(project, **wish)
    meanwhile(monkeypatch, lambda: edit(project, DueDate="2026-12-24"))

    assert project.sync().counts == {"waiting": 1}
    held = project.sync()
    assert (held.counts, held.of(1)["code"]) == ({"held": 1}, "edited-in-quickbooks")
    assert "changed its due date there" in held.of(1)["reason"]
    assert (bill(project)["DueDate"], amounts(project)) == ("2026-12-24", [101.25])


def test_a_bill_deleted_in_between_is_not_made_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, delete: Callable[[], None]
) -> None:
    billed(project, **CHANGED)
    meanwhile(monkeypatch, delete)

    for _ in range(2):
        ran = project.sync()
        assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "missing-in-quickbooks")
    assert not project.held()


def test_a_bill_deleted_in_between_is_as_good_as_removed(
    project: Project, monkeypatch: pytest.MonkeyPatch, delete: Callable[[], None]
) -> None:
    billed(project, **VOID)
    meanwhile(monkeypatch, delete)

    assert project.sync().counts == {"removed": 1}
    assert project.sync().counts == {"skipped": 1}


AFTER_A_LOST_ANSWER: dict[str, tuple[bool, dict[str, str], str, dict[str, int], str | None]] = {
    # committed, wish, what a person does: counts of the next run, code
    "changed and not made, then paid": (False, CHANGED, "pay", {"held": 1}, "changed-at-source"),
    "changed and made, then paid": (True, CHANGED, "pay", {"updated": 1}, None),
    "changed and not made, then edited": (False, CHANGED, "edit", {"held": 1}, "edited-in-quickbooks"),
    "changed and made, then edited": (True, CHANGED, "edit", {"held": 1}, "edited-in-quickbooks"),
    "changed and not made, then touched": (False, CHANGED, "touch", {"updated": 1}, None),
    "changed and made, then touched": (True, CHANGED, "touch", {"updated": 1}, None),
    "changed and not made, then deleted": (False, CHANGED, "delete", {"held": 1}, "missing-in-quickbooks"),
    "changed and made, then deleted": (True, CHANGED, "delete", {"held": 1}, "missing-in-quickbooks"),
    "voided and not made, then paid": (False, VOID, "pay", {"held": 1}, "voided-at-source-paid"),
    "voided and not made, then edited": (False, VOID, "edit", {"held": 1}, "edited-in-quickbooks"),
    "voided and not made, then touched": (False, VOID, "touch", {"removed": 1}, None),
    "voided and not made, then deleted": (False, VOID, "delete", {"removed": 1}, None),
}


@pytest.mark.parametrize("name", AFTER_A_LOST_ANSWER)
def test_what_a_person_does_after_a_lost_answer(project: Project, delete: Callable[[], None], name: str) -> None:
    committed, wish, deed, counts, code = AFTER_A_LOST_ANSWER[name]
    project.settings(settle_after="20 ms")
    billed(project, **wish)
    project.arm("answer-500", commit=committed)
    project.sync(code=6)
    deeds: dict[str, Callable[[], None]] = {
        "pay": lambda: pay(project),
        "edit": lambda: edit(project, DueDate="2026-12-24"),
        "touch": lambda: edit(project, Memo="mine"),
        "delete": delete,
    }
    deeds[deed]()
    time.sleep(0.03)

    ran = project.sync()

    assert (ran.counts, ran.of(1)["code"]) == (counts, code)
    again = project.sync()
    assert again.counts == {"updated": {"unchanged": 1}, "removed": {"skipped": 1}, "held": counts}[next(iter(counts))]


# What speaks against it from the start.


@WISHES
@pytest.mark.parametrize(
    ("deed", "codes"),
    [
        (pay, ("changed-at-source", "voided-at-source-paid")),
        (lambda project: edit(project, PrivateNote="no mark"), ("edited-in-quickbooks",) * 2),
        (lambda project: project.control("preferences", {"book_close_date": "2026-09-30"}), ("books-closed",) * 2),
    ],
    ids=["paid", "edited", "closed"],
)
def test_a_bill_that_is_paid_edited_or_in_closed_books_stays(
    project: Project, deed: Callable[[Project], None], codes: tuple[str, str], wish: dict[str, str]
) -> None:
    billed(project, **wish)
    deed(project)
    before = project.held()

    for _ in range(2):
        ran = project.sync()
        assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, codes[wish is VOID])
        assert ran.of(1)["remedy"]
    assert project.held() == before
    project.owe(1)
    assert project.sync().counts == {"unchanged": 1}


@pytest.mark.parametrize(
    ("wish", "counts"), [(CHANGED, {"held": 1}), (VOID, {"skipped": 1})], ids=["changed", "voided"]
)
def test_a_bill_that_is_gone_already_is_told_and_not_made_again(
    project: Project, delete: Callable[[], None], wish: dict[str, str], counts: dict[str, int]
) -> None:
    billed(project, **wish)
    delete()

    assert project.sync().counts == counts
    assert len(project.writes()) == 1


@WISHES
def test_a_bill_that_was_found_after_the_state_was_lost_is_left_to_a_person(
    project: Project, wish: dict[str, str]
) -> None:
    billed(project)
    project.forget()
    project.sync()
    project.owe(1, **wish)

    assert project.sync().counts == {"held": 1}
    assert amounts(project) == [101.25]


@pytest.mark.parametrize(
    "change", [{"currency_symbol": "EUR"}, {"total_payout": "-5.00"}, {"total_payout": "99999.00"}]
)
def test_what_a_bill_cannot_become_is_left_to_a_person(project: Project, change: dict[str, str]) -> None:
    billed(project, **change)

    assert project.sync().counts == {"held": 1}
    assert amounts(project) == [101.25]


# Refusals.


def refuse(project: Project, code: str = "6000", **more: Any) -> None:
    project.arm("answer-fault", status=400, code=code, message="Refused", detail="for a reason", **more)


@WISHES
def test_a_refused_change_leaves_the_bill_and_waits_for_a_person(project: Project, wish: dict[str, str]) -> None:
    project.switch(failed_attempts_remembered=True)
    billed(project, **wish)
    refuse(project)

    for _ in range(2):
        ran = project.sync()
        assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "rule-of-quickbooks")
        assert ran.of(1)["qbo_id"] == bill(project)["Id"]
    assert amounts(project) == [101.25]
    assert len(project.writes()) == 2

    assert project.sync("--retry-refused").counts == {"updated" if wish is CHANGED else "removed": 1}
    assert len({each["requestid"] for each in project.writes()}) == 3


@WISHES
def test_a_refused_change_goes_out_anew_when_the_source_changes_again(project: Project, wish: dict[str, str]) -> None:
    billed(project, **wish)
    refuse(project)
    project.sync()
    project.owe(1, total_payout="300.00")

    assert project.sync().counts == {"updated": 1}
    assert amounts(project) == [300.0]


def test_a_refused_change_is_over_when_the_source_takes_it_back(project: Project) -> None:
    billed(project, **CHANGED)
    refuse(project)
    project.sync()
    project.owe(1)

    assert project.sync().counts == {"updated": 1}  # said once more, so that nothing is left open
    assert amounts(project) == [101.25]
    assert project.sync().counts == {"unchanged": 1}


def test_a_refused_change_whose_invoice_is_voided_then_is_removed(project: Project) -> None:
    billed(project, **CHANGED)
    refuse(project)
    project.sync()
    project.owe(1, **VOID)

    assert project.sync().counts == {"removed": 1}
    assert not project.held()


def test_a_bill_held_after_a_refusal_is_held_for_a_better_reason_when_it_is_paid(project: Project) -> None:
    billed(project, **CHANGED)
    refuse(project)
    project.sync()
    pay(project)
    project.owe(1, total_payout="300.00")

    held = project.sync()
    assert (held.counts, held.of(1)["code"]) == ({"held": 1}, "changed-at-source")
    assert {row.qbo_id for row in rows(project, DocumentRow)} == {bill(project)["Id"]}
    assert amounts(project) == [101.25]


@WISHES
def test_three_throttles_stop_the_run_and_the_change_waits(project: Project, wish: dict[str, str]) -> None:
    billed(project, **wish)
    project.arm("throttle", times=3)

    assert project.sync(code=5).counts == {"waiting": 1}
    assert project.sync().counts == {"updated" if wish is CHANGED else "removed": 1}
    assert len({each["requestid"] for each in project.writes()}) == 2


# Limits.


@pytest.mark.parametrize(
    ("limit", "code"),
    [("max_bills = 0", 8), ('max_total = {AUD = "148.74"}', 8), ('max_total = {AUD = "148.75"}', 0)],
)
def test_limits_count_what_an_update_adds(project: Project, limit: str, code: int) -> None:
    billed(project, **CHANGED)
    project.settings(limits=f"[limits]\n{limit}")

    project.sync(code=code)

    assert amounts(project) == [101.25 if code else 250.0]


def test_limits_do_not_count_what_gets_less(project: Project) -> None:
    billed(project, total_payout="7.00")
    project.settings(limits="[limits]\nmax_bills = 0")

    assert project.sync().counts == {"updated": 1}


# What people see.


def test_plan_why_and_runs_tell_the_changes(project: Project) -> None:
    billed(project, **CHANGED)

    assert "to update" in project.run("plan").out
    ran = project.sync()
    told = project.run("runs", "show", ran.json["run"]).out
    assert "update: written" in told
    life = project.run("why", "1").out
    assert "a change of the bill was sent; QuickBooks took it" in life

    project.owe(1, **VOID)
    assert "to remove" in project.run("plan").out
    project.sync()
    life = project.run("why", "1").out
    assert "the bill's deletion was sent; QuickBooks took it" in life
