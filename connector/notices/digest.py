"""
The digest of finance: once a day what waits for them, and what of it is new.

Pure. There is none on a day on which nothing waits.
"""

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from connector.notices.decide import DIGEST
from connector.notices.policy import DIGEST_HOUR
from connector.notices.trouble import Message
from connector.notices.words import Posted, digest
from connector.state.notices import Told

__all__ = ["counted", "digest_due", "digest_of"]


def digest_due(last: Told | None, now: datetime.datetime, timezone: str) -> bool:
    """
    Whether the hour of the digest has come since ``last``; a late one is due too.

    A channel without a last one was never there at the hour: its first is the next.
    """
    if last is None or last.told is None:
        return False
    return last.told < _latest_hour(now, timezone) <= now


def counted(groups: Sequence[Mapping[str, Any]], now: datetime.datetime) -> Told:
    """What a digest of now is compared with by the next."""
    counts = {_cause(group): int(group["invoices"]) for group in groups}
    return Told(DIGEST, "finance", DIGEST, "", "", "", since=now, told=now, counts=counts)


def digest_of(
    groups: Sequence[Mapping[str, Any]],
    last: Told,
    now: datetime.datetime,
    *,
    timezone: str,
    company: str,
    posted: Sequence[Posted] = (),
) -> Message | None:
    """
    The digest of now; None where nothing waits.

    Args:
        groups: What waits for finance, as ``status --json`` has it under ``waiting``.
        last: What the digest before counted.
        now: UTC.
        timezone: Whose day and hour are told.
        company: The company's name for people.
        posted: What was posted since and is paid at its source already, where nobody records that.
    """
    if not groups:
        return None
    more = [(group, int(group["invoices"]) - last.counts.get(_cause(group), 0)) for group in groups]
    told = digest(more, (last.told or now).astimezone(ZoneInfo(timezone)), company, posted)
    return replace(told, put=(counted(groups, now),))


def _latest_hour(now: datetime.datetime, timezone: str) -> datetime.datetime:
    local = now.astimezone(ZoneInfo(timezone))
    today = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    # Whole days of the calendar, not of 24 hours: the hour is the same over a change of the clocks.
    return (today if today <= local else today - datetime.timedelta(days=1)).astimezone(datetime.UTC)


def _cause(group: Mapping[str, Any]) -> str:
    """Which cause a group is, without its words: they may hold names."""
    parts = [str(group[name] or "") for name in ("of", "state", "code", "cause", "reason")]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
