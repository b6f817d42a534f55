"""State: the connector's whole memory in one file. Open it here; everything it knows is a method of it."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from connector.errors import StateInvalid
from connector.state import file
from connector.state.clock import utc_now
from connector.state.documents import Documents
from connector.state.invoices import Invoices, SeenInvoice
from connector.state.references import References
from connector.state.requests import Conclusion, Ended, IntendedItem
from connector.state.runs import Runs
from connector.state.sendings import StoredRequest
from connector.state.transactions import damaged, faults
from connector.state.vendors import Vendors

__all__ = ["SCHEMA", "Conclusion", "Ended", "IntendedItem", "SeenInvoice", "State", "StoredRequest"]

SCHEMA: Final = "0002"  # the newest migration, kept here too so that opening a state of today loads no Alembic

_PATIENCE: Final = 15.0


class State(Runs, Invoices, Documents, Vendors, References):
    """
    The state of all companies that share a file.

    Rows that it gives are detached: plain records, safe to keep and to change; nothing is written until they are saved.
    Safe for several threads and several processes.
    """

    @classmethod
    def open(cls, url: str, *, create: bool = True, patience: float = _PATIENCE) -> "State":
        """
        Open the state at ``url``, bringing an older one up to date after a copy of it was put beside it.

        Args:
            url: ``sqlite:///`` and a path; relative ones are the working directory's.
            create: Make it where there is none.
            patience: Seconds to wait for another process's write.

        Raises:
            SettingsInvalid: ``state-url``.
            StateInvalid: ``state-missing``, ``state-newer``, ``state-damaged``, ``state-network-drive`` or
                ``state-unreachable``.
            ServiceDown: ``state-disk-full``, ``state-locked`` or ``state-disk``.
        """
        path = file.path_of(url)
        file.refuse_unsound(path)
        if not path.exists() and not create:
            raise StateInvalid(
                f"there is no state at {path}", code="state-missing", remedy="Run a sync, or correct [state] url."
            )
        file.create(path)
        if found := file.faults_at_start(path):
            raise damaged(f"{path} is damaged: {found[0]}")
        schema = _schema(path)
        if schema is not None and schema != SCHEMA:
            _refuse_newer(path, schema)
            file.backup(path, path.with_name(f"{path.name}.before-{SCHEMA}-{utc_now():%Y%m%dT%H%M%S%f}Z"))
        state = cls(path, patience=patience)
        if schema != SCHEMA:
            state._upgrade()
        return state

    @classmethod
    def empty(cls) -> "State":
        """A state in memory that knows nothing: for a plan where there is none. One transaction at a time."""
        state = cls(None, patience=_PATIENCE)
        state._upgrade()
        return state

    @staticmethod
    def exists(url: str) -> bool:
        """Whether there is a state at ``url``, sound or not."""
        path = file.path_of(url)
        return path.is_file() and path.stat().st_size > 0

    def backup(self, target: Path) -> None:
        """Copy the state to ``target``, a new file, while others may write."""
        if self.path is not None:
            file.backup(self.path, target)

    def verify(self) -> list[str]:
        """Everything SQLite finds wrong with the file; empty where it is sound."""
        return [] if self.path is None else file.faults_in(self.path, thorough=True)

    def _upgrade(self) -> None:
        from connector.state.migrate import upgrade  # noqa: PLC0415 - Alembic is slow to load and seldom needed

        try:
            with self.write() as t:
                upgrade(t)
        except BaseException:
            self.close()
            raise


def _schema(path: Path) -> str | None:
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


def _refuse_newer(path: Path, schema: str) -> None:
    from connector.state.migrate import known_revisions  # noqa: PLC0415 - see above

    if schema not in known_revisions():
        raise StateInvalid(
            f"{path} was written by a newer version (schema {schema}, this version knows {SCHEMA})",
            code="state-newer",
            remedy="Install the newer version again, or go back to the copy made before the upgrade.",
        )
