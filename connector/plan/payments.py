"""
What becomes of the payment of an invoice that its source says is paid (mapping rule 10).

The bill comes first: only one that stands in QuickBooks as it was meant, and is owed whole, is paid. What a look at the
bill comes to serves the plan, the moment right before sending, and the search for a payment without an answer.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal

from connector.document import Document, Key, Line
from connector.invoice import Invoice, Trouble
from connector.mapping import NotMapped, PaymentBoxes, Policy
from connector.money import Money
from connector.plan.case import STANDING_HOLDS, Action, Found, Known, Standing, State, Terms, Verb, on_next_open_day
from connector.plan.changes import as_it_stands

__all__ = [
    "CREDIT_NOT_PAID",
    "Look",
    "Payable",
    "PaymentCase",
    "as_bill_allows",
    "bill_of",
    "decide_payment",
    "is_due",
    "look_at",
    "waiting_for_bill",
]

CREDIT_NOT_PAID: Final = "a vendor credit is never paid by the connector: apply it to a bill in QuickBooks"
_UNHURT: Final = frozenset({None, "entered-by-hand", "linked-by-person"})
"""Codes of a bill in QuickBooks that leave nothing to compare before it is paid."""
_SETTLE: Final = "settle it in QuickBooks, or take back there what hangs on the bill; then run: connector sync"


@dataclass(frozen=True, slots=True)
class Payable:
    """
    How a bill stands in QuickBooks, read just now.

    Args:
        record: QuickBooks' own, which the payment is made from.
        total: With tax, in ``currency``, as is ``balance``: what is still owed.
        payments: The payments on it; ``taken`` where one cannot be linked to this bill alone.
        others: What else hangs on it.
        differs: In what it is another than was meant.
    """

    record: Mapping[str, Any]
    id: str
    currency: str
    total: Decimal
    balance: Decimal
    payments: tuple[Found, ...] = ()
    others: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """
    What a look at a bill comes to.

    Args:
        verdict: ``open``: it is owed whole; ``ours``: our payment is on it; ``by hand``: it is settled without ours;
            ``against``: a person must look.
        payment: What is adopted; None with ``by hand`` where no payment is this bill's alone.
    """

    verdict: Literal["open", "ours", "by hand", "against"]
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    payment: Found | None = None


@dataclass(frozen=True, slots=True)
class PaymentCase:
    """
    Everything gathered about the payment of one invoice.

    Args:
        key: The payment's.
        bill: What this run decided about the invoice's bill or credit.
        boxes: What the mapping says of the payment; None where it records none.
        first_seen: The day on which the source was first seen to say paid.
        title: The source as people call it.
        missing: Why the account cannot pay.
        looked: The bill was looked for in QuickBooks; ``payable`` is None then where it is gone.
        pays: The bill that the recorded payment was made for; None where that is not known.
    """

    key: Key
    bill: Action
    marker: str
    boxes: PaymentBoxes | NotMapped | None
    first_seen: datetime.date
    title: str
    known: Known | None = None
    missing: Trouble | None = None
    payable: Payable | None = None
    looked: bool = False
    pays: str | None = None

    @property
    def invoice(self) -> Invoice:
        return self.bill.invoice

    @property
    def elsewhere(self) -> bool:
        """Whether the recorded payment was made for another bill than the one that is the invoice's now."""
        if self.pays is None or not self.invoice.paid:
            return False
        return (bill_of(self.bill) or (None if self.bill.action == "create" else self.pays)) != self.pays


def bill_of(action: Action) -> str | None:
    """The id of the bill in QuickBooks that stands when ``action`` is carried out; None where there is none yet."""
    if action.key.kind != "bill" or action.action in ("skip", "remove"):
        return None
    return action.found.id if action.action == "adopt" and action.found else action.qbo_id


