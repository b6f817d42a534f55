"""connector state backup, verify and upgrade, as people run them on a real state."""

import contextlib
import gzip
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from command_line import ROOT, Run, environment

from connector.cli import application
from connector.state.lock import CompanyLock
from connector.state.store import SCHEMA, State

RELEASE = ROOT / "tests" / "state" / "releases" / "0001.db.gz"


@pytest.fixture
def folder(company: Path) -> Path:
    """Settings, and the state of a finished run."""
    path = company / "state.db"
    shutil.copy(ROOT / "state.db.example", path)
    path.chmod(0o600)
    state = State.open(f"sqlite:///{path}")
    state.runs(1)  # as a run leaves it: with a -wal in use
    state.close()
    return company


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process: dozens of processes would take minutes."""
    for name in ("CONNECTOR_CONFIG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def running(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        capsys.readouterr()
        with contextlib.chdir(cwd):
            code = application.run(list(arguments))
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return running


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "state.db")) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount
        connection.commit()


def rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


# Backup.


def test_a_backup_is_a_whole_state_that_its_owner_alone_can_read(run: Run, folder: Path) -> None:
    ran = run("state", "backup", "copy.db", cwd=folder)

    copy = folder / "copy.db"
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "was copied to copy.db" in ran.stdout
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert rows(copy) == rows(folder / "state.db")
    state = State.open(f"sqlite:///{copy}", create=False)
    assert state.verify() == []
    state.close()


def test_a_backup_as_json(run: Run, folder: Path) -> None:
    document = json.loads(run("state", "backup", "copy.db", "--json", cwd=folder).stdout)

    assert document == {
        "schema": "connector/state-backup/1",
        "state": str(folder / "state.db"),
        "state_schema": SCHEMA,
        "copy": {"path": str(folder / "copy.db"), "bytes": (folder / "copy.db").stat().st_size},
        "problems": [],
    }


@pytest.mark.parametrize("target", ["there.db", "state.db", "no-such-folder/copy.db", "mappings"])
def test_a_backup_writes_over_nothing(run: Run, folder: Path, target: str) -> None:
    (folder / "there.db").write_text("a letter to the bank")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    ran = run("state", "backup", target, cwd=folder)

    assert ran.returncode == 2
    assert ran.stderr.startswith(("error[backup-exists]: ", "error[file-not-writable]: "))
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


WRITER = """
import sys
from connector.document import Key, marker
from connector.state.store import State
from connector.state.tables import DocumentRow
state, n = State.open(sys.argv[1]), 0
while True:
    n += 1
    keys = [Key("4620816365001", "cake", f"w{n}", kind) for kind in ("bill", "credit")]
    told = dict(company="4620816365001", source="cake", invoice=f"w{n}", state="held")
    state.save_documents("4620816365001", "run", [DocumentRow(kind=k.kind, marker=marker(k), **told) for k in keys])
    if n == 20:
        print("writing", flush=True)
"""


def test_a_backup_is_consistent_while_another_process_writes(run: Run, folder: Path) -> None:
    url = f"sqlite:///{folder / 'state.db'}"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url], env=environment(), stdout=subprocess.PIPE, text=True
    ) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "writing\n"
            assert [run("state", "backup", f"copy-{n}.db", cwd=folder).returncode for n in range(4)] == [0] * 4
            assert run("state", "verify", cwd=folder).returncode == 0
            assert writer.poll() is None
        finally:
            writer.kill()

    held = []
    for n in range(4):
        with closing(sqlite3.connect(folder / f"copy-{n}.db")) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            by_kind = "SELECT count(*) FROM document WHERE invoice LIKE 'w%' GROUP BY kind"
            bills, credits_ = (row[0] for row in copy.execute(by_kind))
            assert bills == credits_  # both of a transaction or neither
            held.append(bills)
    assert held == sorted(set(held))


def test_a_backup_works_while_a_run_holds_the_company(run: Run, folder: Path) -> None:
    with CompanyLock(folder, "4620816365000000000", "serve"):
        assert run("state", "backup", "copy.db", cwd=folder).returncode == 0


def test_a_backup_of_an_older_state_upgrades_nothing(run: Run, folder: Path) -> None:
    (folder / "state.db").write_bytes(gzip.decompress(RELEASE.read_bytes()))

    document = json.loads(run("state", "backup", "copy.db", "--json", cwd=folder).stdout)

    assert document["state_schema"] == "0001"
    for path in (folder / "state.db", folder / "copy.db"):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of one megabyte below the folder."""
    disk = folder / "small"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_backup_that_finds_the_disk_full_leaves_nothing(run: Run, folder: Path, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(900_000))

    ran = run("state", "backup", "small/copy.db", "--json", cwd=folder)

    assert ran.returncode == 5
    document = json.loads(ran.stdout)
    assert document["schema"] == "connector/state-backup/1"
    assert document["problems"][0]["code"] == "state-disk-full"
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
    assert run("state", "verify", cwd=folder).returncode == 0


