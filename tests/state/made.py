"""Invoices and documents for the tests of the state."""

import datetime
from decimal import Decimal

from connector.document import Key, marker
from connector.invoice import Invoice
from connector.state.store import SeenInvoice, State
from connector.state.tables import DocumentRow

COMPANY = "4620816365001"
DAY = datetime.date(2026, 1, 31)


def invoice(name, *, paid=False, amount="4825.50", date=DAY, currency="USD"):
    return Invoice(
        source="cake",
        id=str(name),
        fields={"amount": Decimal(amount), "invoice_date": date, "notes": "0412", "memo": None},
        raw={"invoice_id": str(name), "amount": amount},
        date=date,
        amount=Decimal(amount),
        currency=currency,
        payee="77",
        status="approved",
        paid=paid,
    )


def seen(name, state="document", **more):
    return SeenInvoice(invoice(name, **more), state)


def document(name, state="ready", *, kind="bill", company=COMPANY, **more):
    key = Key(company, "cake", str(name), kind)
    values = {
        "number": f"CAKE-{name}",
        "amount": Decimal("4825.50"),
        "currency": "USD",
        "date": DAY,
        "entity": "Bill",
    }
    return DocumentRow(
        company=company,
        source="cake",
        invoice=str(name),
        kind=kind,
        state=state,
        marker=marker(key),
        **{**values, **more},
    )


def saved(state: State, name, first="ready", **more):
    """A saved document as it stands in the state."""
    state.save_documents(COMPANY, "run", [document(name, first, **more)])
    return state.documents(COMPANY, "cake", [str(name)])[str(name), more.get("kind", "bill")]
