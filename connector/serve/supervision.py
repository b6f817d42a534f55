"""
Whoever supervises the daemon is told how it stands, by its loop itself and from progress that was really made.

The watchdog is fed only while the loop, the scheduler's thread and every job get on: one that hangs stops the feeding,
and systemd starts the daemon anew. What has left for QuickBooks by then is on record and is looked for.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from connector.report.run import stamp
from connector.serve.progress import Progress, Silence
from connector.serve.systemd import Systemd
from connector.serve.tally import Tally
from connector.settings import Settings

__all__ = ["LOOP", "SCHEDULER", "Supervision"]

LOOP: Final = "loop"
SCHEDULER: Final = "scheduler"

_TICK: Final = 10.0
_SOON: Final = 1.0
_ROUNDS: Final = 3.0  # so many ticks without a sign of life, and the loop or the scheduler counts as hung
_LEAST: Final = 3.0
_SPARE: Final = 30_000_000  # microseconds: systemd waits so much longer, each time that it is asked

_log = structlog.get_logger("connector")


class Supervision:
    """
    How the daemon stands, for systemd and for ``/healthz``.

    Args:
        systemd: What started the process.
        progress: Signs of life.
        tally: What was counted.
    """

    def __init__(
        self, systemd: Systemd | None = None, progress: Progress | None = None, tally: Tally | None = None
    ) -> None:
        self._systemd = systemd or Systemd({})
        self.progress = progress or Progress()
        self.tally = tally or Tally()
        self.timetable: dict[str, datetime.datetime | None] = {}
        """When each job runs next, as the scheduler last said; it is not asked, because it may hang."""
        self.lacking = ""
        """Why the daemon is not ready, in words; "" from the first time that everything was well."""
        self.outdated = False
        """The settings file has faults since it was to be read again; those from before hold, until it is mended."""
        self._told_ready = False
        self._status = ""
        self._hung: set[str] = set()
        longest = max(_ROUNDS * self._steady, _LEAST)
        for name in (LOOP, SCHEDULER):
            self.progress.watch(name, longest)

    @property
    def tick(self) -> float:
        """Seconds between two beats of the loop."""
        return min(self._steady, _SOON) if self.lacking else self._steady

    @property
    def _steady(self) -> float:
        watchdog = self._systemd.watchdog
        return _TICK if watchdog is None else min(_TICK, watchdog / 2)

    def listening(self, settings: Settings, name: str) -> Settings:
        """The settings of a job, whose requests are counted and are its signs of life."""
        return settings.heard_by(lambda heard: self._heard(name, heard.service, heard.status))

    def _heard(self, name: str, service: str, status: int) -> None:
        self.progress.beat(name)
        self.tally.answered(service, status)

    # Called by the loop.

    def beat(self, working: Sequence[str]) -> None:
        """The loop is alive: say so, and whether everybody else is."""
        self.progress.beat(LOOP)
        silent = self.progress.silent()
        self._tell_silent(silent)
        self._tell_status(self._standing(working))
        if silent:
            return
        if not self.lacking and not self._told_ready:
            self._told_ready = True
            self._systemd.tell(READY=1)
        elif not self._told_ready:
            self._systemd.tell(EXTEND_TIMEOUT_USEC=_SPARE)
        self._feed()

    def stopping(self) -> None:
        """A signal came."""
        self._systemd.tell(STOPPING=1, STATUS="stopping")

    def ending(self) -> None:
        """A request in flight is waited for: systemd has patience for as long as it may take."""
        self.progress.beat(LOOP)
        self._systemd.tell(EXTEND_TIMEOUT_USEC=_SPARE)
        self._feed()

    def _feed(self) -> None:
        if self._systemd.watchdog is not None:
            self._systemd.tell(WATCHDOG=1)

    def _tell_silent(self, silent: Iterable[Silence]) -> None:
        names = {each.name for each in silent}
        for name, seconds in silent:
            if name not in self._hung:
                _log.error("no sign of life", what=name, seconds=round(seconds))
        for name in self._hung - names:
            _log.info("alive again", what=name)
        self._hung = names

    def _tell_status(self, status: str) -> None:
        if status != self._status:
            self._status = status
            self._systemd.tell(STATUS=status)

    def _standing(self, working: Sequence[str]) -> str:
        """One line: why it is not ready, what is at work, the last run and the next."""
        parts = [f"no sign of life: {', '.join(sorted(self._hung))}"] if self._hung else []
        if self.lacking:
            parts.append(f"not ready: {self.lacking}")
        if self.outdated:
            parts.append("the settings file has faults and was not taken over")
        if working:
            parts.append(f"at work: {', '.join(working)}")
        if self.tally.last is not None:
            source, code, when = self.tally.last
            parts.append(f"last run: {source} {stamp(when)}, exit code {code}")
        due = [(when, name) for name, when in self.timetable.items() if when is not None and ":" not in name]
        if due:
            when, name = min(due)
            parts.append(f"next run: {name} {stamp(when)}")
        return "; ".join(parts)
