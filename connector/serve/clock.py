"""What the schedules of the settings mean to the scheduler, and whether the wall clock can be believed."""

import datetime
import time
from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from connector.errors import SettingsInvalid
from connector.settings import Every, Settings, read_schedule

__all__ = ["ClockWatch", "Timing", "scheduled", "timings", "trigger_of"]

_JUMP: Final = 60.0

Timing = tuple[str, str]
"""A schedule and the time zone that it is read in; a steady beat has none."""


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


def timings(settings: Settings) -> dict[str, Timing]:
    """When each scheduled source is to run; equal for two settings that mean the same."""
    zone = settings.serve.timezone
    return {
        name: (schedule, "" if isinstance(read_schedule(schedule), Every) else zone)
        for name, schedule in scheduled(settings).items()
    }


def trigger_of(schedule: str, timezone: str) -> Any:
    """The scheduler's form of a schedule; the hours of a cron line are those of ``timezone``."""
    read = read_schedule(schedule)
    if isinstance(read, Every):
        return IntervalTrigger(seconds=read.seconds, timezone=datetime.UTC)
    hours = {"minute": read.minute, "hour": read.hour, "month": read.month, "timezone": ZoneInfo(timezone)}
    line = CronTrigger if read.hour == "*" else _OfTheDay
    if "*" in (read.day, read.weekday):
        return line(day=read.day, day_of_week=read.weekday, **hours)
    # cron runs when either fits; the scheduler alone would want both
    return OrTrigger([line(day=read.day, **hours), line(day_of_week=read.weekday, **hours)])


class _OfTheDay(CronTrigger):  # type: ignore[misc]  # the library has no types
    """A cron line that names its hours: once in the hour that the end of summer time doubles, the first time."""

    def get_next_fire_time(
        self, previous_fire_time: datetime.datetime | None, now: datetime.datetime
    ) -> datetime.datetime | None:
        due: datetime.datetime | None = super().get_next_fire_time(previous_fire_time, now)
        while due is not None and due.fold:
            due = super().get_next_fire_time(due, due)
        return due


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
