"""Ready is a daemon whose doctor found no fault, once; until then it looks again, and the sources work meanwhile."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from connector.errors import Problem
from connector.serve.supervision import Supervision

__all__ = ["Readiness"]

_OFTEN: Final = 600.0
_SELDOM: Final = 570.0  # seconds; a little less than ten of the minutes in which it is called

_log = structlog.get_logger("connector")


class Readiness:
    """
    The chore that looks whether all is ready, and tells each fault once, until it is another.

    It looks each minute, after ten of them every ten: a service that is down for a day must not cost the day's
    requests, of which a source gives a thousand.

    Args:
        supervision: Told when it is ready, and why it is not.
        examine: Every fault that the doctor finds.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        supervision: Supervision,
        examine: Callable[[], Sequence[Problem]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._supervision = supervision
        self._examine = examine
        self._clock = clock
        self._began = clock()
        self._looked: float | None = None
        self._ready = False
        self._told: set[tuple[str | None, str, str]] = set()
        supervision.lacking = "not looked at yet"

    def __call__(self) -> None:
        """Look, where it is time to."""
        if self._ready or not self._due():
            return
        self._looked = self._clock()
        faults = self._examine()
        self._tell(faults)
        if faults:
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            self._supervision.lacking = f"{faults[0].what}{more}; see: connector doctor"
            return
        self._ready = True
        self._supervision.lacking = ""
        _log.info("ready")

    def _due(self) -> bool:
        now = self._clock()
        return self._looked is None or now - self._began < _OFTEN or now - self._looked >= _SELDOM

    def _tell(self, faults: Sequence[Problem]) -> None:
        known = {(each.source, each.code, re.sub(r"\d+", "#", each.what)): each for each in faults}
        for key, fault in known.items():
            if key not in self._told:
                _log.warning(
                    "problem", run=None, source=fault.source, code=fault.code, what=fault.what, remedy=fault.remedy
                )
        self._told = set(known)
