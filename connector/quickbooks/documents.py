"""Documents to QuickBooks' JSON. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal
from urllib.parse import quote as percent

from connector.day import iso
from connector.document import Document, Line
from connector.money import round_minor
from connector.quickbooks.boxes import OURS
from connector.quickbooks.facts import CompanyFacts
from connector.quickbooks.names import Reference
from connector.quickbooks.refs import LineRefs, Refs

__all__ = [
    "delete_body",
    "entity_of",
    "link",
    "memo_with",
    "operation_of",
    "payment_body",
    "to_body",
    "update_body",
    "vendor_body",
]

_ENTITIES: Final = {"bill": "Bill", "credit": "VendorCredit", "payment": "BillPayment"}
_PAGES: Final = {"Bill": "bill", "VendorCredit": "vendorcredit", "BillPayment": "billpayment"}
_AMOUNTS: Final = {
    "exclusive of tax": "TaxExcluded",
    "inclusive of tax": "TaxInclusive",
    "out of scope of tax": "NotApplicable",
}
# QuickBooks computes these; sent back they would contradict the new lines.
_COMPUTED: Final = frozenset("MetaData TotalAmt Balance HomeBalance HomeTotalAmt TxnTaxDetail LinkedTxn time".split())


def entity_of(kind: Literal["bill", "credit", "payment"]) -> str:
    """QuickBooks' word: ``Bill``, ``VendorCredit``, ``BillPayment``."""
    return _ENTITIES[kind]


def memo_with(memo: str, marker: str) -> str:
    """The memo with our marker as its last line."""
    return f"{memo}\n{marker}" if memo else marker


def to_body(
    document: Document, refs: Refs, *, marker: str, facts: CompanyFacts, rate: Decimal | None = None
) -> dict[str, Any]:
    """
    A bill or a vendor credit as QuickBooks takes it; nothing empty, nothing that QuickBooks is left to guess.

    Args:
        document: What QuickBooks is to hold.
        refs: The references of ``document``, its lines in the same order.
        marker: As `connector.document.marker` makes it.
        facts: What the company has switched on.
        rate: Home currency for one unit of the document's; needed where the two differ, ignored where not.

    Raises:
        ValueError: An amount has more decimals than its currency, or a foreign document has no rate.
    """
    foreign = facts.multicurrency and document.currency != facts.home_currency
    if foreign and rate is None:
        raise ValueError(f"a document in {document.currency} needs an exchange rate")  # else booked at 1, or refused
    on_a_bill = document.kind == "bill"
    tells_tax = not facts.in_united_states
    body = {
        "VendorRef": _ref(refs.vendor),
        "TxnDate": iso(document.date),
        "DueDate": iso(document.due) if document.due and on_a_bill else None,
        "SalesTermRef": _ref(refs.term) if on_a_bill else None,
        "DocNumber": document.number,
        "CurrencyRef": {"value": document.currency} if facts.multicurrency else None,
        "ExchangeRate": rate if foreign else None,
        "PrivateNote": memo_with(document.memo, marker),
        "APAccountRef": _ref(refs.ap_account),
        "DepartmentRef": _ref(refs.location),
        "GlobalTaxCalculation": _AMOUNTS[document.amounts_are] if tells_tax else None,
        "Line": [_line(line, at, document.currency) for line, at in zip(document.lines, refs.lines, strict=True)],
    }
    return _filled(body)


