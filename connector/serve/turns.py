"""The work of a tick: one source's run, and one at a time that writes for the company."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import structlog

from connector.errors import ConnectorError, LockHeld, OurFault, Problem
from connector.serve.supervision import Supervision
from connector.settings import Settings
from connector.state.lock import CompanyLock
from connector.state.store import State
from connector.sync.run import Run
from connector.sync.selection import Choices, Selection
from connector.sync.silence import longest_silence

__all__ = ["DONE", "Timetable", "Turns"]

_SLICE: Final = 1.0
DONE: Final = (0, 6)
"""Exit codes of runs that came to their end; with 6 some documents wait."""

_log = structlog.get_logger("connector")


class Timetable(Protocol):
    """What the work asks of the clock."""

    def next_run(self, name: str) -> str | None:
        """When a source runs next, ISO, UTC."""

    def again(self, name: str, seconds: float) -> None:
        """Run a source in so many seconds, where that is before its time."""


class Turns:
    """
    The sources at work.

    Args:
        report: Called with every run that ended, and whether it was one that writes.
        failed: Called with what ended a source's turn before there was a run to report.
        patience: Seconds that a run waits for another process to free the company's lock, before it leaves it to the
            next tick.
        supervision: Told of every sign of life.
    """

    def __init__(
        self,
        state: State,
        report: Callable[[Run, bool], None],
        timetable: Timetable,
        supervision: Supervision,
        *,
        failed: Callable[[str, Problem], None],
        who: str,
        patience: float,
    ) -> None:
        self._state = state
        self._report = report
        self._failed = failed
        self._timetable = timetable
        self._supervision = supervision
        self._who = who
        self._patience = patience
        self._stop = threading.Event()
        self._turn = threading.Lock()
        self._time_limit = 0.0
        """Of one request, in the run that has the turn: under the settings that it began with."""
        self._reading: set[str] = set()
        self._writing: set[str] = set()
        self._begun_by_hand: set[str] = set()

    @property
    def working(self) -> list[str]:
        """The sources at work, whether they are read or written for."""
        return sorted(self._reading | self._writing)

    def stop(self) -> None:
        """Let the request in flight end, and start no other."""
        self._stop.set()

    def end(self, seconds: float, waiting: Callable[[], None]) -> list[str]:
        """Wait so long for whoever has the turn, a slice at a time; the sources that are left at work then."""
        # It may be waiting for an answer; it ends by itself, and no other begins.
        until = time.monotonic() + max(seconds, self._time_limit)
        while not self._turn.acquire(timeout=min(_SLICE, max(until - time.monotonic(), 0.0))):
            if time.monotonic() >= until:
                return self.working
            waiting()
        self._turn.release()
        return sorted(self._reading)

    def work(self, settings: Settings, name: str) -> None:
        """One tick of a source, under the settings as they are now."""
        self._reading.add(name)
        try:
            with self._supervision.progress.working(name, longest_silence(settings)):
                if not self._stop.is_set():
                    self._sync(settings, name)
        except ConnectorError as error:
            self._warn(error.problem, name)
            self._failed(name, error.problem)
        except Exception as error:  # noqa: BLE001 - as below
            self._failed(name, _bug(error, name).problem)
        finally:
            self._reading.discard(name)
            self._writing.discard(name)
            # The command line puts collecting off for as long as a command lives; days of runs would be left lying.
            gc.collect()

    def _sync(self, settings: Settings, name: str) -> None:
        run = Run(
            self._supervision.listening(settings, name),
            self._state,
            Choices(Selection(sources=(name,))),
            command="serve",
            who=self._who,
            tell=lambda text: self._step(name, text),
            stop=self._stop,
            alive=lambda: self._beat(name),
        )
        run.pull()
        if self._stop.is_set():
            return
        if not self._may_write(settings, name):
            self._look(run, name)
            return
        with self._in_turn(name):
            self._reading.discard(name)
            self._writing.add(name)
            self._time_limit = settings.quickbooks.timeout
            lock = self._locked(run, name)
            if lock is None:
                return
            try:
                troubled = self._carried_out(run, lock, name)
            finally:
                lock.release()
            self._tell(run, name, wrote=True)
        if not troubled and (seconds := run.settle_in()) is not None:
            self._timetable.again(name, max(seconds, _SLICE))

    @contextmanager
    def _in_turn(self, name: str) -> Iterator[None]:
        """The turn to write; whoever waits for it is alive, and who has it is watched himself."""
        while not self._turn.acquire(timeout=_SLICE):
            self._beat(name)
        try:
            yield
        finally:
            self._turn.release()

    def _step(self, name: str, text: str) -> None:
        self._beat(name)
        _log.debug("step", source=name, what=text)

    def _beat(self, name: str) -> None:
        self._supervision.progress.beat(name)

    def _carried_out(self, run: Run, lock: CompanyLock, name: str) -> bool:
        """Settle, plan and push; whether anything troubled it. A run that began is ended, whatever comes."""
        run.begin()
        trouble: ConnectorError | None = None
        steps: tuple[Callable[[], object], ...] = (
            lambda: run.settle(lock),
            run.plan,
            lambda: run.push(lock, lambda *_: self._beat(name)),
        )
        try:
            for step in steps:
                if not self._stop.is_set():
                    step()
        except ConnectorError as error:
            trouble = error
        except BaseException as error:  # noqa: BLE001 - one source's bug must not stop the others; a thread has no exit
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
                self._beat(name)
                if time.monotonic() < until:
                    continue
                _log.warning("left to the next tick", source=name, what=held.what, remedy=held.remedy)
                return None
            return lock
        return None

    def _may_write(self, settings: Settings, name: str) -> bool:
        """In production a person writes first: until then there is nobody who has seen what would be written."""
        if settings.quickbooks.environment != "production" or name in self._begun_by_hand:
            return True
        self._begun_by_hand |= self._state.sources_run(settings.quickbooks.realm_id, "sync", DONE)
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
        self._supervision.tally.ran(name, run, wrote=wrote)
        self._report(run, wrote)

    def _warn(self, problem: Problem, name: str, run: str | None = None) -> None:
        _log.warning(
            "problem",
            run=run,
            source=problem.source or name,
            code=problem.code,
            what=problem.what,
            remedy=problem.remedy,
            next_run=self._timetable.next_run(name),
        )


def _bug(error: BaseException, name: str) -> OurFault:
    _log.error("our fault", source=name, exc_info=error)
    what = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return OurFault(what, code="our-fault", remedy="report it with the trace in the log", source=name)
