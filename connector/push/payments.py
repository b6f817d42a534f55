"""
Payments: their bills as they stand, and what an answer or QuickBooks itself proves of one that was sent.

A payment is known by its bill: the bill's balance and what hangs on it say whether it arrived. They are read right
before a payment leaves, and again when one stays without an answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final

from connector.document import Document, from_data
from connector.invoice import Trouble
from connector.money import Money
from connector.plan import Action, Found, Payable, as_bill_allows, look_at, waiting_for_bill
from connector.push.answer import Written, differences, judge
from connector.push.order import Order
from connector.push.orders import Orders
from connector.quickbooks.posted import Posted, bill_from
from connector.quickbooks.transport import Company
from connector.state.store import State
from connector.state.tables import DocumentRow

__all__ = ["Owed", "Payables", "bill_in", "evidence_of_payment", "orders_of_payments"]

_BILL_PAYMENT: Final = "BillPayment"


@dataclass(frozen=True, slots=True)
class Owed:
    """A bill to look at: its id, and what it was meant to be, as far as that is known."""

    id: str
    document: Document | None = None
    vendor_id: str | None = None

    @classmethod
    def of(cls, row: DocumentRow) -> "Owed":
        """The bill that a document of the state has become."""
        return cls(row.qbo_id or "", from_data(row.content) if row.content else None, row.vendor_id)


class Payables:
    """
    Reads bills with the payments on them.

    Args:
        home_currency: What a record without a currency is in.
    """

    def __init__(self, state: State, company: Company, home_currency: str) -> None:
        self._state = state
        self._company = company
        self._home = home_currency

    def of(self, bills: Sequence[Owed]) -> dict[str, Payable | None]:
        """How each stands, by its id; None where it is deleted."""
        records = dict(self._company.read_several("Bill", [each.id for each in bills]))
        posted = {id_: bill_from(record, "Bill", self._home) for id_, record in records.items() if record is not None}
        payments = self._payments(posted.values())
        return {
            each.id: self._payable(each, records[each.id] or {}, posted[each.id], payments)
            if each.id in posted
            else None
            for each in bills
        }

    def _payments(self, bills: Iterable[Posted]) -> dict[str, Posted]:
        ids = sorted({id_ for bill in bills for kind, id_ in bill.linked if kind.startswith(_BILL_PAYMENT)})
        found = self._company.read_several(_BILL_PAYMENT, ids)
        return {id_: bill_from(record, _BILL_PAYMENT, self._home) for id_, record in found if record is not None}

    def _payable(self, owed: Owed, record: Mapping[str, Any], bill: Posted, payments: Mapping[str, Posted]) -> Payable:
        hangs = [payments[id_] for _, id_ in bill.linked if id_ in payments]
        others = tuple(f"{kind} {id_}" for kind, id_ in bill.linked if id_ not in payments)
        found = tuple(self._found(each) for each in hangs)
        return Payable(record, bill.id, bill.currency, bill.total, bill.balance, found, others, _differs(owed, bill))

    def _found(self, payment: Posted) -> Found:
        """One that pays more than this bill, or is another document's, cannot be linked to it."""
        owner = self._state.by_qbo_id(self._company.realm_id, _BILL_PAYMENT, [payment.id]).get(payment.id)
        return Found(
            entity=_BILL_PAYMENT,
            id=payment.id,
            number=payment.number,
            vendor_id=payment.vendor_id,
            currency=payment.currency,
            net=payment.total,
            date=payment.date,
            marker=payment.marker,
            created=payment.created,
            taken=len(payment.linked) > 1 or owner is not None,
        )


def _differs(owed: Owed, bill: Posted) -> tuple[str, ...]:
    told = differences(owed.document, bill) if owed.document is not None else []
    if owed.vendor_id and owed.vendor_id != bill.vendor_id:
        told.append(f"the vendor {bill.vendor_name or bill.vendor_id} instead of the one that it was made for")
    return tuple(told)


# Right before they leave.


def orders_of_payments(
    state: State, payables: Payables, orders: Orders, actions: Iterable[tuple[int, Action]], size: int
) -> Iterator[tuple[int, Action, Order | Trouble | None]]:
    """
    Look at every bill once more and make the order of its payment.

    Args:
        state: What says which bills were sent.
        payables: What reads them.
        orders: What makes the orders.
        actions: Payments that are to be recorded, each with its place in the plan.
        size: So many leave together, and so many bills are looked at together.

    Returns:
        Each action as its bill allows now, with its order; None where it is held, adopted, or waits for its bill.
    """
    source = iter(actions)
    for chunk in iter(lambda: list(islice(source, size)), []):
        now = _as_they_stand(state, payables, chunk)
        yield from ((n, action, None) for n, action in now if action.action != "pay")
        yield from orders.of((n, action) for n, action in now if action.action == "pay")


def _as_they_stand(state: State, payables: Payables, chunk: Sequence[tuple[int, Action]]) -> list[tuple[int, Action]]:
    rows: dict[int, DocumentRow] = {}
    for n, action in chunk:
        row = state.document(replace(action.key, kind="bill"))
        if row is not None and row.state == "sent" and row.qbo_id is not None:
            rows[n] = row
    found = payables.of([Owed.of(row) for row in rows.values()])
    return [
        (
            n,
            as_bill_allows(action, found[str(rows[n].qbo_id)])
            if n in rows
            else waiting_for_bill(action, "its bill was not made"),
        )
        for n, action in chunk
    ]


# When one stays without an answer.


def evidence_of_payment(state: State, company: Company, order: Order) -> Written | None:
    """What the bill shows of its payment: None where it is open, and so has not arrived."""
    bill = Payables(state, company, order.document.currency).of([Owed(order.pays)])[order.pays]
    look = look_at(bill, order.marker)
    if look.verdict == "against":
        return Written("held", look.code, look.reason, look.remedy)
    if look.verdict == "by hand":
        return Written("sent", look.code, look.reason, look.remedy, adopted=look.payment.id if look.payment else "")
    if look.payment is not None:
        record = company.read(_BILL_PAYMENT, look.payment.id)
        return None if record is None else judge(record, order.entity, order.document, order.marker, order.pays)
    if bill is not None and bill.balance != order.document.amount:
        now, ours = Money(bill.balance, bill.currency), order.document.total
        reason = f"bill {bill.id} is over {now} now, and the payment without an answer was over {ours}"
        return Written("held", "edited-in-quickbooks", reason, "nothing was paid; the next run looks again")
    return None


def bill_in(body: Mapping[str, Any]) -> str:
    """The id of the bill that the body of a payment pays."""
    (linked,) = body["Line"][0]["LinkedTxn"]
    return str(linked["TxnId"])
