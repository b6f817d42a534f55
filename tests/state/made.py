"""Invoices and documents for the tests of the state."""

import datetime
from decimal import Decimal

from connector.document import Key, marker
from connector.invoice import Invoice
from connector.state.store import SeenInvoice, State
from connector.state.tables import DocumentRow

COMPANY = "4620816365001"
DAY = datetime.date(2026, 1, 31)


def invoice(number, *, paid=False, amount="4825.50", date=DAY, currency="USD"):
    return Invoice(
        source="cake",
        id=str(number),
        fields={"amount": Decimal(amount), "invoice_date": date, "notes": "0412", "memo": None},
        raw={"invoice_id": str(number), "amount": amount},
        date=date,
        amount=Decimal(amount),
        currency=currency,
        payee="77",
        status="approved",
        paid=paid,
    )


def seen(number, state="document", **more):
    return SeenInvoice(invoice(number, **more), state)


def document(number, state="ready", *, kind="bill", company=COMPANY, **more):
    key = Key(company, "cake", str(number), kind)
    values = {
        "number": f"CAKE-{number}",
        "amount": Decimal("4825.50"),
        "currency": "USD",
        "date": DAY,
        "entity": "Bill",
    }
    return DocumentRow(
        company=company,
        source="cake",
        invoice=str(number),
        kind=kind,
        state=state,
        marker=marker(key),
        **{**values, **more},
    )


def saved(state: State, number, first="ready", **more):
    """A saved document as it stands in the state."""
    state.save_documents(COMPANY, "run", [document(number, first, **more)])
    return state.documents(COMPANY, "cake", [str(number)])[str(number), more.get("kind", "bill")]
