"""A project that is ready, and no waits where a service is down."""

import pytest
from doctor_days import lately
from project import Project

from connector.quickbooks.client import Client
from connector.sources import http


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(http, "THROTTLE_WAIT", 0.0)
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _: None)


@pytest.fixture
def ready(project: Project) -> Project:
    """Settings that are their owner's alone, books with every warning on, and three new invoices of CAKE."""
    (project.folder / "connector.toml").chmod(0o600)
    project.control("preferences", {"warn_duplicate_bill_number": True, "book_close_date": "2025-12-31"})
    project.owe(1, 2, 3, invoice_date=lately())
    return project
