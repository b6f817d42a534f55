"""A world that can be put back to where it was, and how much of an enumeration is tried over it."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from project import Project
from proof import Budget, Proof
from proof_time import ProofTime
from proof_world import World
from scenes import SELDOM, SELDOM_BY_OPCODE

from connector.quickbooks.client import Client
from connector.sandbox.server import Sandbox

_BUDGET = pytest.StashKey[Budget | None]()
_HOURS = 4


@pytest.fixture(
    params=[
        pytest.param(False, id="a sample"),
        pytest.param(True, id="whole", marks=[pytest.mark.slow, pytest.mark.timeout(_HOURS * 3600)]),
    ]
)
def proof(request: pytest.FixtureRequest) -> Proof:
    """A sample in every test run; with ``-m slow`` all, or as much as PROOF_SECONDS allow."""
    stash = request.session.stash
    if _BUDGET not in stash:
        stash[_BUDGET] = Budget.of(request.session)
    budget = stash[_BUDGET] if request.param else None
    return Proof(request.node, whole=request.param, until=budget.share() if budget else None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    seldom = [f"[a sample-{name}]" for name in SELDOM]
    seldom += [
        f"at_any_opcode_of_the_write_protocol_leaves_one_bill_each[a sample-{name}]" for name in SELDOM_BY_OPCODE
    ]
    left = [item for item in items if item.name.endswith(tuple(seldom))]
    items[:] = [item for item in items if item not in left]
    config.hook.pytest_deselected(items=left)


@pytest.fixture
def world(project: Project, services: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # Reads and the sources are asked again at once: what is proved does not hang on how long they wait.
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _: None)
    monkeypatch.setattr("connector.sources.http.time", SimpleNamespace(**{**vars(time), "sleep": lambda _: None}))
    moves = ProofTime()
    moves.install(monkeypatch)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    world = World(project, services, moves, scratch)
    yield world
    world.close()
