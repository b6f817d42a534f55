"""How documents that were sent stand in QuickBooks now: read only where their source may change them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connector.plan import Standing
from connector.quickbooks.boxes import edited_boxes
from connector.quickbooks.posted import bill_from
from connector.quickbooks.transport import Company, one_of
from connector.state.tables import DocumentRow

__all__ = ["Standings"]

_IDS_A_QUERY: Final = 30


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
        """How each stands, by the row's key; several a read, and one that a query does not show by itself."""
        found: dict[int, Standing] = {}
        for entity in sorted({row.entity or "Bill" for row in rows}):
            ours = [row for row in rows if (row.entity or "Bill") == entity]
            for at in range(0, len(ours), _IDS_A_QUERY):
                piece = ours[at : at + _IDS_A_QUERY]
                where = one_of("Id", [row.qbo_id or "" for row in piece])
                shown = {record["Id"]: record for record in self._company.query(entity, where)}
                for row in piece:
                    record = shown.get(row.qbo_id or "") or self._company.read(entity, row.qbo_id or "")
                    found[row.id or 0] = self._standing(row, entity, record)
        return found

    def _standing(self, row: DocumentRow, entity: str, record: Mapping[str, Any] | None) -> Standing:
        if record is None:
            return Standing(None)
        posted = bill_from(record, entity, self._home)
        edited = edited_boxes(record, row.answer) if row.answer else None
        paid = bool(posted.linked) or posted.balance != posted.total
        return Standing(record, posted.date, posted.net, paid=paid, edited=edited)
