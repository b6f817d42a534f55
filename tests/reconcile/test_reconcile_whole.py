"""Reconcile against the pretend sources and the pretend QuickBooks: every status as it comes about."""

import shutil
import sqlite3
from decimal import Decimal

import pytest
from reconciled_world import ROOT, World, amounts, mark

from connector.reconcile import compare, comparison
from connector.state.clock import utc_now

D = Decimal


def test_what_agrees_on_three_sides_is_matched(world: World) -> None:
    world.owe(1, amount="4825.505")
    world.sync()

    report = world.reconcile()

    (row,) = report.rows
    assert row.status == "matched"
    assert amounts(row) == (D("4825.51"), D("4825.51"), D("4825.51"))
    assert row.qbo_id == world.bill_of(1)["Id"]
    assert report.closes
    assert report.found.exit_code == 0


def test_a_lost_state_does_not_hide_a_match_and_is_not_written(world: World) -> None:
    world.owe(1)
    world.owe(2, amount="-20.00")
    world.sync()
    world.lose_state()

    report = world.reconcile()

    assert [row.status for row in report.rows] == ["matched", "matched"]
    assert report.of(2)[0].quickbooks_amount == D("-20.00")
    assert report.closes
    assert not (world.folder / "state.db").exists()


def test_what_quickbooks_does_not_have_yet_says_why(world: World) -> None:
    world.owe(5, affiliate_name="Northwind Deals")  # a customer's name, which only writing finds out
    world.sync()
    world.owe(1)
    world.owe(2, invoice_status="Pending")
    world.owe(3, invoice_status="Disputed")
    world.owe(4, day="2026-01-14")
    world.owe(6, invoice_date="someday")

    report = world.reconcile()

    assert {row.invoice: row.status for row in report.rows} == {
        "1": "ready",
        "2": "skipped",
        "3": "held",
        "4": "before-start",
        "5": "blocked",
        "6": "held",
    }
    assert report.of(6)[0].month == "unknown"
    assert report.closes
    assert report.found.exit_code == 0
    assert all(row.why and row.next for row in report.rows)


@pytest.mark.parametrize("linked", [False, True])
def test_a_bill_entered_by_hand_is_told_as_such(world: World, linked: bool) -> None:
    world.owe(1)
    world.vendor("Affiliate 1")
    world.enter("CAKE-1", "Affiliate 1", "100.00", "2026-04-02")
    if linked:
        world.sync()

    report = world.reconcile()

    assert report.status(1) == "entered-by-hand"
    assert amounts(report.rows[0]) == (D("100.00"),) * 3
    assert report.closes


def test_edits_in_quickbooks_are_told_apart(world: World) -> None:
    for invoice in range(1, 6):
        world.owe(invoice)
    world.sync()
    world.edit(1, Line=world.line("90.00"))
    world.edit(2, VendorRef={"value": world.vendor("Somebody Else")})
    world.edit(3, TxnDate="2026-07-31")  # read by id, because it is far outside of the period
    world.edit(4, Line=world.line("100.00", "Bank fees"))
    world.edit(5, PrivateNote="a person cleared the memo")

    report = world.reconcile("2026-03")

    assert [row.status for row in report.rows] == [
        "amount-differs",
        "vendor-differs",
        "date-differs",
        "account-differs",
        "matched",
    ]
    assert amounts(report.of(1)[0]) == (D("100.00"), D("100.00"), D("90.00"))
    assert report.closes
    assert report.found.exit_code == 10


def test_a_bill_by_hand_in_another_currency_never_adds_to_ours(world: World) -> None:
    world.owe(1)
    world.vendor("Affiliate 1 EUR", "EUR")
    world.enter("CAKE-1", "Affiliate 1 EUR", "100.00", currency="EUR")

    report = world.reconcile()

    (row,) = report.rows
    assert (row.status, row.currency, row.quickbooks_currency) == ("currency-differs", "USD", "EUR")
    assert report.closes
    lines = {line.currency: line.quickbooks_total for line in report.found.proof.lines()}
    assert lines == {"USD": D(0), "EUR": D("100.00")}


