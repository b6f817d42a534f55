"""
From the names that QuickBooks shows to its references: exact first, else the one that differs in case only.

Reads are paid for by Intuit's meter, so lists are read when first asked for, kept, and refreshed by what has changed.
"""

import datetime
import difflib
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from connector.quickbooks.facts import CompanyFacts, company_facts
from connector.quickbooks.transport import Company, ReadRefused, equals, quote

__all__ = [
    "Cache",
    "Entity",
    "Index",
    "Missing",
    "Names",
    "Reference",
    "for_a_line",
    "for_payables",
    "for_payments",
    "no_category",
    "wrong_type",
]

Entity = Literal["Account", "Class", "Department", "Term", "TaxCode", "Item", "Customer", "Employee", "Vendor"]

_WORDS: Final[dict[str, str]] = {
    "Account": "account",
    "Class": "class",
    "Department": "location",
    "Term": "term",
    "TaxCode": "tax code",
    "Item": "product or service",
    "Customer": "customer",
    "Employee": "employee",
    "Vendor": "vendor",
}
# QuickBooks stamps a change before every query can see it, so each refresh reaches back a little.
_OVERLAP: Final = datetime.timedelta(minutes=10)
_SINGLE_LOOKS: Final = 3  # for vendors one by one; a page of the list holds a thousand
_DELETED: Final = (" (deleted)", " (Deleted)")


@dataclass(frozen=True, slots=True)
class Reference:
    """
    One entry of a list in QuickBooks.

    Args:
        name: Its own name (a vendor's DisplayName).
        full_name: With the parents before it: ``Affiliate payouts:US``.
        number: An account's number, "" without one.
        currency: ISO 4217, "" where the entry has none.
        type: An account's type (``Expense``) or an item's (``Service``).
        extra: What else a document or a report may need, as text.
    """

    entity: str
    id: str
    name: str
    full_name: str
    number: str = ""
    active: bool = True
    currency: str = ""
    type: str = ""
    sub_type: str = ""
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missing:
    """
    A name that cannot be used, and why.

    Args:
        kind: In a bookkeeper's words: ``account``, ``location``, ….
        near: Names that resemble it, as QuickBooks shows them.
        code: ``account-not-found``, ``vendor-inactive``, ``class-ambiguous``, ``account-wrong-type``, ….
    """

    kind: str
    text: str
    reason: str
    near: tuple[str, ...]
    code: str


class Cache(Protocol):
    """Where the lists of one company are kept between runs."""

    def load(self, entity: str) -> list[Reference]: ...

    def as_of(self, entity: str) -> datetime.datetime | None:
        """The time given with the last `save`; None where nothing is kept."""

    def save(self, entity: str, references: list[Reference], as_of: datetime.datetime) -> None:
        """Replaces the whole list."""


