"""
The write protocol: intent before effect, one identity for ever, and nothing believed without evidence.

``send`` carries out orders, ``settle`` finds out what became of those without an answer, ``answer`` checks what
QuickBooks says against what was meant, ``changes`` does both for updates and removals, ``payments`` for the payments of
bills, ``vendors`` makes the vendors that bills need.

What must hold whatever happens is numbered I1 to I12; tests/push/test_invariants.py says where each is asserted.
"""

from connector.push.answer import Written
from connector.push.order import Order, request_id
from connector.push.send import Sender
from connector.push.settle import Settled, due_in, settle
from connector.push.vendors import VendorMaker

__all__ = ["Order", "Sender", "Settled", "VendorMaker", "Written", "due_in", "request_id", "settle"]
