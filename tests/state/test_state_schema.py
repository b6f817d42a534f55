import datetime
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from decimal import Decimal

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from made import COMPANY, document, saved
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from connector.errors import ServiceDown, SettingsInvalid, StateInvalid, WrongUse
from connector.state import file, migrate, store
from connector.state.clock import utc_now
from connector.state.store import SCHEMA, State
from connector.state.tables import METADATA, BookRow, CompanyRow

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("document") as table:
        table.add_column(sa.Column("colour", sa.String(), nullable=True))
        table.alter_column("marker", nullable=True)
"""


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """The migrations of a release to come, in place of ours."""
    folder = tmp_path / "to come"
    shutil.copytree(migrate._FOLDER, folder)
    (folder / "versions" / "v0005.py").write_text(NEXT)
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    monkeypatch.setattr(store, "SCHEMA", "0005")
    return str(folder)


def test_the_migrations_make_what_the_models_say(state):
    with state.read() as t:
        context = MigrationContext.configure(t, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_the_newest_migration_is_the_schema_that_the_store_names():
    assert migrate.known_revisions()[0] == SCHEMA


def test_every_constraint_and_index_has_a_name(state):
    inspector = sqlalchemy.inspect(state._reader)
    for table in METADATA.tables:
        found = [inspector.get_pk_constraint(table), *inspector.get_unique_constraints(table)]
        found += [*inspector.get_foreign_keys(table), *inspector.get_indexes(table)]
        assert all(one["name"] for one in found), table


def test_the_tables_can_be_made_in_postgresql():
    for table in METADATA.sorted_tables:
        str(CreateTable(table).compile(dialect=postgresql.dialect()))
        for index in table.indexes:
            str(CreateIndex(index).compile(dialect=postgresql.dialect()))


def test_connections_are_set_up_as_the_protocol_needs_it(state):
    for begun in (state.read, state.write):
        with begun() as t:
            asked = "journal_mode", "synchronous", "foreign_keys"
            assert [t.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked] == ["wal", 2, 1]


def test_a_reader_cannot_write(state):
    with pytest.raises(StateInvalid), state.read() as t:
        t.exec_driver_sql("DELETE FROM document")


def test_the_file_is_its_owners_alone(state):
    assert stat.S_IMODE(state.path.stat().st_mode) == 0o600


def test_a_copy_is_put_beside_a_filled_state_before_it_is_upgraded(url, tmp_path, monkeypatch, request):
    opened = State.open(url)
    saved(opened, 1)
    opened.close()
    request.getfixturevalue("next_version")
    State.open(url).close()
    [copy] = tmp_path.glob("state.db.before-*")
    assert copy.name.startswith("state.db.before-0005-")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(SCHEMA,)]
        assert connection.execute("SELECT count(*) FROM document").fetchall() == [(1,)]
    connection.close()


def test_opening_again_makes_no_copy(url, tmp_path):
    State.open(url).close()
    State.open(url).close()
    assert not list(tmp_path.glob("*before*"))


def refused(url, **how):
    with pytest.raises(StateInvalid) as fault:
        State.open(url, **how)
    assert fault.value.exit_code == 3
    return fault.value.code


def test_a_newer_state_is_refused_and_left_alone(url, tmp_path):
    State.open(url).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = (tmp_path / "state.db").read_bytes()
    assert refused(url) == "state-newer"
    assert (tmp_path / "state.db").read_bytes() == before
    assert not list(tmp_path.glob("*before*"))


def test_a_damaged_state_is_refused(url, tmp_path):
    opened = State.open(url)
    opened.save_documents(COMPANY, "run", [document(number) for number in range(500)])
    opened.close()
    path = tmp_path / "state.db"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + os.urandom(len(whole) // 4) + whole[len(whole) * 3 // 4 :])
    assert refused(url) == "state-damaged"


def test_a_state_that_is_cut_off_is_refused(url, tmp_path):
    State.open(url).close()
    path = tmp_path / "state.db"
    path.write_bytes(path.read_bytes()[:-8192])
    assert refused(url) == "state-damaged"


def left_by_a_kill(url):
    """A state whose last writes stand in its -wal, because its process was killed."""
    pid = os.fork()
    if pid == 0:
        dying = State.open(url)
        dying.save_company_facts(CompanyRow(company=COMPANY, newest_book_created=utc_now(), sources_read=["cake x"]))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


def test_a_file_that_was_put_beside_the_last_writes_of_another_has_the_books_read_again(url, tmp_path):
    State.open(url).close()
    left_by_a_kill(url)
    killed = State.open(url)
    assert killed.company_facts(COMPANY).newest_book_created is not None
    killed.close()
    left_by_a_kill(url)
    path = tmp_path / "state.db"
    path.write_bytes(path.read_bytes())  # the same bytes, but how is one to know?

    mixed = State.open(url)

    assert mixed.company_facts(COMPANY).newest_book_created is None
    assert mixed.company_facts(COMPANY).sources_read == []
    mixed.close()


def test_a_copy_beside_the_last_writes_of_another_is_refused_and_neither_is_touched(url, tmp_path):
    State.open(url).close()
    file.backup(tmp_path / "state.db", tmp_path / "copy.db")
    left_by_a_kill(url)
    shutil.copy(tmp_path / "copy.db", tmp_path / "state.db")
    before = [(tmp_path / name).read_bytes() for name in ("state.db", "state.db-wal")]

    assert refused(url) == "state-wal"

    assert [(tmp_path / name).read_bytes() for name in ("state.db", "state.db-wal")] == before
    for name in ("state.db-wal", "state.db-shm"):
        (tmp_path / name).unlink()
    State.open(url).close()


def test_a_file_that_appears_while_the_copy_is_made_is_not_written_over(url, tmp_path, monkeypatch):
    State.open(url).close()
    target, durable = tmp_path / "copy.db", file._durable
    monkeypatch.setattr(file, "_durable", lambda path: (target.write_text("mine"), durable(path)))

    with pytest.raises(WrongUse) as fault:
        file.backup(tmp_path / "state.db", target)

    assert (fault.value.code, target.read_text()) == ("backup-exists", "mine")
    assert not list(tmp_path.glob("*.part"))


def test_what_is_no_sqlite_file_is_refused_and_left_alone(url, tmp_path):
    (tmp_path / "state.db").write_text("a letter to the bank")
    assert refused(url) == "state-damaged"
    assert (tmp_path / "state.db").read_text() == "a letter to the bank"


def test_a_database_of_something_else_is_refused_and_left_alone(url, tmp_path):
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("CREATE TABLE moz_places (id INTEGER)")
    connection.close()
    assert refused(url) == "state-damaged"


def test_an_empty_file_is_a_new_state(url, tmp_path):
    (tmp_path / "state.db").touch()
    assert not State.exists(url)
    State.open(url).close()
    assert State.exists(url)


def test_a_missing_state_is_not_made_unless_wanted(url, tmp_path):
    assert refused(url, create=False) == "state-missing"
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_and_a_folder_are_refused(tmp_path):
    assert refused(f"sqlite:///{tmp_path}/none/state.db") == "state-unreachable"
    assert refused(f"sqlite:///{tmp_path}") == "state-unreachable"


@pytest.mark.parametrize("url", ["", "state.db", "sqlite://", "sqlite:///:memory:", "postgresql://u:secret@h/db"])
def test_a_url_that_names_no_sqlite_file_is_a_fault_of_the_settings(url):
    with pytest.raises(SettingsInvalid) as fault:
        State.open(url)
    assert fault.value.code == "state-url"
    assert "secret" not in fault.value.what


MOUNTS = """22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 22 0:40 / {point} rw,relatime shared:2 - {kind} server:/share rw
"""


@pytest.mark.parametrize("kind", ["nfs4", "nfs", "cifs", "smb3", "fuse.sshfs"])
def test_a_network_drive_is_refused(url, tmp_path, monkeypatch, kind):
    mounts = MOUNTS.format(point=tmp_path, kind=kind)
    assert file.file_system(tmp_path / "below", mounts) == kind
    assert file.file_system(tmp_path.parent, mounts) == "ext4"
    monkeypatch.setattr(file, "file_system", lambda _: kind)
    assert refused(url) == "state-network-drive"
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said_and_what_was_committed_stays(url, state):
    saved(state, 1)
    with state.write() as t:
        pages = t.exec_driver_sql("PRAGMA page_count").scalar()
        t.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ServiceDown) as fault:
        state.save_documents(COMPANY, "run", [document(number) for number in range(2, 3000)])
    assert (fault.value.code, fault.value.exit_code) == ("state-disk-full", 5)
    assert state.counts_by_state(COMPANY) == {"ready": 1}
    assert state.verify() == []


def test_a_state_that_stays_locked_is_said(url):
    opened = State.open(url, patience=0.1)
    other = sqlite3.connect(opened.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ServiceDown) as fault:
        opened.start_run(COMPANY, "sync", "me", [])
    assert (fault.value.code, fault.value.exit_code) == ("state-locked", 5)
    other.execute("ROLLBACK")
    opened.start_run(COMPANY, "sync", "me", [])
    other.close()
    opened.close()


def test_parameters_stand_in_no_error(state):
    twice = sqlalchemy.text("INSERT INTO reference_read SELECT :secret, 'a', 'b' FROM (SELECT 1 UNION SELECT 2)")
    with state.write() as t, pytest.raises(sqlalchemy.exc.IntegrityError) as fault:
        t.execute(twice, {"secret": "canary"})
    assert "canary" not in str(fault.value)


def test_times_without_a_zone_and_floats_are_refused(state):
    naive = BookRow(
        company=COMPANY,
        entity="Bill",
        qbo_id="1",
        total=Decimal(1),
        date=datetime.date(2026, 1, 1),
        created=datetime.datetime(2026, 1, 1),  # noqa: DTZ001
    )
    with pytest.raises(ValueError, match="needs its zone"):
        state.save_books(COMPANY, [naive])
    with pytest.raises(TypeError, match="needs a Decimal"):
        state.save_documents(COMPANY, "run", [document(1, amount=4825.5)])


def test_an_empty_state_knows_nothing_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = State.empty()
    assert opened.path is None
    assert opened.runs(10) == []
    assert opened.documents(COMPANY, "cake", ["1"]) == {}
    saved(opened, 1)
    assert opened.counts_by_state(COMPANY) == {"ready": 1}
    opened.close()
    assert not list(tmp_path.iterdir())


def test_opening_a_state_of_today_loads_no_alembic(url):
    State.open(url).close()
    code = (
        "import sys; from connector.state.store import State; State.open(sys.argv[1]); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, url], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
