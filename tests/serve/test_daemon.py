"""The daemon inside this process: when runs are due, the clock, sources that come back, production, lost answers."""

import datetime
import queue
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Self
from zoneinfo import ZoneInfo

import pytest
import time_machine
from daemon_process import Place, invoice, until
from structlog.testing import capture_logs

from connector.errors import SettingsInvalid
from connector.sandbox import credentials
from connector.sandbox.server import Sandbox
from connector.serve.clock import ClockWatch, scheduled, trigger_of
from connector.serve.daemon import Daemon
from connector.settings import load
from connector.state.lock import CompanyLock
from connector.state.store import State
from connector.sync.run import Run

COMPANY = credentials.REALM_ID
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def state(place: Place) -> Iterator[State]:
    made = State.open(f"sqlite:///{place.folder}/state.db")
    yield made
    made.close()


class AtWork:
    """A daemon at work in a thread, with every run it reported."""

    def __init__(self, place: Place, state: State, patience: float = 5.0) -> None:
        self.runs: list[tuple[Run, bool]] = []
        self.signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        settings = load(place.folder / "connector.toml")
        daemon = Daemon(settings, state, lambda *run: self.runs.append(run), who="test", patience=patience)
        self.daemon = daemon
        self._thread = threading.Thread(target=lambda: daemon.run(self.signals, tick=0.1))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.signals.put(15)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def codes(self) -> list[int]:
        return [run.outcome.exit_code(wrote=wrote) for run, wrote in self.runs]


def made(place: Place, state: State) -> Daemon:
    return Daemon(load(place.folder / "connector.toml"), state, lambda *_: None, who="test")


def next_run(daemon: Daemon, name: str = "cake") -> datetime.datetime:
    return datetime.datetime.fromisoformat(daemon.next_runs()[name])


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def had_run(state: State, exit_code: int, *, command: str = "serve", waiting: int = 0, ended: bool = True) -> str:
    run = state.start_run(COMPANY, command, "test", ["cake"])
    pulled = state.start_pull(COMPANY, "cake", run, datetime.date(2026, 1, 1), datetime.date(2026, 2, 1))
    state.finish_pull(pulled, total=0, complete=True)
    if ended:
        state.finish_run(run, exit_code, {"waiting": waiting}, [])
    return run


def test_a_source_that_never_ran_is_due_at_once_and_one_that_just_did_after_its_interval(
    place: Place, state: State
) -> None:
    place.write(cake="every 2 hours")
    assert abs(next_run(made(place, state)) - now()) < HOUR / 60

    had_run(state, 0)
    assert abs(next_run(made(place, state)) - now() - 2 * HOUR) < HOUR / 60


@pytest.mark.parametrize(
    "how", [{"exit_code": 5}, {"exit_code": 0, "waiting": 3}, {"exit_code": 0, "ended": False}], ids=str
)
def test_a_run_that_failed_was_cut_short_or_killed_is_made_up_for_at_once(
    place: Place, state: State, how: dict[str, int]
) -> None:
    place.write(cake="every 2 hours")
    had_run(state, **how)

    assert abs(next_run(made(place, state)) - now()) < HOUR / 60


def test_a_cron_line_is_read_in_the_time_zone_of_the_settings() -> None:
    trigger = trigger_of("30 6 * * mon-fri", "America/New_York")
    friday = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)

    after = trigger.get_next_fire_time(None, friday).astimezone(ZoneInfo("UTC"))

    assert (
        trigger.get_next_fire_time(None, friday - HOUR)
        .astimezone(datetime.UTC)
        .isoformat()
        .startswith("2026-11-20T11:30")
    )
    assert after.isoformat().startswith("2026-11-23T11:30")


def fires(schedule: str, zone: str, since: str, times: int) -> list[str]:
    """When a cron line runs from a moment on, in UTC."""
    trigger, before = trigger_of(schedule, zone), None
    at = datetime.datetime.fromisoformat(since).replace(tzinfo=datetime.UTC)
    told = []
    for _ in range(times):
        before = at = trigger.get_next_fire_time(before, at)
        told.append(f"{at.astimezone(datetime.UTC):%d. %H:%M}")
    return told


