"""``review`` as data: what waits for a person, and what each of the words would do."""

from collections.abc import Sequence
from typing import Any

from connector.document import from_data
from connector.plan import APPROVABLE
from connector.quickbooks.documents import link
from connector.report.run import CompanyName, line_boxes, stamp
from connector.state.reviews import Waits
from connector.state.said import ReviewRow

__all__ = ["review_document", "word_data"]


def review_document(waiting: Sequence[Waits], company: CompanyName) -> dict[str, Any]:
    """The one JSON document of every ``review`` command: the documents concerned, as plan and sync have them."""
    return {
        "schema": "connector/review/1",
        "company": company,
        "documents": [_row(each, company) for each in waiting],
        "problems": [],
    }


def word_data(word: ReviewRow) -> dict[str, Any]:
    """What a person said, and about what."""
    return {
        "verb": word.verb,
        "who": word.who,
        "at": stamp(word.at),
        "why": word.why,
        "code": word.code,
        "reason": word.reason,
        "hash": word.hash,
        "qbo_id": word.qbo_id,
    }


def _row(waits: Waits, company: CompanyName) -> dict[str, Any]:
    row, invoice = waits.document, waits.invoice
    code, reason, remedy = waits.told
    document = from_data(row.content) if row.content else None
    amount = row.amount if row.amount is not None or invoice is None else invoice.amount
    day = row.date if row.date is not None or invoice is None else invoice.date
    address = (
        link(company["environment"], company["realm_id"], row.entity, row.qbo_id) if row.entity and row.qbo_id else None
    )
    approvable = invoice is not None and bool(invoice.approvable)
    return {
        "review": row.id,
        "source": row.source,
        "invoice": row.invoice,
        "kind": row.kind,
        "number": row.number,
        "vendor": row.vendor,
        "date": day.isoformat() if day else None,
        "due": row.due.isoformat() if row.due else None,
        "currency": row.currency or (invoice.currency if invoice is not None else None),
        "amount": None if amount is None else f"{amount:f}",
        "action": {"held": "hold", "blocked": "block", "skipped": "skip"}.get(waits.state, "none"),
        "state": waits.state,
        "qbo_id": row.qbo_id,
        "link": address,
        "code": code,
        "reason": reason,
        "remedy": remedy,
        "lines": [line_boxes(line) for line in document.lines] if document else [],
        "hash": invoice.hash if invoice is not None else None,
        "approving": APPROVABLE.get(code or "", "lets it go on") if approvable else None,
        "words": [word_data(word) for word in waits.words],
        "waits_for_sync": _carried_out_later(waits),
    }


def _carried_out_later(waits: Waits) -> bool:
    """Whether the last word is one that the next sync carries out."""
    last = waits.words[-1] if waits.words else None
    if last is None or waits.state not in ("held", "blocked"):
        return False
    own = waits.invoice.hash if waits.invoice is not None else None
    return last.verb == "skip" or (last.verb in ("approve", "reject") and last.hash == own)
