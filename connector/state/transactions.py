"""Transactions on the state's database: how a connection is set up, begun and ended, and what its failures mean."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy
from sqlalchemy import (
    BindParameter,
    Connection,
    Date,
    Dialect,
    Engine,
    Insert,
    StaticPool,
    Update,
    and_,
    bindparam,
    create_engine,
    delete,
    event,
    insert,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session
from sqlmodel.sql.expression import SelectOfScalar

from connector.errors import ConnectorError, OurFault, ServiceDown, StateInvalid
from connector.state.columns import Utc
from connector.state.tables import METADATA, Table

__all__ = [
    "CHUNK",
    "Transactions",
    "chunks",
    "core",
    "damaged",
    "engine",
    "faults",
    "in_bulk",
    "new_id",
    "open_here",
    "values_of",
]

CHUNK: Final = 500  # rows or keys a statement: well under every database's limit of parameters

_LOCKED: Final = "Run again; if it stays so, look for a backup or another tool that has the file open."
_DAMAGED: Final = (
    "Put a backup in its place, or move it away, and away with its -wal and -shm, where they stand beside it: "
    "the next sync then reads QuickBooks before it writes anything."
)
_UNREACHABLE: Final = "Give the user who runs this the right to write the file and its folder."

# Where a value has no adapter, the driver raises and drops two errors for it; of a bill's columns forty are empty.
sqlite3.register_adapter(type(None), lambda nothing: nothing)

Row = TypeVar("Row", bound=Table)
Item = TypeVar("Item")


def chunks(items: Sequence[Item], size: int = CHUNK) -> Iterator[Sequence[Item]]:
    """``items`` in pieces of at most ``size``."""
    return (items[at : at + size] for at in range(0, len(items), size))


def core(model: type[Table]) -> sqlalchemy.Table:
    """The table behind ``model``, for statements in bulk."""
    return METADATA.tables[str(model.__tablename__)]


def values_of(row: Table) -> dict[str, Any]:
    """``row`` by column, for statements in bulk."""
    return {column.name: getattr(row, column.name) for column in core(type(row)).columns}


def in_bulk(t: Connection, statement: Insert | Update, rows: Sequence[dict[str, Any]]) -> int:
    """
    Execute one statement for many rows that give the same columns; how many rows of the table it touched.

    What SQLAlchemy does for each execution is done once for each statement: it must be one that is kept.
    """
    prepared = _prepared(statement, tuple(rows[0]), t.dialect)
    if prepared is None:
        return t.execute(statement, rows).rowcount
    # Straight to the driver: what SQLAlchemy would do around it costs as much as a dozen rows.
    cursor = t.connection.cursor()
    cursor.executemany(prepared[0], [_values(prepared, row) for row in rows])
    return int(cursor.rowcount)


def _values(prepared: "_Prepared", row: dict[str, Any]) -> tuple[Any, ...]:
    _, take, binds, constants = prepared
    told = list(take(row))
    for at, bind in binds:
        if (value := told[at]) is not None:
            told[at] = bind(value)
    return (*told, *constants)


_Prepared = tuple[str, Callable[[dict[str, Any]], tuple[Any, ...]], list[tuple[int, Any]], tuple[Any, ...]]


@lru_cache(maxsize=256)
def _prepared(statement: Insert | Update, names: tuple[str, ...], dialect: Dialect) -> _Prepared | None:
    """The text, what takes the parameters out of a row, what makes the driver's values of them, and constants."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    order = compiled.positiontup or []
    given = [name for name in order if name in names]
    if len(given) < 2 or order[: len(given)] != given:  # constants stand in the condition, behind all columns
        return None
    made = compiled._bind_processors  # noqa: SLF001 - SQLAlchemy's own execution takes them from there
    binds = [(at, _bind(compiled.binds[name], made[name])) for at, name in enumerate(given) if made.get(name)]
    return str(compiled), itemgetter(*given), binds, tuple(compiled.params[name] for name in order[len(given) :])


def _bind(parameter: BindParameter[Any], bind: Any) -> Any:
    """The same times and days stand in many rows: each is written out once."""
    return lru_cache(maxsize=64)(bind) if isinstance(parameter.type, Date | Utc) else bind


