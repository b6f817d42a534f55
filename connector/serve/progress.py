"""Who is at work, and when each of them last got on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Progress", "Silence"]


class Silence(NamedTuple):
    """Somebody who says nothing for longer than there is a reason for; ``seconds`` since the last sign of life."""

    name: str
    seconds: float


@dataclass(slots=True)
class _Worker:
    last: float
    longest: float


class Progress:
    """
    Signs of life of everything that runs in the daemon: its loop, the scheduler, each job; thread-safe.

    Args:
        clock: Seconds that neither the wall clock nor a machine that sleeps can move.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._workers: dict[str, _Worker] = {}
        self._lock = threading.Lock()

    def watch(self, name: str, longest: float) -> None:
        """From now on ``name`` is to give a sign of life at least every ``longest`` seconds."""
        with self._lock:
            self._workers[name] = _Worker(self._clock(), longest)

    @contextmanager
    def working(self, name: str, longest: float) -> Iterator[None]:
        """The same for as long as the context lasts."""
        self.watch(name, longest)
        try:
            yield
        finally:
            with self._lock:
                del self._workers[name]

    def beat(self, name: str) -> None:
        """``name`` got on; nothing where nobody watches it, as after its end."""
        with self._lock:
            if (worker := self._workers.get(name)) is not None:
                worker.last = self._clock()

    def silent(self) -> list[Silence]:
        """Who has been silent for longer than he may."""
        with self._lock:
            now = self._clock()
            return [
                Silence(name, now - worker.last)
                for name, worker in self._workers.items()
                if now - worker.last > worker.longest
            ]
