"""A sandbox with one invoice of CAKE, and a folder beside it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import Place

from connector.sandbox.server import Sandbox


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps({"cake_invoices": 1, "today": "2026-11-20"}))
    with Sandbox(scenario=scenario) as made:
        yield made


@pytest.fixture
def place(tmp_path: Path, sandbox: Sandbox) -> Place:
    folder = tmp_path / "company"
    folder.mkdir()
    return Place(folder, sandbox.url)
