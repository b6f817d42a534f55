"""Reconciling many bills: memory stays flat, the meter runs once a thousand, and the time goes into reading."""

import os
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
from test_no_change import bare, cake, posted, spent

from connector.document import Key, marker
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.quickbooks.company import Record
from connector.sandbox.server import Sandbox

HANDFUL = 15
"""Metered reads beside the pages of bills: the company, its preferences and its lists."""


@dataclass
class Cost:
    """What one reconciliation took: processor seconds, KiB at the most, metered reads by what was read."""

    seconds: float
    peak: int
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
    before = len(project.control("requests"))
    with (project.folder / "out").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "connector", "-q", "reconcile"],
            cwd=project.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    told = (project.folder / "out").read_text()
    assert process.returncode == 0, told[-2000:]
    assert "The proof closes to 0.00" in told
    asked = [each for each in project.control("requests")[before:] if "/company/" in each["path"]]
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss, Counter(map(_kind, asked)))


def _kind(entry: dict[str, str]) -> str:
    found = re.search(r" FROM (\w+)", entry["body"])
    return found[1] if found else entry["path"].split("/company/")[1].split("/")[1]


def measured(services: Sandbox, project: Project, invoices: int) -> Cost:
    project.control("reset", {})
    books(services, project, invoices)
    with cake(project, invoices) as url:
        posted(project)
        cost = reconciled(project)
        theirs = bare(url, invoices)
    each = cost.seconds / invoices * 1e6
    print(f"{invoices} bills: {cost.seconds:.1f} s, {each:.0f} µs a bill; the pages of CAKE alone take {theirs:.1f} s;")
    print(f"at the most {cost.peak / 1024:.0f} MiB; metered reads: {dict(cost.reads)}")
    return cost


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_x(services, project):
    n = int(os.environ.get("N", "5000"))
    measured(services, project, n)
