"""What a run came to, as everybody who speaks of it is handed it."""

import datetime
from dataclasses import dataclass, field
from typing import Final

from connector.errors import Problem, exit_code_of
from connector.sync.planned import Planned

__all__ = ["Outcome"]

_LEFT_OPEN: Final = ("refused", "blocked", "unknown")


@dataclass(slots=True)
class Outcome:
    """What a run came to; ``planned`` holds every action with its result, ``warnings`` what will be trouble soon."""

    planned: Planned
    problems: list[Problem]
    exit_codes: set[int]
    started: datetime.datetime
    run: str | None = None
    ended: datetime.datetime | None = None
    warnings: list[Problem] = field(default_factory=list)
    not_paid: dict[str, str] = field(default_factory=dict)
    """The sources whose payments are not recorded, and what people call them."""

    def exit_code(self, *, wrote: bool) -> int:
        """The first that applies of the list; blocked, refused and unknown documents count where a run wrote."""
        codes = set(self.exit_codes)
        if wrote:
            counts, payments = self.planned.counts(), self.planned.payments()
            if any(counts[name] or payments.get(name) for name in _LEFT_OPEN) or self._differs():
                codes.add(6)
        return exit_code_of(codes)

    def _differs(self) -> bool:
        return self.planned.came_to("answer-differs")
