"""Document: what QuickBooks is to hold for one invoice, in words a bookkeeper uses, without QuickBooks' ids."""

import base64
import datetime
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final, Literal

from connector.day import iso
from connector.money import Money
from connector.value import value

__all__ = [
    "MARKER_LENGTH",
    "MEMO_LIMIT",
    "NUMBER_LIMIT",
    "Amounts",
    "Document",
    "Key",
    "Kind",
    "Line",
    "as_data",
    "changed_boxes",
    "digest",
    "from_data",
    "marker",
]

Kind = Literal["bill", "credit", "payment"]
Amounts = Literal["exclusive of tax", "inclusive of tax", "out of scope of tax"]

NUMBER_LIMIT: Final = 21  # QuickBooks: DocNumber
MEMO_LIMIT: Final = 4000  # QuickBooks: PrivateNote, our marker included
MARKER_LENGTH: Final = len("\nref:") + 16


@value(frozen=True, slots=True)
class Key:
    """The one name of a document, unique in the state: company (realm id), source, invoice id, kind."""

    company: str
    source: str
    invoice: str
    kind: Kind

    def digest(self, *more: str, length: int) -> str:
        """
        ``digest`` of the key and ``more``.

        Args:
            more: What else it is the digest of.
            length: How many characters of it; a multiple of eight.
        """
        return digest(self.company, self.source, self.invoice, self.kind, *more, length=length)


def digest(*parts: str, length: int) -> str:
    """
    Base32 of sha256 over ``parts``, in lower case: the root of every id we send.

    Args:
        parts: What it is the digest of, in this order.
        length: How many characters of it; a multiple of eight.
    """
    text = "|".join(parts)
    return base64.b32encode(hashlib.sha256(text.encode()).digest()[: length * 5 // 8]).decode().lower()


def marker(key: Key) -> str:
    """The memo's last line: it says whose document this is and can be recomputed with the state lost."""
    return f"ref:{key.digest(length=16)}"


@value(frozen=True, slots=True)
class Line:
    """
    One line of a document.

    Args:
        amount: In the document's currency and its minor unit; sign as the source meant it.
        account: As QuickBooks shows it (``Affiliate payouts:US``); exactly one of account and item is set.
        item: A product or service as QuickBooks shows it.
        quantity: With an item only.
        tax: The name of a tax code.
    """

    amount: Decimal
    account: str | None = None
    item: str | None = None
    quantity: Decimal | None = None
    description: str = ""
    class_name: str = ""
    customer: str = ""
    tax: str = ""


@value(frozen=True, slots=True)
class Document:
    """
    A bill, a vendor credit, or the payment of a bill.

    Args:
        number: At most 21 characters; "" for a payment that has none.
        memo: Without our marker.
        lines: Amounts positive for the kind: a credit's signs are turned already. A payment's one line is over what is
            paid, on the account that it is paid from.
        amounts_are: How the lines' amounts stand to tax.
        expected_net: What the mapping's ``check`` expects of the answer; likewise tax and gross. None: unchecked.
    """

    kind: Kind
    vendor: str
    number: str
    date: datetime.date
    currency: str
    lines: tuple[Line, ...]
    due: datetime.date | None = None
    terms: str = ""
    memo: str = ""
    ap_account: str = ""
    location: str = ""
    amounts_are: Amounts = "out of scope of tax"
    expected_net: Decimal | None = None
    expected_tax: Decimal | None = None
    expected_gross: Decimal | None = None

    @property
    def total(self) -> Money:
        """The sum of the lines, in the document's currency; before tax unless the amounts include it."""
        return Money(self.amount, self.currency)

    @property
    def amount(self) -> Decimal:
        """``total`` without its currency."""
        return sum([line.amount for line in self.lines], Decimal(0))


def as_data(document: Document) -> dict[str, Any]:
    """A document as JSON can hold it: amounts as text, dates ISO, empty boxes left out."""
    return {**_filled(document, _BOXES), "lines": [_filled(line, _LINE) for line in document.lines]}


def from_data(data: Mapping[str, Any]) -> Document:
    """The document that ``as_data`` made this of."""
    lines = tuple(Line(**{name: _typed(name, value) for name, value in line.items()}) for line in data["lines"])
    boxes = {name: _typed(name, value) for name, value in data.items() if name != "lines"}
    return Document(**{"number": "", **boxes}, lines=lines)


def changed_boxes(before: Document, now: Document) -> Iterator[tuple[str, Any, Any]]:
    """
    Each box that two documents fill otherwise, by its name in a mapping, with both values.

    Of lines: ``lines[1].account``, as far as both have them, and ``lines`` where one has more; of what a mapping's
    ``check`` expects: ``check net``.
    """
    for name in _BOXES:
        one, other = getattr(before, name), getattr(now, name)
        if one != other:
            yield _IN_MAPPINGS.get(name, name), one, other
    for n, (line, changed) in enumerate(zip(before.lines, now.lines, strict=False), start=1):
        for name in _LINE:
            one, other = getattr(line, name), getattr(changed, name)
            if one != other:
                yield f"lines[{n}].{_IN_MAPPINGS.get(name, name)}", one, other
    if len(before.lines) != len(now.lines):
        yield "lines", before.lines, now.lines


_IN_MAPPINGS: Final = {
    "amounts_are": "amounts are",
    "class_name": "class",
    "expected_net": "check net",
    "expected_tax": "check tax",
    "expected_gross": "check gross",
}
_DATES: Final = frozenset({"date", "due"})
_NUMBERS: Final = frozenset({"amount", "quantity", "expected_net", "expected_tax", "expected_gross"})


_BOXES: Final = tuple(box.name for box in fields(Document) if box.name != "lines")
_LINE: Final = tuple(box.name for box in fields(Line))


def _filled(holder: object, names: tuple[str, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in names:
        value = getattr(holder, name)
        if isinstance(value, str):
            if value:
                told[name] = value
        elif value is not None:
            told[name] = _plain(value)
    return told


def _plain(value: object) -> object:
    if isinstance(value, datetime.date):
        return iso(value)
    return str(value) if isinstance(value, Decimal) else value


def _typed(name: str, value: str) -> Any:
    if name in _DATES:
        return datetime.date.fromisoformat(value)
    return Decimal(value) if name in _NUMBERS else value
