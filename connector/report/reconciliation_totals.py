"""
What the rows of a reconciliation add up to, from one reading of them and with nothing but the rows. Pure.

Sums never cross currencies. The two ageings answer different questions and are kept apart: how old is what waits for a
person or a sync, and how long overdue is what stands unpaid in QuickBooks.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from connector.reconcile import Family, Reconciled, Row, Status

__all__ = [
    "AGES",
    "EXCEPTIONS",
    "OVERDUE",
    "UNUSED",
    "Booked",
    "Count",
    "Open",
    "Sides",
    "Totals",
    "ageing_day",
    "difference",
    "told_amount",
]

EXCEPTIONS: Final[tuple[Family, ...]] = ("differ", "one-side", "needs-you")
"""What a person has to look at: what is wrong stands before what merely waits."""

AGES: Final = ("0 to 7 days", "8 to 30 days", "31 to 60 days", "over 60 days", "no date")
OVERDUE: Final = ("not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "over 90 days")
UNUSED: Final = "credits not used"

_AGE_LIMITS: Final = (7, 30, 60)
_OVERDUE_LIMITS: Final = (0, 30, 60, 90)


@dataclass(slots=True)
class Count:
    """How many rows, and their sum in one currency."""

    rows: int = 0
    amount: Decimal = Decimal(0)

    @property
    def drawn(self) -> Decimal:
        """The length of its bar, as of the other sums: nothing below zero is drawn."""
        return _above_zero(self.amount)

    def add(self, amount: Decimal) -> None:
        self.rows += 1
        self.amount += amount


@dataclass(slots=True)
class Open:
    """What of one age waits: for a person, or for the next sync."""

    exceptions: Count = field(default_factory=Count)
    on_their_way: Count = field(default_factory=Count)

    @property
    def drawn(self) -> Decimal:
        return self.exceptions.drawn + self.on_their_way.drawn


@dataclass(slots=True)
class Sides:
    """
    One month or one vendor in one currency.

    Args:
        source: What the source says of all its invoices.
        quickbooks: What QuickBooks holds of them.
        waiting: The part of ``source`` that is on its way or needs a person.
        left_alone: The part of ``source`` that no bill is meant for.
    """

    rows: int = 0
    source: Decimal = Decimal(0)
    quickbooks: Decimal = Decimal(0)
    waiting: Decimal = Decimal(0)
    left_alone: Decimal = Decimal(0)

    @property
    def drawn(self) -> Decimal:
        return _above_zero(self.quickbooks) + _above_zero(self.waiting)

    def add(self, other: "Sides") -> None:
        self.rows += other.rows
        self.source += other.source
        self.quickbooks += other.quickbooks
        self.waiting += other.waiting
        self.left_alone += other.left_alone


@dataclass(slots=True)
class Booked:
    """One account in one currency: what our documents put there, by whether QuickBooks has their bill."""

    rows: int = 0
    held: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)

    @property
    def drawn(self) -> Decimal:
        return _above_zero(self.held) + _above_zero(self.missing)

    def add(self, other: "Booked") -> None:
        self.rows += other.rows
        self.held += other.held
        self.missing += other.missing


Place = tuple[str, str]
"""A currency, and what is summed in it: a month, a vendor, an account, an age."""


@dataclass(slots=True)
class Totals:
    """Every sum of a report. A currency that is not known is ``?``; a vendor that is not known is empty."""

    day: datetime.date
    families: Counter[Family] = field(default_factory=Counter)
    statuses: Counter[Status] = field(default_factory=Counter)
    amounts: dict[Family, dict[str, Decimal]] = field(default_factory=dict)
    months: dict[Place, Sides] = field(default_factory=dict)
    vendors: dict[Place, Sides] = field(default_factory=dict)
    accounts: dict[Place, Booked] = field(default_factory=dict)
    ages: dict[Place, Open] = field(default_factory=dict)
    unpaid: dict[Place, Count] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Row], day: datetime.date) -> "Totals":
        """
        The totals of ``rows``.

        Args:
            rows: Read once.
            day: The day that ages are counted to.
        """
        totals = cls(day)
        for row in rows:
            totals._add(row)
        return totals

    @property
    def rows(self) -> int:
        return self.families.total()

    def by_month(self) -> list[tuple[str, str, Sides]]:
        """Currency, month and sums, in this order."""
        return sorted(((*place, sides) for place, sides in self.months.items()), key=lambda each: each[:2])

    def by_vendor(self) -> list[tuple[str, str, Sides]]:
        """Currency, vendor and sums; in each currency the largest first."""
        told = ((*place, sides) for place, sides in self.vendors.items())
        return sorted(told, key=lambda each: (each[0], -abs(each[2].source), -abs(each[2].quickbooks), each[1]))

    def by_account(self) -> list[tuple[str, str, Booked]]:
        """Currency, account and sums; in each currency the largest first."""
        told = ((*place, booked) for place, booked in self.accounts.items())
        return sorted(told, key=lambda each: (each[0], -abs(each[2].held + each[2].missing), each[1]))

    def by_age(self) -> Iterator[tuple[str, str, Open]]:
        """Currency, age and what waits; of every currency every age."""
        for currency in sorted({currency for currency, _ in self.ages}):
            for age in AGES:
                if age != AGES[-1] or (currency, age) in self.ages:
                    yield currency, age, self.ages.get((currency, age), Open())

    def by_overdue(self) -> Iterator[tuple[str, str, Count]]:
        """Currency, how long overdue, and the bills that stand unpaid; of every currency every step."""
        for currency in sorted({currency for currency, _ in self.unpaid}):
            for late in (*OVERDUE, UNUSED):
                if late != UNUSED or (currency, late) in self.unpaid:
                    yield currency, late, self.unpaid.get((currency, late), Count())

    def _add(self, row: Row) -> None:
        self.families[row.family] += 1
        self.statuses[row.status] += 1
        currency, amount = told_amount(row)
        if amount is not None and (row.family != "agree" or row.source_amount is not None):
            # What agrees is summed as the proof sums it: a credit that takes a bill back says nothing at the source.
            sums = self.amounts.setdefault(row.family, {})
            sums[currency] = sums.get(currency, Decimal(0)) + amount
        for name, sums_of in ((row.month, self.months), (row.vendor or "", self.vendors)):
            _add_sides(sums_of, name, row)
        if row.family != "left-alone":
            self._add_accounts(row)
        self._add_ages(row, currency, amount or Decimal(0))

    def _add_accounts(self, row: Row) -> None:
        for name, amount in row.accounts:
            held = row.quickbooks_amount is not None
            nothing = Decimal(0)
            booked = Booked(1, amount if held else nothing, nothing if held else amount)
            self.accounts.setdefault((row.our_currency or "?", name), Booked()).add(booked)

    def _add_ages(self, row: Row, currency: str, amount: Decimal) -> None:
        if row.family in EXCEPTIONS or row.family == "on-its-way":
            age = AGES[-1] if row.date is None else AGES[_bucket((self.day - row.date).days, _AGE_LIMITS)]
            waits = self.ages.setdefault((currency, age), Open())
            (waits.on_their_way if row.family == "on-its-way" else waits.exceptions).add(amount)
        if row.open_amount:
            late = UNUSED
            if row.entity != "VendorCredit":
                due = row.due or row.date or self.day
                late = OVERDUE[_bucket((self.day - due).days, _OVERDUE_LIMITS)]
            self.unpaid.setdefault((row.quickbooks_currency or "?", late), Count()).add(row.open_amount)


def told_amount(row: Row) -> tuple[str, Decimal | None]:
    """What the source says; of what no source says, what QuickBooks says, and else what our document is to hold."""
    if row.source_amount is not None:
        return row.currency or "?", row.source_amount
    if row.quickbooks_amount is not None:
        return row.quickbooks_currency or "?", row.quickbooks_amount
    return row.our_currency or row.currency or "?", row.our_amount


def difference(row: Row) -> Decimal | None:
    """What the source says less what QuickBooks holds; None where one of them is missing or in another currency."""
    if row.source_amount is None or row.quickbooks_amount is None or row.currency != row.quickbooks_currency:
        return None
    return row.source_amount - row.quickbooks_amount


def ageing_day(found: Reconciled) -> datetime.date:
    """The day that ages are counted to: the one on which the last side was read, so that a report repeats itself."""
    return max(found.as_of.values()).date() if found.as_of else found.first


def _add_sides(sums: dict[Place, Sides], name: str, row: Row) -> None:
    nothing = Decimal(0)
    said = row.source_amount or nothing
    waits = row.family in ("on-its-way", "needs-you")
    sides = Sides(1, said, nothing, said if waits else nothing, said if row.family == "left-alone" else nothing)
    sums.setdefault((row.currency or "?", name), Sides()).add(sides)
    if row.quickbooks_amount is not None:
        # A bill in another currency than its invoice stands under its own.
        sums.setdefault((row.quickbooks_currency or "?", name), Sides()).quickbooks += row.quickbooks_amount


def _above_zero(amount: Decimal) -> Decimal:
    return max(Decimal(0), amount)


def _bucket(days: int, limits: Sequence[int]) -> int:
    """Which of the ages; a day that is yet to come is in the first."""
    return sum(days > limit for limit in limits)
