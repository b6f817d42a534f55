"""One world for each test; a friendly one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from reconciled_world import World

from connector.sandbox.server import Sandbox


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"cake_invoices": 1}')
    with Sandbox(scenario=scenario) as sandbox:
        yield World(tmp_path, sandbox)
