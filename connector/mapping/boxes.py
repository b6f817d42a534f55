"""What boxes there are on a bill, a line and a payment, and what may go in them (mapping rule 8)."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["AMOUNTS_ARE", "BILL", "CHECK", "LINE", "NEEDED", "PAYMENT", "SECTIONS", "Box", "BoxKind"]

BoxKind = Literal["text", "name", "date", "number", "share", "choice"]


@dataclass(frozen=True, slots=True)
class Box:
    """
    One box.

    Args:
        kind: ``name`` is the name of a thing in QuickBooks; ``share`` a percentage; ``choice`` one of fixed words.
        help: A sentence or two for the finance reader, with what QuickBooks allows.
        examples: What may be typed there, beside the fields of the source.
    """

    name: str
    kind: BoxKind
    help: str
    required: bool = False
    examples: tuple[str, ...] = ()


AMOUNTS_ARE: Final = ("exclusive of tax", "inclusive of tax", "out of scope of tax")


def _named(*boxes: Box) -> dict[str, Box]:
    return {box.name: box for box in boxes}


BILL: Final = _named(
    Box(
        "vendor",
        "name",
        "Who is paid, as QuickBooks shows the vendor: at most 500 characters, no colon, and nobody else's name.",
        required=True,
        examples=("MediaBridge Partners LLC",),
    ),
    Box("number", "text", "The bill no., at most 21 characters; a longer one is held, never cut.", required=True),
    Box("date", "date", "The bill date. In closed books the policy decides.", required=True),
    Box("due", "date", "The due date; it wins over terms."),
    Box("terms", "name", "The terms, as QuickBooks shows them.", examples=("Net 30",)),
    Box(
        "currency",
        "text",
        "Three letters. It must be the vendor's; any but the company's own needs multicurrency in QuickBooks.",
        required=True,
        examples=("USD", "EUR"),
    ),
    Box("memo", "text", "The memo, at most 4,000 characters with our reference; a longer one is held, never cut."),
    Box(
        "ap_account",
        "name",
        "The accounts payable account, where there are several; of the type Accounts Payable.",
        examples=("Accounts Payable (A/P)",),
    ),
    Box("location", "name", "The location; the company must track locations.", examples=("Berlin",)),
    Box("amounts are", "choice", f"How the amounts stand to tax: {', '.join(AMOUNTS_ARE)}."),
)
LINE: Final = _named(
    Box(
        "account",
        "name",
        "The category, as QuickBooks shows the account (Parent:Child); not payables, not receivables.",
        examples=("Affiliate payouts:US",),
    ),
    Box("item", "name", "A product or service, instead of an account.", examples=("Affiliate services",)),
    Box("quantity", "number", "How many, with an item.", examples=("1",)),
    Box("amount", "number", "The amount of the line.", required=True),
    Box("share", "share", "The line's part of the amount, in percent; all lines together 100%.", examples=("70%",)),
    Box("description", "text", "The description of the line, at most 4,000 characters."),
    Box("class", "name", "The class; the company must track classes.", examples=("US",)),
    Box("customer", "name", "The customer.", examples=("Acme Inc",)),
    Box("tax", "name", "The tax code, as QuickBooks shows it.", examples=("GST",)),
)
PAYMENT: Final = _named(
    Box(
        "account",
        "name",
        "The account that it was paid from; of the type Bank or Credit Card.",
        required=True,
        examples=("Operating account",),
    ),
    Box("date", "date", "The payment date; left out: the day that the source tells, or on which it first said paid."),
    Box("number", "text", "The reference no., at most 21 characters; a longer one is held, never cut."),
    Box("memo", "text", "The memo, at most 4,000 characters with our reference; a longer one is held, never cut."),
)
CHECK: Final = _named(
    Box("net", "number", "The lines must add up to this before tax, or nothing is sent."),
    Box("tax", "number", "What QuickBooks must answer as tax."),
    Box("gross", "number", "What QuickBooks must answer as the total."),
)
SECTIONS: Final = {
    "source": "Which source this mapping is for.",
    "take": "The words of a status that become bills. A word in neither list holds the invoice.",
    "leave": "The words of a status that are left alone.",
    "tables": "CSV files beside the mapping, each matched on one field or a list of fields.",
    "bill": "The boxes of the bill.",
    "lines": "The lines of the bill, at least one.",
    "payment": "How a payment is recorded; used where the policy says   invoice paid at source: record payment.",
    "check": "Control totals: what the lines, the tax and the total must come to.",
    "policy": "What is done where money is large, zero, negative, paid or changed; every line may be left out.",
    "examples": "Real invoices and what must come of them; connector check runs them.",
}
"""The sections of a mapping, in the order in which they are filled in."""
NEEDED: Final = ("source", "take", "bill", "lines")