def update_body(fresh: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """
    A full update: the body QuickBooks holds now, with our boxes as in ``wanted`` (made by `to_body`).

    A box that ``wanted`` leaves out stays as it is. The lines are replaced as a whole: sent without ids, QuickBooks
    removes the old ones.
    """
    kept = {name: value for name, value in fresh.items() if name not in _COMPUTED}
    return kept | {name: value for name, value in wanted.items() if name in OURS}


def payment_body(
    document: Document,
    bill: Mapping[str, Any],
    account: Reference,
    *,
    marker: str,
    facts: CompanyFacts,
    rate: Decimal | None = None,
) -> dict[str, Any]:
    """
    The payment of one whole bill from a bank or a credit card account, as QuickBooks takes it.

    Args:
        document: The payment; its one line is over what the bill owes.
        bill: QuickBooks' own record of the bill, whose vendor, currency and payables account the payment keeps.
        account: Of type Bank or Credit Card.
        marker: As `connector.document.marker` makes it.
        facts: What the company has switched on.
        rate: As for `to_body`, of the day of the payment.

    Raises:
        ValueError: The amount has more decimals than its currency, or a foreign payment has no rate.
    """
    foreign = facts.multicurrency and document.currency != facts.home_currency
    if foreign and rate is None:
        raise ValueError(f"a payment in {document.currency} needs an exchange rate")
    amount = round_minor(document.amount, document.currency)
    if amount != document.amount:
        raise ValueError(f"{document.amount} has more decimals than {document.currency}")
    card = account.type == "Credit Card"
    return _filled(
        {
            "VendorRef": {"value": bill["VendorRef"]["value"]},
            "TxnDate": iso(document.date),
            "DocNumber": document.number,
            "CurrencyRef": {"value": document.currency} if facts.multicurrency else None,
            "ExchangeRate": rate if foreign else None,
            "PrivateNote": memo_with(document.memo, marker),
            "APAccountRef": _same(bill.get("APAccountRef")),
            "PayType": "CreditCard" if card else "Check",
            "CreditCardPayment": {"CCAccountRef": _ref(account)} if card else None,
            "CheckPayment": None if card else {"BankAccountRef": _ref(account)},
            "TotalAmt": amount,
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}],
        }
    )


def delete_body(id: str, sync_token: str) -> dict[str, Any]:  # noqa: A002 - QuickBooks' word
    """A deletion of the record as it was read with that token."""
    return {"Id": id, "SyncToken": sync_token}


def operation_of(body: Mapping[str, Any]) -> Literal["create", "update", "delete"]:
    """What a body that was made here does: only a creation has no Id, and a deletion has nothing else."""
    if "Id" not in body:
        return "create"
    return "update" if "Line" in body else "delete"


def vendor_body(name: str, currency: str = "") -> dict[str, Any]:
    """A new vendor; ``currency`` where the company keeps several (read it back: QuickBooks may ignore it)."""
    return _filled({"DisplayName": name, "CurrencyRef": {"value": currency} if currency else None})


def _line(line: Line, at: LineRefs, currency: str) -> dict[str, Any]:
    amount = round_minor(line.amount, currency)
    if amount != line.amount:
        raise ValueError(f"{line.amount} has more decimals than {currency}")
    detail: dict[str, Any] = {
        "ClassRef": _ref(at.klass),
        "CustomerRef": _ref(at.customer),
        "TaxCodeRef": _ref(at.tax),
    }
    if at.item is not None:
        kind = "ItemBasedExpenseLineDetail"
        detail |= {"ItemRef": _ref(at.item), **_quantity(line.quantity, amount)}
    elif at.account is not None:
        kind = "AccountBasedExpenseLineDetail"
        detail |= {"AccountRef": _ref(at.account)}
    else:
        # QuickBooks would take it for a comment and drop its amount.
        raise ValueError("a line without account and item")
    return _filled({"Amount": amount, "Description": line.description, "DetailType": kind, kind: _filled(detail)})


def _quantity(quantity: Decimal | None, amount: Decimal) -> dict[str, Decimal]:
    """Quantity and price where they multiply to the amount exactly; QuickBooks refuses anything else (6070)."""
    if not quantity:
        return {}
    price = (amount / quantity).quantize(Decimal("0.0000001"))
    if price * quantity != amount:
        return {}
    return {"Qty": _trimmed(quantity), "UnitPrice": _trimmed(price)}


def _trimmed(number: Decimal) -> Decimal:
    short = number.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def _same(reference: Mapping[str, Any] | None) -> dict[str, str] | None:
    return {"value": str(reference["value"])} if reference else None


def _ref(reference: Reference | None) -> dict[str, str] | None:
    return None if reference is None else {"value": reference.id}


def _filled(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty: QuickBooks takes an empty string for an order to blank the box."""
    return {name: value for name, value in body.items() if value or isinstance(value, Decimal)}


def link(environment: str, realm: str, entity: str, id: str) -> str:  # noqa: A002 - QuickBooks' word
    """
    The address that opens a document in the right company.

    The shorter ``…/app/bill?txnId=`` opens that bill of whatever company the person is signed in to.
    """
    host = "sandbox.qbo.intuit.com" if environment == "sandbox" else "qbo.intuit.com"
    page = f"{_PAGES[entity]}%3FtxnId" if entity in _PAGES else "vendordetail%3FnameId"
    which = id if id.isalnum() else percent(id, safe="")
    return f"https://{host}/app/login?pagereq={page}%3D{which}&deeplinkcompanyid={percent(realm)}"
