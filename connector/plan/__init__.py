"""
What is to happen to each invoice, decided from facts alone: no clock, no file, no network.

Whoever calls ``decide`` has gathered a ``Case`` for each invoice; what comes back are ``Action``s, as data.
"""

from connector.plan.case import STANDING_HOLDS, Action, Case, Facts, Found, Known, Standing, State, Terms, Verb, net_of
from connector.plan.changes import may_change
from connector.plan.rules import LOOK_ALIKE_DAYS, decide
from connector.plan.taking_back import credit_for

__all__ = [
    "LOOK_ALIKE_DAYS",
    "STANDING_HOLDS",
    "Action",
    "Case",
    "Facts",
    "Found",
    "Known",
    "Standing",
    "State",
    "Terms",
    "Verb",
    "credit_for",
    "decide",
    "may_change",
    "net_of",
]
