"""Schedules as people write them: ``every 15 minutes``, or the five fields of a cron line."""

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Cron", "Every", "read_schedule"]

_EVERY: Final = re.compile(
    r"every\s+(?:(\d{1,5})\s*)?(ms|s|seconds?|m|min|minutes?|h|hours?|d|days?)", re.ASCII | re.IGNORECASE
)
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MONTHS: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS: Final = "sun mon tue wed thu fri sat".split()
_LENGTHS: Final = {"2": 29, "4": 30, "6": 30, "9": 30, "11": 30}
_PART: Final = re.compile(r"(\*|([a-z]{3}|\d{1,2})(?:-([a-z]{3}|\d{1,2}))?)(?:/(\d{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Every:
    """A steady beat, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cron:
    """
    The five fields, each ``*`` or a list of its values: ``0,15,30,45``.

    Weekdays are names (``mon,tue``), because schedulers disagree about which of them is 0.
    """

    minute: str
    hour: str
    day: str
    month: str
    weekday: str


def read_schedule(text: str) -> Every | Cron:
    """
    A schedule of the settings.

    Raises:
        ValueError: It is neither; the message says which part does not fit.
    """
    beat = _EVERY.fullmatch(text.strip())
    if beat is not None:
        unit = beat[2].lower()
        seconds = int(beat[1] or 1) * _SECONDS[unit if unit == "ms" else unit[0]]
        if not seconds:
            raise ValueError("is no schedule: every 0 is never")
        return Every(seconds)
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError("is no schedule")
    read = Cron(
        _field(fields[0], "minute", 0, 59),
        _field(fields[1], "hour", 0, 23),
        _field(fields[2], "day of the month", 1, 31),
        _field(fields[3], "month", 1, 12, _MONTHS),
        _field(fields[4], "day of the week", 0, 7, _WEEKDAYS),
    )
    if read.weekday == "*" and "*" not in (read.day, read.month) and not _has_day(read):
        raise ValueError("is never: none of its months has such a day")
    return read


def _has_day(read: Cron) -> bool:
    return int(read.day.split(",")[0]) <= max(_LENGTHS.get(month, 31) for month in read.month.split(","))


def _field(text: str, title: str, least: int, most: int, names: list[str] | None = None) -> str:
    if text == "*":
        return "*"
    chosen: set[int] = set()
    for part in text.split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"has {part!r} for the {title}")
        first, last = least, most
        if found[1] != "*":
            first = _number(found[2], title, least, most, names)
            last = _number(found[3], title, least, most, names) if found[3] else (most if found[4] else first)
        step = int(found[4] or 1)
        if last < first or not step:
            raise ValueError(f"has {part!r} for the {title}")
        chosen.update(range(first, last + 1, step))
    if names is _WEEKDAYS:
        return ",".join(name for number, name in enumerate(_WEEKDAYS) if number in {day % 7 for day in chosen})
    return ",".join(str(number) for number in sorted(chosen))


def _number(text: str, title: str, least: int, most: int, names: list[str] | None) -> int:
    number = int(text) if text.isdigit() else names.index(text) + least if names and text in names else -1
    if not least <= number <= most:
        raise ValueError(f"has {text!r} for the {title}")
    return number
