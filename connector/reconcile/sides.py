"""The sides of a comparison as data: a bill as QuickBooks holds it, what was intended, and both beside an invoice."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from connector.document import Document
from connector.plan import Action, Word, bill_said
from connector.quickbooks.posted import Posted, by_account

__all__ = ["Bill", "Intended", "Seen", "Standing"]

Standing = tuple[str, str | None, str | None, str | None]
"""State, code, reason and remedy of a document."""


@dataclass(frozen=True, slots=True)
class Bill:
    """
    A bill or vendor credit of QuickBooks, as far as it is compared.

    Args:
        total: With tax, never negative.
        tax: The part of ``total`` that is tax.
        marker: The connector's mark in its memo, whichever document's it is.
        accounts: The sum on each account or item, by its id.
        paid: A payment, in whole or in part, is linked to it.
        due: None for a credit, and where QuickBooks says none.
        balance: The part of ``total`` that is still unpaid, or of a credit unused.
    """

    entity: str
    id: str
    number: str
    vendor_id: str
    vendor: str
    currency: str
    total: Decimal
    tax: Decimal
    date: datetime.date
    created: datetime.datetime | None
    marker: str | None
    accounts: tuple[tuple[str, Decimal], ...] = ()
    paid: bool = False
    due: datetime.date | None = None
    balance: Decimal = Decimal(0)

    @classmethod
    def of(cls, posted: Posted) -> "Bill":
        paid = posted.balance < posted.total or any(kind.startswith("BillPayment") for kind, _ in posted.linked)
        return cls(
            posted.entity,
            posted.id,
            posted.number,
            posted.vendor_id,
            posted.vendor_name,
            posted.currency,
            posted.total,
            posted.tax,
            posted.date,
            posted.created,
            posted.marker,
            by_account(posted.lines),
            paid,
            posted.due,
            posted.balance,
        )

    @property
    def net(self) -> Decimal:
        """The total less tax, negative for a credit."""
        return self.signed(self.total - self.tax)

    def signed(self, amount: Decimal) -> Decimal:
        """``amount`` with the sign that this record gives it."""
        return -amount if self.entity == "VendorCredit" else amount

    @property
    def said(self) -> tuple[str, ...]:
        """The boxes that a person's acceptance is bound to."""
        where = (self.entity, self.id, self.vendor_id, self.currency)
        return bill_said(*where, self.net, self.date, self.accounts)

    @property
    def called(self) -> str:
        """``bill 145``."""
        return f"{'vendor credit' if self.entity == 'VendorCredit' else 'bill'} {self.id}"


@dataclass(frozen=True, slots=True)
class Intended:
    """
    What QuickBooks is to hold for an invoice.

    Args:
        document: As it was sent, else as the mapping makes it now; None where there is none.
        vendor_id: QuickBooks' id of its vendor; None where it is not known.
        accounts: As ``Bill.accounts``; None where the names lead to no account today.
    """

    document: Document | None = None
    vendor_id: str | None = None
    accounts: tuple[tuple[str, Decimal], ...] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """
    One invoice with everything beside it.

    Args:
        action: What the rules say about it; where QuickBooks holds its bill, as of a sent document.
        currency: What its row is in.
        amount: The source's signed net, rounded to the minor unit.
        bills: Its own bill first; every further one is a second.
        by_hand: The own bill was not made by this connector.
        standing: What the state says of the document, where there is one.
        deleted: QuickBooks' id of its bill, where that was deleted there.
        credit: What takes the own bill back, because the source voided the invoice; it stands beside ``bills``.
        credited: What ``credit`` is to hold.
        accepted: A person's word that both sides are fine as they stand now.
        now: What is intended as the source says it now, where that changed after the bill was made.
    """

    action: Action
    currency: str | None
    amount: Decimal | None
    intended: Intended
    bills: tuple[Bill, ...] = ()
    by_hand: bool = False
    standing: Standing | None = None
    deleted: str | None = None
    credit: Bill | None = None
    credited: Intended = Intended()
    accepted: Word | None = None
    now: Intended | None = None
