"""The pretend services once for each process of a run, a fresh project over them, and what was proved."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import SEED, Project
from sqlalchemy import Connection, Engine, create_engine

from connector.mapping.faults import Fault, TextFile
from connector.mapping.yaml_text import Node, read_yaml
from connector.sandbox.server import Sandbox
from connector.state.migrate import upgrade


def pytest_configure() -> None:
    """What is shown in here is as wide as where no terminal is, whoever runs it."""
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two processes for each core, as tests wait half of their time; for chosen files none: there one may debug."""
    chosen = config.args != config.getini("testpaths")
    return 0 if chosen else 2 * len(os.sched_getaffinity(0))


def pytest_collection_finish() -> None:
    """What was collected stays to the end; to look through it again and again for rings takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """Engines share what SQL they compiled: a process that lives on does it once, a thousand short runs would each."""
    shared = create_engine("sqlite://")
    shared.connect().close()  # so that it knows its SQLite

    def create(*arguments: Any, **more: Any) -> Engine:
        engine = create_engine(*arguments, **more)
        engine.dialect, engine._compiled_cache = shared.dialect, shared._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.state.transactions.create_engine", create)
        yield
    shared.dispose()


@pytest.fixture(scope="session")
def services() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


class _Done:
    """What every run of a thousand would do again with the same outcome, and a process that lives on does once."""

    def __init__(self) -> None:
        self._schema: list[str] = []
        self._read: dict[TextFile, tuple[Node | None, list[Fault]]] = {}

    def upgrade(self, connection: Connection) -> None:
        """A new state's tables as the first one got them from the migrations."""
        if connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first() is not None:
            upgrade(connection)
        elif self._schema:
            for statement in self._schema:
                connection.exec_driver_sql(statement)
        else:
            upgrade(connection)
            made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").scalars()
            (schema,) = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars()
            self._schema = [*made, f"INSERT INTO alembic_version VALUES ('{schema}')"]

    def read_yaml(self, file: TextFile) -> tuple[Node | None, list[Fault]]:
        """A mapping's nodes as they were read from the same text."""
        if file not in self._read:
            self._read[file] = read_yaml(file)
        node, faults = self._read[file]
        return node, list(faults)


_DONE = _Done()


@pytest.fixture
def project(services: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Settings, mappings and empty pretend services: nobody is owed anything, and the books hold no bill."""
    monkeypatch.setattr("connector.state.migrate.upgrade", _DONE.upgrade)
    monkeypatch.setattr(sys.modules["connector.mapping.load"], "read_yaml", _DONE.read_yaml)
    project = Project(tmp_path, services.url)
    project.control("reset", {})
    services.world.cake.clear()
    services.world.commission_factory.clear()
    services.world.version += 1
    yield project
    project.session.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One table of what tests/proof tried, from the counts that each of its tests left on its report."""
    calls = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
    ]
    tried: dict[str, list[int]] = {}
    for report in calls:
        for name, count in report.user_properties:
            if name == "proof":
                kind, done, of = count
                sums = tried.setdefault(kind, [0, 0])
                sums[0] += done
                sums[1] += of
    if tried:
        crashes = [getattr(report.longrepr, "reprcrash", None) for report in calls if report.failed]
        said = [crash.message for crash in crashes if crash]
        rows = [f"{done:>8,} of {of:>8,}  {kind}" for kind, (done, of) in sorted(tried.items())]
        rows += [f"{sum(word in text for text in said):>8,}{'':13}{meant}" for word, meant in _BROKEN.items()]
        terminalreporter.section(f"the promise, tried (PROOF_SEED={SEED})")
        terminalreporter.write_line("\n".join(rows))


_BROKEN = {"twice in QuickBooks": "twice", "lost: ": "lost"}
