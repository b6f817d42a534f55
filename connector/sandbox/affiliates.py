"""The pretend network: affiliates, what is owed to them, and what Commission Factory owes; the same at every start."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Self

__all__ = ["Affiliate", "World"]

Row = dict[str, Any]

_SEED: Final = 20260131
_AFFILIATES: Final = 240
_DAYS: Final = 300
_FIRST_INVOICE: Final = 10001
_CYCLES: Final = ("Net 30", "Net 30", "Net 15", "Net 7", "Net 45", "Weekly")
_PAYMENTS: Final = ("PayPal", "Wire", "ACH", "Check")
_CURRENCIES: Final = ("USD",) * 8 + ("EUR", "AUD")
_FIRST: Final = (
    "Blue Bright Cedar Clear Coral Daily Ember First Golden Grand Green Harbor Honest Iron Kite Lunar Maple Metro "
    "Noble North Ocean Open Pixel Prime Quick Red River Silver Smart Solar Summit Swift Tidal True Urban Velvet Vivid "
    "West Wild Zen"
).split()
_SECOND: Final = (
    "Audience Bridge Clicks Commerce Coupons Deals Leads Loop Market Offers Reach Rewards Signal Traffic".split()
)
_THIRD: Final = "Media,Partners,Network,Digital,Group,Labs,LLC,GmbH,Pty Ltd,Collective".split(",")

_SAMPLE: Final[Row] = {
    "invoice_id": 10042,
    "invoice_date": "2026-01-31",
    "invoice_status": "Approved",
    "affiliate_id": 67890,
    "affiliate_name": "MediaBridge Partners",
    "billing_cycle_name": "Net 30",
    "currency_symbol": "USD",
    "total_payout": "4825.50",
    "payment_type": "PayPal",
    "date_approved": "2026-02-05",
}
"""The document's own sample, to the letter."""


@dataclass(frozen=True, slots=True)
class Affiliate:
    """One affiliate of the network, paid in one currency."""

    id: int
    name: str
    currency: str
    cycle: str
    payment: str


