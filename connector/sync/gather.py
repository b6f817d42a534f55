"""Everything that a decision needs to know about a handful of invoices: what the state, the lists and the books say."""

import datetime
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from connector.document import Document, Key, from_data, marker
from connector.invoice import Invoice, Trouble
from connector.mapping import Mapped, Mapping
from connector.plan import Case, Facts, Known
from connector.push.vendors import name_taken, other_currency
from connector.quickbooks.facts import CompanyFacts
from connector.quickbooks.names import Missing, Names, Reference
from connector.quickbooks.refs import find_refs
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.books import Books, Wanted

__all__ = ["MAY_WRITE", "Gathered", "Payees", "known_of"]

MAY_WRITE: Final = frozenset({"ready", "held", "blocked", "refused", "skipped"})
"""States out of which a document may still become a write."""

_Missing = tuple[Literal["held", "blocked"], Trouble]


def known_of(row: DocumentRow, *, settled: bool = False) -> Known:
    """A document of the state as a decision sees it."""
    sending = row.state == "sending"
    return Known(
        state=row.state,  # type: ignore[arg-type]  # the table of moves lets no other word in
        code=row.code or ("outcome-unknown" if sending else None),
        reason=row.reason or ("sent, and QuickBooks' answer was lost" if sending else None),
        remedy=row.remedy or ("nothing to do: the next run looks in QuickBooks first" if sending else None),
        facts=Facts(**row.facts) if row.facts else None,
        content=from_data(row.content) if row.content else None,
        qbo_id=row.qbo_id,
        generation=row.generation,
        settled=settled,
    )


@dataclass(slots=True)
class Payees:
    """
    Which vendor each payee of a source is paid as (mapping rule 11).

    Args:
        vendors: The vendor of each payee of this source.
        payees: (source, payee) by the vendor's name in lower case, over all sources.
    """

    source: str
    vendors: dict[str, str]
    payees: dict[str, set[tuple[str, str]]]
    new: dict[str, str] = field(default_factory=dict)
    """Payees met for the first time, or told anew by a table."""

    def meet(self, invoice: Invoice, mapped: Mapped) -> Trouble | None:
        """Note who is paid as whom; the trouble where a name alone would bring two payees to one vendor."""
        if invoice.payee is None:
            return None
        vendor, by_name = mapped.document.vendor, mapped.vendor_by == "field"
        before = self.vendors.get(invoice.payee)
        if by_name and before is not None and before != vendor:
            return Trouble(
                "vendor-renamed",
                f'payee {invoice.payee} was paid as "{before}" and is now called "{vendor}"',
                _row_for(invoice.payee),
            )
        others = self.payees.get(vendor.lower(), set()) - {(self.source, invoice.payee)}
        if by_name and others:
            other = ", ".join(sorted(f"{payee} ({source})" for source, payee in others))
            return Trouble(
                "vendor-shared",
                f'payee {invoice.payee} would be paid as "{vendor}", which is the vendor of payee {other}',
                _row_for(invoice.payee),
            )
        if before != vendor:
            self.vendors[invoice.payee] = vendor
            self.new[invoice.payee] = vendor
        self.payees.setdefault(vendor.lower(), set()).add((self.source, invoice.payee))
        return None


def _row_for(payee: str) -> str:
    return (
        f"add a row for {payee} with a vendor name of its own to the mapping's table of vendors; "
        "a vendor of a new name is made by itself"
    )


