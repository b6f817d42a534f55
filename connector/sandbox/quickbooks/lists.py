"""Vendors, customers, employees and the plain lists: unique names, and records that are made inactive, not deleted."""

import re
from decimal import Decimal
from typing import Any

from connector.sandbox.quickbooks.checks import Writing, reference_value
from connector.sandbox.quickbooks.company import Data
from connector.sandbox.quickbooks.entities import PEOPLE
from connector.sandbox.quickbooks.faults import Problem, business, missing
from connector.sandbox.quickbooks.wire import canonical

_NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_FORBIDDEN = re.compile(r"[:\t\n]")
_DELETED = " (deleted)"
_CONTROLLED = {"Id", "SyncToken", "MetaData", "domain", "sparse", "status", "FullyQualifiedName"}
_REFERENCES = {"TermRef": "Term", "SalesTermRef": "Term", "APAccountRef": "Account", "PrefillAccountRef": "Account"}
_REFERENCES |= {"IncomeAccountRef": "Account", "ExpenseAccountRef": "Account", "AssetAccountRef": "Account"}
_CURRENCY_KINDS = {"Vendor", "Customer", "Account"}

_CLASSIFICATION = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Expense": "Expense",
    "Other Expense": "Expense",
    "Cost of Goods Sold": "Expense",
}


def build_listed(writing: Writing) -> Data:
    """The record of a name or list entry, without its Id, SyncToken and times. Raises Refusal."""
    body = {name: value for name, value in canonical(writing.body).items() if name not in _CONTROLLED}
    active = body.get("Active", True) is not False
    name = _name(writing, body)
    parent = writing.reference(body, "ParentRef", writing.entity.name)
    full = f"{parent['name']}:{name}" if parent else name
    if active:
        _check_unique(writing, full)
    for reference, kind in _REFERENCES.items():
        if reference in writing.entity.shape.properties and reference in body:
            body[reference] = writing.reference(body, reference, kind)
    data = _defaults(writing, name, full) | body | {writing.entity.name_property: name, "Active": active}
    if parent:
        data["ParentRef"] = parent
    if writing.entity.name in _CURRENCY_KINDS:
        data["CurrencyRef"] = _currency(writing)
    address = (body.get("PrimaryEmailAddr") or {}).get("Address", "")
    if address and "@" not in str(address):
        writing.add(Problem("2210", f"Email Address {address} is not valid", "PrimaryEmailAddr"))
    if identifier := body.get("TaxIdentifier"):
        data["TaxIdentifier"] = "XXXXXXX" + str(identifier)[-4:]
    if not active and writing.entity.name in PEOPLE and not name.endswith(_DELETED):
        data["DisplayName"] = name + _DELETED
    writing.settle()
    return data


def _name(writing: Writing, body: Data) -> str:
    name = str(body.get(writing.entity.name_property, "")).strip()
    if writing.entity.name in PEOPLE:
        name = name or " ".join(str(body[part]) for part in _NAME_PARTS if body.get(part))
        if not name:
            detail = "At least one name field is required: DisplayName or a part of the name."
            writing.add(Problem("6080", detail, "DisplayName"))
        elif writing.old and writing.old.data["Active"] is False and body.get("Active") is True:
            name = name.removesuffix(_DELETED)
        if _FORBIDDEN.search(name):
            writing.add(business("A name cannot contain a colon, a tab or a new line."))
    elif not name:
        writing.add(missing("Name"))
    return name


def _check_unique(writing: Writing, name: str) -> None:
    own = (writing.entity.name, writing.old.data["Id"]) if writing.old else None
    if writing.company.named(writing.entity.name, name) - {own}:
        writing.add(Problem("6240", "The name supplied already exists. : null", None))


def _currency(writing: Writing) -> Data:
    company = writing.company
    currency = reference_value(writing.body, "CurrencyRef") or company.profile.home_currency
    if writing.old is not None:
        # A list entry keeps the currency it was born with, whatever an update says.
        currency = writing.old.data["CurrencyRef"]["value"]
    elif writing.entity.name == "Vendor" and company.switches.on("vendor_currency_ignored"):
        currency = company.profile.home_currency
    if currency not in company.currencies:
        writing.add(Problem("2500", f"Invalid Reference Id : Currency element id {currency} not found"))
        currency = company.profile.home_currency
    elif currency != company.profile.home_currency and not company.profile.multicurrency:
        writing.add(business("Multi currency should be enabled to perform this operation."))
    return {"value": currency, "name": company.currencies[currency]}


def _defaults(writing: Writing, name: str, full: str) -> Data:
    kind = writing.entity.name
    if kind in PEOPLE:
        base: dict[str, Any] = {"Balance": Decimal(0)} if kind != "Employee" else {}
        return base | ({"Vendor1099": False} if kind == "Vendor" else {}) | {"PrintOnCheckName": name}
    if kind == "Account":
        account_type = writing.text("AccountType")
        if not account_type:
            writing.add(missing("AccountType"))
        return {
            "FullyQualifiedName": full,
            "SubAccount": ":" in full,
            "Classification": _CLASSIFICATION.get(account_type, "Expense"),
            "CurrentBalance": Decimal(0),
            "CurrentBalanceWithSubAccounts": Decimal(0),
        }
    return {} if kind == "Term" else {"FullyQualifiedName": full}