def test_a_run_is_not_begun_on_a_disk_that_is_nearly_full(folder: Path, small_disk: Path) -> None:
    shutil.move(folder / "state.db", small_disk)
    state = State.open(f"sqlite:///{small_disk / 'state.db'}")
    with pytest.raises(Exception, match="MB left") as fault:
        state.require_room()
    state.close()
    assert (fault.value.code, fault.value.exit_code) == ("disk-low", 5)


# Verify.


def test_a_sound_state_is_said_to_be_sound(run: Run, folder: Path) -> None:
    before = (folder / "state.db").read_bytes()

    ran = run("state", "verify", cwd=folder)
    document = json.loads(run("state", "verify", "--json", cwd=folder).stdout)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[0] == f"{folder / 'state.db'} is sound."
    assert document["schema"] == "connector/state-verify/1"
    assert document["state_schema"] == SCHEMA
    assert document["rows"]["documents"] == rows(folder / "state.db")["document"]
    assert document["files"] == [{"path": str(folder / "state.db"), "mode": "0600"}]
    assert document["free_bytes"] > 0
    assert document["warnings"] == document["problems"] == []
    assert (folder / "state.db").read_bytes() == before


SENDING = "UPDATE document SET state = 'sending' WHERE id = 1"
BREACHES = {
    "UPDATE document SET state = 'flying' WHERE id = 1": 'is in the state "flying", which there is not',
    SENDING: "is sending, and no request waits for its answer",
    "UPDATE document SET qbo_id = NULL WHERE state = 'sent' AND id = 1": "its id in QuickBooks is not known",
    "UPDATE document SET qbo_id = '7', entity = NULL WHERE id < 3": "documents 1 and 2 both have the QuickBooks id 7",
    "UPDATE document SET marker = 'ref:abc' WHERE id = 1": 'has the mark "ref:abc", which is not that of its key',
    "UPDATE request_item SET body = body || ' ' WHERE document = 1": "no longer holds the bytes that were intended",
    "UPDATE attempt SET n = 2": "is number 2, and should be number 1",
    "INSERT INTO request SELECT 99, company, 'empty', operation, entity, generation, revision, created, run "
    "FROM request LIMIT 1": "request 99 (empty) has nothing to send",
    "UPDATE request_item SET document = 999 WHERE document = 1": "refers to nothing",
}


@pytest.mark.parametrize("broken", BREACHES, ids=list(BREACHES.values()))
def test_a_breach_of_the_protocol_is_told_with_its_place_and_what_to_do(run: Run, folder: Path, broken: str) -> None:
    change(folder, broken)

    ran = run("state", "verify", cwd=folder)
    document = json.loads(run("state", "verify", "--json", cwd=folder).stdout)

    assert ran.returncode == 3
    assert BREACHES[broken] in ran.stdout
    assert "   = Put a backup in its place" in ran.stdout
    assert {each["code"] for each in document["problems"]} <= {"state-inconsistent", "state-damaged"}
    assert BREACHES[broken] in document["problems"][0]["what"]


def test_a_document_that_waits_for_two_requests_is_told(run: Run, folder: Path) -> None:
    change(
        folder,
        SENDING,
        "UPDATE request_item SET outcome = NULL WHERE document = 1",
        "INSERT INTO request SELECT 99, company, 'second', operation, entity, generation, revision, created, run "
        "FROM request LIMIT 1",
        "INSERT INTO request_item SELECT 99, '', document, number, generation, body, sha256, NULL FROM request_item "
        "WHERE document = 1",
    )

    assert "waits for the answers of 2 requests at once" in run("state", "verify", cwd=folder).stdout


def test_of_many_breaches_of_one_kind_twenty_are_told(run: Run, folder: Path) -> None:
    change(folder, "UPDATE request_item SET sha256 = 'x'", "UPDATE document SET marker = 'ref:x' || id")

    document = json.loads(run("state", "verify", "--json", cwd=folder).stdout)

    assert len(document["problems"]) == 40


