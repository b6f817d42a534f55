"""What the state knows at a glance: where every invoice stands, near misses of a name, what a run touched."""

import datetime
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from sqlalchemy import ScalarSelect, func, or_, select
from sqlmodel import col
from sqlmodel import select as rows_of

from connector.state.store import State
from connector.state.tables import DocumentRow, InvoiceRow, RequestItemRow, RequestRow, RunRow
from connector.state.transactions import chunks, core

__all__ = [
    "Standing",
    "Touched",
    "chosen_document",
    "documents_of_run",
    "near_misses",
    "payments",
    "reasons",
    "runs_before",
    "runs_like",
    "seen_keys",
    "standings",
    "waiting_invoices",
]

_INVOICE: Final = core(InvoiceRow)
_DOCUMENT: Final = core(DocumentRow)
_REQUEST: Final = core(RequestRow)
_ITEM: Final = core(RequestItemRow)

_CANDIDATES: Final = 500
_UNKNOWN: Final = (
    "outcome-unknown",
    "sent, and QuickBooks' answer was lost",
    "nothing to do: the next run looks in QuickBooks first (or now: connector sync --wait)",
)


class Standing(NamedTuple):
    """
    Where one invoice stands.

    Args:
        state: A document's state, also where the invoice has no document (skipped, held, blocked).
        amount: The document's total, negative for a credit; the invoice's own where there is no document.
        document: The document's row; None where there is none.
        payment: It is the invoice's payment that stands so.
    """

    source: str
    invoice: str
    state: str
    code: str | None
    reason: str | None
    remedy: str | None
    cause: str | None
    currency: str | None
    amount: Decimal | None
    document: int | None
    payment: bool = False


class Touched(NamedTuple):
    """A document that a run wrote or decided about; the rest is None where it sent nothing for it."""

    document: DocumentRow
    operation: str | None
    outcome: str | None
    body: str | None


def reasons(row: DocumentRow) -> tuple[str | None, str | None, str | None]:
    """Why a document stands where it is: code, reason, remedy; what was just sent without an answer has none yet."""
    if row.state == "sending" and row.code is None:
        return _UNKNOWN
    return row.code, row.reason, row.remedy


def chosen_document() -> ScalarSelect[int]:
    """The document that says where an invoice stands, of the rows of a query that has the invoice."""
    other = _DOCUMENT.alias()
    return (
        select(other.c.id)
        .where(*(other.c[name] == _INVOICE.c[name] for name in ("company", "source", "invoice")))
        .where(other.c.kind != "payment")
        # Of a bill and a credit, the one without an answer, else the one in QuickBooks, else the newer.
        .order_by(other.c.state != "sending", other.c.state == "removed", other.c.qbo_id.is_(None), other.c.id.desc())
        .limit(1)
        .correlate(_INVOICE)
        .scalar_subquery()
    )


def standings(state: State, company: str) -> Iterator[Standing]:
    """Every invoice seen, once, by source and id; read within one snapshot."""
    bill = _DOCUMENT.alias()
    back = (
        select(bill.c.id)
        .where(*(bill.c[name] == _INVOICE.c[name] for name in ("company", "source", "invoice")))
        .where(_DOCUMENT.c.kind == "credit", bill.c.kind == "bill", bill.c.qbo_id.is_not(None))
        .where(bill.c.state != "removed", _DOCUMENT.c.state != "removed")
        .exists()
    )
    said = (_INVOICE.c[name] for name in "source invoice state code reason remedy cause currency amount".split())
    made = (_DOCUMENT.c[name] for name in "id kind state code reason remedy currency amount".split())
    query = (
        select(*said, *made, back)
        .select_from(_INVOICE.outerjoin(_DOCUMENT, _DOCUMENT.c.id == chosen_document()))
        .where(_INVOICE.c.company == company)
        .order_by(_INVOICE.c.source, _INVOICE.c.invoice)
    )
    with state.read() as t:
        for row in t.execute(query):
            source, invoice, *decided, cause, currency, amount = row[:9]
            document, kind, *settled, own_currency, own_amount, takes_back = row[9:]
            if takes_back:  # bill and credit come to nothing
                currency, amount = own_currency, Decimal(0)
            elif own_amount is not None:
                currency, amount = own_currency, -own_amount if kind == "credit" else own_amount
            if decided[0] == "document":
                decided = settled if document else ["ready", None, None, None]
            stands, code, reason, remedy = decided
            if stands == "sending" and code is None:
                code, reason, remedy = _UNKNOWN
            yield Standing(source, invoice, stands, code, reason, remedy, cause, currency, amount, document)


