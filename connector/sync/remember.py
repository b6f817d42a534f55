"""Decisions as the state keeps them: every invoice seen, every document that is not simply skipped."""

from collections.abc import Mapping, Sequence
from typing import Any

from connector.document import as_data
from connector.plan import Action, Facts
from connector.quickbooks.documents import entity_of
from connector.state.store import SeenInvoice, State
from connector.state.tables import DocumentRow
from connector.sync.planned import CHANGES
from connector.sync.taking_back import may_be_given_up

__all__ = ["remember"]


def remember(
    state: State, company: str, run: str, version: str, actions: Sequence[Action], marks: Mapping[str, str]
) -> None:
    """Keep what was decided about some invoices, in one transaction; nothing is in flight yet."""
    with state.write():
        kept = state.documents(company, actions[0].key.source, [action.key.invoice for action in actions])
        rows = [_row(action, version, kept.get((action.key.invoice, action.key.kind))) for action in actions]
        rows += [_given_up(action, kept) for action in actions]
        state.decide(company, run, [row for row in rows if row is not None])
        state.save_invoices(company, run, [_seen(action, marks) for action in actions])


def _seen(action: Action, marks: Mapping[str, str]) -> SeenInvoice:
    # A change that is not made yet, or of which nobody knows, must be decided about again whatever happens to this run.
    pending = action.action in CHANGES or action.state == "sending"
    return SeenInvoice(
        action.invoice,
        action.state if action.state in ("skipped", "held", "blocked") else "document",
        action.code,
        action.reason,
        action.remedy,
        action.cause,
        action.document.vendor if action.document else None,
        "" if pending else marks.get(action.invoice.id, ""),
    )


def _row(action: Action, version: str, kept: DocumentRow | None) -> dict[str, Any] | None:
    """The row an action leads to; none where the document stays as it is."""
    if action.action == "none" or (kept is not None and kept.state in ("sent", "sending", "removed")):
        return None
    if kept is not None and kept.qbo_id is not None:
        return _standing(action, kept)
    if action.action == "skip" and kept is None:
        return None
    row = _told(action)
    generation = max(action.generation, kept.generation if kept else 0)
    if kept is not None and generation == kept.generation and all(getattr(kept, name) == row[name] for name in row):
        return None
    return {**row, "generation": generation, "mapping_version": version}


def _standing(action: Action, kept: DocumentRow) -> dict[str, Any]:
    """A held document that stands in QuickBooks: held for another reason now, or to be changed after all."""
    row = {name: getattr(kept, name) for name in (*_told(action), "generation", "mapping_version")}
    if action.action in CHANGES:
        # What it was to be did not arrive, and is asked anew.
        return {**row, "state": "sent", "facts": None, "code": None, "reason": None, "remedy": None}
    return {**row, "code": action.code, "reason": action.reason, "remedy": action.remedy}


def _given_up(action: Action, kept: Mapping[tuple[str, str], DocumentRow]) -> dict[str, Any] | None:
    """A credit that was to take the bill back and never left: the bill is what the run was about after all."""
    bill, credit = (kept.get((action.key.invoice, kind)) for kind in ("bill", "credit"))
    if action.key.kind != "bill" or bill is None or bill.qbo_id is None or credit is None:
        return None
    if credit.state == "skipped" or not may_be_given_up(credit):
        return None
    row = {name: getattr(credit, name) for name in (*_told(action), "generation", "mapping_version")}
    told = {"code": "live-again", "reason": "its bill is not taken back after all", "remedy": None}
    return {**row, "state": "skipped", **told}


def _told(action: Action) -> dict[str, Any]:
    document, facts, found = action.document, Facts.of(action.invoice), action.found
    return {
        "company": action.key.company,
        "source": action.key.source,
        "invoice": action.key.invoice,
        "kind": action.key.kind,
        "state": "sent" if action.action == "adopt" else action.state,
        "code": action.code,
        "reason": action.reason,
        "remedy": action.remedy,
        "marker": action.marker,
        "entity": found.entity if found else entity_of(action.key.kind),
        "adopted": found is not None,
        "qbo_id": found.id if found else None,
        "vendor_id": found.vendor_id if found else None,
        "content": as_data(document) if document else None,
        "facts": {"amount": facts.amount, "currency": facts.currency, "date": facts.date, "payee": facts.payee},
        "number": document.number if document else None,
        "vendor": document.vendor if document else None,
        "date": document.date if document else None,
        "due": document.due if document else None,
        "currency": document.currency if document else None,
        "amount": document.amount if document else None,
    }
