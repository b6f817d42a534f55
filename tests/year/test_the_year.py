"""
A year in the life of a company: after every month each invoice stands under its right status, and the proof closes.

A planted difference that is not told, a difference that nobody planted, and a cent too much or too little all fail.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from year_story import PLANTS, Plant, everyday_life, second_thoughts
from year_world import Invoice, Year, new_year

from connector.reconcile import FAMILY_OF


@pytest.fixture
def year(tmp_path: Path) -> Iterator[Year]:
    with new_year(tmp_path) as year:
        yield year


CREDITS_FROM = 3
"""From March on the finance team has voided bills credited."""


def live(year: Year, number: int, invoices: int) -> None:
    """One month: what comes in, the sync, what goes wrong, the report, the remedies, the report, the books closed."""
    month = datetime.date(2026, number, 1)
    with year.working_on(month):
        if number == CREDITS_FROM:
            year.credits_voids()
        later = list(second_thoughts(year))
        everyday_life(year, invoices)
        planted = [(plant, _planted(year, plant)) for plant in PLANTS if number in plant.months]
        year.sync()
        for plant, invoice in planted:
            plant.after(year, invoice)
            year.expected[invoice.place] = tuple(plant.status.split())
        year.reconcile()

        year.close_books(datetime.date(2025, 12, 31))  # what the sources thought better of is put right
        for plant, invoice in planted:
            plant.remedy(year, invoice)
            year.expected[invoice.place] = tuple(plant.settled.split())
        for invoice, settled in later:
            year.expected[invoice.place] = tuple(settled.split())
        year.sync()
        year.reconcile()
        assert not year.differences()
        year.close_books(year.last_day)


def _planted(year: Year, plant: Plant) -> Invoice:
    invoice = (year.owe if plant.source == "cake" else year.commission)("matched", **plant.row)
    plant.before(year, invoice)
    return invoice


def test_the_first_quarter(year: Year) -> None:
    """A sample of what follows."""
    for number in (1, 2, 3):
        live(year, number, invoices=25)
    with year.working_on(datetime.date(2026, 3, 1)):
        at_the_end(year, months=3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_year(year: Year) -> None:
    for number in range(1, 13):
        live(year, number, invoices=270)
    with year.working_on(datetime.date(2026, 12, 1)):
        at_the_end(year, months=12)
    assert len(year.invoices) > 3000


def at_the_end(year: Year, months: int) -> None:
    """Month by month nothing else is told, and the books hold, in each currency, exactly what the sources owe."""
    for number in range(1, months + 1):
        year.reconcile(period=f"2026-{number:02d}")
    owed: dict[str, Decimal] = {}
    for place, invoice in year.invoices.items():
        if [FAMILY_OF[status] for status in year.expected[place]] == ["agree"]:  # two: taken back by a credit
            owed[invoice.currency] = owed.get(invoice.currency, Decimal(0)) + invoice.net
    assert year.booked() == owed
    assert not year.unpaid_commissions()


def test_the_first_quarter_has_every_status() -> None:
    planted = {status for plant in PLANTS if {1, 2, 3} & set(plant.months) for status in plant.status.split()}

    settled = {status for plant in PLANTS if {1, 2, 3} & set(plant.months) for status in plant.settled.split()}

    assert planted | settled | {"no-source"} == set(FAMILY_OF)
