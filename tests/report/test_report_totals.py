"""What a report adds up: by family, month, vendor and account, and two ageings, never across currencies."""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from made_reconciliation import half_a_year, made

from connector.reconcile import FAMILY_OF, Row
from connector.report.reconciliation_totals import AGES, EXCEPTIONS, OVERDUE, UNUSED, Totals, difference
from connector.report.reconciliation_words import STATUS_MEANINGS

DAY = datetime.date(2026, 11, 3)
BILL = Row(
    "matched",
    "cake",
    "1",
    datetime.date(2026, 10, 1),
    "they agree",
    "nothing to do",
    vendor="BigPub Inc",
    currency="USD",
    source_amount=Decimal("100.00"),
    our_amount=Decimal("100.00"),
    our_currency="USD",
    quickbooks_amount=Decimal("100.00"),
    quickbooks_currency="USD",
    entity="Bill",
    qbo_id="145",
    due=datetime.date(2026, 10, 31),
    open_amount=Decimal("110.00"),
    accounts=(("Payouts:US", Decimal("60.00")), ("Fees", Decimal("40.00"))),
)
READY = replace(
    BILL, status="ready", quickbooks_amount=None, quickbooks_currency=None, entity=None, qbo_id=None, open_amount=None
)


def totals(*rows: Row) -> Totals:
    return Totals.of(rows, DAY)


def aged(told: Iterator[tuple[str, str, object]]) -> dict[str, object]:
    return {name: value for _, name, value in told}


def test_each_family_is_counted_and_summed_in_each_currency_alone() -> None:
    found = totals(BILL, BILL, replace(BILL, currency="EUR"), READY)

    assert (found.families["agree"], found.families["on-its-way"], found.rows) == (3, 1, 4)
    assert found.amounts["agree"] == {"USD": Decimal(200), "EUR": Decimal(100)}


def test_a_credit_that_takes_a_bill_back_changes_no_sum_of_what_agrees() -> None:
    credit = replace(BILL, source_amount=None, quickbooks_amount=Decimal("-100.00"), entity="VendorCredit")

    found = totals(BILL, credit)

    assert (found.families["agree"], found.amounts["agree"]) == (2, {"USD": Decimal(100)})  # as the proof has it


def test_of_what_no_source_says_the_books_are_counted() -> None:
    stranger = replace(BILL, status="no-source", source=None, source_amount=None, our_amount=None)

    assert totals(stranger).amounts == {"one-side": {"USD": Decimal(100)}}


def test_a_month_and_a_vendor_show_both_sides_and_a_bill_in_another_currency_under_its_own() -> None:
    astray = replace(BILL, status="currency-differs", quickbooks_currency="AUD")

    (aud, usd) = totals(BILL, READY, astray, replace(READY, status="skipped")).by_month()

    assert usd[:2] == ("USD", "2026-10")
    assert (usd[2].rows, usd[2].source, usd[2].quickbooks) == (4, 400, 100)
    assert (usd[2].waiting, usd[2].left_alone) == (100, 100)
    assert (aud[2].rows, aud[2].source, aud[2].quickbooks) == (0, 0, 100)


def test_the_largest_vendor_stands_first_in_each_currency() -> None:
    small = replace(BILL, vendor="A Small One", source_amount=Decimal(1))
    foreign = replace(BILL, vendor="Abroad", currency="AUD", quickbooks_currency="AUD")

    assert [vendor for _, vendor, _ in totals(small, BILL, foreign).by_vendor()] == [
        "Abroad",
        "BigPub Inc",
        "A Small One",
    ]


def test_an_account_shows_what_is_in_the_books_and_what_is_not_yet() -> None:
    ours = aged(iter(totals(BILL, READY, replace(READY, status="skipped")).by_account()))

    assert (ours["Payouts:US"].held, ours["Payouts:US"].missing) == (60, 60)  # type: ignore[attr-defined]
    assert (ours["Fees"].held, ours["Fees"].missing) == (40, 40)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("day", "age"),
    [
        ("2026-11-05", AGES[0]),
        ("2026-10-27", AGES[0]),
        ("2026-10-26", AGES[1]),
        ("2026-10-04", AGES[1]),
        ("2026-10-03", AGES[2]),
        ("2026-09-04", AGES[2]),
        ("2026-09-03", AGES[3]),
        (None, AGES[4]),
    ],
)
def test_what_is_open_ages_from_its_invoice_date(day: str | None, age: str) -> None:
    held = replace(READY, status="held", date=datetime.date.fromisoformat(day) if day else None)

    ages = aged(totals(held, replace(held, status="ready")).by_age())

    assert ages[age].exceptions.amount == 100  # type: ignore[attr-defined]
    assert ages[age].on_their_way.rows == 1  # type: ignore[attr-defined]
    assert totals(BILL).ages == {}


@pytest.mark.parametrize(
    ("due", "late"),
    [
        ("2026-11-03", OVERDUE[0]),
        ("2026-11-02", OVERDUE[1]),
        ("2026-10-04", OVERDUE[1]),
        ("2026-10-03", OVERDUE[2]),
        ("2026-08-05", OVERDUE[3]),
        ("2026-08-04", OVERDUE[4]),
    ],
)
def test_an_unpaid_bill_ages_from_its_due_date_with_its_tax(due: str, late: str) -> None:
    unpaid = aged(totals(replace(BILL, due=datetime.date.fromisoformat(due))).by_overdue())

    assert unpaid.pop(late).amount == 110  # type: ignore[attr-defined]
    assert {bills.rows for bills in unpaid.values()} == {0}  # type: ignore[attr-defined]


def test_a_paid_bill_is_not_overdue_and_an_unused_credit_stands_apart() -> None:
    credit = replace(BILL, entity="VendorCredit", due=None, open_amount=Decimal(-30))

    assert totals(replace(BILL, open_amount=Decimal(0))).unpaid == {}
    assert totals(credit).unpaid.keys() == {("USD", UNUSED)}


def test_a_difference_is_told_in_one_currency_only() -> None:
    assert difference(replace(BILL, quickbooks_amount=Decimal(64))) == 36
    assert difference(replace(BILL, quickbooks_currency="AUD")) is None
    assert difference(READY) is None


def test_the_oldest_exception_stands_first_and_one_without_a_date_last() -> None:
    days = ("2026-10-02", None, "2026-09-30", "2026-10-01")
    found = made(replace(READY, status="held", date=datetime.date.fromisoformat(day) if day else None) for day in days)

    assert [str(row.date) for row in found.oldest("needs-you")] == ["2026-09-30", "2026-10-01", "2026-10-02", "None"]
    assert list(found.oldest("differ")) == []


def test_no_row_is_lost_on_the_way_into_any_sum() -> None:
    rows = list(half_a_year())

    found = totals(*rows)

    said = sum((row.source_amount or Decimal(0) for row in rows), Decimal(0))
    held = sum((row.quickbooks_amount or Decimal(0) for row in rows), Decimal(0))
    for sums in (found.months, found.vendors):
        assert sum(sides.rows for sides in sums.values()) == len(rows)
        assert sum(sides.source for sides in sums.values()) == said
        assert sum(sides.quickbooks for sides in sums.values()) == held
    waiting = sum(1 for row in rows if row.family in (*EXCEPTIONS, "on-its-way"))
    assert sum(each.exceptions.rows + each.on_their_way.rows for each in found.ages.values()) == waiting


def test_every_status_has_a_meaning_in_the_reports() -> None:
    assert STATUS_MEANINGS.keys() == FAMILY_OF.keys()
