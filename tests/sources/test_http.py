"""How long is waited, and for what."""

import time
from datetime import date
from email.utils import formatdate

import pytest

from connector.errors import ServiceDown, Throttled
from connector.sources import commission_factory, http
from connector.sources.commission_factory import CommissionFactory
from connector.sources.http import Asker
from connector.sources.source import Connection, RateLimit, Window


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    monkeypatch.setattr(http, "FIRST_WAIT", 1.0)
    monkeypatch.setattr(http, "THROTTLE_WAIT", 60.0)
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def ask(odd) -> bytes:
    with Asker(Connection("mine", odd.url, "secret-key"), "Mine") as asker:
        return asker.get("/path", {"key": "secret-key"}, "application/json", lambda body: body)


def test_temporary_trouble_waits_twice_as_long_each_time(odd, waits: list[float]) -> None:
    odd.say(odd.answer(status=503))
    with pytest.raises(ServiceDown):
        ask(odd)
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("header", "wait"),
    [({}, 60.0), ({"Retry-After": "7"}, 7.0), ({"Retry-After": "9999"}, 120.0), ({"Retry-After": "soon"}, 60.0)],
)
def test_slow_down_waits_as_long_as_it_says_within_reason(
    odd, waits: list[float], header: dict[str, str], wait: float
) -> None:
    odd.say(odd.answer(status=429, headers=header))
    with pytest.raises(Throttled):
        ask(odd)
    assert waits == [wait] * 3


def test_a_date_to_come_back_at_is_understood(odd, waits: list[float]) -> None:
    odd.say(odd.answer(status=429, headers={"Retry-After": formatdate(time.time() + 30, usegmt=True)}), b"{}")
    assert ask(odd) == b"{}"
    assert 25 < waits[0] <= 30


def test_both_kinds_of_waits_are_counted_apart(odd, waits: list[float]) -> None:
    slow, down = odd.answer(status=429), odd.answer(status=500)
    odd.say(slow, down, slow, down, slow, down, b"{}")
    assert ask(odd) == b"{}"
    assert waits == [60.0, 1.0, 60.0, 2.0, 60.0, 4.0]


def test_a_full_day_is_said_before_the_source_has_to(odd, waits: list[float], monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(commission_factory, "_LIMITS", (RateLimit(1, 86400),))
    source = CommissionFactory(Connection("cf", odd.url, "secret-key", locks=str(tmp_path)))
    odd.say(b"[]")
    window = Window(date(2026, 1, 1), date(2026, 1, 31))
    list(source.pages(window))
    with pytest.raises(Throttled, match="until"):
        list(source.pages(window))
    assert (len(odd.asked), waits) == (1, [])
