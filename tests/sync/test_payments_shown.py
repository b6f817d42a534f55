"""What a person reads of payments: golden output of plan, sync, why and status."""

import datetime

import pytest
from project import Project

TODAY = datetime.datetime.now(datetime.UTC).date().isoformat()
PAID = {"invoice_status": "Paid"}

PLAN = """\
+ CAKE-1         Affiliate 1                2026-09-30 AUD       101.25  create bill, create vendor
$ cake:1         Affiliate 1                TODAY AUD       101.25
     pay CAKE-1 from Operating account, dated TODAY, the day CAKE was first seen to say paid
$ cake:3         Affiliate 3                TODAY AUD       103.25
     pay CAKE-3 from Operating account, dated TODAY, the day CAKE was first seen to say paid

     1 to create  AUD 101.25
     2 to pay  AUD 204.50
     1 held  AUD 30,000.00
     1 unchanged
     1 payment waiting  AUD 30,000.00
"""

SYNC = """\
+ CAKE-1         Affiliate 1                2026-09-30 AUD       101.25  created, bill 2
$ cake:1         Affiliate 1                TODAY AUD       101.25
     paid, payment 3; dated TODAY, the day CAKE was first seen to say paid
$ cake:3         Affiliate 3                TODAY AUD       103.25
     paid, payment 4; dated TODAY, the day CAKE was first seen to say paid

     1 created  AUD 101.25
     2 paid  AUD 204.50
     1 held  AUD 30,000.00
     1 unchanged
     1 payment waiting  AUD 30,000.00
"""

WHY = """
 Payment AUD 101.25  sent
   account                Operating account
                            mappings/cake.yaml:39  account: Operating account
   date                   TODAY
                            by itself  the day cake was first seen to say paid
   amount                 AUD 101.25

 What was sent to QuickBooks, and what came back
"""

IGNORED = " 2 of these,  AUD 204.50, are already paid at CAKE and will stand unpaid in QuickBooks\n"


def golden(text: str) -> str:
    return text.replace("TODAY", TODAY)


@pytest.fixture
def owed(project: Project) -> Project:
    """One new and paid, one that waits for a person, one that has its bill and is paid since."""
    project.records_payments()
    project.owe(3)
    project.sync()
    project.owe(1, 3, **PAID)
    project.owe(2, total_payout="30000.00", **PAID)
    return project


def test_plan_and_sync_show_payments_beside_their_bills(owed: Project) -> None:
    planned, ran = owed.run("plan").out, owed.run("sync", "--yes").out

    assert planned[: len(golden(PLAN))] == golden(PLAN)
    assert ran[: len(golden(SYNC))] == golden(SYNC)


def test_why_and_status_tell_of_payments(owed: Project) -> None:
    owed.run("sync", "--yes")

    assert golden(WHY) in owed.run("why", "cake:1").out
    told = owed.run("status").out
    assert "       2 payments in QuickBooks  AUD 204.50\n" in told
    assert "       1 payment waiting  AUD 30,000.00\n" in told


def test_status_groups_payments_that_wait_apart_from_invoices(project: Project) -> None:
    project.records_payments("No such bank")
    project.owe(1, 2, **PAID)
    project.sync(code=6)

    told = project.run("status", "--json").json
    assert told["payments"] == {"counts": {"blocked": 2}, "amounts": {"blocked": {"AUD": "203.50"}}}
    (group,) = told["waiting"]
    assert (group["of"], group["code"], group["invoices"]) == ("payment", "account-not-found", 2)
    assert " 2 payments blocked  AUD 203.50  for finance  [account-not-found]" in project.run("status").out
    assert project.run("status", "--exit-code").code == 6


def test_a_saved_plan_holds_payments_and_stops_where_one_changed(owed: Project) -> None:
    owed.run("plan", "-o", "plan.json")
    path = owed.folder / "mappings/cake.yaml"
    path.write_text(path.read_text().replace("account: Operating account", "account: AUD account"))

    assert "cake:1 (payment)" in owed.run("sync", "--plan", "plan.json").said
    path.write_text(path.read_text().replace("account: AUD account", "account: Operating account"))
    assert owed.run("sync", "--plan", "plan.json").code == 0


def test_what_is_paid_and_not_recorded_is_told_at_the_end_of_every_plan_and_sync(project: Project) -> None:
    project.owe(1, 3, **PAID)
    project.owe(2)

    assert IGNORED in project.run("plan").out
    assert IGNORED in project.run("sync", "--yes").out


def test_what_is_recorded_is_not_told_to_stand_unpaid(owed: Project) -> None:
    assert "will stand unpaid" not in owed.run("plan").out


def test_check_says_that_a_payment_block_is_not_used(project: Project) -> None:
    project.records_payments()
    path = project.folder / "mappings/cake.yaml"
    path.write_text(path.read_text().replace("record payment", "ignore", 1))

    ran = project.run("check")

    assert ran.code == 0
    assert "payment is not used: policy says   invoice paid at source: ignore" in ran.out


@pytest.mark.parametrize("code", ["waits-for-bill", "bill-held", "part-paid", "paid-by-hand", "not-paid-here"])
def test_each_code_of_a_payment_has_its_page(project: Project, code: str) -> None:
    assert project.run("help", code).code == 0
