"""Date patterns as spreadsheets write them (``d mmm yyyy``), with English months whatever the machine speaks."""

import datetime
import re
from functools import lru_cache
from typing import Final

__all__ = ["DAYS_LIMIT", "format_date", "iso_date", "pattern_fault"]

DAYS_LIMIT: Final = 3660  # ten years; more is a slip of the finger

_MONTHS: Final = "January February March April May June July August September October November December".split()
_TOKEN: Final = re.compile(r"(?P<word>[^\W\d_]+)|(?P<between>[ ,./-]+)|(?P<wrong>.)", re.DOTALL)
_WORDS: Final = frozenset("d dd mmm mmmm mm yy yyyy".split())
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def pattern_fault(pattern: str) -> tuple[int, str] | None:
    """Where and at what a pattern cannot be followed: the offset and the offending text; None where it can."""
    if not pattern.strip():
        return 0, pattern
    for token in _TOKEN.finditer(pattern):
        if token["between"] is None and token["word"] not in _WORDS:
            return token.start(), token.group()
    return None


@lru_cache(maxsize=1024)
def format_date(day: datetime.date, pattern: str | None) -> str:
    """``day`` in a pattern that has no fault; ISO without one (mapping rule 2)."""
    if pattern is None:
        return day.isoformat()
    month = _MONTHS[day.month - 1]
    words = {
        "d": f"{day.day}",
        "dd": f"{day.day:02}",
        "mm": f"{day.month:02}",
        "mmm": month[:3],
        "mmmm": month,
        "yy": f"{day.year % 100:02}",
        "yyyy": f"{day.year:04}",
    }
    return "".join(words[token["word"]] if token["word"] else token.group() for token in _TOKEN.finditer(pattern))


def iso_date(text: str) -> datetime.date:
    """
    A date as a person types it into a mapping or a table: ``2026-01-31``.

    Raises:
        ValueError: The text is no ISO date.
    """
    if not _ISO.fullmatch(text):
        raise ValueError(f"{text!r} is not written 2026-01-31")
    return datetime.date.fromisoformat(text)
