"""Intuit's limits for one company, as sliding windows on the machine's own clock, and the requests under way."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from connector.sandbox.switches import Switches


class Limits:
    """So many requests in any minute and any second, and batches in any minute; a throttled request does not count."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._minute: deque[float] = deque()
        self._second: deque[float] = deque()
        self._batches: deque[float] = deque()
        self._under_way = 0

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A request, from its arrival to its answer."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def admits(self, *, batch: bool) -> bool:
        """Count this request, or say no when a window is full; always yes while limits are not enforced."""
        if not self._switches.on("enforce_limits"):
            return True
        number = self._switches.number
        at_once, minute, now = number("requests_at_once"), number("minute_seconds"), time.monotonic()
        if at_once and self._under_way > at_once:
            return False
        windows = [
            (self._minute, number("requests_per_minute"), minute),
            (self._second, number("requests_per_second"), minute / 60),
        ]
        if batch:
            windows.append((self._batches, number("batches_per_minute"), minute))
        for times, most, seconds in windows:
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= most:
                return False
        for times, _, _ in windows:
            times.append(now)
        return True