@pytest.mark.parametrize(
    ("schedule", "zone", "since", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28", ["28. 01:30", "29. 01:30", "30. 00:30"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24", ["24. 00:30", "25. 00:30", "26. 01:30"]),
        ("*/30 1 * * *", "America/New_York", "2026-11-01", ["01. 05:00", "01. 05:30", "02. 06:00"]),
        ("30 2 15 * sat,sun", "Europe/Berlin", "2026-10-24", ["24. 00:30", "25. 00:30", "31. 01:30"]),
        ("30 * * * *", "Europe/Berlin", "2026-10-24T23:45", ["25. 00:30", "25. 01:30", "25. 02:30"]),
        ("30 * * * *", "Europe/Berlin", "2026-03-29T00:00", ["29. 00:30", "29. 01:30", "29. 02:30"]),
    ],
    ids=["skipped", "doubled", "doubled twice an hour", "doubled on either day", "hourly doubled", "hourly skipped"],
)
def test_on_the_days_that_change_the_clocks_a_line_of_an_hour_runs_once_and_one_of_every_hour_each_hour(
    schedule: str, zone: str, since: str, expected: list[str]
) -> None:
    assert fires(schedule, zone, since, 3) == expected


def test_a_cron_line_with_a_day_of_the_month_and_one_of_the_week_runs_on_either() -> None:
    trigger = trigger_of("0 0 15 * mon", "UTC")
    days = []
    at = datetime.datetime(2026, 11, 10, tzinfo=datetime.UTC)
    for _ in range(3):
        at = trigger.get_next_fire_time(at, at + HOUR)
        days.append(at.day)

    assert days == [15, 16, 23]


def test_a_jump_is_more_than_a_minute_and_told_once() -> None:
    clock = [1_000_000.0]
    watch = ClockWatch(wall=lambda: clock[0], monotonic=lambda: 50.0)

    told = []
    for change in (0.0, 59.0, 2.0, 0.0, -3600.0, 0.0):
        clock[0] += change
        told.append(watch.jump())

    assert told == [0.0, 0.0, 61.0, 0.0, -3600.0, 0.0]


def test_a_clock_that_is_set_back_delays_no_run(place: Place, state: State) -> None:
    place.write(factory="0 * * * *")
    with AtWork(place, state) as daemon:
        until(lambda: len(daemon.runs) > 1)
        with time_machine.travel(now() - 50 * HOUR):
            seen = len(daemon.runs)
            until(lambda: len(daemon.runs) > seen + 1)
            assert next_run(daemon.daemon) < now() + HOUR / 60
            assert next_run(daemon.daemon, "commission_factory") <= now() + HOUR


def test_a_clock_that_leaps_ahead_brings_at_once_what_became_due(place: Place, state: State) -> None:
    place.write(cake="every 2 hours")
    had_run(state, 0)
    with AtWork(place, state) as daemon:
        until(lambda: daemon.daemon._scheduler.running)
        assert daemon.runs == []
        with capture_logs() as said, time_machine.travel(now() + 9 * HOUR):
            until(lambda: daemon.runs)
            time.sleep(0.5)
            assert len(daemon.runs) == 1  # four times late, and once made up for
            assert next_run(daemon.daemon) > now()

    jumped = next(line for line in said if line["event"] == "clock jumped")
    assert abs(jumped["seconds"] - 9 * 3600) < 60


def test_no_schedule_is_said_before_anything_is_made(place: Place) -> None:
    place.write(cake=None)

    with pytest.raises(SettingsInvalid, match="nothing to run"):
        scheduled(load(place.folder / "connector.toml"))


def test_a_source_that_is_down_for_a_tick_is_read_at_the_next(place: Place, state: State) -> None:
    place.control("arm", {"fault": "answer-403", "path": "/cake"})
    with capture_logs() as said, AtWork(place, state) as daemon:
        until(lambda: len(daemon.runs) > 1)

    assert daemon.codes()[:2] == [4, 0]
    assert place.bills() == ["CAKE-10042"]
    problem = next(line for line in said if line["event"] == "problem")
    assert (problem["source"], problem["code"]) == ("cake", "source-key-refused")


def test_a_lost_answer_is_looked_for_before_the_next_tick_and_makes_no_second_bill(place: Place, state: State) -> None:
    place.write(cake="every 5 hours")
    place.control("arm", {"fault": "commit-then-drop", "path": "/bill", "method": "POST"})
    with AtWork(place, state) as daemon:
        until(lambda: daemon.runs)
        assert daemon.runs[0][0].outcome.planned.counts()["unknown"] == 1
        until(lambda: len(daemon.runs) == 2)
        assert next_run(daemon.daemon) > now() + 4 * HOUR

    assert place.bills() == ["CAKE-10042"]
    assert daemon.codes() == [6, 0]
    assert [row.state for row in state.documents_in_state(COMPANY, ["sent", "sending"])] == ["sent"]


