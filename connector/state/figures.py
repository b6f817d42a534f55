"""How much is not settled yet, and since when: cheap to ask, however much is settled."""

import datetime
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, or_, select

from connector.state.overview import chosen_document
from connector.state.store import State
from connector.state.tables import DocumentRow, InvoiceRow, RequestItemRow, RequestRow
from connector.state.transactions import core

__all__ = ["OPEN", "Figures", "figures"]

_INVOICE: Final = core(InvoiceRow)
_DOCUMENT: Final = core(DocumentRow)
_REQUEST: Final = core(RequestRow)
_ITEM: Final = core(RequestItemRow)

OPEN: Final = ("ready", "sending", "held", "blocked", "refused")
"""The states of what is not settled."""
_WITHOUT: Final = ("held", "blocked")
"""Where an invoice may stand that has no document."""


@dataclass(slots=True)
class Figures:
    """
    What is not settled.

    Args:
        invoices: By state; an invoice counts once, as in ``status``.
        payments: By state.
        waiting_since: When the oldest document came to be that is ready and was not sent; None where none is.
        unknown_since: When the oldest request left whose outcome is unknown; None where none is.
    """

    invoices: Counter[str] = field(default_factory=Counter)
    payments: Counter[str] = field(default_factory=Counter)
    waiting_since: datetime.datetime | None = None
    unknown_since: datetime.datetime | None = None


def figures(state: State, company: str) -> Figures:
    """The figures of one company, read within one snapshot; settled documents are not looked at."""
    document = _DOCUMENT.c
    ours = (document.company == company, document.state.in_(OPEN))
    found = Figures()
    with state.read() as t:
        for source in _sources(t, company):
            undocumented = select(_INVOICE.c.state, func.count()).where(
                _INVOICE.c.company == company, _INVOICE.c.source == source, _INVOICE.c.state.in_(_WITHOUT)
            )
            found.invoices.update(_counts(t, undocumented.group_by(_INVOICE.c.state)))
        same = and_(*(_INVOICE.c[name] == document[name] for name in ("company", "source", "invoice")))
        bills = (
            select(document.state, func.count())
            .select_from(_DOCUMENT.join(_INVOICE, same))
            .where(*ours, document.kind != "payment", _INVOICE.c.state == "document")
            .where(document.id == chosen_document())
        )
        found.invoices.update(_counts(t, bills.group_by(document.state)))
        paid = select(document.state, func.count()).where(*ours, document.kind == "payment")
        found.payments.update(_counts(t, paid.group_by(document.state)))
        on_its_way = or_(document.code.is_(None), document.code != "waits-for-bill")
        ready = select(func.min(document.created)).where(document.company == company, document.state == "ready")
        found.waiting_since = t.scalar(ready.where(on_its_way))
        asked = (
            select(func.min(_REQUEST.c.created))
            .select_from(_DOCUMENT.join(_ITEM, _ITEM.c.document == document.id).join(_REQUEST))
            .where(document.company == company, document.state == "sending", _ITEM.c.outcome.is_(None))
        )
        found.unknown_since = t.scalar(asked)
    return found


def _sources(t: Connection, company: str) -> list[str]:
    """The sources that have invoices, each found by a step in the index instead of by reading all of it."""
    found: list[str] = []
    columns = _INVOICE.c
    least = select(func.min(columns.source)).where(columns.company == company)
    while (source := t.scalar(least.where(columns.source > found[-1]) if found else least)) is not None:
        found.append(source)
    return found


def _counts(t: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in t.execute(query)}
