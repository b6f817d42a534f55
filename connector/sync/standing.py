"""How documents that were sent stand in QuickBooks now: read only where their source may change them."""

from collections.abc import Mapping, Sequence
from typing import Any

from connector.plan import Standing
from connector.quickbooks.boxes import edited_boxes
from connector.quickbooks.posted import bill_from
from connector.quickbooks.transport import Company
from connector.state.tables import DocumentRow

__all__ = ["Standings"]


class Standings:
    """
    Reads the documents of one company by their ids.

    Args:
        home_currency: What a record without a currency is in.
    """

    def __init__(self, company: Company, home_currency: str) -> None:
        self._company = company
        self._home = home_currency

    def of(self, rows: Sequence[DocumentRow]) -> dict[int, Standing]:
        """How each stands, by the row's key; several a read."""
        found: dict[int, Standing] = {}
        for entity in sorted({row.entity or "Bill" for row in rows}):
            ours = [row for row in rows if (row.entity or "Bill") == entity]
            records = dict(self._company.read_several(entity, [row.qbo_id or "" for row in ours]))
            for row in ours:
                found[row.id or 0] = self._standing(row, entity, records[row.qbo_id or ""])
        return found

    def _standing(self, row: DocumentRow, entity: str, record: Mapping[str, Any] | None) -> Standing:
        if record is None:
            return Standing(None)
        posted = bill_from(record, entity, self._home)
        edited = edited_boxes(record, row.answer) if row.answer else None
        paid = bool(posted.linked) or posted.balance != posted.total
        return Standing(record, posted.date, posted.net, paid=paid, edited=edited)
