"""
The company's books: every record by kind and id, with the indexes that queries and rules need.

Records are replaced, never changed in place, so that a record's JSON text can be kept. Times are seconds since 1970.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from connector.sandbox.credentials import REALM_ID
from connector.sandbox.quickbooks.entities import ENTITIES, PEOPLE, Entity
from connector.sandbox.quickbooks.wire import PACIFIC, Verbatim, encode, stamp
from connector.sandbox.switches import Switches
from connector.sandbox.tokens import Tokens

Data = dict[str, Any]

NOVELTY = "SandboxNovelty"
"""A property that no document of Intuit's knows; answers carry it where the switch says so, and it comes back."""

_HIDEABLE = {"Bill", "VendorCredit"}


@dataclass(slots=True)
class Record:
    """One entity as QuickBooks would answer it, with the moments of its making and last change."""

    data: Data
    created: float
    changed: float
    _text: Verbatim | None = None

    @property
    def text(self) -> Verbatim:
        """The record's JSON."""
        if self._text is None:
            self._text = Verbatim(encode(self.data))
        return self._text


@dataclass(frozen=True, slots=True)
class Deletion:
    """A transaction that is gone; change data capture still tells of it."""

    kind: str
    id: str
    when: float


@dataclass(slots=True)
class Remembered:
    """The answer to a request id: HTTP status, exact body, when it was given, and a print of what was sent."""

    status: int
    body: str
    when: float
    print: str = ""


@dataclass(slots=True)
class Profile:
    """What the company is: set through /control/preferences, shown by preferences and companyinfo."""

    name: str = "Sandbox Affiliate Agency Pty Ltd"
    country: str = "AU"
    home_currency: str = "AUD"
    multicurrency: bool = True
    plan: str = "QuickBooks Online Plus"
    class_tracking: bool = True
    departments: bool = True
    using_sales_tax: bool = True
    book_close_date: str = ""
    warn_duplicate_bill_number: bool = False


@dataclass(slots=True)
class Company:
    """
    The whole of the pretend company: profile, records, deletions, remembered request ids.

    `revision` counts changes, `epoch` how often it was emptied: what was on its way before belongs to another company.
    """

    switches: Switches = field(default_factory=Switches)
    profile: Profile = field(default_factory=Profile)
    realm: str = REALM_ID
    records: dict[str, dict[str, Record]] = field(default_factory=lambda: {kind: {} for kind in ENTITIES})
    deletions: list[Deletion] = field(default_factory=list)
    requests: dict[str, Remembered] = field(default_factory=dict)
    tokens: Tokens = field(default_factory=Tokens)
    currencies: dict[str, str] = field(default_factory=dict)
    rates: dict[str, str] = field(default_factory=dict)
    revision: int = 0
    epoch: int = 0
    sequences: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _names: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    _numbers: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    _vendors: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def now(self) -> float:
        """The sandbox's clock."""
        return time.time() + self.switches.number("clock_ahead_seconds")

    def today(self) -> date:
        """The server's date, in its own zone."""
        return datetime.fromtimestamp(self.now(), PACIFIC).date()

    def find(self, kind: str, key: str) -> Record | None:
        """One record, or None."""
        return self.records[kind].get(key)

    def all(self, kind: str) -> Iterator[Data]:
        """The data of every record of a kind, in the order of their making."""
        return (record.data for record in self.records[kind].values())

    def hides(self, kind: str, record: Record) -> bool:
        """Is the record too new for queries to see it? By the switch, and bills and vendor credits only."""
        seconds = self.switches.number("hide_new_bills_seconds")
        return bool(seconds) and kind in _HIDEABLE and self.now() - record.created < seconds

    def next_id(self, entity: Entity) -> str:
        """A fresh id; transactions count together, and so do the three name lists."""
        self.sequences[entity.sequence] += 1
        return str(self.sequences[entity.sequence])

    def put(self, kind: str, data: Data, previous: Record | None = None, *, touch: bool = True) -> Record:
        """Store a record: stamps its times, moves the indexes. `touch` False keeps the times that `data` brings."""
        now = self.now()
        created = previous.created if previous else now
        if self.switches.on("undocumented_properties"):
            data = data | {NOVELTY: {"Kind": "NEW", "Parts": [1, None]}}
        if touch:
            made = previous.data["MetaData"]["CreateTime"] if previous else stamp(now)
            data = data | {"MetaData": {"CreateTime": made, "LastUpdatedTime": stamp(now)}}
        record = Record(data, created, now)
        self.restore(kind, record, previous)
        return record

    def restore(self, kind: str, record: Record, previous: Record | None = None) -> None:
        """Store a record exactly as it is."""
        if previous is not None:
            self._index(kind, previous.data, add=False)
        key = record.data["Id"]
        self.records[kind][key] = record
        self._index(kind, record.data, add=True)
        sequence = ENTITIES[kind].sequence
        if key.isdigit():
            self.sequences[sequence] = max(self.sequences[sequence], int(key))
        self.revision += 1

    def remove(self, kind: str, key: str) -> None:
        """Take a record out; it stays in the deletions."""
        record = self.records[kind].pop(key)
        self._index(kind, record.data, add=False)
        self.deletions.append(Deletion(kind, key, self.now()))
        self.revision += 1

    def named(self, kind: str, name: str) -> set[tuple[str, str]]:
        """(kind, id) of everything with that name, case aside; people share one list of names."""
        return self._names[_name_list(kind), name.casefold()]

    def numbered(self, kind: str, number: str) -> set[str]:
        """Ids of the transactions with that DocNumber, case aside."""
        return self._numbers[kind, number.casefold()]

    def of_vendor(self, kind: str, vendor: str) -> set[str]:
        """Ids of the vendor's transactions."""
        return self._vendors[kind, vendor]

    def clear(self) -> None:
        """Forget every record, deletion and request id; the profile stays."""
        for held in self.records.values():
            held.clear()
        for index in (self.sequences, self._names, self._numbers, self._vendors, self.requests):
            index.clear()
        self.deletions.clear()
        self.revision += 1
        self.epoch += 1

    def _index(self, kind: str, data: Data, *, add: bool) -> None:
        key = data["Id"]
        entity = ENTITIES[kind]
        if entity.name_property:
            name = data.get("FullyQualifiedName") if kind not in PEOPLE else data.get("DisplayName")
            name = name or data.get(entity.name_property, "")
            _change(self._names[_name_list(kind), str(name).casefold()], (kind, key), add=add)
        if entity.transaction:
            if number := data.get("DocNumber"):
                _change(self._numbers[kind, number.casefold()], key, add=add)
            if vendor := data.get("VendorRef"):
                _change(self._vendors[kind, vendor["value"]], key, add=add)


def _name_list(kind: str) -> str:
    return "people" if kind in PEOPLE else kind


def _change(held: set[Any], item: Any, *, add: bool) -> None:
    if add:
        held.add(item)
    else:
        held.discard(item)
