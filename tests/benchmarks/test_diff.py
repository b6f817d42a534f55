"""What an edited mapping would do to ten thousand invoices is told while a person waits."""

import resource

import pytest
from project import Project

INVOICES = 10_000
SECONDS = 5.0
"""Of a processor: the command does nothing but compute, and another program on the machine is none of its business."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_stored_invoices_are_compared_in_under_five_seconds(project: Project) -> None:
    project.owe(*range(100_001, 100_001 + INVOICES))
    project.settings(settle_after="1 s", timeout="60 s")
    project.sync()
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace('or "Affiliate payouts">', 'or "Commissions">'))

    before = _seconds()
    out, _ = project.process("diff", "--all").communicate(timeout=120)
    took = _seconds() - before

    print(f"diff over {INVOICES} stored invoices: {took:.1f} s")
    assert f" cake: 0 of {INVOICES:,} bills would change" in out
    assert f"{INVOICES:,} more are in QuickBooks already" in out
    assert took < SECONDS


def _seconds() -> float:
    """Processor time of the processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
