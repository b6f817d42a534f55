"""What stands beside a handful of invoices: the state's documents and QuickBooks' bills, each bill given out once."""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast, get_args

from connector.document import Document, Key, Kind, from_data, marker
from connector.invoice import Invoice
from connector.mapping import Mapped
from connector.mapping import Mapping as Rules
from connector.money import round_minor
from connector.plan import (
    LOOK_ALIKE_DAYS,
    Case,
    Facts,
    Found,
    Known,
    Terms,
    Word,
    decide,
    hash_of_sides,
    hash_of_source,
)
from connector.quickbooks.names import Names, Reference
from connector.quickbooks.posted import bill_from, by_account
from connector.quickbooks.refs import find_refs
from connector.reconcile.compare import differences, signed_net
from connector.reconcile.rows import month_name
from connector.reconcile.shelf import Owner, Shelf
from connector.reconcile.sides import Bill, Intended, Seen, Standing
from connector.state.data import invoice_of
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.books import ENTITIES
from connector.sync.gather import Gathered, words_of

__all__ = ["Beside", "amount_of", "currency_of"]

_MADE = ("sent", "sending", "held")
"""States in which QuickBooks may hold what the state's document says."""


def currency_of(invoice: Invoice, document: Document | None, rules: Rules) -> str | None:
    """What an invoice is counted in: the document's currency, else its own, else the one the mapping always gives."""
    if document is not None:
        return document.currency
    rule = rules.rules.bill.get("currency")
    return invoice.currency or (rule.template.literal if rule else None)


def amount_of(invoice: Invoice, currency: str | None) -> Decimal | None:
    """The source's signed net, rounded to the minor unit."""
    return None if invoice.amount is None else round_minor(invoice.amount, currency or "USD")


