"""Everything that a decision needs to know about a handful of invoices: what the state, the lists and the books say."""

import datetime
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from connector.document import Document, Key, from_data, marker
from connector.invoice import Invoice, Trouble
from connector.mapping import Mapped, Mapping, NotMapped
from connector.plan import Case, Facts, Known, Standing, Verb, Word, accepted, made_otherwise
from connector.push.vendors import name_taken, other_currency
from connector.quickbooks.names import Missing, Names, Reference
from connector.quickbooks.refs import find_refs
from connector.state.clock import utc_now
from connector.state.said import ReviewRow
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.books import Books, Wanted
from connector.sync.lacks import lacks
from connector.sync.numbers import Numbers
from connector.sync.payees import Payees
from connector.sync.standing import Standings
from connector.sync.taking_back import credit_beside, is_taken_back, takes_back
from connector.value import value

__all__ = ["MAY_WRITE", "Gathered", "known_of", "not_there", "words_of"]

MAY_WRITE: Final = frozenset({"ready", "held", "blocked", "refused", "skipped"})
"""States out of which a document may still become a write."""

_Missing = tuple[Literal["held", "blocked"], Trouble]
_STAND_IN: Final = Reference("Vendor", "", "", "")
"""Of a vendor that is looked at by itself."""


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
        revision=row.sync_token or "",
    )


def words_of(rows: Sequence[ReviewRow]) -> tuple[Word, ...]:
    """What persons said of a bill or credit, as a decision sees it."""
    return tuple(
        Word(
            row.verb,  # type: ignore[arg-type]  # only such verbs are ever kept
            row.who,
            row.at.date(),
            row.why or "",
            row.hash or "",
            row.source_hash or "",
            row.entity,
            row.qbo_id,
        )
        for row in rows
        if row.kind != "payment"
    )


@value(frozen=True, slots=True)
class _Met:
    """
    An invoice with what mapping and state say of it.

    Args:
        document: What may become a write.
        changing: QuickBooks may have to follow: how the document stands there is looked up.
        bill: What the document takes back.
        words: What persons said about it.
    """

    key: Key
    invoice: Invoice
    outcome: Mapped | NotMapped
    row: DocumentRow | None
    known: Known | None
    document: Document | None
    changing: bool
    bill: DocumentRow | None = None
    words: tuple[Word, ...] = ()

    @property
    def asked(self) -> DocumentRow | None:
        """The document that is looked up in QuickBooks."""
        if self.bill is not None and (self.known is None or not self.known.stands):
            return self.bill
        return self.row if self.changing or self.bill is not None else None


