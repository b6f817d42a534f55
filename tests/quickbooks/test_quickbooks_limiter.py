"""The limiter under a clock of its own, and with real threads."""

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.quickbooks.limiter import Limiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def most_within(times: list[float], seconds: float) -> int:
    return max((sum(start <= time < start + seconds for time in times) for start in times), default=0)


moves = st.lists(st.tuples(st.sampled_from(["request", "batch"]), st.floats(0, 90)), max_size=120)


@given(moves=moves, a_minute=st.integers(1, 40), a_second=st.integers(1, 8), batches=st.integers(1, 10))
def test_no_second_and_no_minute_ever_holds_more_than_it_may(
    moves: list[tuple[str, float]], a_minute: int, a_second: int, batches: int
) -> None:
    clock = Clock()
    limiter = Limiter(a_minute, a_second, batches, clock=lambda: clock.now, sleep=clock.sleep)
    sent: list[float] = []
    sent_batches: list[float] = []
    for kind, idle in moves:
        clock.now += idle if idle > 30 else 0  # mostly pressing on, sometimes resting
        limiter.wait(kind)  # type: ignore[arg-type]
        sent.append(clock.now)
        sent_batches += [clock.now] if kind == "batch" else []
    assert most_within(sent, 1) <= a_second
    assert most_within(sent, 60) <= a_minute
    assert most_within(sent_batches, 60) <= batches


def test_what_is_allowed_is_used() -> None:
    clock = Clock()
    limiter = Limiter(500, 10, 40, clock=lambda: clock.now, sleep=clock.sleep)
    for _ in range(5000):
        limiter.wait("request")
    assert clock.now - 1000 == pytest.approx(9 * 60.05 + 49 * 1.05, rel=0.01)


def test_a_batch_that_waits_keeps_no_single_request_back() -> None:
    clock = Clock()
    limiter = Limiter(500, 10, 1, clock=lambda: clock.now, sleep=clock.sleep)
    limiter.wait("batch")
    limiter.wait("request")
    assert clock.now == 1000


@pytest.mark.parametrize("threads", [8])
def test_threads_share_one_limit(threads: int) -> None:
    limiter = Limiter(10_000, 20, 10)
    times: list[float] = []

    def press() -> None:
        for _ in range(6):
            limiter.wait("request")
            times.append(time.monotonic())

    run_together([press] * threads)
    assert len(times) == 48
    # The 21st may not leave within a second of the first, and so on; a thread may be late to note its time.
    ordered = sorted(times)
    assert all(later - first > 0.9 for first, later in zip(ordered, ordered[20:], strict=False))


def run_together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
