"""Everything that a decision needs to know about a handful of invoices: what the state, the lists and the books say."""

import datetime
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from connector.document import Document, Key, from_data, marker
from connector.invoice import Invoice, Trouble
from connector.mapping import Mapped, Mapping, NotMapped
from connector.plan import Case, Facts, Known, Verb
from connector.push.vendors import name_taken, other_currency
from connector.quickbooks.names import Missing, Names, Reference
from connector.quickbooks.refs import find_refs
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.books import Books, Wanted
from connector.sync.lacks import lacks
from connector.sync.numbers import Numbers
from connector.sync.standing import Standings

__all__ = ["MAY_WRITE", "Gathered", "Payees", "known_of"]

MAY_WRITE: Final = frozenset({"ready", "held", "blocked", "refused", "skipped"})
"""States out of which a document may still become a write."""

_Missing = tuple[Literal["held", "blocked"], Trouble]


def known_of(row: DocumentRow, settled: Verb | None = None) -> Known:
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
        astray=row.qbo_id is not None and row.facts is None,
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


@dataclass(frozen=True, slots=True)
class _Met:
    """
    An invoice with what mapping and state say of it.

    Args:
        document: What may become a write.
        changing: QuickBooks may have to follow: how the document stands there is looked up.
    """

    key: Key
    invoice: Invoice
    outcome: Mapped | NotMapped
    row: DocumentRow | None
    known: Known | None
    document: Document | None
    changing: bool


@dataclass(frozen=True, slots=True)
class _Looked:
    """What the company's lists say of a document: its vendor, why it cannot be held, when it is due."""

    vendor_id: str | None = None
    missing: tuple[_Missing, ...] = ()
    due: datetime.date | None = None


