"""Daemons that are wrong on purpose, through half a day of it: the checks of the month tell each of them."""

import datetime
from pathlib import Path

import pytest
from month_checks import no_larger, no_run_is_missed, remember_size
from month_company import DAY, HOUR, Month, new_month
from month_story import clock_is_set, machine_sleeps_for, moves_to

_WRONG = {
    "a late run is dropped, as the scheduler would by itself": (
        "no run of ",
        """
made = daemon.BackgroundScheduler
usual = {"job_defaults": {"coalesce": True}}
daemon.BackgroundScheduler = lambda **given: made(**given | usual)
""",
    ),
    "nobody watches the clock": (
        "no run of cake",
        """
daemon.Daemon.check_clock = lambda self: None
""",
    ),
    "a clock that is set back is let be": (
        "no run of cake",
        """
jump = daemon.ClockWatch.jump
daemon.ClockWatch.jump = lambda self: max(0.0, jump(self))
""",
    ),
    "the cron line is read in another time zone": (
        "no run of commission_factory",
        """
trigger = daemon.trigger_of
daemon.trigger_of = lambda schedule, zone: trigger(schedule, "UTC")
""",
    ),
    "what was due while it was down waits for the next time": (
        "no run of ",
        """
daemon.Daemon._first = lambda self, name, trigger, now: trigger.get_next_fire_time(now, now)
""",
    ),
    "it runs more often than it is asked to": (
        "before their time",
        """
trigger = daemon.trigger_of
daemon.trigger_of = lambda schedule, zone: trigger(schedule.replace("15", "10"), zone)
""",
    ),
    "every run is kept": (
        "VmRSS grew",
        """
kept, work = [], daemon.Daemon._work
daemon.Daemon._work = lambda self, name: (kept.append(b"x" * 2_000_000), work(self, name))[1]
""",
    ),
}


def half_a_day(m: Month) -> None:
    """The clock set ahead and back, a nap, and two starts."""
    began = m.now
    for hour, seconds in ((1.2, HOUR), (2.3, -HOUR)):
        m.at(began + hour * HOUR, lambda seconds=seconds: clock_is_set(m, seconds))
    m.at(began + 3.4 * HOUR, lambda: machine_sleeps_for(m, 0.7 * HOUR))
    m.at(began + 5.1 * HOUR, m.stops)
    m.at(began + 6.2 * HOUR, m.starts)
    m.at(began + 6.3 * HOUR, lambda: moves_to(m, "America/New_York"))
    for quarter in range(int((m.ends - began) / HOUR * 4)):
        m.at(began + quarter * HOUR / 4 + 60, lambda: remember_size(m))
    m.starts()
    m.goes_by()
    no_run_is_missed(m)
    no_larger(m, days=0.1)


def new(folder: Path, patch: pytest.MonkeyPatch, wrong: str):
    begins = datetime.datetime(2026, 10, 31, 20, tzinfo=datetime.UTC)
    return new_month(folder, patch, begins, days=0.5, wrong=wrong)


@pytest.mark.slow
def test_the_right_one_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new(tmp_path, monkeypatch, "") as m:
        m.zone("America/New_York")
        half_a_day(m)
        assert m.ends - m.lives[-1][0] < DAY / 2


@pytest.mark.slow
@pytest.mark.parametrize("wrong", _WRONG)
def test_a_wrong_one_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    told, plant = _WRONG[wrong]
    with new(tmp_path, monkeypatch, "import connector.serve.daemon as daemon\n" + plant) as m:
        m.zone("America/New_York")
        with pytest.raises(AssertionError, match=told):
            half_a_day(m)
