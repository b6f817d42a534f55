"""
What is to happen to each invoice, decided from facts alone: no clock, no file, no network.

Whoever calls ``decide`` has gathered a ``Case`` for each invoice; what comes back are ``Action``s, as data.
"""

from connector.plan.case import (
    STANDING_HOLDS,
    Action,
    Case,
    Facts,
    Found,
    Known,
    Said,
    Standing,
    State,
    Terms,
    Verb,
    Word,
    net_of,
)
from connector.plan.changes import NOT_REWRITTEN, made_otherwise, may_change
from connector.plan.payments import (
    CREDIT_NOT_PAID,
    Look,
    Payable,
    PaymentCase,
    as_bill_allows,
    bill_of,
    decide_payment,
    is_due,
    look_at,
    waiting_for_bill,
)
from connector.plan.review import APPROVABLE, accepted, bill_said, hash_of_sides, hash_of_source
from connector.plan.rules import LOOK_ALIKE_DAYS, decide
from connector.plan.taking_back import credit_for

__all__ = [
    "APPROVABLE",
    "CREDIT_NOT_PAID",
    "LOOK_ALIKE_DAYS",
    "NOT_REWRITTEN",
    "STANDING_HOLDS",
    "Action",
    "Case",
    "Facts",
    "Found",
    "Known",
    "Look",
    "Payable",
    "PaymentCase",
    "Said",
    "Standing",
    "State",
    "Terms",
    "Verb",
    "Word",
    "accepted",
    "as_bill_allows",
    "bill_of",
    "bill_said",
    "credit_for",
    "decide",
    "decide_payment",
    "hash_of_sides",
    "hash_of_source",
    "is_due",
    "look_at",
    "made_otherwise",
    "may_change",
    "net_of",
    "waiting_for_bill",
]