def test_a_damaged_state_is_told_and_neither_copied_nor_upgraded(run: Run, folder: Path) -> None:
    path = folder / "state.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:40_000] + bytes(40_000) + whole[80_000:])

    for words in (("verify",), ("backup", "copy.db")):
        ran = run("state", *words, "--json", cwd=folder)
        assert ran.returncode == 3, words
        document = json.loads(ran.stdout)
        assert document["schema"] == f"connector/state-{words[0]}/1"
        assert document["problems"][0]["code"] == "state-damaged"
    assert not (folder / "copy.db").exists()


def test_files_that_others_can_read_and_their_remedy_are_told_beside(run: Run, folder: Path) -> None:
    (folder / "state.db").chmod(0o644)
    (folder / "state.key").write_text("key")
    (folder / "state.key").chmod(0o640)

    ran = run("state", "verify", cwd=folder)

    assert ran.returncode == 0
    assert f"warning[file-open]: {folder / 'state.db'} is open to others (mode 0644)" in ran.stdout
    assert f"   = run: chmod 600 {folder / 'state.key'}" in ran.stdout


# Upgrade.


def test_an_upgrade_says_what_it_did_and_a_second_one_that_nothing_was_to_do(run: Run, folder: Path) -> None:
    (folder / "state.db").write_bytes(gzip.decompress(RELEASE.read_bytes()))

    first = json.loads(run("state", "upgrade", "--json", cwd=folder).stdout)
    again = run("state", "upgrade", cwd=folder)

    (copy,) = folder.glob("state.db.before-*")
    assert first == {
        "schema": "connector/state-upgrade/1",
        "state": str(folder / "state.db"),
        "from": "0001",
        "to": SCHEMA,
        "copy": str(copy),
        "problems": [],
    }
    assert (again.returncode, again.stderr) == (0, "")
    assert "Nothing was done" in again.stdout
    assert list(folder.glob("state.db.before-*")) == [copy]


def test_verify_leaves_an_older_state_as_it_is_and_says_how_to_go_on(run: Run, folder: Path) -> None:
    (folder / "state.db").write_bytes(gzip.decompress(RELEASE.read_bytes()))

    ran = run("state", "verify", cwd=folder)

    assert ran.returncode == 0
    assert "It has schema 0001: its rows are looked at after connector state upgrade" in ran.stdout
    assert not list(folder.glob("state.db.before-*"))


def test_an_upgrade_beside_a_daemon_of_the_older_version_does_nothing_and_ends_with_7(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.cli.state_file.PATIENCE", 0.3)
    (folder / "state.db").write_bytes(gzip.decompress(RELEASE.read_bytes()))
    idle = "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode = WAL'); "
    idle += "c.execute('SELECT * FROM run').fetchall(); print('open', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", idle, folder / "state.db"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        ran = run("state", "upgrade", cwd=folder)
        process.kill()

    assert ran.returncode == 7
    assert ran.stderr.startswith("error[state-in-use]: ")
    assert not list(folder.glob("state.db.before-*"))


# None, newer, something else.


@pytest.mark.parametrize("words", [("backup", "copy.db"), ("verify",), ("upgrade",)])
def test_without_a_state_nothing_is_made_and_it_is_wrong_use(run: Run, company: Path, words: tuple[str, ...]) -> None:
    before = sorted(company.iterdir())

    ran = run("state", *words, cwd=company)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("error[state-missing]: there is no state at ")
    assert sorted(company.iterdir()) == before


@pytest.mark.parametrize("words", [("backup", "copy.db"), ("verify",), ("upgrade",)])
def test_a_newer_state_is_refused_and_left_alone(run: Run, folder: Path, words: tuple[str, ...]) -> None:
    change(folder, "UPDATE alembic_version SET version_num = '9999'")
    before = (folder / "state.db").read_bytes()

    ran = run("state", *words, "--json", cwd=folder)

    assert ran.returncode == 3
    assert json.loads(ran.stdout)["problems"][0]["code"] == "state-newer"
    assert (folder / "state.db").read_bytes() == before
    assert not (folder / "copy.db").exists()


def test_alone_it_shows_its_commands(run: Run, folder: Path) -> None:
    ran = run("state", cwd=folder)

    assert ran.returncode == 0
    assert all(name in ran.stdout for name in ("backup", "verify", "upgrade"))
