"""What this process did since it started, counted for ``/metrics``: requests, runs, ticks that were left out."""

import datetime
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from connector.errors import Problem
from connector.state.clock import utc_now
from connector.sync.run import Run

__all__ = ["Refusal", "Tally"]

_SLOW_DOWN: Final = 429
_SIGN_IN: Final = ("quickbooks-sign-in", "quickbooks-forbidden", "state-key")


@dataclass(frozen=True, slots=True)
class Refusal:
    """QuickBooks or Intuit did not let a run in, at ``when``."""

    problem: Problem
    when: datetime.datetime


@dataclass(slots=True)
class Tally:
    """
    Counts that only grow, and what the last runs came to; thread-safe.

    ``requests`` and ``slow_downs`` are by service, ``runs`` by source and exit code, ``left_out`` by source.
    """

    requests: Counter[str] = field(default_factory=Counter)
    slow_downs: Counter[str] = field(default_factory=Counter)
    runs: Counter[tuple[str, int]] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    last: tuple[str, int, datetime.datetime] | None = None
    """The run that ended last: its source, its exit code and when."""
    refusal: Refusal | None = None
    """The last time that the sign-in was not taken; it stands until there is a newer sign-in."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, service: str, status: int) -> None:
        """A request to a service ended."""
        with self._lock:
            self.requests[service] += 1
            self.slow_downs[service] += status == _SLOW_DOWN

    def ran(self, source: str, run: Run, *, wrote: bool) -> None:
        """A run of a source ended."""
        code, now = run.outcome.exit_code(wrote=wrote), utc_now()
        with self._lock:
            self.runs[source, code] += 1
            self.last = source, code, now
            refused = next((each for each in run.outcome.problems if each.code in _SIGN_IN), None)
            if refused is not None:
                self.refusal = Refusal(refused, now)

    def missed(self, source: str) -> None:
        """A tick came while the one before it was still at work."""
        with self._lock:
            self.left_out[source] += 1
