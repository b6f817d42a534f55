"""
The daemon: each source's sync on its schedule, until it is told to stop.

APScheduler is a clock and nothing more: its jobs live in memory and are made anew from the settings at every start.
What was done and what is due stands in the state.
"""

import datetime
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from connector.errors import ConnectorError, LockHeld, OurFault, Problem, SettingsInvalid
from connector.report.run import stamp
from connector.settings import Every, Settings, read_schedule
from connector.state.clock import utc_now
from connector.state.lock import CompanyLock
from connector.state.store import State
from connector.sync.run import Choices, Run
from connector.sync.selection import Selection

__all__ = ["ClockWatch", "Daemon", "scheduled", "trigger_of"]

_TICK: Final = 30.0
_JUMP: Final = 60.0
_PATIENCE: Final = 300.0
_SLICE: Final = 1.0
_DONE: Final = (0, 6)

_log = structlog.get_logger("connector")


def scheduled(settings: Settings) -> dict[str, str]:
    """
    The schedule of every source that has one.

    Raises:
        SettingsInvalid: None has.
    """
    found = {name: source.schedule for name, source in settings.sources.items() if source.schedule}
    if not found:
        raise SettingsInvalid(
            "no source has a schedule, so there is nothing to run",
            code="setting-missing",
            remedy='write schedule = "every 15 minutes" under each [sources.NAME] that is to run by itself',
        )
    return found


def trigger_of(schedule: str, timezone: str) -> Any:
    """The scheduler's form of a schedule; the hours of a cron line are those of ``timezone``."""
    read = read_schedule(schedule)
    if isinstance(read, Every):
        return IntervalTrigger(seconds=read.seconds, timezone=datetime.UTC)
    hours = {"minute": read.minute, "hour": read.hour, "month": read.month, "timezone": ZoneInfo(timezone)}
    if "*" in (read.day, read.weekday):
        return CronTrigger(day=read.day, day_of_week=read.weekday, **hours)
    # cron runs when either fits; the scheduler alone would want both
    return OrTrigger([CronTrigger(day=read.day, **hours), CronTrigger(day_of_week=read.weekday, **hours)])


