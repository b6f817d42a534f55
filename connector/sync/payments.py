"""The payments of one source in one run: what is known of each, and what is decided, beside its bill."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from connector.document import Key, marker
from connector.invoice import Trouble
from connector.mapping import Mapping as SourceMapping
from connector.mapping import PaymentBoxes
from connector.plan import CREDIT_NOT_PAID, Action, Payable, PaymentCase, Terms, Verb, bill_of, decide_payment, is_due
from connector.push.payments import Owed, Payables
from connector.quickbooks.names import Missing, Names
from connector.quickbooks.posted import bill_from
from connector.state.clock import utc_now
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.company import Opened
from connector.sync.gather import known_of, not_there

__all__ = ["Payments"]


class _Ask(Protocol):
    """Called before the first payment that may be recorded; ``strange`` where one of ours is met that nobody knows."""

    def __call__(self, *, strange: bool) -> Opened: ...


class Payments:
    """
    Decides about the payments of one source.

    Args:
        mapping: Of the source.
        settled: What this run found to have arrived, by the document's key.
        ask: Opens QuickBooks, its books read first.
    """

    def __init__(
        self,
        state: State,
        company: str,
        source: str,
        mapping: SourceMapping,
        settled: Mapping[Key, Verb],
        ask: _Ask,
    ) -> None:
        self._state = state
        self._company = company
        self._source = source
        self._mapping = mapping
        self._settled = settled
        self._ask = ask
        self._records = mapping.payment and mapping.policy.paid_at_source == "record payment"

    def beside(self, bills: Sequence[Action], rows: Mapping[str, DocumentRow], terms: Terms) -> Iterator[Action]:
        """
        What was decided about some bills, each followed by what becomes of its payment.

        Args:
            bills: The decisions.
            rows: The payments of their invoices that the state knows.
            terms: As for the bills.
        """
        cases = self._cases([bill for bill in bills if self._concerns(bill, rows)], rows)
        due = [case for case in cases if is_due(case.bill, case.known, self._mapping.policy, elsewhere=case.elsewhere)]
        if due or any(case.bill.action in ("create", "update") for case in cases):
            opened = self._ask(strange=False)
            terms = replace(terms, closing_date=opened.names.facts.closing_date)
            missing = {case.key: _missing(case, opened.names, self._mapping.path) for case in cases}
            cases = [replace(case, missing=missing[case.key]) for case in self._looked(opened, due, cases)]
        payments = {case.bill.key: decide_payment(case, terms) for case in cases}
        for bill in bills:
            yield self._noted(bill)
            if payment := payments.get(bill.key):
                yield payment

    def _concerns(self, bill: Action, rows: Mapping[str, DocumentRow]) -> bool:
        return bill.key.invoice in rows or (self._records and bill.invoice.paid)

    def _cases(self, bills: Sequence[Action], rows: Mapping[str, DocumentRow]) -> list[PaymentCase]:
        first_seen = self._state.first_seen_paid(self._company, self._source, [bill.key.invoice for bill in bills])
        today = utc_now().date()
        cases = []
        for bill in bills:
            key, row = replace(bill.key, kind="payment"), rows.get(bill.key.invoice)
            cases.append(
                PaymentCase(
                    key,
                    bill,
                    marker(key),
                    self._mapping.pay(bill.invoice) if self._records else None,
                    first_seen.get(key.invoice, today),
                    self._mapping.title,
                    known_of(row, self._settled.get(key)) if row else None,
                    pays=_pays(row),
                )
            )
        return cases

    def _looked(self, opened: Opened, due: Sequence[PaymentCase], cases: Sequence[PaymentCase]) -> list[PaymentCase]:
        """The cases, those that are due with their bills as they stand in QuickBooks."""
        payables = Payables(self._state, opened.company, opened.names.facts.bill_currency)
        rows = self._state.documents(self._company, self._source, [case.key.invoice for case in due])
        owed = {case.key: _owed(case.bill, rows.get((case.key.invoice, "bill"))) for case in due}
        found = payables.of([*owed.values()])
        if any(_is_strange(case, found[owed[case.key].id]) for case in due):
            self._ask(strange=True)
            found = payables.of([*owed.values()])
        return [
            replace(case, payable=found[owed[case.key].id], looked=True) if case.key in owed else case for case in cases
        ]

    def _noted(self, bill: Action) -> Action:
        """A credit is not paid, and a plan says so where somebody would ask."""
        if bill.action != "credit" or bill.settled or not (self._records and bill.invoice.paid):
            return bill
        return replace(bill, reason=CREDIT_NOT_PAID)


def _pays(row: DocumentRow | None) -> str | None:
    """The bill in QuickBooks' answer to a payment of ours."""
    if row is None or not row.answer or row.adopted:
        return None
    bills = [id_ for kind, id_ in bill_from(row.answer, row.entity or "", row.currency or "").linked if kind == "Bill"]
    return bills[0] if len(bills) == 1 else None


def _owed(bill: Action, row: DocumentRow | None) -> Owed:
    found = bill.found.vendor_id if bill.found else None
    return Owed(bill_of(bill) or "", bill.document, row.vendor_id if row and row.vendor_id else found)


def _is_strange(case: PaymentCase, bill: Payable | None) -> bool:
    """A payment with our mark that this state never sent: it is new, or an older copy."""
    unknown = case.known is None or case.known.state in ("ready", "skipped")
    return unknown and bill is not None and any(each.marker == case.marker for each in bill.payments)


def _missing(case: PaymentCase, names: Names, mapping: str) -> Trouble | None:
    if not isinstance(case.boxes, PaymentBoxes):
        return None
    account = names.payment_account(case.boxes.account)
    return not_there(account, mapping) if isinstance(account, Missing) else None
