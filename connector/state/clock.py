"""Time as the state keeps it: UTC, and the boot clock, which neither a person nor NTP can set back."""

import datetime
import secrets
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["Moment", "elapsed", "moment", "run_id", "utc_now"]

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Moment:
    """
    One instant by both clocks.

    Args:
        boot_id: Which boot of the machine; empty where the system does not tell.
        boot_seconds: Seconds since that boot, sleep included.
        wall: The same instant in UTC.
    """

    boot_id: str
    boot_seconds: float
    wall: datetime.datetime


def utc_now() -> datetime.datetime:
    """The time, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


@cache
def _boot_id() -> str:
    return _BOOT_ID.read_text("ascii").strip()


def moment() -> Moment:
    """Now, by both clocks."""
    try:
        boot_id = _boot_id()
        seconds = time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError):
        boot_id, seconds = "", time.monotonic()
    return Moment(boot_id, seconds, utc_now())


def elapsed(since: Moment) -> float:
    """
    Seconds from ``since`` to now, never more than have truly passed if the boot clock can tell.

    By the boot clock where the boot is the same, else by the wall clock; 0 where that stands before ``since``, so that
    whoever waits then waits the whole time from now.
    """
    now = moment()
    if now.boot_id and now.boot_id == since.boot_id:
        return max(0.0, now.boot_seconds - since.boot_seconds)
    return max(0.0, (now.wall - since.wall).total_seconds())


def run_id() -> str:
    """A new ULID: 26 characters that sort by the millisecond they were made in."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -5, -5))
