"""The clock of this machine, against the time that each server puts on its answers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from connector.doctor.check import Check, fault, note, ok
from connector.errors import SettingsInvalid
from connector.route import Heard

__all__ = ["Clock"]

_AREA = "clock"
_NOTED: Final = 2.0
_WRONG: Final = 60.0
_REMEDY: Final = "set this machine's clock by the network: timedatectl set-ntp true"


def _now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """
    Hears what time the servers have.

    Args:
        now: This machine's time, UTC.
    """

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._apart: dict[str, float] = {}

    def heard(self, answer: Heard) -> None:
        """
        One answer: its server, its ``Date`` and how long it took.

        The header has whole seconds, and the answer was on its way: what these explain is no difference.
        """
        try:
            ahead = (parsedate_to_datetime(answer.date) - self._now()).total_seconds()
        except (ValueError, TypeError):
            return
        apart = max(ahead, 0.0) or min(ahead + 1.0 + answer.seconds, 0.0)
        self._apart[answer.host] = min(self._apart.get(answer.host, apart), apart, key=abs)

    def checks(self) -> Iterator[Check]:
        """A line for each server."""
        for host, apart in sorted(self._apart.items()):
            yield _judged(host, apart)
        if not self._apart:
            yield note(_AREA, "servers", "no server answered with its time", "connector doctor, when one answers")


def _judged(host: str, apart: float) -> Check:
    if abs(apart) <= _NOTED:
        return ok(_AREA, host, "this machine has the same time")
    what = f"this machine's clock is {abs(apart):,.0f} s {'behind' if apart > 0 else 'ahead of'} that of {host}"
    if abs(apart) <= _WRONG:
        return note(_AREA, host, what, _REMEDY, code="clock-wrong")
    return fault(_AREA, host, SettingsInvalid(what, code="clock-wrong", remedy=_REMEDY))
