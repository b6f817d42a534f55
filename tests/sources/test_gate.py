"""The account's limits: kept across processes, threads and restarts."""

import json
import multiprocessing
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from connector.errors import Throttled
from connector.sources.gate import Gate
from connector.sources.source import Connection, RateLimit

LIMITS = (RateLimit(3, 60), RateLimit(5, 86400))


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def connection(folder: Path | None, key: str = "secret-key") -> Connection:
    return Connection("cf", "https://api.example.com", key, locks=str(folder) if folder else None)


@pytest.fixture(params=["file", "process"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path / "locks" if request.param == "file" else None


def gate(folder: Path | None, clock: Clock, key: str) -> Gate:
    """A new one each time, as every run makes."""
    return Gate(connection(folder, key), "Somebody", LIMITS, clock=clock, sleep=clock.sleep)


def test_a_full_minute_is_waited_out_and_a_full_day_is_said(folder: Path | None, request) -> None:
    clock, key = Clock(), request.node.name
    for _ in range(3):
        with gate(folder, clock, key).turn():
            clock.now += 1
    assert clock.slept == []
    with gate(folder, clock, key).turn():  # the first ended 2 s ago
        pass
    assert clock.slept == [58.0]
    clock.now += 600
    with gate(folder, clock, key).turn():
        pass
    with pytest.raises(Throttled, match="until 2027-01-16 08:00 UTC"), gate(folder, clock, key).turn():
        pytest.fail("the sixth request of the day went through")
    clock.now += 86400
    with gate(folder, clock, key).turn():
        pass


def test_a_clock_that_was_set_back_locks_nobody_out_for_long(folder: Path | None, request) -> None:
    clock, key = Clock(), request.node.name
    for _ in range(3):
        with gate(folder, clock, key).turn():
            pass
    clock.now -= 1_000_000
    with gate(folder, clock, key).turn():
        pass
    assert clock.slept == [60.0]


def test_a_failed_request_counts_too(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(3):
        with pytest.raises(OSError, match="broke"), gate(tmp_path, clock, "k").turn():
            raise OSError("broke")
    with gate(tmp_path, clock, "k").turn():
        pass
    assert clock.slept == [60.0]


def test_the_file_names_neither_key_nor_address_and_a_torn_one_is_a_new_one(tmp_path: Path) -> None:
    with gate(tmp_path, Clock(), "secret-key").turn():
        (file,) = tmp_path.iterdir()
        assert "secret" not in file.name + file.read_text()
        assert "example" not in file.name + file.read_text()
        assert len(json.loads(file.read_text())) == 1  # a killed process must not forget its request
        assert file.stat().st_mode & 0o077 == 0
    file.write_text("[180000")
    with gate(tmp_path, Clock(), "secret-key").turn():
        pass


def test_two_threads_are_never_in_flight_together(folder: Path | None, request) -> None:
    inside, most = 0, 0
    counting = threading.Lock()

    def once(_: int) -> None:
        nonlocal inside, most
        with Gate(connection(folder, request.node.name), "S", [RateLimit(100, 60)]).turn():
            with counting:
                inside += 1
                most = max(most, inside)
            time.sleep(0.005)
            with counting:
                inside -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(once, range(12)))
    assert most == 1


def _hold(folder: str, entered: Event, seconds: float) -> None:
    with Gate(connection(Path(folder)), "S", [RateLimit(100, 60)]).turn():
        entered.set()
        time.sleep(seconds)


def test_another_process_waits_for_its_turn_and_a_killed_one_frees_it(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    entered = spawn.Event()
    holder = spawn.Process(target=_hold, args=(str(tmp_path), entered, 60.0))
    holder.start()
    assert entered.wait(20)
    threading.Timer(0.2, holder.kill).start()
    began = time.monotonic()
    with Gate(connection(tmp_path), "S", [RateLimit(100, 60)]).turn():
        waited = time.monotonic() - began
    holder.join()
    assert 0.1 < waited < 20