def payments(state: State, company: str) -> Iterator[Standing]:
    """Every payment that is or was on its way, by source and invoice."""
    names = "source invoice state code reason remedy currency amount id".split()
    query = select(*(_DOCUMENT.c[name] for name in names)).where(
        _DOCUMENT.c.company == company, _DOCUMENT.c.kind == "payment", _DOCUMENT.c.state != "skipped"
    )
    with state.read() as t:
        for row in t.execute(query.order_by(_DOCUMENT.c.source, _DOCUMENT.c.invoice)):
            source, invoice, stands, code, reason, remedy, currency, amount, document = row
            if stands == "sending" and code is None:
                code, reason, remedy = _UNKNOWN
            yield Standing(
                source, invoice, stands, code, reason, remedy, None, currency, amount, document, payment=True
            )


def near_misses(state: State, company: str, text: str, most: int = 3) -> list[str]:
    """Invoice ids and bill numbers that ``text`` may have been meant for, the nearest first."""
    name = text.rpartition(":")[2] or text
    begin, end = name[: max(2, len(name) - 2)], name[-max(2, len(name) - 2) :]
    found: set[str] = set()
    with state.read() as t:
        for column, table in ((_INVOICE.c.invoice, _INVOICE), (_DOCUMENT.c.number, _DOCUMENT)):
            like = or_(column.startswith(begin, autoescape=True), column.endswith(end, autoescape=True))
            query = select(column).where(table.c.company == company, like).limit(_CANDIDATES)
            found.update(str(value) for value in t.scalars(query))
    return get_close_matches(name, sorted(found), n=most)


def runs_like(state: State, company: str, beginning: str) -> list[RunRow]:
    """The runs whose ids begin so, newest first; at most ten."""
    query = rows_of(RunRow).where(RunRow.company == company, col(RunRow.id).startswith(beginning, autoescape=True))
    return state._rows(query.order_by(col(RunRow.id).desc()).limit(10))  # noqa: SLF001 - the state's own room


def runs_before(state: State, company: str, run: str, most: int) -> list[RunRow]:
    """The ``most`` runs before ``run``, newest first."""
    query = rows_of(RunRow).where(RunRow.company == company, col(RunRow.id) < run)
    return state._rows(query.order_by(col(RunRow.id).desc()).limit(most))  # noqa: SLF001 - as above


def documents_of_run(state: State, company: str, run: str) -> list[Touched]:
    """Every document that a run intended to write, or was the last to decide about, oldest row first."""
    written = (
        select(_ITEM.c.document, _REQUEST.c.operation, _ITEM.c.outcome, _ITEM.c.body)
        .join(_REQUEST, _REQUEST.c.id == _ITEM.c.request)
        .where(_REQUEST.c.company == company, _REQUEST.c.run == run, _ITEM.c.document.is_not(None))
        .order_by(_REQUEST.c.id)
    )
    decided = select(_DOCUMENT.c.id).where(_DOCUMENT.c.company == company, _DOCUMENT.c.run == run)
    with state.read() as t:
        orders: dict[int, tuple[str, str | None, str]] = {
            row[0]: (row[1], row[2], row[3]) for row in t.execute(written)
        }
        ids: Sequence[int] = sorted({*orders, *t.scalars(decided)})
        rows = [
            row
            for piece in chunks(ids)
            for row in state._rows(rows_of(DocumentRow).where(col(DocumentRow.id).in_(piece)))  # noqa: SLF001 - as above
        ]
    return [
        Touched(row, *orders.get(row.id or 0, (None, None, None))) for row in sorted(rows, key=lambda row: row.id or 0)
    ]


def waiting_invoices(state: State, company: str, source: str) -> list[InvoiceRow]:
    """Every invoice that is held or blocked, by its id."""
    query = rows_of(InvoiceRow).where(
        InvoiceRow.company == company, InvoiceRow.source == source, col(InvoiceRow.state).in_(("held", "blocked"))
    )
    return state._rows(query.order_by(col(InvoiceRow.invoice)))  # noqa: SLF001 - as above


def seen_keys(
    state: State, company: str, source: str, fields: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], datetime.date]]:
    """What invoices hold in some fields, as text, each once, and the newest date of an invoice that does."""
    held = [func.json_extract(_INVOICE.c.fields, f'$.fields."{name}"') for name in fields]
    query = (
        select(*held, func.max(_INVOICE.c.date))
        .where(_INVOICE.c.company == company, _INVOICE.c.source == source, _INVOICE.c.date.is_not(None))
        .group_by(*held)
    )
    with state.read() as t:
        for *values, newest in t.execute(query):
            yield tuple(_told(value) for value in values), newest


def _told(value: Any) -> str:
    """A field as text; what is no text there says what it is."""
    if isinstance(value, str) and value.startswith('{"'):
        try:
            typed = json.loads(value)
        except ValueError:
            return value
        return str(typed.get("number") or typed.get("date") or value)
    return "" if value is None else str(value)
