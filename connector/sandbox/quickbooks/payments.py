"""Bill payments: what they demand, and what they do to the bills and credits that they link."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connector.sandbox.quickbooks.checks import Writing, reference_value
from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.faults import INACTIVE, Problem, business, missing
from connector.sandbox.quickbooks.purchases import check_open
from connector.sandbox.quickbooks.wire import canonical, money, trimmed

_METHODS = {"Check": ("CheckPayment", "BankAccountRef"), "CreditCard": ("CreditCardPayment", "CCAccountRef")}


def build_payment(writing: Writing) -> Data:
    """The record of a bill payment, without its Id, SyncToken and times. Raises Refusal."""
    if not reference_value(writing.body, "VendorRef"):
        writing.add(missing("VendorRef"))
    vendor = writing.reference(writing.body, "VendorRef", "Vendor")
    total = writing.amount(writing.body, "TotalAmt")
    if total is None:
        writing.add(business("You must set a transaction amount."))
    elif total < 0:
        writing.add(business("Transaction amount must be 0 or greater."))
    dated = writing.date("TxnDate") or writing.company.today()
    check_open(writing, dated)
    method = _method(writing)
    lines = writing.body.get("Line") or []
    currency = _check_links(writing, lines, vendor, total or Decimal(0))
    writing.settle()
    plain = {name: canonical(writing.body.get(name)) for name in ("DocNumber", "PrivateNote")}
    data: Data = {"TxnDate": dated.isoformat()} | {name: value for name, value in plain.items() if value}
    data |= {
        "VendorRef": vendor,
        "PayType": writing.text("PayType"),
        "TotalAmt": total,
        "CurrencyRef": {"value": currency, "name": writing.company.currencies[currency]},
        "Line": [_echoed(line) for line in lines],
        "LinkedTxn": [],
    } | method
    if writing.company.profile.multicurrency:
        data["ExchangeRate"] = trimmed(writing.number(writing.body, "ExchangeRate") or Decimal(1))
    return data


def _method(writing: Writing) -> Data:
    kind = writing.enumeration(writing.body, "PayType")
    if not kind:
        writing.add(missing("PayType"))
        return {}
    name, account_name = _METHODS.get(kind, _METHODS["Check"])
    given = writing.body.get(name) or {}
    if not reference_value(given, account_name):
        writing.add(missing(f"{name}.{account_name}"))
        return {}
    account = writing.reference(given, account_name, "Account")
    status = {"PrintStatus": given.get("PrintStatus") or "NotSet"} if kind == "Check" else {}
    return {name: {account_name: account} | status}


def _echoed(line: Data) -> Data:
    linked = [{"TxnId": str(link["TxnId"]), "TxnType": link["TxnType"]} for link in line.get("LinkedTxn") or []]
    return {"Amount": money(Decimal(line.get("Amount") or 0)), "LinkedTxn": linked}


def _check_links(writing: Writing, lines: list[Any], vendor: Data | None, total: Decimal) -> str:
    currency = ""
    net = Decimal(0)
    for line in lines:
        amount = writing.amount(line, "Amount") or Decimal(0)
        for link in line.get("LinkedTxn") or []:
            kind, key = str(link.get("TxnType")), str(link.get("TxnId"))
            record = writing.company.find(kind, key) if kind in {"Bill", "VendorCredit"} else None
            if record is None:
                writing.add(Problem("610", f"Object Not Found : {INACTIVE}"))
                continue
            if vendor and record.data["VendorRef"]["value"] != vendor["value"]:
                detail = f"TxnID Cannot Be Linked : Cannot validate linked transactions: {INACTIVE}"
                writing.add(Problem("620", detail))
                continue
            open_ = Decimal(record.data["Balance"]) + _already(writing, key)
            if amount > open_ and writing.company.switches.text("overpayments") == "refuse":
                writing.add(business("You cannot pay more than the open balance of a transaction."))
            net += amount if kind == "Bill" else -amount
            currency = record.data["CurrencyRef"]["value"]
    if net > total:
        writing.add(business("The total of the linked transactions is more than the payment's amount."))
    return currency or _vendor_currency(writing.company, vendor)


def _already(writing: Writing, key: str) -> Decimal:
    """What the payment being updated has paid of that transaction: it is given back first."""
    old = writing.old.data if writing.old else {"Line": []}
    return sum((amount for amount, _, linked in _links(old) if linked == key), Decimal(0))


def _vendor_currency(company: Company, vendor: Data | None) -> str:
    if vendor is None:
        return company.profile.home_currency
    return str(company.records["Vendor"][vendor["value"]].data["CurrencyRef"]["value"])


def _links(payment: Data) -> Iterator[tuple[Decimal, str, str]]:
    for line in payment["Line"]:
        for link in line["LinkedTxn"]:
            yield Decimal(line["Amount"]), link["TxnType"], link["TxnId"]


def apply_payment(company: Company, payment: Data, sign: int) -> None:
    """Take the payment off what it pays (`sign` 1), or give it back (-1); both bump the paid one's SyncToken."""
    kind_of_link = "BillPaymentCheck" if payment["PayType"] == "Check" else "BillPaymentCreditCard"
    link = {"TxnId": payment["Id"], "TxnType": kind_of_link}
    for amount, kind, key in _links(payment):
        record = company.records[kind][key]
        # What was paid above is kept as a credit: a bill never owes less than nothing, or more than its total.
        owed = Decimal(record.data["Balance"]) - sign * amount
        balance = min(max(owed, Decimal(0)), Decimal(record.data["TotalAmt"]))
        linked = [held for held in record.data["LinkedTxn"] if held["TxnId"] != payment["Id"]]
        changed = record.data | {
            "Balance": balance,
            "LinkedTxn": [*linked, link] if sign > 0 else linked,
            "SyncToken": str(int(record.data["SyncToken"]) + 1),
        }
        if "HomeBalance" in changed:
            changed["HomeBalance"] = money(balance * Decimal(changed.get("ExchangeRate", 1)))
        company.put(kind, changed, record)
