"""
A month of the daemon in minutes: whatever goes wrong around it, each bill is there once, and no run is missed.

Nothing is set to be quick: schedules, limits and waits are as people have them. The time alone is at our command.
"""

import datetime
from pathlib import Path

import pytest
from month_checks import (
    cheap_when_still,
    closes,
    never_twice,
    no_larger,
    no_run_is_missed,
    paid_once,
    remember_size,
)
from month_company import HOUR, Month, new_month
from month_story import moves_to, tell


def utc(month: int, day: int, hour: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, month, day, hour, tzinfo=datetime.UTC)


def live(m: Month, restless_days: float, *moves: tuple[datetime.datetime, str]) -> None:
    """The whole story, looked at every hour, and the daemon at work at its end."""
    for at, zone in moves:
        m.at(at.timestamp(), lambda zone=zone: moves_to(m, zone))
    tell(m, restless_days)
    for hour in range(1, int((m.ends - m.now) / HOUR)):
        m.at(m.now + hour * HOUR - 400, lambda: never_twice(m))
        m.at(m.now + hour * HOUR - 400, lambda: remember_size(m))
    m.starts()
    m.goes_by()


def holds(m: Month) -> None:
    never_twice(m)
    closes(m)
    paid_once(m)
    no_run_is_missed(m)
    m.stops()
    unended = m.machine.rows("select id from run where ended is null")
    assert len(unended) <= m.happened["is killed at work"]


def told(m: Month) -> None:
    of = {source: len(m.machine.ran(source)) for source in ("cake", "commission_factory")}
    print(f"\n{of}, {len(m.invoices)} invoices, {len(list(m.sandbox.company.all('Bill')))} bills")
    print(dict(m.happened))


@pytest.mark.timeout(600)
def test_two_days_and_the_night_on_which_the_clocks_go_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample of what follows."""
    with new_month(tmp_path, monkeypatch, utc(10, 31), days=2) as m:
        m.zone("America/New_York")
        live(m, restless_days=0.4)
        holds(m)
        told(m)
        print(no_larger(m, days=0.4))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In Sydney the clocks go forward in its first days, in New York back in its last."""
    with new_month(tmp_path, monkeypatch, utc(10, 2), days=32) as m:
        m.zone("Australia/Sydney")
        live(m, 6, (utc(10, 5), "America/New_York"))
        holds(m)
        told(m)
        print(no_larger(m), cheap_when_still(m), sep="\n")
