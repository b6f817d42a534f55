"""A state of every earlier release becomes one of today: whole, alone, and after a copy, whenever it is killed."""

import gzip
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from connector.document import Key, marker
from connector.errors import LockHeld, ServiceDown, StateInvalid
from connector.state import migrate, store
from connector.state.store import SCHEMA, State, schema_of
from connector.state.tables import METADATA

RELEASES = Path(__file__).parent / "releases"

# What the run that filled the kept state had no occasion to write.
MORE = """
INSERT INTO book (company, entity, qbo_id, number, total, tax, date, created)
    SELECT company, 'Bill', '9' || id, number, '1.10', '0.10', '2026-01-31', created FROM document;
INSERT INTO sign_in VALUES ('4620816365000000000', 'sandbox', 'secret', '2026-01-31 00:00:00.000000');
INSERT INTO request (id, company, request_id, operation, generation, revision, created, run)
    SELECT 100 + id, company, 'again-' || id, 'create', 1, '0', created, 'run' FROM document
    WHERE id IN (SELECT document FROM request_item);
INSERT INTO request_item SELECT 100 + document, '', document, number, 1, body, sha256, outcome FROM request_item
    WHERE document IS NOT NULL;
INSERT INTO attempt (request, n, sent_at, boot_id, boot_seconds, items)
    SELECT id, 1, created, 'boot', 1.5, '[""]' FROM request WHERE id > 100;
"""
# The same some thousand times over, under other ids.
MANY = """
INSERT INTO document (company, source, invoice, kind, state, number, marker, generation, revision, adopted, rounds,
        created, updated)
    WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 20000)
    SELECT company, source, 'x' || n, kind, 'held', 'X-' || n, mark(company, source, 'x' || n, kind), 0, '0', 0, 0,
        created, updated
    FROM up, (SELECT * FROM document LIMIT 1);
INSERT INTO invoice (company, source, invoice, date, status, payee, amount, currency, paid, paid_on, void, digest, raw,
        fields, first_seen, last_seen, first_seen_paid, state, code, reason, remedy, cause, vendor, run)
    SELECT invoice.company, invoice.source, document.invoice, invoice.date, status, payee,
        invoice.amount, invoice.currency, paid, paid_on, void, digest, raw, fields, first_seen, last_seen,
        first_seen_paid, invoice.state, invoice.code, invoice.reason, invoice.remedy, cause, invoice.vendor, invoice.run
    FROM document, (SELECT * FROM invoice LIMIT 1) AS invoice WHERE document.invoice LIKE 'x%';
"""


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of release 0001, by the columns that it had then."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}").fetchall()
            for table, columns in COLUMNS.items()
        }


@pytest.fixture(params=["0001", "0002", "0003"])
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def old(tmp_path: Path, release: str) -> Path:
    """A filled state of an earlier release."""
    path = tmp_path / "state.db"
    path.write_bytes(gzip.decompress((RELEASES / f"{release}.db.gz").read_bytes()))
    path.chmod(0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MORE)
    return path


def columns_of(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA table_info({table})"))
            for table in tables
            if table != "alembic_version"
        }


COLUMNS: dict[str, str] = {}


@pytest.fixture(autouse=True)
def columns(tmp_path_factory: pytest.TempPathFactory) -> None:
    if not COLUMNS:
        path = tmp_path_factory.mktemp("release") / "0001.db"
        path.write_bytes(gzip.decompress((RELEASES / "0001.db.gz").read_bytes()))
        COLUMNS.update(columns_of(path))


def opened(path: Path, **how: Any) -> State:
    return State.open(f"sqlite:///{path}", **how)


# What an upgrade keeps.


def test_there_is_a_filled_state_of_every_earlier_release(old: Path) -> None:
    kept = {path.name.removesuffix(".db.gz") for path in RELEASES.glob("*.gz")}

    assert kept == set(migrate.known_revisions()) - {SCHEMA}
    assert all(rows_of(old).values())


def test_every_row_is_there_after_the_upgrade_to_the_value(old: Path) -> None:
    before = rows_of(old)

    opened(old).close()

    assert rows_of(old) == before
    assert schema_of(old) == SCHEMA


def test_an_upgraded_state_has_every_column_index_and_constraint_that_the_models_say(old: Path) -> None:
    modelled = sqlalchemy.create_engine("sqlite://")
    METADATA.create_all(modelled)
    state = opened(old)
    seen, wanted = sqlalchemy.inspect(state._reader), sqlalchemy.inspect(modelled)
    for table in METADATA.tables:
        for asked in ("get_columns", "get_foreign_keys", "get_unique_constraints", "get_indexes"):
            there, meant = (sorted(map(str, getattr(each, asked)(table))) for each in (seen, wanted))
            assert there == meant, (table, asked)
        assert seen.get_pk_constraint(table) == wanted.get_pk_constraint(table)
    assert state.verify() == []
    state.close()
    modelled.dispose()