class Names:
    """The lists of one company for one run; every list is refreshed at most once. Thread-safe."""

    def __init__(self, company: Company, cache: Cache) -> None:
        self._company = company
        self._cache = cache
        self._lists: dict[str, dict[str, Reference]] = {}
        self._indexes: dict[str, Index] = {}
        self._met: dict[tuple[str, str, Callable[[Reference], str]], Reference] = {}
        self._whole: set[str] = set()
        self._looked_for: set[tuple[str, str]] = set()
        self._facts: CompanyFacts | None = None
        self._lock = threading.RLock()

    def account(self, text: str) -> Reference | Missing:
        """An account for a line of a bill: anything but payables and receivables."""
        return self._find("Account", text, for_a_line)

    def ap_account(self, text: str) -> Reference | Missing:
        """The account that a bill is owed from: type Accounts Payable."""
        return self._find("Account", text, for_payables)

    def payment_account(self, text: str) -> Reference | Missing:
        """The account that a bill is paid from: type Bank or Credit Card."""
        return self._find("Account", text, for_payments)

    def klass(self, text: str) -> Reference | Missing:
        return self._find("Class", text)

    def location(self, text: str) -> Reference | Missing:
        return self._find("Department", text)

    def term(self, text: str) -> Reference | Missing:
        return self._find("Term", text)

    def tax_code(self, text: str) -> Reference | Missing:
        return self._find("TaxCode", text)

    def item(self, text: str) -> Reference | Missing:
        """A product or service; a category of them is none."""
        return self._find("Item", text, no_category)

    def customer(self, text: str) -> Reference | Missing:
        return self._find("Customer", text)

    def vendor(self, text: str) -> Reference | Missing:
        """A vendor; before one is missing, QuickBooks is asked for it, and after a few for the whole list."""
        return self._find("Vendor", text)

    def taken_by(self, name: str) -> str | None:
        """Who but a vendor has this name (``a customer``): QuickBooks gives a name out once over these lists."""
        lists: tuple[tuple[Entity, str], ...] = (("Customer", "a customer"), ("Employee", "an employee"))
        with self._lock:
            found = (who for entity, who in lists if isinstance(self._index(entity).find(name), Reference))
            return next(found, None)

    def all(self, entity: Entity) -> Iterator[Reference]:
        """Every entry of a list, inactive ones included."""
        with self._lock:
            return iter(list(self._list(entity).values()))

    def add(self, record: dict[str, Any], entity: Entity = "Vendor") -> Reference:
        """Note an entry that was just made, from QuickBooks' answer."""
        with self._lock:
            made = reference_of(entity, record)
            self._list(entity)[made.id] = made
            self._changed(entity)
            return made

    @property
    def facts(self) -> CompanyFacts:
        """What the company has switched on; read once."""
        if self._facts is None:
            with self._lock:
                self._facts = self._facts or company_facts(self._company.company_info(), self._company.preferences())
        return self._facts

    # Finding.

    def _find(self, entity: Entity, text: str, unfit: Callable[[Reference], str] = lambda _: "") -> Reference | Missing:
        if known := self._met.get((entity, text, unfit)):  # every bill names the same few
            return known
        with self._lock:
            found = self._index(entity).find(text)
            if isinstance(found, Missing) and found.code.endswith("-not-found") and self._read_again(entity, text):
                found = self._index(entity).find(text)
            if isinstance(found, Missing):
                return found
            if why := unfit(found):
                return wrong_type(entity, text, why)
            self._met[entity, text, unfit] = found
            return found

    def _read_again(self, entity: Entity, text: str) -> bool:
        """Look once more where the kept list may be behind: a renamed parent changes the names of its children."""
        if entity in self._whole or (entity, text) in self._looked_for:
            return False
        self._looked_for.add((entity, text))
        if entity != "Vendor" or sum(of == "Vendor" for of, _ in self._looked_for) > _SINGLE_LOOKS:
            self._read_whole(entity)
            return True
        try:
            where = f"{equals('DisplayName', text)} AND Active IN (true,false)"
        except ValueError:
            return False
        found = [reference_of("Vendor", row) for row in self._company.query("Vendor", where)]
        self._list("Vendor").update((reference.id, reference) for reference in found)
        self._changed("Vendor")
        return bool(found)

    def _changed(self, entity: Entity) -> None:
        """What was found in the list before may be another now."""
        self._indexes.pop(entity, None)
        self._met.clear()

    def _index(self, entity: Entity) -> "Index":
        if entity not in self._indexes:
            self._indexes[entity] = Index(entity, self._list(entity).values())
        return self._indexes[entity]

    # Reading.

    def _list(self, entity: Entity) -> dict[str, Reference]:
        if entity not in self._lists:
            kept = {reference.id: reference for reference in self._cache.load(entity)}
            as_of = self._cache.as_of(entity)
            # Intuit does not stamp changes of tax codes reliably, and there are few of them.
            if not kept or as_of is None or entity == "TaxCode":
                self._read_whole(entity)
            else:
                self._read_changed(entity, kept, as_of)
        return self._lists[entity]

    def _read_whole(self, entity: Entity) -> None:
        self._whole.add(entity)
        self._keep(entity, {}, self._rows(entity, "Active IN (true,false)"), None)

    def _read_changed(self, entity: Entity, kept: dict[str, Reference], as_of: datetime.datetime) -> None:
        since = quote((as_of - _OVERLAP).isoformat(timespec="seconds"))
        rows = self._rows(entity, f"Active IN (true,false) AND MetaData.LastUpdatedTime >= {since}")
        self._keep(entity, kept, rows, as_of)

    def _rows(self, entity: Entity, where: str) -> Iterator[dict[str, Any]]:
        try:
            yield from self._company.query(entity, where)
        except ReadRefused as refused:
            # The plan has no such list, so it is empty; whose a name is, QuickBooks says again when a vendor is made.
            if refused.fault_code != "5030" and entity not in ("Customer", "Employee"):
                raise

    def _keep(
        self,
        entity: Entity,
        kept: dict[str, Reference],
        rows: Iterable[dict[str, Any]],
        as_of: datetime.datetime | None,
    ) -> None:
        changed = False
        for row in rows:
            reference = reference_of(entity, row)
            changed = changed or kept.get(reference.id) != reference
            kept[reference.id] = reference
            as_of = max((time for time in (as_of, _updated(row)) if time is not None), default=None)
        self._lists[entity] = kept
        self._changed(entity)
        # The newest change seen is QuickBooks' own time: a clock of ours that is wrong loses nothing.
        if changed and as_of is not None:
            self._cache.save(entity, list(kept.values()), as_of)