def test_what_the_source_changed_its_mind_about_is_told(world: World) -> None:
    for invoice in range(1, 7):
        world.owe(invoice)
    world.sync()
    world.pay(3)
    world.delete(6)
    world.owe(1, amount="120.00")
    for invoice in (2, 3, 6):
        world.owe(invoice, invoice_status="Void")
    world.owe(4, invoice_status="Pending")
    world.forget(5)

    report = world.reconcile("2026-03")

    assert {row.invoice: row.status for row in report.rows} == {
        "1": "changed-at-source",
        "2": "voided-at-source",
        "3": "voided-at-source-paid",
        "4": "changed-at-source",
        "5": "gone-at-source",
        "6": "skipped",
    }
    assert amounts(report.of(5)[0]) == (None, D("100.00"), D("100.00"))
    assert report.closes


def test_an_invoice_that_only_moved_to_another_month_is_not_gone(world: World) -> None:
    world.owe(1)
    world.sync()
    world.owe(1, day="2026-04-20")

    assert world.reconcile("2026-03").rows == []
    assert world.reconcile("2026-04").status(1) == "changed-at-source"


def test_a_bill_that_was_deleted_is_missing_and_stays_so(world: World) -> None:
    world.owe(1)
    world.sync()
    world.delete(1)

    for _ in range(2):
        report = world.reconcile()
        assert report.status(1) == "missing-in-quickbooks"
        assert report.rows[0].quickbooks_amount is None
        assert report.closes
        assert report.found.exit_code == 10
        world.sync()


def test_a_second_bill_has_a_row_of_its_own(world: World) -> None:
    world.owe(1)
    world.owe(2)
    world.sync()
    world.enter("COPY-1", "Affiliate 1", "100.00", memo=mark(1))
    world.enter("CAKE-2", "Sydney Office Rentals", "7.00", currency="AUD")

    report = world.reconcile()

    assert sorted(row.status for row in report.of(1)) == ["matched", "twice-in-quickbooks"]
    assert sorted(row.status for row in report.of(2)) == ["matched", "twice-in-quickbooks"]
    assert report.closes


def test_a_mark_that_nobody_knows_is_told_only_where_every_source_was_read(world: World) -> None:
    world.vendor("Somebody")
    world.enter("X-1", "Somebody", "12.00", memo="ref:abcdefghij234567")
    world.enter("RENT", "Somebody", "900.00")

    whole, part = world.reconcile(), world.reconcile(sources=("cake",))

    assert [(row.status, row.source, row.quickbooks_amount) for row in whole.rows] == [("no-source", None, D("12.00"))]
    assert whole.closes
    assert (part.rows, part.found.unplaced, part.found.exit_code) == ([], 1, 0)


def test_a_bill_of_another_month_is_no_stranger_with_the_state_lost(world: World) -> None:
    world.owe(1, day="2026-02-28")
    world.owe(2, day="2026-03-31")
    world.sync()
    world.lose_state()

    assert [row.status for row in world.reconcile("2026-03").rows] == ["matched"]


def test_a_bill_without_an_answer_is_sending_until_quickbooks_shows_it(world: World) -> None:
    world.owe(1)
    world.owe(2)
    world.vendor("Affiliate 1")
    world.vendor("Affiliate 2")
    world.arm("drop-before-commit")
    world.sync()

    report = world.reconcile()

    assert sorted(row.status for row in report.rows) == ["matched", "sending"]
    assert report.closes
    assert report.found.exit_code == 0


def test_a_source_that_fails_stops_no_other(world: World) -> None:
    world.owe(1)
    world.sandbox.world.load(
        "commission_factory",
        [
            {
                "Id": 7,
                "DateCreated": "2026-03-01T00:00:00.000",
                "DatePaid": "2026-03-15T00:00:00.000",
                "Number": "CF-7",
                "Description": "Commissions",
                "SubTotal": D("50.0000"),
                "GST": D("5.0000"),
                "Total": D("55.0000"),
            }
        ],
    )
    world.configure(cake_key="wrong")

    report = world.reconcile()

    assert [(row.source, row.status, row.currency) for row in report.rows] == [("commission_factory", "ready", "AUD")]
    assert [problem.source for problem in report.found.problems] == ["cake"]
    assert report.found.exit_code == 4


