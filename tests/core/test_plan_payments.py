"""Every rule about payments, by table; what a look at a bill comes to; and what holds whatever the case."""

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.document import Document, Key, Line
from connector.invoice import Invoice, Trouble
from connector.mapping import NotMapped, PaymentBoxes, Policy
from connector.plan import Action, Found, Known, Payable, PaymentCase, Terms, decide_payment, is_due, look_at

DAY = datetime.date(2026, 9, 30)
SEEN = datetime.date(2026, 10, 4)
KEY = Key("1", "cake", "10", "payment")
OWN = "ref:aaaaaaaaaaaaaaaa"
INVOICE = Invoice("cake", "10", {}, {}, DAY, Decimal("5.00"), "AUD", payee="7", status="Paid", paid=True)
DOCUMENT = Document("bill", "V", "CAKE-10", DAY, "AUD", (Line(Decimal("5.00"), account="A"),))
SENT = Action(replace(KEY, kind="bill"), INVOICE, "none", "sent", document=DOCUMENT, qbo_id="8")
NEW = replace(SENT, action="create", state="ready", qbo_id=None)
BOXES = PaymentBoxes("Bank", None)
OPEN = Payable({"Id": "8"}, "8", "AUD", Decimal("5.50"), Decimal("5.50"))
PAYMENT = Found("BillPayment", "9", "", "3", "AUD", Decimal("5.50"), DAY, None)
SETTLED = replace(OPEN, balance=Decimal(0), payments=(PAYMENT,))
OURS = replace(SETTLED, payments=(replace(PAYMENT, marker=OWN),))
TERMS = Terms(Policy(paid_at_source="record payment"), datetime.date(2026, 1, 1))
CASE = PaymentCase(KEY, SENT, OWN, BOXES, SEEN, "CAKE", payable=OPEN, looked=True)
UNSEEN = replace(CASE, payable=None, looked=False)
MADE = Document("payment", "V", "", SEEN, "AUD", (Line(Decimal("5.50"), account="Bank"),))
UNPAID = replace(SENT, invoice=replace(INVOICE, paid=False))
CLOSED = replace(TERMS, closing_date=SEEN)
MOVED = replace(CLOSED, policy=Policy(paid_at_source="record payment", books_closed="next open day"))
HELD = NotMapped("held", "field-empty", ("a field is empty",), "fill it in", "cause")


def known(state: Any, code: str | None = None, **more: Any) -> Known:
    return Known(state, code, content=MADE, **more)


