"""Putting records into the company from outside the API: tests and demos lay out their books with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.sandbox.quickbooks.checks import Writing
from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.entities import ENTITIES, Entity
from connector.sandbox.quickbooks.faults import Refusal
from connector.sandbox.quickbooks.write import Options, create, write

_KINDS = {
    "VendorRef": "Vendor",
    "AccountRef": "Account",
    "APAccountRef": "Account",
    "BankAccountRef": "Account",
    "CCAccountRef": "Account",
    "IncomeAccountRef": "Account",
    "ExpenseAccountRef": "Account",
    "ClassRef": "Class",
    "CustomerRef": "Customer",
    "DepartmentRef": "Department",
    "ItemRef": "Item",
    "SalesTermRef": "Term",
    "TermRef": "Term",
    "TaxCodeRef": "TaxCode",
}


def load(company: Company, rows_by_kind: Mapping[str, list[Data]]) -> dict[str, list[str]]:
    """
    Append rows and give back their ids by kind.

    A row is what the API takes, and passes the same rules save for the closing date and the plan. A reference may be
    {"name": …} alone. A row with the Id of a record changes that record (sparse, whatever its SyncToken); MetaData with
    a CreateTime backdates a new one. Raises ValueError for the first row that is refused; the rows before it stay.
    """
    made: dict[str, list[str]] = {}
    closed, company.profile.book_close_date = company.profile.book_close_date, ""
    try:
        for kind, rows in rows_by_kind.items():
            if kind not in ENTITIES:
                raise ValueError(f"QuickBooks has no {kind!r}; there are: {', '.join(ENTITIES)}")
            made[kind] = [_load(company, ENTITIES[kind], row) for row in rows]
    finally:
        company.profile.book_close_date = closed
    return made


def _load(company: Company, entity: Entity, row: Data) -> str:
    body = _resolved(company, entity.name, row)
    key = str(body.get("Id") or "")
    held = company.find(entity.name, key) if key else None
    try:
        if held is not None:
            write(company, entity, body | {"SyncToken": held.data["SyncToken"], "sparse": True}, Options())
            return key
        record = create(Writing(company, entity, body, sent=frozenset(body)), key)
    except Refusal as refusal:
        raise ValueError(f"{entity.name} {row}: {refusal}") from refusal
    if made := (row.get("MetaData") or {}).get("CreateTime"):
        times = {"CreateTime": made, "LastUpdatedTime": made}
        record = company.put(entity.name, record.data | {"MetaData": times}, record, touch=False)
        record.created = record.changed = datetime.fromisoformat(made).timestamp()
    return str(record.data["Id"])


def _resolved(company: Company, kind: str, value: Any) -> Any:
    """The value with references by name turned into references by id."""
    if isinstance(value, list):
        return [_resolved(company, kind, item) for item in value]
    if not isinstance(value, dict):
        return value
    resolved: Data = {}
    for name, item in value.items():
        target = kind if name == "ParentRef" else _KINDS.get(name)
        by_name = isinstance(item, dict) and item.get("name") and not item.get("value")
        if target and by_name:
            resolved[name] = {"value": _by_name(company, target, item["name"])}
        else:
            resolved[name] = _resolved(company, kind, item)
    return resolved


def _by_name(company: Company, kind: str, name: str) -> str:
    for found, key in company.named(kind, name):
        if found == kind:
            return key
    raise ValueError(f"QuickBooks has no {kind} called {name!r}")
