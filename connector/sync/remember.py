"""Decisions as the state keeps them: every invoice seen, every document that is not simply skipped."""

from collections.abc import Sequence
from dataclasses import asdict

from connector.document import as_data, marker
from connector.plan import Action, Facts, Found
from connector.quickbooks.documents import entity_of
from connector.state.store import SeenInvoice, State
from connector.state.tables import DocumentRow

__all__ = ["remember"]


def remember(state: State, company: str, run: str, version: str, actions: Sequence[Action]) -> None:
    """Keep what was decided about some invoices, in one transaction; nothing is in flight yet."""
    with state.write():
        kept = state.documents(company, actions[0].key.source, [action.key.invoice for action in actions])
        rows = [row for action in actions for row in _rows(action, version, kept.get(_place(action)))]
        state.save_documents(company, run, rows)
        state.save_invoices(company, run, [_seen(action) for action in actions])


def _place(action: Action) -> tuple[str, str]:
    return action.key.invoice, action.key.kind


def _seen(action: Action) -> SeenInvoice:
    return SeenInvoice(
        action.invoice,
        action.state if action.state in ("skipped", "held", "blocked") else "document",
        action.code,
        action.reason,
        action.remedy,
        action.cause,
        action.document.vendor if action.document else None,
    )


def _rows(action: Action, version: str, kept: DocumentRow | None) -> list[DocumentRow]:
    """The row an action leads to; none where the document stays as it is."""
    if action.action == "none" or (kept is not None and kept.state in ("sent", "sending", "removed")):
        return []
    if action.action == "skip" and kept is None:
        return []
    document = action.document
    row = DocumentRow(
        company=action.key.company,
        source=action.key.source,
        invoice=action.key.invoice,
        kind=action.key.kind,
        state="sent" if action.action == "adopt" else action.state,
        code=action.code,
        reason=action.reason,
        remedy=action.remedy,
        marker=marker(action.key),
        entity=entity_of(action.key.kind),
        generation=max(action.generation, kept.generation if kept else 0),
        content=as_data(document) if document else None,
        facts=asdict(Facts.of(action.invoice)),
        mapping_version=version,
    )
    if document is not None:
        row.number, row.vendor, row.date, row.due = document.number, document.vendor, document.date, document.due
        row.currency, row.amount = document.currency, document.total.amount
    if action.found is not None:
        _adopt(row, action.found)
    return [row]


def _adopt(row: DocumentRow, found: Found) -> None:
    row.adopted = True
    row.entity = found.entity
    row.qbo_id = found.id
    row.vendor_id = found.vendor_id
