"""``why`` as data: the whole life of one invoice, from what its source said to what QuickBooks holds."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from connector.document import Document, from_data
from connector.errors import ConnectorError
from connector.invoice import Declaration
from connector.log import redact
from connector.mapping import Mapped, NotMapped, Trace
from connector.plan import CREDIT_NOT_PAID, Standing
from connector.quickbooks.documents import link, operation_of
from connector.report.review import word_data
from connector.report.run import CompanyName, stamp
from connector.report.trace import Decider, boxes_of, boxes_of_payment, current_decider, stored_decider
from connector.settings import Settings
from connector.state.data import invoice_of
from connector.state.overview import reasons
from connector.state.said import EventRow
from connector.state.sendings import StoredRequest
from connector.state.store import State
from connector.state.tables import DocumentRow, InvoiceRow
from connector.sync.pulling import mapping_of

__all__ = ["Lives", "stopped_data", "without_secrets"]

_NOT_LOOKED_AT: Final[Mapping[int, Standing]] = {}


class Lives:
    """
    Tells the lives of invoices.

    Args:
        declaration: The source's class by its type's name.
    """

    def __init__(
        self, settings: Settings, state: State, company: CompanyName, declaration: Callable[[str], Declaration]
    ) -> None:
        self._settings = settings
        self._state = state
        self._company = company
        self._realm = company["realm_id"]
        self._declaration = declaration
        self._deciders: dict[tuple[str, str], Decider | None] = {}
        self._present: dict[str, Decider | None] = {}

    def of(self, source: str, invoice: str, there: Mapping[int, Standing] = _NOT_LOOKED_AT) -> dict[str, Any]:
        """
        One invoice; every time, place and answer that is known about it.

        Args:
            source: The connection's name.
            invoice: The source's own id.
            there: How its documents stand in QuickBooks, by their rows' keys, where somebody looked just now.
        """
        row = self._state.invoice(self._realm, source, invoice)
        found = self._state.documents(self._realm, source, [invoice])
        documents = sorted(found.values(), key=lambda each: (each.kind == "payment", each.qbo_id is None, each.id or 0))
        main = documents[0] if documents else None
        decider = self._decider(source, self._version(source, row, main))
        outcome = None
        if row is not None and decider is not None:
            outcome = decider.apply(invoice_of(row.fields, row.raw))
        return {
            "source": source,
            "invoice": invoice,
            **_stands(row, main),
            "said": None if row is None else _said(row),
            "mapping": self._mapping(source, row, main, decider),
            "outcome": stopped_data(outcome),
            "changed_since": _changed_since(outcome, main),
            "documents": [self._document(each, row, outcome, decider, there.get(each.id or 0)) for each in documents],
            "changes": [_change(each) for each in self._state.events(self._realm, source, invoice)],
            "reviews": [word_data(each) for each in self._state.words(self._realm, source, [invoice]).get(invoice, ())],
            "boxes": boxes_of(outcome.document, outcome.trace, decider)
            if isinstance(outcome, Mapped) and main is None
            else [],
        }

    def number_of(self, source: str, invoice: str) -> str | None:
        """The number that today's mapping would give; None where it cannot be told."""
        row, decider = self._state.invoice(self._realm, source, invoice), self._now(source)
        return None if row is None or decider is None else decider.number(invoice_of(row.fields, row.raw))

    def _version(self, source: str, row: InvoiceRow | None, document: DocumentRow | None) -> str | None:
        if document is not None and document.mapping_version:
            return document.mapping_version
        run = self._state.run(row.run) if row is not None else None
        return ((run.mapping_versions if run else None) or {}).get(source)

    def _decider(self, source: str, version: str | None) -> Decider | None:
        """The mapping that decided: as it stands if it is still the same, else as it was kept."""
        if version is None:
            return None
        if (source, version) not in self._deciders:
            self._deciders[source, version] = self._current(source, version) or self._stored(source, version)
        return self._deciders[source, version]

    def _current(self, source: str, version: str) -> Decider | None:
        decider = self._now(source)
        return decider if decider is not None and decider.version == version else None

    def _now(self, source: str) -> Decider | None:
        """The mapping as it stands; read once."""
        if source not in self._present:
            self._present[source] = self._loaded(source)
        return self._present[source]

    def _loaded(self, source: str) -> Decider | None:
        ours = self._settings.sources.get(source)
        if ours is None:
            return None
        try:
            return current_decider(mapping_of(self._settings, ours))
        except ConnectorError:
            return None  # it has faults now; then it is not the one that decided

    def _stored(self, source: str, version: str) -> Decider | None:
        row, ours = self._state.mapping_version(version), self._settings.sources.get(source)
        if row is None or ours is None:
            return None
        return stored_decider(row, self._declaration(ours.type))

    def _mapping(
        self, source: str, row: InvoiceRow | None, document: DocumentRow | None, decider: Decider | None
    ) -> dict[str, Any] | None:
        version = self._version(source, row, document)
        if version is None:
            return None
        return {
            "version": version,
            "path": decider.path if decider else None,
            "read_from": None if decider is None else "file" if decider.as_now else "state",
            "edited": [] if decider is None else self._edited(source, decider),
        }

    def _edited(self, source: str, decider: Decider) -> list[str]:
        """The files, of the mapping and its tables, that are not any more as they decided."""
        now = None if decider.as_now else self._now(source)
        if now is None:
            return []
        texts, were = ({name: file.text for name, file in each.files.items()} for each in (now, decider))
        return sorted(name for name in {**texts, **were} if texts.get(name) != were.get(name))

    def _document(
        self,
        row: DocumentRow,
        said: InvoiceRow | None,
        outcome: Mapped | NotMapped | None,
        decider: Decider | None,
        there: Standing | None,
    ) -> dict[str, Any]:
        content = from_data(row.content) if row.content else None
        trace = outcome.trace if isinstance(outcome, Mapped) else ()
        requests = self._state.requests_of(row.id) if row.id is not None else []
        code, reason, remedy = reasons(row)
        if row.kind == "credit" and said is not None and said.paid and decider is not None:
            records = decider.parsed.policy.paid_at_source == "record payment"
            reason = reason or (CREDIT_NOT_PAID if records else None)
        return {
            "kind": row.kind,
            "state": row.state,
            "number": row.number,
            "vendor": row.vendor,
            "date": row.date.isoformat() if row.date else None,
            "due": row.due.isoformat() if row.due else None,
            "currency": row.currency,
            "amount": None if row.amount is None else f"{row.amount:f}",
            "qbo_id": row.qbo_id,
            "link": self._link(row),
            "marker": row.marker,
            "adopted": row.adopted,
            "generation": row.generation,
            "created": stamp(row.created),
            "updated": stamp(row.updated),
            "run": row.run,
            "code": code,
            "reason": reason,
            "remedy": remedy,
            "quickbooks": None if there is None else _stands_there(there),
            "boxes": _boxes(content, trace, decider, said) if content else [],
            "requests": [_request(each, row.id) for each in requests],
        }

    def _link(self, row: DocumentRow) -> str | None:
        if not row.entity or not row.qbo_id:
            return None
        return link(self._company["environment"], self._realm, row.entity, row.qbo_id)


