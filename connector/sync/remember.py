"""Decisions as the state keeps them: every invoice seen, every document that is not simply skipped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from connector.document import as_data
from connector.plan import Action, Facts
from connector.quickbooks.documents import entity_of
from connector.state.store import SeenInvoice, State
from connector.state.tables import DocumentRow
from connector.sync.planned import CHANGES
from connector.sync.pulling import CHUNK
from connector.sync.taking_back import may_be_given_up

__all__ = ["remember", "remember_payments"]

_NOUNS: Final = {"bill": "bill", "credit": "vendor credit"}


def remember(
    state: State,
    company: str,
    run: str,
    version: str,
    actions: Callable[[], Iterator[Action]],
    marks: Callable[[Sequence[str]], Mapping[str, str]],
) -> None:
    """
    Keep what was decided about the invoices of one source; nothing is in flight yet.

    Payments come before bills: an invoice is passed over only where every document of it is sent, so one with a payment
    still to be recorded is not.

    Args:
        state: Where.
        company: The realm id.
        run: The run that decided.
        version: Of the source's mapping.
        actions: The decisions, from the first, at every call.
        marks: What the records of some invoices were known by.
    """
    payments = (action for action in actions() if action.key.kind == "payment")
    for chunk in iter(lambda: list(islice(payments, CHUNK)), []):
        remember_payments(state, company, run, version, chunk)
    others = (action for action in actions() if action.key.kind != "payment")
    for chunk in iter(lambda: list(islice(others, CHUNK)), []):
        _remember(state, company, run, version, chunk, marks([action.key.invoice for action in chunk]))


def _remember(
    state: State, company: str, run: str, version: str, actions: Sequence[Action], marks: Mapping[str, str]
) -> None:
    """Some of them, in one transaction."""
    with state.write():
        kept = state.documents(company, actions[0].key.source, [action.key.invoice for action in actions])
        rows = [_row(action, version, kept.get((action.key.invoice, action.key.kind))) for action in actions]
        rows += [_given_up(action, kept) for action in actions]
        state.decide(company, run, [row for row in rows if row is not None])
        state.save_invoices(company, run, [_seen(action, marks) for action in actions])


def remember_payments(state: State, company: str, run: str, version: str, actions: Sequence[Action]) -> None:
    """Keep what was decided about some payments, in one transaction."""
    with state.write():
        kept = state.documents(company, actions[0].key.source, [action.key.invoice for action in actions])
        rows = (_payment(action, version, kept.get((action.key.invoice, "payment"))) for action in actions)
        state.decide(company, run, [row for row in rows if row is not None])


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
        action.hash,
        action.approvable if action.hash else None,
    )


def _row(action: Action, version: str, kept: DocumentRow | None) -> dict[str, Any] | None:
    """The row an action leads to; none where the document stays as it is."""
    if action.action == "none" or (kept is not None and kept.state in ("sent", "sending")):
        return None
    if kept is not None and kept.state == "removed":
        if action.action not in ("create", "credit", "adopt"):
            return None  # what was removed stays so until a person lets it be made again
    elif kept is not None and kept.qbo_id is not None:
        return _standing(action, kept)
    if action.action == "skip" and kept is None:
        return None
    row = _told(action)
    generation = max(action.generation, kept.generation if kept else 0)
    if kept is not None and generation == kept.generation and all(getattr(kept, name) == row[name] for name in row):
        return None
    return {**row, "generation": generation, "mapping_version": version}


def _payment(action: Action, version: str, kept: DocumentRow | None) -> dict[str, Any] | None:
    if action.state == "sending" or action.settled or (kept is not None and kept.state == "sending"):
        return None
    row = _told(action)
    stands = kept is not None and (kept.state == "sent" or kept.qbo_id is not None)
    if kept is not None and stands and action.action != "adopt":
        if kept.state == action.state:
            return None
        row |= {name: getattr(kept, name) for name in row if name not in ("state", "code", "reason", "remedy")}
    generation = max(action.generation, kept.generation if kept else 0)
    if kept is not None and all(getattr(kept, name) == row[name] for name in row):
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
    """What was to be made and never left, where the run is about the invoice's other document after all."""
    kinds = ("bill", "credit") if action.key.kind == "bill" else ("credit", "bill")
    ours, other = (kept.get((action.key.invoice, kind)) for kind in kinds)
    if other is None or other.state == "skipped" or not may_be_given_up(other):
        return None
    row = {name: getattr(other, name) for name in (*_told(action), "generation", "mapping_version")}
    code, reason = "changed-at-source", f"the invoice is to be a {_NOUNS[action.key.kind]} now"
    if ours is not None and ours.kind == "bill" and ours.qbo_id is not None:
        code, reason = "live-again", "its bill is not taken back after all"
    return {**row, "state": "skipped", "code": code, "reason": reason, "remedy": None}


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
        "adopted": action.action == "adopt",
        "qbo_id": found.id if found else None,
        "vendor_id": found.vendor_id if found else None,
        "answer": None,
        "content": as_data(document) if document else None,
        "facts": {"amount": facts.amount, "currency": facts.currency, "date": facts.date, "payee": facts.payee},
        "number": document.number if document else None,
        "vendor": document.vendor if document else None,
        "date": document.date if document else None,
        "due": document.due if document else None,
        "currency": document.currency if document else None,
        "amount": document.amount if document else None,
    }
