"""
The language of mappings: a finance team's form becomes rules, and an invoice becomes a document.

``load`` reads a form and its tables once and tells every fault; ``Mapping.apply`` is pure.
"""

from connector.invoice import Declaration
from connector.mapping.codes import FAULT_CODES, OUTCOME_CODES
from connector.mapping.faults import Fault, MappingFaults, Place
from connector.mapping.load import load, outline, shipped
from connector.mapping.mapping import Mapping
from connector.mapping.outcome import Mapped, Missing, NotMapped, PaymentBoxes, Trace, outcome_text
from connector.mapping.policy import Policy
from connector.mapping.schema import WRITTEN_BY, schema_of

__all__ = [
    "FAULT_CODES",
    "OUTCOME_CODES",
    "WRITTEN_BY",
    "Declaration",
    "Fault",
    "Mapped",
    "Mapping",
    "MappingFaults",
    "Missing",
    "NotMapped",
    "PaymentBoxes",
    "Place",
    "Policy",
    "Trace",
    "load",
    "outcome_text",
    "outline",
    "schema_of",
    "shipped",
]
