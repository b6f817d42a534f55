"""Whether the state can be written at this moment, really tried."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path
from typing import Final

from connector.errors import ConnectorError, ServiceDown, StateInvalid
from connector.state.file import lack_of_room
from connector.state.transactions import faults

__all__ = ["lack_of_writing"]

_PIECE: Final = bytes(4096)
_PATIENCE: Final = 1.0
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


def lack_of_writing(path: Path) -> ConnectorError | None:
    """
    Why a run could not write its state now; None where it could.

    A small file is written beside the state, made durable and taken away again, and a transaction on the state is begun
    and rolled back. Another one that writes meanwhile is proof enough.
    """
    try:
        with faults(str(path)):
            _write_beside(path)
            _begin(path)
        return lack_of_room(path)
    except ConnectorError as error:
        return None if error.code == "state-locked" else error
    except OSError as error:
        if error.errno in _FULL:
            return ServiceDown(
                f"the disk of {path} is full", code="state-disk-full", remedy="Free some space and run again."
            )
        return StateInvalid(
            f"nothing can be written beside {path}: {error.strerror}",
            code="state-unreachable",
            remedy="Give the user who runs this the right to write the folder.",
        )


def _write_beside(path: Path) -> None:
    trial = path.with_name(f"{path.name}.{os.getpid()}.trial")
    file = os.open(trial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(file, _PIECE)
        os.fsync(file)
    finally:
        os.close(file)
        with contextlib.suppress(OSError):
            trial.unlink()


def _begin(path: Path) -> None:
    uri = f"{path.absolute().as_uri()}?mode=rw"  # one that is gone is not made anew
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
