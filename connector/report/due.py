"""When a source is due by its schedule, and when it is overdue."""

import datetime
from zoneinfo import ZoneInfo

from connector.settings.schedule import Cron, read_schedule

__all__ = ["next_run", "overdue"]


def next_run(
    schedule: str | None, last: datetime.datetime | None, now: datetime.datetime, timezone: str
) -> datetime.datetime | None:
    """
    The next time that the daemon would run a source, UTC; ``now`` where that has passed.

    Args:
        schedule: As the settings have it; None: run by hand, so the answer is None.
        last: When its last run began.
        now: UTC.
        timezone: Of cron lines, as ``[serve] timezone`` names it.
    """
    if schedule is None:
        return None
    return now if last is None else max(now, _after(schedule, last, timezone))


def overdue(schedule: str | None, last: datetime.datetime | None, now: datetime.datetime, timezone: str) -> bool:
    """Whether the last success is older than twice the interval: two turns have come and gone without another."""
    if schedule is None or last is None:
        return False
    return _after(schedule, _after(schedule, last, timezone), timezone) < now


def _after(schedule: str, time: datetime.datetime, timezone: str) -> datetime.datetime:
    """The first turn after ``time``."""
    read = read_schedule(schedule)
    if not isinstance(read, Cron):
        return time + datetime.timedelta(seconds=read.seconds)
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - only where a schedule is a cron line

    trigger = CronTrigger(
        minute=read.minute,
        hour=read.hour,
        day=read.day,
        month=read.month,
        day_of_week=read.weekday,
        timezone=ZoneInfo(timezone),
    )
    found: datetime.datetime | None = trigger.get_next_fire_time(time, time + datetime.timedelta(microseconds=1))
    return found.astimezone(datetime.UTC) if found else datetime.datetime.max.replace(tzinfo=datetime.UTC)