CASES: dict[str, tuple[PaymentCase, Terms, tuple[str, str, str | None] | None]] = {
    "due": (CASE, TERMS, ("pay", "ready", None)),
    "due with its bill": (replace(UNSEEN, bill=NEW), TERMS, ("pay", "ready", None)),
    "due after its bill is changed": (
        replace(UNSEEN, bill=replace(SENT, action="update")),
        TERMS,
        ("pay", "ready", None),
    ),
    "unknown takes no other order": (replace(CASE, known=known("sending")), TERMS, ("none", "sending", None)),
    "recorded": (replace(UNSEEN, known=known("sent", qbo_id="9")), TERMS, ("none", "sent", None)),
    "recorded, and unpaid at the source": (
        replace(UNSEEN, bill=UNPAID, known=known("sent", qbo_id="9")),
        TERMS,
        ("hold", "held", "changed-at-source"),
    ),
    "recorded, and paid again": (
        replace(UNSEEN, known=known("held", "changed-at-source", qbo_id="9")),
        TERMS,
        ("none", "sent", None),
    ),
    "paid by hand, and unpaid at the source": (
        replace(UNSEEN, bill=UNPAID, known=known("sent", "paid-by-hand", qbo_id="9")),
        TERMS,
        ("none", "sent", "paid-by-hand"),
    ),
    "settled by this run": (
        replace(UNSEEN, known=known("sent", qbo_id="9", settled="pay")),
        TERMS,
        ("pay", "sent", None),
    ),
    "recorded on another bill": (
        replace(CASE, known=known("sent", qbo_id="9"), pays="7"),
        TERMS,
        ("hold", "held", "bill-held"),
    ),
    "recorded on another bill, and this one is paid by hand": (
        replace(CASE, known=known("held", "bill-held", qbo_id="9"), pays="7", payable=SETTLED),
        TERMS,
        ("adopt", "ready", "paid-by-hand"),
    ),
    "recorded, and its bill is made anew": (
        replace(UNSEEN, bill=NEW, known=known("sent", qbo_id="9"), pays="8"),
        TERMS,
        ("hold", "held", "bill-held"),
    ),
    "recorded on this bill": (
        replace(UNSEEN, known=known("sent", qbo_id="9"), pays="8"),
        TERMS,
        ("none", "sent", None),
    ),
    "not paid": (replace(UNSEEN, bill=UNPAID), TERMS, None),
    "not paid any more": (
        replace(UNSEEN, bill=UNPAID, known=known("ready")),
        TERMS,
        ("skip", "skipped", "not-paid-here"),
    ),
    "no payments": (replace(UNSEEN, boxes=None, known=known("held")), TERMS, ("skip", "skipped", "not-paid-here")),
    "a credit": (replace(UNSEEN, bill=replace(SENT, key=replace(KEY, kind="credit"))), TERMS, None),
    "a bill that is left": (replace(UNSEEN, bill=replace(SENT, action="skip", state="skipped")), TERMS, None),
    "a bill that is held": (
        replace(UNSEEN, bill=replace(NEW, action="hold", state="held", code="amount-above")),
        TERMS,
        ("none", "ready", "waits-for-bill"),
    ),
    "a bill without an answer": (
        replace(UNSEEN, bill=replace(NEW, action="none", state="sending")),
        TERMS,
        ("none", "ready", "waits-for-bill"),
    ),
    "a bill that stands and is held": (
        replace(UNSEEN, bill=replace(SENT, action="hold", state="held", code="changed-at-source")),
        TERMS,
        ("hold", "held", "bill-held"),
    ),
    "a bill that differs": (
        replace(UNSEEN, bill=replace(SENT, code="answer-differs")),
        TERMS,
        ("hold", "held", "bill-held"),
    ),
    "held by the mapping": (replace(CASE, boxes=HELD), TERMS, ("hold", "held", "field-empty")),
    "held by the mapping and paid by hand": (
        replace(CASE, boxes=HELD, payable=SETTLED),
        TERMS,
        ("adopt", "ready", "paid-by-hand"),
    ),
    "no such account": (
        replace(CASE, missing=Trouble("account-not-found", "no account", "add it")),
        TERMS,
        ("block", "blocked", "account-not-found"),
    ),
    "before the start": (
        replace(CASE, boxes=replace(BOXES, date=datetime.date(2025, 12, 31))),
        TERMS,
        ("hold", "held", "before-start"),
    ),
    "closed books": (CASE, CLOSED, ("hold", "held", "books-closed")),
    "closed books and paid by hand": (replace(CASE, payable=SETTLED), CLOSED, ("adopt", "ready", "paid-by-hand")),
    "closed books and another day": (CASE, MOVED, ("pay", "ready", None)),
    "ours already": (replace(CASE, payable=OURS), TERMS, ("adopt", "ready", None)),
    "gone": (replace(CASE, payable=None), TERMS, ("hold", "held", "missing-in-quickbooks")),
    "refused": (replace(CASE, known=known("refused", "no")), TERMS, ("none", "refused", "no")),
    "refused and asked for": (
        replace(CASE, known=known("refused", "no")),
        replace(TERMS, retry_refused=True),
        ("pay", "ready", None),
    ),
    "refused and another day": (
        replace(CASE, boxes=replace(BOXES, date=DAY), known=known("refused", "no")),
        TERMS,
        ("pay", "ready", None),
    ),
    "given up": (
        replace(CASE, known=known("held", "outcome-unknown")),
        TERMS,
        ("none", "held", "outcome-unknown"),
    ),
    "given up and found": (
        replace(CASE, known=known("held", "outcome-unknown"), payable=OURS),
        TERMS,
        ("adopt", "ready", None),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case_is_decided_by_its_rule(name: str) -> None:
    case, terms, expected = CASES[name]
    action = decide_payment(case, terms)

    assert (action and (action.action, action.state, action.code)) == expected
    assert action is None or action.marker == OWN


LOOKS: dict[str, tuple[Payable | None, str, str | None]] = {
    "whole": (OPEN, "open", None),
    "gone": (None, "against", "missing-in-quickbooks"),
    "ours": (OURS, "ours", None),
    "ours twice": (
        replace(OURS, payments=(*OURS.payments, replace(PAYMENT, id="10", marker=OWN))),
        "ours",
        "twice-in-quickbooks",
    ),
    "by hand": (SETTLED, "by hand", "paid-by-hand"),
    "in part": (replace(OPEN, balance=Decimal(1)), "against", "part-paid"),
    "a payment of nothing": (replace(OPEN, payments=(PAYMENT,)), "against", "part-paid"),
    "something else": (replace(OPEN, others=("VendorCredit 4",)), "against", "part-paid"),
    "another amount": (replace(OPEN, differs=("the total AUD 6",)), "against", "edited-in-quickbooks"),
    "voided in QuickBooks": (replace(OPEN, total=Decimal(0), balance=Decimal(0)), "against", "edited-in-quickbooks"),
    "another amount, paid by hand": (replace(SETTLED, differs=("the total AUD 6",)), "by hand", "paid-by-hand"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_at_a_bill_says_what_may_be_done(name: str) -> None:
    payable, verdict, code = LOOKS[name]
    look = look_at(payable, OWN)

    assert (look.verdict, look.code) == (verdict, code)


def test_of_several_payments_of_ours_the_first_is_linked() -> None:
    look = look_at(LOOKS["ours twice"][0], OWN)

    assert look.payment is not None
    assert look.payment.id == "9"


def test_a_payment_of_several_bills_is_linked_to_none() -> None:
    look = look_at(replace(SETTLED, payments=(replace(PAYMENT, taken=True),)), OWN)

    assert (look.verdict, look.payment) == ("by hand", None)


@pytest.mark.parametrize(
    ("boxes", "paid_on", "day", "told"),
    [
        (BOXES, None, SEEN, "dated 2026-10-04, the day CAKE was first seen to say paid"),
        (BOXES, datetime.date(2026, 9, 9), datetime.date(2026, 9, 9), None),
        (replace(BOXES, date=DAY), datetime.date(2026, 9, 9), DAY, None),
    ],
)
def test_the_mappings_day_comes_before_the_sources_and_that_before_ours(
    boxes: PaymentBoxes, paid_on: datetime.date | None, day: datetime.date, told: str | None
) -> None:
    bill = replace(SENT, invoice=replace(INVOICE, paid_on=paid_on))
    action = decide_payment(replace(CASE, bill=bill, boxes=boxes), TERMS)

    assert action is not None
    assert action.document is not None
    assert (action.document.date, action.reason) == (day, told)


def test_the_whole_balance_is_paid_and_a_payment_in_closed_books_moves() -> None:
    action = decide_payment(CASE, MOVED)

    assert action is not None
    assert action.document == replace(MADE, date=SEEN + datetime.timedelta(days=1), memo="Payment date 2026-10-04")


_STATES = st.sampled_from(["ready", "held", "blocked", "refused", "skipped", "sending", "sent"])
_BILLS = st.sampled_from([SENT, NEW, UNPAID, *(case.bill for case, _, _ in CASES.values())])
_PAYABLES = st.sampled_from([None, *(payable for payable, _, _ in LOOKS.values())])


@given(_BILLS, _PAYABLES, st.none() | st.builds(known, _STATES, qbo_id=st.sampled_from([None, "9"])))
def test_nothing_is_paid_that_is_not_owed_whole_and_nothing_twice(
    bill: Action, payable: Payable | None, before: Known | None
) -> None:
    looked = is_due(bill, before, TERMS.policy)
    case = replace(CASE, bill=bill, known=before, payable=payable if looked else None, looked=looked)
    action = decide_payment(case, TERMS)

    if action is not None and action.action == "pay" and not action.settled:
        assert bill.invoice.paid
        assert before is None or (before.state != "sending" and not before.stands)
        assert not looked or look_at(payable, OWN).verdict == "open"
        assert looked or bill.action in ("create", "update")
