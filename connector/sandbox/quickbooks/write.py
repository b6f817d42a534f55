"""Create, update, delete: the steps that every entity shares, from the plan's gate to the stored record."""

from collections.abc import Callable
from dataclasses import dataclass

from connector.sandbox.quickbooks.attachables import build_attachable
from connector.sandbox.quickbooks.checks import Writing, check_lengths, check_properties
from connector.sandbox.quickbooks.company import NOVELTY, Company, Data, Record
from connector.sandbox.quickbooks.entities import ENTITIES, Entity
from connector.sandbox.quickbooks.faults import (
    Problem,
    Refusal,
    business,
    missing,
    not_found,
    refuse,
    stale,
    unsupported,
)
from connector.sandbox.quickbooks.lists import build_listed
from connector.sandbox.quickbooks.payments import apply_payment, build_payment
from connector.sandbox.quickbooks.purchases import build_purchase, check_open, not_in_plan
from connector.sandbox.quickbooks.wire import Verbatim

_BUILDERS: dict[str, Callable[[Writing], Data]] = {
    "Bill": build_purchase,
    "VendorCredit": build_purchase,
    "BillPayment": build_payment,
    "Attachable": build_attachable,
}
_ENDED = (
    "Subscription period has ended or canceled or there was a billing problem : You can't add data to {plan} because "
    "your trial or subscription period ended, you cancelled your subscription, or there was a billing problem."
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a write asks beside its body."""

    operation: str = ""
    allow_duplicate_number: bool = False


def write(company: Company, entity: Entity, body: Data, options: Options) -> Verbatim | Data:
    """Do one write and give back the entity as it is answered. Raises Refusal, and then nothing was done."""
    _check_gates(company, entity)
    if company.switches.on("undocumented_properties"):
        body = {name: value for name, value in body.items() if name != NOVELTY}
    check_properties(body, entity.shape)
    if entity.read_only or options.operation not in {"", "create", "update", "delete", "void"}:
        raise unsupported(entity.name.lower())
    if options.operation == "delete":
        return _delete(company, entity, body)
    if str(body.get("Id") or "") or options.operation in {"update", "void"}:
        return _update(company, entity, body, options).text
    writing = Writing(
        company, entity, body, sent=frozenset(body), allow_duplicate_number=options.allow_duplicate_number
    )
    return create(writing).text


def read(company: Company, entity: Entity, key: str) -> Record:
    """One record by id; 2030 for a bad id, 610 for one that is not there."""
    if not _is_id(key) and company.find(entity.name, key) is None:
        raise refuse("2030", f"Id should be a valid number. Supplied value:{key}", "Id")
    record = company.find(entity.name, key)
    hidden = record and company.hides(entity.name, record) and company.switches.text("hidden_bills_by_id") == "610"
    if record is None or hidden:
        raise not_found()
    return record


def create(writing: Writing, key: str = "") -> Record:
    """Check and store a new record; `key` is an id of the caller's choice."""
    data = _built(writing)
    company, entity = writing.company, writing.entity
    head = {"domain": "QBO", "sparse": False, "Id": key or company.next_id(entity), "SyncToken": "0"}
    record = company.put(entity.name, head | data)
    if entity.name == "BillPayment":
        apply_payment(company, record.data, 1)
    return record


def _is_id(key: str) -> bool:
    return key.isascii() and key.isdigit()


def _built(writing: Writing) -> Data:
    check_lengths(writing)
    writing.settle()
    return _BUILDERS.get(writing.entity.name, build_listed)(writing)


def _check_gates(company: Company, entity: Entity) -> None:
    plan = company.profile.plan
    if company.switches.on("subscription_ended"):
        raise refuse("6190", _ENDED.format(plan=plan))
    if entity.transaction and plan.endswith("Simple Start"):
        raise Refusal([not_in_plan(plan)])


def _current(company: Company, entity: Entity, body: Data) -> Record:
    """The stored record that an update or a deletion means; 2020, 2030, 610 or 5010."""
    for name in ("Id", "SyncToken"):
        if body.get(name) in (None, ""):
            raise Refusal([missing(name)])
    record = read(company, entity, str(body["Id"]))
    if str(body["SyncToken"]) != record.data["SyncToken"]:
        raise stale()
    return record


def _update(company: Company, entity: Entity, body: Data, options: Options) -> Record:
    old = _current(company, entity, body)
    if options.operation == "void":
        body = {"sparse": True, "TotalAmt": 0, "Line": [], "PrivateNote": "Voided"}
    merged = old.data | body if body.get("sparse") is True else body
    writing = Writing(company, entity, merged, old, frozenset(body), options.allow_duplicate_number)
    data = _built(writing)
    if entity.name == "BillPayment":
        apply_payment(company, old.data, -1)
    head = {"domain": "QBO", "sparse": False, "Id": old.data["Id"], "SyncToken": str(int(old.data["SyncToken"]) + 1)}
    record = company.put(entity.name, head | data, old)
    if entity.name == "BillPayment":
        apply_payment(company, record.data, 1)
    return record


def _delete(company: Company, entity: Entity, body: Data) -> Data:
    if not entity.transaction and entity.name != "Attachable":
        raise unsupported(f"{entity.name.lower()}?operation=delete")
    old = _current(company, entity, body)
    writing = Writing(company, entity, body, old)
    if entity.transaction:
        check_open(writing, company.today())
    if entity.name != "BillPayment" and old.data.get("LinkedTxn"):
        writing.add(_linked(company.switches.text("paid_delete_code")))
    writing.settle()
    if entity.name == "BillPayment":
        apply_payment(company, old.data, -1)
    company.remove(entity.name, old.data["Id"])
    return {"domain": "QBO", "status": "Deleted", "Id": old.data["Id"]}


def _linked(code: str) -> Problem:
    text = "You must unlink any linked transactions before deleting this transaction."
    return business(text) if code == "6000" else Problem(code, text)


def entity_of(name: str) -> Entity:
    """The entity that JSON calls by that name. Raises Refusal 2010."""
    entity = ENTITIES.get(name)
    if entity is None:
        raise refuse("2010", f'Property Name:Unrecognized field "{name}" is unsupported or invalid', None)
    return entity