def test_what_the_old_schema_forbade_the_new_one_forbids(old: Path) -> None:
    opened(old).close()
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for forbidden in (
            "INSERT INTO request_item SELECT * FROM request_item LIMIT 1",
            "INSERT INTO request_item SELECT 99, bid, document, number, 0, body, sha256, outcome FROM request_item",
            "UPDATE request_item SET document = 999999",
            "INSERT INTO invoice SELECT * FROM invoice LIMIT 1",
            "UPDATE request_item SET body = NULL",
            "DELETE FROM request WHERE id IN (SELECT request FROM request_item)",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(forbidden)


def test_the_copy_is_the_state_as_it_was_and_its_owners_alone(old: Path, release: str) -> None:
    before = rows_of(old)

    opened(old).close()

    (copy,) = old.parent.glob("state.db.before-*")
    assert copy.name.startswith(f"state.db.before-{SCHEMA}-")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (schema_of(copy), rows_of(copy)) == (release, before)


# Killed.


def killed_at(n: int, do: Callable[[], object]) -> bool:
    """``do`` in a child that dies when it comes to its n-th statement; whether it lived to the end."""
    pid = os.fork()
    if pid == 0:
        left, connect = [n], sqlite3.dbapi2.connect

        def count(_: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def traced(*arguments: Any, **more: Any) -> sqlite3.Connection:
            connection = connect(*arguments, **more)
            connection.set_trace_callback(count)
            return connection

        sqlite3.connect = sqlite3.dbapi2.connect = traced
        code = 1
        try:
            do()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


def dies_everywhere(old: Path, first: int, step: int) -> int:
    """Kill an upgrade at every ``step``-th of its statements; how many it has."""
    before, pristine, release = rows_of(old), old.with_name("pristine"), schema_of(old)
    shutil.copy(old, pristine)
    n = first
    while True:
        for left in old.parent.glob("state.db*"):
            left.unlink()
        shutil.copy(pristine, old)
        lived = killed_at(n, lambda: opened(old).close())
        whole_after(old, (release, before), f"killed at statement {n}")
        if lived:
            return n
        n += step


def whole_after(old: Path, before: tuple[str | None, dict[str, list[tuple[object, ...]]]], where: str) -> None:
    """Sound, nothing lost, and the upgrade can be made (again); every copy that has its name is whole."""
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)], where
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == [], where
    state = opened(old, create=False)
    try:
        assert state.verify() == [], where
        with state.read() as t:
            tables = set(t.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars())
            assert tables == {*METADATA.tables, "alembic_version"}, where
    finally:
        state.close()
    assert (schema_of(old), rows_of(old)) == (SCHEMA, before[1]), where
    copies = [copy for copy in old.parent.glob("state.db.before-*") if not copy.name.endswith(".part")]
    assert copies, where
    for copy in copies:
        assert (schema_of(copy), rows_of(copy)) == before, where


def test_an_upgrade_killed_at_any_statement_loses_nothing_and_can_be_made_again(old: Path) -> None:
    statements = dies_everywhere(old, 1, 4)

    print(f"killed at every fourth of {statements} statements")
    assert statements > 20


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("more", ["", MANY], ids=["few rows", "many rows"])
def test_an_upgrade_killed_at_every_statement_loses_nothing_and_can_be_made_again(old: Path, more: str) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.create_function("mark", 4, lambda *key: marker(Key(*key)))
        connection.executescript(more)

    print(f"killed at each of {dies_everywhere(old, 1, 1) - 1} statements")


def test_a_first_schema_killed_at_any_statement_can_be_made_again(tmp_path: Path) -> None:
    path, n, lived = tmp_path / "state.db", 1, False
    while not lived:
        for left in tmp_path.glob("state.db*"):
            left.unlink()
        lived = killed_at(n, lambda: opened(path).close())
        state = opened(path)
        assert state.verify() == [], n
        state.close()
        n += 7
    assert n > 50


# In use.

HOLDER = """
import sys, time
from connector.state.store import State
from connector.state import store
store.SCHEMA = sys.argv[3]
state = State.open(sys.argv[1])
state.runs(1)
print("open", flush=True)
time.sleep(float(sys.argv[2]))
state.close()
"""


def holder(path: Path, seconds: float) -> "subprocess.Popen[str]":
    """A process of the older version that has the state open, and does nothing with it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, f"sqlite:///{path}", str(seconds), schema_of(path) or ""],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_a_state_that_another_process_has_open_is_not_upgraded_under_its_feet(old: Path, release: str) -> None:
    with holder(old, 60) as idle:
        with pytest.raises(LockHeld) as fault:
            opened(old, patience=0.3)
        assert (fault.value.code, fault.value.exit_code) == ("state-in-use", 7)
        assert schema_of(old) == release
        assert not list(old.parent.glob("state.db.before-*"))
        idle.kill()

    opened(old).close()  # a killed one holds nothing
    assert schema_of(old) == SCHEMA


def test_one_that_is_soon_done_is_waited_for(old: Path) -> None:
    with holder(old, 1):
        opened(old, patience=10).close()

    assert schema_of(old) == SCHEMA


def test_two_that_come_at_once_upgrade_once(old: Path) -> None:
    before = rows_of(old)
    code = "import sys; from connector.state.store import State; State.open(sys.argv[1]).close()"
    both = [subprocess.Popen([sys.executable, "-c", code, f"sqlite:///{old}"]) for _ in range(2)]

    assert [process.wait(60) for process in both] == [0, 0]
    assert (schema_of(old), rows_of(old)) == (SCHEMA, before)


def test_a_full_disk_leaves_the_state_as_it_was(old: Path, release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = migrate.engine

    def small(*arguments: Any, **more: Any) -> sqlalchemy.Engine:
        engine = made(*arguments, **more)
        sqlalchemy.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 80"))
        return engine

    before = rows_of(old)
    with monkeypatch.context() as full:
        full.setattr(migrate, "engine", small)
        with pytest.raises(ServiceDown) as fault:
            opened(old)
    assert (fault.value.code, fault.value.exit_code) == ("state-disk-full", 5)
    assert (schema_of(old), rows_of(old)) == (release, before)
    opened(old).close()


def test_the_older_version_refuses_what_was_upgraded(old: Path, release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(old).close()
    monkeypatch.setattr(store, "SCHEMA", release)
    monkeypatch.setattr(migrate, "known_revisions", lambda: [release])

    with pytest.raises(StateInvalid) as fault:
        opened(old)
    assert (fault.value.code, fault.value.exit_code) == ("state-newer", 3)
