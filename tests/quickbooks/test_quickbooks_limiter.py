"""The limiter under a clock of its own, before a server that counts what arrives, and with real threads."""

import random
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept import KeptTimes

from connector.quickbooks.limiter import Limiter

A_MINUTE, A_SECOND, BATCHES = INTUITS = (500, 10, 40)


def most_within(times: list[float], seconds: float) -> int:
    ordered = sorted(times)
    return max((sum(start <= time < start + seconds for time in ordered) for start in ordered), default=0)


moves = st.lists(st.tuples(st.sampled_from(["request", "batch"]), st.floats(0, 90)), max_size=120)


@given(moves=moves, a_minute=st.integers(1, 40), a_second=st.integers(1, 8), batches=st.integers(1, 10))
def test_no_second_and_no_minute_ever_holds_more_than_it_may(
    moves: list[tuple[str, float]], a_minute: int, a_second: int, batches: int
) -> None:
    kept = KeptTimes()
    limiter = kept.limiter(a_minute, a_second, batches)
    sent: list[float] = []
    sent_batches: list[float] = []
    for kind, idle in moves:
        kept.now += idle if idle > 30 else 0  # mostly pressing on, sometimes resting
        assert limiter.wait(kind)  # type: ignore[arg-type]
        sent.append(kept.now)
        sent_batches += [kept.now] if kind == "batch" else []
    assert most_within(sent, 1) <= a_second
    assert most_within(sent, 60) <= a_minute
    assert most_within(sent_batches, 60) <= batches


@pytest.mark.parametrize("seed", range(5))
def test_a_server_that_counts_arrivals_turns_nothing_away_however_late_they_are_within_a_second(seed: int) -> None:
    draw = random.Random(seed)
    kept = KeptTimes()
    limiter = kept.limiter(*INTUITS)
    arrived: list[float] = []
    batches: list[float] = []
    for _ in range(600):
        kind = "batch" if draw.random() < 0.3 else "request"
        limiter.wait(kind)  # type: ignore[arg-type]
        at = kept.now + draw.choice([0.0, draw.random(), 1.0])
        arrived.append(at)
        batches += [at] if kind == "batch" else []
    assert most_within(arrived, 1) <= A_SECOND
    assert most_within(arrived, 60) <= A_MINUTE
    assert most_within(batches, 60) <= BATCHES


def test_the_batches_that_are_allowed_are_sent() -> None:
    kept = KeptTimes()
    limiter = kept.limiter(*INTUITS)
    for _ in range(10 * BATCHES):
        limiter.wait("batch")
    minutes = (kept.now - 1000) / 60
    assert 10 * BATCHES / minutes >= 0.98 * BATCHES


def test_a_sender_that_is_now_and_then_late_loses_little_of_what_is_allowed() -> None:
    """A tenth of a second late with every batch, as when answers are being recorded just then."""
    kept = KeptTimes()
    limiter = kept.limiter(*INTUITS)
    for _ in range(10 * BATCHES):
        limiter.wait("batch")
        kept.now += 0.1
    assert 10 * BATCHES / ((kept.now - 1000) / 60) >= 0.95 * BATCHES


def test_nothing_bursts_at_the_start() -> None:
    """A process that knows nothing of the last minute may follow one on another machine that used all of it."""
    kept = KeptTimes()
    limiter = kept.limiter(*INTUITS)
    sent: list[float] = []
    while kept.now < 1060:
        limiter.wait("batch")
        sent.append(kept.now)
    assert most_within(sent, 6) <= BATCHES / 10


def test_a_batch_that_waits_keeps_no_single_request_back() -> None:
    kept = KeptTimes()
    limiter = kept.limiter(500, 10, 1)
    limiter.wait("batch")
    limiter.wait("request")
    assert kept.now == 1000


def test_a_rest_closes_every_window_and_the_longest_of_several_counts() -> None:
    kept = KeptTimes()
    limiter = kept.limiter(*INTUITS)
    limiter.rest(60)
    limiter.rest(5)
    limiter.wait("request")
    assert kept.now == 1060
    assert limiter.turn("batch") == 0
    kept.times["rest"] = [1e12]
    assert limiter.turn("request") == 0  # a damaged memory stops nobody


def test_a_stop_ends_the_waiting_and_takes_no_turn() -> None:
    kept = KeptTimes()
    limiter = kept.limiter(500, 10, 1)
    stop = threading.Event()
    assert limiter.wait("batch", stop)
    stop.set()
    assert not limiter.wait("batch", stop)
    assert kept.times["batch"] == [1000]


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
    # The 21st may not leave within two seconds of the first, and so on; a thread may be late to note its time.
    ordered = sorted(times)
    assert all(later - first > 1.8 for first, later in zip(ordered, ordered[20:], strict=False))


def run_together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
