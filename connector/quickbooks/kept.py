"""The names of QuickBooks as they were last read: nobody is asked, so what is newer there is not known."""

from collections.abc import Callable, Iterator
from typing import Final

from connector.document import Document
from connector.quickbooks.names import (
    Cache,
    Entity,
    Index,
    Missing,
    Reference,
    for_a_line,
    for_payables,
    for_payments,
    no_category,
    wrong_type,
)

__all__ = ["KeptLists"]

_Unfit = Callable[[Reference], str]


def _any(_: Reference) -> str:
    return ""


_LISTS: Final[dict[str, tuple[Entity, _Unfit]]] = {
    "vendor": ("Vendor", _any),
    "terms": ("Term", _any),
    "ap_account": ("Account", for_payables),
    "location": ("Department", _any),
    "account": ("Account", for_a_line),
    "item": ("Item", no_category),
    "class": ("Class", _any),
    "customer": ("Customer", _any),
    "tax": ("TaxCode", _any),
    "payment.account": ("Account", for_payments),
}


class KeptLists:
    """The lists of one company, each taken from ``cache`` once."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._lists: dict[Entity, list[Reference]] = {}
        self._indexes: dict[Entity, Index] = {}

    def names(self, box: str) -> list[str]:
        """What may be named in a box (``account``, ``payment.account``), as QuickBooks shows it, in order."""
        if box not in _LISTS:
            return []
        entity, unfit = _LISTS[box]
        return sorted({each.full_name for each in self._list(entity) if each.active and not unfit(each)})

    @staticmethod
    def entity(box: str) -> Entity | None:
        """The list that a box is named from; None where it is named from none."""
        return _LISTS[box][0] if box in _LISTS else None

    def missing(self, document: Document, *, vendor: bool) -> Iterator[Missing]:
        """
        Every name of ``document`` that cannot be used, in the order of the boxes.

        Args:
            document: What a mapping made.
            vendor: Whether the vendor must be there already.
        """
        told = [("vendor", document.vendor)] if vendor else []
        told += [("terms", document.terms), ("ap_account", document.ap_account), ("location", document.location)]
        for line in document.lines:
            told += [("account", line.account or ""), ("item", line.item or ""), ("class", line.class_name)]
            told += [("customer", line.customer), ("tax", line.tax)]
        for box, name in dict.fromkeys(told):
            if name and (found := self._lack(box, name)) is not None:
                yield found

    def _lack(self, box: str, name: str) -> Missing | None:
        entity, unfit = _LISTS[box]
        if entity not in self._indexes:
            self._indexes[entity] = Index(entity, self._list(entity))
        found = self._indexes[entity].find(name)
        if isinstance(found, Missing):
            return found
        return wrong_type(entity, name, why) if (why := unfit(found)) else None

    def _list(self, entity: Entity) -> list[Reference]:
        if entity not in self._lists:
            self._lists[entity] = self._cache.load(entity)
        return self._lists[entity]
