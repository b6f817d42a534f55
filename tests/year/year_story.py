"""
The story of the year: everyday life, and what goes wrong in it.

``PLANTS`` is a table: what happens to one invoice, before or after the month's sync, under which statuses ``reconcile``
must tell it, who puts it right and how, and how it stands from then on.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from year_world import CURRENCIES, Invoice, Year, line, mark

Deed = Callable[[Year, Invoice], object]


def nothing(_: Year, __: Invoice) -> None:
    """Nobody has to do anything."""


def the_next_sync(_: Year, __: Invoice) -> None:
    """The connector puts it right by itself."""


@dataclass(frozen=True)
class Plant:
    """
    Args:
        what: What happens.
        status: Under which statuses the invoice's rows stand, one after the other.
        before: Done before the month's sync, when the source has the invoice.
        after: Done between the month's sync and its reconciliation.
        remedy: What a person does; a sync follows.
        settled: How it stands then.
        months: In which months it happens, 1 to 12.
        row: How the invoice is another than an approved one.
        source: Whose invoice it is.
    """

    what: str
    status: str
    remedy: Deed
    settled: str = "matched"
    before: Deed = nothing
    after: Deed = nothing
    months: tuple[int, ...] = (1,)
    row: dict[str, Any] = field(default_factory=dict)
    source: str = "cake"


# What people and sources do.


def another_amount(y: Year, i: Invoice) -> None:
    y.edits(i, Line=line("1.00"))


def right_amount(y: Year, i: Invoice) -> None:
    y.edits(i, Line=line(str(abs(i.net))))


def void(y: Year, i: Invoice) -> None:
    y.says(i, invoice_status="Void")


def ten_more(y: Year, i: Invoice, more: int = 10) -> None:
    if i.source == "cake":
        y.says(i, total_payout=str(i.net + more))
    else:
        y.says(i, SubTotal=i.net + more, Total=i.row["Total"] + more)


def ten_less(y: Year, i: Invoice) -> None:
    ten_more(y, i, -10)


def accepted(y: Year, i: Invoice) -> None:
    y.reviews("accept", i)


def accepted_when_synced(y: Year, i: Invoice) -> None:
    """What the source says now is accepted once the connector has taken note of it."""
    y.sync()
    accepted(y, i)


def paid_and_void(y: Year, i: Invoice) -> None:
    y.pays(i)
    void(y, i)


def typed_in_euro(y: Year, i: Invoice) -> None:
    y.vendor(f"{i.row['affiliate_name']} EUR", "EUR")
    y.types(i, VendorRef={"name": f"{i.row['affiliate_name']} EUR"}, CurrencyRef={"value": "EUR"})


def typed_without_a_number(y: Year, i: Invoice) -> None:
    y.types(i, DocNumber="", PrivateNote=i.number)


def bill_called(y: Year, number: str) -> str:
    (bill,) = (row for row in y.sandbox.company.all("Bill") if row.get("DocNumber") == number)
    return str(bill["Id"])


def gives_it_the_number(y: Year, i: Invoice) -> None:
    (bill,) = (row for row in y.sandbox.company.all("Bill") if row.get("PrivateNote") == i.number)
    y.person("edit", i, bill["Id"], changes={"DocNumber": i.number})


def rent_with_the_number(y: Year, i: Invoice) -> None:
    home = {"value": "AUD"}
    y.types(i, VendorRef={"name": "Sydney Office Rentals"}, CurrencyRef=home, PrivateNote=f"rent {i.number}")


def rent_gets_its_own_number(y: Year, i: Invoice) -> None:
    y.person("edit", i, y.bills(i)[-1], changes={"DocNumber": f"RENT-{i.id}"})


def deletes_the_later_one(y: Year, i: Invoice) -> None:
    y.person("delete", i, y.bills(i)[-1])


def approved_late(y: Year, i: Invoice) -> None:
    y.says(i, invoice_status="Approved")


def posted_alone(fault: str, **how: Any) -> Deed:
    """Approved after the month's sync, and QuickBooks has a bad moment when it is sent."""

    def deed(y: Year, i: Invoice) -> None:
        approved_late(y, i)
        y.vendor(i.row["affiliate_name"])
        y.project.arm(fault, **how)
        y.sync(i.id)

    return deed


