"""
The messages, in words.

What comes from outside stands on indented lines of its own, cut, without secrets and without characters that act on a
terminal or turn the writing direction. Subject lines hold no name and no amount.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from connector.notices.policy import Audience
from connector.notices.trouble import Message, Trouble
from connector.report.columns import safe
from connector.report.status_text import amount_text
from connector.state.notices import Told

__all__ = ["Posted", "alarm", "digest", "mended", "trial", "waiting_lines"]

_FOR: Final[Mapping[str, str]] = {"operator": "For the operator", "finance": "For finance"}
_STATES: Final[Mapping[str, str]] = {"held": "held", "blocked": "blocked", "refused": "refused by QuickBooks"}
_LONG: Final = 300  # characters of a line
_LINES: Final = 12  # of one trouble
_MOST: Final = 20  # troubles or causes of one message
_REST: Final = "The whole picture: connector status"


class Posted(NamedTuple):
    """Bills that were posted although their source says that they are paid, which nobody records."""

    title: str
    bills: int
    amounts: Mapping[str, Decimal]


@dataclass(slots=True)
class _Sum:
    """How many wait, and how much, by currency."""

    count: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add(self, group: Mapping[str, Any]) -> None:
        self.count += group["invoices"]
        for currency, amount in group["amounts"].items():
            self.amounts[currency] = self.amounts.get(currency, Decimal(0)) + Decimal(amount)


def alarm(who: Audience, due: Sequence[tuple[Trouble, Told]], company: str) -> Message:
    """Troubles that are told for the first time, or once more as they last."""
    first = due[0][0].title
    new = any(before.told is None for _, before in due)
    lines: list[str] = []
    for trouble, before in due[:_MOST]:
        code = f"[{trouble.code}]"
        head = f"{_named(trouble.title, trouble.source)}  {code}"
        lines += ["", head if before.told is None else f"{head}, since {_time(before.since)}"]
        lines += [f"  {line}" for line in _cleaned(trouble.what)]
        lines += [f"  = {line}" for line in _cleaned(trouble.remedy)[:1]]
    return Message(
        _subject(who, f"{'' if new else 'still: '}{first}", len(due)),
        _text(who, company, [*lines, *_more(len(due), "troubles"), "", _REST]),
    )


def mended(who: Audience, gone: Sequence[Told], now: datetime.datetime, company: str) -> Message:
    """Troubles that were told and are gone."""
    lines = [f"{_named(each.title, each.source)}  [{each.code}], since {_time(each.since)}" for each in gone[:_MOST]]
    return Message(
        _subject(who, f"mended: {gone[0].title}", len(gone)),
        _text(who, company, ["", f"Gone at {_time(now)}:", "", *lines, *_more(len(gone), "troubles")]),
    )


def digest(
    groups: Sequence[tuple[Mapping[str, Any], int]], last: datetime.datetime, company: str, posted: Sequence[Posted]
) -> Message:
    """
    What waits for finance, biggest amount first.

    Args:
        groups: Each with how many more it holds than when it was told last.
        last: When that was, in the time zone of the readers.
        company: Whose.
        posted: What is said in the end.
    """
    of: dict[str, _Sum] = {}
    for group, _ in groups:
        of.setdefault(group["of"], _Sum()).add(group)
    count, new = sum(each.count for each in of.values()), sum(max(more, 0) for _, more in groups)
    what = " and ".join(f"{each.count} {_noun(name, each.count)}" for name, each in of.items())
    verb, all_new = ("waits", "new") if count == 1 else ("wait", f"{new} of them new")
    news = all_new if new else "nothing new"
    lines = ["", f"{what} {verb} for you, {news} since {last:%A, %d %B %Y, %H:%M %Z}:"]
    lines += [f"  {_noun(name, 2)}: {_joined(each.amounts)}" for name, each in of.items()]
    for n, (group, more_now) in enumerate(groups[:_MOST], 1):
        lines += ["", *_group(n, group, more_now)]
    lines += _more(len(groups), "causes")
    for each in posted:
        are = "is" if each.bills == 1 else "are"
        told = f"{each.bills} posted since then, {_joined(each.amounts)}, {are} already paid at {_line(each.title)}"
        lines += ["", f"{told} and will stand unpaid in QuickBooks."]
    return Message(_subject("finance", f"{what} {verb}, {news}", 1), _text("finance", company, [*lines, "", _REST]))


def trial(company: str, now: datetime.datetime) -> Message:
    """What ``connector notify`` sends."""
    sent = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    lines = ["", f"This is a test, sent at {sent}. Notices reach you here; nothing is to be done."]
    return Message("Connector: a test message", _whole([*_head(company), *lines, ""]))


def waiting_lines(group: Mapping[str, Any]) -> list[str]:
    """One cause of ``status --json`` in words: how many, how much, why, and which; no line is safe yet."""
    noun = _noun(group["of"], group["invoices"])
    where = ", ".join(group["sources"])
    amounts = _joined({currency: Decimal(amount) for currency, amount in group["amounts"].items()})
    head = f"{group['invoices']} {noun} of {where} {_STATES.get(group['state'], group['state'])}"
    return [f"{head}: {amounts}" if amounts else head, *str(group["reason"] or "").splitlines()]


def _group(n: int, group: Mapping[str, Any], more: int) -> Iterable[str]:
    head, *reason = waiting_lines(group)
    news = "" if more <= 0 else " (new)" if more == group["invoices"] else f" ({more} new)"
    yield f"{n}. {_line(head, _LONG)}{news}  [{_line(group['code'] or group['state'])}]"
    yield from (f"   {line}" for line in _cleaned("\n".join(reason)))
    yield from (f"   = {line}" for line in _cleaned(group["remedy"] or "connector status")[:1])
    examples = ", ".join(_line(each) for each in group["examples"])
    yield f"   {examples}{' …' if group['invoices'] > len(group['examples']) else ''}"


def _noun(name: str, count: int) -> str:
    return name if count == 1 else f"{name}s"


def _joined(sums: Mapping[str, Decimal]) -> str:
    return ", ".join(amount_text(currency, amount) for currency, amount in sorted(sums.items()))


def _subject(who: Audience, what: str, troubles: int) -> str:
    more = "" if troubles == 1 else f", and {troubles - 1} more"
    return f"Connector: {_FOR[who].lower()}: {what}{more}"


def _text(who: Audience, company: str, lines: Sequence[str]) -> str:
    return _whole([_FOR[who], *_head(company), *lines, ""])


def _head(company: str) -> list[str]:
    return [f"QuickBooks company: {_line(company, 100)}"]


def _whole(lines: Sequence[str]) -> str:
    # Half a character is no text that a mail or JSON could hold.
    return "\n".join(lines).encode("utf-8", "replace").decode()


def _named(title: str, source: str) -> str:
    return f"{_line(source)}: {title}" if source else title[:1].upper() + title[1:]


def _more(count: int, noun: str) -> list[str]:
    return ["", f"… and {count - _MOST} more {noun}"] if count > _MOST else []


def _line(text: str, most: int = 60) -> str:
    """A text from outside as a part of one line."""
    return safe(" ".join(text.splitlines()), most)


def _cleaned(text: str) -> list[str]:
    """The lines of a text from outside, safe; what is left out is told."""
    lines = [safe(line.rstrip(), _LONG) for line in text.splitlines() if line.strip()]
    return lines if len(lines) <= _LINES else [*lines[: _LINES - 1], "…"]


def _time(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
