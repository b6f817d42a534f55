"""When a source is due by its schedule, and when it is overdue."""

import datetime
from collections.abc import Callable
from typing import Any

__all__ = ["Trigger", "next_run", "overdue"]

Trigger = Callable[[str], Any]
"""The scheduler's form of a schedule as the settings have it."""


def next_run(
    schedule: str | None, last: datetime.datetime | None, now: datetime.datetime, trigger: Trigger
) -> datetime.datetime | None:
    """
    The next time that the daemon would run a source, UTC; ``now`` where that has passed.

    Args:
        schedule: As the settings have it; None: run by hand, so the answer is None.
        last: When its last run began.
        now: UTC.
        trigger: The daemon's own, so that both mean the same.
    """
    if schedule is None:
        return None
    if last is None:
        return now
    return max(now, _after(trigger(schedule), last))


def overdue(schedule: str | None, last: datetime.datetime | None, now: datetime.datetime, trigger: Trigger) -> bool:
    """Whether the last success is older than twice the interval: two turns have come and gone without another."""
    if schedule is None or last is None:
        return False
    turns = trigger(schedule)
    return _after(turns, _after(turns, last)) < now


def _after(turns: Any, time: datetime.datetime) -> datetime.datetime:
    """The first turn after ``time``, UTC; the settings take no schedule that has none."""
    found: datetime.datetime = turns.get_next_fire_time(time, time + datetime.timedelta(microseconds=1))
    return found.astimezone(datetime.UTC)