def test_a_matched_bill_with_tax_is_compared_without_it(world: World) -> None:
    row = {
        "Id": 7,
        "DateCreated": "2026-03-01T00:00:00.000",
        "DatePaid": "2026-03-15T00:00:00.000",
        "Number": "CF-7",
        "Description": "Commissions",
        "SubTotal": D("50.0000"),
        "GST": D("5.0000"),
        "Total": D("55.0000"),
    }
    world.sandbox.world.load("commission_factory", [row])
    world.sync()
    world.lose_state()

    report = world.reconcile()

    assert [(each.status, *amounts(each)) for each in report.rows] == [("matched", *(D("50.00"),) * 3)]
    assert report.closes


def test_a_bill_by_hand_that_shares_only_the_number_differs(world: World) -> None:
    for invoice in (1, 2):
        world.owe(invoice)
        world.vendor(f"Affiliate {invoice}")
    world.enter("CAKE-1", "Affiliate 1", "99.99")
    world.enter("CAKE-2", "Affiliate 1", "100.00")

    report = world.reconcile()

    assert [row.status for row in report.rows] == ["amount-differs", "vendor-differs"]
    assert report.closes


def test_a_look_alike_is_held_and_stays_out_of_the_sums(world: World) -> None:
    world.owe(1)
    world.vendor("Affiliate 1")
    world.enter("INV-77", "Affiliate 1", "100.00", "2026-04-02")

    report = world.reconcile()

    (row,) = report.rows
    assert (row.status, row.quickbooks_amount) == ("held", None)
    assert "INV-77" in row.why
    assert report.closes


def test_a_bill_before_the_start_is_left_alone_unless_it_is_ours(world: World) -> None:
    world.owe(1, day="2026-01-10")
    world.owe(2, day="2026-01-10")
    for invoice in (1, 2):
        world.vendor(f"Affiliate {invoice}")
    world.enter("CAKE-1", "Affiliate 1", "100.00", "2026-01-10")
    world.enter("CAKE-2", "Affiliate 2", "100.00", "2026-01-10", memo=mark(2))

    report = world.reconcile("2026-01")

    assert [row.status for row in report.rows] == ["before-start", "matched"]
    assert report.closes


def test_a_refused_bill_needs_a_person(world: World) -> None:
    world.owe(1)
    world.vendor("Affiliate 1")
    world.arm("answer-fault", status=400, code="6000", message="Business Validation Error", detail="no")
    world.sync()

    report = world.reconcile()

    assert report.status(1) == "refused"
    assert report.rows[0].why
    assert report.closes


def test_it_changes_nothing_in_quickbooks_or_in_the_state(world: World) -> None:
    world.owe(1)
    world.owe(2)
    world.sync()
    world.delete(1)
    world.owe(3)

    def contents() -> object:
        held = {
            kind: {key: one.text for key, one in all_.items()} for kind, all_ in world.sandbox.company.records.items()
        }
        tables = ("document", "invoice", "pull", "run", "book", "binding", "request", "mapping_version")
        with sqlite3.connect(world.folder / "state.db") as state:
            return held, {table: state.execute(f"SELECT * FROM {table}").fetchall() for table in tables}

    before = contents()
    world.reconcile()

    assert contents() == before


