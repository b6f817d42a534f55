"""The state as a file: where it may stand, whether it is sound, and copies of it."""

import contextlib
import glob
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from connector.errors import Problem, ServiceDown, SettingsInvalid, StateInvalid, WrongUse
from connector.state.transactions import damaged, faults, open_here

__all__ = [
    "backup",
    "changed_by_hand",
    "copy",
    "create",
    "faults_at_start",
    "faults_in",
    "file_system",
    "lack_of_room",
    "open_to_others",
    "path_of",
    "private_files",
    "refuse_unsound",
]

_OTHERS: Final = 0o077
_MAGIC: Final = b"SQLite format 3\x00"
_QUICKLY_READ: Final = 64_000_000  # bytes: a twentieth of a second, and some twenty thousand invoices
_HEAD: Final = 20
_NO_WAL: Final = b"\x01\x01"  # the bytes 18 and 19 of a copy; of a file that has a -wal they are 2
_ROOM: Final = 32_000_000  # bytes: some thousand bills with their intents, answers and a -wal beside
_NETWORK: Final = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|ceph|gfs2?|ocfs2|lustre|beegfs|glusterfs"
    r"|fuse\.(sshfs|glusterfs|ceph|rclone|s3fs|gcsfuse|davfs2?|smbnetfs)"
)


def path_of(url: str) -> Path:
    """
    The file that ``[state] url`` names.

    Raises:
        SettingsInvalid: ``state-url``: no URL, or one of another database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _unfit(url) from error
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite") or parsed.database in (None, "", ":memory:"):
        raise _unfit(parsed.render_as_string(hide_password=True))
    return Path(str(parsed.database))


def _unfit(url: str) -> SettingsInvalid:
    return SettingsInvalid(
        f'[state] url = "{url}" names no SQLite file', code="state-url", remedy='Write url = "sqlite:///state.db".'
    )


def file_system(folder: Path, mounts: str | None = None) -> str:
    """
    The type of the file system that holds ``folder``, empty where the system does not tell.

    Args:
        folder: Any existing folder.
        mounts: The text of /proc/self/mountinfo; read where None.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    where, best, found = folder.resolve(), -1, ""
    for line in mounts.splitlines():
        parts = line.split()
        point = Path(re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), parts[4]))
        # Of mounts on one point the last is the one that is seen.
        if where.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), parts[parts.index("-") + 1]
    return found


def refuse_unsound(path: Path) -> None:
    """
    Let pass an existing file that is an SQLite database on a local disk, or empty.

    Raises:
        StateInvalid: ``state-network-drive``, ``state-unreachable``, ``state-damaged`` or ``state-wal``.
    """
    if not path.parent.is_dir() or path.is_dir():
        raise StateInvalid(
            f"{path} cannot be a file: {'it is a folder' if path.is_dir() else f'there is no folder {path.parent}'}",
            code="state-unreachable",
            remedy="Make the folder, or name another place under [state] url.",
        )
    kind = file_system(path.parent)
    if _NETWORK.fullmatch(kind):
        raise StateInvalid(
            f"{path} is on a network drive ({kind}), where one writer cannot be told from two",
            code="state-network-drive",
            remedy="Put the state on a disk of this machine.",
        )
    if open_here(path):
        return  # it was looked at when it was opened
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StateInvalid(
            f"{path} cannot be read: {error.strerror}",
            code="state-unreachable",
            remedy="Give the user who runs this the right to read and write it.",
        ) from error
    if head[: len(_MAGIC)] not in (b"", _MAGIC):
        raise damaged(f"{path} is no SQLite database")
    if head[18:] == _NO_WAL and _left_beside(path):
        # SQLite would write the other's pages into this one.
        raise StateInvalid(
            f"{path} is a copy, and {path.name}-wal beside it belongs to another file",
            code="state-wal",
            remedy=f"Stop what has the state open, move {path.name}-wal and {path.name}-shm away, then run again.",
        )


def _left_beside(path: Path) -> os.stat_result | None:
    """What a process that was killed, or is still at work, left of its last writes; None where there is nothing."""
    with contextlib.suppress(FileNotFoundError):
        left = path.with_name(f"{path.name}-wal").stat()
        return left if left.st_size else None
    return None


