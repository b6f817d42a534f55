"""``preview`` as data: what a source said of one invoice, which lines and rows decide, and the bill that comes out."""

from collections.abc import Iterator
from typing import Any

from connector.invoice import Invoice
from connector.mapping import Mapped, PaymentBoxes
from connector.mapping.apply import fill_payment
from connector.mapping.filling import as_text
from connector.mapping.placeholder import Column, FieldName
from connector.mapping.rules import Rule, Rules
from connector.report.trace import Decider, boxes_of
from connector.report.why import stopped_data, without_secrets

__all__ = ["preview_data"]


def preview_data(decider: Decider, invoice: Invoice) -> dict[str, Any]:
    """
    One invoice through a mapping.

    Of each box: its value, the lines and rows that decided it, and the fields that these ask. What neither a box nor a
    list of words asks stands under ``unused``.
    """
    outcome = decider.apply(invoice)
    said = without_secrets({name: as_text(value) or None for name, value in invoice.fields.items()})
    boxes = boxes_of(outcome.document, outcome.trace, decider) if isinstance(outcome, Mapped) else []
    asked = _fields_by_place(decider.parsed.rules)
    for box in boxes:
        names = dict.fromkeys(name for each in box["decided_by"] for name in asked.get(each["place"], ()))
        box["fields"] = {name: said[name] for name in names}
    words = [
        {"field": rule.name, "value": said[rule.name], "place": rule.place, "text": decider.line_at(rule.place)}
        for rule in decider.parsed.rules.status
    ]
    used = {word["field"] for word in words}.union(*(box["fields"] for box in boxes))
    return {
        "source": invoice.source,
        "invoice": invoice.id,
        "mapping": {"path": decider.path, "version": decider.version},
        "outcome": stopped_data(outcome),
        "document": _summary(outcome) if isinstance(outcome, Mapped) else None,
        "words": words,
        "boxes": boxes,
        "payment": _payment(decider, invoice),
        "said": said,
        "unused": [name for name, value in said.items() if value is not None and name not in used],
    }


def _summary(mapped: Mapped) -> dict[str, str]:
    document = mapped.document
    return {
        "kind": document.kind,
        "number": document.number,
        "vendor": document.vendor,
        "date": document.date.isoformat(),
        "currency": document.currency,
        "amount": f"{document.amount:f}",
    }


def _fields_by_place(rules: Rules) -> dict[str, list[str]]:
    """The fields that each line of the mapping asks, directly or as the key of a table."""
    asked: dict[str, list[str]] = {}
    lines = (rule for line in rules.lines for rule in line.boxes.values())
    for rule in (*rules.bill.values(), *lines):
        asked.setdefault(rule.place, []).extend(_fields(rule, rules))
    return asked


def _fields(rule: Rule, rules: Rules) -> Iterator[str]:
    for placeholder in rule.template.placeholders:
        for one in placeholder.alternatives:
            if isinstance(one, FieldName):
                yield one.name
            elif isinstance(one, Column):
                yield from rules.tables[one.table].match


def _payment(decider: Decider, invoice: Invoice) -> dict[str, Any] | None:
    """How the invoice would be paid; None where it is not paid at the source or payments are not recorded."""
    if not invoice.paid or decider.parsed.policy.paid_at_source != "record payment":
        return None
    boxes = fill_payment(decider.parsed.rules, invoice, decider.title)
    if not isinstance(boxes, PaymentBoxes):
        return {"code": boxes.code, "reason": list(boxes.reason), "remedy": boxes.remedy}
    day = boxes.date or invoice.paid_on
    return {"account": boxes.account, "date": day.isoformat() if day else None, "number": boxes.number}
