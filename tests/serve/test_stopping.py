"""SIGTERM at any moment of the daemon's life: it ends with 0 in time, and leaves nothing open that it could close."""

import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from daemon_process import Place, invoice, until
from project import SEED

TIMEOUT = 5.0
ALLOWED = TIMEOUT + 10.0
_TERM = 1 << (signal.SIGTERM - 1)


def listens(process: "subprocess.Popen[str]") -> bool:
    """Whether the process would notice SIGTERM: until then Python itself is starting and none of our code has run."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) & _TERM)


def stopped(process: "subprocess.Popen[str]") -> tuple[float, str]:
    """Send SIGTERM; how long it took until the process ended, with 0, and its log."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        _, log = process.communicate(timeout=ALLOWED)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert process.returncode == 0, log
    return time.monotonic() - began, log


def requests_in(place: Place) -> list[dict[str, Any]]:
    """Every request that QuickBooks has answered."""
    rows: list[dict[str, Any]] = requests.get(f"{place.url}/control/requests", timeout=10).json()
    return [row for row in rows if "/quickbooks/" in row["path"]]


def asked(place: Place) -> int:
    return len(requests_in(place))


def started(place: Place) -> "subprocess.Popen[str]":
    process = place.start("serve")
    until(lambda: listens(process))
    return process


def test_a_signal_in_the_first_moment_is_kept_until_it_can_be_obeyed(place: Place) -> None:
    _, log = stopped(started(place))

    assert '"event": "stopped"' in log
    assert place.bills() == []
    assert place.rows("select id from run") == []


def test_while_quickbooks_is_read_it_asks_nothing_more(place: Place) -> None:
    place.control("switches", {"answer_seconds": 0.5})
    daemon = started(place)
    until(lambda: asked(place) > 1)
    before = asked(place)
    stopped(daemon)

    assert asked(place) <= before + 2  # the one in flight, and one that left while we counted
    assert place.rows("select exit_code from run") == [(0,)]


@pytest.mark.parametrize("path", ["/query", "/bill"])
def test_what_quickbooks_asked_to_be_waited_for_is_not_waited_for(place: Place, path: str) -> None:
    place.write(throttle_wait="300 s")
    place.control("arm", {"fault": "throttle", "path": path, "method": "POST"})
    daemon = started(place)
    until(lambda: place.rows_if_any("select id from run"))
    until(lambda: [one for one in requests_in(place) if one["status"] == 429])
    time.sleep(0.3)
    seconds, log = stopped(daemon)

    assert seconds < ALLOWED
    assert '"event": "problem"' not in log
    assert place.bills() == []
    assert not place.rows("select id from document where state = 'sending'")


@pytest.mark.parametrize("times", [4, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_at_random_moments_it_ends_with_0_and_leaves_nothing_that_a_finished_request_could_have_settled(
    place: Place, times: int
) -> None:
    chance = random.Random(f"{SEED} {times}")
    place.write(cake="every 300 ms", factory="every 300 ms", timeout=f"{TIMEOUT:.0f} s", batch_size=4)
    place.control("switches", {"answer_seconds": 0.4})
    owed = ["CAKE-10042"]
    took, moments = [], []
    for n in range(times):
        new = range(20000 + 100 * n, 20000 + 100 * n + chance.choice([2, 20]))  # one by one, and in batches
        place.control("load", {"cake": [invoice(id_, f"{id_ % 977 + 10}.25") for id_ in new]})
        owed += [f"CAKE-{id_}" for id_ in new]
        daemon = started(place)
        moments.append(chance.choice([chance.uniform(0, 1.5), chance.uniform(1.5, 5.0)]))
        time.sleep(moments[-1])
        seconds, log = stopped(daemon)
        took.append(seconds)

        open_ones = place.rows_if_any("select number from document where state = 'sending'")
        assert open_ones == [], (n, moments, log)
        assert not place.rows_if_any("select id from attempt where ended_at is null"), (n, moments, log)
        assert not place.rows_if_any("select id from run where ended is null"), (n, moments, log)
        assert '"event": "our fault"' not in log
        assert '"event": "problem"' not in log
    print(f"{times} times SIGTERM: ended after {max(took):.1f} s at most, {sorted(took)[times // 2]:.1f} s usually")

    place.control("switches", {"answer_seconds": 0})
    last = place.start("sync", "--yes", "--wait", "--json")
    _, told = last.communicate(timeout=120)
    assert last.returncode == 0, told
    assert place.bills() == sorted(owed)
