"""What boxes there are on a bill, a line and a payment, and what may go in them (mapping rule 8)."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["AMOUNTS_ARE", "BILL", "CHECK", "LINE", "PAYMENT", "Box", "BoxKind"]

BoxKind = Literal["text", "name", "date", "number", "share", "choice"]


@dataclass(frozen=True, slots=True)
class Box:
    """
    One box.

    Args:
        kind: ``name`` is the name of a thing in QuickBooks; ``share`` a percentage; ``choice`` one of fixed words.
        help: One sentence for the finance reader.
    """

    name: str
    kind: BoxKind
    help: str
    required: bool = False


AMOUNTS_ARE: Final = ("exclusive of tax", "inclusive of tax", "out of scope of tax")


def _named(*boxes: Box) -> dict[str, Box]:
    return {box.name: box for box in boxes}


BILL: Final = _named(
    Box("vendor", "name", "Who is paid, as QuickBooks shows the vendor.", required=True),
    Box("number", "text", "The bill no., at most 21 characters.", required=True),
    Box("date", "date", "The bill date.", required=True),
    Box("due", "date", "The due date; it wins over terms."),
    Box("terms", "name", "The terms, as QuickBooks shows them."),
    Box("currency", "text", "Three letters: USD.", required=True),
    Box("memo", "text", "The memo, at most 4,000 characters with our reference."),
    Box("ap_account", "name", "The accounts payable account, where there are several."),
    Box("location", "name", "The location."),
    Box("amounts are", "choice", f"How the amounts stand to tax: {', '.join(AMOUNTS_ARE)}."),
)
LINE: Final = _named(
    Box("account", "name", "The category, as QuickBooks shows the account (Parent:Child)."),
    Box("item", "name", "A product or service, instead of an account."),
    Box("quantity", "number", "How many, with an item."),
    Box("amount", "number", "The amount of the line.", required=True),
    Box("share", "share", "The line's part of the amount, in percent: 70%."),
    Box("description", "text", "The description of the line."),
    Box("class", "name", "The class."),
    Box("customer", "name", "The customer."),
    Box("tax", "name", "The tax code."),
)
PAYMENT: Final = _named(
    Box("account", "name", "The bank or credit card account that it was paid from.", required=True),
    Box("date", "date", "The payment date; left out: the day that the source tells, or on which it first said paid."),
    Box("number", "text", "The reference no., at most 21 characters."),
    Box("memo", "text", "The memo, at most 4,000 characters with our reference."),
)
CHECK: Final = _named(
    Box("net", "number", "The lines must add up to this before tax, or nothing is sent."),
    Box("tax", "number", "What QuickBooks must answer as tax."),
    Box("gross", "number", "What QuickBooks must answer as the total."),
)
