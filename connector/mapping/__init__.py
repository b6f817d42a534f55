"""
The language of mappings: a finance team's form becomes rules, and an invoice becomes a document.

``load`` reads a form and its tables once and tells every fault; ``Mapping.apply`` is pure.
"""

from connector.invoice import Declaration
from connector.mapping.codes import FAULT_CODES, NOTE_CODES, OUTCOME_CODES
from connector.mapping.faults import Fault, MappingFaults, Place
from connector.mapping.load import NamedTable, files_of, load, named_tables, outline, shipped
from connector.mapping.mapping import Mapping
from connector.mapping.notes import notes_of, rows_never_used
from connector.mapping.outcome import Mapped, Missing, NotMapped, PaymentBoxes, Trace, outcome_text
from connector.mapping.policy import Policy
from connector.mapping.produced import Part, Produced, produced
from connector.mapping.schema import WRITTEN_BY, schema_of

__all__ = [
    "FAULT_CODES",
    "NOTE_CODES",
    "OUTCOME_CODES",
    "WRITTEN_BY",
    "Declaration",
    "Fault",
    "Mapped",
    "Mapping",
    "MappingFaults",
    "Missing",
    "NamedTable",
    "NotMapped",
    "Part",
    "PaymentBoxes",
    "Place",
    "Policy",
    "Produced",
    "Trace",
    "files_of",
    "load",
    "named_tables",
    "notes_of",
    "outcome_text",
    "outline",
    "produced",
    "rows_never_used",
    "schema_of",
    "shipped",
]
