"""Whatever happens, in whatever order: at most one bill for each invoice at all times, exactly one in the end."""

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import time_machine
from effects import around_effects
from fault_proxy import FaultProxy
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from proof import Proof
from proof_world import SETTLE, World, mark

from connector.quickbooks.posted import marker_in
from connector.serve.daemon import Daemon
from connector.settings import load
from connector.sync.run import Run

HIDDEN: Final = SETTLE - 10
SINGLES: Final = 2
STEPS: Final = 30
LIVES: Final = 200
FAULTS = st.sampled_from(
    [
        {"fault": "commit-then-drop"},
        {"fault": "drop-before-commit"},
        {"fault": "answer-500", "commit": True},
        {"fault": "answer-500", "commit": False},
        {"fault": "answer-401", "commit": True},
        {"fault": "answer-html", "commit": True},
        {"fault": "truncate"},
        {"fault": "throttle"},
        {"fault": "batch-item-lost"},
        {"fault": "batch-item-throttled"},
        {"fault": "batch-item-throttled", "and": "truncate"},
    ]
)
SOME_QUICKBOOKS: Final[dict[str, Any]] = {
    "requestids": st.sampled_from(["remember", "forget", "600"]),
    "hidden": st.sampled_from([0, HIDDEN]),
    "order": st.sampled_from(["sent", "shuffled"]),
}


