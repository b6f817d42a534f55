"""A run as data: the JSON document of ``plan`` and ``sync``, one row for each document."""

import datetime
from collections.abc import Callable, Iterator
from typing import Any, Literal

from connector.day import iso
from connector.document import Line
from connector.plan import NOT_REWRITTEN, Action
from connector.quickbooks.documents import entity_of, link
from connector.report.problems import problem_data
from connector.sync.planned import Result, count_of, currency_and_amount
from connector.sync.run import Outcome

__all__ = ["CompanyName", "as_document", "company_title", "documents", "line_boxes", "row_of", "stamp"]

CompanyName = dict[Literal["realm_id", "name", "environment"], str]


def company_title(company: CompanyName) -> str:
    """The company as people know it: ``Books Ltd (production)``; by its id where its name was never read."""
    return f"{company['name'] or company['realm_id']} ({company['environment']})"


def as_document(
    outcome: Outcome, command: Literal["plan", "sync"], company: CompanyName, *, everything: bool
) -> dict[str, Any]:
    """The one JSON document: counts that add up to the invoices seen, documents, problems."""
    return {
        "schema": f"connector/{command}/1",
        "run": outcome.run,
        "started": stamp(outcome.started),
        "ended": stamp(outcome.ended),
        "company": company,
        "counts": outcome.planned.counts(),
        "documents": _Rows(lambda: documents(outcome, company, everything=everything)),
        "problems": [problem_data(problem) for problem in (*outcome.problems, *outcome.warnings)],
    }


class _Rows(list[dict[str, Any]]):
    """A list whose rows are made as they are written, so that memory stays flat however many there are."""

    def __init__(self, rows: Callable[[], Iterator[dict[str, Any]]]) -> None:
        super().__init__()
        self._rows = rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._rows()

    def __bool__(self) -> bool:
        return next(self._rows(), None) is not None


def documents(outcome: Outcome, company: CompanyName, *, everything: bool) -> Iterator[dict[str, Any]]:
    """A row for each document; unchanged ones only if ``everything`` or their rewriting was asked for."""
    for _, action, result in outcome.planned.rows():
        if everything or count_of(action, result) != "unchanged" or action.code == NOT_REWRITTEN:
            yield row_of(action, result, company)


def row_of(action: Action, result: Result | None, company: CompanyName) -> dict[str, Any]:
    """One document as people and programs see it; amounts as text with the currency beside."""
    document, invoice = action.document, action.invoice
    currency, amount = currency_and_amount(action)
    qbo_id = (result.qbo_id if result else None) or action.qbo_id or (action.found.id if action.found else None)
    code, reason, remedy = (
        (result.code, result.reason, result.remedy) if result else (action.code, action.reason, action.remedy)
    )
    entity = entity_of(action.key.kind)
    day = document.date if document else invoice.date
    due = (result.due if result else None) or action.due or (document.due if document else None)
    return {
        "source": action.key.source,
        "invoice": action.key.invoice,
        "kind": action.key.kind,
        "number": (document.number or None) if document else None,
        "vendor": document.vendor if document else None,
        "date": iso(day) if day else None,
        "due": iso(due) if due else None,
        "currency": currency,
        "amount": None if amount is None else f"{amount:f}",
        "action": _verb(action, result),
        "state": result.state if result else action.state,
        "qbo_id": qbo_id,
        "link": link(company["environment"], company["realm_id"], entity, qbo_id) if qbo_id else None,
        "code": code,
        "reason": reason,
        "remedy": remedy,
        "lines": [line_boxes(line) for line in document.lines] if document else [],
    }


def _verb(action: Action, result: Result | None) -> str:
    if result is not None and result.state == "blocked":
        return "block"
    return "adopt" if result is not None and result.verb == "adopt" else action.action


def line_boxes(line: Line) -> dict[str, str]:
    """One line of a bill; boxes that the mapping leaves empty are left out."""
    boxes = {
        "amount": f"{line.amount:f}",
        "account": line.account,
        "item": line.item,
        "class": line.class_name,
        "customer": line.customer,
        "tax": line.tax,
        "description": line.description,
    }
    return {name: value for name, value in boxes.items() if value}


def stamp(time: datetime.datetime | None) -> str | None:
    """A time in UTC with Z."""
    return time.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if time else None