@dataclass(slots=True)
class Gathered:
    """
    Gathers the cases of one source in one run.

    Args:
        names: With ``books`` None as long as QuickBooks was not asked, because nothing would be written.
        numbers_twice: Bill numbers that two invoices of this run lay claim to.
        settled: What this run found to have arrived, by the document's key.
        numbers: Where the bill numbers that are laid claim to are noted.
        start_date: Nothing dated earlier lays claim to a number.
        ask: Called before the first document that may be written, for the lists, the books and what stands there.
        follows: Whether QuickBooks may have to follow what the source now says of a sent document.
    """

    state: State
    company: str
    source: str
    mapping: Mapping
    payees: Payees
    names: Names | None = None
    books: Books | None = None
    numbers_twice: frozenset[str] = frozenset()
    settled: Table[Key, Verb] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
    start_date: datetime.date = datetime.date.min
    ask: Callable[[], tuple[Names, Books, Standings]] | None = None
    follows: Callable[[Known, Invoice], bool] | None = None
    standings: Standings | None = None

    def cases(self, invoices: Sequence[Invoice]) -> list[Case]:
        """One case for each invoice, in their order."""
        rows = self.state.documents(self.company, self.source, [invoice.id for invoice in invoices])
        met = [self._meet(invoice, rows) for invoice in invoices]
        claims = [each.document.number for each in met if each.document is not None and self._claims(each)]
        for number in claims:
            self.numbers.claim(number)
        changing = [each.row for each in met if each.changing and each.row is not None]
        if (claims or changing) and self.ask is not None:
            self.names, self.books, self.standings = self.ask()
        looked = [self._look(each) for each in met]
        wanted = [
            Wanted(each.key, marker(each.key), each.document, seen.vendor_id)
            for each, seen in zip(met, looked, strict=True)
            if each.document is not None and not each.changing
        ]
        standing = self.standings.of(changing) if self.standings is not None else {}
        found = self.books.found(wanted) if self.books is not None else {}
        marks = {each.key: each.marker for each in wanted}
        return [
            Case(
                each.key,
                each.invoice,
                each.outcome,
                marks.get(each.key) or marker(each.key),
                each.known,
                seen.vendor_id,
                seen.missing,
                found.get(each.key, ()),
                each.document is not None and each.document.number in self.numbers_twice,
                seen.due,
                standing.get(each.row.id or 0) if each.row else None,
            )
            for each, seen in zip(met, looked, strict=True)
        ]

    def _meet(self, invoice: Invoice, rows: Table[tuple[str, str], DocumentRow]) -> _Met:
        outcome = self.mapping.apply(invoice)
        mapped = outcome.document if isinstance(outcome, Mapped) else None
        kept = [rows[invoice.id, kind] for kind in ("bill", "credit") if (invoice.id, kind) in rows]
        row = next((each for each in kept if each.state in ("sent", "sending")), kept[0] if kept else None)
        stays = row is not None and (row.qbo_id is not None or row.state == "sending")
        kind = mapped.kind if mapped and not stays else (row.kind if row else "bill")
        row = rows.get((invoice.id, kind)) or row
        key = Key(self.company, self.source, invoice.id, kind)  # type: ignore[arg-type]  # one of the kinds
        known = known_of(row, self.settled.get(key)) if row else None
        changing = known is not None and self.follows is not None and self.follows(known, invoice)
        may_write = known is None or (known.state in MAY_WRITE and not known.stands) or changing
        return _Met(key, invoice, outcome, row, known, mapped if may_write else None, changing=changing)

    def _claims(self, met: _Met) -> bool:
        """Whether a document may be written now, and not only after a person said so."""
        day = met.invoice.date
        if day is None or day < self.start_date:
            return False
        waits = isinstance(met.outcome, Mapped) and met.outcome.late is not None
        return not (waits and met.known is not None and met.known.state == "held")

    def _look(self, met: _Met) -> _Looked:
        if met.document is None:
            mapped = met.outcome.document if isinstance(met.outcome, Mapped) else None
            return _Looked(due=met.row.due if met.row else (mapped.due if mapped else None))
        shared = self.payees.meet(met.invoice, met.outcome) if isinstance(met.outcome, Mapped) else None
        looked = self._in_company(met.document)
        return looked if shared is None else replace(looked, missing=(("held", shared), *looked.missing))

    def _in_company(self, document: Document) -> _Looked:
        if self.names is None:
            return _Looked(due=document.due)
        facts = self.names.facts
        missing: list[_Missing] = [("blocked", trouble) for trouble in lacks(document, facts)]
        vendor = self.names.vendor(document.vendor)
        stand_in = Reference("Vendor", "", document.vendor, document.vendor)
        refs = find_refs(document, self.names, vendor if isinstance(vendor, Reference) else stand_in)
        due = _due(document, None if isinstance(refs, tuple) else refs.term)
        if isinstance(refs, tuple):
            missing.extend(("blocked", _not_there(each, self.mapping.path)) for each in refs)
        if isinstance(vendor, Reference):
            if facts.multicurrency and vendor.currency and vendor.currency != document.currency:
                missing.insert(0, ("blocked", other_currency(vendor.name, vendor.currency, document.currency)))
            return _Looked(vendor.id, tuple(missing), due)
        if vendor.code != "vendor-not-found":
            missing.insert(0, ("blocked", _not_there(vendor, self.mapping.path)))
        elif self.mapping.policy.vendor_missing == "hold":
            trouble = _not_there(vendor, self.mapping.path)
            missing.insert(0, ("held", Trouble("vendor-missing", trouble.reason, trouble.remedy)))
        elif who := self.names.taken_by(document.vendor):
            missing.insert(0, ("blocked", name_taken(document.vendor, who, self.mapping.path)))
        return _Looked(None, tuple(missing), due)


def _due(document: Document, term: Reference | None) -> datetime.date | None:
    """The due box, or else what the terms in QuickBooks come to."""
    days = term.extra.get("due_days", "") if term else ""
    return document.due or (document.date + datetime.timedelta(days=int(days)) if days.isdigit() else None)


def _not_there(missing: Missing, mapping: str) -> Trouble:
    near = f"; did you mean {' or '.join(repr(name) for name in missing.near)}?" if missing.near else ""
    return Trouble(
        missing.code,
        f"{missing.reason}{near}",
        f"add or activate the {missing.kind} in QuickBooks, or name another in {mapping} or its tables",
    )
