"""
Each source's sync on its schedule.

APScheduler is a clock and nothing more: its jobs live in memory and are made anew from the settings at every start.
What was done and what is due stands in the state.
"""

import datetime
import queue
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from connector.errors import Problem
from connector.report.run import stamp
from connector.serve.clock import ClockWatch, scheduled, trigger_of
from connector.serve.turns import Turns
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.store import State
from connector.sync.run import Run

__all__ = ["Daemon"]

_TICK: Final = 30.0
_PATIENCE: Final = 300.0
_CHORE: Final = 60.0
_DONE: Final = (0, 6)

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
    ) -> None:
        self._settings = settings
        self._state = state
        self._watch = watch or ClockWatch()
        self._company = settings.quickbooks.realm_id
        self._schedules = scheduled(settings)
        self._turns = Turns(state, report, self, failed=failed, who=who, patience=patience)
        self._chores = chores
        self._scheduler = self._made()

    # The clock.

    def _made(self) -> Any:
        scheduler = BackgroundScheduler(
            timezone=datetime.UTC,
            executors={
                "default": ThreadPoolExecutor(len(self._schedules)),
                "chores": ThreadPoolExecutor(max(len(self._chores), 1)),
            },
            # The default drops a run that is a second late.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_listener(_log_event, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        now = utc_now()
        for name, schedule in self._schedules.items():
            trigger = trigger_of(schedule, self._settings.serve.timezone)
            first = self._first(name, trigger, now)
            scheduler.add_job(self._work, trigger, args=[name], id=name, next_run_time=first)
        for name, chore in self._chores.items():
            beat = IntervalTrigger(seconds=_CHORE, timezone=datetime.UTC)
            scheduler.add_job(chore, beat, id=f"chore: {name}", executor="chores", next_run_time=now)
        return scheduler

    def _first(self, name: str, trigger: Any, now: datetime.datetime) -> datetime.datetime:
        """When a source runs first: at once where its last success is older than its schedule, not whole, or none."""
        pulled = self._state.last_complete_pull(self._company, name)
        run = self._state.run(pulled.run) if pulled is not None else None
        if run is None or run.exit_code not in _DONE or (run.counts or {}).get("waiting"):
            return now
        last = min(run.started, now)
        due: datetime.datetime | None = trigger.get_next_fire_time(last, last)
        return max(due or now, now)

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
            The sources still at work; the process may leave all the same. Nothing was begun for those that are only
            read, and one that writes has waited past its time limit with its intent on record.
        """
        _log.info(
            "serve", schedules=self._schedules, next_runs=self.next_runs(), timezone=self._settings.serve.timezone
        )
        self._scheduler.start()
        number = None
        while number is None:
            try:
                number = signals.get(timeout=tick)
            except queue.Empty:
                self.check_clock()
        self._turns.stop()
        _log.info("stopping", signal=number, working=self._turns.working)
        self._scheduler.shutdown(wait=False)
        return self._turns.end(self._settings.quickbooks.timeout)

    def _work(self, name: str) -> None:
        self._turns.work(self._settings, name)


def _log_event(event: Any) -> None:
    if event.code == EVENT_JOB_ERROR:
        _log.error("our fault", source=event.job_id, exc_info=event.exception)
    elif event.code == EVENT_JOB_MAX_INSTANCES:
        _log.warning("still at work, so this tick is left out", source=event.job_id)
    else:
        _log.warning("missed", source=event.job_id, due=event.scheduled_run_time.isoformat())