def is_due(bill: Action, known: Known | None, policy: Policy, *, elsewhere: bool = False) -> bool:
    """Whether the bill must be looked at, because its payment may be recorded or linked now; quick to tell."""
    if policy.paid_at_source != "record payment" or not bill.invoice.paid or bill_of(bill) is None:
        return False
    if known is not None and (known.state == "sending" or (known.stands and not elsewhere)):
        return False
    changes = bill.action == "update" and not bill.settled
    return bill.code in _UNHURT and bill.document is not None and bill.action != "hold" and not changes


def decide_payment(case: PaymentCase, terms: Terms) -> Action | None:
    """What becomes of the payment; None where there is none to speak of."""
    action = next(action for rule in RULES if (action := rule(case, terms)) is not None)
    return None if action.action == "skip" and case.known is None else action


def look_at(bill: Payable | None, own_marker: str) -> Look:
    """What the bill's payments and its balance say; ours, however it was paid besides, comes first."""
    if bill is None:
        return Look("against", "missing-in-quickbooks", "somebody deleted its bill in QuickBooks", _SETTLE)
    ours = sorted(
        (each for each in bill.payments if each.marker == own_marker), key=lambda each: (len(each.id), each.id)
    )
    if ours:
        twice = len(ours) > 1
        code = "twice-in-quickbooks" if twice else None
        remedy = "compare them in QuickBooks and delete the later ones" if twice else None
        reason = f"bill {bill.id} is paid already, by payment {ours[0].id} with this connector's mark"
        return Look("ours", code, f"{reason}; {len(ours) - 1} more carry it" if twice else reason, remedy, ours[0])
    if bill.balance == 0 and bill.total:
        which = ", ".join(f"payment {each.id} dated {each.date}" for each in bill.payments) or "without a payment"
        alone = next((each for each in bill.payments if not each.taken), None)
        return Look("by hand", "paid-by-hand", f"bill {bill.id} is settled already in QuickBooks: {which}", None, alone)
    if bill.balance != bill.total or bill.payments or bill.others:
        hangs = ", ".join((*(f"payment {each.id}" for each in bill.payments), *bill.others))
        owed = f"{Money(bill.balance, bill.currency)} of {Money(bill.total, bill.currency)}"
        reason = f"{owed} is still owed on bill {bill.id}" + (f"; {hangs} hangs on it" if hangs else "")
        return Look("against", "part-paid", reason, _SETTLE)
    if bill.differs or not bill.total:
        told = " and ".join(bill.differs) or "the total 0.00"
        reason = f"bill {bill.id} has {told}: it is not what the source says is paid"
        return Look(
            "against", "edited-in-quickbooks", reason, "compare both, then pay it in QuickBooks or mend the bill"
        )
    return Look("open")


def as_bill_allows(action: Action, bill: Payable | None) -> Action:
    """
    A payment that is to be recorded, as its bill allows now.

    Over the whole balance; held, or adopted without a write, where the bill is not open any more.
    """
    look = look_at(bill, action.marker)
    told = replace(action, code=look.code, reason=look.reason, remedy=look.remedy)
    if look.verdict == "against":
        return replace(told, action="hold", state="held", cause=f"{look.code}: {action.key.source}")
    if look.verdict != "open" or bill is None:
        return replace(told, action="adopt", found=look.payment)
    if action.document is None:  # pragma: no cover - an action that pays has one
        raise AssertionError(action)
    line = replace(action.document.lines[0], amount=bill.balance)
    document = replace(action.document, currency=bill.currency, lines=(line,))
    return replace(action, document=document, standing=Standing(bill.record))


def waiting_for_bill(action: Action, why: str) -> Action:
    """A payment whose bill is not in QuickBooks."""
    return replace(action, action="none", state="ready", code="waits-for-bill", reason=why, remedy=None)


# The rules, asked in their order: the first that has an answer decides.


def _action(case: PaymentCase, verb: Verb, state: State, document: Document | None = None, **more: Any) -> Action:
    made = document or (case.known.content if case.known else None)
    return Action(case.key, case.invoice, verb, state, document=made, marker=case.marker, **more)


