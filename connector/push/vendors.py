"""
Vendors that bills need and QuickBooks lacks: made once each, under an intent like a bill's.

A name is given out once in QuickBooks, so the name is the evidence: found, it was made; absent, once the answer can be
overdue no more, the same bytes go out again under the same id, or are left out where nobody needs the vendor any more.
"""

import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from connector.document import digest
from connector.invoice import Trouble
from connector.push.patience import THROTTLES, refused_to_go_on, stops
from connector.push.send import SINGLES, ended
from connector.quickbooks.documents import vendor_body
from connector.quickbooks.faults import explain
from connector.quickbooks.frozen import BatchItem, frozen
from connector.quickbooks.names import Names, Reference
from connector.quickbooks.outcome import parse
from connector.quickbooks.transport import Company, Outcome, one_of, quote
from connector.state.lock import CompanyLock
from connector.state.requests import ItemOutcome
from connector.state.store import IntendedItem, Intent, State, StoredRequest

__all__ = ["NewVendor", "VendorMaker", "name_taken", "other_currency"]

_NAMES_A_QUERY: Final = 30

_Made = Reference | Trouble


@dataclass(frozen=True, slots=True)
class NewVendor:
    """A vendor to make: the name as the mapping gives it and the currency it is to be paid in."""

    name: str
    currency: str

    @property
    def body(self) -> bytes:
        """The exact bytes that make it."""
        return frozen(vendor_body(self.name, self.currency))


@dataclass(frozen=True, slots=True)
class _Flight:
    """One request for vendors, each with its exact bytes; ``doubtful`` where it was sent before without an answer."""

    request: int
    request_id: str
    items: Mapping[str, tuple[NewVendor, bytes]]
    batch: bool
    doubtful: bool = False


class VendorMaker:
    """
    Makes the vendors of one run.

    Args:
        stop: Set from outside to start nothing more.
    """

    def __init__(
        self, state: State, company: Company, names: Names, lock: CompanyLock, run: str, stop: threading.Event
    ) -> None:
        self._state = state
        self._company = company
        self._names = names
        self._lock = lock
        self._run = run
        self._stop = stop

    def make(self, wanted: Sequence[NewVendor]) -> Iterator[tuple[NewVendor, _Made]]:
        """
        Make each vendor, or say why its bills must wait; what earlier runs left without an answer is settled first.

        Raises:
            Throttled, ServiceDown, SignInNeeded: No vendor can be made now; no bill was begun.
        """
        left = {vendor.name.lower(): vendor for vendor in wanted}
        for stored in self._state.open_vendors(self._company.realm_id):
            for vendor, made in self._settled(stored, left):
                if left.pop(vendor.name.lower(), None) is not None:
                    yield vendor, made
        refused = self._state.vendor_refusals(self._company.realm_id) if left else {}
        new = [(vendor, refused.get(vendor.name, 0)) for vendor in left.values()]
        size = 1 if len(new) <= SINGLES else self._company.settings.batch_size
        for at in range(0, len(new), size):
            group = new[at : at + size]
            if self._stop.is_set() or not self._company.take_turn("batch" if len(group) > 1 else "request", self._stop):
                return
            yield from self._sent(self._intended(group))

    # What earlier runs left.

    def _settled(self, stored: StoredRequest, wanted: Mapping[str, NewVendor]) -> Iterator[tuple[NewVendor, _Made]]:
        bodies = {item.bid: item.body.encode() for item in stored.items if item.outcome is None}
        open_ones = {bid: _vendor_of(body) for bid, body in bodies.items()}
        found = self._look(open_ones.values())
        overdue = stored.seconds_since_send() >= self._company.settings.settle_after
        outcomes: dict[str, ItemOutcome] = {}
        again: dict[str, tuple[NewVendor, bytes]] = {}
        for bid, vendor in open_ones.items():
            if (record := found.get(vendor.name.lower())) is not None:
                outcomes[bid] = "applied"
                yield vendor, _in_currency(self._names.add(record), wanted.get(vendor.name.lower(), vendor))
            elif not overdue:
                yield vendor, _not_made(vendor, "its answer was lost, and it may still be on its way")
            elif wanted.get(vendor.name.lower()) == vendor:
                again[bid] = vendor, bodies[bid]
            else:
                outcomes[bid] = "left-out"
        self._state.conclude_vendors(stored.key, outcomes)
        batch = stored.request.operation == "batch"
        if again and not self._stop.is_set() and self._company.take_turn("batch" if batch else "request", self._stop):
            doubtful = bool(stored.attempts)
            yield from self._sent(_Flight(stored.key, stored.request.request_id, again, batch, doubtful))

    def _look(self, vendors: Iterable[NewVendor]) -> dict[str, dict[str, Any]]:
        """The vendors of these names that QuickBooks has, by the name in lower case."""
        names = sorted({vendor.name for vendor in vendors if _askable(vendor.name)})
        found: dict[str, dict[str, Any]] = {}
        for at in range(0, len(names), _NAMES_A_QUERY):
            for record in self._company.query("Vendor", one_of("DisplayName", names[at : at + _NAMES_A_QUERY])):
                found[str(record.get("DisplayName", "")).lower()] = record
        return found

    # Sending.

    def _intended(self, group: Sequence[tuple[NewVendor, int]]) -> _Flight:
        """The request for some vendors, each with its generation."""
        batch, company = len(group) > 1, self._company.realm_id
        own_id = secrets.token_hex(16) if batch else _request_id(company, *group[0])
        bids = [f"{n:02d}" if batch else "" for n in range(len(group))]
        items = {bid: (vendor, vendor.body) for bid, (vendor, _) in zip(bids, group, strict=True)}
        request = self._state.intend(
            Intent(
                company,
                self._run,
                own_id,
                "batch" if batch else "create",
                "Vendor",
                [
                    IntendedItem(None, bid, vendor.name, generation, items[bid][1].decode())
                    for bid, (vendor, generation) in zip(bids, group, strict=True)
                ],
            )
        )
        return _Flight(request, own_id, items, batch)

    def _sent(self, flight: _Flight) -> Iterator[tuple[NewVendor, _Made]]:
        """Send it, wait out throttles with the same id, and say what became of each; its turn was taken."""
        for tries in range(1, THROTTLES + 1):
            attempt, answers = self._once(flight)
            gives_up = tries == THROTTLES or self._stop.is_set()
            slow = {
                bid: item for bid, item in flight.items.items() if answers[bid].kind == "throttled" and not gives_up
            }
            # Names are looked up before anything is written down: no transaction is open over HTTP.
            made = {bid: self._made(flight, bid, answers[bid]) for bid in flight.items if bid not in slow}
            with self._state.write():
                self._state.land(ended(attempt, answers), ())
                outcomes = {bid: outcome for bid, (_, outcome) in made.items() if outcome is not None}
                self._state.conclude_vendors(flight.request, outcomes)
            yield from ((flight.items[bid][0], found) for bid, (found, _) in made.items())
            for outcome in answers.values():
                if stops(outcome) or (outcome.kind == "throttled" and tries == THROTTLES):
                    raise refused_to_go_on(outcome)
            if not slow or not self._company.take_turn("batch" if flight.batch else "request", self._stop):
                return
            flight = replace(flight, items=slow)

    def _once(self, flight: _Flight) -> tuple[int, dict[str, Outcome]]:
        # In this order the lock never knows of an earlier send than the state, unless the state is an older copy.
        self._lock.note_send()
        attempt = self._state.start_attempt(flight.request, list(flight.items))
        if not flight.batch:
            ((bid, (_, body)),) = flight.items.items()
            answer = self._company.send("Vendor", body, flight.request_id, "create", turn_taken=True)
            return attempt, {bid: answer}
        batch = [BatchItem(bid, "create", "Vendor", body) for bid, (_, body) in flight.items.items()]
        answers = self._company.send_batch(batch, flight.request_id, turn_taken=True)
        return attempt, dict.fromkeys(flight.items, answers) if isinstance(answers, Outcome) else answers

    def _made(self, flight: _Flight, bid: str, outcome: Outcome) -> tuple[_Made, ItemOutcome | None]:
        """The vendor or why there is none, and what the request's item came to; None where nobody knows."""
        vendor, _ = flight.items[bid]
        if outcome.kind == "applied" and outcome.body is not None:
            return _in_currency(self._names.add(outcome.body), vendor), "applied"
        taken = outcome.kind == "refused" and outcome.code == "6240"
        if outcome.kind == "unknown" or taken:
            found = self._look([vendor]).get(vendor.name.lower())
            if found is not None:
                return _in_currency(self._names.add(found), vendor), "applied"
        if taken:
            return name_taken(vendor.name, "a customer or an employee", "the mapping"), "refused"
        if outcome.kind == "refused" and not stops(outcome):
            code, reason, remedy = explain(outcome, {})
            return Trouble(code, f'QuickBooks refuses the vendor "{vendor.name}": {reason}', remedy), "refused"
        nothing_happened: ItemOutcome = "refused" if outcome.kind == "refused" else "absent"
        in_doubt = outcome.kind == "unknown" or flight.doubtful
        return _not_made(vendor, outcome.message), None if in_doubt else nothing_happened


