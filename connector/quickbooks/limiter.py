"""Intuit's limits, kept to instead of run into: sliding windows over what this process has sent to one company."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["Limiter"]

# Two requests that leave a second apart may arrive closer together: every window is kept a little longer.
_MARGIN: Final = 0.05


@dataclass(slots=True)
class _Window:
    most: int
    seconds: float
    sent: deque[float] = field(default_factory=deque)

    def opens_at(self, now: float) -> float:
        """The earliest time at which one more may go; ``now`` or earlier where it may go at once."""
        while self.sent and self.sent[0] + self.seconds <= now:
            self.sent.popleft()
        if len(self.sent) < self.most:
            return now
        return self.sent[0] + self.seconds


class Limiter:
    """
    Never more than N requests in *any* second or minute, whoever asks; thread-safe, one for each company.

    QuickBooks: 500 requests a minute, 10 a second, 40 batches a minute.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        requests_per_minute: int,
        requests_per_second: int,
        batches_per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._requests = (
            _Window(requests_per_second, 1 + _MARGIN),
            _Window(requests_per_minute, 60 + _MARGIN),
        )
        self._batches = (*self._requests, _Window(batches_per_minute, 60 + _MARGIN))
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()

    def wait(self, kind: Literal["request", "batch"] = "request") -> None:
        """Return when one more may leave, and count it; a batch counts as a request too."""
        windows = self._batches if kind == "batch" else self._requests
        while (pause := self._take(windows)) > 0:
            self._sleep(pause)

    def _take(self, windows: tuple[_Window, ...]) -> float:
        with self._lock:
            now = self._clock()
            opens = max(window.opens_at(now) for window in windows)
            if opens > now:
                return opens - now
            for window in windows:
                window.sent.append(now)
            return 0.0