@value(frozen=True, slots=True)
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
        follows: Whether QuickBooks may have to follow what the source now says of a sent document; None where nothing
            is to follow, and a bill is looked at without the credit that took it back.
        rewrite: What stands in QuickBooks is to follow the mapping too: how it stands is looked up where it differs.
        today: On which a void that is met for the first time was first seen, UTC.
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
    rewrite: bool = False
    today: datetime.date = field(default_factory=lambda: utc_now().date())
    payments: dict[str, DocumentRow] = field(default_factory=dict)
    """The payments of the invoices whose cases were gathered last."""

    def cases(self, invoices: Sequence[Invoice], rows: Table[tuple[str, str], DocumentRow] | None = None) -> list[Case]:
        """One case for each invoice, in their order; ``rows`` are their documents, where they are read already."""
        ids = [invoice.id for invoice in invoices]
        if rows is None:
            rows = self.state.documents(self.company, self.source, ids)
        said = self.state.words(self.company, self.source, ids)
        self.payments = {invoice: row for (invoice, kind), row in rows.items() if kind == "payment"}
        met = [self._meet(invoice, rows, words_of(said.get(invoice.id, ()))) for invoice in invoices]
        claims = [each.document.number for each in met if each.document is not None and self._claims(each)]
        for number in claims:
            self.numbers.claim(number)
        asked = [row for each in met if (row := each.asked) is not None]
        if claims or asked:
            self._open()
        looked = [self._look(each) for each in met]
        marks = [marker(each.key) for each in met]
        wanted = [
            Wanted(each.key, mark, each.document, seen.vendor_id, _mark_of_credit(each.key))
            for each, seen, mark in zip(met, looked, marks, strict=True)
            if each.document is not None and not each.changing
        ]
        standing = self._standing(asked)
        found = self.books.found(wanted) if self.books is not None else {}
        return [
            Case(
                each.key,
                each.invoice,
                each.outcome,
                mark,
                each.known,
                seen.vendor_id,
                seen.missing,
                found.get(each.key, ()),
                each.document is not None and each.document.number in self.numbers_twice,
                seen.due,
                standing.get(row.id or 0) if (row := each.asked) else None,
                takes_back=known_of(each.bill) if each.bill else None,
                words=each.words,
            )
            for each, seen, mark in zip(met, looked, marks, strict=True)
        ]

    def _open(self) -> None:
        if self.ask is not None:
            self.names, self.books, self.standings = self.ask()

    def _standing(self, asked: Sequence[DocumentRow]) -> dict[int, Standing]:
        """A bill whose payment went unanswered counts as paid until that is known: it is not changed under it."""
        found = self.standings.of(asked) if self.standings is not None else {}
        in_flight = {invoice for invoice, payment in self.payments.items() if payment.state == "sending"}
        paying = {row.id or 0 for row in asked if row.invoice in in_flight}
        return {id_: replace(each, paid=True) if id_ in paying else each for id_, each in found.items()}

    def _meet(self, invoice: Invoice, rows: Table[tuple[str, str], DocumentRow], words: tuple[Word, ...]) -> _Met:
        outcome = self.mapping.apply(invoice)
        bill, credit = rows.get((invoice.id, "bill")), rows.get((invoice.id, "credit"))
        policy = self.mapping.policy
        if self.follows is not None and bill and is_taken_back(bill, credit, invoice, outcome, policy):
            billed = Key(self.company, self.source, invoice.id, "bill")
            # A person may accept that bill and credit stand, which brings the bill no payment and no change.
            if takes_back(credit) or accepted(words, billed, invoice, known_of(bill)) is None:
                return self._meet_credit(invoice, outcome, bill, credit, words)
        mapped = outcome.document if isinstance(outcome, Mapped) else None
        kept = [rows[invoice.id, kind] for kind in ("bill", "credit") if (invoice.id, kind) in rows]
        row = next((each for each in kept if each.state in ("sent", "sending")), kept[0] if kept else None)
        stays = row is not None and (row.qbo_id is not None or row.state == "sending") and row.state != "removed"
        kind = mapped.kind if mapped and not stays else (row.kind if row else "bill")
        row = rows.get((invoice.id, kind)) or row
        key = Key(self.company, self.source, invoice.id, kind)  # type: ignore[arg-type]  # one of the kinds
        known = known_of(row, self.settled.get(key)) if row else None
        changing = again = False
        if known is not None and self.follows is not None and accepted(words, key, invoice, known) is None:
            # What a person released may need no policy.
            changing = self.follows(known, invoice) or (known.stands and _approved(words))
            changing = changing or (self.rewrite and _made_otherwise(known, mapped))
            again = known.state == "removed" and _approved(words)
        may_write = known is None or (known.state in MAY_WRITE and not known.stands) or changing or again
        return _Met(key, invoice, outcome, row, known, mapped if may_write else None, changing=changing, words=words)

    def _meet_credit(
        self,
        invoice: Invoice,
        outcome: Mapped | NotMapped,
        bill: DocumentRow,
        credit: DocumentRow | None,
        words: tuple[Word, ...],
    ) -> _Met:
        """Where a vendor credit takes the bill back, the run is about that credit."""
        key = Key(self.company, self.source, invoice.id, "credit")
        known = known_of(credit, self.settled.get(key)) if credit else None
        document = None
        if invoice.void and (known is None or (known.state in MAY_WRITE and not known.stands)):
            self._open()
            outcome = credit_beside(bill, credit, invoice, self.names, self.today)
            document = outcome.document if isinstance(outcome, Mapped) else None
        return _Met(key, invoice, outcome, credit, known, document, changing=False, bill=bill, words=words)

    def _claims(self, met: _Met) -> bool:
        """Whether a document may be written now, and not only after a person said so."""
        day = met.invoice.date
        if met.bill is None and (day is None or day < self.start_date):
            return False
        waits = isinstance(met.outcome, Mapped) and met.outcome.late is not None
        return _approved(met.words) or not (waits and met.known is not None and met.known.state == "held")

    def _look(self, met: _Met) -> _Looked:
        if met.document is None:
            mapped = met.outcome.document if isinstance(met.outcome, Mapped) else None
            return _Looked(due=met.row.due if met.row else (mapped.due if mapped else None))
        looked = self._in_company(met.document)
        if met.bill is not None:
            return looked if self.names is None else _of_the_same_vendor(looked, met.bill)
        shared = self.payees.meet(met.invoice, met.outcome) if isinstance(met.outcome, Mapped) else None
        if shared is not None:
            return replace(looked, missing=(("held", shared), *looked.missing))
        renamed = self._renamed(met.invoice.payee, met.document.vendor, looked)
        return looked if renamed is None else replace(looked, missing=(("blocked", renamed), *looked.missing))

    def _renamed(self, payee: str | None, vendor: str, looked: _Looked) -> Trouble | None:
        """A vendor that a person renamed in QuickBooks is not made anew under its old name."""
        if self.names is None or (before := self.payees.find(payee, looked.vendor_id)) is None:
            return None
        now = next((each.name for each in self.names.all("Vendor") if each.id == before and each.active), None)
        if now is None:
            return None
        return Trouble(
            "vendor-renamed-in-quickbooks",
            f'payee {payee} was paid as vendor {before} "{vendor}", who is called "{now}" in QuickBooks now',
            f'add a row for {payee} with the vendor "{now}" to the table of vendors of {self.mapping.path}, '
            "or give the vendor its old name back in QuickBooks",
        )

    def _in_company(self, document: Document) -> _Looked:
        if self.names is None:
            return _Looked(due=document.due)
        facts = self.names.facts
        missing: list[_Missing] = [("blocked", trouble) for trouble in lacks(document, facts)]
        vendor = self.names.vendor(document.vendor)
        refs = find_refs(document, self.names, vendor if isinstance(vendor, Reference) else _STAND_IN)
        due = _due(document, None if isinstance(refs, tuple) else refs.term)
        if isinstance(refs, tuple):
            missing.extend(("blocked", not_there(each, self.mapping.path)) for each in refs)
        if isinstance(vendor, Reference):
            if facts.multicurrency and vendor.currency and vendor.currency != document.currency:
                missing.insert(0, ("blocked", other_currency(vendor.name, vendor.currency, document.currency)))
            return _Looked(vendor.id, tuple(missing), due)
        if vendor.code != "vendor-not-found":
            missing.insert(0, ("blocked", not_there(vendor, self.mapping.path)))
        elif self.mapping.policy.vendor_missing == "hold":
            trouble = not_there(vendor, self.mapping.path)
            missing.insert(0, ("held", Trouble("vendor-missing", trouble.reason, trouble.remedy)))
        elif who := self.names.taken_by(document.vendor):
            missing.insert(0, ("blocked", name_taken(document.vendor, who, self.mapping.path)))
        return _Looked(None, tuple(missing), due)


