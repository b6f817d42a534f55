"""The pretend services once for the whole run, and a fresh project over them for each test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from project import Project

from connector.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def services() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def project(services: Sandbox, tmp_path: Path) -> Iterator[Project]:
    """Settings, mappings and empty pretend services: nobody is owed anything, and the books hold no bill."""
    project = Project(tmp_path, services.url)
    project.control("reset", {})
    services.world.cake.clear()
    services.world.commission_factory.clear()
    services.world.version += 1
    yield project
    project.session.close()
