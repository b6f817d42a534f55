"""
Taking a bill back: the vendor credit that the bill of a voided invoice gets where the policy says ``credit``.

The bill is left as it stands, paid or not, edited or not, in open or in closed books; the credit is a document of its
own beside it, with its own key, mark and intent. Its policy is that of any document; ``amount above`` is not asked
again, because the amount was let pass when it was billed.
"""

import datetime
from dataclasses import replace
from typing import Final

from connector.document import NUMBER_LIMIT, Document, marker
from connector.invoice import Invoice
from connector.mapping import Mapped, NotMapped
from connector.money import with_thousands
from connector.plan.case import Action, Case, Known, Terms, net_of
from connector.plan.changes import as_it_stands, of_standing
from connector.plan.review import accepted

__all__ = ["credit_for", "of_credit_before", "of_taking_back", "reason_of"]

_ENDING: Final = "-V"
_OWED_AGAIN: Final = "look at both; if it is owed again, delete the vendor credit in QuickBooks and run: connector sync"


def credit_for(bill: Document, invoice: Invoice, day: datetime.date) -> Mapped | NotMapped:
    """
    The vendor credit that takes ``bill`` back, with its boxes, lines and amounts.

    Args:
        bill: As it was sent.
        invoice: Whose bill it is.
        day: On which the source was first seen to have voided it; the credit's date.

    Returns:
        As of the mapping; NotMapped where the credit's number would be too long for QuickBooks.
    """
    number = f"{bill.number}{_ENDING}"
    if len(number) > NUMBER_LIMIT:
        reason = f"the vendor credit that takes back bill {bill.number} would have the number {number}"
        limit = f"{len(number)} characters; QuickBooks takes {NUMBER_LIMIT}"
        remedy = "enter the vendor credit in QuickBooks by hand; a shorter number box in the mapping spares the next"
        return NotMapped("held", "credit-number", (reason, limit), remedy, "credit number too long")
    memo = f"Takes back bill {bill.number} of {bill.date}: invoice {invoice.id} was voided at {invoice.source}"
    credit = replace(bill, kind="credit", number=number, date=day, due=None, terms="", memo=memo)
    return Mapped(credit, (), "text")


def of_taking_back(case: Case, terms: Terms) -> Action | None:
    """What becomes of a bill's credit once it stands, and where there is nothing to take back any more."""
    bill, credit = case.takes_back, case.known
    if bill is None:
        return None
    gone = case.standing is not None and case.standing.record is None
    if credit is not None and credit.stands:
        return _of_standing_credit(case, terms, bill, credit, gone=gone)
    if not case.invoice.void and credit is not None:  # nobody knows what became of it: it stays with a person
        return as_it_stands(case.key, case.invoice, credit)
    if gone:
        reason = "void at the source, and somebody deleted its bill in QuickBooks"
        return Action(case.key, case.invoice, "skip", "skipped", "voided-at-source", reason, document=bill.content)
    return None


def _of_standing_credit(case: Case, terms: Terms, bill: Known, credit: Known, *, gone: bool) -> Action:
    there = as_it_stands(case.key, case.invoice, credit)
    if not case.invoice.void and gone:
        key = replace(case.key, kind="bill")
        back = of_standing(replace(case, key=key, known=bill, takes_back=None, standing=None), terms)
        return back or there
    if accepted(case.words, case.key, case.invoice, credit) is not None:
        return there
    if not case.invoice.void:
        reason = (
            f"bill {bill.qbo_id} was taken back by vendor credit {credit.qbo_id}, and the invoice is no longer void at "
            f"the source: {case.invoice.status or 'no status'}"
        )
        return replace(
            there, action="hold", state="held", code="live-again", reason=reason, remedy=_OWED_AGAIN, settled=False
        )
    if gone:
        reason = f"vendor credit {credit.qbo_id}, which took back bill {bill.qbo_id}, was deleted in QuickBooks"
        remedy = "nothing is made again by itself: enter the credit, or delete the bill, in QuickBooks"
        code = "missing-in-quickbooks"
        return replace(there, action="hold", state="held", code=code, reason=reason, remedy=remedy, settled=False)
    return there


def of_credit_before(case: Case, terms: Terms) -> Action | None:
    """
    A bill whose invoice QuickBooks holds a credit of, by its mark, is not made or adopted by itself.

    The state that knew of the credit is lost.
    """
    document = case.outcome.document if isinstance(case.outcome, Mapped) else None
    before_start = case.invoice.date is not None and case.invoice.date < terms.start_date
    if document is None or document.kind != "bill" or before_start or not case.found:
        return None
    mark = marker(replace(case.key, kind="credit"))
    credit = next((each for each in case.found if each.marker == mark and not each.taken), None)
    if credit is None:
        return None
    reason = (
        f"vendor credit {credit.id} in QuickBooks carries this invoice's mark, and the invoice is live at the source"
    )
    cause = f"live-again: {case.invoice.source}"
    return Action(case.key, case.invoice, "hold", "held", "live-again", reason, _OWED_AGAIN, cause, document=document)


def reason_of(case: Case) -> str | None:
    """Why a credit that takes a bill back is made, and what a person should know of that bill; None for any other."""
    bill, standing = case.takes_back, case.standing
    if bill is None or bill.content is None:
        return None
    told = [f"void at the source; takes back bill {bill.content.number} ({bill.qbo_id})"]
    if standing is not None and standing.paid:
        told.append("something was paid on it or hangs on it, and stays")
    if standing is not None and standing.net != net_of(bill.content):
        currency = bill.content.currency
        there, ours = (with_thousands(net, currency) for net in (standing.net, net_of(bill.content)))
        told.append(f"QuickBooks holds it over {currency} {there}, and it is taken back as it was sent: {ours}")
    return "; ".join(told)
