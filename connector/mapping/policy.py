"""Policy: what finance decided about money that is large, zero, negative, paid or changed (mapping rule 10)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

__all__ = ["AMOUNT_ABOVE", "CHOICES", "MEANINGS", "QUESTIONS", "Policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """
    The answers; the defaults are those of a mapping that is silent.

    Args:
        amount_above: Absolute net in the document's own currency; above it a person approves. None: no limit.
    """

    vendor_missing: Literal["create", "hold"] = "hold"
    amount_above: Decimal | None = None
    zero: Literal["skip", "hold"] = "skip"
    negative: Literal["credit", "hold"] = "hold"
    books_closed: Literal["hold", "next open day"] = "hold"
    paid_at_source: Literal["ignore", "record payment"] = "ignore"
    changed_later: Literal["update", "hold"] = "hold"
    voided_later: Literal["delete", "credit", "hold"] = "hold"


AMOUNT_ABOVE: Final = "amount above"

CHOICES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "vendor not in QuickBooks": ("vendor_missing", ("create", "hold")),
    "zero amount": ("zero", ("skip", "hold")),
    "negative amount": ("negative", ("credit", "hold")),
    "books closed": ("books_closed", ("hold", "next open day")),
    "invoice paid at source": ("paid_at_source", ("ignore", "record payment")),
    "invoice changed later": ("changed_later", ("update", "hold")),
    "invoice voided later": ("voided_later", ("delete", "credit", "hold")),
}
"""Line of the policy block: the attribute of ``Policy`` and the answers it takes."""

QUESTIONS: Final[dict[str, str]] = {
    "vendor not in QuickBooks": "What is done where QuickBooks has no vendor of this name.",
    AMOUNT_ABOVE: "A bill whose net is above this, in its own currency, is held for a person to approve.",
    "zero amount": "What becomes of an invoice that comes to 0.00.",
    "negative amount": "What becomes of an invoice that comes to less than nothing.",
    "books closed": "What is done where the date of the bill lies in closed books.",
    "invoice paid at source": "What is done where the source says that the invoice is paid.",
    "invoice changed later": "What is done where amount, currency, date or payee change after the bill was made.",
    "invoice voided later": "What is done where the invoice is voided after its bill was made.",
}
"""Line of the policy block: what it asks, for the finance reader."""

MEANINGS: Final[dict[str, dict[str, str]]] = {
    "vendor not in QuickBooks": {
        "create": "the vendor is made in QuickBooks, and the bill after it",
        "hold": "the invoice waits until the vendor is there",
    },
    "zero amount": {"skip": "no bill is made", "hold": "a person decides"},
    "negative amount": {"credit": "it becomes a vendor credit", "hold": "a person decides"},
    "books closed": {
        "hold": "the invoice waits for a person",
        "next open day": "the bill is dated the first day that is open",
    },
    "invoice paid at source": {
        "ignore": "the bill is posted and stands unpaid in QuickBooks",
        "record payment": "the bill is paid in QuickBooks too, from the account under payment",
    },
    "invoice changed later": {
        "update": "the bill follows while it is unpaid, unedited and its books are open",
        "hold": "a person decides",
    },
    "invoice voided later": {
        "delete": "the bill goes while it is unpaid, unedited and its books are open",
        "credit": "the bill stays, and a vendor credit takes it back",
        "hold": "a person decides",
    },
}
"""Line of the policy block and answer: what it means."""