def _approved(words: Sequence[Word]) -> bool:
    """Whether a person released something of it, at some time."""
    return any(word.verb == "approve" for word in words)


def _mark_of_credit(key: Key) -> str | None:
    return marker(Key(key.company, key.source, key.invoice, "credit")) if key.kind == "bill" else None


def _of_the_same_vendor(looked: _Looked, bill: DocumentRow) -> _Looked:
    """A credit is of the very vendor of its bill, and none is made for it."""
    if looked.vendor_id == bill.vendor_id or any(trouble.code == "vendor-inactive" for _, trouble in looked.missing):
        return looked
    trouble = Trouble(
        "vendor-not-found",
        f'bill {bill.number} is of vendor {bill.vendor_id} "{bill.vendor}", who is not among the active vendors now',
        "make the vendor active in QuickBooks, or enter the vendor credit there by hand",
    )
    return replace(looked, missing=(("blocked", trouble), *looked.missing))


def _due(document: Document, term: Reference | None) -> datetime.date | None:
    """The due box, or else what the terms in QuickBooks come to."""
    days = term.extra.get("due_days", "") if term else ""
    return document.due or (document.date + datetime.timedelta(days=int(days)) if days.isdigit() else None)


def not_there(missing: Missing, mapping: str) -> Trouble:
    """Why a name of the mapping cannot be used in this company, and what to do."""
    near = f"; did you mean {' or '.join(repr(name) for name in missing.near)}?" if missing.near else ""
    return Trouble(
        missing.code,
        f"{missing.reason}{near}",
        f"add or activate the {missing.kind} in QuickBooks, or name another in {mapping} or its tables",
    )


def _made_otherwise(known: Known, mapped: Document | None) -> bool:
    """Whether the mapping would make another bill of it than the one that stands."""
    there = known.content if known.state == "sent" else None
    return there is not None and mapped is not None and bool(made_otherwise(there, mapped))
