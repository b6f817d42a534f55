"""What has left for a company in the last minute: Intuit's limits are one for all processes of this machine."""

import contextlib
import datetime
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from connector.state.clock import Moment, moment

__all__ = ["RecentRequests"]

_SIZE: Final = 1 << 20
_UNKNOWN: Final = 60.0


class RecentRequests:
    """
    The times of requests, in ``company-<realm id>.requests`` beside the state.

    They are by the boot clock, under a lock that a dead process frees. Thread-safe.
    Where the folder lets nobody keep a file, this process at least remembers its own; what a full disk does not take is
    forgotten. Being told to slow down is the second net, so neither is a reason to stop.
    """

    def __init__(self, folder: Path, company: str) -> None:
        self.path = folder / f"company-{company}.requests"
        self._own: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[dict[str, list[float]], float]]:
        """The times by their names and the time now, for nobody else meanwhile; what is changed in them is kept."""
        with self._lock, self._locked() as file:
            now = moment()
            kept = self._own if file is None else _read(file, now)
            times = {name: list(each) for name, each in kept.items()} if kept is not None else _unknown(now)
            yield times, now.boot_seconds
            self._own = times
            if file is not None and times != kept:
                with contextlib.suppress(OSError):
                    _write(file, times, now)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int | None]:
        file = _opened(self.path)
        try:
            yield file
        finally:
            if file is not None:
                # Closing alone would leave it to a child process that is just being started.
                fcntl.flock(file, fcntl.LOCK_UN)
                os.close(file)


def _opened(path: Path) -> int | None:
    """The file, locked; None where this folder or its disk lets nobody."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:
        os.close(file)
        return None
    return file


def _read(file: int, now: Moment) -> dict[str, list[float]] | None:
    """What the file holds, in seconds of this boot; None where it cannot be read."""
    try:
        text = os.pread(file, _SIZE, 0)
        if not text:
            return {}
        kept = orjson.loads(text)
        since = Moment(kept["boot_id"], kept["boot_seconds"], datetime.datetime.fromisoformat(kept["wall"]))
        later = _later(since, now)
        return {name: _of_this_boot(name, times, later, now) for name, times in kept["times"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _of_this_boot(name: str, times: list[float], later: float, now: Moment) -> list[float]:
    if name == "rest":
        return [at + later for at in times]
    if later or max(times, default=0.0) > now.boot_seconds:
        return [min(at + later, now.boot_seconds) for at in times]
    return times  # as nearly always: the same boot, and nothing from the future


def _unknown(now: Moment) -> dict[str, list[float]]:
    """For a file that a kill tore: who wrote it may have used the whole minute."""
    return {"rest": [now.boot_seconds + _UNKNOWN]}


def _later(since: Moment, now: Moment) -> float:
    """What turns seconds of that boot into seconds of this one; a wall clock that went back adds nothing."""
    if now.boot_id and now.boot_id == since.boot_id:
        return 0.0
    passed = max(0.0, (now.wall - since.wall).total_seconds())
    return now.boot_seconds - since.boot_seconds - passed


def _write(file: int, times: dict[str, list[float]], now: Moment) -> None:
    kept: dict[str, Any] = {"boot_id": now.boot_id, "boot_seconds": now.boot_seconds, "wall": now.wall.isoformat()}
    body = orjson.dumps(kept | {"times": times})
    os.pwrite(file, body, 0)
    os.ftruncate(file, len(body))