def _held(case: PaymentCase, code: str, reason: str, remedy: str, **more: Any) -> Action:
    told = {"document": _as_far_as_known(case), "cause": f"{code}: {case.invoice.source}", **more}
    return _action(case, "hold", "held", code=code, reason=reason, remedy=remedy, **told)


def _as_known(case: PaymentCase, known: Known) -> Action:
    return replace(as_it_stands(case.key, case.invoice, known), marker=case.marker)


def _of_unknown_outcome(case: PaymentCase, _: Terms) -> Action | None:
    """A sending payment takes no other order until it is settled."""
    known = case.known
    return _as_known(case, known) if known is not None and known.state == "sending" else None


def _of_recorded(case: PaymentCase, _: Terms) -> Action | None:
    """What stands in QuickBooks is neither recorded again nor taken back."""
    known = case.known
    if known is None or not known.stands:
        return None
    if case.elsewhere:
        return _of_another_bill(case, known)
    if case.invoice.paid or case.invoice.void or case.bill.action == "hold" or known.code == "paid-by-hand":
        if known.state == "held":
            return _action(case, "none", "sent", qbo_id=known.qbo_id)
        return _as_known(case, known)
    reason = f"{case.title} no longer says that it is paid; its payment stands in QuickBooks"
    remedy = "nothing is taken back by itself: delete the payment in QuickBooks, or mend the invoice at the source"
    return _held(case, "changed-at-source", reason, remedy, document=known.content, qbo_id=known.qbo_id)


def _of_another_bill(case: PaymentCase, known: Known) -> Action:
    """A bill that was made or linked since is not paid by itself: nobody can tell whether money left twice."""
    if case.looked and case.payable is not None and look_at(case.payable, case.marker).verdict in ("ours", "by hand"):
        return as_bill_allows(_action(case, "pay", "ready"), case.payable)
    reason = f"payment {known.qbo_id} was recorded on bill {case.pays}, and the invoice has another bill now"
    remedy = "compare both; what paid the bill of today is recorded on it in QuickBooks, and the next run links it"
    return _held(case, "bill-held", reason, remedy, document=known.content, qbo_id=known.qbo_id)


def _of_none(case: PaymentCase, _: Terms) -> Action | None:
    """Nothing is to be recorded; what was on its way is let go."""
    bill, reason = case.bill, None
    if case.boxes is None:
        reason = "the mapping records no payments"
    elif not case.invoice.paid:
        reason = f"{case.title} does not say that it is paid"
    elif bill.key.kind != "bill":
        reason = CREDIT_NOT_PAID
    elif bill.action in ("skip", "remove") or bill.state == "skipped":
        reason = "it has no bill"
    return None if reason is None else _action(case, "skip", "skipped", code="not-paid-here", reason=reason)


def _of_standing_hold(case: PaymentCase, _: Terms) -> Action | None:
    """A hold that rests on evidence is lifted by evidence alone: the payment is on the bill after all."""
    known = case.known
    if known is None or known.state != "held" or known.code not in STANDING_HOLDS:
        return None
    if case.looked and case.payable is not None and look_at(case.payable, case.marker).verdict in ("ours", "by hand"):
        return as_bill_allows(_action(case, "pay", "ready"), case.payable)
    return _as_known(case, known)


def _of_bill(case: PaymentCase, _: Terms) -> Action | None:
    """A bill that is not there is waited for; one that is there and gives a person pause is not paid."""
    bill = case.bill
    if bill.action in ("create", "update") or case.looked:
        return None
    if bill_of(bill) is None or bill.state == "sending":
        how = "without an answer" if bill.state == "sending" else bill.state
        return waiting_for_bill(
            _action(case, "none", "ready", _as_far_as_known(case)), f"it waits for its bill, which is {how}"
        )
    reason = f"its bill gives pause: {(bill.reason or bill.code or 'what it was to be is not known').splitlines()[0]}"
    return _held(case, "bill-held", reason, bill.remedy or "look at the bill first; its payment follows")