def new_id(t: Connection, table: sqlalchemy.Table, values: dict[str, Any]) -> int:
    """Insert one row into a table that numbers its rows; its number."""
    prepared = _prepared(_insert(table), tuple(values), t.dialect)
    if prepared is not None:
        return int(t.connection.cursor().execute(prepared[0], _values(prepared, values)).lastrowid)
    key = t.execute(_insert(table), values).inserted_primary_key
    if key is None:
        raise OurFault(f"{table.name} gave no number", code="state-number", remedy="Report this.")
    return int(key[0])


@cache
def _insert(table: sqlalchemy.Table) -> Insert:
    return insert(table)


def engine(path: Path | None, *, writes: bool, patience: float, alone: bool = False) -> Engine:
    """
    An engine whose every transaction is what it says.

    The driver's own handling leaves reads outside of transactions and lets a read that turns into a write fail at
    once; so it is switched off, a writer begins IMMEDIATE and a reader cannot write. FULL, because an intent must
    outlast the power.

    Args:
        path: The file; None for one in memory.
        writes: Whether transactions take the write lock.
        patience: Seconds to wait for another process's write.
        alone: Keep every other process out, also from reading, until the engine is disposed of.
    """
    made = create_engine(
        "sqlite://" if path is None else f"sqlite:///{path.as_posix()}",
        hide_parameters=True,
        connect_args={"timeout": patience, "check_same_thread": False},
        **({"poolclass": StaticPool} if path is None else {"pool_timeout": patience}),
        **({"pool_size": 1, "max_overflow": 0} if path is not None and writes else {}),
    )

    def connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")

    def begin(connection: Connection) -> None:
        connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(made, "connect", connect)
    event.listen(made, "begin", begin)
    return made


def damaged(what: str) -> StateInvalid:
    return StateInvalid(what, code="state-damaged", remedy=_DAMAGED)


# What SQLite's error is, by the beginning of its name: our class, code, words and remedy.
_FAULTS: Final[tuple[tuple[str, type[ConnectorError], str, str, str], ...]] = (
    ("SQLITE_FULL", ServiceDown, "state-disk-full", "the disk of {0} is full", "Free some space and run again."),
    ("SQLITE_BUSY", ServiceDown, "state-locked", "another process kept {0} locked too long", _LOCKED),
    ("SQLITE_LOCKED", ServiceDown, "state-locked", "another process kept {0} locked too long", _LOCKED),
    ("SQLITE_IOERR", ServiceDown, "state-disk", "{0} cannot be read or written: {1}", "See to the disk and run again."),
    ("SQLITE_CORRUPT", StateInvalid, "state-damaged", "{0} is damaged: {1}", _DAMAGED),
    ("SQLITE_NOTADB", StateInvalid, "state-damaged", "{0} is damaged: {1}", _DAMAGED),
    ("SQLITE_CANTOPEN", StateInvalid, "state-unreachable", "{0} cannot be opened for writing: {1}", _UNREACHABLE),
    ("SQLITE_READONLY", StateInvalid, "state-unreachable", "{0} cannot be opened for writing: {1}", _UNREACHABLE),
    ("SQLITE_PERM", StateInvalid, "state-unreachable", "{0} cannot be opened for writing: {1}", _UNREACHABLE),
    (
        "SQLITE_CONSTRAINT",
        OurFault,
        "state-constraint",
        "a row was to be written that {0} may not hold: {1}",
        "Report this; nothing was written.",
    ),
)


def _translated(error: sqlite3.Error, where: str) -> ConnectorError | None:
    name = getattr(error, "sqlite_errorname", "")
    for beginning, kind, code, what, remedy in _FAULTS:
        if name.startswith(beginning):
            return kind(what.format(where, error), code=code, remedy=remedy)
    return None


def _translated_first(error: BaseException | None, where: str) -> ConnectorError | None:
    """The nearest of an error and of those that it came up from that means something to whoever runs this."""
    while error is not None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error) and (ours := _translated(cause, where)):
            return ours
        error = error.__context__
    return None


@contextmanager
def faults(where: str) -> Iterator[None]:
    """Turn the database's failures into ours; one that is nobody's but ours goes on as it is."""
    try:
        yield
    except PoolTimeout as error:
        raise ServiceDown(
            f"another thread kept {where} locked too long", code="state-locked", remedy="Run again."
        ) from error
    except (DBAPIError, sqlite3.Error) as error:
        # A full disk ends the whole transaction; that the savepoint is gone then is told after it, and in its place.
        if ours := _translated_first(error, where):
            raise ours from error
        raise


