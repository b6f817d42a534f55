"""Policy: what finance decided about money that is large, zero, negative, paid or changed (mapping rule 10)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

__all__ = ["AMOUNT_ABOVE", "CHOICES", "Policy"]


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
