"""From actions to orders: names become references, the document becomes bytes, and nothing is sent yet."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from itertools import islice
from typing import Any, Final

from connector.document import Document, as_data
from connector.invoice import Trouble
from connector.plan import Action, Facts
from connector.push.order import Operation, Order, request_id
from connector.push.rates import Rates
from connector.push.vendors import other_currency
from connector.quickbooks.documents import delete_body, entity_of, payment_body, to_body, update_body
from connector.quickbooks.frozen import frozen
from connector.quickbooks.names import Missing, Names, Reference
from connector.quickbooks.refs import find_refs
from connector.quickbooks.transport import Company
from connector.state.store import State

__all__ = ["Orders"]

_CHUNK: Final = 500


class Orders:
    """
    Makes the orders of one run.

    Args:
        vendors: Vendors that were just made, or why they could not be, by the name in lower case.
        versions: The version of each source's mapping, which stands on every document that it made.
    """

    def __init__(
        self,
        state: State,
        company: Company,
        names: Names,
        vendors: Mapping[str, Reference | Trouble],
        versions: Mapping[str, str],
    ) -> None:
        self._state = state
        self._names = names
        self._vendors = vendors
        self._versions = versions
        self._rates = Rates(company, names)

    def of(self, actions: Iterable[tuple[int, Action]]) -> Iterator[tuple[int, Action, Order | Trouble]]:
        """One order for each action, or why there is none after all."""
        source = iter(actions)
        for chunk in iter(lambda: list(islice(source, _CHUNK)), []):
            rows = self._state.rows_of([action.key for _, action in chunk])
            self._rates.learn(action.document for _, action in chunk if action.document and action.action != "remove")
            for n, action in chunk:
                if action.document is None:  # pragma: no cover - an action that writes has one
                    raise AssertionError(action)
                id_, sent_before = rows[action.key]
                yield n, action, self._order(n, action, action.document, id_, new=not sent_before)

    def _order(self, n: int, action: Action, document: Document, id_: int, *, new: bool) -> Order | Trouble:
        if action.action == "remove":
            return self._removal(n, action, document, id_)
        if action.action == "update":
            return self._update(n, action, document, id_)
        if action.action == "pay":
            return self._payment(n, action, document, id_)
        body = self._body(action, document)
        if isinstance(body, Trouble):
            return body
        own, exact = action.marker, frozen(body)
        generation = action.generation if new else self._generation(id_, action, "create", "0", exact)
        return Order(n, action.key, own, id_, document, entity_of(document.kind), exact, generation)

    def _update(self, n: int, action: Action, document: Document, id_: int) -> Order | Trouble:
        # QuickBooks works the due date out from the terms for a new document only.
        wanted = self._body(action, replace(document, due=action.due))
        if isinstance(wanted, Trouble):
            return wanted
        record = _record(action)
        body, revision = frozen(update_body(record, wanted)), str(record["SyncToken"])
        generation = self._generation(id_, action, "update", revision, body)
        own, entity = action.marker, entity_of(document.kind)
        becomes = {
            "vendor": document.vendor,
            "date": document.date,
            "due": action.due,
            "currency": document.currency,
            "amount": document.amount,
            "content": as_data(document),
            "facts": asdict(Facts.of(action.invoice)),
            "mapping_version": self._versions.get(action.key.source),
            "revision": revision,
        }
        return Order(n, action.key, own, id_, document, entity, body, generation, "update", revision, becomes)

    def _removal(self, n: int, action: Action, document: Document, id_: int) -> Order:
        record = _record(action)
        revision = str(record["SyncToken"])
        body = frozen(delete_body(str(record["Id"]), revision))
        generation = self._generation(id_, action, "delete", revision, body)
        own, entity = action.marker, entity_of(action.key.kind)
        becomes = {"revision": revision}
        return Order(n, action.key, own, id_, document, entity, body, generation, "delete", revision, becomes)

    def _payment(self, n: int, action: Action, document: Document, id_: int) -> Order | Trouble:
        account = self._names.payment_account(document.lines[0].account or "")
        if isinstance(account, Missing):
            return Trouble(account.code, account.reason, "add it in QuickBooks, or name another in the mapping")
        rate = self._rates.of(document)
        if isinstance(rate, Trouble):
            return rate
        bill, facts = _record(action), self._names.facts
        body = frozen(payment_body(document, bill, account, marker=action.marker, facts=facts, rate=rate))
        generation = self._generation(id_, action, "create", "0", body)
        entity, own = entity_of(document.kind), action.marker
        becomes = {"currency": document.currency, "amount": document.amount, "content": as_data(document)}
        return Order(n, action.key, own, id_, document, entity, body, generation, becomes=becomes, pays=bill["Id"])

    def _body(self, action: Action, document: Document) -> dict[str, Any] | Trouble:
        vendor = self._vendors.get(document.vendor.lower())
        if isinstance(vendor, Trouble):
            return vendor
        if vendor is not None and vendor.currency and vendor.currency != document.currency:
            return other_currency(vendor.name, vendor.currency, document.currency)
        refs = find_refs(document, self._names, vendor)
        if isinstance(refs, tuple):
            return Trouble(refs[0].code, refs[0].reason, "add it in QuickBooks, or mend the mapping")
        rate = self._rates.of(document)
        if isinstance(rate, Trouble):
            return rate
        return to_body(document, refs, marker=action.marker, facts=self._names.facts, rate=rate)

    def _generation(self, id_: int, action: Action, operation: Operation, revision: str, body: bytes) -> int:
        """
        The same id always goes with the same bytes, and never again after a definite refusal.

        Other bytes after a proven absence are a new generation; so is a refusal that was overtaken by a hold.
        """
        generation = action.generation
        used = [
            (stored.request.request_id, item)
            for stored in self._state.requests_of(id_)
            for item in stored.items
            if item.document == id_
        ]
        text = body.decode()
        while True:
            own = request_id(action.key, operation, revision, generation)
            if not any(
                (item.outcome == "refused" and item.generation == generation) or (request == own and item.body != text)
                for request, item in used
            ):
                return generation
            generation += 1


def _record(action: Action) -> Mapping[str, Any]:
    if action.standing is None or action.standing.record is None:  # pragma: no cover - only what was read is changed
        raise AssertionError(action)
    return action.standing.record