def _of_mapping(case: PaymentCase, _: Terms) -> Action | None:
    if isinstance(case.boxes, NotMapped):
        verb: Verb = "block" if case.boxes.state == "blocked" else "hold"
        action = _action(case, verb, case.boxes.state, code=case.boxes.code, reason="\n".join(case.boxes.reason))
        return replace(action, remedy=case.boxes.remedy, cause=case.boxes.cause)
    if case.missing is not None:
        code, reason, remedy = case.missing.code, case.missing.reason, case.missing.remedy
        blocked = _action(case, "block", "blocked", _as_far_as_known(case), code=code, reason=reason, remedy=remedy)
        return replace(blocked, cause=f"{code}: {reason}")
    return None


def _of_dates(case: PaymentCase, terms: Terms) -> Action | None:
    document, closing = _document(case), terms.closing_date
    if document.date < terms.start_date:
        reason = f"the payment is dated {document.date}, before start_date {terms.start_date}"
        return _held(case, "before-start", reason, "record it in QuickBooks by hand", document=document)
    if closing is None or document.date > closing or terms.policy.books_closed != "hold":
        return None
    reason = f"the books are closed up to {closing} and the payment is dated {document.date}"
    remedy = "open the books in QuickBooks, or set in policy: books closed: next open day"
    return _held(case, "books-closed", reason, remedy, document=document)


def _of_look(case: PaymentCase, _: Terms) -> Action | None:
    """What is not open is adopted or held whatever date and account say."""
    if not case.looked or look_at(case.payable, case.marker).verdict == "open":
        return None
    document = _as_far_as_known(case)
    return as_bill_allows(_action(case, "pay", "ready", document), case.payable)


def _of_refused(case: PaymentCase, terms: Terms) -> Action | None:
    """A refused payment is sent again only when it changed or a person asks, or when the books were closed to it."""
    known = case.known
    if known is None or known.state != "refused" or terms.retry_refused or known.code == "books-closed":
        return None
    if known.content != _pay(case, terms).document:
        return None
    return _as_known(case, known)


def _pay(case: PaymentCase, terms: Terms) -> Action:
    document = on_next_open_day(_document(case), terms.closing_date, "Payment date")
    generation = 0
    if case.known is not None:
        generation = case.known.generation + (1 if case.known.state == "refused" else 0)
    bill = case.bill.document
    note = f"{bill.number if bill else 'its bill'} from {document.lines[0].account}"
    action = _action(case, "pay", "ready", document, note=note, reason=_dated_by(case), generation=generation)
    return as_bill_allows(action, case.payable) if case.looked else action


def _dated_by(case: PaymentCase) -> str | None:
    """In words, where neither the mapping nor the source says when it was paid."""
    boxes = case.boxes
    if isinstance(boxes, PaymentBoxes) and boxes.date is None and case.invoice.paid_on is None:
        return f"dated {case.first_seen}, the day {case.title} was first seen to say paid"
    return None


def _as_far_as_known(case: PaymentCase) -> Document | None:
    return _document(case) if isinstance(case.boxes, PaymentBoxes) and case.bill.document is not None else None


def _document(case: PaymentCase) -> Document:
    """The payment as the mapping has it, over what its bill comes to as far as that is known."""
    boxes, bill = case.boxes, case.bill.document
    if not isinstance(boxes, PaymentBoxes) or bill is None:  # pragma: no cover - asked behind the rules that see to it
        raise AssertionError(case)
    amount = bill.amount if bill.expected_gross is None else bill.expected_gross
    if case.payable is not None:
        amount = case.payable.balance
    return Document(
        kind="payment",
        vendor=bill.vendor,
        number=boxes.number,
        date=boxes.date or case.invoice.paid_on or case.first_seen,
        currency=bill.currency,
        lines=(Line(amount, account=boxes.account),),
        memo=boxes.memo,
    )


RULES: Final[tuple[Callable[[PaymentCase, Terms], Action | None], ...]] = (
    _of_unknown_outcome,
    _of_recorded,
    _of_none,
    _of_standing_hold,
    _of_bill,
    _of_look,
    _of_mapping,
    _of_dates,
    _of_refused,
    _pay,
)