@dataclass(slots=True)
class Gathered:
    """
    Gathers the cases of one source in one run.

    Args:
        names: None where QuickBooks is not asked, because nothing would be written.
        numbers_twice: Bill numbers that two invoices of this run lay claim to.
        settled: Keys of documents that this run found had arrived.
    """

    state: State
    company: str
    source: str
    mapping: Mapping
    payees: Payees
    names: Names | None
    books: Books | None
    numbers_twice: frozenset[str] = frozenset()
    settled: frozenset[Key] = frozenset()

    def cases(self, invoices: Sequence[Invoice]) -> list[Case]:
        """One case for each invoice, in their order."""
        rows = self.state.documents(self.company, self.source, [invoice.id for invoice in invoices])
        cases = [self._case(invoice, rows) for invoice in invoices]
        if self.books is None:
            return cases
        wanted = [
            Wanted(case.key, case.marker, case.outcome.document, case.vendor_id)
            for case in cases
            if isinstance(case.outcome, Mapped) and (case.known is None or case.known.state in MAY_WRITE)
        ]
        found = self.books.found(wanted)
        return [replace(case, found=found.get(case.key, ())) for case in cases]

    def _case(self, invoice: Invoice, rows: Table[tuple[str, str], DocumentRow]) -> Case:
        outcome = self.mapping.apply(invoice)
        mapped = outcome.document if isinstance(outcome, Mapped) else None
        kept = [rows[invoice.id, kind] for kind in ("bill", "credit") if (invoice.id, kind) in rows]
        row = next((each for each in kept if each.state in ("sent", "sending")), kept[0] if kept else None)
        stays = row is not None and (row.qbo_id is not None or row.state == "sending")
        kind = mapped.kind if mapped and not stays else (row.kind if row else "bill")
        row = rows.get((invoice.id, kind)) or row
        key = Key(self.company, self.source, invoice.id, kind)  # type: ignore[arg-type]  # one of the kinds
        known = known_of(row, settled=key in self.settled) if row else None
        case = Case(key, invoice, outcome, marker(key), known, due=row.due if row else (mapped.due if mapped else None))
        if mapped is None or (known is not None and known.state not in MAY_WRITE):
            return case
        shared = self.payees.meet(invoice, outcome) if isinstance(outcome, Mapped) else None
        vendor_id, missing, due = self._in_company(mapped)
        if shared is not None:
            missing = (("held", shared), *missing)
        twice = mapped.number in self.numbers_twice
        return replace(case, vendor_id=vendor_id, missing=missing, number_twice=twice, due=due)

    def _in_company(self, document: Document) -> tuple[str | None, tuple[_Missing, ...], datetime.date | None]:
        """The vendor's id, why this company cannot hold the document, and when it is due there."""
        if self.names is None:
            return None, (), document.due
        facts = self.names.facts
        missing: list[_Missing] = []
        if not facts.multicurrency and facts.home_currency and document.currency != facts.home_currency:
            missing.append(("blocked", _no_currency(document.currency, facts)))
        vendor = self.names.vendor(document.vendor)
        stand_in = Reference("Vendor", "", document.vendor, document.vendor)
        refs = find_refs(document, self.names, vendor if isinstance(vendor, Reference) else stand_in)
        due = _due(document, None if isinstance(refs, tuple) else refs.term)
        if isinstance(refs, tuple):
            missing.extend(("blocked", _not_there(each, self.mapping.path)) for each in refs)
        if isinstance(vendor, Reference):
            if facts.multicurrency and vendor.currency and vendor.currency != document.currency:
                missing.insert(0, ("blocked", other_currency(vendor.name, vendor.currency, document.currency)))
            return vendor.id, tuple(missing), due
        if vendor.code != "vendor-not-found":
            missing.insert(0, ("blocked", _not_there(vendor, self.mapping.path)))
        elif self.mapping.policy.vendor_missing == "hold":
            trouble = _not_there(vendor, self.mapping.path)
            missing.insert(0, ("held", Trouble("vendor-missing", trouble.reason, trouble.remedy)))
        elif who := self.names.taken_by(document.vendor):
            missing.insert(0, ("blocked", name_taken(document.vendor, who, self.mapping.path)))
        return None, tuple(missing), due


def _due(document: Document, term: Reference | None) -> datetime.date | None:
    """The due box, or else what the terms in QuickBooks come to."""
    days = term.extra.get("due_days", "") if term else ""
    return document.due or (document.date + datetime.timedelta(days=int(days)) if days.isdigit() else None)


def _no_currency(currency: str, facts: CompanyFacts) -> Trouble:
    return Trouble(
        "currency-not-enabled",
        f"the bill is in {currency}; this company keeps its books in {facts.home_currency} and has no other currency",
        "switch on multicurrency in QuickBooks (it stays on for good), or leave these invoices out in the mapping",
    )


def _not_there(missing: Missing, mapping: str) -> Trouble:
    near = f"; did you mean {' or '.join(repr(name) for name in missing.near)}?" if missing.near else ""
    return Trouble(
        missing.code,
        f"{missing.reason}{near}",
        f"add or activate the {missing.kind} in QuickBooks, or name another in {mapping} or its tables",
    )
