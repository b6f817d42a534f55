"""Updates and removals under every bad day: the bill ends as the source says, once, or a person is told why not."""

import time
from typing import Any

import pytest
from project import Project


def test_a_changed_invoice_changes_its_bill(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.owe(1, total_payout="250.00")

    planned = project.plan()
    ran = project.sync()

    assert planned.counts == {"updated": 1}
    assert ran.counts == {"updated": 1}
    (bill,) = project.held()
    assert bill["TotalAmt"] == 250.0
    assert bill["SyncToken"] == "1"
    assert project.sync().counts == {"unchanged": 1}


def test_a_voided_invoice_removes_its_bill(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.owe(1, invoice_status="Void")

    assert project.plan().counts == {"removed": 1}
    assert project.sync().counts == {"removed": 1}
    assert not project.held()
    assert project.sync().counts == {"skipped": 1}
