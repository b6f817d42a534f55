"""Every name that a mapping or its tables can give to QuickBooks, against the lists of the company."""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from connector.mapping import Fault
from connector.mapping import Mapping as Form
from connector.mapping.produced import Part, Produced, produced
from connector.quickbooks.names import Entity, Missing, Names, Reference

__all__ = ["name_faults"]

_FIND: Final[dict[tuple[Part, str], Callable[[Names, str], Reference | Missing]]] = {
    ("bill", "vendor"): Names.vendor,
    ("bill", "terms"): Names.term,
    ("bill", "ap_account"): Names.ap_account,
    ("bill", "location"): Names.location,
    ("line", "account"): Names.account,
    ("line", "item"): Names.item,
    ("line", "class"): Names.klass,
    ("line", "customer"): Names.customer,
    ("line", "tax"): Names.tax_code,
    ("payment", "account"): Names.payment_account,
}
_TYPES: Final[dict[tuple[Part, str], str]] = {
    ("line", "account"): "Expense or Cost of Goods Sold",
    ("bill", "ap_account"): "Accounts Payable",
    ("payment", "account"): "Bank or Credit Card",
}
_MANY: Final = 20  # faults of one box; a hundred say no more, and each asks for near misses
_PLACES: Final = 5
_INCOME: Final = ("Income", "Other Income")
_DELETED: Final = (" (deleted)", " (Deleted)")


def name_faults(form: Form, names: Names) -> list[Fault]:
    """
    What is missing, inactive, ambiguous, of the wrong type or in the wrong currency, each name once.

    Names that only an invoice tells are not looked at. Of a vendor that the policy lets be made, only what would keep
    it from being made matters.
    """
    looked = _Looked(form, names)
    named: dict[tuple[Part, str, str], list[Produced]] = {}
    for each in produced(form):
        if (each.part, each.box) in _FIND:
            named.setdefault((each.part, each.box, each.text), []).append(each)
    faults: dict[tuple[Part, str], list[Fault]] = {}
    for (part, box, _), places in named.items():
        found = faults.setdefault((part, box), [])
        if len(found) < _MANY:
            places.sort(key=lambda place: (place.table or "", place.line))
            found.extend(looked.faults(places))
    told = [*looked.currency(), *(fault for found in faults.values() for fault in found)]
    return sorted(told, key=lambda fault: (fault.place.file != form.path, fault.place.file, fault.place.line))


@dataclass(slots=True)
class _Looked:
    """The company's lists, and what one mapping wants of them."""

    form: Form
    names: Names
    _known: dict[str, frozenset[str]] = field(default_factory=dict)

    def faults(self, places: list[Produced]) -> Iterator[Fault]:
        """What is wrong with one name, at the first of its places."""
        first = places[0]
        if first.box == "tax" and self.names.facts.in_united_states:
            return  # there a bill carries no tax code
        if first.box == "vendor" and _folded(first.text) not in self._of("Vendor") and self._made():
            yield from self._taken(places)
            return
        found = _FIND[first.part, first.box](self.names, first.text)
        if isinstance(found, Missing):
            yield first.fault(found.code, found.reason, _help(found, first) + _elsewhere(places))
            return
        if first.part == "line" and found.type in _INCOME:
            what = f"the account {first.text!r} is of type {found.type}: a bill on it lowers the income and is no cost"
            help_ = f"name an account of type {_TYPES[first.part, first.box]}" + _elsewhere(places)
            yield first.fault("account-wrong-type", what, help_)
            return
        yield from self._currencies(found, places)

    def currency(self) -> Iterator[Fault]:
        """A currency that the mapping names and the company has not."""
        rule = self.form.rules.bill["currency"]
        literal = rule.template.literal
        facts = self.names.facts if literal else None
        if literal is None or facts is None or facts.multicurrency or not facts.home_currency:
            return
        if literal.strip().upper() != facts.home_currency:
            what = (
                f"every bill is in {literal.strip()}, and this company keeps its books in {facts.home_currency} alone"
            )
            help_ = f"write {facts.home_currency}, or switch on multicurrency in QuickBooks (it stays on for good)"
            yield self.form.fault("currency-not-enabled", what, rule.span, help_)

    def _made(self) -> bool:
        return self.form.policy.vendor_missing == "create"

    def _taken(self, places: list[Produced]) -> Iterator[Fault]:
        """QuickBooks gives a name out once over vendors, customers and employees."""
        lists: tuple[tuple[Entity, str], ...] = (("Customer", "a customer"), ("Employee", "an employee"))
        name = places[0].text
        for entity, who in lists:
            if _folded(name) in self._of(entity):
                what = f"{who} in QuickBooks is called {name!r}: a vendor needs a name of its own"
                help_ = "give the vendor another name; one that is new is made by itself" + _elsewhere(places)
                yield places[0].fault("vendor-name", what, help_)
                return

    def _currencies(self, found: Reference, places: list[Produced]) -> Iterator[Fault]:
        """What has a currency of its own must have the bill's; a payment may come from the company's own too."""
        if not found.currency or (places[0].box not in ("vendor", "ap_account") and places[0].part != "payment"):
            return
        for place in places:
            wanted = place.currency
            if wanted is None or wanted == found.currency:
                continue
            if place.part == "payment" and found.currency == self.names.facts.home_currency:
                continue
            kind = "vendor" if place.box == "vendor" else "account"
            what = f"the {kind} {place.text!r} is kept in {found.currency} in QuickBooks, and the bill is in {wanted}"
            yield place.fault(
                f"{kind}-currency", what, f"name {'one' if kind == 'vendor' else 'an account'} in {wanted}"
            )
            return

    def _of(self, entity: Entity) -> frozenset[str]:
        """Every name of a list, inactive ones too: looked up at once, where near misses take their time."""
        if entity not in self._known:
            self._known[entity] = frozenset(_folded(_without_mark(each)) for each in self.names.all(entity))
        return self._known[entity]


def _help(missing: Missing, place: Produced) -> str:
    kind, near = missing.kind, _listed(missing.near)
    if missing.code.endswith("-ambiguous"):
        return f"write the one that is meant exactly as QuickBooks shows it: {near}"
    if missing.code.endswith("-inactive"):
        return f"make the {kind} active in QuickBooks, or name another"
    if missing.code.endswith("-wrong-type"):
        return f"name an account of type {_TYPES[place.part, place.box]}" if kind == "account" else "name one in it"
    return f"did you mean {near}?" if near else f"mend the name, or add the {kind} in QuickBooks"


def _listed(names: tuple[str, ...]) -> str:
    """a, b or c."""
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _elsewhere(places: list[Produced]) -> str:
    """Where the same name stands too."""
    others = list(dict.fromkeys(f"{place.table or 'the mapping'}:{place.line}" for place in places[1:]))
    if not others:
        return ""
    shown = ", ".join(others[:_PLACES])
    return f"\nit stands also in {shown}" + (f" and {len(others) - _PLACES} more" if len(others) > _PLACES else "")


def _without_mark(reference: Reference) -> str:
    name = reference.full_name
    for mark in _DELETED:
        name = name.removesuffix(mark)
    return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
