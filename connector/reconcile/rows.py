"""One line of a reconciliation: its status, the amount on each side, why, and what to do."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, get_args

__all__ = ["FAMILIES", "FAMILY_OF", "UNKNOWN_MONTH", "Family", "Row", "Status", "month_name"]

Family = Literal["agree", "on-its-way", "needs-you", "differ", "one-side", "left-alone"]
Status = Literal[
    "matched",
    "entered-by-hand",
    "accepted",
    "ready",
    "sending",
    "held",
    "blocked",
    "refused",
    "amount-differs",
    "vendor-differs",
    "date-differs",
    "account-differs",
    "currency-differs",
    "changed-at-source",
    "voided-at-source",
    "voided-at-source-paid",
    "gone-at-source",
    "missing-in-quickbooks",
    "twice-in-quickbooks",
    "no-source",
    "skipped",
    "before-start",
]

FAMILIES: Final[tuple[Family, ...]] = get_args(Family)
UNKNOWN_MONTH: Final = "unknown"

_MEMBERS: Final[dict[Family, tuple[Status, ...]]] = {
    "agree": ("matched", "entered-by-hand", "accepted"),
    "on-its-way": ("ready", "sending"),
    "needs-you": ("held", "blocked", "refused"),
    "differ": (
        "amount-differs",
        "vendor-differs",
        "date-differs",
        "account-differs",
        "currency-differs",
        "changed-at-source",
        "voided-at-source",
        "voided-at-source-paid",
        "gone-at-source",
    ),
    "one-side": ("missing-in-quickbooks", "twice-in-quickbooks", "no-source"),
    "left-alone": ("skipped", "before-start"),
}
FAMILY_OF: Final[dict[Status, Family]] = {
    status: family for family, statuses in _MEMBERS.items() for status in statuses
}


def month_name(day: datetime.date | None) -> str:
    """``2026-10``; ``unknown`` where the date could not be read."""
    return UNKNOWN_MONTH if day is None else f"{day:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Row:
    """
    One invoice, or one bill that no invoice explains; amounts are net and signed, a credit's negative.

    Args:
        source: The connection; None where no source knows the bill.
        date: The invoice's own date, else that of the bill.
        currency: ``source_amount`` is in it; None where it could not be told.
        source_amount: What the source says now; None where it says nothing or it could not be read.
        our_amount: What the document is to hold, in ``our_currency``.
        quickbooks_amount: QuickBooks' total less tax, in ``quickbooks_currency``.
        entity: ``Bill`` or ``VendorCredit``, with ``qbo_id``.
        next: What to do about it.
        due: The bill's own due date in QuickBooks; None for a credit.
        open_amount: What is still unpaid of it there, tax included, signed, in ``quickbooks_currency``.
        accounts: What our document's lines put on each account or item, by its name, signed.
    """

    status: Status
    source: str | None
    invoice: str | None
    date: datetime.date | None
    why: str
    next: str
    number: str | None = None
    vendor: str | None = None
    currency: str | None = None
    source_amount: Decimal | None = None
    our_amount: Decimal | None = None
    our_currency: str | None = None
    quickbooks_amount: Decimal | None = None
    quickbooks_currency: str | None = None
    entity: str | None = None
    qbo_id: str | None = None
    due: datetime.date | None = None
    open_amount: Decimal | None = None
    accounts: tuple[tuple[str, Decimal], ...] = ()

    @property
    def family(self) -> Family:
        return FAMILY_OF[self.status]

    @property
    def month(self) -> str:
        return month_name(self.date)
