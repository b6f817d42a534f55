"""The write protocol under every bad day of the pretend QuickBooks: exactly one bill for each invoice, in the end."""

import hashlib
import json
import time
from typing import Any

import pytest
from project import Project, bill
from sqlmodel import Session, select

from connector.document import Key, marker
from connector.push import request_id
from connector.sandbox.credentials import REALM_ID
from connector.state.tables import AttemptRow, DocumentRow, RequestItemRow, RequestRow

FEW = tuple(range(1, 4))
MANY = tuple(range(1, 18))  # more than go one by one

SELDOM = pytest.mark.slow
LOST = [
    ("commit-then-drop", {}),
    ("drop-before-commit", {}),
    pytest.param("truncate", {}, marks=SELDOM),
    ("empty-200", {}),
    pytest.param("answer-500", {"commit": True}, marks=SELDOM),
    pytest.param("answer-500", {"commit": False}, marks=SELDOM),
    ("answer-html", {"commit": True, "status": 504}),
    pytest.param("answer-html", {"commit": False, "status": 503}, marks=SELDOM),
    ("answer-401", {"commit": True}),
    pytest.param("answer-401", {"commit": False}, marks=SELDOM),
]
"""Half of them always: committed or not, without an answer or with one that says nothing."""
REMEMBERS = ["remember", "forget", "600"]
FORGETS_MOSTLY = [pytest.param("remember", marks=SELDOM), "forget", pytest.param("600", marks=SELDOM)]
"""For what else goes by the same protocol: always the QuickBooks that forgets request ids, the kinder ones seldom."""