def foreign_mark(y: Year, i: Invoice) -> None:
    """A copy out of a company file that another connector keeps."""
    y.types(i, DocNumber=f"X-{i.id}", PrivateNote="ref:abcdefghij234567")
    y.expected[None, None] = (*y.expected.get((None, None), ()), "no-source")


def foreign_bill_deleted(y: Year, i: Invoice) -> None:
    y.person("delete", i, bill_called(y, f"X-{i.id}"))
    y.expected[None, None] = y.expected[None, None][1:]


def mark_copied(y: Year, i: Invoice) -> None:
    """The memo of another bill is pasted over this one's."""
    other = next(one for place, one in y.invoices.items() if y.expected[place] == ("matched",) and one is not i)
    y.edits(i, PrivateNote=mark(other))


def same_name(y: Year, i: Invoice) -> None:
    """Another affiliate of the same name was paid before."""
    y.owe("matched", affiliate_name=i.row["affiliate_name"], invoice_date=y.month.isoformat())


def row_of_its_own(y: Year, i: Invoice) -> None:
    y.vendors_row(i, f"{i.row['affiliate_name']} the second")


_JAN = (1, 4, 7, 10)
_FEB = (2, 5, 8, 11)
_MAR = (3, 6, 9, 12)

PLANTS: tuple[Plant, ...] = (
    # People edit bills in QuickBooks.
    Plant("an amount is overwritten", "amount-differs", right_amount, after=another_amount, months=_JAN),
    Plant(
        "a credit's amount is overwritten",
        "amount-differs",
        right_amount,
        after=another_amount,
        months=_FEB,
        row={"total_payout": "-84.20"},
    ),
    Plant(
        "the wrong vendor is chosen",
        "vendor-differs",
        lambda y, i: y.edits(i, VendorRef={"name": i.row["affiliate_name"]}),
        after=lambda y, i: y.edits(i, VendorRef={"name": "MediaBridge Partners"}),
        months=_JAN,
    ),
    Plant(
        "a bill is moved to another month",
        "date-differs",
        lambda y, i: y.edits(i, TxnDate=i.day),
        after=lambda y, i: y.edits(i, TxnDate=str(y.last_day + datetime.timedelta(days=200))),
        months=_JAN,
    ),
    Plant(
        "a bill is moved on purpose",
        "date-differs",
        accepted,
        "accepted",
        after=lambda y, i: y.edits(i, TxnDate=i.day[:8] + "15"),
        months=_FEB,
    ),
    Plant(
        "a bill is booked to another account",
        "account-differs",
        right_amount,
        after=lambda y, i: y.edits(i, Line=line(str(i.net), "Bank fees")),
        months=_JAN,
    ),
    Plant(
        "a memo is cleared, and our mark with it",
        "matched",
        nothing,
        after=lambda y, i: y.edits(i, PrivateNote="thanks"),
        months=_FEB,
    ),
    Plant("a memo is pasted over another", "matched", nothing, after=mark_copied, months=_MAR),
    # People type bills by hand.
    Plant("a bill was typed already", "entered-by-hand", nothing, "entered-by-hand", before=Year.types, months=_JAN),
    Plant(
        "a bill was typed in the wrong currency",
        "currency-differs",
        deletes_the_later_one,
        before=typed_in_euro,
        months=_JAN,
    ),
    Plant(
        "a bill was typed without its number",
        "held",
        gives_it_the_number,
        "entered-by-hand",
        before=typed_without_a_number,
        months=_FEB,
    ),
    Plant(
        "a bill was typed under the partner's own number",
        "held",
        lambda y, i: y.reviews("link", i, bill_called(y, f"HAND-{i.id}")),
        "entered-by-hand",
        before=lambda y, i: y.types(i, DocNumber=f"HAND-{i.id}"),
        months=_MAR,
    ),
    Plant(
        "a bill was typed with another amount",
        "amount-differs",
        deletes_the_later_one,
        before=lambda y, i: y.types(i, Line=line("17.00")),
        months=_MAR,
    ),
    Plant(
        "the rent is typed with an invoice's number",
        "matched twice-in-quickbooks",
        rent_gets_its_own_number,
        after=rent_with_the_number,
        months=_MAR,
    ),
    Plant(
        "a bill is copied",
        "matched twice-in-quickbooks",
        deletes_the_later_one,
        after=lambda y, i: y.person("copy", i),
        months=_JAN,
    ),
    Plant(
        "a bill comes over from another company's file",
        "matched",
        foreign_bill_deleted,
        after=foreign_mark,
        months=_JAN,
    ),
    Plant(
        "a bill is deleted",
        "missing-in-quickbooks",
        Year.types,
        "entered-by-hand",
        after=lambda y, i: y.person("delete", i),
        months=_JAN,
    ),
    Plant(
        "a bill is deleted by mistake",
        "missing-in-quickbooks",
        lambda y, i: y.reviews("recreate", i),
        after=lambda y, i: y.person("delete", i),
        months=_FEB,
    ),
    Plant(
        "a bill is deleted, and it was never owed",
        "missing-in-quickbooks",
        accepted,
        "skipped",
        after=lambda y, i: y.person("delete", i),
        months=_MAR,
    ),
    Plant("a bill is paid", "matched", nothing, after=Year.pays, months=_JAN),
    # The source changes its mind.
    Plant("an invoice is voided", "voided-at-source", the_next_sync, "skipped", after=void, months=(1, 2)),
    Plant(
        "a paid invoice is voided, and the payment taken back",
        "voided-at-source-paid",
        Year.takes_back_payment,
        "skipped",
        after=paid_and_void,
        months=(1,),
    ),
    Plant(
        "a paid invoice is voided, and the money let go",
        "voided-at-source-paid",
        accepted_when_synced,
        "accepted",
        after=paid_and_void,
        months=(2,),
    ),
    Plant(
        "an invoice is voided, and voids are credited",
        "voided-at-source",
        the_next_sync,
        "matched matched",
        after=void,
        months=_MAR,
    ),
    Plant(
        "a paid invoice is voided, and voids are credited",
        "voided-at-source-paid",
        the_next_sync,
        "matched matched",
        after=paid_and_void,
        months=_MAR,
    ),
    Plant(
        "an invoice is voided and its bill deleted",
        "skipped",
        nothing,
        "skipped",
        after=lambda y, i: (void(y, i), y.person("delete", i)),
        months=_FEB,
    ),
    Plant("an amount is corrected", "changed-at-source", the_next_sync, after=ten_more, months=_JAN),
    Plant(
        "a paid amount is corrected",
        "changed-at-source",
        ten_less,
        after=lambda y, i: (y.pays(i), ten_more(y, i)),
        months=_FEB,
    ),
    Plant(
        "an amount is corrected, and overwritten too",
        "changed-at-source",
        right_amount,
        after=lambda y, i: (another_amount(y, i), ten_more(y, i)),
        months=_MAR,
    ),
    Plant(
        "an invoice falls back to pending",
        "changed-at-source",
        approved_late,
        after=lambda y, i: y.says(i, invoice_status="Pending"),
        months=_FEB,
    ),
    Plant("an invoice is gone for a while", "gone-at-source", Year.remembers, after=Year.forgets, months=_JAN),
    Plant(
        "an invoice is gone, and so goes its bill",
        "gone-at-source",
        lambda y, i: y.person("delete", i),
        "skipped",
        after=Year.forgets,
        months=_MAR,
    ),
    Plant("an invoice is gone for good", "gone-at-source", accepted, "accepted", after=Year.forgets, months=_FEB),
    Plant(
        "a commission is corrected, and it is paid",
        "changed-at-source",
        ten_less,
        after=ten_more,
        months=_FEB,
        source="commission_factory",
    ),
    # What waits, and for whom.
    Plant(
        "an invoice comes after the sync",
        "ready",
        the_next_sync,
        after=approved_late,
        row={"invoice_status": "Pending"},
    ),
    Plant(
        "QuickBooks refuses a bill",
        "refused",
        lambda y, i: y.sync("--retry-refused", i.id),
        after=posted_alone("answer-fault", status=400, code="6000", message="Business Validation Error", detail="no"),
        row={"invoice_status": "Pending"},
        months=_JAN,
    ),
    Plant(
        "an answer is lost, and the bill with it",
        "sending",
        lambda y, i: y.sync("--wait"),
        after=posted_alone("drop-before-commit"),
        row={"invoice_status": "Pending"},
        months=_JAN,
    ),
    Plant(
        "an answer is lost, the bill is there",
        "matched",
        lambda y, i: y.sync("--wait"),
        after=posted_alone("commit-then-drop"),
        row={"invoice_status": "Pending"},
        months=_FEB,
    ),
    Plant(
        "a payout has a digit too many",
        "held",
        lambda y, i: y.says(i, total_payout="300.00"),
        row={"total_payout": "30000.00"},
        months=_JAN,
    ),
    Plant(
        "a payout is as large as it says",
        "held",
        lambda y, i: y.reviews("approve", i),
        row={"total_payout": "30000.00"},
        months=_FEB,
    ),
    Plant(
        "the source uses a new word",
        "held",
        approved_late,
        row={"invoice_status": "Disputed"},
        months=_FEB,
    ),
    Plant(
        "a date cannot be read",
        "held",
        lambda y, i: y.says(i, invoice_date=str(y.last_day)),
        row={"invoice_date": "someday"},
        months=_MAR,
    ),
    Plant("two affiliates have one name", "held", row_of_its_own, before=same_name, months=_MAR),
    Plant(
        "an affiliate is called as a customer is",
        "blocked",
        lambda y, i: y.vendors_row(i, "Northwind Deals Affiliates"),
        row={"affiliate_name": "Northwind Deals"},
        months=(1,),
    ),
    # What is left alone.
    Plant(
        "an invoice from before the connector",
        "before-start",
        nothing,
        "before-start",
        row={"invoice_date": "2026-01-03"},
    ),
    Plant("nothing was earned", "skipped", nothing, "skipped", row={"total_payout": "0.00"}, months=_JAN),
)


