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
)
from connector.plan.changes import may_change
from connector.plan.review import APPROVABLE, accepted, bill_said, hash_of_sides, hash_of_source
from connector.plan.rules import LOOK_ALIKE_DAYS, decide, net_of

__all__ = [
    "APPROVABLE",
    "LOOK_ALIKE_DAYS",
    "STANDING_HOLDS",
    "Action",
    "Case",
    "Facts",
    "Found",
    "Known",
    "Said",
    "Standing",
    "State",
    "Terms",
    "Verb",
    "Word",
    "accepted",
    "bill_said",
    "decide",
    "hash_of_sides",
    "hash_of_source",
    "may_change",
    "net_of",
]
