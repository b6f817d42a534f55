"""``state.db.example`` is a real state of the current schema, of a finished run, without any sign-in."""

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from example_state import BLOCKED, TARGET, make

from connector.state.store import SCHEMA, State


@pytest.fixture(params=["kept", "made"])
def example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    if request.param == "kept":
        shutil.copy(TARGET, path)
    else:
        make(path)
    return path


def test_it_is_a_finished_run_in_the_current_schema(example: Path) -> None:
    with closing(sqlite3.connect(example)) as raw:
        assert (SCHEMA,) == raw.execute("SELECT version_num FROM alembic_version").fetchone()
    state = State.open(f"sqlite:///{example}", create=False)
    try:
        (run,) = state.runs(10)
        documents = list(state.documents_in_state(run.company, ["sent"]))

        assert run.ended is not None
        assert run.exit_code == BLOCKED
        assert run.counts["created"] + run.counts["credited"] == len(documents) > 0
        assert all(document.qbo_id and document.answer for document in documents)
        assert [] == state.verify()
    finally:
        state.close()


def test_it_holds_no_sign_in_and_nothing_of_a_machine(example: Path) -> None:
    with closing(sqlite3.connect(example)) as raw:
        assert [] == raw.execute("SELECT * FROM sign_in").fetchall()
        assert [("example", "accounts payable")] == raw.execute("SELECT host, who FROM run").fetchall()
    assert b"/tmp/" not in example.read_bytes()
