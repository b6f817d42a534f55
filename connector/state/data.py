"""An Invoice as data that JSON can hold, and back, exactly."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.day import iso
from connector.invoice import Invoice, Trouble
from connector.state.columns import json_text

__all__ = ["invoice_of", "invoice_text"]


def invoice_text(invoice: Invoice) -> str:
    """Everything of ``invoice`` but its raw record as JSON; numbers and dates say what they are."""
    data = {
        "source": invoice.source,
        "id": invoice.id,
        "fields": dict(invoice.fields),
        "date": invoice.date,
        "amount": invoice.amount,
        "currency": invoice.currency,
        "payee": invoice.payee,
        "status": invoice.status,
        "paid": invoice.paid,
        "paid_on": invoice.paid_on,
        "void": invoice.void,
        "troubles": [[trouble.code, trouble.reason, trouble.remedy] for trouble in invoice.troubles],
    }
    return json_text(data, _told)


def invoice_of(data: Mapping[str, Any], raw: Mapping[str, object]) -> Invoice:
    """The Invoice that ``data`` is the text of, with its ``raw`` record."""
    values = {name: _value(value) for name, value in data.items() if name not in ("fields", "troubles")}
    return Invoice(
        fields={name: _value(value) for name, value in data["fields"].items()},
        raw=raw,
        troubles=tuple(Trouble(*trouble) for trouble in data["troubles"]),
        **values,
    )


def _told(value: Decimal | datetime.date) -> dict[str, str]:
    if isinstance(value, Decimal):
        return {"number": format(value, "f")}
    return {"date": iso(value)}


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return Decimal(value["number"]) if "number" in value else datetime.date.fromisoformat(value["date"])