def everyday_life(y: Year, count: int) -> None:
    """A month's usual invoices of sixty affiliates and of Commission Factory."""
    for _ in range(count):
        who = y.draw.randrange(60)
        usual = {
            "affiliate_id": 1000 + who,
            "affiliate_name": f"Affiliate {who}",
            "currency_symbol": CURRENCIES[who % len(CURRENCIES)],
        }
        kind = y.draw.random()
        if kind < 0.04:
            y.owe("skipped", **usual, invoice_status="Pending")
        elif kind < 0.07:
            y.owe("skipped", **usual, invoice_status="Void")
        elif kind < 0.10:
            y.owe("skipped", **usual | {"affiliate_id": None, "affiliate_name": None, "advertiser_id": who + 1})
        elif kind < 0.12:
            y.owe("skipped", **usual, total_payout="0.00")
        elif kind < 0.15:
            y.owe("matched", **usual, total_payout=f"-{y.draw.randint(100, 9000) / 100:.2f}")
        elif kind < 0.18:
            y.owe("matched", **usual, total_payout=f"{y.draw.randint(100_000, 9_000_000) / 10_000:.4f}")
        else:
            y.owe("matched", **usual, invoice_status=y.draw.choice(("Approved", "Approved", "approved", "Paid")))
    for _ in range(max(3, count // 12)):
        unpaid = y.draw.random() < 0.2
        y.commission("skipped" if unpaid else "matched", **({"DatePaid": None} if unpaid else {}))


def second_thoughts(y: Year) -> Iterator[tuple[Invoice, str]]:
    """
    What the sources think of the months before, whose books are closed; each with what it comes to after the remedy.

    The bookkeeper has paid every third bill of them by now.
    """
    for place, invoice in list(y.invoices.items()):
        if invoice.day >= y.month.isoformat() or not invoice.day.startswith("2026"):
            continue
        status, kind = y.expected[place], y.draw.random()
        if status == ("skipped",) and invoice.row.get("invoice_status") == "Pending" and kind < 0.8:
            y.says(invoice, invoice_status="Approved")
            y.expected[place] = ("held",)
            yield invoice, "matched"
        elif status == ("skipped",) and invoice.row.get("DatePaid", "") is None and kind < 0.8:
            y.says(invoice, DatePaid=f"{y.last_day}T00:00:00.000")  # billed on the next open day
            y.expected[place] = ("matched",)
        elif status == ("matched",) and invoice.everyday and not invoice.paid and invoice.net > 20:
            yield from _of_a_bill(y, invoice, kind)


def _of_a_bill(y: Year, invoice: Invoice, kind: float) -> Iterator[tuple[Invoice, str]]:
    if kind < 0.01:
        void(y, invoice)
        y.expected[invoice.place] = ("matched", "matched") if y.credits else ("voided-at-source",)
        yield invoice, "matched matched" if y.credits else "skipped"
    elif kind < 0.02:
        ten_more(y, invoice)
        y.expected[invoice.place] = ("changed-at-source",)
        yield invoice, "matched"
    elif kind < 0.10:
        y.pays(invoice)