def test_a_lost_answer_is_looked_for_though_the_run_that_asked_for_it_takes_its_time_to_end(
    place: Place, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = SimpleNamespace(collect=lambda: time.sleep(2.5))  # the look is due in one second, amid this
    monkeypatch.setattr("connector.serve.turns.gc", ending)
    place.write(cake="every 5 hours")
    place.control("arm", {"fault": "commit-then-drop", "path": "/bill", "method": "POST"})
    with AtWork(place, state) as daemon:
        until(lambda: len(daemon.runs) == 2)

    assert place.bills() == ["CAKE-10042"]


def test_a_lock_that_stays_held_leaves_the_work_to_the_next_tick(place: Place, state: State) -> None:
    with capture_logs() as said, CompanyLock(place.folder, COMPANY), AtWork(place, state, patience=0.2) as daemon:
        until(lambda: [line for line in said if line["event"] == "left to the next tick"])

    assert daemon.runs == []
    assert state.runs(10) == []
    assert place.bills() == []


def test_in_production_nothing_is_written_before_a_person_has_synced_that_source(place: Place, state: State) -> None:
    place.write(environment="production")
    had_run(state, 4, command="sync")
    with capture_logs() as said, AtWork(place, state) as daemon:
        until(lambda: len(daemon.runs) > 1)
        assert place.bills() == []
        assert [wrote for _, wrote in daemon.runs[:2]] == [False, False]
        assert daemon.runs[0][0].outcome.planned.counts()["created"] == 1
        assert len(state.runs(10)) == 1

        had_run(state, 0, command="sync")
        until(lambda: place.bills() == ["CAKE-10042"])
        until(lambda: daemon.runs[-1][1])

    warned = next(line for line in said if line["event"] == "nothing written")
    assert warned["remedy"] == "look at it, then: connector sync --source cake"


def test_a_mapping_is_read_anew_by_every_run(place: Place, state: State) -> None:
    mappings = place.folder / "mappings"
    shipped = mappings.resolve()
    with AtWork(place, state) as daemon:
        until(lambda: daemon.runs)
        mappings.rename(place.folder / "away")
        until(lambda: 3 in daemon.codes())
        mappings.symlink_to(shipped)
        place.control("load", {"cake": [invoice(20001)]})
        until(lambda: place.bills() == ["CAKE-10042", "CAKE-20001"])


def test_two_sources_take_turns_at_the_company(
    place: Place, state: State, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(factory="every 400 ms")
    inside: list[str] = []
    most: list[int] = []
    whole: Callable[[Run], object] = Run.plan

    def plan(run: Run) -> object:
        inside.extend(run.versions())
        most.append(len(inside))
        time.sleep(0.5)
        try:
            return whole(run)
        finally:
            for name in run.versions():
                inside.remove(name)

    monkeypatch.setattr(Run, "plan", plan)
    with capture_logs() as said, AtWork(place, state, patience=0.1) as daemon:
        until(lambda: {name for run, _ in daemon.runs for name in run.versions()} == {"cake", "commission_factory"})

    assert set(most) == {1}
    assert [line for line in said if line["event"] == "left to the next tick"] == []
    assert "CAKE-10042" in place.bills()
    assert set(daemon.codes()) == {0}


def test_a_chore_at_work_is_not_waited_for(place: Place, state: State) -> None:
    begun, free = threading.Event(), threading.Event()
    settings = load(place.folder / "connector.toml")
    chores = {"slow": lambda: (begun.set(), free.wait(30))}
    daemon = Daemon(settings, state, lambda *_: None, who="test", chores=chores)
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    left: list[str] = []
    thread = threading.Thread(target=lambda: left.extend(daemon.run(signals, tick=0.1)))
    thread.start()
    try:
        assert begun.wait(20)
        signals.put(15)
        thread.join(20)
        assert not thread.is_alive()
        assert "chore: slow" in left
    finally:
        free.set()


def test_a_chore_is_done_beside_the_sources_at_once_and_its_bug_is_told(place: Place, state: State) -> None:
    done = []

    def fails() -> None:
        done.append("fails")
        raise ValueError("a bug")

    settings = load(place.folder / "connector.toml")
    daemon = Daemon(
        settings, state, lambda *_: None, who="test", chores={"looks": lambda: done.append("looks"), "fails": fails}
    )
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    with capture_logs() as said:
        thread = threading.Thread(target=lambda: daemon.run(signals, tick=0.1))
        thread.start()
        until(lambda: sorted(done) == ["fails", "looks"] and [line for line in said if line["event"] == "our fault"])
        assert list(daemon.next_runs()) == ["cake"]
        signals.put(15)
        thread.join(20)

    assert next(line for line in said if line["event"] == "our fault")["source"] == "chore: fails"
