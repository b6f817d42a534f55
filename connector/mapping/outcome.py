"""What becomes of one invoice: a document with the reason for every box, or none and why."""

import datetime
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from connector.document import Document
from connector.invoice import Invoice
from connector.mapping.boxes import BILL
from connector.mapping.faults import visible
from connector.money import with_thousands
from connector.value import value

__all__ = ["Mapped", "Missing", "NotMapped", "Note", "PaymentBoxes", "Trace", "VendorBy", "outcome_text"]

VendorBy = Literal["field", "table", "text"]

_ORDER: Final = {name: index for index, name in enumerate(BILL)}


@dataclass(frozen=True, slots=True)
class Missing:
    """A row or a cell that a table lacks: its file, the key that found none, and the column that was asked for."""

    file: str
    key: tuple[tuple[str, str], ...]
    column: str


@dataclass(frozen=True, slots=True)
class NotMapped:
    """
    Why an invoice becomes no document, or waits with one.

    Args:
        reason: Lines of place and rule, as a person reads them.
        cause: What to group by: equal for all invoices that one row or one word would mend.
        box: The box concerned (``lines[1].account``); None where it is the whole invoice.
        missing: The table's row or cell that would mend it; None where no table can.
    """

    state: Literal["skipped", "held", "blocked"]
    code: str
    reason: tuple[str, ...]
    remedy: str
    cause: str
    box: str | None = None
    missing: Missing | None = None


class Trace(NamedTuple):
    """
    Who decided one box.

    Args:
        box: ``vendor``, ``lines[1].account``.
        place: The mapping's line: ``mappings/cake.yaml:24``.
        via: The tables' rows: ``mappings/cake.vendors.csv:14``.
    """

    box: str
    value: str
    place: str
    via: tuple[str, ...] = ()


Note = tuple[str, str, str, tuple[str, ...]]
"""A ``Trace`` as it is noted: of all that are, hardly any is looked at."""


@value(frozen=True, slots=True)
class Mapped:
    """
    The document of an invoice.

    Args:
        document: A bill, or a credit with its signs turned.
        notes: Who decided each box, as it was filled in.
        vendor_by: What the vendor's name came from; a caller binds a payee where it came from a field.
        late: The document is known, and yet a person must approve it first.
    """

    document: Document
    notes: tuple[Note, ...]
    vendor_by: VendorBy
    late: NotMapped | None = None

    @property
    def trace(self) -> tuple[Trace, ...]:
        """Who decided each box, as the boxes stand on a bill, its lines after them."""
        return tuple(Trace(*note) for note in sorted(self.notes, key=lambda note: _ORDER.get(note[0], len(_ORDER))))


@dataclass(frozen=True, slots=True)
class PaymentBoxes:
    """
    What the mapping's ``payment`` block says about an invoice that is paid at its source.

    Args:
        date: None where the mapping leaves it to what the source tells.
    """

    account: str
    date: datetime.date | None
    number: str = ""
    memo: str = ""


def outcome_text(title: str, payee: str | None, invoice: Invoice, outcome: NotMapped) -> str:
    """The four parts of a run-time message: the record, the code, the rule, the remedy."""
    told = []
    if payee and invoice.payee:
        told.append(f"{payee.removesuffix('_id')} {invoice.payee}")
    if invoice.date:
        told.append(invoice.date.isoformat())
    if invoice.amount is not None:
        amount = with_thousands(invoice.amount, invoice.currency) if invoice.currency else f"{invoice.amount:f}"
        told.append(f"{invoice.currency} {amount}" if invoice.currency else amount)
    record = f"{title} invoice {invoice.id}" + (f" ({', '.join(told)})" if told else "")
    head = f"{record} is {'skipped' if outcome.state == 'skipped' else 'held'}"
    lines = [f"{visible(head):<99} [{outcome.code}]", *(f"  {visible(line)}" for line in outcome.reason)]
    if outcome.remedy:
        lines.append(f"  = {outcome.remedy}")
    return "\n".join(lines)
