"""Intuit's published limits for one company, as sliding windows on the machine's own clock."""

import time
from collections import deque


class Limits:
    """500 requests a minute, 10 a second, 40 batches a minute; a throttled request does not count."""

    def __init__(self) -> None:
        self._windows: list[tuple[bool, int, float, deque[float]]] = [
            (False, 500, 1.0, deque()),
            (False, 10, 1 / 60, deque()),
            (True, 40, 1.0, deque()),
        ]

    def admits(self, *, batch: bool, minute: float = 60.0) -> bool:
        """Count this request, or say no when a window is full; `minute` is how many seconds one takes."""
        now = time.monotonic()
        concerned = [window for window in self._windows if batch or not window[0]]
        for _, most, minutes, times in concerned:
            while times and times[0] <= now - minutes * minute:
                times.popleft()
            if len(times) >= most:
                return False
        for *_, times in concerned:
            times.append(now)
        return True
