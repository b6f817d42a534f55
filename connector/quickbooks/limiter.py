"""
Intuit's limits, kept to instead of run into: sliding windows over what has left for one company.

QuickBooks counts a request when it arrives, we when it leaves. Every window is therefore longer than Intuit's by what a
request may be on its way, so that a slow one and a quick one after it never fall into the same second or minute.
"""

import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Literal, Protocol

__all__ = ["LONGEST_REST", "Kind", "Limiter", "Recent", "Times"]

Kind = Literal["request", "batch"]
Times = dict[str, list[float]]
"""When each kind of request left, oldest first; under ``rest`` until when nothing may leave."""

_SECOND: Final = 1.0
_MINUTE: Final = 60.0
# New connections, lost packets, and the commit of the intent between the turn and its sending.
_ON_ITS_WAY: Final = 1.0
_LONGEST: Final = _MINUTE + _ON_ITS_WAY
_PARTS: Final = 10
LONGEST_REST: Final = 300.0


class Recent(Protocol):
    """What left in the last minute, whoever remembers it."""

    def opened(self) -> AbstractContextManager[tuple[Times, float]]:
        """The times and the time now, for nobody else meanwhile; what is changed in them is kept."""


class OfThisProcess:
    """The memory of one process, by a clock that never goes back; thread-safe."""

    def __init__(self) -> None:
        self._times: Times = {}
        self._lock = threading.Lock()

    @contextmanager
    def opened(self) -> Iterator[tuple[Times, float]]:
        with self._lock:
            yield self._times, time.monotonic()


@dataclass(frozen=True, slots=True)
class _Window:
    of: Kind
    most: int
    seconds: float

    def opens_at(self, times: Times) -> float:
        """The time from which one more may leave; in the past where it may at once."""
        left = times.get(self.of, ())
        return left[-self.most] + self.seconds if len(left) >= self.most else 0.0


class Limiter:
    """
    Never more than N requests in *any* second or minute, whoever asks; thread-safe.

    QuickBooks: 500 requests a minute, 10 a second, 40 batches a minute. What a minute allows is spread over its parts:
    nothing bursts at the start, whatever stretches QuickBooks counts by, and a process that cannot know what another
    machine has just sent does not go far beyond the limit.

    Args:
        recent: The memory of all who share the company's limits; this process's own where none is given.
        pause: Waits for so many seconds, less where the event is set; whether it was.
    """

    def __init__(
        self,
        requests_per_minute: int,
        requests_per_second: int,
        batches_per_minute: int,
        recent: Recent | None = None,
        *,
        pause: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        second = _Window("request", requests_per_second, _SECOND + _ON_ITS_WAY)
        requests = (second, *_windows_of_a_minute("request", requests_per_minute))
        self._windows: dict[Kind, tuple[_Window, ...]] = {
            "request": requests,
            "batch": (*requests, *_windows_of_a_minute("batch", batches_per_minute)),
        }
        self._recent = recent or OfThisProcess()
        self._pause = pause

    def wait(self, kind: Kind = "request", stop: threading.Event | None = None) -> bool:
        """
        Return when one more may leave, and count it; a batch counts as a request too.

        Args:
            kind: What is to leave.
            stop: Ends the waiting; then nothing is counted and the answer is False.
        """
        stop = stop or threading.Event()
        while (seconds := self.turn(kind)) > 0:
            if self._pause(stop, seconds):
                return False
        return True

    def turn(self, kind: Kind = "request") -> float:
        """Count one more that leaves now and answer 0, or count nothing and answer in how many seconds to ask again."""
        with self._recent.opened() as (times, now):
            opens = max(_rest(times, now), *(window.opens_at(times) for window in self._windows[kind]))
            if opens > now:
                return opens - now
            for of in {window.of for window in self._windows[kind]}:
                left = times.get(of, [])
                times[of] = [*left[bisect_right(left, now - _LONGEST) :], now]
            return 0.0

    def rest(self, seconds: float) -> None:
        """QuickBooks asked to slow down: nothing leaves for so long, at most five minutes, from whatever process."""
        with self._recent.opened() as (times, now):
            times["rest"] = [max(now + min(seconds, LONGEST_REST), _rest(times, now))]


def _rest(times: Times, now: float) -> float:
    """Until when nothing may leave; what nobody can have asked for is a damaged memory's, and stops nobody."""
    return max((until for until in times.get("rest", ()) if until <= now + LONGEST_REST + _SECOND), default=0.0)


def _windows_of_a_minute(of: Kind, most: int) -> tuple[_Window, ...]:
    """Its whole, halves, thirds … and tenths, each with its share of what the minute allows."""
    return tuple(_Window(of, -(-most // parts), _LONGEST / parts) for parts in range(1, _PARTS + 1))
