"""What people do to bills in QuickBooks itself, past the API: edit, delete, copy, pay, take a payment back."""

from collections.abc import Callable
from typing import Any

from connector.sandbox.quickbooks.company import Company, Data, Record
from connector.sandbox.quickbooks.entities import ENTITIES
from connector.sandbox.quickbooks.faults import Refusal
from connector.sandbox.quickbooks.loading import load
from connector.sandbox.quickbooks.write import Options, write

_OWN = {"Id", "SyncToken", "MetaData", "LinkedTxn", "Balance", "HomeBalance", "TotalAmt", "domain", "sparse"}
_ASKED = {"does", "bill", "kind", "changes", "amount"}


def person(company: Company, given: dict[str, Any]) -> Data:
    """
    {"does": "edit" | "delete" | "copy" | "pay" | "unpay", "bill": id or number, …}; answers the record as it is then.

    `kind` is Bill unless VendorCredit is said, `changes` are properties for edit and copy, `amount` is what is paid
    (all that is open unless said). A copy keeps the memo, as QuickBooks' own does. ValueError for the impossible.
    """
    if unknown := given.keys() - _ASKED:
        raise ValueError(f"a person's deed has no {', '.join(sorted(unknown))}; there are: {', '.join(sorted(_ASKED))}")
    deed = _DEEDS.get(str(given.get("does")))
    if deed is None:
        raise ValueError(f"a person does one of {', '.join(_DEEDS)}, not {given.get('does')!r}")
    kind = str(given.get("kind", "Bill"))
    try:
        return deed(company, kind, _found(company, kind, str(given.get("bill", ""))), given)
    except Refusal as refusal:
        raise ValueError(str(refusal)) from refusal


def _found(company: Company, kind: str, wanted: str) -> Record:
    if kind not in {"Bill", "VendorCredit"}:
        raise ValueError(f"a person works on a Bill or a VendorCredit, not on a {kind}")
    record = company.find(kind, wanted)
    if record is None:
        keys = company.numbered(kind, wanted)
        if len(keys) != 1:
            raise ValueError(f"{len(keys)} of kind {kind} are called {wanted!r}; one is needed, by id or number")
        record = company.records[kind][next(iter(keys))]
    return record


def _edit(company: Company, kind: str, record: Record, given: dict[str, Any]) -> Data:
    load(company, {kind: [_changes(given) | {"Id": record.data["Id"]}]})
    return company.records[kind][record.data["Id"]].data


def _delete(company: Company, kind: str, record: Record, given: dict[str, Any]) -> Data:
    head = {name: record.data[name] for name in ("Id", "SyncToken")}
    return dict(write(company, ENTITIES[kind], head, Options("delete")))  # type: ignore[arg-type]  # a deletion is data


def _copy(company: Company, kind: str, record: Record, given: dict[str, Any]) -> Data:
    kept = {name: value for name, value in record.data.items() if name not in _OWN}
    (key,) = load(company, {kind: [kept | _changes(given)]})[kind]
    return company.records[kind][key].data


def _pay(company: Company, kind: str, record: Record, given: dict[str, Any]) -> Data:
    bill, amount = record.data, given.get("amount", record.data["Balance"])
    bank = next(account["Id"] for account in company.all("Account") if account["AccountType"] == "Bank")
    payment = {
        "VendorRef": bill["VendorRef"],
        "TotalAmt": amount,
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": {"value": bank}},
        "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": kind}]}],
    }
    load(company, {"BillPayment": [payment]})
    return company.records[kind][bill["Id"]].data


def _unpay(company: Company, kind: str, record: Record, given: dict[str, Any]) -> Data:
    for link in list(record.data["LinkedTxn"]):
        _delete_payment(company, link["TxnId"])
    return company.records[kind][record.data["Id"]].data


def _delete_payment(company: Company, key: str) -> None:
    payment = company.records["BillPayment"][key].data
    head = {name: payment[name] for name in ("Id", "SyncToken")}
    write(company, ENTITIES["BillPayment"], head, Options("delete"))


def _changes(given: dict[str, Any]) -> Data:
    changes = given.get("changes") or {}
    if not isinstance(changes, dict):
        raise TypeError("changes are an object of properties")
    return changes


_DEEDS: dict[str, Callable[[Company, str, Record, dict[str, Any]], Data]] = {
    "edit": _edit,
    "delete": _delete,
    "copy": _copy,
    "pay": _pay,
    "unpay": _unpay,
}