def _stands_there(there: Standing) -> dict[str, Any]:
    """What somebody did to it in QuickBooks since it was sent; ``edited`` is None where nobody can tell."""
    return {
        "deleted": there.record is None,
        "paid": there.paid,
        "edited": None if there.edited is None else list(there.edited),
        "date": there.date.isoformat() if there.date else None,
        "net": None if there.record is None else f"{there.net:f}",
    }


def _boxes(
    content: Document, trace: tuple[Trace, ...], decider: Decider | None, said: InvoiceRow | None
) -> list[dict[str, Any]]:
    if content.kind != "payment":
        return boxes_of(content, trace, decider)
    day = "the day it is dated by is not known any more"
    if said is not None and said.paid_on is not None:
        day = f"the day on which {said.source} says it was paid"
    elif said is not None and said.first_seen_paid is not None:
        day = f"the day {said.source} was first seen to say paid"
    return boxes_of_payment(content, decider, day)


def _stands(row: InvoiceRow | None, document: DocumentRow | None) -> dict[str, Any]:
    """Where the invoice stands: what was decided about it last, or what became of its document."""
    if row is not None and row.state != "document":
        return {"state": row.state, "code": row.code, "reason": row.reason, "remedy": row.remedy}
    code, reason, remedy = (None, None, None) if document is None else reasons(document)
    return {"state": document.state if document else "ready", "code": code, "reason": reason, "remedy": remedy}


