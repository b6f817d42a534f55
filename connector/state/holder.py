"""Who holds a company's lock, found out without getting in anybody's way."""

import contextlib
import datetime
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.state.lock import CompanyLock

__all__ = ["Holder", "holder_of"]

_LOCKS: Final = Path("/proc/locks")


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that writes for a company; what it did not say of itself is None."""

    pid: int | None = None
    command: str | None = None
    since: datetime.datetime | None = None


def holder_of(folder: Path, company: str) -> Holder | None:
    """Who holds the lock of ``company`` in the state's ``folder``; None where it is free. Makes and writes nothing."""
    try:
        file = os.open(CompanyLock(folder, company).path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not (_listed(os.fstat(file).st_ino) or _refused(file)):
            return None
        text = os.pread(file, 4096, 0).decode(errors="replace").strip().strip("\x00")
    finally:
        os.close(file)
    try:
        told = json.loads(text)["holder"]
        since = datetime.datetime.fromisoformat(told["since"]).astimezone(datetime.UTC)
        return Holder(int(told["pid"]), str(told["command"]), since)
    except (ValueError, KeyError, TypeError):
        return Holder()


def _listed(inode: int) -> bool:
    """Whether the system lists an exclusive flock on the file; where it lists none, that proves nothing."""
    with contextlib.suppress(OSError):
        for line in _LOCKS.read_text().splitlines():
            parts = line.split()
            if parts[1:2] == ["FLOCK"] and any(part.endswith(f":{inode}") for part in parts):
                return True
    return False


def _refused(file: int) -> bool:
    # Shared and given back at once, so that two who look never see each other.
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return False