@dataclass(slots=True)
class Beside:
    """One source's invoices with everything beside them."""

    state: State
    names: Names
    read: Callable[[str, str], Bill | None]
    shelf: Shelf
    gathered: Gathered
    terms: Terms

    def seen(self, invoices: Sequence[Invoice]) -> Iterator[Seen]:
        """One for each invoice, in their order; the bills that it is given are claimed."""
        gathered = self.gathered
        rows = self.state.documents(gathered.company, gathered.source, [invoice.id for invoice in invoices])
        for case in gathered.cases(invoices, rows):
            yield self._seen(case, _rows_of(case, rows))

    def gone(self, row: DocumentRow, day: datetime.date | None) -> tuple[Intended, tuple[Bill, ...], Word | None]:
        """What was intended for a document whose invoice is gone, its bills, and who accepted how that stands."""
        bills, _ = self._own([row], (row.source, row.invoice), [row.marker])
        for bill in bills:
            self.shelf.claim(bill, row.source, month_name(day))
        document = from_data(row.content) if row.content else None
        return self._intended(document, row), tuple(bills), self._accepted_gone(row, bills)

    def _accepted_gone(self, row: DocumentRow, bills: Sequence[Bill]) -> Word | None:
        words = words_of(self.state.words(row.company, row.source, [row.invoice]).get(row.invoice, ()))
        last = self.state.invoice(row.company, row.source, row.invoice) if words and bills else None
        if last is None:
            return None
        key = Key(row.company, row.source, row.invoice, cast("Kind", row.kind))
        return _accepted(words, key, invoice_of(last.fields, last.raw), bills[0])

    def _seen(self, case: Case, rows: Sequence[DocumentRow]) -> Seen:
        invoice, mapped = case.invoice, case.outcome.document if isinstance(case.outcome, Mapped) else None
        own, deleted = self._own(rows, (case.key.source, case.key.invoice), self._marks(case.key))
        credit, credited = self._credit(case.key, rows, own)
        own = [bill for bill in own if bill != credit]
        deleted = None if own else deleted
        made = next((row for row in rows if own and (row.entity, row.qbo_id) == (own[0].entity, own[0].id)), None)
        made = made or next((row for row in rows if row.state in _MADE), None)
        row = made or next(iter(rows), None)
        kept = from_data(row.content) if row and row.content else None
        document = (kept or mapped) if made and (own or deleted) else (mapped or kept)
        bills, by_hand = own, bool(own) and _entered(own[0], made)
        before = invoice.date is not None and invoice.date < self.terms.start_date
        if document is not None and (own or not before):
            ours = [*own, credit] if credit else own
            more = self._sharing(document, case, ours)
            if credited.document is not None:
                more += self._sharing(credited.document, case, [*ours, *more])
            if not own and more:
                more.sort(key=lambda bill: any(differences(self._intended(document, None), bill, by_hand=True)))
                by_hand = True
            bills = [*own, *more]
        for bill in (*bills, credit) if credit else bills:
            self.shelf.claim(bill, invoice.source, month_name(invoice.date))
        intended = self._intended(document, made if own else None) if bills else Intended(document)
        currency = currency_of(invoice, mapped, self.gathered.mapping)
        standing = _standing(case.known, mapped)
        word = _accepted(case.words, case.key, case.invoice, credit or bills[0]) if case.words and bills else None
        # What was accepted is told like anything else until both sides are found to say what they said then.
        case = replace(case, words=tuple(each for each in case.words if each.verb != "accept"))
        if bills or deleted:
            case = replace(case, known=_as_sent(case, intended.document, bills[0].id if bills else deleted))
        elif mapped is not None:
            case = replace(case, found=self._found(case, mapped))
        action = next(iter(decide([case], self.terms)))
        amount = amount_of(invoice, currency)
        gone = None if bills else deleted
        now = self._intended(mapped, None) if action.code == "changed-at-source" and mapped is not None else None
        about = (standing, gone, credit, credited, word, now)
        return Seen(action, currency, amount, intended, tuple(bills), by_hand, *about)

    def _credit(self, key: Key, rows: Sequence[DocumentRow], own: list[Bill]) -> tuple[Bill | None, Intended]:
        """The vendor credit that takes the invoice's bill back, by its link or its mark, and what it is to hold."""
        kinds = {row.kind: row for row in rows}
        bill, row = kinds.get("bill"), kinds.get("credit")
        billed = bill is not None and bill.qbo_id is not None
        if key.kind != "bill" or not (billed or (own and own[0].entity == "Bill")):
            return None, Intended()
        mark = marker(replace(key, kind="credit"))
        place = (row.entity, row.qbo_id) if row is not None and billed and row.entity == "VendorCredit" else None
        linked = next((each for each in own if (each.entity, each.id) == place), None)
        credit = linked or next((each for each in own if each.entity == "VendorCredit" and each.marker == mark), None)
        content = from_data(row.content) if row is not None and row.content else None
        return credit, self._intended(content, row) if credit else Intended()

    def _marks(self, key: Key) -> list[str]:
        """The invoice's marks; a correction may have turned a bill into a credit since."""
        kinds: tuple[Kind, ...] = get_args(Kind)
        return [marker(replace(key, kind=kind)) for kind in kinds if kind != "payment"]

    def _own(self, rows: Sequence[DocumentRow], invoice: Owner, marks: list[str]) -> tuple[list[Bill], str | None]:
        """The bills that the state links and those with the invoice's mark; the id of a linked one that was deleted."""
        bills: list[Bill] = []
        deleted = None
        for row in rows:
            if row.qbo_id is None or row.entity not in ENTITIES:
                continue
            linked = self.shelf.bill(row.entity, row.qbo_id) or self._read(row)
            if linked is not None:
                bills.append(linked)
            elif row.state in _MADE:
                deleted = deleted or row.qbo_id
        here = {(bill.entity, bill.id) for bill in bills}
        marked = [bill for bill in self.shelf.marked(marks) if (bill.entity, bill.id) not in here]
        # A mark that was copied into the memo of another document's bill does not make it this one's.
        bills.extend(bill for bill in marked if self.shelf.owner(bill) in (None, invoice))
        return bills, deleted

    def _read(self, row: DocumentRow) -> Bill | None:
        """A linked bill that is dated outside of what was read; None where it is deleted."""
        bill = self.read(row.entity or "", row.qbo_id or "") if row.state in _MADE else None
        if bill is not None:
            self.shelf.put([(bill, (row.source, row.invoice))])
        return bill

    def _sharing(self, document: Document, case: Case, own: Sequence[Bill]) -> list[Bill]:
        """Nobody's bills with the document's number."""
        here = {(bill.entity, bill.id) for bill in own}
        mine = (None, (case.key.source, case.key.invoice))
        return [
            bill
            for bill, claimed in self.shelf.numbered(document.number)
            if not claimed
            and bill.marker is None
            and (bill.entity, bill.id) not in here
            and self.shelf.owner(bill) in mine
        ]

    def _found(self, case: Case, document: Document) -> tuple[Found, ...]:
        """What the rules are to know of QuickBooks: others' bills with this number, and what looks alike."""
        found = [_found(bill, taken=True) for bill, _ in self.shelf.numbered(document.number)]
        if case.vendor_id is not None:
            near = datetime.timedelta(days=LOOK_ALIKE_DAYS)
            first, last = document.date - near, document.date + near
            net = signed_net(document)
            found.extend(
                _found(bill, taken=self.shelf.owner(bill) is not None)
                for bill in self.shelf.alike(case.vendor_id, document.currency, net, first, last)
                if bill.number != document.number
            )
        return tuple(found)

    def _intended(self, document: Document | None, row: DocumentRow | None) -> Intended:
        if document is None:
            return Intended()
        if row is not None and row.answer and not row.adopted:
            answer = bill_from(row.answer, row.entity or "Bill", document.currency)
            return Intended(document, answer.vendor_id or row.vendor_id, by_account(answer.lines))
        vendor = self.names.vendor(document.vendor)
        stand_in = Reference("Vendor", "", document.vendor, document.vendor)
        refs = find_refs(document, self.names, stand_in)
        vendor_id = vendor.id if isinstance(vendor, Reference) else None
        if isinstance(refs, tuple):
            return Intended(document, vendor_id)
        sums: dict[str, Decimal] = {}
        for line, at in zip(document.lines, refs.lines, strict=True):
            if named := at.account or at.item:
                sums[named.id] = sums.get(named.id, Decimal(0)) + line.amount
        return Intended(document, vendor_id, tuple(sorted(sums.items())))


