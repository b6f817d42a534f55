"""Connections to QuickBooks: kept alive, and never so old that a write could fall into a closed one."""

import threading
import time
from typing import Final

import requests

from connector.network import Network, open_session

__all__ = ["Sessions"]

_IDLE_SECONDS: Final = 20.0


class Sessions:
    """Sessions of one connection each, one exchange at a time, the one used last first. Thread-safe."""

    def __init__(self, network: Network, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._network = network
        self._idle = idle_seconds
        self._free: list[tuple[requests.Session, float]] = []
        self._lock = threading.Lock()

    def take(self, *, for_write: bool) -> requests.Session:
        """A session to be given back."""
        with self._lock:
            session, used = self._free.pop() if self._free else (open_session(self._network, 1), time.monotonic())
        if for_write and time.monotonic() - used > self._idle:
            session.close()  # a server hangs up on idle connections, and a write into one is of unknown outcome
        return session

    def give_back(self, session: requests.Session) -> None:
        """Keep it for the next."""
        with self._lock:
            self._free.append((session, time.monotonic()))

    def close(self) -> None:
        """Close every connection that is not in use; the sessions can be used again."""
        with self._lock:
            while self._free:
                self._free.pop()[0].close()
