"""Whole runs against the pretend services: what is counted, what is written, and how a run ends."""

from project import Project


def test_every_approved_invoice_becomes_one_bill_and_a_second_run_changes_nothing(project: Project) -> None:
    project.owe(1, 2, 3)

    first = project.sync()
    again = project.sync()

    assert first.counts == {"created": 3}
    assert again.counts == {"unchanged": 3}
    assert project.numbers() == {"CAKE-1": 1, "CAKE-2": 1, "CAKE-3": 1}
