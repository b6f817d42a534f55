"""When a run is about the vendor credit that takes a bill back, and no longer about the bill."""

import datetime
from dataclasses import replace
from typing import Final

from connector.document import from_data
from connector.invoice import Invoice
from connector.mapping import Mapped, NotMapped, Policy
from connector.plan import STANDING_HOLDS, credit_for
from connector.quickbooks.names import Names
from connector.state.tables import DocumentRow

__all__ = ["credit_beside", "is_taken_back", "may_be_given_up", "takes_back"]

_STANDS: Final = ("sent", "held")


def is_taken_back(
    bill: DocumentRow | None,
    credit: DocumentRow | None,
    invoice: Invoice,
    outcome: Mapped | NotMapped,
    policy: Policy,
) -> bool:
    """
    Whether a credit takes the bill back, or is to.

    Once a credit left this machine it counts whatever the policy says since: removing the bill beside it would leave
    the books wrong. It counts no more when its run was taken back, and none is made anew.
    """
    if bill is None or bill.qbo_id is None or bill.state not in _STANDS or not bill.content:
        return False
    if credit is not None and not may_be_given_up(credit):
        return takes_back(credit)
    voided = invoice.void and isinstance(outcome, NotMapped) and outcome.code == "left"
    # Of a bill with a change that did not arrive nobody can tell what there is to take back.
    return voided and policy.voided_later == "credit" and bill.state == "sent" and bill.facts is not None


def takes_back(credit: DocumentRow | None) -> bool:
    """Whether QuickBooks may hold this credit."""
    return credit is not None and credit.state != "removed" and not may_be_given_up(credit)


def may_be_given_up(credit: DocumentRow) -> bool:
    """Whether QuickBooks surely has no such credit."""
    rests = credit.state in ("ready", "held", "blocked", "refused", "skipped")
    return rests and credit.qbo_id is None and credit.code not in STANDING_HOLDS


def credit_beside(
    bill: DocumentRow, credit: DocumentRow | None, invoice: Invoice, names: Names | None, today: datetime.date
) -> Mapped | NotMapped:
    """
    The credit that takes ``bill`` back, of its vendor, by the name that the vendor has in QuickBooks now.

    It is dated by the day on which its row was made: then the void was first seen, and no later run dates it otherwise.
    """
    document = from_data(bill.content or {})
    if names is not None:
        now = (each.name for each in names.all("Vendor") if each.id == bill.vendor_id and each.active)
        document = replace(document, vendor=next(now, document.vendor))
    day = credit.created.date() if credit is not None and credit.created is not None else today
    return credit_for(document, invoice, day)
