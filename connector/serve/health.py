"""
What ``/healthz`` says: whether the daemon is alive, and whether it is ready.

The document holds ``schema`` (``connector/health/1``), ``as_of``, ``live``, ``ready`` and ``checks``, each of them with
``check`` (loop, scheduler, job, doctor, source, state, sign-in), ``source`` (null where it is about none), ``ok`` and
``what`` in words. Live is a daemon whose loop, scheduler and jobs get on: one that is not is best started anew. Ready
is one that is live and does its work: one that is not needs somebody. Checks are added, never renamed.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from connector.errors import ConnectorError
from connector.report.due import overdue
from connector.report.run import stamp
from connector.serve.clock import trigger_of
from connector.serve.supervision import LOOP, SCHEDULER, Supervision
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.store import State
from connector.state.writable import lack_of_writing
from connector.sync.sign_in import sign_in_status

__all__ = ["Check", "Health", "SourceAge"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the answer."""

    check: str
    ok: bool
    what: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class SourceAge:
    """When a source was last read whole, None where it never was, and whether two of its turns have passed since."""

    source: str
    schedule: str
    success: datetime.datetime | None
    overdue: bool


class Health:
    """
    How a daemon stands at the moment.

    Args:
        settings: As they are now.
        state: What it remembers.
        supervision: Its signs of life.
        now: UTC.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        state: State,
        supervision: Supervision,
        now: Callable[[], datetime.datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._state = state
        self._supervision = supervision
        self._now = now
        self._began = now()

    def document(self) -> dict[str, Any]:
        """All of it; the disk is read and written for it."""
        alive = list(self._alive())
        return self._document([*alive, self._doctor(), *self._sources(), self._writable(), self.signed_in()], alive)

    def live(self) -> dict[str, Any]:
        """Whether it is alive, from memory alone; ``ready`` is null."""
        alive = list(self._alive())
        return self._document(alive, alive) | {"ready": None}

    def _document(self, checks: list[Check], alive: list[Check]) -> dict[str, Any]:
        return {
            "schema": "connector/health/1",
            "as_of": stamp(self._now()),
            "live": all(check.ok for check in alive),
            "ready": all(check.ok for check in checks),
            "checks": [asdict(check) for check in checks],
        }

    def _alive(self) -> Iterator[Check]:
        silent = {name: f"no sign of life for {seconds:.0f} s" for name, seconds in self._supervision.progress.silent()}
        for name in (LOOP, SCHEDULER):
            yield Check(name, name not in silent, silent.pop(name, "gets on"))
        for name, what in silent.items():
            yield Check("job", ok=False, what=f"{name}: {what}")

    def _doctor(self) -> Check:
        lacking = self._supervision.lacking
        return Check("doctor", not lacking, lacking or "all was well when it was looked at")

    def ages(self) -> Iterator[SourceAge]:
        """Each source that has a schedule."""
        settings, now = self._settings(), self._now()
        for name, source in settings.sources.items():
            if source.schedule is None:
                continue
            pull = self._state.last_complete_pull(settings.quickbooks.realm_id, name)
            success = pull.ended if pull else None
            # What was never read whole is measured from the daemon's own beginning.
            measured = success or self._began
            late = overdue(source.schedule, measured, now, lambda text: trigger_of(text, settings.serve.timezone))
            yield SourceAge(name, source.schedule, success, late)

    def _sources(self) -> Iterator[Check]:
        try:
            for age in self.ages():
                read = f"last read whole {stamp(age.success)}" if age.success else "not read whole yet"
                late = f", and two turns of its schedule have passed ({age.schedule})" if age.overdue else ""
                yield Check("source", not age.overdue, read + late, age.source)
        except ConnectorError as error:
            yield Check("source", ok=False, what=error.what)

    def _writable(self) -> Check:
        path = self._settings().state.path
        lack = lack_of_writing(path)
        return Check("state", lack is None, "can be written" if lack is None else lack.what)

    def signed_in(self) -> Check:
        """Whether QuickBooks lets us in: what is kept has not ended, and no run was refused since."""
        try:
            found = sign_in_status(self._settings(), self._state)
        except ConnectorError as error:
            return Check("sign-in", ok=False, what=error.what)
        refusal = self._supervision.tally.refusal
        if refusal is not None and (found.refreshed_at is None or found.refreshed_at <= refusal.when):
            return Check("sign-in", ok=False, what=refusal.problem.what)
        if not found.signed_in:
            return Check("sign-in", ok=False, what="nobody is signed in to QuickBooks, or the sign-in has ended")
        left = "" if found.days_left is None else f", {found.days_left} days left"
        return Check("sign-in", ok=True, what=f"signed in to QuickBooks{left}")