class Life(RuleBasedStateMachine):
    """
    Invoices that come and change, a QuickBooks on its bad days, people, kills, clocks, and a state that gets lost.

    The shipped mapping changes and removes bills as their source says, unless a person had a hand in them.
    """

    def __init__(self, world: World, proxy: FaultProxy, count: list[Any]) -> None:
        super().__init__()
        self.world = world
        self.proxy = proxy
        self.count = count
        self.approved: set[int] = set()
        self.voided: set[int] = set()
        self.deleted: set[int] = set()
        self.amounts: dict[int, str] = {}
        self.copied = self.forgot = False
        self.remembers = True
        self.hidden = 0.0
        self.jumped = False
        self.clock: Any = None
        self.copy: Path = world.project.folder / "copy"
        world.put_back()
        proxy.forget()
        world.time.meanwhile = proxy.deliver
        shutil.rmtree(self.copy, ignore_errors=True)

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
        id_ = data.draw(st.sampled_from(sorted(self.approved)))
        self.amounts[id_] = f"200.{cents:02d}"
        self.world.project.owe(id_, total_payout=self.amounts[id_])

    @precondition(lambda self: self.approved)
    @rule(data=st.data())
    def voided_at_the_source(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.approved)))
        self.world.project.owe(id_, invoice_status="Void")
        self.approved.remove(id_)
        self.voided.add(id_)

    # QuickBooks.

    @initialize(**SOME_QUICKBOOKS)
    def some_quickbooks(self, requestids: str, hidden: float, order: str) -> None:
        self.another_quickbooks(requestids, hidden, order)

    @rule(**SOME_QUICKBOOKS)
    def another_quickbooks(self, requestids: str, hidden: float, order: str) -> None:
        self.proxy.deliver()
        self.remembers, self.hidden = requestids != "forget", 0 if self.jumped else hidden
        self.world.project.switch(requestids=requestids, hide_new_bills_seconds=self.hidden, batch_order=order)

    @rule()
    def every_access_token_expires(self) -> None:
        self.world.project.arm("expire-access-tokens")

    @rule(fault=st.sampled_from(["commit-then-drop", "drop-before-commit", "answer-html"]))
    def every_access_token_expires_and_the_new_one_is_lost(self, fault: str) -> None:
        self.world.project.arm("expire-access-tokens")
        self.world.project.arm(fault, "/oauth/token")

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

    @rule()
    def the_daemon_ticks(self) -> None:
        runs: list[Run] = []
        with self.world.project.state(create=True) as state:
            read = load(self.world.project.folder / "connector.toml")
            Daemon(read, state, lambda run, _: runs.append(run), who="test")._work("cake")
        for run in runs:
            if run.outcome.exit_code(wrote=True) in (0, 6):
                assert sum(run.outcome.planned.counts().values()) == len(self.approved | self.voided)

    @rule(fault=FAULTS, n=st.integers(0, 4), skip=st.sampled_from([0, 0, 1]))
    def synced_on_a_bad_day(self, fault: dict[str, Any], n: int, skip: int) -> None:
        self.new(n)
        path = "/bill" if n <= SINGLES else "/batch"
        more = dict(fault)
        if other := more.pop("and", None):
            self.world.project.arm(other, path, skip=skip)
        self.world.project.arm(path=path, skip=skip, **more)
        self._run()

    @rule(n=st.integers(1, 4))
    def a_write_arrives_late(self, n: int) -> None:
        self.proxy.arm("late")
        self.new(n)
        self._run()

    @precondition(lambda self: self.remembers)  # who forgets request ids makes two bills of a doubled request
    @rule(n=st.integers(1, 4), fate=st.sampled_from(["twice", "again later"]))
    def a_write_arrives_twice(self, n: int, fate: Any) -> None:
        self.proxy.arm(fate)
        self.new(n)
        self._run()

    @rule()
    def what_is_late_arrives(self) -> None:
        self.proxy.deliver()

    @rule(at=st.integers(30, 120), n=st.integers(0, 4))
    def killed(self, at: int, n: int) -> None:
        self.proxy.deliver()  # time that passes in the child would leave it behind
        self.new(n)
        ended = self.world.child(around_effects(at))
        assert ended.killed or ended.code in (0, 4, 5, 6), ended.told

    # Time.

    @rule()
    def synced_when_the_outcome_may_be_asked_for(self) -> None:
        self.world.time.passes(SETTLE)
        self._run()

    @rule(hours=st.sampled_from([-48, -2, -0.1, 0, 0.1, 2, 48]))
    def the_wall_clock_jumps(self, hours: float) -> None:
        self._clock_right_again()
        seconds = hours * 3600
        wrong = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        self.clock = time_machine.travel(wrong, tick=True)
        self.clock.start()
        self.world.time.wall_apart = seconds

    @precondition(lambda self: not self.hidden)  # set back, it would hide its new bills for longer than it may
    @rule(minutes=st.sampled_from([-10, 0, 10]))
    def the_clock_of_quickbooks_jumps(self, minutes: int) -> None:
        self.jumped = True
        self.world.project.switch(clock_ahead_seconds=minutes * 60)

    def _clock_right_again(self) -> None:
        if self.clock is not None:
            self.clock.stop()
            self.clock, self.world.time.wall_apart = None, 0.0

    # The state.

    @rule()
    def state_deleted(self) -> None:
        self.forgot = True
        self.world.project.forget()

    @rule()
    def state_copied(self) -> None:
        shutil.rmtree(self.copy, ignore_errors=True)
        self.copy.mkdir()
        for path in self.world.project.folder.glob("state.db*"):
            shutil.copy2(path, self.copy)
        self.copied = True

    @precondition(lambda self: self.copied)
    @rule()
    def state_restored(self) -> None:
        self.forgot = True
        self.world.project.forget()
        for path in self.copy.iterdir():
            shutil.copy2(path, self.world.project.folder)

    # The promise.

    @invariant()
    def never_twice(self) -> None:
        twice = {each: n for each, n in self.world.bills().items() if n > 1}
        assert not twice, f"twice in QuickBooks: {twice}"

    @invariant()
    def what_is_sent_is_there(self) -> None:
        if (self.world.project.folder / "state.db").exists():
            there = self.world.bills()
            sent = {id_ for id_, row in self.world.documents().items() if row.state == "sent"}
            missing = {id_ for id_ in sent - self.deleted if not there[mark(id_)]}
            assert missing <= self.voided, f"lost: {missing}"

    def teardown(self) -> None:
        try:
            self._ends()
        finally:
            self._clock_right_again()
        self.count[1] += 1

    def _ends(self) -> None:
        """All trouble is over: it comes to rest, and everything is there once."""
        self.proxy.deliver()
        for _ in range(12):
            ran = self._run()
            if ran.code in (0, 6) and not (ran.counts.get("unknown") or ran.counts.get("waiting")):
                break
            self.world.time.passes(SETTLE)
        else:
            raise AssertionError(f"not quiet: {ran.code} {ran.counts} {ran.said}")
        self.never_twice()
        self.what_is_sent_is_there()
        before = self.world.project.held()
        there = self.world.bills()
        # Three vain looks for an outcome end before a person, who is told.
        gave_up = {id_ for id_, row in self.world.documents().items() if row.code == "outcome-unknown"}
        lost = {id_ for id_ in self.approved - self.deleted - gave_up if not there[mark(id_)]}
        assert not lost, (
            f"lost: {lost}, { ({id_: (row.state, row.code) for id_, row in self.world.documents().items()}) }"
        )
        if not self.forgot:
            self._stands_as_the_source_says({int(each["invoice"]): each["code"] for each in ran.json["documents"]})
        self._run()
        assert self.world.project.held() == before

    def _stands_as_the_source_says(self, told: dict[int, str | None]) -> None:
        """A bill that the connector made and still knows; one that was adopted or edited is left as it is, and told."""
        rows = self.world.documents()
        for id_, bill in self._bills().items():
            if rows[id_].state != "sent" or rows[id_].code is not None or told.get(id_) == "edited-in-quickbooks":
                continue
            assert id_ in self.approved, f"still there: {id_}"
            assert f"{bill['TotalAmt']:.2f}" == self.amounts.get(id_, f"{100 + id_}.25"), f"not as it says: {id_}"


@pytest.fixture
def proxy(world: World) -> Iterator[FaultProxy]:
    with FaultProxy(world.services.port) as proxy:
        yield proxy


def test_whatever_happens_there_is_one_bill_for_each_invoice(
    world: World, proxy: FaultProxy, proof: Proof, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.push.send.SINGLES", SINGLES)
    world.prepare(batch_size="3", more='schedule = "every 15 minutes"')
    world.through(proxy.url)
    world.keep()
    count = proof.tally("lives", LIVES)
    handful, steps = (5, STEPS) if proof.whole else (4, 10)
    while count[1] < (LIVES if proof.whole else handful) and not (count[1] and proof.over):
        lives(world, proxy, count, handful, steps, proof.draw(count[1]).randrange(2**32))


def lives(world: World, proxy: FaultProxy, count: list[Any], how_many: int, steps: int, drawn: int) -> None:
    """So many lives of up to so many events, drawn by a seed."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        seed(drawn)(lambda: Life(world, proxy, count)),
        settings=settings(
            max_examples=how_many,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