class Index:
    """One list by every way in which QuickBooks shows a name."""

    def __init__(self, entity: Entity, references: Iterable[Reference]) -> None:
        self._entity = entity
        self._kind = _WORDS[entity]
        self._active: tuple[dict[str, list[Reference]], ...] = ({}, {})  # by the name, by the name with its number
        self._folded: dict[str, list[Reference]] = {}
        self._inactive: dict[str, list[Reference]] = {}
        for reference in references:
            self._put(reference)

    def find(self, text: str) -> Reference | Missing:
        for exact in self._active:
            if found := exact.get(text):
                return self._only(text, found)
        if found := self._folded.get(_folded(text)):
            return self._only(text, found)
        if self._inactive.get(_folded(text)):
            return self._missing(text, f"the {self._kind} {text!r} is inactive in QuickBooks", (), "inactive")
        reason = f"QuickBooks has no {self._kind} {text!r}"
        return self._missing(text, reason, self._near(text), "not-found")

    def _put(self, reference: Reference) -> None:
        if not reference.active:
            name = reference.full_name
            for suffix in _DELETED:
                name = name.removesuffix(suffix)
            _add(self._inactive, _folded(name), reference)
            return
        ways = {reference.full_name}
        numbered: set[str] = set()
        if reference.number:
            numbered = {f"{reference.number} {reference.full_name}", f"{reference.number} · {reference.full_name}"}
        for way in ways:
            _add(self._active[0], way, reference)
        for way in numbered:
            _add(self._active[1], way, reference)
        for way in {_folded(each) for each in ways | numbered}:
            _add(self._folded, way, reference)

    def _only(self, text: str, found: list[Reference]) -> Reference | Missing:
        if len(found) == 1:
            return found[0]
        shown = tuple(sorted(reference.full_name for reference in found))
        reason = f"{len(found)} {self._kind} entries of QuickBooks match {text!r}"
        return self._missing(text, reason, shown, "ambiguous")

    def _near(self, text: str) -> tuple[str, ...]:
        own = [
            reference.full_name
            for references in self._active[0].values()
            for reference in references
            if _folded(reference.name) == _folded(text)  # a sub-account named without its parents
        ]
        alike = difflib.get_close_matches(text, list(self._active[0]), n=3, cutoff=0.75)
        return tuple(dict.fromkeys([*own[:3], *alike]))[:3]

    def _missing(self, text: str, reason: str, near: tuple[str, ...], what: str) -> Missing:
        return Missing(self._kind, text, reason, near, f"{_slug(self._entity)}-{what}")


def reference_of(entity: str, record: dict[str, Any]) -> Reference:
    """An entry from QuickBooks' answer."""
    name = str(record.get("DisplayName") or record.get("Name") or "")
    due = record.get("DueDays")
    return Reference(
        entity=entity,
        id=str(record["Id"]),
        name=name,
        full_name=str(record.get("FullyQualifiedName") or name) if entity != "Vendor" else name,
        number=str(record.get("AcctNum") or "") if entity == "Account" else "",
        active=record.get("Active") is not False,
        currency=str((record.get("CurrencyRef") or {}).get("value") or ""),
        type=str(record.get("AccountType") or record.get("Type") or ""),
        sub_type=str(record.get("AccountSubType") or ""),
        extra={} if due is None else {"due_days": str(due)},
    )


def _folded(text: str) -> str:
    """Case aside, and the two ways in which Unicode writes an accent."""
    return unicodedata.normalize("NFC", text).casefold()


def wrong_type(entity: Entity, text: str, why: str) -> Missing:
    """An entry that is there and cannot be used; ``why`` as the checks of an entry (``for_a_line``, …) say it."""
    kind = _WORDS[entity]
    return Missing(kind, text, f"the {kind} {text!r} is {why}", (), f"{_slug(entity)}-wrong-type")


def _slug(entity: str) -> str:
    return {"product or service": "item"}.get(_WORDS[entity], _WORDS[entity]).replace(" ", "-")


def _add(index: dict[str, list[Reference]], key: str, reference: Reference) -> None:
    index.setdefault(key, []).append(reference)


def _updated(row: dict[str, Any]) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]).astimezone(datetime.UTC)
    except (KeyError, TypeError, ValueError):
        return None


def for_a_line(account: Reference) -> str:
    if account.type in ("Accounts Payable", "Accounts Receivable"):
        return f"of type {account.type}, which a line of a bill cannot use"
    return ""


def for_payables(account: Reference) -> str:
    return "" if account.type == "Accounts Payable" else f"of type {account.type}, not Accounts Payable"


def for_payments(account: Reference) -> str:
    return "" if account.type in ("Bank", "Credit Card") else f"of type {account.type}, neither Bank nor Credit Card"


def no_category(item: Reference) -> str:
    return "a category of products, not one of them" if item.type == "Category" else ""
