"""Vendors under an intent: whatever happens to an answer, each is made once and its bills follow."""

import hashlib
import json
import time
from collections import Counter
from typing import Any

import pytest
from project import Project
from sqlmodel import Session, select
from test_write_protocol import FORGETS_MOSTLY, LOST

from connector.push import VendorMaker
from connector.state.tables import AttemptRow, RequestItemRow, RequestRow

FEW = (1, 2)
MANY = tuple(range(1, 18))


def rows(project: Project, table: Any) -> list[Any]:
    with project.state() as state, state.read() as t, Session(t) as session:
        return list(session.exec(select(table)).all())


def items(project: Project) -> list[RequestItemRow]:
    return [row for row in rows(project, RequestItemRow) if row.document is None]


def made(project: Project) -> Counter[str]:
    """The vendors that stand in QuickBooks and were made by bills, by name."""
    names = [each["DisplayName"] for each in project.held("Vendor")]
    return Counter(name for name in names if name.startswith("Affiliate"))


def sendings(project: Project) -> list[dict[str, Any]]:
    return [
        each for each in project.control("requests") if each["method"] == "POST" and '"DisplayName"' in each["body"]
    ]


def once(ids: tuple[int, ...]) -> dict[str, int]:
    return {f"Affiliate {id_}": 1 for id_ in ids}


@pytest.mark.parametrize("ids", [FEW, MANY], ids=["one by one", "in a batch"])
def test_a_vendor_stands_in_the_state_with_its_id_and_bytes_before_it_is_sent(
    project: Project, ids: tuple[int, ...]
) -> None:
    project.owe(*ids)
    project.sync()

    stored = {row.request_id: row for row in rows(project, RequestRow)}
    kept = {(row.request, row.bid): row for row in items(project)}
    attempts = Counter(row.request for row in rows(project, AttemptRow))
    assert len(kept) == len(ids)
    for sent in sendings(project):
        request = stored[sent["requestid"]]
        assert (request.entity, attempts[request.id]) == ("Vendor", 1)
        batch = request.operation == "batch"
        bids = [each["bId"] for each in json.loads(sent["body"])["BatchItemRequest"]] if batch else [""]
        for bid in bids:
            item = kept[request.id, bid]
            assert item.body in sent["body"]
            assert item.sha256 == hashlib.sha256(item.body.encode()).hexdigest()
            assert item.number == json.loads(item.body)["DisplayName"]
            assert item.outcome == "applied"
    assert made(project) == once(ids)


@pytest.mark.parametrize("requestids", FORGETS_MOSTLY)
@pytest.mark.parametrize(("fault", "how"), LOST, ids=str)
@pytest.mark.parametrize("ids", [FEW, MANY], ids=["one by one", "in a batch"])
def test_a_lost_answer_ends_in_one_vendor_each(
    project: Project, ids: tuple[int, ...], fault: str, how: dict[str, Any], requestids: str
) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids)
    project.owe(*ids)
    project.arm(fault, "/vendor" if ids == FEW else "/batch", **how)

    first = project.sync(code=None)
    assert first.code in (0, 5), first.said
    time.sleep(0.06)
    second = project.sync(code=None)

    assert second.code == 0, second.said
    assert made(project) == once(ids)
    assert project.numbers() == {f"CAKE-{id_}": 1 for id_ in ids}
    assert {item.outcome for item in items(project)} == {"applied"}


def test_what_is_absent_goes_again_only_when_its_answer_is_overdue_and_under_the_same_id(project: Project) -> None:
    project.settings(settle_after="3 s")
    project.owe(1)
    project.arm("drop-before-commit", "/vendor")

    assert project.sync().counts == {"waiting": 1}
    assert project.sync().counts == {"waiting": 1}
    assert len(sendings(project)) == 1
    time.sleep(3)
    assert project.sync().counts == {"created": 1}

    first, again = sendings(project)
    assert (first["requestid"], first["body"]) == (again["requestid"], again["body"])


def test_of_a_batch_only_what_is_absent_and_still_wanted_goes_again_under_the_same_ids(project: Project) -> None:
    project.settings(settle_after="20 ms")
    project.owe(*MANY)
    project.arm("drop-before-commit", "/batch")
    project.sync()
    for id_ in (1, 2):
        project.load("Vendor", {"DisplayName": f"Affiliate {id_}", "CurrencyRef": {"value": "AUD"}})
    project.owe(3, invoice_status="Pending")
    time.sleep(0.03)

    assert project.sync().counts == {"created": len(MANY) - 1, "skipped": 1}

    first, again = sendings(project)
    before = {each["bId"]: each for each in json.loads(first["body"])["BatchItemRequest"]}
    after = {each["bId"]: each for each in json.loads(again["body"])["BatchItemRequest"]}
    assert again["requestid"] == first["requestid"]
    assert after == {bid: each for bid, each in before.items() if bid not in ("00", "01", "02")}
    assert Counter(item.outcome for item in items(project)) == {"applied": 16, "left-out": 1}
    assert made(project) == once((1, 2, *MANY[3:]))


