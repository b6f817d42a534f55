"""A voided invoice whose bill stands: one vendor credit takes it back, and the bill is left as it is."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from project import Project

from connector.document import Key, marker
from connector.push import request_id
from connector.sandbox.credentials import REALM_ID
from connector.state.clock import utc_now
from connector.state.store import State

KEY = Key(REALM_ID, "cake", "1", "credit")
VOID = {"invoice_status": "Void"}
MAKE_IT = "invoice voided later:      credit"


def edit(project: Project, old: str, new: str) -> None:
    """Change the mapping, whose examples would otherwise object."""
    path = project.folder / "mappings/cake.yaml"
    text = path.read_text().split("\nexamples:")[0]
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def billed(project: Project) -> Project:
    """One bill in QuickBooks, under the policy; its invoice is not voided yet."""
    edit(project, "invoice voided later:      delete", MAKE_IT)
    project.owe(1)
    project.sync()
    return project


def person(project: Project, does: str, bill: str = "CAKE-1", **more: Any) -> None:
    project.control("person", {"does": does, "bill": bill, **more})


def close_books(project: Project, day: str) -> None:
    project.control("preferences", {"book_close_date": day})


def bill(project: Project) -> dict[str, Any]:
    (found,) = project.held()
    return found


def credit(project: Project) -> dict[str, Any]:
    (found,) = project.held("VendorCredit")
    return found


# What a person sees.

PLANNED = """\
+ CAKE-1-V       Affiliate 1                {today} AUD       101.25
     create vendor credit: void at the source; takes back bill CAKE-1 (1)

     1 to credit  AUD 101.25

 Next: connector sync
"""
WRITTEN = """\
+ CAKE-1-V       Affiliate 1                {today} AUD       101.25  credited, vendor credit 2

     1 credited  AUD 101.25

 Next: connector reconcile
