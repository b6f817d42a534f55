"""
One request in flight and so many in a window, per account: for every process on this machine.

A file per account, named by a hash of address and key, holds the times of the last requests under an operating-system
lock, which a paused process keeps and a dead one frees.
"""

import fcntl
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from connector.errors import Throttled
from connector.sources.source import Connection, RateLimit

__all__ = ["LONGEST_WAIT", "Gate", "WindowFull"]

LONGEST_WAIT: Final = 300.0  # a window that frees a place later than this is an error, not a wait

_here: dict[str, tuple[threading.Lock, list[float]]] = {}
_here_lock: Final = threading.Lock()


class WindowFull(Throttled):
    """Raised by ourselves, before the source would."""


class Gate:
    """
    Lets one request through at a time and waits while a window is full.

    Args:
        connection: Whose account; without ``locks`` only this process keeps the windows.
        title: What people call the source.
        limits: Every window that the account has.
        clock: Wall clock in seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        connection: Connection,
        title: str,
        limits: Sequence[RateLimit],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = connection.name
        self._title = title
        self._limits = limits
        self._clock = clock
        self._sleep = sleep
        account = f"{connection.base_url.rstrip('/')}\n{connection.api_key}"
        self._account = hashlib.sha256(account.encode()).hexdigest()[:24]
        self._folder = Path(connection.locks) if connection.locks else None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """
        Hold the account's one place for the length of a request.

        Raises:
            Throttled: A long window is full; the message says until when.
        """
        if self._folder is None:
            with _here_lock:
                lock, times = _here.setdefault(self._account, (threading.Lock(), []))
            with lock:
                yield from self._through(times, lambda: None)
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / f"{self._account}.requests.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            kept = _read(descriptor)
            yield from self._through(kept, lambda: _write(descriptor, kept))
        finally:
            os.close(descriptor)  # frees the lock

    def _through(self, times: list[float], keep: Callable[[], None]) -> Iterator[None]:
        self._wait(times)
        times.append(self._clock())
        keep()  # before the request: a killed process must not forget it
        try:
            yield
        finally:
            times[-1] = self._clock()  # the source counts from when it saw the request, which is not after its answer
            keep()

    def _wait(self, times: list[float]) -> None:
        while True:
            now = self._clock()
            longest = max(limit.seconds for limit in self._limits)
            times[:] = sorted(min(at, now) for at in times if at > now - longest)
            free_at = max(
                (times[-limit.requests] + limit.seconds for limit in self._limits if self._full(limit, times, now)),
                default=now,
            )
            if free_at <= now:
                return
            if free_at - now > LONGEST_WAIT:
                until = datetime.fromtimestamp(free_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
                raise WindowFull(
                    f"{self._name}: {self._title} takes no more requests of this account until {until}",
                    code="source-throttled",
                    remedy="nothing was advanced; choose a slower schedule for this source",
                    source=self._name,
                    retry_after=free_at - now,
                )
            self._sleep(free_at - now)

    @staticmethod
    def _full(limit: RateLimit, times: Sequence[float], now: float) -> bool:
        return len(times) >= limit.requests and times[-limit.requests] > now - limit.seconds


def _read(descriptor: int) -> list[float]:
    try:
        kept = json.loads(os.pread(descriptor, 1 << 20, 0))
        return [float(at) for at in kept]
    except (ValueError, TypeError):
        return []  # new, or torn by a power cut: the source's own 429 is the second net


def _write(descriptor: int, times: Sequence[float]) -> None:
    body = json.dumps([round(at, 3) for at in times]).encode()
    os.pwrite(descriptor, body, 0)
    os.ftruncate(descriptor, len(body))
