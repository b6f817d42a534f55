"""One writer per company: a lock that a paused process keeps and a dead one frees, and the time of the last send."""

import contextlib
import datetime
import errno
import fcntl
import json
import os
import re
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from connector.errors import LockHeld, OurFault, ServiceDown, SettingsInvalid, StateInvalid
from connector.state.clock import Moment, elapsed, moment, utc_now

__all__ = ["CompanyLock"]

_SIZE: Final = 1024  # one write of one block, so that a kill leaves the old text or the new
_POLL_SECONDS: Final = 0.1


class CompanyLock:
    """
    The lock of one company: ``company-<realm id>.lock`` beside the state. The file stays; only the lock on it counts.

    It also keeps when the last write to QuickBooks was sent, so that a state that is deleted does not forget it.

    Args:
        folder: The state's folder, on a disk of this machine.
        company: The realm id.
        command: What holds it, for whoever finds it held.
    """

    def __init__(self, folder: Path, company: str, command: str = "sync") -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", company):
            raise SettingsInvalid(
                f"{company!r} is no realm id", code="realm-id", remedy="Copy it from QuickBooks: digits only."
            )
        self.path = folder / f"company-{company}.lock"
        self._company = company
        self._command = command
        self._file: int | None = None
        self._gate = threading.Lock()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def acquire(self, *, blocking: bool = False, timeout: float = 0.0) -> None:
        """
        Take the lock.

        Args:
            blocking: Wait for it.
            timeout: At most so many seconds.

        Raises:
            LockHeld: ``lock-held``, with who holds it and since when.
            StateInvalid: ``lock-unreachable``: the file cannot be opened or locked.
            ServiceDown: ``state-disk-full``.
        """
        if self._file is not None:
            raise OurFault("the lock is held already", code="lock-twice", remedy="Report this.")
        file = self._opened()
        try:
            self._wait(file, timeout if blocking else 0.0)
            self._file = file
            self._note(holder={"pid": os.getpid(), "command": self._command, "since": utc_now().isoformat()})
        except BaseException:
            self._file = None
            os.close(file)
            raise

    def release(self) -> None:
        """Free the lock; nothing where it is not held."""
        if self._file is not None:
            file, self._file = self._file, None
            # Closing alone would leave it to a child process that is just being started.
            fcntl.flock(file, fcntl.LOCK_UN)
            os.close(file)

    def note_send(self) -> None:
        """
        Write, durably, that a write to QuickBooks is about to leave; only who holds the lock may (I7).

        Safe for several threads.

        Raises:
            OurFault: ``send-without-lock``.
            ServiceDown: ``state-disk-full``; nothing may be sent then.
        """
        now = moment()
        sent = {"boot_id": now.boot_id, "boot_seconds": now.boot_seconds, "wall": now.wall.isoformat()}
        self._note(sent=sent)

    def seconds_since_send(self) -> float | None:
        """
        Seconds since the last write was sent, by whatever process; None where none ever was.

        By the boot clock; after a restart by the wall clock, 0 where that is behind the time of the send. Where the
        text cannot be read, since the file was last written.
        """
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            text, written = _text(file), os.fstat(file).st_mtime
        finally:
            os.close(file)
        if not text:
            return None
        try:
            sent = json.loads(text).get("sent")
            if sent is None:
                return None
            wall = datetime.datetime.fromisoformat(sent["wall"]).astimezone(datetime.UTC)
            since = Moment(str(sent["boot_id"]), float(sent["boot_seconds"]), wall)
        except (ValueError, KeyError, TypeError, AttributeError):
            since = Moment("", 0.0, datetime.datetime.fromtimestamp(written, datetime.UTC))
        return elapsed(since)

    def _wait(self, file: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not _locked(file, self.path):
            if time.monotonic() >= until:
                raise self._held_by(_text(file))
            time.sleep(_POLL_SECONDS)

    def _opened(self) -> int:
        try:
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unreachable(self.path, error) from error

    def _note(self, **changes: object) -> None:
        with self._gate:
            if self._file is None:
                raise OurFault(
                    "a write was to leave without the company's lock", code="send-without-lock", remedy="Report this."
                )
            known: dict[str, Any] = {}
            text = _text(self._file)
            with contextlib.suppress(ValueError):
                known = json.loads(text) if text else {}
            if text and not known and "sent" not in changes:
                return  # unreadable: its time is all that tells of the last send, so let it stand
            new = json.dumps({**known, **changes}).encode().ljust(_SIZE - 1) + b"\n"
            try:
                os.pwrite(self._file, new, 0)
                os.ftruncate(self._file, _SIZE)
                os.fsync(self._file)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise ServiceDown(
                        f"the disk of {self.path} is full",
                        code="state-disk-full",
                        remedy="Free some space and run again.",
                    ) from error
                raise _unreachable(self.path, error) from error

    def _held_by(self, text: str) -> LockHeld:
        try:
            holder = json.loads(text)["holder"]
            since = datetime.datetime.fromisoformat(holder["since"])
            who = f"process {holder['pid']} ({holder['command']}, since {since:%Y-%m-%dT%H:%M:%SZ})"
        except (ValueError, KeyError, TypeError):
            who = "another process"
        return LockHeld(
            f"{who} writes for company {self._company}",
            code="lock-held",
            remedy="Wait for it to end, or stop it; a killed process frees the lock by itself.",
        )


def _text(file: int) -> str:
    return os.pread(file, 4 * _SIZE, 0).decode(errors="replace").strip().strip("\x00")


def _locked(file: int, path: Path) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise _unreachable(path, error) from error
    return True


def _unreachable(path: Path, error: OSError) -> StateInvalid:
    return StateInvalid(
        f"{path} cannot be locked: {error.strerror}",
        code="lock-unreachable",
        remedy="Put the state in a folder of this machine that the user who runs this may write.",
    )
