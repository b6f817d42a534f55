"""Every file that holds something of the company is its owner's alone, whatever the machine's default is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import Project

from connector.state.file import backup
from connector.state.store import State


@pytest.fixture(autouse=True)
def _a_careless_machine() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def opened_up(folder: Path) -> dict[str, str]:
    """The files that anybody else may read or write."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.is_file()}
    ours = {name: mode for name, mode in modes.items() if name != "connector.toml"}
    assert ours
    return {name: oct(mode) for name, mode in ours.items() if mode & 0o077}


def test_no_file_of_a_run_is_open_to_others(project: Project) -> None:
    project.settings(commission_factory=True)
    project.owe(1, 2)
    project.plan("-o", str(project.folder / "saved-plan.json"))
    assert opened_up(project.folder) == {}
    project.sync()
    assert opened_up(project.folder) == {}
    made = {path.name for path in project.folder.iterdir()}
    assert {"state.db", "state.key", "saved-plan.json"} <= made
    assert any(name.startswith("company-") for name in made)
    assert any(name.endswith(".requests.lock") for name in made)


def test_neither_the_states_own_files_nor_its_backups_are_open_to_others(tmp_path: Path) -> None:
    state = State.open(f"sqlite:///{tmp_path / 'state.db'}")
    state.save_sign_in("1", "sandbox", "text")
    assert {"state.db-wal", "state.db-shm"} <= {path.name for path in tmp_path.iterdir()}
    backup(tmp_path / "state.db", tmp_path / "backup.db")
    assert opened_up(tmp_path) == {}
    state.close()


def test_the_settings_that_the_demo_keeps_are_its_owners_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object) -> str:
        raise OSError("the rest of the demo is not of interest")

    monkeypatch.setattr("connector.cli.demo._Steps.check", ended)
    assert project.run("demo", "--keep", "kept").code == 1
    assert stat.S_IMODE((project.folder / "kept/connector.toml").stat().st_mode) == 0o600


def test_a_trace_is_not_open_to_others(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("connector.sync.run.Run.pull", broken)
    assert project.run("sync", "--yes").code == 1
    assert list(project.folder.glob("connector-trace-*"))
    assert opened_up(project.folder) == {}
