"""A state that is opened a second time in one process, as the doctor of a daemon does."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from made import COMPANY, document

from connector.errors import StateInvalid
from connector.state import file
from connector.state.store import State

LOOKS_AND_LEAVES = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('select * from document'); c.close()"
)


def another_process_looks(path: Path) -> None:
    subprocess.run([sys.executable, "-c", LOOKS_AND_LEAVES, str(path)], check=True)


def test_another_process_does_not_take_itself_for_the_last_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    state = State.open(f"sqlite:///{path}")
    state.save_documents(COMPANY, "run", [document(1)])
    file.refuse_unsound(path)
    State.open(f"sqlite:///{path}", create=False).close()

    another_process_looks(path)

    assert path.with_name("state.db-wal").exists()
    state.save_documents(COMPANY, "run", [document(2)])
    with closing(sqlite3.connect(path)) as beside:
        assert beside.execute("select count(*) from document").fetchone() == (2,)
    state.close()


def test_what_is_no_state_is_refused_again_once_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    State.open(f"sqlite:///{path}").close()
    path.write_bytes(b"something else than a state")

    with pytest.raises(StateInvalid):
        file.refuse_unsound(path)
