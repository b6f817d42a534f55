"""
What is told to whom and when: decided from troubles, memory and the time alone.

The messages themselves are golden texts beside this file; ``alarm.txt``, ``mended.txt`` and ``digest.txt``.
"""

import datetime
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from told_troubles import (
    COMPANY,
    DAY,
    DOWN,
    HOSTILE,
    HOUR,
    KEY,
    MAPPING,
    MINUTE,
    NOW,
    SIGN_IN,
    Channel,
    group,
    troubles,
    with_name,
)

from connector.errors import Problem
from connector.notices.digest import counted, digest_due, digest_of
from connector.notices.policy import rule_of
from connector.notices.trouble import Message
from connector.notices.words import Posted
from connector.state.notices import Told

SILENT = Problem("operator", "source-silent", "its last success was long ago", "look", "cake")
HERE = Path(__file__).parent


def written(*messages: Message) -> str:
    return "\n".join(f"Subject: {message.subject}\n\n{message.text}" for message in messages)


# The policy.


@pytest.mark.parametrize(
    ("code", "who", "told"),
    [
        ("M204", "finance", "finance"),
        ("limit-exceeded", "finance", "finance"),
        ("books-closed", "finance", "finance"),
        ("quickbooks-sign-in", "operator", "operator"),
        ("sign-in-ends", "operator", "operator"),
        ("source-key-refused", "operator", "operator"),
        ("quickbooks-forbidden", "operator", "operator"),
        ("setting-missing", "operator", "operator"),
        ("state-damaged", "operator", "operator"),
        ("state-disk-full", "nobody", "operator"),  # the next run mends no disk
        ("currency-not-enabled", "operator", "operator"),
        ("not-conserved", "us", "operator"),
        ("source-down", "nobody", None),
        ("source-throttled", "nobody", None),
        ("quickbooks-down", "nobody", None),
        ("state-locked", "nobody", None),
        ("lock-held", "operator", None),
    ],
)
def test_who_is_told_at_once(code: str, who: str, told: str | None) -> None:
    rule = rule_of(code, who)  # type: ignore[arg-type]

    assert (rule.who if rule else None) == told
    assert rule is None or rule.title


# Once, daily, mended.


def test_a_trouble_is_told_once_then_daily_then_mended() -> None:
    channel = Channel()
    told = []
    for minutes in range(3 * 24 * 60):
        now = NOW + minutes * MINUTE
        standing = troubles(SIGN_IN) if minutes < 2 * 24 * 60 + 90 else []
        told += [(minutes, subject) for subject in channel.subjects(now, standing)]

    assert told == [
        (0, "Connector: for the operator: QuickBooks needs a new sign-in"),
        (24 * 60, "Connector: for the operator: still: QuickBooks needs a new sign-in"),
        (48 * 60, "Connector: for the operator: still: QuickBooks needs a new sign-in"),
        (48 * 60 + 90, "Connector: for the operator: mended: QuickBooks needs a new sign-in"),
    ]
    assert channel.told == {}


def test_a_trouble_that_comes_back_is_told_anew() -> None:
    channel = Channel()
    for n, standing in enumerate((troubles(KEY), [], troubles(KEY))):
        assert len(channel.subjects(NOW + n * HOUR, standing)) == 1


def test_what_mends_itself_is_told_to_nobody() -> None:
    assert troubles(DOWN) == []


def test_another_fault_of_the_same_mapping_is_the_same_trouble() -> None:
    channel = Channel()
    channel.at(NOW, troubles(MAPPING))

    assert channel.at(NOW + HOUR, troubles(replace(MAPPING, code="M117", what="another"))) == []


def test_one_sign_in_that_two_sources_need_is_one_trouble_and_two_refused_keys_are_two() -> None:
    assert len({each.key for each in (*troubles(SIGN_IN, met="cake"), *troubles(SIGN_IN, met="factory"))}) == 1
    assert len({each.key for each in troubles(KEY, replace(KEY, source="factory"))}) == 2


def test_silence_is_told_only_when_it_lasts_and_what_ended_before_was_never_there() -> None:
    channel = Channel()
    silent = troubles(SILENT)

    assert channel.subjects(NOW, silent) == []
    assert channel.subjects(NOW + 4 * MINUTE, []) == []
    assert channel.told == {}
    assert channel.subjects(NOW + 5 * MINUTE, silent) == []
    assert channel.subjects(NOW + 10 * MINUTE, silent) == ["Connector: for the operator: a source is silent"]
    assert channel.subjects(NOW + 11 * MINUTE, []) == ["Connector: for the operator: mended: a source is silent"]


def test_what_a_run_does_not_show_to_be_gone_is_neither_mended_nor_told_again() -> None:
    channel = Channel()
    channel.at(NOW, troubles(KEY))

    assert channel.at(NOW + HOUR, [], {"cake"}) == []
    assert channel.at(NOW + 2 * DAY, [], {"cake"}) == []
    assert len(channel.at(NOW + 2 * DAY, [], {"another"})) == 1


@pytest.mark.parametrize(("step", "messages"), [(-HOUR, 0), (HOUR, 0), (-400 * DAY, 1), (400 * DAY, 1)], ids=str)
def test_a_clock_that_is_set_tells_nothing_twice_and_one_that_was_wrong_is_not_waited_for(
    step: datetime.timedelta, messages: int
) -> None:
    channel = Channel()
    channel.at(NOW, troubles(KEY))

    assert len(channel.at(NOW + step, troubles(KEY))) == messages


