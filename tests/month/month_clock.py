"""
One time for several processes, at the command of a test: a month goes by without a second of waiting.

The world's clock (Intuit, the sources, people) goes right. The connector's machine has its own: its wall clock may be
set wrong, and while the machine sleeps its monotonic clock stands. Between two commands all of them tick as the real
ones do, so nothing that waits for a moment hangs.
"""

import mmap
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import time_machine

_FORM = "5d"
_BEGAN, _START, _PASSED, _APART, _ASLEEP = range(5)
_monotonic, _event_wait, _boot = time.monotonic, threading.Event.wait, time.clock_gettime


class MonthClock:
    """
    The clocks of one machine and of the world around it, kept in a file that every process looks at.

    Args:
        path: The file, as ``starts`` made it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("r+b") as file:
            self._kept = mmap.mmap(file.fileno(), struct.calcsize(_FORM))
        self._lock = threading.Lock()
        self.moved: Callable[[], None] = lambda: None
        """Called whenever this process moved the time."""

    @classmethod
    def starts(cls, path: Path, at: float) -> "MonthClock":
        """A clock at some second since 1970."""
        path.write_bytes(struct.pack(_FORM, _monotonic(), at, 0.0, 0.0, 0.0))
        return cls(path)

    # What the clocks show.

    def world(self) -> float:
        """The right time, in seconds since 1970."""
        kept = self._all()
        return kept[_START] + self._gone(kept)

    def wall(self) -> float:
        """What the machine believes."""
        return self.world() + self._all()[_APART]

    def boot(self) -> float:
        """Seconds that the machine is up, asleep or not."""
        kept = self._all()
        return kept[_BEGAN] + self._gone(kept)

    def monotonic(self) -> float:
        """Seconds that the machine was awake."""
        return self.boot() - self._all()[_ASLEEP]

    # What becomes of them.

    def passes(self, seconds: float) -> None:
        """So much later."""
        with self._lock:
            self._add(_PASSED, max(0.0, seconds))
        self.moved()

    def is_now(self, at: float) -> None:
        """Later, up to a second since 1970; nothing where that is over."""
        self.passes(at - self.world())

    def is_set(self, seconds: float) -> None:
        """Somebody sets the machine's wall clock ahead, or back."""
        self._add(_APART, seconds)

    def sleeps(self, seconds: float) -> None:
        """The machine is suspended for so long."""
        self._add(_ASLEEP, seconds)
        self.passes(seconds)

    # Who asks them.

    @contextmanager
    def of_the_world(self) -> Iterator[None]:
        """In this process it is what the world's clock says."""
        with time_machine.travel(0, tick=False) as traveller:
            traveller.time_ns = lambda: round(self.world() * 1e9)  # type: ignore[method-assign]
            yield

    def of_the_machine(self) -> None:
        """
        This whole process goes by the machine's clocks, for good: call it before the connector is imported.

        Who sleeps, or waits for an event for so long, finds that the time went by.
        """
        traveller = time_machine.travel(0, tick=False).start()
        traveller.time_ns = lambda: round(self.wall() * 1e9)  # type: ignore[method-assign]
        wall_time = time.clock_gettime
        by_clock = {time.CLOCK_BOOTTIME: self.boot, time.CLOCK_MONOTONIC: self.monotonic}
        time.clock_gettime = lambda which: by_clock.get(which, lambda: wall_time(which))()
        time.monotonic = self.monotonic
        time.sleep = self.passes
        clock = self

        def wait(event: threading.Event, timeout: float | None = None) -> bool:
            if timeout is None or event.is_set():
                return _event_wait(event, timeout)
            clock.passes(timeout)
            return event.is_set()

        threading.Event.wait = wait  # type: ignore[method-assign]

    def _all(self) -> tuple[float, ...]:
        return struct.unpack_from(_FORM, self._kept)

    def _gone(self, kept: tuple[float, ...]) -> float:
        return _monotonic() - kept[_BEGAN] + kept[_PASSED]

    def _add(self, which: int, seconds: float) -> None:
        struct.pack_into("d", self._kept, which * 8, self._all()[which] + seconds)


class Until(threading.Event):
    """An event whose waiter sits there until a second of the machine has come, whoever moves the time."""

    def __init__(self, clock: MonthClock) -> None:
        super().__init__()
        self._clock = clock
        self.until: float | None = None
        """The monotonic second that is waited for; None while nobody waits."""

    @property
    def resting(self) -> bool:
        """Whether somebody waits, and for something that has not come."""
        return not self.is_set() and self.until is not None and self.until > self._clock.monotonic()

    def wait(self, timeout: float | None = None) -> bool:
        self.until = self._clock.monotonic() + (threading.TIMEOUT_MAX if timeout is None else timeout)
        try:
            while not self.is_set() and (left := self.until - self._clock.monotonic()) > 0:
                _event_wait(self, min(left, 0.2))
        finally:
            self.until = None
        return self.is_set()

    def look(self) -> None:
        """The time has moved."""
        with self._cond:
            self._cond.notify_all()