_opened: Final[Counter[tuple[int, int]]] = Counter()
"""The files that this process has open as a state, by device and inode, and how often."""


def _inode(path: Path | None) -> tuple[int, int] | None:
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def open_here(path: Path) -> bool:
    """
    Whether this process has the state at ``path`` open: then only SQLite may open its file.

    Closing any other descriptor of it would give up every lock that SQLite has on it in this process, as POSIX wants
    it; another process would then take itself for the last one, and the -wal away.
    """
    return _opened[_inode(path) or (0, 0)] > 0


class Transactions:
    """
    The state's two engines.

    A transaction begun inside another of the same thread joins it: what it reads it sees, and all of it is committed
    together or not at all.
    """

    def __init__(self, path: Path | None, *, patience: float) -> None:
        self.path = path
        self._where = "the state" if path is None else str(path)
        self._writer = engine(path, writes=True, patience=patience)
        self._reader = self._writer if path is None else engine(path, writes=False, patience=patience)
        # In memory there is one connection, so one transaction at a time.
        self._gate: Callable[[], AbstractContextManager[object]] = nullcontext
        if path is None:
            gate = threading.RLock()
            self._gate = lambda: gate
        self._current = threading.local()
        self._inode = _inode(path)
        if self._inode is not None:
            _opened[self._inode] += 1

    def close(self) -> None:
        """Give back every connection; the state is not to be used afterwards."""
        if self._inode is not None:
            _opened[self._inode] -= 1
            self._inode = None
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """
        One transaction that holds the write lock: committed at the end, rolled back if anything is raised.

        Raises:
            OurFault: ``state-constraint``: a second row for a key, or one QuickBooks id for two documents.
            ServiceDown: ``state-disk-full``, ``state-locked`` or ``state-disk``.
            StateInvalid: The file turns out damaged or read-only.
        """
        if (current := self._transaction) is not None:
            if not self._writing:
                raise OurFault("a write began inside a read", code="write-in-read", remedy="Report this.")
            # A savepoint, so that who catches what is raised in here commits no half of it.
            with faults(self._where), current.begin_nested():
                yield current
            return
        with self._begun(self._writer, writing=True) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot: everything read inside it stands as it was at its first read."""
        if (current := self._transaction) is not None:
            yield current
            return
        with self._begun(self._reader, writing=False) as connection:
            yield connection

    @contextmanager
    def _begun(self, chosen: Engine, *, writing: bool) -> Iterator[Connection]:
        with self._gate(), faults(self._where), chosen.begin() as connection:
            self._current.transaction, self._current.writing = connection, writing
            try:
                yield connection
            finally:
                self._current.transaction = None

    @property
    def _transaction(self) -> Connection | None:
        return getattr(self._current, "transaction", None)

    @property
    def _writing(self) -> bool:
        return bool(self._current.writing)

    def _committed_alone(self) -> None:
        """Refuse to go on inside a transaction: what follows must be durable when it returns."""
        if self._transaction is not None:
            raise OurFault(
                "a request was to be sent inside a transaction", code="send-in-transaction", remedy="Report this."
            )

    def _rows(self, query: SelectOfScalar[Row], **parameters: object) -> list[Row]:
        with self.read() as t, Session(t) as session:
            return list(session.exec(query, params=parameters).all())

    def _replace(self, model: type[Table], rows: Sequence[Table]) -> None:
        """Put ``rows`` in the place of those with the same primary keys. For tables that nothing refers to."""
        self._put(model, [values_of(row) for row in rows])

    def _put(self, model: type[Table], values: Sequence[dict[str, Any]]) -> None:
        """The same for plain values, each with the same columns."""
        if not values:
            return
        table = core(model)
        same = and_(*(column == bindparam(f"key_{column.name}") for column in table.primary_key))
        keys = [{f"key_{column.name}": value[column.name] for column in table.primary_key} for value in values]
        with self.write() as t:
            t.execute(delete(table).where(same), keys)
            in_bulk(t, _insert(table), values)