def _change(event: EventRow) -> dict[str, Any]:
    """What the source said otherwise after something was decided."""
    return {
        "seen": stamp(event.seen),
        "run": event.run,
        "field": event.field,
        "before": None if event.before is None else redact(event.before),
        "after": None if event.after is None else redact(event.after),
    }


def _said(row: InvoiceRow) -> dict[str, Any]:
    """What the source said; the record is its own, without keys."""
    return {
        "first_seen": stamp(row.first_seen),
        "last_seen": stamp(row.last_seen),
        "run": row.run,
        "status": row.status,
        "date": row.date.isoformat() if row.date else None,
        "currency": row.currency,
        "amount": None if row.amount is None else f"{row.amount:f}",
        "payee": row.payee,
        "paid": row.paid,
        "paid_on": row.paid_on.isoformat() if row.paid_on else None,
        "first_seen_paid": row.first_seen_paid.isoformat() if row.first_seen_paid else None,
        "void": row.void,
        "record": without_secrets(row.raw),
    }


def without_secrets(value: Any) -> Any:
    """A record as it may be shown."""
    if isinstance(value, dict):
        return {redact(str(name)): without_secrets(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return redact(value) if isinstance(value, str) else value


def stopped_data(outcome: Mapped | NotMapped | None) -> dict[str, Any] | None:
    """Why the mapping lets it wait or leaves it; None where it does not."""
    found = outcome.late if isinstance(outcome, Mapped) else outcome
    if found is None:
        return None
    return {"state": found.state, "code": found.code, "reason": list(found.reason), "remedy": found.remedy}


def _changed_since(outcome: Mapped | NotMapped | None, row: DocumentRow | None) -> bool:
    """Whether the same mapping would now make another document: then the source changed after this one was made."""
    content: Document | None = from_data(row.content) if row is not None and row.content else None
    if content is None or outcome is None:
        return False
    return not isinstance(outcome, Mapped) or outcome.document != content


def _request(stored: StoredRequest, document: int | None) -> dict[str, Any]:
    ours = next((item for item in stored.items if item.document == document), None)
    bid = ours.bid if ours else ""
    return {
        "request_id": stored.request.request_id,
        "operation": stored.request.operation,
        "does": operation_of(json.loads(ours.body)) if ours else None,
        "item": bid if stored.request.operation == "batch" else None,
        "items": len(stored.items),
        "number": ours.number if ours else None,
        "generation": stored.request.generation,
        "revision": stored.request.revision,
        "intended": stamp(stored.request.created),
        "run": stored.request.run,
        "sha256": ours.sha256 if ours else None,
        "outcome": ours.outcome if ours else None,
        "attempts": [
            {
                "n": attempt.n,
                "sent": stamp(attempt.sent_at),
                "ended": stamp(attempt.ended_at),
                "outcome": attempt.outcome,
                "http_status": attempt.http_status,
                "code": attempt.code,
                "intuit_tid": attempt.intuit_tid,
                "detail": None if attempt.detail is None else redact(attempt.detail),
            }
            for attempt in stored.attempts
            if bid in attempt.items
        ],
    }
