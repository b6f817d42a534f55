"""The times of the last minute's requests, over processes, kills, clocks and boots."""

import contextlib
import datetime
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.quickbooks.limiter import Limiter
from connector.state import recent as module
from connector.state.clock import Moment, moment
from connector.state.recent import RecentRequests

ROOT = Path(__file__).parents[2]
TAKER = """
import sys, time
from pathlib import Path
from connector.quickbooks.limiter import Limiter
from connector.state.recent import RecentRequests
limiter = Limiter(100_000, 5, 100_000, RecentRequests(Path(sys.argv[1]), "4620"))
while True:
    limiter.wait("request")
    print(time.monotonic(), flush=True)
"""


@pytest.fixture
def limiter(tmp_path: Path) -> Limiter:
    return another(tmp_path)


def another(folder: Path) -> Limiter:
    """Two batches a minute, so one in each half, as a process that has just begun would have it."""
    return Limiter(100_000, 10_000, 2, RecentRequests(folder, "4620"))


@contextlib.contextmanager
def at(monkeypatch: pytest.MonkeyPatch, boot_id: str, boot_seconds: float, wall: float) -> Iterator[None]:
    """Clocks that stand still."""
    now = Moment(boot_id, boot_seconds, datetime.datetime.fromtimestamp(wall, datetime.UTC))
    with monkeypatch.context() as patched:
        patched.setattr(module, "moment", lambda: now)
        yield


def test_a_process_that_begins_knows_what_others_have_sent(tmp_path: Path, limiter: Limiter) -> None:
    assert limiter.turn("batch") == 0
    assert 29 < another(tmp_path).turn("batch") <= 30.51
    assert another(tmp_path).turn("request") == 0


def test_a_rest_is_one_for_all(tmp_path: Path, limiter: Limiter) -> None:
    limiter.rest(60)
    assert 59 < another(tmp_path).turn("request") <= 60.001


def test_companies_do_not_share_their_minutes(tmp_path: Path, limiter: Limiter) -> None:
    limiter.rest(60)
    assert Limiter(1, 1, 1, RecentRequests(tmp_path, "4621")).turn("batch") == 0


def test_processes_that_are_killed_and_followed_by_others_stay_within_one_limit(tmp_path: Path) -> None:
    taken: list[float] = []
    until = time.monotonic() + 6
    while time.monotonic() < until:
        both = [
            subprocess.Popen(
                [sys.executable, "-c", TAKER, str(tmp_path)],
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        time.sleep(1.7)
        for process in both:
            process.send_signal(signal.SIGKILL)
            taken += [float(line) for line in process.communicate()[0].split()]
    taken.sort()
    assert len(taken) >= 6
    # Five in two seconds; a process may be late to say its time.
    assert all(later - first > 1.5 for first, later in zip(taken, taken[5:], strict=False)), taken


def test_processes_that_count_at_once_lose_nothing(tmp_path: Path) -> None:
    text = TAKER.replace("5, 100_000,", "10_000, 100_000,").replace("while True:", "for _ in range(60):")
    command = [sys.executable, "-c", text, str(tmp_path)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    takers = [subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [process.wait() for process in takers] == [0, 0, 0, 0]
    with RecentRequests(tmp_path, "4620").opened() as (times, _):
        assert len(times["request"]) == 240


@pytest.mark.parametrize("jump", [-86400.0, 86400.0], ids=["back", "forward"])
def test_a_wall_clock_that_jumps_forgets_nothing_and_waits_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    with at(monkeypatch, "boot-1", 5000, 1e9):
        assert another(tmp_path).turn("batch") == 0
    with at(monkeypatch, "boot-1", 5002, 1e9 + 2 + jump):
        assert another(tmp_path).turn("batch") == pytest.approx(28.5)


@pytest.mark.parametrize(
    ("wall_seconds", "waits"), [(2, 28.5), (3600, 0), (-3600, 30.5)], ids=["at once", "an hour later", "clock behind"]
)
def test_after_a_restart_the_wall_clock_tells_how_long_ago_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wall_seconds: float, waits: float
) -> None:
    with at(monkeypatch, "boot-1", 5000, 1e9):
        assert another(tmp_path).turn("batch") == 0
    with at(monkeypatch, "boot-2", 17, 1e9 + wall_seconds):
        assert another(tmp_path).turn("batch") == pytest.approx(waits)


def test_a_rest_outlives_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with at(monkeypatch, "boot-1", 5000, 1e9):
        another(tmp_path).rest(60)
    with at(monkeypatch, "boot-2", 17, 1e9 + 20):
        assert another(tmp_path).turn("request") == pytest.approx(40)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"boot_id": 1}', b"\xff"])
def test_a_torn_file_counts_as_a_minute_that_was_used(tmp_path: Path, limiter: Limiter, text: bytes) -> None:
    (tmp_path / "company-4620.requests").write_bytes(text)
    assert 59 < limiter.turn("request") <= 60.001
    limiter.rest(0)
    assert json.loads((tmp_path / "company-4620.requests").read_bytes())["times"]["rest"][0] > moment().boot_seconds


def test_without_a_place_for_the_file_the_process_keeps_its_own_count(tmp_path: Path) -> None:
    limiter = another(tmp_path / "nowhere")
    assert limiter.turn("batch") == 0
    assert limiter.turn("batch") > 5
    assert not (tmp_path / "nowhere").exists()


def test_only_the_owner_may_read_the_file(tmp_path: Path, limiter: Limiter) -> None:
    limiter.turn("request")
    assert (tmp_path / "company-4620.requests").stat().st_mode & 0o777 == 0o600


def test_a_turn_costs_next_to_nothing(tmp_path: Path) -> None:
    """With all of Intuit's 500 requests of a minute in the file; a bill takes milliseconds."""
    recent = RecentRequests(tmp_path, "4620")
    with recent.opened() as (times, now):
        times["request"] = [now] * 500
    limiter = Limiter(100_000, 10_000, 10_000, recent)
    began = time.process_time()
    for _ in range(100):
        assert limiter.turn("batch") == 0
    seconds = (time.process_time() - began) / 100
    print(f"{seconds * 1e6:.0f} µs a turn")
    assert seconds < 0.005