class ClockWatch:
    """Notices that somebody set the wall clock, or that the machine slept: schedulers sleep by the clock as it was."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._apart = wall() - monotonic()

    def jump(self) -> float:
        """Seconds that the wall clock jumped since it was last asked; 0 for a minute or less."""
        apart = self._wall() - self._monotonic()
        jumped = apart - self._apart
        if abs(jumped) <= _JUMP:
            return 0.0
        self._apart = apart
        return jumped


class Daemon:
    """
    The schedules of one settings file, at work.

    Args:
        report: Called with every run that ended, and whether it was one that writes.
        patience: Seconds that a run waits for another process to free the company's lock, before it leaves it to the
            next tick.

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
        patience: float = _PATIENCE,
        watch: ClockWatch | None = None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._report = report
        self._who = who
        self._patience = patience
        self._watch = watch or ClockWatch()
        self._company = settings.quickbooks.realm_id
        self._schedules = scheduled(settings)
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._reading: set[str] = set()
        self._writing: set[str] = set()
        self._begun_by_hand: set[str] = set()
        self._scheduler = self._made()

    # The clock.

    def _made(self) -> Any:
        scheduler = BackgroundScheduler(
            timezone=datetime.UTC,
            executors={"default": ThreadPoolExecutor(len(self._schedules))},
            # The default drops a run that is a second late.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_listener(_log_event, EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)
        now = utc_now()
        for name, schedule in self._schedules.items():
            trigger = trigger_of(schedule, self._settings.serve.timezone)
            first = self._first(name, trigger, now)
            scheduler.add_job(self._work, trigger, args=[name], id=name, name=name, next_run_time=first)
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
        return {job.id: stamp(job.next_run_time) for job in self._scheduler.get_jobs()}

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
        self._stop.set()
        _log.info("stopping", signal=number, working=sorted(self._reading | self._writing))
        self._scheduler.shutdown(wait=False)
        # Whoever has the turn may be waiting for an answer; it ends by itself, and no other begins.
        if not self._turn.acquire(timeout=self._settings.quickbooks.timeout):
            return sorted(self._reading | self._writing)
        self._turn.release()
        return sorted(self._reading)

    # The work.

    def _work(self, name: str) -> None:
        self._reading.add(name)
        try:
            if not self._stop.is_set():
                self._sync(name)
        except ConnectorError as error:
            self._warn(error.problem, name)
        finally:
            self._reading.discard(name)
            self._writing.discard(name)

    def _sync(self, name: str) -> None:
        choices = Choices(Selection(sources=(name,)))
        run = Run(
            self._settings,
            self._state,
            choices,
            command="serve",
            who=self._who,
            tell=lambda text: _log.debug("step", source=name, what=text),
            stop=self._stop,
        )
        run.pull()
        if self._stop.is_set():
            return
        if not self._may_write(name):
            self._look(run, name)
            return
        with self._turn:
            self._reading.discard(name)
            self._writing.add(name)
            lock = self._locked(run, name)
            if lock is None:
                return
            try:
                troubled = self._carried_out(run, lock, name)
            finally:
                lock.release()
            self._tell(run, name, wrote=True)
        if not troubled and (seconds := run.settle_in()) is not None:
            self._again(name, seconds)

    def _carried_out(self, run: Run, lock: CompanyLock, name: str) -> bool:
        """Settle, plan and push; whether anything troubled it. A run that began is ended, whatever comes."""
        run.begin()
        trouble: ConnectorError | None = None
        steps: tuple[Callable[[], object], ...] = (
            lambda: run.settle(lock),
            run.plan,
            lambda: run.push(lock),
        )
        try:
            for step in steps:
                if not self._stop.is_set():
                    step()
        except ConnectorError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001 - one source's bug must not stop the others
            trouble = _bug(error, name)
        run.finish(trouble, wrote=True)
        return bool(run.outcome.problems)

    def _locked(self, run: Run, name: str) -> CompanyLock | None:
        """The company's lock, waited for in small pieces; None where it stays held, or where everything stops."""
        until = time.monotonic() + self._patience
        lock = run.lock()
        while not self._stop.is_set():
            try:
                lock.acquire(blocking=True, timeout=min(_SLICE, self._patience))
            except LockHeld as held:
                if time.monotonic() < until:
                    continue
                _log.warning("left to the next tick", source=name, what=held.what, remedy=held.remedy)
                return None
            return lock
        return None

    def _may_write(self, name: str) -> bool:
        """In production a person writes first: until then there is nobody who has seen what would be written."""
        if self._settings.quickbooks.environment != "production" or name in self._begun_by_hand:
            return True
        self._begun_by_hand |= self._state.sources_run(self._company, "sync", _DONE)
        return name in self._begun_by_hand

    def _look(self, run: Run, name: str) -> None:
        trouble: ConnectorError | None = None
        try:
            run.plan()
        except ConnectorError as error:
            trouble = error
        run.finish(trouble, wrote=False)
        self._tell(run, name, wrote=False)
        _log.warning(
            "nothing written",
            source=name,
            what="in production the first sync of a source is a person's",
            remedy=f"look at it, then: connector sync --source {name}",
        )

    def _tell(self, run: Run, name: str, *, wrote: bool) -> None:
        for problem in run.outcome.problems:
            self._warn(problem, name, run.outcome.run)
        self._report(run, wrote)

    def _warn(self, problem: Problem, name: str, run: str | None = None) -> None:
        _log.warning(
            "problem",
            run=run,
            source=problem.source or name,
            code=problem.code,
            what=problem.what,
            remedy=problem.remedy,
            next_run=self.next_runs().get(name),
        )

    def _again(self, name: str, seconds: float) -> None:
        """Come back early for documents of unknown outcome."""
        job = self._scheduler.get_job(name)
        soon = utc_now() + datetime.timedelta(seconds=max(seconds, _SLICE))
        if job is not None and job.next_run_time is not None and soon < job.next_run_time:
            job.modify(next_run_time=soon)
            _log.info("looked for later", source=name, seconds=round(seconds))


def _bug(error: Exception, name: str) -> OurFault:
    _log.error("our fault", source=name, exc_info=error)
    what = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return OurFault(what, code="our-fault", remedy="report it with the trace in the log", source=name)


def _log_event(event: Any) -> None:
    if event.code == EVENT_JOB_ERROR:
        _log.error("our fault", source=event.job_id, exc_info=event.exception)
    elif event.code == EVENT_JOB_MAX_INSTANCES:
        _log.warning("still at work, so this tick is left out", source=event.job_id)
    else:
        _log.warning("missed", source=event.job_id, due=event.scheduled_run_time.isoformat())
