"""Vendors that bills need and QuickBooks lacks: made once each, under an id that comes from the name alone."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.invoice import Trouble
from connector.push.patience import THROTTLES, refused_to_go_on, rest, stops
from connector.push.send import SINGLES
from connector.quickbooks.documents import BatchItem, frozen, frozen_batch, vendor_body
from connector.quickbooks.faults import explain
from connector.quickbooks.names import Names, Reference
from connector.quickbooks.transport import Company, Outcome, equals

__all__ = ["NewVendor", "create_vendors", "name_taken", "other_currency"]


@dataclass(frozen=True, slots=True)
class NewVendor:
    """A vendor to make: the name as the mapping gives it and the currency it is to be paid in."""

    name: str
    currency: str


def create_vendors(
    company: Company, names: Names, wanted: Sequence[NewVendor], stop: threading.Event
) -> Iterator[tuple[NewVendor, Reference | Trouble]]:
    """
    Make each vendor, or say why its bills must wait.

    A vendor needs no intent in the state: its name is unique in QuickBooks, so a second attempt finds the first (6240).
    An unknown outcome is looked up by name; its bills wait for the next run where nothing is found.

    Raises:
        Throttled, ServiceDown, SignInNeeded: No vendor can be made now; no bill was begun.
    """
    size = 1 if len(wanted) <= SINGLES else company.settings.batch_size
    for at in range(0, len(wanted), size):
        for vendor, outcome in _patiently(company, wanted[at : at + size], stop):
            yield vendor, _made(company, names, vendor, outcome)


def _patiently(
    company: Company, group: Sequence[NewVendor], stop: threading.Event
) -> Iterator[tuple[NewVendor, Outcome]]:
    for tries in range(1, THROTTLES + 1):
        if stop.is_set():
            return
        slow: list[NewVendor] = []
        for vendor, outcome in _sent(company, group):
            if stops(outcome):
                raise refused_to_go_on(outcome)
            if outcome.kind == "throttled":
                slow.append(vendor)
                last = outcome
            else:
                yield vendor, outcome
        if not slow:
            return
        if tries == THROTTLES:
            raise refused_to_go_on(last)
        rest(company, last, stop)
        group = slow


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


def _sent(company: Company, group: Sequence[NewVendor]) -> list[tuple[NewVendor, Outcome]]:
    bodies = [frozen(vendor_body(each.name, each.currency)) for each in group]
    if len(group) == 1:
        return [(group[0], company.send("Vendor", bodies[0], _id(company, group), "create"))]
    batch = frozen_batch(BatchItem(f"{n:02d}", "create", "Vendor", body) for n, body in enumerate(bodies))
    answer = company.send_batch(batch, _id(company, group))
    if isinstance(answer, Outcome):
        return [(vendor, answer) for vendor in group]
    return [(vendor, answer[f"{n:02d}"]) for n, vendor in enumerate(group)]


def _id(company: Company, group: Sequence[NewVendor]) -> str:
    text = "|".join([company.realm_id, "vendor", *(f"{each.name}|{each.currency}" for each in group)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _made(company: Company, names: Names, vendor: NewVendor, outcome: Outcome) -> Reference | Trouble:
    if outcome.kind == "applied" and outcome.body is not None:
        return _in_currency(names.add(outcome.body), vendor)
    if outcome.kind == "unknown" or (outcome.kind == "refused" and outcome.code == "6240"):
        found = next(iter(company.query("Vendor", equals("DisplayName", vendor.name))), None)
        if found is not None:
            return _in_currency(names.add(found), vendor)
        if outcome.code == "6240":
            return name_taken(vendor.name, "a customer or an employee", "the mapping")
    if outcome.kind == "refused":
        code, reason, remedy = explain(outcome, {})
        return Trouble(code, f'QuickBooks refuses the vendor "{vendor.name}": {reason}', remedy)
    return Trouble(
        "vendor-not-made",
        f'the vendor "{vendor.name}" could not be made: {outcome.message}',
        "nothing to do: the next run looks it up by name first",
    )


def _in_currency(found: Reference, vendor: NewVendor) -> Reference | Trouble:
    """QuickBooks has been seen to ignore the currency of a new vendor."""
    if not vendor.currency or found.currency in (None, "", vendor.currency):
        return found
    return other_currency(vendor.name, found.currency, vendor.currency)
