"""An Invoice as data that JSON can hold, and back, exactly."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.invoice import FieldValue, Invoice, Trouble

__all__ = ["invoice_data", "invoice_of"]


def invoice_data(invoice: Invoice) -> dict[str, Any]:
    """Everything of ``invoice`` but its raw record; numbers and dates say what they are."""
    return {
        "source": invoice.source,
        "id": invoice.id,
        "fields": {name: _told(value) for name, value in invoice.fields.items()},
        "date": _told(invoice.date),
        "amount": _told(invoice.amount),
        "currency": invoice.currency,
        "payee": invoice.payee,
        "status": invoice.status,
        "paid": invoice.paid,
        "paid_on": _told(invoice.paid_on),
        "void": invoice.void,
        "troubles": [[trouble.code, trouble.reason, trouble.remedy] for trouble in invoice.troubles],
    }


def invoice_of(data: Mapping[str, Any], raw: Mapping[str, object]) -> Invoice:
    """The Invoice that ``invoice_data`` made ``data`` of, with its ``raw`` record."""
    values = {name: _value(value) for name, value in data.items() if name not in ("fields", "troubles")}
    return Invoice(
        fields={name: _value(value) for name, value in data["fields"].items()},
        raw=raw,
        troubles=tuple(Trouble(*trouble) for trouble in data["troubles"]),
        **values,
    )


def _told(value: FieldValue) -> str | dict[str, str] | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return {"number": format(value, "f")}
    return {"date": value.isoformat()}


def _value(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return Decimal(value["number"]) if "number" in value else datetime.date.fromisoformat(value["date"])
