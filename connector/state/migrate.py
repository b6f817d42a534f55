"""Which schema a database has, and the way from there to ours: in one transaction, after a backup."""

import contextlib
import random
import sqlite3
import time
from pathlib import Path
from typing import Final, cast

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from connector.errors import LockHeld, ServiceDown
from connector.state import file
from connector.state.clock import utc_now
from connector.state.transactions import engine, faults

__all__ = ["known_revisions", "upgrade", "upgrade_alone"]

_FOLDER: Final = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def known_revisions() -> list[str]:
    """Every schema this version knows, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest, inside the transaction that ``connection`` is in."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def upgrade_alone(path: Path, *, patience: float) -> Path:
    """
    Upgrade an older state after a copy of it was put beside it; the copy.

    Nobody else may have it open, however idle: a daemon of the older version would go on with a schema that it does
    not know. SQLite itself knows, of whatever version the other is.

    Raises:
        LockHeld: ``state-in-use``.
        ServiceDown: ``state-disk-full`` or ``state-disk``; the state is as it was.
    """
    until = time.monotonic() + patience
    while True:
        try:
            return _upgraded(path, max(0.0, until - time.monotonic()))
        except ServiceDown as error:
            if error.code != "state-locked":
                raise
            if time.monotonic() >= until:
                raise LockHeld(
                    f"{path} has to be upgraded, and another process has it open",
                    code="state-in-use",
                    remedy="Stop the other one (a daemon of the older version, most likely), then run again.",
                ) from error
        # Of two that come at once SQLite turns both away, at once: each has what the other wants.
        time.sleep(random.uniform(0.01, 0.2))


def _upgraded(path: Path, patience: float) -> Path:
    alone = engine(path, writes=True, patience=patience, alone=True)
    copy = path.with_name(f"{path.name}.before-{known_revisions()[0]}-{utc_now():%Y%m%dT%H%M%S%f}Z")
    try:
        with faults(str(path)):
            with contextlib.closing(alone.raw_connection()) as borrowed:
                file.copy(cast("sqlite3.Connection", borrowed.driver_connection), copy)
            with alone.begin() as t:
                upgrade(t)
    except ServiceDown as error:
        if error.code == "state-locked":
            copy.unlink(missing_ok=True)  # it is tried again
        raise
    finally:
        alone.dispose()
    return copy
