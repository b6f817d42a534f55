"""Days as text."""

import datetime
from functools import lru_cache

__all__ = ["iso"]


@lru_cache(maxsize=4096)
def iso(day: datetime.date) -> str:
    """``day`` as ISO 8601. Python takes long over it, and thousands of bills write out the same few days."""
    return day.isoformat()
