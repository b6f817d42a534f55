"""
Reconcile: what the sources say, what the connector meant and what QuickBooks holds, side by side, with the proof.

``gather`` reads the three sides and writes nothing but what reading itself needs (the sign-in, the lists of QuickBooks,
the request windows); ``comparison`` gives each invoice what stands beside it, and each bill out once; ``compare`` says
what it comes to, and ``proof`` adds up: both are pure.
"""

from connector.reconcile.compare import compare, gone, unclaimed
from connector.reconcile.comparison import Comparison, Pulled
from connector.reconcile.gather import Reconciliation
from connector.reconcile.proof import Proof, ProofLine
from connector.reconcile.reconciled import Reconciled
from connector.reconcile.rows import FAMILIES, FAMILY_OF, Family, Row, Status
from connector.reconcile.sides import Bill, Intended, Seen

__all__ = [
    "FAMILIES",
    "FAMILY_OF",
    "Bill",
    "Comparison",
    "Family",
    "Intended",
    "Proof",
    "ProofLine",
    "Pulled",
    "Reconciled",
    "Reconciliation",
    "Row",
    "Seen",
    "Status",
    "compare",
    "gone",
    "unclaimed",
]
