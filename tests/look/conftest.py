"""One project with a past: three syncs over the sandbox, a mapping edited in between, and something of everything."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from past_invoices import CREDIT, EARLY, HOSTILE, HOSTILE_ONE, LARGE, MAPPED, PENDING, REFUSED, TAKEN, UNKNOWN
from project import Project

from connector.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with Sandbox() as services:
        services.world.cake.clear()
        services.world.commission_factory.clear()
        services.world.version += 1
        project = Project(tmp_path_factory.mktemp("past"), services.url)
        project.settings(settle_after="3600 s", more='schedule = "every 15 minutes"')
        _first(project)
        _second(project)
        _third(project)
        yield project
        project.session.close()


def _first(project: Project) -> None:
    """One bill that QuickBooks refuses, and an invoice from before the start."""
    project.owe(REFUSED)
    project.owe(EARLY, invoice_date="2025-12-31")
    project.arm("answer-fault", status=400, code="6000", message="A business rule", detail="The rule of the day")
    assert project.sync(code=6).counts == {"refused": 1, "skipped": 1}


def _second(project: Project) -> None:
    """Something of everything else."""
    project.load("Customer", {"DisplayName": "Already A Customer"})
    project.owe(MAPPED, affiliate_id=67890, affiliate_name="MediaBridge Partners", currency_symbol="USD")
    project.owe(HOSTILE_ONE, affiliate_name=HOSTILE)
    project.owe(LARGE, total_payout="31250.00")
    project.owe(PENDING, invoice_status="Pending")
    project.owe(TAKEN, affiliate_name="Already A Customer")
    project.owe(CREDIT, total_payout="-75.25")
    counts = project.sync(code=6).counts
    assert counts == {"created": 2, "credited": 1, "held": 1, "blocked": 1, "refused": 1, "skipped": 1}


def _third(project: Project) -> None:
    """An edited mapping, which moves every line; and a bill whose answer is lost."""
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(f"# Edited.\n{mapping.read_text()}")
    project.owe(UNKNOWN)
    project.arm("commit-then-drop")
    assert project.sync(code=6).counts["unknown"] == 1


@pytest.fixture
def copied(past: Project, tmp_path: Path) -> Project:
    """The same past, to be changed."""
    shutil.rmtree(tmp_path)
    shutil.copytree(past.folder, tmp_path)
    copy = object.__new__(Project)
    copy.__dict__.update(past.__dict__)
    copy.folder = tmp_path
    return copy


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """Settings and nothing else; nobody listens at its addresses."""
    return Project(tmp_path, "http://127.0.0.1:9")
