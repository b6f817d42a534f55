"""State: the connector's whole memory in one file. Open it here; everything it knows is a method of it."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from connector.errors import Problem, StateInvalid
from connector.state import file
from connector.state.invoices import Invoices, SeenInvoice
from connector.state.notices import Notices
from connector.state.references import References
from connector.state.requests import Conclusion, Ended, IntendedItem, Intent
from connector.state.reviews import Reviews
from connector.state.runs import Runs
from connector.state.sendings import StoredRequest
from connector.state.transactions import damaged, faults
from connector.state.vendors import Vendors

__all__ = [
    "PATIENCE",
    "SCHEMA",
    "Conclusion",
    "Ended",
    "IntendedItem",
    "Intent",
    "SeenInvoice",
    "State",
    "StoredRequest",
    "refuse_newer",
    "schema_of",
    "upgrade_older",
]

SCHEMA: Final = "0004"  # the newest migration, kept here too so that opening a state of today loads no Alembic

PATIENCE: Final = 15.0
"""Seconds to wait for another process."""


class State(Runs, Invoices, Reviews, Vendors, References, Notices):
    """
    The state of all companies that share a file.

    Rows that it gives are detached: plain records, safe to keep and to change; nothing is written until they are saved.
    Safe for several threads and several processes.
    """

    @classmethod
    def open(cls, url: str, *, create: bool = True, patience: float = PATIENCE) -> "State":
        """
        Open the state at ``url``, bringing an older one up to date after a copy of it was put beside it.

        Args:
            url: ``sqlite:///`` and a path; relative ones are the working directory's.
            create: Make it where there is none.
            patience: Seconds to wait for another process's write.

        Raises:
            SettingsInvalid: ``state-url``.
            StateInvalid: ``state-missing``, ``state-newer``, ``state-damaged``, ``state-wal``,
                ``state-network-drive`` or ``state-unreachable``.
            LockHeld: ``state-in-use``: an older one that another process has open.
            ServiceDown: ``state-disk-full``, ``state-locked`` or ``state-disk``.
        """
        path = file.path_of(url)
        file.refuse_unsound(path)
        if not path.exists() and not create:
            raise StateInvalid(
                f"there is no state at {path}", code="state-missing", remedy="Run a sync, or correct [state] url."
            )
        file.create(path)
        doubtful = file.changed_by_hand(path)
        if found := file.faults_in(path, thorough=True) if doubtful else file.faults_at_start(path):
            raise damaged(f"{path} is damaged: {found[0]}")
        schema = schema_of(path)
        if schema is not None and schema != SCHEMA:
            upgrade_older(path, schema, patience=patience)
        state = cls(path, patience=patience)
        if schema is None:
            state._make()
        if doubtful:
            state.read_books_again()
        return state

    @classmethod
    def empty(cls) -> "State":
        """A state in memory that knows nothing: for a plan where there is none. One transaction at a time."""
        state = cls(None, patience=PATIENCE)
        state._make()
        return state

    @staticmethod
    def exists(url: str) -> bool:
        """Whether there is a state at ``url``, sound or not."""
        path = file.path_of(url)
        return path.is_file() and path.stat().st_size > 0

    def require_room(self) -> None:
        """
        Let pass what is about to write, where the disk has room for it.

        Raises:
            ServiceDown: ``disk-low``.
        """
        if self.path is not None and (lack := file.lack_of_room(self.path)) is not None:
            raise lack

    def verify(self) -> list[Problem]:
        """Everything that is wrong with the file or with its rows; empty where the state is sound."""
        from connector.state import verify  # noqa: PLC0415 - seldom needed

        return ([] if self.path is None else verify.problems_of_file(self.path)) or verify.problems_of_rows(self)

    def _make(self) -> None:
        from connector.state.migrate import upgrade  # noqa: PLC0415 - Alembic is slow to load and seldom needed

        try:
            with self.write() as t:
                upgrade(t)
        except BaseException:
            self.close()
            raise


def schema_of(path: Path) -> str | None:
    """
    The schema of the state at ``path``; None where the file is empty.

    Raises:
        StateInvalid: ``state-damaged``: it is no database, or one of something else.
    """
    with faults(str(path)), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return None
        row = (
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            if "alembic_version" in tables
            else None
        )
    if row is None or "document" not in tables:
        raise damaged(f"{path} is a database of something else")
    return str(row[0])


def refuse_newer(path: Path, schema: str) -> None:
    """
    Let pass a schema that this version knows.

    Raises:
        StateInvalid: ``state-newer``.
    """
    from connector.state.migrate import known_revisions  # noqa: PLC0415 - see above

    if schema not in known_revisions():
        raise StateInvalid(
            f"{path} was written by a newer version (schema {schema}, this version knows {SCHEMA})",
            code="state-newer",
            remedy="Install the newer version again, or go back to the copy made before the upgrade.",
        )


def upgrade_older(path: Path, schema: str, *, patience: float) -> Path:
    """
    Upgrade a state of another schema after a copy of it was put beside it; the copy.

    Raises:
        StateInvalid: ``state-newer``.
        LockHeld, ServiceDown: As ``migrate.upgrade_alone`` does.
    """
    from connector.state.migrate import upgrade_alone  # noqa: PLC0415 - see above

    refuse_newer(path, schema)
    return upgrade_alone(path, patience=patience)