def _rows_of(case: Case, rows: Mapping[tuple[str, str], DocumentRow]) -> list[DocumentRow]:
    """The invoice's documents, that of the case first; a correction may have turned a bill into a credit since."""
    kinds = sorted(("bill", "credit"), key=lambda kind: kind != case.key.kind)
    return [rows[case.key.invoice, kind] for kind in kinds if (case.key.invoice, kind) in rows]


def _accepted(words: Sequence[Word], key: Key, invoice: Invoice, bill: Bill) -> Word | None:
    """The word by which a person accepted, or linked, what both sides say now."""
    both = hash_of_sides(hash_of_source(key, invoice), bill.said)
    said = (each for each in reversed(words) if each.verb in ("accept", "link"))
    return next((each for each in said if each.hash == both), None)


def _entered(bill: Bill, row: DocumentRow | None) -> bool:
    """Whether a person made the bill: it was adopted, and carries no mark of ours."""
    return row is not None and row.adopted and bill.marker is None


def _standing(known: Known | None, mapped: Document | None) -> Standing | None:
    """What the state says; not of a blocked document that the mapping makes otherwise now."""
    if known is None or (known.state == "blocked" and known.content != mapped):
        return None
    return known.state, known.code, known.reason, known.remedy


def _as_sent(case: Case, document: Document | None, qbo_id: str | None) -> Known:
    """The invoice's document as the rules see it once QuickBooks holds it, whatever the state made of it."""
    facts: Facts | None = case.known.facts if case.known and case.known.state in _MADE else None
    return Known("sent", facts=facts, content=document, qbo_id=qbo_id)


def _found(bill: Bill, *, taken: bool) -> Found:
    net = abs(bill.net)
    return Found(
        bill.entity,
        bill.id,
        bill.number,
        bill.vendor_id,
        bill.currency,
        net,
        bill.date,
        bill.marker,
        bill.created,
        taken,
    )