def test_a_process_that_died_after_the_intent_sends_the_same_bytes_without_waiting(project: Project) -> None:
    """The intent was committed and no attempt: nothing left this machine."""
    project.settings(settle_after="60 s")
    project.owe(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.state.lock.CompanyLock.note_send", _die)
        assert project.sync(code=1).code == 1
    assert [item.outcome for item in items(project)] == [None]

    assert project.sync().counts == {"created": 1}
    assert [item.outcome for item in items(project)] == ["applied"]


def _die(_: object) -> None:
    raise RuntimeError("killed here")


def test_a_name_that_was_taken_meanwhile_is_looked_up(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person makes the vendor between the plan and the send."""
    project.owe(1)
    intended, taken = VendorMaker._intended, list[str]()

    def meanwhile(self: VendorMaker, group: Any) -> Any:
        taken.extend(project.load("Vendor", {"DisplayName": "Affiliate 1", "CurrencyRef": {"value": "AUD"}}))
        return intended(self, group)

    monkeypatch.setattr(VendorMaker, "_intended", meanwhile)

    assert project.sync().counts == {"created": 1}
    assert [row.code for row in rows(project, AttemptRow)] == ["6240", None]
    assert made(project) == once((1,))
    assert [each["VendorRef"]["value"] for each in project.held()] == taken


def test_a_customer_of_the_same_name_blocks_with_the_row_to_add(project: Project) -> None:
    project.owe(1)
    project.arm(
        "answer-fault", "/vendor", status=400, code="6240", message="Duplicate Name Exists Error", detail="Id=9"
    )

    ran = project.sync(code=6)

    assert (ran.counts, ran.of(1)["code"]) == ({"blocked": 1}, "vendor-name")
    assert [item.outcome for item in items(project)] == ["refused"]


def test_a_refused_vendor_goes_out_anew_under_another_id(project: Project) -> None:
    project.switch(failed_attempts_remembered=True)
    project.owe(1)
    project.arm("answer-fault", "/vendor", status=400, code="2050", message="Too long", detail="DisplayName")

    assert project.sync(code=6).counts == {"blocked": 1}
    assert project.sync().counts == {"created": 1}

    assert len({each["requestid"] for each in sendings(project)}) == 2
    assert [(item.generation, item.outcome) for item in items(project)] == [(0, "refused"), (1, "applied")]


@pytest.mark.parametrize("ids", [FEW, MANY], ids=["one by one", "in a batch"])
def test_a_currency_that_quickbooks_ignored_blocks_and_no_bill_is_made(project: Project, ids: tuple[int, ...]) -> None:
    project.control("preferences", {"multicurrency": True})
    project.switch(vendor_currency_ignored=True)
    project.owe(*ids, currency_symbol="EUR")

    ran = project.sync(code=6)

    assert ran.counts == {"blocked": len(ids)}
    assert {ran.of(id_)["code"] for id_ in ids} == {"vendor-currency"}
    assert not project.held()


def test_a_vendor_that_nobody_needs_any_more_is_left_out(project: Project) -> None:
    project.settings(settle_after="20 ms")
    project.owe(1)
    project.arm("drop-before-commit", "/vendor")
    project.sync()
    project.owe(1, invoice_status="Pending")
    project.owe(2)
    time.sleep(0.03)

    assert project.sync().counts == {"created": 1, "skipped": 1}
    assert {item.number: item.outcome for item in items(project)} == {
        "Affiliate 1": "left-out",
        "Affiliate 2": "applied",
    }
    assert made(project) == once((2,))


def test_a_throttled_batch_of_vendors_goes_again_with_what_was_not_taken(project: Project) -> None:
    project.owe(*MANY)
    project.arm("batch-item-throttled", "/batch", index=3)

    assert project.sync().counts == {"created": len(MANY)}
    first, again = sendings(project)
    assert again["requestid"] == first["requestid"]
    assert json.loads(again["body"])["BatchItemRequest"] == [json.loads(first["body"])["BatchItemRequest"][3]]


def test_a_send_of_vendors_is_noted_in_the_lock_file_too(project: Project) -> None:
    """A state that is deleted after a lost vendor waits like one that lost a bill."""
    project.settings(settle_after="600 ms")
    project.owe(1)
    project.arm("drop-before-commit", "/vendor")
    project.sync()
    project.forget()
    began = time.monotonic()

    assert project.sync().counts == {"created": 1}
    assert time.monotonic() - began > 0.3