def create(path: Path) -> None:
    """Make an empty file that only its owner may read; one that is there stays as it is."""
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StateInvalid(
            f"{path} cannot be made: {error.strerror}",
            code="state-unreachable",
            remedy="Give the user who runs this the right to write the folder.",
        ) from error


def faults_at_start(path: Path) -> list[str]:
    """
    What SQLite finds wrong with the file, unless looking would take long.

    A large one is looked at whole by ``state verify`` and before a backup; what is damaged in it is refused when it is
    met. A start that took seconds for every gigabyte would cost more than the run.
    """
    return faults_in(path, thorough=False) if path.stat().st_size <= _QUICKLY_READ else []


def faults_in(path: Path, *, thorough: bool) -> list[str]:
    """What SQLite finds wrong with the file; empty where it is sound. ``thorough``: with its indexes and references."""
    with faults(str(path)), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        check = "integrity_check" if thorough else "quick_check"
        found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}(20)") if row[0] != "ok"]
        if thorough and not found:
            found = [
                f"row {row[1]} of {row[0]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check")
            ]
        return found


def lack_of_room(path: Path) -> ServiceDown | None:
    """What to raise before a run begins that may not come to its end; None where the disk has room enough."""
    free = shutil.disk_usage(path.parent).free
    if free >= _ROOM:
        return None
    return ServiceDown(
        f"the disk of {path} has {free / 1e6:.1f} MB left, and a run needs {_ROOM / 1e6:.0f} MB to be sure of its end",
        code="disk-low",
        remedy="Free some space and run again.",
    )


def private_files(path: Path, key_file: Path) -> list[Path]:
    """What is there of the state at ``path``, its sign-in and the key of that: all of it is its owner's alone."""
    signed_in = sorted(path.parent.glob(f"{glob.escape(path.name)}.*.sign-in"))
    kept = [*(path.with_name(f"{path.name}{end}") for end in ("", "-wal", "-shm")), *signed_in, key_file]
    return [each for each in kept if each.exists()]


def open_to_others(files: Iterable[Path]) -> list[Problem]:
    """One problem for each file that others than its owner may read or write."""
    modes = [(path, path.stat().st_mode & 0o777) for path in files]
    return [
        Problem("operator", "file-open", f"{path} is open to others (mode {mode:04o})", f"run: chmod 600 {path}")
        for path, mode in modes
        if mode & _OTHERS
    ]


def changed_by_hand(path: Path) -> bool:
    """
    Whether the file may have been put in the place of another, whose last writes still stand beside it.

    So it looks after a copy was put back on top of what a killed process left, and now and then after a checkpoint.
    """
    left = _left_beside(path)
    return left is not None and path.stat().st_ctime_ns > left.st_mtime_ns


def backup(path: Path, target: Path) -> None:
    """
    Copy the state as it stands at this moment, while others may write: whole or not at all, readable by its owner.

    Raises:
        WrongUse: ``backup-exists``, ``file-not-writable``.
        StateInvalid: ``state-damaged``.
        ServiceDown: ``state-disk-full``.
    """
    with faults(str(path)), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        copy(connection, target)


def copy(connection: sqlite3.Connection, target: Path) -> None:
    """The same from a connection that is in no transaction."""
    if target.exists():
        raise _exists(target)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise WrongUse(
            f"{target} cannot be written: {error.strerror}",
            code="file-not-writable",
            remedy="Name a file in a folder that exists and that you may write to.",
        ) from error
    try:
        with faults(str(target)):
            connection.execute("VACUUM INTO ?", (str(part),))
        _durable(part)
        if found := faults_in(part, thorough=True):
            raise damaged(f"the copy for {target} is damaged: {found[0]}")
        _put(part, target)
        _durable(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _put(part: Path, target: Path) -> None:
    """Give ``part`` its name, never in the place of another file."""
    try:
        os.link(part, target)
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError:  # a file system without links
        if target.exists():
            raise _exists(target) from None
        part.rename(target)


def _exists(target: Path) -> WrongUse:
    return WrongUse(f"{target} exists already", code="backup-exists", remedy="Name a file that does not exist.")


def _durable(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
