"""
Reconcile: what the sources say, what the connector meant and what QuickBooks holds, side by side, with the proof.

``compare`` and ``proof`` are pure; ``gather`` reads the three sides and writes nothing but what reading itself needs
(the sign-in, the lists of QuickBooks, the request windows).
"""

from connector.reconcile.compare import compare, gone, unclaimed
from connector.reconcile.gather import Reconciled, Reconciliation
from connector.reconcile.proof import Proof, ProofLine
from connector.reconcile.rows import FAMILIES, FAMILY_OF, Family, Row, Status
from connector.reconcile.sides import Bill, Intended, Seen

__all__ = [
    "FAMILIES",
    "FAMILY_OF",
    "Bill",
    "Family",
    "Intended",
    "Proof",
    "ProofLine",
    "Reconciled",
    "Reconciliation",
    "Row",
    "Seen",
    "Status",
    "compare",
    "gone",
    "unclaimed",
]
