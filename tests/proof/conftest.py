"""A world that can be put back to where it was, for each test of the enumerations."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from project import Project
from proof_world import World

from connector.quickbooks.client import Client
from connector.sandbox.server import Sandbox


@pytest.fixture
def world(project: Project, services: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # Reads and the sources are asked again at once: what is proved does not hang on how long they wait.
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _: None)
    monkeypatch.setattr("connector.sources.http.time", SimpleNamespace(**{**vars(time), "sleep": lambda _: None}))
    world = World(project, services)
    yield world
    world.close()
