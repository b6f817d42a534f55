"""The main job at size: 1,200 CAKE invoices over several pages with all statuses, and Commission Factory with GST."""

import datetime
import sys
import time
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parents[1])]

from project import Project, invoice

from connector.sandbox.server import Sandbox

WHOLE = 1200
CURRENCIES = ("USD", "EUR", "AUD")
STATUSES = ("Approved", "paid", "Pending", "Void", "APPROVED", "Paid")
NO_TAX = Decimal(0)
TERMS = ("Net 7", "Net 15", "Net 30", "Net 45")


def rows() -> list[dict[str, Any]]:
    """Payouts of 200 affiliates in three currencies, and every tenth row an advertiser's."""
    made = []
    for n in range(WHOLE):
        affiliate = n % 200
        row = invoice(
            20000 + n,
            invoice_date=f"2026-{1 + n % 10:02d}-{1 + n % 28:02d}",
            invoice_status=STATUSES[n % len(STATUSES)],
            affiliate_id=800000 + affiliate,
            affiliate_name=f"Publisher {affiliate}",
            billing_cycle_name=TERMS[affiliate % 4],
            currency_symbol=CURRENCIES[affiliate % 3],
            total_payout=f"{37 + n}.{n % 10000:04d}",
        )
        if n % 10 == 9:
            row |= {"affiliate_id": None, "affiliate_name": None, "advertiser_id": 900 + n}
        made.append(row)
    return made


def factory_rows() -> list[dict[str, Any]]:
    made = []
    for n in range(1, 41):
        net, gst = Decimal(100 + n), Decimal(100 + n) / 10 if n % 2 else None
        made.append(
            {
                "Id": n,
                "DateCreated": f"2026-0{1 + n % 9}-15T00:00:00.000",
                "DatePaid": None if n % 5 == 0 else f"2026-0{1 + n % 9}-20T00:00:00.000",
                "Number": f"CF-7-{n:04d}",
                "Description": f"Commissions {n}",
                "SubTotal": float(net),
                "GST": None if gst is None else float(gst),
                "Total": float(net + (gst or 0)),
            }
        )
    return made


def expected() -> dict[str, tuple[Any, ...]]:
    """Of every bill that must be there: vendor, date, due date, currency, account, net, tax."""
    days = {"Net 7": 7, "Net 15": 15, "Net 30": 30, "Net 45": 45}
    bills: dict[str, tuple[Any, ...]] = {}
    for row in rows():
        if row["affiliate_id"] is None or row["invoice_status"].title() not in ("Approved", "Paid"):
            continue
        net = Decimal(row["total_payout"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        due = later(row["invoice_date"], days[row["billing_cycle_name"]])
        bills[f"CAKE-{row['invoice_id']}"] = (
            row["affiliate_name"], row["invoice_date"], due, row["currency_symbol"], "Affiliate payouts", net, NO_TAX,
        )  # fmt: skip
    for row in factory_rows():
        if row["DatePaid"]:
            day = row["DateCreated"][:10]
            net, tax = Decimal(str(row["SubTotal"])), Decimal(str(row["GST"] or 0))
            bills[row["Number"]] = (
                "Commission Factory Pty Ltd", day, later(day, 14), "AUD", "Affiliate commissions", net, tax,
            )  # fmt: skip
    return bills


def later(day: str, days: int) -> str:
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=days)).isoformat()


def held(project: Project) -> dict[str, tuple[Any, ...]]:
    everything = project.control("company")
    names = {str(row["Id"]): row["DisplayName"] for row in everything["Vendor"]}
    accounts = {str(row["Id"]): row["FullyQualifiedName"] for row in everything["Account"]}
    found: dict[str, tuple[Any, ...]] = {}
    for bill in everything.get("Bill", []):
        assert bill["DocNumber"] not in found, "twice"
        (line,) = bill["Line"]
        tax = Decimal(str((bill.get("TxnTaxDetail") or {}).get("TotalTax", 0)))
        found[bill["DocNumber"]] = (
            names[bill["VendorRef"]["value"]], bill["TxnDate"], bill["DueDate"], bill["CurrencyRef"]["value"],
            accounts[line["AccountBasedExpenseLineDetail"]["AccountRef"]["value"]],
            Decimal(str(bill["TotalAmt"])) - tax, tax,
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with Sandbox() as services:
        services.world.cake.clear()
        services.world.commission_factory.clear()
        project = Project(tmp_path_factory.mktemp("whole"), services.url)
        project.settings(commission_factory=True, more='page_size = 250\nschedule = "every 1 s"')
        project.control("load", {"cake": rows(), "commission_factory": factory_rows()})
        yield project
        project.session.close()


def test_each_payout_becomes_exactly_one_bill_and_nothing_else_exists(project: Project) -> None:
    done = project.sync()

    bills = expected()
    assert len(bills) > 700
    assert bills == held(project)
    assert {"created": len(bills), "skipped": WHOLE + 40 - len(bills)} == done.counts
    pages = [each for each in project.control("requests") if each["path"].startswith("/cake/")]
    assert len(pages) == 5


def test_a_second_run_creates_nothing(project: Project) -> None:
    before = held(project)
    writes = len(project.writes())

    counts = project.sync().counts

    assert {"unchanged", "skipped"} == set(counts)
    assert before == held(project)
    assert writes == len(project.writes())


def test_with_the_state_deleted_the_next_run_adopts_all_of_them_and_creates_nothing(project: Project) -> None:
    before = held(project)
    writes = len(project.writes())
    project.forget()
    time.sleep(1.1)  # settle_after: what was sent before the state was lost may still have been on its way

    counts = project.sync().counts

    assert {"adopted": len(before), "skipped": WHOLE + 40 - len(before)} == counts
    assert before == held(project)
    assert writes == len(project.writes())


def test_the_reconciliation_closes_to_nought(project: Project) -> None:
    ran = project.run("reconcile", "--json")

    assert ran.code == 0
    assert {line["difference"] for line in ran.json["proof"]} == {"0.00"}
    assert {line["quickbooks_difference"] for line in ran.json["proof"]} == {"0.00"}
    assert len(expected()) == sum(row["family"] == "agree" for row in ran.json["rows"])


def test_the_daemon_makes_a_bill_of_what_comes_in_and_of_what_a_new_row_releases(project: Project) -> None:
    mapping = project.folder / "mappings" / "cake.yaml"
    rules, _, _ = mapping.read_text().partition("\nexamples:")  # they pin what the shipped mapping does without a row
    mapping.write_text(rules.replace("<vendors.vendor or affiliate_name>", "<vendors.vendor>") + "\n")
    project.control("load", {"cake": [invoice(29001, affiliate_id=67890, currency_symbol="USD", affiliate_name="M")]})
    project.control("load", {"cake": [invoice(29002, affiliate_id=70112, affiliate_name="New Affiliate")]})
    daemon = project.process("serve")
    try:
        until(lambda: "CAKE-29001" in held(project))
        assert "blocked" in project.run("why", "29002").out
        assert "CAKE-29002" not in held(project)

        with (project.folder / "mappings" / "cake.vendors.csv").open("a") as table:
            table.write("70112,New Affiliate,New Affiliate Pty Ltd,,\n")

        until(lambda: "CAKE-29002" in held(project))
    finally:
        daemon.terminate()
        said = daemon.communicate(timeout=30)
    assert daemon.returncode == 0, said
    assert held(project)["CAKE-29002"][0] == "New Affiliate Pty Ltd"


def until(true: Any, seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.3)
