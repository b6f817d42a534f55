"""An order: one document to write, with everything that its request is made of."""

from collections.abc import Mapping
from typing import Any, Literal

from connector.document import Document, Key
from connector.value import value

__all__ = ["Operation", "Order", "request_id"]

Operation = Literal["create", "update", "delete"]


@value(frozen=True, slots=True)
class Order:
    """
    One document to write.

    Args:
        n: Its place in the plan.
        document_id: Its row in the state.
        document: As QuickBooks is to hold it; for a deletion, as it holds it.
        entity: ``Bill``, ``VendorCredit`` or ``BillPayment``.
        body: The exact bytes that QuickBooks gets, for ever under this generation.
        revision: ``0`` for a creation, else the SyncToken that is replaced.
        becomes: What else of the document's row changes with the intent.
        pays: The QuickBooks id of the bill that a payment pays.
    """

    n: int
    key: Key
    marker: str
    document_id: int
    document: Document
    entity: str
    body: bytes
    generation: int
    operation: Operation = "create"
    revision: str = "0"
    becomes: Mapping[str, Any] | None = None
    pays: str = ""

    @property
    def identity(self) -> tuple[Key, Operation, str, int]:
        """What the request id of a single write is made of."""
        return self.key, self.operation, self.revision, self.generation


def request_id(key: Key, operation: Operation, revision: str, generation: int) -> str:
    """The request id of a single write: 32 characters that can be recomputed with the state lost (I3)."""
    return key.digest(operation, revision, str(generation), length=32)
