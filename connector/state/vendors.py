"""Vendors that were to be made: the items of requests that belong to no document."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import func, select, update

from connector.state.requests import ItemOutcome, Requests
from connector.state.sendings import StoredRequest
from connector.state.tables import RequestItemRow, RequestRow
from connector.state.transactions import core

__all__ = ["Vendors"]

_REQUEST: Final = core(RequestRow)
_ITEM: Final = core(RequestItemRow)


class Vendors(Requests):
    """The part of the state that knows which vendors were asked for, and what became of it."""

    def open_vendors(self, company: str) -> list[StoredRequest]:
        """The requests for vendors of which not every outcome is known, oldest first."""
        query = (
            select(_ITEM.c.request)
            .join(_REQUEST, _REQUEST.c.id == _ITEM.c.request)
            .where(_ITEM.c.document.is_(None), _ITEM.c.outcome.is_(None), _REQUEST.c.company == company)
            .distinct()
            .order_by(_ITEM.c.request)
        )
        with self.read() as t:
            return self._stored_requests(list(t.scalars(query)))

    def conclude_vendors(self, request: int, outcomes: Mapping[str, ItemOutcome]) -> None:
        """Note what became of vendors of one request, by their bIds."""
        with self.write() as t:
            for bid, outcome in outcomes.items():
                item = (_ITEM.c.request == request, _ITEM.c.bid == bid, _ITEM.c.document.is_(None))
                t.execute(update(_ITEM).where(*item).values(outcome=outcome))

    def vendor_refusals(self, company: str) -> dict[str, int]:
        """How often QuickBooks refused to make a vendor, by name: the generation of its next request id."""
        query = (
            select(_ITEM.c.number, func.count())
            .select_from(_ITEM.join(_REQUEST, _REQUEST.c.id == _ITEM.c.request))
            .where(_ITEM.c.document.is_(None), _ITEM.c.outcome == "refused", _REQUEST.c.company == company)
            .group_by(_ITEM.c.number)
        )
        with self.read() as t:
            return {row[0]: row[1] for row in t.execute(query)}
