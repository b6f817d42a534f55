"""Whatever happens, in whatever order: at most one bill for each invoice at all times, exactly one in the end."""

import shutil
import time
from typing import Any

import pytest
from crash_points import around_effects
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from proof_world import World, mark

from connector.quickbooks.posted import marker_in

SETTLE = 0.3
HIDDEN = 0.05
SINGLES = 2
FAULTS = st.sampled_from(
    [
        {"fault": "commit-then-drop"},
        {"fault": "drop-before-commit"},
        {"fault": "answer-500", "commit": True},
        {"fault": "answer-500", "commit": False},
        {"fault": "truncate"},
        {"fault": "throttle"},
        {"fault": "batch-item-lost"},
        {"fault": "batch-item-throttled"},
        {"fault": "batch-item-throttled", "and": "truncate"},
        {"fault": "expire-access-tokens"},
    ]
)


class Life(RuleBasedStateMachine):
    """Invoices that come and change, a QuickBooks on its bad days, people, kills, and a state that gets lost."""

    def __init__(self, world: World, done: list[str]) -> None:
        super().__init__()
        self.world = world
        self.done = done
        self.approved: set[int] = set()
        self.voided: set[int] = set()
        self.deleted: set[int] = set()
        self.copied = False
        world.project.control("reset", {})
        world.put_back()
        shutil.rmtree(self._copy, ignore_errors=True)

    @property
    def _copy(self) -> Any:
        return self.world.project.folder / "copy"

    # The sources.

    @rule(n=st.integers(1, 4), own=st.booleans())
    def new(self, n: int, *, own: bool = False) -> None:
        first = len(self.approved | self.voided) + 1
        affiliate = {} if own else {"affiliate_id": 7, "affiliate_name": "Affiliate"}
        self.world.project.owe(*range(first, first + n), **affiliate)
        self.approved.update(range(first, first + n))

    @precondition(lambda self: self.approved)
    @rule(data=st.data(), cents=st.integers(1, 99))
    def changed(self, data: st.DataObject, cents: int) -> None:
        self.world.project.owe(data.draw(st.sampled_from(sorted(self.approved))), total_payout=f"200.{cents:02d}")

    @precondition(lambda self: self.approved)
    @rule(data=st.data())
    def voided_at_the_source(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.approved)))
        self.world.project.owe(id_, invoice_status="Void")
        self.approved.remove(id_)
        self.voided.add(id_)

    # QuickBooks.

    @initialize(requestids=st.sampled_from(["remember", "forget", "600"]), hidden=st.sampled_from([0, HIDDEN]))
    def some_quickbooks(self, requestids: str, hidden: float) -> None:
        self.another_quickbooks(requestids, hidden)

    @rule(requestids=st.sampled_from(["remember", "forget", "600"]), hidden=st.sampled_from([0, HIDDEN]))
    def another_quickbooks(self, requestids: str, hidden: float) -> None:
        self.world.project.switch(requestids=requestids, hide_new_bills_seconds=hidden)

    def _bills(self) -> dict[int, dict[str, Any]]:
        ours = {mark(id_): id_ for id_ in self.approved | self.voided}
        return {ours[str(marker_in(each["PrivateNote"]))]: each for each in self.world.project.held()}

    @rule(data=st.data())
    def a_person_deletes_a_bill(self, data: st.DataObject) -> None:
        if bills := self._bills():
            id_ = data.draw(st.sampled_from(sorted(bills)))
            self.world.services.company.remove("Bill", bills[id_]["Id"])
            self.deleted.add(id_)

    @rule(data=st.data())
    def a_person_edits_a_bill(self, data: st.DataObject) -> None:
        if bills := self._bills():
            bill = bills[data.draw(st.sampled_from(sorted(bills)))]
            self.world.project.load("Bill", {"Id": bill["Id"], "DueDate": "2026-12-24"})

    # Runs.

    def _run(self) -> Any:
        ran = self.world.run()
        if ran.code in (0, 6):
            assert sum(ran.counts.values()) == len(self.approved | self.voided), ran.counts
        return ran

    @rule()
    def synced(self) -> None:
        self._run()

    @rule(fault=FAULTS, n=st.integers(0, 4), skip=st.sampled_from([0, 0, 1]))
    def synced_on_a_bad_day(self, fault: dict[str, Any], n: int, skip: int) -> None:
        self.new(n)
        path = "/bill" if n <= SINGLES else "/batch"
        more = dict(fault)
        if other := more.pop("and", None):
            self.world.project.arm(other, path, skip=skip)
        self.world.project.arm(path=path, skip=skip, **more)
        self._run()

    @rule(at=st.integers(30, 80), n=st.integers(0, 4))
    def killed(self, at: int, n: int) -> None:
        self.new(n)
        ended = self.world.child(around_effects(at))
        assert ended.killed or ended.code in (0, 5, 6), ended.told

    @rule()
    def synced_when_the_outcome_may_be_asked_for(self) -> None:
        time.sleep(SETTLE + 0.005)
        self._run()

    # The state.

    @rule()
    def state_deleted(self) -> None:
        self.world.project.forget()

    @rule()
    def state_copied(self) -> None:
        shutil.rmtree(self._copy, ignore_errors=True)
        self._copy.mkdir()
        for path in self.world.project.folder.glob("state.db*"):
            shutil.copy2(path, self._copy)
        self.copied = True

    @precondition(lambda self: self.copied)
    @rule()
    def state_restored(self) -> None:
        self.world.project.forget()
        for path in self._copy.iterdir():
            shutil.copy2(path, self.world.project.folder)

    # The promise.

    @invariant()
    def never_twice(self) -> None:
        twice = {each: n for each, n in self.world.bills().items() if n > 1}
        assert not twice, twice

    @invariant()
    def what_is_sent_is_there(self) -> None:
        if (self.world.project.folder / "state.db").exists():
            there = self.world.bills()
            sent = {id_ for id_, row in self.world.documents().items() if row.state == "sent"}
            missing = {id_ for id_ in sent - self.deleted if not there[mark(id_)]}
            assert missing <= self.voided, missing

    def teardown(self) -> None:
        for _ in range(12):
            ran = self._run()
            if ran.code in (0, 6) and not (ran.counts.get("unknown") or ran.counts.get("waiting")):
                break
            time.sleep(SETTLE + 0.005)
        else:
            raise AssertionError((ran.code, ran.counts))
        self.never_twice()
        self.what_is_sent_is_there()
        before = self.world.project.held()
        there = self.world.bills()
        # Three vain looks for an outcome end before a person, who is told.
        gave_up = {id_ for id_, row in self.world.documents().items() if row.code == "outcome-unknown"}
        lost = {id_ for id_ in self.approved - self.deleted - gave_up if not there[mark(id_)]}
        assert not lost, (lost, {id_: (row.state, row.code) for id_, row in self.world.documents().items()})
        self._run()
        assert self.world.project.held() == before
        self.done.append("one life")


def lives(world: World, patch: pytest.MonkeyPatch, examples: int, steps: int, *phases: Phase) -> None:
    patch.setattr("connector.push.send.SINGLES", SINGLES)
    world.prepare(settle_after=SETTLE, batch_size="3")
    done: list[str] = []
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Life(world, done),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{len(done)} lives of up to {steps} events, derandomized")
    assert len(done) >= examples


def test_whatever_happens_there_is_one_bill_for_each_invoice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lives(world, monkeypatch, 5, 8, Phase.generate)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_whatever_happens_for_long_there_is_one_bill_for_each_invoice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives(world, monkeypatch, 100, 30, Phase.generate)
