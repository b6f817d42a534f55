"""Intuit's published limits for one company, as sliding windows on the machine's own clock."""

import time
from collections import deque


class Limits:
    """500 requests a minute, 10 a second, 40 batches a minute; a throttled request does not count."""

    def __init__(self) -> None:
        self._windows: list[tuple[bool, int, float, deque[float]]] = [
            (False, 500, 60.0, deque()),
            (False, 10, 1.0, deque()),
            (True, 40, 60.0, deque()),
        ]

    def admits(self, *, batch: bool) -> bool:
        """Count this request, or say no when a window is full."""
        now = time.monotonic()
        concerned = [window for window in self._windows if batch or not window[0]]
        for _, most, seconds, times in concerned:
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= most:
                return False
        for *_, times in concerned:
            times.append(now)
        return True