def until_settled(project: Project, seconds: float = 20.0) -> None:
    """Run again and again, as a schedule does, until nothing is unknown or waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ran = project.sync(code=None)
        assert ran.code in (0, 5, 6), ran.said
        if not (ran.counts.get("unknown") or ran.counts.get("waiting") or ran.code == 5):
            return
        time.sleep(0.06)
    raise AssertionError(ran.counts)


def bills_once(project: Project, ids: tuple[int, ...]) -> None:
    assert project.numbers() == {f"CAKE-{id_}": 1 for id_ in ids}


def rows(project: Project, table: Any) -> list[Any]:
    with project.state() as state, state.read() as t, Session(t) as session:
        return list(session.exec(select(table)).all())


@pytest.mark.parametrize("requestids", REMEMBERS)
@pytest.mark.parametrize(("fault", "how"), LOST, ids=str)
def test_a_lost_answer_to_a_single_write_ends_in_one_bill(
    project: Project, fault: str, how: dict[str, Any], requestids: str
) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids)
    project.owe(*FEW)
    project.arm(fault, **how)

    first = project.sync(code=None)
    assert first.code == 6
    assert first.counts == {"created": 2, "unknown": 1}
    time.sleep(0.06)
    second = project.sync()

    assert second.counts == {"created": 1, "unchanged": 2}
    bills_once(project, FEW)


@pytest.mark.parametrize("requestids", FORGETS_MOSTLY)
@pytest.mark.parametrize(("fault", "how"), LOST, ids=str)
def test_a_lost_answer_to_a_batch_ends_in_one_bill_each(
    project: Project, fault: str, how: dict[str, Any], requestids: str
) -> None:
    project.settings(settle_after="50 ms", batch_size="7")
    project.switch(requestids=requestids)
    project.owe(*MANY)
    project.arm(fault, "/batch", skip=1, **how)  # the first batch makes vendors

    project.sync(code=None)
    until_settled(project)

    bills_once(project, MANY)


@pytest.mark.parametrize("requestids", REMEMBERS)
@pytest.mark.parametrize("fault", ["batch-item-lost", "batch-item-throttled"])
def test_one_item_of_a_batch_goes_astray_and_goes_again_alone(project: Project, fault: str, requestids: str) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids, batch_order="shuffled")
    project.owe(*MANY)
    project.arm(fault, "/batch", skip=1, index=3)

    project.sync(code=None)
    until_settled(project)

    bills_once(project, MANY)


def test_what_is_found_of_a_batch_is_left_out_and_the_rest_goes_again_under_the_same_ids(project: Project) -> None:
    project.settings(settle_after="50 ms", throttle_wait="0 s")
    project.owe(*MANY)
    project.arm("batch-item-throttled", "/batch", skip=1, index=3)

    ran = project.sync()

    assert ran.counts == {"created": len(MANY)}
    first, again = [each for each in project.writes() if '"Bill"' in each["body"]]
    assert again["requestid"] == first["requestid"]
    (item,) = json.loads(again["body"])["BatchItemRequest"]
    assert item == json.loads(first["body"])["BatchItemRequest"][3]
    bills_once(project, MANY)


@pytest.mark.parametrize("how_many", [FEW, MANY], ids=["one by one", "in a batch"])
def test_a_throttle_is_waited_out_with_the_same_id(project: Project, how_many: tuple[int, ...]) -> None:
    project.owe(*how_many)
    path = "/bill" if how_many == FEW else "/batch"
    project.arm("throttle", path, skip=0 if how_many == FEW else 1, times=2)

    project.sync()

    bills_once(project, how_many)
    tried = [each for each in project.writes() if '"VendorRef"' in each["body"]]
    assert len(tried) == len({each["requestid"] for each in tried}) + 2


@pytest.mark.parametrize("how_many", [FEW, MANY], ids=["one by one", "in a batch"])
def test_three_throttles_in_a_row_stop_the_run_and_what_was_not_sent_waits(
    project: Project, how_many: tuple[int, ...]
) -> None:
    project.settings(concurrency="1")
    project.owe(*how_many)
    project.arm("throttle", "/bill" if how_many == FEW else "/batch", skip=0 if how_many == FEW else 1, times=3)

    stopped = project.sync(code=5)
    assert stopped.counts == {"waiting": len(how_many)}
    assert stopped.json["problems"][0]["code"] == "quickbooks-throttled"
    assert project.sync().counts == {"created": len(how_many)}
    bills_once(project, how_many)


def test_a_throttle_while_vendors_are_made_is_waited_out(project: Project) -> None:
    project.owe(*FEW)
    project.arm("throttle", "/vendor", times=2)

    assert project.sync().counts == {"created": 3}


def test_three_throttles_while_vendors_are_made_stop_the_run(project: Project) -> None:
    project.owe(*FEW)
    project.arm("throttle", "/vendor", times=3)

    assert project.sync(code=5).counts == {"waiting": 3}
    assert project.sync().counts == {"created": 3}


def test_a_resend_that_is_throttled_proves_nothing_about_the_first_send(project: Project) -> None:
    """QuickBooks remembers ids and hides new bills: a new batch id after the throttle would make second bills."""
    project.settings(settle_after="50 ms", throttle_wait="0 s")
    project.owe(*MANY)
    project.switch(hide_new_bills_seconds=3600)
    project.arm("commit-then-drop", "/batch", skip=1)
    project.sync(code=6)
    time.sleep(0.06)
    project.arm("throttle", "/batch", times=3)

    project.sync(code=5)
    assert {row.state for row in rows(project, DocumentRow)} == {"sending"}
    time.sleep(0.06)
    assert project.sync().counts == {"created": len(MANY)}

    bills_once(project, MANY)
    assert len({each["requestid"] for each in project.writes() if '"Bill"' in each["body"]}) == 1


@pytest.mark.parametrize("how_many", [FEW, MANY], ids=["one by one", "in a batch"])
def test_new_bills_that_queries_do_not_show_yet_are_not_made_twice_while_ids_are_remembered(
    project: Project, how_many: tuple[int, ...]
) -> None:
    project.settings(settle_after="50 ms")
    project.owe(*how_many)
    project.switch(hide_new_bills_seconds=3600)
    project.arm("commit-then-drop", "/bill" if how_many == FEW else "/batch", skip=0 if how_many == FEW else 1)

    project.sync(code=6)
    until_settled(project)

    bills_once(project, how_many)


@pytest.mark.parametrize("how_many", [FEW, MANY], ids=["one by one", "in a batch"])
def test_bills_hidden_for_less_than_settle_after_are_not_made_twice_though_ids_are_forgotten(
    project: Project, how_many: tuple[int, ...]
) -> None:
    project.settings(settle_after="2500 ms")
    project.owe(*how_many)
    project.switch(hide_new_bills_seconds=2.2, requestids="forget")
    project.arm("commit-then-drop", "/bill" if how_many == FEW else "/batch", skip=0 if how_many == FEW else 1)

    project.sync(code=6)
    early = project.sync(code=6)
    time.sleep(0.8)

    assert early.counts["unknown"] >= 1
    until_settled(project)
    bills_once(project, how_many)


def test_wait_stays_until_no_outcome_is_unknown(project: Project) -> None:
    project.settings(settle_after="300 ms")
    project.owe(*FEW)
    project.arm("commit-then-drop")

    assert project.sync("--wait").counts == {"created": 3}


def test_wait_also_settles_what_an_earlier_run_left(project: Project) -> None:
    project.settings(settle_after="1500 ms")
    project.owe(*FEW)
    project.arm("drop-before-commit")
    project.sync(code=6)

    assert project.sync("--wait").counts == {"created": 1, "unchanged": 2}
    bills_once(project, FEW)


def test_no_evidence_after_three_rounds_is_for_a_person(project: Project) -> None:
    project.settings(settle_after="10 ms")
    project.owe(1)
    project.sync(code=None)
    project.owe(2)
    project.arm("drop-before-commit", times=9)
    for _ in range(4):
        project.sync(code=6)
        time.sleep(0.02)
    held = project.sync()

    assert held.counts == {"unchanged": 1, "held": 1}
    assert held.of(2)["code"] == "outcome-unknown"
    assert len([each for each in project.writes() if "CAKE-2" in each["body"]]) == 4


def test_what_turns_up_after_all_is_adopted_though_it_was_given_up(project: Project) -> None:
    project.settings(settle_after="10 ms")
    project.switch(hide_new_bills_seconds=3600, requestids="600")
    project.owe(1)
    project.arm("commit-then-drop")
    for _ in range(5):
        project.sync(code=None)
        time.sleep(0.02)
    project.switch(hide_new_bills_seconds=0)

    assert project.sync().counts == {"adopted": 1}
    bills_once(project, (1,))


def test_ten_requests_in_a_row_without_an_answer_stop_the_run(project: Project) -> None:
    project.settings(concurrency="1")
    project.owe(*range(1, 13))
    project.arm("drop-before-commit", times=99)

    ran = project.sync(code=5)

    assert ran.counts == {"unknown": 10, "waiting": 2}
    assert ran.json["problems"][0]["code"] == "quickbooks-down"


def test_a_number_that_no_query_can_hold_is_settled_by_its_mark(project: Project) -> None:
    project.settings(settle_after="20 ms")
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().split("\nexamples:")[0].replace("CAKE-<invoice_id>", "<payment_type>"))
    project.owe(1, payment_type="a\x01b")
    project.arm("commit-then-drop")
    project.sync(code=6)
    time.sleep(0.03)

    assert project.sync().counts == {"created": 1}


# Intents.


@pytest.mark.parametrize("how_many", [FEW, MANY], ids=["one by one", "in batches"])
def test_every_write_that_quickbooks_saw_stands_in_the_state_with_its_id_and_bytes(
    project: Project, how_many: tuple[int, ...]
) -> None:
    project.settings(settle_after="20 ms", batch_size="6")
    project.owe(*how_many)
    path = "/bill" if how_many == FEW else "/batch"
    project.arm("commit-then-drop", path, skip=0 if how_many == FEW else 3)
    project.arm("throttle", path, skip=0 if how_many == FEW else 4)
    project.sync(code=None)
    time.sleep(0.03)
    until_settled(project)

    stored = {row.request_id: row for row in rows(project, RequestRow)}
    items: dict[tuple[int, str], RequestItemRow] = {
        (row.request, row.bid): row for row in rows(project, RequestItemRow)
    }
    bills = {row.id for row in stored.values() if row.entity != "Vendor"}
    attempts = [row for row in rows(project, AttemptRow) if row.request in bills]
    writes = [each for each in project.writes() if '"VendorRef"' in each["body"]]

    assert len(writes) == len(attempts)
    for write in writes:
        request = stored[write["requestid"]]
        if write["path"].endswith("/batch"):
            for item in json.loads(write["body"])["BatchItemRequest"]:
                assert len(item["bId"]) <= 2
                kept = items[request.id, item["bId"]]
                assert kept.body in write["body"]
                assert json.loads(kept.body) == item["Bill"]
        else:
            kept = items[request.id, ""]
            assert kept.body == write["body"]
        assert kept.sha256 == hashlib.sha256(kept.body.encode()).hexdigest()
        assert len(write["requestid"]) <= 36


def test_the_ids_of_single_writes_and_the_marks_can_be_worked_out_with_the_state_lost(project: Project) -> None:
    project.owe(*FEW)
    project.sync()

    keys = {f"CAKE-{id_}": Key(REALM_ID, "cake", str(id_), "bill") for id_ in FEW}
    for write in project.writes():
        body = json.loads(write["body"])
        key = keys[body["DocNumber"]]
        assert write["requestid"] == request_id(key, "create", "0", 0)
        assert body["PrivateNote"].splitlines()[-1] == marker(key)


def test_a_changed_mapping_after_a_throttle_goes_out_under_another_id(project: Project) -> None:
    project.owe(1)
    project.arm("throttle", times=3)
    project.sync(code=5)
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("CAKE invoice <invoice_id>", "Invoice <invoice_id>"))
    examples = mapping.read_text().replace("memo: CAKE invoice 10042", "memo: Invoice 10042")
    mapping.write_text(examples)

    project.sync()

    ids = {each["requestid"]: each["body"] for each in project.writes()}
    assert len(ids) == 2
    bills_once(project, (1,))


# Refusals.


def refuse_once(project: Project, times: int = 1) -> None:
    project.arm("answer-fault", status=400, code="2500", message="Invalid", detail="Accounts element id 9", times=times)


def test_a_refused_document_stays_refused_until_a_person_asks_and_then_has_another_id(project: Project) -> None:
    project.switch(failed_attempts_remembered=True)
    project.owe(1)
    refuse_once(project)

    assert project.sync(code=6).counts == {"refused": 1}
    assert project.sync(code=6).counts == {"refused": 1}
    assert len(project.writes()) == 1
    assert project.sync("--retry-refused").counts == {"created": 1}

    ids = [each["requestid"] for each in project.writes()]
    key = Key(REALM_ID, "cake", "1", "bill")
    assert ids == [request_id(key, "create", "0", 0), request_id(key, "create", "0", 1)]


def test_a_refused_document_is_sent_again_when_it_changed(project: Project) -> None:
    project.owe(1)
    refuse_once(project)
    project.sync(code=6)
    project.owe(1, total_payout="77.00")

    assert project.sync().counts == {"created": 1}
    assert len({each["requestid"] for each in project.writes()}) == 2


def test_a_refusal_overtaken_by_a_hold_still_burns_its_id(project: Project) -> None:
    project.switch(failed_attempts_remembered=True)
    project.owe(1)
    refuse_once(project)
    project.sync(code=6)
    project.owe(1, invoice_status="Disputed")
    assert project.sync().counts == {"held": 1}
    project.owe(1, invoice_status="Approved")

    assert project.sync().counts == {"created": 1}
    assert len({each["requestid"] for each in project.writes()}) == 2


def test_a_subscription_that_has_ended_stops_the_run_and_refuses_nothing(project: Project) -> None:
    project.owe(*FEW)
    project.sync()
    project.owe(4, 5, affiliate_id=500001, affiliate_name="Affiliate 1")
    project.switch(subscription_ended=True, failed_attempts_remembered=True)

    stopped = project.sync(code=4)
    assert stopped.counts == {"unchanged": 3, "waiting": 2}
    project.switch(subscription_ended=False)
    assert project.sync().counts == {"created": 2, "unchanged": 3}


def test_a_403_stops_the_company_and_the_bills_wait(project: Project) -> None:
    project.owe(*FEW)
    project.settings(concurrency="1")
    project.arm("answer-403", skip=1)

    ran = project.sync(code=4)

    assert ran.counts == {"created": 1, "waiting": 2}
    assert project.sync().counts == {"created": 2, "unchanged": 1}


def test_a_number_that_quickbooks_calls_taken_is_looked_up_before_anything_else(project: Project) -> None:
    project.settings(settle_after="20 ms")
    project.control("preferences", {"warn_duplicate_bill_number": True})
    project.switch(requestids="forget", hide_new_bills_seconds=0)
    project.owe(*FEW)
    project.arm("commit-then-drop")

    project.sync(code=6)
    time.sleep(0.03)

    assert project.sync().counts == {"created": 1, "unchanged": 2}
    bills_once(project, FEW)


def test_a_number_taken_by_a_person_in_between_is_held(project: Project) -> None:
    """Typed and hidden from queries at planning; QuickBooks itself refuses with 6140."""
    project.settings(settle_after="20 ms")
    project.control("preferences", {"warn_duplicate_bill_number": True})
    project.owe(1)
    project.sync()
    project.owe(2, affiliate_id=500001, affiliate_name="Affiliate 1")
    project.switch(hide_new_bills_seconds=0.6)
    project.load("Bill", bill("CAKE-2", "Affiliate 1", 999, CurrencyRef={"value": "AUD"}))

    assert project.sync(code=6).counts == {"unknown": 1, "unchanged": 1}
    time.sleep(0.7)
    held = project.sync()

    assert held.counts == {"held": 1, "unchanged": 1}
    assert held.of(2)["code"] == "possible-duplicate"


# Answers.


def deleted(project: Project, number: str) -> None:
    (found,) = (each for each in project.held() if each["DocNumber"] == number)
    token = project.session.post(
        f"{project.url}/oauth/token",
        auth=("sandbox-client", "sandbox-secret"),
        data={"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token"},
        timeout=5,
    ).json()["access_token"]
    answer = project.session.post(
        f"{project.url}/quickbooks/v3/company/{REALM_ID}/bill",
        params={"operation": "delete"},
        json={"Id": found["Id"], "SyncToken": found["SyncToken"]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    )
    assert answer.status_code == 200, answer.text


def test_a_bill_that_a_person_deleted_is_never_made_again(project: Project) -> None:
    project.owe(1)
    project.sync()
    deleted(project, "CAKE-1")

    assert project.sync().counts == {"unchanged": 1}
    assert not project.held()


def test_a_replay_of_a_bill_that_was_deleted_since_is_held_and_not_called_sent(project: Project) -> None:
    project.owe(1)
    project.sync()
    deleted(project, "CAKE-1")
    project.forget()
    time.sleep(3)  # the answer must be older than the new send by more than the clocks may differ

    ran = project.sync()

    assert ran.counts == {"held": 1}
    assert ran.of(1)["code"] == "deleted-in-quickbooks"
    assert project.sync().counts == {"held": 1}
    assert not project.held()


def test_a_bill_deleted_before_its_lost_answer_was_settled_is_held_and_not_called_sent(project: Project) -> None:
    project.settings(settle_after="20 ms")
    project.owe(1)
    project.arm("commit-then-drop")
    project.sync(code=6)
    deleted(project, "CAKE-1")
    time.sleep(0.03)

    ran = project.sync()

    assert ran.counts == {"held": 1}
    assert ran.of(1)["code"] == "deleted-in-quickbooks"
    assert not project.held()


def test_an_answer_that_differs_is_sent_and_told(project: Project) -> None:
    project.owe(1, total_payout="10.00")
    mapping = project.folder / "mappings/cake.yaml"
    text = mapping.read_text().split("\nexamples:")[0]
    mapping.write_text(text.replace("check:\n", "check:\n  gross: 11.50\n"))

    ran = project.sync(code=6)

    assert ran.of(1)["state"] == "sent"
    assert ran.of(1)["code"] == "answer-differs"
    assert ran.counts == {"created": 1}
