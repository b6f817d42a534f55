"""Reconciling many bills: memory stays flat, the meter runs once a thousand bills, and a minute is enough."""

import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from many_invoices import row
from project import ROOT, Project
from test_no_change import cake, posted

from connector.document import Key, marker
from connector.quickbooks.transport import PAGE
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.quickbooks.company import Record
from connector.sandbox.server import Sandbox

HERE = Path(__file__).parent
HANDFUL = 15
"""Metered reads beside the pages of bills: the company, its preferences and its lists."""


@dataclass
class Cost:
    """
    What one reconciliation took.

    Args:
        seconds: Of a processor; ``elapsed`` by the clock.
        peak: KiB at the most, of which ``at_start`` before it began.
        reads: On Intuit's meter, by what was read.
    """

    seconds: float
    elapsed: float
    peak: int
    at_start: int
    reads: Counter[str]


def books(services: Sandbox, project: Project, invoices: int) -> None:
    """A bill of every invoice, as the connector would have made it, in the pretend QuickBooks and in the state."""
    with cake(project, 40):
        project.sync()
    company = services.company
    samples = {held.data["VendorRef"]["name"]: held for held in company.records["Bill"].values()}
    for record in list(company.records["Bill"]):
        company.remove("Bill", record)
    for n in range(1, invoices + 1):
        owed = row(n, all_owed=True)
        sample, amount = samples[str(owed["affiliate_name"])], Decimal(str(owed["total_payout"]))
        boxes = {
            "Id": str(n),
            "DocNumber": f"CAKE-{n}",
            "TxnDate": owed["invoice_date"],
            "PrivateNote": f"CAKE invoice {n}\n{marker(Key(REALM_ID, 'cake', str(n), 'bill'))}",
            "TotalAmt": amount,
            "Balance": amount,
            "Line": [{**sample.data["Line"][0], "Amount": amount}],
        }
        company.restore("Bill", Record(sample.data | boxes, sample.created, sample.changed))
    project.forget()


def reconciled(project: Project) -> Cost:
    """``connector reconcile`` in a process of its own."""
    before = project.control("meters")["core_plus"], len(project.control("requests"))
    ran = subprocess.run(
        [sys.executable, str(HERE / "cost_of_a_command.py"), "-q", "reconcile"],
        cwd=project.folder,
        env={"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "The proof closes to 0.00" in ran.stdout
    asked = Counter(_kind(each) for each in project.control("requests")[before[1] :] if "/company/" in each["path"])
    assert project.control("meters")["core_plus"] - before[0] == asked.total()
    return Cost(**json.loads(ran.stderr.splitlines()[-1]), reads=asked)


def _kind(entry: dict[str, str]) -> str:
    found = re.search(r" FROM (\w+)", entry["body"])
    return found[1] if found else entry["path"].split("/company/")[1].split("/")[1]


def measured(services: Sandbox, project: Project, invoices: int) -> Cost:
    project.control("reset", {})
    project.forget()
    books(services, project, invoices)
    with cake(project, invoices):
        posted(project)
        cost = reconciled(project)
    print(f"{invoices} bills: {cost.seconds:.1f} s of a processor, {cost.seconds / invoices * 1e6:.0f} µs a bill,")
    print(f"{cost.elapsed:.1f} s by the clock;")
    print(f"at the most {cost.peak / 1024:.0f} MiB, of which {cost.at_start / 1024:.0f} to start with;")
    print(f"metered reads: {dict(cost.reads)}")
    most = -(-invoices // (PAGE - 1)) + HANDFUL  # pages overlap by one
    assert cost.reads.total() <= most, cost.reads
    return cost


@pytest.mark.slow
def test_two_thousand_bills_are_read_in_three_metered_reads_and_a_handful(services: Sandbox, project: Project) -> None:
    """A sample of what follows."""
    cost = measured(services, project, 2_000)

    assert cost.reads["Bill"] == 3
    assert cost.reads["VendorCredit"] == 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_fifty_thousand_bills_take_a_minute_and_no_more_memory_than_ten_thousand(
    services: Sandbox, project: Project
) -> None:
    """So many invoices are kept at hand whatever their number; above them memory is flat."""
    few = measured(services, project, 10_000)
    many = measured(services, project, 50_000)

    assert many.seconds < 60, "an otherwise idle machine takes half of that"
    assert many.seconds / few.seconds < 5 * 1.2, "five times the bills, five times the work"
    assert many.peak / few.peak < 1.3
    assert (many.peak - many.at_start) / (few.peak - few.at_start) < 1.3