def name_taken(name: str, who: str, mapping: str) -> Trouble:
    """QuickBooks gives a name out once over vendors, customers and employees."""
    return Trouble(
        "vendor-name",
        f'{who} in QuickBooks is called "{name}": a vendor needs a name of its own',
        f"give the payee another vendor name in a table of {mapping} (a vendor of a new name is made by itself)",
    )


def other_currency(vendor: str, kept: str, wanted: str) -> Trouble:
    """A vendor's currency is for ever."""
    return Trouble(
        "vendor-currency",
        f'the vendor "{vendor}" is kept in {kept} in QuickBooks and the bill is in {wanted}',
        f"make a second vendor in {wanted} in QuickBooks and name it in the mapping's table",
    )


def _not_made(vendor: NewVendor, why: str) -> Trouble:
    return Trouble(
        "vendor-not-made",
        f'the vendor "{vendor.name}" could not be made: {why}',
        "nothing to do: a later run looks it up by name first",
    )


def _in_currency(found: Reference, vendor: NewVendor) -> _Made:
    """QuickBooks has been seen to ignore the currency of a new vendor."""
    if not vendor.currency or found.currency in (None, "", vendor.currency):
        return found
    return other_currency(vendor.name, found.currency, vendor.currency)


def _request_id(company: str, vendor: NewVendor, generation: int) -> str:
    """Of a single creation: 32 characters that can be worked out with the state lost."""
    return digest(company, "vendor", vendor.name, vendor.currency, "create", "0", str(generation), length=32)


def _vendor_of(body: bytes) -> NewVendor:
    told = parse(body)
    return NewVendor(told["DisplayName"], told.get("CurrencyRef", {}).get("value", ""))


def _askable(name: str) -> bool:
    """Whether a query can hold the name: one with control signs can be made and not be looked for."""
    try:
        return bool(quote(name))
    except ValueError:
        return False