@pytest.mark.parametrize("what", ["compare", "_in_period"])
def test_a_planted_loss_is_seen(world: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    world.owe(1)
    world.owe(2)
    world.sync()
    if what == "compare":
        monkeypatch.setattr(comparison, "compare", lambda one: (row for row in compare(one) if row.invoice != "1"))
    else:
        whole = comparison.Comparison._in_period
        monkeypatch.setattr(
            comparison.Comparison, "_in_period", lambda self, name: (chunk[1:] for chunk in whole(self, name))
        )

    report = world.reconcile()

    assert len(report.rows) == 1
    assert not report.found.proof.closes
    assert [line.difference for line in report.found.proof.lines()] == [D("100.00")]


def test_a_mark_copied_into_anothers_bill_moves_no_bill(world: World) -> None:
    world.owe(1)
    world.owe(2)
    world.sync()
    world.edit(2, PrivateNote=mark(1))

    report = world.reconcile()

    assert [(row.invoice, row.status) for row in report.rows] == [("1", "matched"), ("2", "matched")]
    assert report.closes


def test_a_bill_that_a_person_corrects_as_the_source_was_is_matched_again(world: World) -> None:
    world.owe(1)
    world.owe(2)
    world.sync()
    for invoice in (1, 2):
        world.owe(invoice, amount="120.00", day="2026-03-30")
    world.edit(1, Line=world.line("120.00"), TxnDate="2026-03-30")
    world.edit(2, Line=world.line("120.00"))

    report = world.reconcile()

    assert (report.status(1), report.status(2)) == ("matched", "changed-at-source")
    assert amounts(report.of(1)[0]) == (D("120.00"),) * 3
    assert report.closes


def test_the_bills_of_a_connection_that_was_renamed_are_told(world: World) -> None:
    world.owe(1)
    world.sync()
    settings = world.folder / "connector.toml"
    settings.write_text(settings.read_text().replace("[sources.cake]", "[sources.network]"))

    report = world.reconcile()

    assert [(row.source, row.status) for row in report.rows] == [("network", "held"), (None, "no-source")]
    assert 'was made for the connection "cake"' in report.rows[1].why
    assert report.rows[1].qbo_id == world.bill_of(1)["Id"]
    assert report.closes


@pytest.mark.parametrize("gone", [False, True])
def test_a_copy_of_a_bill_that_was_removed_is_told(world: World, gone: bool) -> None:
    today = str(utc_now().date())
    world.owe(1, day=today)
    world.sync()
    copy = world.control("person", {"does": "copy", "bill": "CAKE-1", "changes": {"DocNumber": "COPY"}})
    world.owe(1, day=today, invoice_status="Void")
    assert world.sync().outcome.planned.counts()["removed"] == 1
    if gone:
        world.forget(1)

    report = world.reconcile()

    (row,) = report.rows
    assert (row.status, row.qbo_id) == ("gone-at-source" if gone else "voided-at-source", copy["Id"])
    assert report.closes


# A voided invoice whose bill was taken back.

DAY = "2026-09-30"
"""Late enough to be pulled again."""


def credited(world: World, *invoices: int) -> None:
    """Bills, voided at the source and taken back by vendor credits."""
    (world.folder / "mappings").unlink()
    shutil.copytree(ROOT / "mappings", world.folder / "mappings")
    path = world.folder / "mappings/cake.yaml"
    path.write_text(path.read_text().replace("voided later:      delete", "voided later:      credit"))
    for invoice in invoices:
        world.owe(invoice, DAY)
    world.sync()
    for invoice in invoices:
        world.owe(invoice, DAY, invoice_status="Void")
    world.sync()


def test_a_bill_and_the_credit_that_takes_it_back_agree_with_and_without_the_state(world: World) -> None:
    credited(world, 1, 2)
    world.pay(2)

    for _ in range(2):
        report = world.reconcile()
        assert [(row.invoice, row.status, row.entity) for row in report.rows] == [
            ("1", "matched", "Bill"),
            ("1", "matched", "VendorCredit"),
            ("2", "matched", "Bill"),
            ("2", "matched", "VendorCredit"),
        ]
        assert [row.quickbooks_amount for row in report.of(1)] == [D("100.00"), D("-100.00")]
        assert report.closes
        assert report.found.exit_code == 0
        world.lose_state()


def test_what_a_person_does_to_either_is_told(world: World) -> None:
    credited(world, 1, 2, 3, 4, 5)
    world.delete(1)
    (second, third, fourth) = (world.bill_of_number(f"CAKE-{n}-V")["Id"] for n in (2, 3, 4))
    world.sandbox.company.remove("VendorCredit", second)
    world.load("VendorCredit", {"Id": third, "Line": world.line("1.00")})
    world.control("person", {"does": "copy", "kind": "VendorCredit", "bill": fourth})
    world.owe(5, DAY)

    report = world.reconcile()

    assert {n: [row.status for row in report.of(n)] for n in range(1, 6)} == {
        1: ["missing-in-quickbooks"],
        2: ["voided-at-source"],
        3: ["matched", "amount-differs"],
        4: ["matched", "matched", "twice-in-quickbooks"],
        5: ["changed-at-source", "changed-at-source"],
    }
    assert "vendor credit" in report.of(1)[0].why
    assert "has the same mark as vendor credit" in report.of(4)[2].why
    assert report.closes


def test_a_period_shows_a_credit_of_another_month_beside_its_bill(world: World) -> None:
    credited(world, 1)

    then = world.reconcile("2026-09")
    later = world.reconcile(f"{utc_now():%Y-%m}")

    assert [row.status for row in then.rows] == ["matched", "matched"]
    assert then.found.proof.closes
    assert later.rows == []