def test_finance_and_the_operator_are_told_apart_each_in_one_message() -> None:
    messages = Channel().at(NOW, troubles(SIGN_IN, KEY, MAPPING, DOWN))

    assert written(*messages) == (HERE / "alarm.txt").read_text()


def test_mended() -> None:
    channel = Channel()
    channel.at(NOW, troubles(SIGN_IN, KEY, MAPPING))

    assert written(*channel.at(NOW + HOUR, [])) == (HERE / "mended.txt").read_text()


def test_no_subject_holds_a_name_or_an_amount_whatever_a_trouble_says() -> None:
    said = [with_name(each, f"USD 1,234.50 {HOSTILE}") for each in (SIGN_IN, KEY, MAPPING)]
    channel = Channel()

    for message in (*channel.at(NOW, troubles(*said)), *channel.at(NOW + DAY, troubles(*said)), *channel.at(NOW, [])):
        assert not any(word in message.subject for word in ("1,234", "USD", "Evil", "\r", "\n", "<"))
        assert len(message.subject) < 120
        message.text.encode()


def test_of_a_hundred_troubles_a_message_tells_twenty() -> None:
    (message,) = Channel().at(NOW, troubles(*(replace(KEY, source=f"s{n}") for n in range(100))))

    assert message.subject.endswith("a source refuses its key, and 99 more")
    assert "… and 80 more troubles" in message.text
    assert message.text.count("refuses its key  [") == 20


# The digest.

BERLIN = "Europe/Berlin"
RENAMED = group("vendor-renamed", 8, "the vendor is bound as MediaBridge Partners and is called MediaBridge now")
MISSING = group(
    "vendor-missing",
    3,
    "QuickBooks has no vendor of this name",
    state="blocked",
    sources=["cake", "factory"],
    amounts={"GBP": "10.00", "USD": "5.00"},
    remedy="add a row to mappings/cake.vendors.csv",
)
PAID = group("part-paid", 1, "the bill is paid in part", of="payment", amounts={"USD": "100.00"}, examples=["cake:7"])


def told_at(now: datetime.datetime, *groups: dict[str, object]) -> Told:
    return counted(list(groups), now)


def test_the_digest() -> None:
    last = told_at(NOW - DAY, {**RENAMED, "invoices": 6}, group("vendor-shared", 4, "gone by now"))
    posted = [Posted("CAKE", 37, {"USD": Decimal("41200.00")})]

    message = digest_of([RENAMED, MISSING, PAID], last, NOW, timezone=BERLIN, company=COMPANY, posted=posted)

    assert message is not None
    assert written(message) == (HERE / "digest.txt").read_text()


def test_where_nothing_waits_there_is_none_and_where_nothing_is_new_it_says_so() -> None:
    assert digest_of([], told_at(NOW), NOW, timezone=BERLIN, company=COMPANY) is None
    same = digest_of([RENAMED], told_at(NOW - DAY, RENAMED), NOW, timezone=BERLIN, company=COMPANY)
    assert same is not None
    assert same.subject == "Connector: for finance: 8 invoices wait, nothing new"


def test_hostile_names_in_a_digest_stay_on_their_lines() -> None:
    hostile = group(HOSTILE, 1, HOSTILE, remedy=HOSTILE, sources=[HOSTILE], examples=[HOSTILE])

    message = digest_of([hostile], told_at(NOW - DAY), NOW, timezone=BERLIN, company=HOSTILE)

    assert message is not None
    assert message.subject == "Connector: for finance: 1 invoice waits, new"
    assert not set(message.text) & set("\x1b\r\u202e\u2028")
    message.text.encode()
    assert all(len(line) <= 400 for line in message.text.split("\n"))
    assert not any(line.startswith(("Subject", "<script")) for line in message.text.split("\n"))


def due(last: str, now: str) -> bool:
    """Both as people in Berlin read them."""
    before, then = (
        datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(datetime.UTC)
        for text in (last, now)
    )
    return digest_due(told_at(before), then, BERLIN)


@pytest.mark.parametrize(
    ("last", "now", "is_due"),
    [
        ("2026-11-19 08:00", "2026-11-20 07:59", False),
        ("2026-11-19 08:00", "2026-11-20 08:00", True),
        ("2026-11-20 08:00", "2026-11-20 08:01", False),
        ("2026-11-20 08:00", "2026-11-20 23:59", False),
        ("2026-11-19 08:00", "2026-11-20 15:00", True),  # the daemon stood still in the morning
        ("2026-11-18 08:00", "2026-11-20 03:00", True),  # and all of yesterday
        ("2026-11-20 07:30", "2026-11-20 08:00", True),  # it was set up half an hour before
        ("2026-10-24 08:00", "2026-10-25 07:59", False),  # the night has 25 hours
        ("2026-10-24 08:00", "2026-10-25 08:00", True),
        ("2026-03-28 08:00", "2026-03-29 07:59", False),  # and this one 23
        ("2026-03-28 08:00", "2026-03-29 08:00", True),
        ("2026-11-20 08:00", "2026-11-20 07:30", False),  # the clock was set back
    ],
)
def test_the_digest_comes_once_a_day_at_eight_by_the_clock_on_the_wall(last: str, now: str, is_due: bool) -> None:
    assert due(last, now) is is_due


def test_a_channel_that_is_new_waits_for_the_next_morning() -> None:
    assert not digest_due(None, NOW + HOUR, BERLIN)
