"""
What to tell, decided: the troubles now, what a channel told, and the time.

Pure. The same trouble is told once, then once a day while it lasts, then once that it is mended.
"""

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from connector.notices.policy import AGAIN, Audience
from connector.notices.trouble import Message, Trouble
from connector.notices.words import alarm, mended
from connector.state.notices import Told

__all__ = ["DIGEST", "Decision", "decide"]

DIGEST: Final = "digest"
"""The key of what a channel told in its last digest, which is no trouble."""

_AUDIENCES: Final[tuple[Audience, ...]] = ("operator", "finance")


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What a channel is to send, and what it remembers even if it sends nothing.

    Each message says what it adds to that.
    """

    messages: list[Message]
    told: dict[str, Told]


def decide(
    troubles: Iterable[Trouble],
    told: Mapping[str, Told],
    now: datetime.datetime,
    *,
    company: str,
    unsure: Collection[str] = (),
) -> Decision:
    """
    The messages of one channel.

    Args:
        troubles: All that stand now, each key once.
        told: What the channel told, by key.
        now: UTC.
        company: The company's name for people.
        unsure: Sources whose last run does not show that what an earlier one met is gone; "" where that holds for what
            was looked for by itself.
    """
    standing = {trouble.key: trouble for trouble in troubles}
    gone = [each for key, each in told.items() if key not in standing and key != DIGEST and each.met not in unsure]
    kept = {key: each for key, each in told.items() if each not in gone or each.told}
    due: list[tuple[Trouble, Told]] = []
    for trouble in standing.values():
        before = told.get(trouble.key) or _first(trouble, now)
        if before.told is None and (now - before.since).total_seconds() < trouble.patience:
            kept[trouble.key] = before
        # A clock that was set back makes nothing due; one that was wrong by days does.
        elif before.told is None or abs(now - before.told) >= AGAIN:
            due.append((trouble, before))
    messages = []
    for who in _AUDIENCES:
        if tell := [each for each in due if each[0].who == who]:
            put = tuple(replace(before, told=now, met=trouble.met) for trouble, before in tell)
            messages.append(replace(alarm(who, tell, company), put=put))
        if over := tuple(each for each in gone if each.who == who and each.told):
            messages.append(replace(mended(who, over, now, company), drop=over))
    return Decision(messages, kept)


def _first(trouble: Trouble, now: datetime.datetime) -> Told:
    return Told(
        key=trouble.key,
        who=trouble.who,
        code=trouble.code,
        title=trouble.title,
        source=trouble.source,
        met=trouble.met,
        since=now,
        told=None,
    )
