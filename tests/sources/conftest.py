"""Servers on loopback: the pretend sources, and one that answers whatever a test wants."""

from collections.abc import Iterator

import pytest
from odd_server import Odd, odd_server

from connector.sandbox.server import Sandbox
from connector.sources import http


@pytest.fixture
def odd() -> Iterator[Odd]:
    with odd_server() as server:
        yield server


@pytest.fixture(scope="session")
def pretend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The pretend sources, one for all tests, which leave their world as it is."""
    scenario = tmp_path_factory.mktemp("pretend") / "scenario.json"
    scenario.write_text('{"today": "2026-11-22", "cake_invoices": 120}')
    with Sandbox(scenario=scenario) as sandbox:
        sandbox.world.commission_factory_seconds = 0.01
        yield sandbox


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(http, "THROTTLE_WAIT", 0.01)