@dataclass(slots=True)
class World:
    """
    What the two pretend sources hold, as their documents print it.

    Args:
        today: The day of the newest invoices.
        affiliates: Everyone who may be paid.
        cake: Rows of CAKE; amounts are text.
        commission_factory: Rows of Commission Factory; amounts are Decimals with four decimals.
        commission_factory_seconds: How long Commission Factory takes for an answer.
        version: Goes up with every ``load``; change rows through it, the pretend servers keep an index per version.
    """

    today: date
    affiliates: tuple[Affiliate, ...] = ()
    cake: list[Row] = field(default_factory=list)
    commission_factory: list[Row] = field(default_factory=list)
    version: int = 0
    commission_factory_seconds: float = 0.0

    @classmethod
    def generate(cls, today: date, cake_invoices: int = 400) -> Self:
        """A lifelike network as of ``today``; equal arguments give equal worlds."""
        draw = random.Random(_SEED)
        affiliates = _affiliates(draw)
        return cls(today, affiliates, _cake(draw, affiliates, today, cake_invoices), _commission_factory(draw, today))

    def load(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """
        Replace the rows with the same id, append the others. ``kind`` is ``cake`` or ``commission_factory``.

        Raises:
            ValueError: There is no such kind, or a row has no id.
        """
        lists = {"cake": (self.cake, "invoice_id"), "commission_factory": (self.commission_factory, "Id")}
        if kind not in lists:
            raise ValueError(f"no rows are called {kind!r}; there are: {', '.join(lists)}")
        held, name = lists[kind]
        places = {str(row.get(name)): place for place, row in enumerate(held)}
        for row in rows:
            if name not in row:
                raise ValueError(f"a row of {kind} has no {name}")
            place = places.setdefault(str(row[name]), len(held))
            if place < len(held):
                held[place] = dict(row)
            else:
                held.append(dict(row))
        self.version += 1


def _affiliates(draw: random.Random) -> tuple[Affiliate, ...]:
    special = [
        (67890, "MediaBridge Partners", "USD", "Net 30", "PayPal"),
        (70101, "O'Malley's Deals", "USD", "Net 15", "PayPal"),
        (70102, "Foo [/bar] Media", "USD", "Net 30", "Wire"),
        (70103, "Rocket 🚀 Rewards", "EUR", "Net 30", "Wire"),
        (70104, "Northwind Deals", "USD", "Net 7", "ACH"),  # a customer's name in the pretend QuickBooks
        (70105, "Twin Peaks Media", "USD", "Net 30", "PayPal"),
        (70106, "Twin Peaks Media", "AUD", "Net 45", "Wire"),
        (70107, "Müller & Söhne Werbung", "EUR", "Net 15", "Wire"),
        (70108, "=cmd|'/c calc'!A1", "USD", "Weekly", "PayPal"),
    ]
    names: set[str] = {one[1] for one in special}
    made = [Affiliate(*one) for one in special]
    while len(made) < _AFFILIATES:
        name = " ".join(draw.choice(words) for words in (_FIRST, _SECOND, _THIRD))
        if name not in names:
            names.add(name)
            number = 70109 + 3 * len(made)
            made.append(Affiliate(number, name, draw.choice(_CURRENCIES), draw.choice(_CYCLES), draw.choice(_PAYMENTS)))
    return tuple(made)


def _cake(draw: random.Random, affiliates: Sequence[Affiliate], today: date, count: int) -> list[Row]:
    month_ends, sundays = _month_ends(today), _sundays(today)
    rows: list[Row] = []
    for place in range(count - 1):
        payee = affiliates[place] if place < len(affiliates) else draw.choice(affiliates)
        day = draw.choice(sundays if payee.cycle == "Weekly" else month_ends)
        rows.append(_revenue(draw, day) if place % 16 == 15 else _payout(draw, payee, day, today))
    _oddities(rows)
    rows.sort(key=lambda row: row["invoice_date"])
    numbers = (number for number in range(_FIRST_INVOICE, _FIRST_INVOICE + count) if number != _SAMPLE["invoice_id"])
    rows = [{"invoice_id": number, **row} for number, row in zip(numbers, rows, strict=False)]
    rows.append(dict(_SAMPLE))
    return sorted(rows, key=lambda row: int(row["invoice_id"]))


def _payout(draw: random.Random, payee: Affiliate, day: date, today: date) -> Row:
    age = (today - day).days
    if age < 12:
        status = "Pending"
    elif age < 75:
        status = draw.choices(("Approved", "Pending", "Paid", "Void"), (80, 8, 9, 3))[0]
    else:
        status = draw.choices(("Approved", "Paid", "Void"), (12, 85, 3))[0]
    approved = min(day + timedelta(days=draw.randint(2, 9)), today)
    return {
        "invoice_date": day.isoformat(),
        "invoice_status": status.lower() if draw.random() < 0.06 else status,
        "affiliate_id": payee.id,
        "affiliate_name": payee.name,
        "billing_cycle_name": payee.cycle,
        "currency_symbol": payee.currency,
        "total_payout": f"{min(draw.lognormvariate(6.2, 1.1), 60000):.2f}",
        "payment_type": payee.payment,
        "date_approved": approved.isoformat() if status in ("Approved", "Paid") else None,
    }


def _revenue(draw: random.Random, day: date) -> Row:
    row = {
        "invoice_date": day.isoformat(),
        "invoice_status": draw.choice(("Approved", "Paid")),
        "affiliate_id": None,
        "affiliate_name": None,
        "advertiser_id": draw.randint(301, 330),
        "billing_cycle_name": "Net 30",
        "currency_symbol": "USD",
        "payment_type": None,
        "date_approved": None,
    }
    return row | {"total_payout": f"{draw.uniform(900, 40000):.2f}"} if draw.random() < 0.5 else row


def _oddities(rows: list[Row]) -> None:
    """What a network has a few of: fractions of a cent, a correction, a zero, signs instead of codes."""
    payouts = [row for row in rows if row["affiliate_id"] and row["currency_symbol"] == "USD"]
    for row, (name, value) in zip(
        payouts[9::7],
        [
            ("total_payout", "106.8746"),
            ("total_payout", "-84.20"),
            ("total_payout", "0.00"),
            ("currency_symbol", "$"),
            ("total_payout", "1317.4680"),
            ("currency_symbol", "$"),
            ("total_payout", "2415.0000"),
        ],
        strict=False,
    ):
        row[name] = value
        if name == "total_payout":
            row["invoice_status"], row["date_approved"] = "Approved", row["date_approved"] or row["invoice_date"]
    for row in [row for row in rows if row["currency_symbol"] == "EUR"][:3]:
        row["currency_symbol"] = "€"


def _commission_factory(draw: random.Random, today: date) -> list[Row]:
    days = [day for day in (today - timedelta(days=back) for back in range(1, 366)) if day.day in (1, 16)]
    rows: list[Row] = []
    for place, day in enumerate(sorted(days)):
        net = Decimal(str(round(draw.lognormvariate(6.8, 0.6), 2))).quantize(Decimal("0.0001"))
        gst = (net / 10).quantize(Decimal("0.0001")) if place % 3 else None
        paid = day + timedelta(days=14)
        rows.append(
            {
                "Id": place + 1,
                "DateCreated": f"{day}T00:00:00.000",
                "DatePaid": f"{paid}T00:00:00.000" if paid <= today else None,
                "Number": f"CF-1-{place + 1:04d}",
                "Description": f"Commissions up to {day.day}/{day:%m/%Y}",
                "SubTotal": net,
                "GST": gst,
                "Total": net + (gst or 0),
            }
        )
    for row in rows[-2:]:
        row["DatePaid"] = None
    return rows


def _month_ends(today: date) -> list[date]:
    days = (today - timedelta(days=back) for back in range(1, _DAYS))
    return [day for day in days if (day + timedelta(days=1)).day == 1]


def _sundays(today: date) -> list[date]:
    return [day for day in (today - timedelta(days=back) for back in range(1, _DAYS)) if day.isoweekday() == 7]
