"""
Each source's sync on its schedule.

APScheduler is a clock and nothing more: its jobs live in memory and are made anew from the settings at every start.
What was done and what is due stands in the state.
"""

import datetime
import queue
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from connector.errors import Problem
from connector.report.run import stamp
from connector.serve.clock import ClockWatch, scheduled, timings, trigger_of
from connector.serve.reload import broken_mappings, changed, read_again
from connector.serve.signals import RELOAD
from connector.serve.supervision import SCHEDULER, Supervision
from connector.serve.turns import DONE, Turns
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.store import State
from connector.sync.run import Run
from connector.sync.silence import longest_silence

__all__ = ["Daemon"]

_TICK: Final = 1.0  # a signal that another thread takes, or that comes right before the wait, is seen at its end
_PATIENCE: Final = 300.0
_CHORE: Final = 60.0
_MOST_AT_ONCE: Final = 1000
"""Sources at work; a thread is made when one is needed."""

_log = structlog.get_logger("connector")


class Daemon:
    """
    The schedules of one settings file, at work.

    Args:
        report: Called with every run that ended, and whether it was one that writes.
        failed: Called with what ended a source's turn before there was a run to report.
        patience: Seconds that a run waits for another process to free the company's lock, before it leaves it to the
            next tick.
        chores: What is to be done every minute beside the sources, by name: at once at the start, never twice at the
            same time, and none waits for a source.
        supervision: Told of every sign of life.

    Raises:
        SettingsInvalid: No source has a schedule.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        report: Callable[[Run, bool], None],
        *,
        who: str,
        failed: Callable[[str, Problem], None] = lambda *_: None,
        patience: float = _PATIENCE,
        watch: ClockWatch | None = None,
        chores: Mapping[str, Callable[[], None]] = MappingProxyType({}),
        supervision: Supervision | None = None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._watch = watch or ClockWatch()
        self._company = settings.quickbooks.realm_id
        self._schedules = scheduled(settings)
        self._supervision = supervision or Supervision()
        self._turns = Turns(state, report, self, self._supervision, failed=failed, who=who, patience=patience)
        self._chores = chores
        self._at_chores: set[str] = set()
        self._early: set[str] = set()
        """Sources that are to run before their time."""
        self._scheduler = self._made()

    # The clock.

    def _made(self) -> Any:
        scheduler = BackgroundScheduler(
            timezone=datetime.UTC,
            jobstores={"default": _Jobs(self._supervision)},
            executors={
                "default": ThreadPoolExecutor(_MOST_AT_ONCE),
                "chores": ThreadPoolExecutor(max(len(self._chores), 1)),
            },
            # The default drops a run that is a second late.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_listener(_log_event, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        scheduler.add_listener(self._left_out, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        _put(scheduler, self._work, self._due(self._settings, self._schedules))
        for name, chore in self._chores.items():
            beat = IntervalTrigger(seconds=_CHORE, timezone=datetime.UTC)
            scheduler.add_job(
                self._chore, beat, args=[name, chore], id=f"chore: {name}", executor="chores", next_run_time=utc_now()
            )
        return scheduler

    def _due(self, settings: Settings, names: Iterable[str]) -> "dict[str, tuple[Any, datetime.datetime]]":
        """When sources run: the trigger of each, and its first time."""
        now, schedules = utc_now(), scheduled(settings)
        triggers = {name: trigger_of(schedules[name], settings.serve.timezone) for name in names}
        return {name: (trigger, self._first(name, trigger, now)) for name, trigger in triggers.items()}

    def _first(self, name: str, trigger: Any, now: datetime.datetime) -> datetime.datetime:
        """When a source runs first: at once where its last success is older than its schedule, not whole, or none."""
        pulled = self._state.last_complete_pull(self._company, name)
        run = self._state.run(pulled.run) if pulled is not None else None
        if run is None or run.exit_code not in DONE or (run.counts or {}).get("waiting"):
            return now
        last = min(run.started, now)
        due: datetime.datetime | None = trigger.get_next_fire_time(last, last)
        return max(due or now, now)

    @property
    def settings(self) -> Settings:
        """The settings as they are now: other ones after a SIGHUP."""
        return self._settings

    def next_runs(self) -> dict[str, str | None]:
        """When each source runs next, ISO, UTC."""
        jobs = {job.id: job for job in self._scheduler.get_jobs()}
        return {name: stamp(jobs[name].next_run_time) for name in self._schedules if name in jobs}

    def next_run(self, name: str) -> str | None:
        """When a source runs next, ISO, UTC."""
        return self.next_runs().get(name)

    def again(self, name: str, seconds: float) -> None:
        """Come back early, for documents of unknown outcome."""
        job = self._scheduler.get_job(name)
        soon = utc_now() + datetime.timedelta(seconds=seconds)
        if job is not None and job.next_run_time is not None and soon < job.next_run_time:
            job.modify(next_run_time=soon)
            self._early.add(name)
            _log.info("looked for later", source=name, seconds=round(seconds))

    def check_clock(self) -> None:
        """Where the wall clock jumped, let the scheduler look at it again."""
        jumped = self._watch.jump()
        if not jumped:
            return
        if jumped < 0:
            now = utc_now()
            for job in self._scheduler.get_jobs():
                beat = isinstance(job.trigger, IntervalTrigger)
                following = job.next_run_time + datetime.timedelta(seconds=jumped) if beat else None
                job.modify(next_run_time=following or job.trigger.get_next_fire_time(None, now))
        self._scheduler.wakeup()
        _log.warning("clock jumped", seconds=round(jumped), next_runs=self.next_runs())

    # The loop.

    def run(self, signals: "queue.SimpleQueue[int]", tick: float = _TICK) -> list[str]:
        """
        Work until a signal's number comes in; then let the request in flight end and start no other.

        Returns:
            The sources and chores still at work; the process may leave all the same. Nothing was begun for sources that
            are only read, and one that writes has waited past its time limit with its intent on record.
        """
        _log.info(
            "serve", schedules=self._schedules, next_runs=self.next_runs(), timezone=self._settings.serve.timezone
        )
        number = _noted(signals, 0)
        if number in (None, RELOAD):  # else it came while all this was made ready
            self._scheduler.start()
        while number in (None, RELOAD):
            if number == RELOAD:
                self._reload()
            else:
                self.check_clock()
            self._scheduler.wakeup()  # it answers with a sign of life
            self._supervision.beat(self._turns.working)
            number = _noted(signals, min(tick, self._supervision.tick))
        self._supervision.stopping()
        self._turns.stop()
        _log.info("stopping", signal=number, working=self._turns.working)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        return self._turns.end(self._settings.quickbooks.timeout, self._supervision.ending) + sorted(self._at_chores)

    def _reload(self) -> None:
        try:
            self.reload()
        except Exception as error:  # noqa: BLE001 - what runs goes on
            _log.error("not reloaded", exc_info=error)

    def reload(self) -> None:
        """
        Go on under the settings as they stand now, where they have no fault; a run at work ends under its own.

        Sources whose schedule is the same keep their next run.
        """
        old, new = self._settings, read_again(self._settings)
        self._supervision.outdated = new is None
        if new is None:
            return
        broken = broken_mappings(new)
        before, after = timings(old), timings(new)
        due = self._due(new, [name for name in after if after[name] != before.get(name)])
        self._settings, self._schedules = new, scheduled(new)
        for name in before.keys() - after.keys():
            if self._scheduler.get_job(name) is not None:
                self._scheduler.remove_job(name)
        _put(self._scheduler, self._work, due)
        _log.info(
            "reloaded",
            added=sorted(new.sources.keys() - old.sources.keys()),
            removed=sorted(old.sources.keys() - new.sources.keys()),
            changed=changed(old, new),
            broken_mappings=broken,
            next_runs=self.next_runs(),
        )

    def _work(self, name: str) -> None:
        self._early.discard(name)
        settings = self._settings
        if name in settings.sources:  # not taken out since the tick
            self._turns.work(settings, name)

    def _chore(self, name: str, chore: Callable[[], None]) -> None:
        named = f"chore: {name}"
        self._at_chores.add(named)
        try:
            with self._supervision.progress.working(named, longest_silence(self._settings)):
                chore()
        finally:
            self._at_chores.discard(named)

    def _left_out(self, event: Any) -> None:
        if event.job_id in self._early:  # the run that asked for it was not quite over
            self.again(event.job_id, _TICK)
        elif event.job_id in self._schedules:
            self._supervision.tally.missed(event.job_id)


def _put(scheduler: Any, work: Callable[[str], None], due: "Mapping[str, tuple[Any, datetime.datetime]]") -> None:
    """Give sources their next run, in the place of what they had."""
    for name, (trigger, first) in due.items():
        scheduler.add_job(work, trigger, args=[name], id=name, next_run_time=first, replace_existing=True)


def _noted(signals: "queue.SimpleQueue[int]", seconds: float) -> int | None:
    """The next signal, waited for so long."""
    try:
        return signals.get(timeout=seconds)
    except queue.Empty:
        return None


class _Jobs(MemoryJobStore):  # type: ignore[misc]  # the library has no types
    """The scheduler's jobs; at the end of each of its rounds it asks for the next time, and so shows that it lives."""

    def __init__(self, supervision: Supervision) -> None:
        super().__init__()
        self._supervision = supervision

    def get_next_run_time(self) -> datetime.datetime | None:
        self._supervision.timetable = {job.id: job.next_run_time for job in self.get_all_jobs()}
        self._supervision.progress.beat(SCHEDULER)
        found: datetime.datetime | None = super().get_next_run_time()
        return found


def _log_event(event: Any) -> None:
    if event.code == EVENT_JOB_ERROR:
        _log.error("our fault", source=event.job_id, exc_info=event.exception)
    elif event.code == EVENT_JOB_MAX_INSTANCES:
        _log.warning("still at work, so this tick is left out", source=event.job_id)
    else:
        _log.warning("missed", source=event.job_id, due=event.scheduled_run_time.isoformat())
