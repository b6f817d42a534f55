"""How much is not settled yet, and since when: cheap to ask, however much is settled."""

import datetime
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, or_, select

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

_THEIRS: Final = _DOCUMENT.c.company == bindparam("company")
_OTHER: Final = _DOCUMENT.alias()
# Made once: whoever scrapes asks all day.
_LEAST: Final = select(func.min(_INVOICE.c.source)).where(
    _INVOICE.c.company == bindparam("company"), _INVOICE.c.source > bindparam("after")
)
_WITHOUT_DOCUMENT: Final = (
    select(_INVOICE.c.state, func.count())
    .where(_INVOICE.c.company == bindparam("company"), _INVOICE.c.source == bindparam("source"))
    .where(_INVOICE.c.state.in_(("held", "blocked")))
    .group_by(_INVOICE.c.state)
)
_SAME: Final = [_INVOICE.c[name] == _DOCUMENT.c[name] for name in ("company", "source", "invoice")]
_BESIDE: Final = (
    select(_OTHER.c.id)
    .where(*(_OTHER.c[name] == _DOCUMENT.c[name] for name in ("company", "source", "invoice")))
    .where(_OTHER.c.kind == case((_DOCUMENT.c.kind == "bill", "credit"), else_="bill"))
    .correlate(_DOCUMENT)
    .exists()
)
"""Few invoices have a bill and a credit: only of those it has to be found out which of the two says how it stands."""
_BILLS: Final = (
    select(_DOCUMENT.c.state, func.count())
    .select_from(_DOCUMENT.join(_INVOICE, and_(*_SAME)))
    .where(_THEIRS, _DOCUMENT.c.state.in_(OPEN), _DOCUMENT.c.kind != "payment", _INVOICE.c.state == "document")
    .where(or_(~_BESIDE, _DOCUMENT.c.id == chosen_document()))
    .group_by(_DOCUMENT.c.state)
)
_PAYMENTS: Final = (
    select(_DOCUMENT.c.state, func.count())
    .where(_THEIRS, _DOCUMENT.c.state.in_(OPEN), _DOCUMENT.c.kind == "payment")
    .group_by(_DOCUMENT.c.state)
)
_WAITING_SINCE: Final = select(func.min(_DOCUMENT.c.created)).where(
    _THEIRS, _DOCUMENT.c.state == "ready", or_(_DOCUMENT.c.code.is_(None), _DOCUMENT.c.code != "waits-for-bill")
)
_UNKNOWN_SINCE: Final = (
    select(func.min(_REQUEST.c.created))
    .select_from(_DOCUMENT.join(_ITEM, _ITEM.c.document == _DOCUMENT.c.id).join(_REQUEST))
    .where(_THEIRS, _DOCUMENT.c.state == "sending", _ITEM.c.outcome.is_(None))
)


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
    found, ours = Figures(), {"company": company}
    with state.read() as t:
        source: str | None = ""
        while (source := t.scalar(_LEAST, ours | {"after": source})) is not None:  # a step in the index for each
            found.invoices.update(_counts(t, _WITHOUT_DOCUMENT, ours | {"source": source}))
        found.invoices.update(_counts(t, _BILLS, ours))
        found.payments.update(_counts(t, _PAYMENTS, ours))
        found.waiting_since = t.scalar(_WAITING_SINCE, ours)
        found.unknown_since = t.scalar(_UNKNOWN_SINCE, ours)
    return found


def _counts(t: Connection, query: Select[Any], given: dict[str, str]) -> dict[str, int]:
    return {row[0]: row[1] for row in t.execute(query, given)}
