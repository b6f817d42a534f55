"""What the tests of mappings share: the documents' own sample records, and a small mapping to bend."""

from connector.invoice import Invoice
from connector.sources.cake import Cake

RECORD: dict[str, object] = {
    "invoice_id": 10042,
    "invoice_date": "2026-01-31",
    "invoice_status": "Approved",
    "affiliate_id": 67890,
    "affiliate_name": "MediaBridge Partners",
    "billing_cycle_name": "Net 30",
    "currency_symbol": "USD",
    "total_payout": "4825.50",
    "payment_type": "PayPal",
    "date_approved": "2026-02-05",
}

FORM = {
    "source": "cake",
    "take": {"invoice_status": "[Approved, Paid]"},
    "leave": {"invoice_status": "[Pending, Void]"},
    "tables": {"vendors": "{file: vendors.csv, match: affiliate_id}"},
    "bill": {
        "vendor": "<vendors.vendor or affiliate_name>",
        "number": "CAKE-<invoice_id>",
        "date": "<invoice_date>",
        "currency": "<currency>",
    },
    "lines": "[{account: Affiliate payouts, amount: <total_payout>}]",
    "policy": {},
}
VENDORS = "affiliate_id,vendor,account\n67890,MediaBridge Partners LLC,Affiliate payouts:US\n"


def invoice(**changes: object) -> Invoice:
    """The documentation's sample with changes, as CAKE would send it."""
    return Cake.read({**RECORD, **changes}, source="cake", currency=None)


def form_text(**sections: object) -> str:
    """A mapping's text: the small one with whole sections, or boxes of them, replaced; None removes a box."""
    lines: list[str] = []
    for name, given in FORM.items():
        value = sections.pop(name, None)
        if isinstance(given, dict) and (value is None or isinstance(value, dict)):
            boxes = {**given, **(value or {})}
            kept = [f"  {box}: {text}" for box, text in boxes.items() if text is not None]
            lines += [f"{name}:", *kept] if kept else []
        else:
            lines.append(f"{name}: {given if value is None else value}")
    lines += [f"{name}: {value}" for name, value in sections.items()]
    return "\n".join(lines) + "\n"