"""


def test_plan_sync_and_why_show_the_bill_and_what_takes_it_back(billed: Project) -> None:
    billed.owe(1, **VOID)
    today = utc_now().date()

    assert billed.run("plan").out == PLANNED.format(today=today)
    assert billed.run("sync", "--yes").out == WRITTEN.format(today=today)

    life = billed.run("why", "1").out
    assert "Bill AUD 101.25  sent" in life
    assert "Vendor credit AUD 101.25  sent" in life
    assert "Takes back bill CAKE-1 of 2026-09-30: invoice 1 was voided at cake" in life
    assert "1 in QuickBooks  AUD 0.00" in billed.run("status").out


# The good day.


def test_the_credit_is_the_bill_turned_round_and_the_bill_is_left_alone(billed: Project) -> None:
    before = bill(billed)
    billed.owe(1, **VOID)

    assert billed.sync().counts == {"credited": 1}

    made = credit(billed)
    assert bill(billed) == before
    alike = ("VendorRef", "CurrencyRef", "TotalAmt", "APAccountRef", "GlobalTaxCalculation", "Line")
    assert {name: made[name] for name in alike} == {name: before[name] for name in alike}
    assert (made["DocNumber"], made["TxnDate"]) == ("CAKE-1-V", utc_now().date().isoformat())
    assert made["PrivateNote"].splitlines()[-1] == marker(KEY)
    assert billed.writes()[-1]["requestid"] == request_id(KEY, "create", "0", 0)
    assert billed.sync().counts == {"unchanged": 1}
    assert billed.plan("1").counts == {"unchanged": 1}


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        (lambda project: person(project, "pay"), "something was paid on it or hangs on it, and stays"),
        (lambda project: person(project, "edit", changes={"DueDate": "2026-12-24"}), ""),
        (lambda project: close_books(project, "2026-09-30"), ""),
    ],
    ids=["paid", "edited", "closed"],
)
def test_a_bill_that_is_paid_edited_or_in_closed_books_is_credited_and_not_touched(
    billed: Project, deed: Callable[[Project], None], told: str
) -> None:
    deed(billed)
    before = bill(billed)
    billed.owe(1, **VOID)

    assert told in billed.plan().of(1)["reason"]
    assert billed.sync().counts == {"credited": 1}
    assert bill(billed) == before


def test_a_bill_over_another_amount_now_is_taken_back_as_it_was_sent_and_that_is_said(billed: Project) -> None:
    line = bill(billed)["Line"][0] | {"Amount": 90}
    person(billed, "edit", changes={"Line": [line]})
    billed.owe(1, **VOID)

    reason = "QuickBooks holds it over AUD 90.00, and it is taken back as it was sent: 101.25"
    assert reason in billed.plan().of(1)["reason"]
    billed.sync()
    assert credit(billed)["TotalAmt"] == 101.25


def test_a_foreign_credit_has_the_rate_of_its_own_day(billed: Project) -> None:
    billed.owe(2, currency_symbol="USD")
    billed.sync()
    billed.owe(2, currency_symbol="USD", **VOID)

    assert billed.sync().counts == {"credited": 1, "unchanged": 1}
    made = credit(billed)
    assert made["CurrencyRef"]["value"] == "USD"
    assert made["ExchangeRate"] != 1


def test_fourteen_credits_go_in_a_batch(billed: Project) -> None:
    billed.owe(*range(1, 15))
    billed.sync()
    billed.owe(*range(1, 15), **VOID)

    assert billed.sync().counts == {"credited": 14}
    assert "BatchItemRequest" in json.loads(billed.writes()[-1]["body"])
    assert billed.numbers("VendorCredit") == {f"CAKE-{n}-V": 1 for n in range(1, 15)}
    assert billed.sync().counts == {"unchanged": 14}


def test_a_changed_amount_or_another_policy_changes_nothing_once_the_credit_stands(billed: Project) -> None:
    billed.owe(1, **VOID)
    billed.sync()
    billed.owe(1, total_payout="7.00", **VOID)
    edit(billed, MAKE_IT, "invoice voided later:      delete")

    assert billed.sync().counts == {"unchanged": 1}
    assert len(billed.writes()) == 2


# Its day and its number.


def test_the_day_is_that_on_which_the_void_was_first_seen(billed: Project) -> None:
    billed.owe(1, **VOID)
    billed.arm("answer-fault", "/vendorcredit", status=400, code="2020", message="Required", detail="a box")
    assert billed.sync(code=6).counts == {"refused": 1}
    with billed.state() as state:
        row = state.document(KEY)
        assert row is not None
        backdated(state, row.id or 0, datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC))

    assert billed.sync("--retry-refused").counts == {"credited": 1}
    assert credit(billed)["TxnDate"] == "2026-11-02"


def backdated(state: State, document: int, created: datetime.datetime) -> None:
    with state.write() as t:
        t.exec_driver_sql("UPDATE document SET created = ? WHERE id = ?", (created.isoformat(" "), document))


@pytest.mark.parametrize(
    ("policy", "counts"), [("hold", {"held": 1}), ("next open day", {"credited": 1})], ids=["hold", "next open day"]
)
def test_a_credit_is_never_dated_in_closed_books(billed: Project, policy: str, counts: dict[str, int]) -> None:
    edit(billed, "books closed:              hold", f"books closed:              {policy}")
    today = utc_now().date()
    close_books(billed, today.isoformat())
    billed.owe(1, **VOID)

    ran = billed.sync()

    assert ran.counts == counts
    if policy == "hold":
        assert ran.of(1)["code"] == "books-closed"
        close_books(billed, "2026-09-30")
        assert billed.sync().counts == {"credited": 1}
        assert credit(billed)["TxnDate"] == today.isoformat()
    else:
        assert credit(billed)["TxnDate"] == (today + datetime.timedelta(days=1)).isoformat()
        assert f"Voided {today}" in credit(billed)["PrivateNote"]


def test_a_number_that_would_be_too_long_is_held_and_nothing_is_cut(project: Project) -> None:
    edit(project, "invoice voided later:      delete", MAKE_IT)
    edit(project, "number:   CAKE-", "number:   CAKE-AFFILIATE-2026-")  # 21 characters with the invoice's one
    project.owe(1)
    project.sync()
    project.owe(1, **VOID)

    for _ in range(2):
        ran = project.sync()
        assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "credit-number")
        assert "CAKE-AFFILIATE-2026-1-V" in ran.of(1)["reason"]
        assert ran.of(1)["remedy"]
    assert not project.held("VendorCredit")
    project.owe(1)
    assert project.sync().counts == {"unchanged": 1}


# What speaks against it.


def test_a_bill_that_somebody_deleted_has_nothing_to_take_back(billed: Project) -> None:
    person(billed, "delete")
    billed.owe(1, **VOID)

    ran = billed.sync()
    assert (ran.counts, ran.of(1)["code"]) == ({"skipped": 1}, "voided-at-source")
    assert not billed.held("VendorCredit")


def test_what_was_a_credit_itself_is_for_a_person(project: Project) -> None:
    edit(project, "invoice voided later:      delete", MAKE_IT)
    project.owe(1, total_payout="-10.00")
    project.sync()
    project.owe(1, total_payout="-10.00", **VOID)

    ran = project.sync()
    assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "voided-at-source")
    assert "it is a vendor credit itself" in ran.of(1)["reason"]
    assert (len(project.held()), len(project.held("VendorCredit"))) == (0, 1)


def test_a_bill_whose_change_was_not_taken_is_for_a_person(billed: Project) -> None:
    """Nobody can tell from the state what such a bill holds."""
    billed.owe(1, total_payout="250.00")
    billed.arm("answer-fault", status=400, code="6540", message="Refused", detail="for a reason")
    billed.sync()
    billed.owe(1, total_payout="250.00", **VOID)

    ran = billed.sync()
    assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "voided-at-source")
    assert "a change of it did not arrive" in ran.of(1)["reason"]
    assert not billed.held("VendorCredit")


def test_a_renamed_vendor_is_credited_under_its_name_of_today(billed: Project) -> None:
    billed.load("Vendor", {"Id": bill(billed)["VendorRef"]["value"], "DisplayName": "Renamed Ltd"})
    billed.load("Vendor", {"DisplayName": "Affiliate 1", "CurrencyRef": {"value": "AUD"}})
    billed.owe(1, **VOID)

    assert billed.sync().counts == {"credited": 1}
    assert credit(billed)["VendorRef"] == {"value": bill(billed)["VendorRef"]["value"], "name": "Renamed Ltd"}


def test_an_inactive_vendor_blocks_the_credit_and_none_is_made_for_it(billed: Project) -> None:
    vendors = len(billed.held("Vendor"))
    billed.load("Vendor", {"Id": bill(billed)["VendorRef"]["value"], "Active": False})
    billed.owe(1, **VOID)

    ran = billed.sync(code=6)
    assert (ran.counts, ran.of(1)["code"]) == ({"blocked": 1}, "vendor-inactive")
    billed.load("Vendor", {"Id": bill(billed)["VendorRef"]["value"], "DisplayName": "Renamed Ltd"})
    ran = billed.sync(code=6)
    assert (ran.counts, ran.of(1)["code"]) == ({"blocked": 1}, "vendor-not-found")
    assert "is of vendor" in ran.of(1)["reason"]
    assert len(billed.held("Vendor")) == vendors


def test_a_credit_that_a_person_entered_is_linked_or_asked_about(billed: Project) -> None:
    by_hand = {name: bill(billed)[name] for name in ("VendorRef", "CurrencyRef", "Line", "GlobalTaxCalculation")}
    (number,) = billed.load("VendorCredit", by_hand | {"TxnDate": utc_now().date().isoformat(), "DocNumber": "mine"})
    billed.owe(1, **VOID)

    held = billed.sync()
    assert (held.counts, held.of(1)["code"]) == ({"held": 1}, "possible-duplicate")

    billed.load("VendorCredit", {"Id": number, "DocNumber": "CAKE-1-V"})
    ran = billed.sync()
    assert (ran.counts, ran.of(1)["qbo_id"]) == ({"adopted": 1}, number)
    assert len(billed.held("VendorCredit")) == 1


# Live again.


def test_an_invoice_that_is_live_again_is_for_a_person_until_the_credit_is_deleted(billed: Project) -> None:
    billed.owe(1, **VOID)
    billed.sync()
    billed.owe(1)

    for _ in range(2):
        ran = billed.sync()
        assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "live-again")
        assert "bill 1 was taken back by vendor credit 2" in ran.of(1)["reason"]
        assert "delete the vendor credit in QuickBooks" in ran.of(1)["remedy"]
    person(billed, "delete", "CAKE-1-V", kind="VendorCredit")
    assert billed.sync().counts == {"unchanged": 1}
    assert len(billed.writes()) == 2

    billed.owe(1, **VOID)
    again = billed.sync()
    assert (again.counts, again.of(1)["code"]) == ({"held": 1}, "missing-in-quickbooks")


def test_a_void_that_is_taken_back_before_the_credit_left_leaves_nothing_behind(billed: Project) -> None:
    billed.owe(1, **VOID)
    billed.arm("answer-fault", "/vendorcredit", status=400, code="2020", message="Required", detail="a box")
    billed.sync(code=6)
    billed.owe(1)

    assert billed.sync().counts == {"unchanged": 1}
    with billed.state() as state:
        given_up = state.document(KEY)
        assert given_up is not None
        assert given_up.state == "skipped"
    billed.owe(1, **VOID)
    assert billed.sync().counts == {"credited": 1}


# The state lost, or older.


def test_a_credit_that_the_state_forgot_is_found_by_its_mark(billed: Project) -> None:
    older = {path: path.read_bytes() for path in billed.folder.glob("state.db*")}
    billed.owe(1, **VOID)
    billed.sync()
    billed.forget()
    for path, content in older.items():
        path.write_bytes(content)

    assert billed.sync().counts == {"adopted": 1}
    assert len(billed.held("VendorCredit")) == 1
    assert billed.sync().counts == {"unchanged": 1}


def test_with_the_state_lost_a_live_invoice_is_not_billed_beside_its_credit(billed: Project) -> None:
    billed.owe(1, **VOID)
    billed.sync()
    billed.forget()
    billed.owe(1)

    for _ in range(2):
        ran = billed.sync()
        assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "live-again")
    person(billed, "delete", "CAKE-1-V", kind="VendorCredit")
    assert billed.sync().counts == {"adopted": 1}
    assert len(billed.writes()) == 2


def test_a_credit_that_a_person_gave_the_bills_number_stands_in_one_row(billed: Project) -> None:
    billed.owe(1, invoice_status="Void")
    billed.sync()
    person(
        billed, "edit", credit(billed)["Id"], kind="VendorCredit", changes={"DocNumber": "CAKE-1", "PrivateNote": ""}
    )

    ran = billed.run("reconcile", "--json").json

    assert sorted((row["entity"], row["qbo_id"]) for row in ran["rows"]) == [
        ("Bill", bill(billed)["Id"]),
        ("VendorCredit", credit(billed)["Id"]),
    ]
    assert {(line["difference"], line["quickbooks_difference"]) for line in ran["proof"]} == {("0.00", "0.00")}
