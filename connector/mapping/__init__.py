"""
The language of mappings: a finance team's form becomes rules, and an invoice becomes a document.

``load`` reads a form and its tables once and tells every fault; ``Mapping.apply`` is pure. Few need ``schema`` (for an
editor), ``produced`` (the names that a mapping may give) and ``notes``: whoever does names the module, and the rest
start without them.
"""

from connector.invoice import Declaration
from connector.mapping.codes import FAULT_CODES, NOTE_CODES, OUTCOME_CODES
from connector.mapping.faults import Fault, MappingFaults, Place
from connector.mapping.load import NamedTable, files_of, load, named_tables, outline, shipped
from connector.mapping.mapping import Mapping
from connector.mapping.outcome import Mapped, Missing, NotMapped, PaymentBoxes, Trace, outcome_text
from connector.mapping.policy import Policy

__all__ = [
    "FAULT_CODES",
    "NOTE_CODES",
    "OUTCOME_CODES",
    "Declaration",
    "Fault",
    "Mapped",
    "Mapping",
    "MappingFaults",
    "Missing",
    "NamedTable",
    "NotMapped",
    "PaymentBoxes",
    "Place",
    "Policy",
    "Trace",
    "files_of",
    "load",
    "named_tables",
    "outcome_text",
    "outline",
    "shipped",
]
