"""Small files that only their owner reads and that outlast a power cut: the key of the sign-in, and a sign-in."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import ServiceDown, StateInvalid

__all__ = ["sync_folder", "told_in_words", "write"]


def write(path: Path, data: bytes) -> None:
    """Put ``data`` in the place of what the file held; the disk has it when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # also where it was there already
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in ``folder``."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def told_in_words(path: Path) -> Iterator[None]:
    """Turn what the system refuses about ``path`` into our words; that it is not there is the caller's to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ServiceDown(
                f"the disk of {path} is full", code="state-disk-full", remedy="Free some space and run again."
            ) from None
        raise StateInvalid(
            f"{path} cannot be used: {error.strerror}",
            code="state-key",
            remedy="give the user who runs this the right to read and write it and its folder",
        ) from None
