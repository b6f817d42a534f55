"""The comparison as data: whatever meets whatever, no invoice and no bill is lost, and a lost one would show."""

import datetime
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.document import Document, Key, Line
from connector.invoice import Invoice
from connector.plan import Action
from connector.reconcile import FAMILY_OF, Bill, Intended, Proof, Row, Seen, compare, gone, unclaimed
from connector.reconcile.rows import month_name

D = Decimal
DAY = datetime.date(2026, 3, 31)
CURRENCIES = st.sampled_from(["USD", "EUR"])
CENTS = st.integers(-50_000, 50_000).map(lambda cents: D(cents).scaleb(-2))
DAYS = st.dates(datetime.date(2026, 2, 1), datetime.date(2026, 5, 31))


def document(**boxes: Any) -> Document:
    line = Line(boxes.pop("amount", D("100.00")), account="Affiliate payouts")
    return replace(Document("bill", "Affiliate 1", "CAKE-1", DAY, "USD", (line,)), **boxes)


def bill(**boxes: Any) -> Bill:
    made = Bill(
        "Bill", "7", "CAKE-1", "70", "Affiliate 1", "USD", D("100.00"), D(0), DAY, None, "ref:a", (("60", D("100.00")),)
    )
    return replace(made, **boxes)


INTENDED = Intended(document(), "70", (("60", D("100.00")),))


def seen(*bills: Bill, intended: Intended = INTENDED, **boxes: Any) -> Seen:
    invoice = Invoice("cake", "1", {}, {}, DAY, D("100.00"), "USD")
    action = Action(Key("9", "cake", "1", "bill"), invoice, "none", "sent")
    return replace(Seen(action, "USD", D("100.00"), intended, bills), **boxes)


def only(rows: Iterable[Row]) -> Row:
    (row,) = rows
    return row


documents = st.builds(
    lambda kind, day, currency, amount, vendor: Document(
        kind, vendor, "CAKE-1", day, currency, (Line(abs(amount), account="A"),)
    ),
    st.sampled_from(["bill", "credit"]),
    DAYS,
    CURRENCIES,
    CENTS,
    st.sampled_from(["Affiliate 1", "Affiliate 2"]),
)
bills = st.builds(
    lambda entity, name, currency, total, day, marker, paid: Bill(
        entity, name, "CAKE-1", "70", "Affiliate 1", currency, abs(total), D(0), day, None, marker, (), paid
    ),
    st.sampled_from(["Bill", "VendorCredit"]),
    st.integers(1, 99).map(str),
    CURRENCIES,
    CENTS,
    DAYS,
    st.sampled_from([None, "ref:a"]),
    st.booleans(),
)


VOID = Invoice("cake", "1", {}, {}, DAY, D("100.00"), "USD", status="Void", void=True)
CREDIT = bill(entity="VendorCredit", id="8", number="CAKE-1-V", marker="ref:b", date=datetime.date(2026, 5, 4))
CREDITED = Intended(
    replace(document(), kind="credit", number="CAKE-1-V", date=CREDIT.date), "70", (("60", D("100.00")),)
)
credits_beside = st.sampled_from(
    [
        (None, Intended()),
        (CREDIT, CREDITED),
        (CREDIT, Intended()),
        (replace(CREDIT, total=D("1.00"), currency="EUR", vendor_id="71"), CREDITED),
    ]
)


@st.composite
def anything(draw: st.DrawFn) -> Seen:
    """An invoice with anything beside it, sensible or not."""
    currency = draw(st.one_of(st.none(), CURRENCIES))
    day = draw(st.one_of(st.none(), DAYS))
    amount = draw(st.one_of(st.none(), CENTS))
    void = draw(st.booleans())
    invoice = Invoice(draw(st.sampled_from(["cake", "other"])), "1", {}, {}, day, amount, currency, void=void)
    verb, state = draw(
        st.sampled_from(
            [("none", state) for state in ("ready", "held", "blocked", "sending", "sent", "refused", "removed")]
            + [("create", "ready"), ("hold", "held"), ("block", "blocked"), ("skip", "skipped"), ("adopt", "ready")]
        )
    )
    codes = [None, "voided-at-source", "changed-at-source", "before-start", "deleted-in-quickbooks", "left"]
    action = Action(
        Key("9", invoice.source, "1", "bill"),
        invoice,
        verb,  # type: ignore[arg-type]
        state,  # type: ignore[arg-type]
        draw(st.sampled_from(codes)),
        draw(st.sampled_from([None, "a reason", "two\nlines"])),
    )
    return Seen(
        action,
        currency,
        amount,
        Intended(draw(st.one_of(st.none(), documents)), draw(st.sampled_from([None, "70", "71"]))),
        tuple(draw(st.lists(bills, max_size=3))),
        draw(st.booleans()),
        draw(st.sampled_from([None, ("blocked", "c", "r", "m"), ("sending", None, None, None)])),
        draw(st.sampled_from([None, "7"])),
        *draw(credits_beside),
    )


def held(one: Seen) -> list[Bill]:
    """Every record of QuickBooks beside an invoice, as the rows have them."""
    return [*one.bills[:1], *([one.credit] if one.credit else []), *one.bills[1:]]


def proved(everything: list[Seen], rows: list[Row], strangers: list[Bill]) -> Proof:
    proof = Proof()
    for each in everything:
        invoice = each.action.invoice
        proof.add_invoice(invoice.source, each.currency, month_name(invoice.date), each.amount)
        for one in held(each):
            proof.add_bill(invoice.source, one.currency, month_name(invoice.date), one.net)
    for one in strangers:
        proof.add_bill(None, one.currency, month_name(one.date), one.net)
    for row in rows:
        proof.add_row(row)
    return proof


@given(st.lists(anything(), max_size=6), st.lists(bills, max_size=3))
def test_every_invoice_has_one_row_every_bill_has_one_and_both_sides_close(
    everything: list[Seen], strangers: list[Bill]
) -> None:
    rows = [list(compare(each)) for each in everything]
    flat = [row for some in rows for row in some] + [unclaimed(one) for one in strangers]

    for each, some in zip(everything, rows, strict=True):
        told = 2 if each.credit and each.bills else 1
        twice = [False] * told + [True] * len(each.bills[1:])
        assert [row.status == "twice-in-quickbooks" for row in some] == twice
        assert [row.qbo_id for row in some if row.qbo_id] == [one.id for one in held(each)]
    assert all(row.why and row.next and "\n" not in row.why + row.next for row in flat)
    proof = proved(everything, flat, strangers)
    assert proof.closes
    for line in proof.lines():
        assert not line.difference
        assert not line.quickbooks_difference


@given(st.lists(anything(), min_size=1, max_size=6), st.data())
def test_a_row_that_is_lost_shows_in_the_proof(everything: list[Seen], data: st.DataObject) -> None:
    rows = [row for each in everything for row in compare(each)]
    lost = data.draw(st.integers(0, len(rows) - 1))
    counts = bool(rows[lost].source_amount) or bool(rows[lost].quickbooks_amount)

    proof = proved(everything, rows[:lost] + rows[lost + 1 :], [])

    assert proof.closes == (not counts)


@given(st.lists(anything(), min_size=1, max_size=6), st.data())
def test_a_row_that_is_told_twice_shows_in_the_proof(everything: list[Seen], data: st.DataObject) -> None:
    rows = [row for each in everything for row in compare(each)]
    again = data.draw(st.sampled_from(rows))
    counts = bool(again.source_amount) or bool(again.quickbooks_amount)

    assert proved(everything, [*rows, again], []).closes == (not counts)


def taken_back(*bills: Bill, **boxes: Any) -> list[Row]:
    """The rows of a voided invoice whose bill a credit takes back."""
    action = Action(Key("9", "cake", "1", "bill"), VOID, "hold", "held", "voided-at-source")
    return list(compare(seen(*bills, **{"action": action, "credit": CREDIT, "credited": CREDITED} | boxes)))


@pytest.mark.parametrize("credited", [CREDITED, Intended()], ids=["known", "the state lost"])
def test_a_bill_and_what_takes_it_back_agree_and_come_to_nothing(credited: Intended) -> None:
    rows = taken_back(bill(paid=True), credited=credited)

    assert [row.status for row in rows] == ["matched", "matched"]
    assert {row.why for row in rows} == {"void at the source: vendor credit 8 takes bill 7 back"}
    assert [(row.source_amount, row.quickbooks_amount) for row in rows] == [
        (D("100.00"), D("100.00")),
        (None, D("-100.00")),
    ]


@pytest.mark.parametrize(
    ("own", "boxes", "statuses"),
    [
        (bill(total=D("90.00")), {}, ["amount-differs", "matched"]),
        (bill(), {"credit": replace(CREDIT, total=D("90.00"))}, ["matched", "amount-differs"]),
        (bill(), {"credit": replace(CREDIT, total=D("90.00")), "credited": Intended()}, ["matched", "amount-differs"]),
        (bill(), {"by_hand": True}, ["entered-by-hand", "matched"]),
        (None, {"deleted": "7"}, ["missing-in-quickbooks"]),
        (bill(), {"action": Action(Key("9", "cake", "1", "bill"), replace(VOID, void=False), "none", "sent")},
         ["changed-at-source"] * 2),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_bill_taken_back_stands_in_the_row_of_that_record(
    own: Bill | None, boxes: dict[str, Any], statuses: list[str]
) -> None:
    rows = taken_back(*([own] if own else []), **boxes)

    assert [row.status for row in rows] == statuses
    assert all(row.next != "nothing to do" for row in rows if row.family in ("differ", "one-side"))


@given(anything())
def test_what_agrees_has_the_same_net_on_both_sides(one: Seen) -> None:
    first = next(iter(compare(one)))

    if first.family == "agree" and one.intended.document is not None:
        assert first.our_amount == first.quickbooks_amount
        assert first.our_currency == first.quickbooks_currency


@pytest.mark.parametrize(
    ("boxes", "status"),
    [
        ({}, "matched"),
        ({"total": D("110.00"), "tax": D("10.00")}, "matched"),
        ({"total": D("100.01")}, "amount-differs"),
        ({"entity": "VendorCredit"}, "amount-differs"),
        ({"vendor_id": "71"}, "vendor-differs"),
        ({"vendor": "renamed in QuickBooks"}, "matched"),
        ({"date": datetime.date(2026, 4, 1)}, "date-differs"),
        ({"accounts": (("61", D("100.00")),)}, "account-differs"),
        ({"accounts": (("60", D("40.00")), ("61", D("60.00")))}, "account-differs"),
        ({"currency": "EUR"}, "currency-differs"),
        ({"currency": "EUR", "total": D("1.00"), "vendor_id": "71"}, "currency-differs"),
        ({"total": D("1.00"), "vendor_id": "71"}, "vendor-differs"),
        ({"number": "renumbered"}, "matched"),
    ],
)
def test_the_gravest_difference_names_the_row(boxes: dict[str, Any], status: str) -> None:
    assert only(compare(seen(bill(**boxes)))).status == status


@pytest.mark.parametrize(
    ("total", "tax", "status"), [("110.00", "10.00", "matched"), ("110.01", "10.00", "amount-differs")]
)
def test_amounts_that_include_tax_are_compared_with_it(total: str, tax: str, status: str) -> None:
    ours = document(amount=D("110.00"), amounts_are="inclusive of tax", expected_net=D("100.00"))

    row = only(compare(seen(bill(total=D(total), tax=D(tax)), intended=Intended(ours, "70"))))

    assert row.status == status
    assert row.our_amount == D("100.00")


@pytest.mark.parametrize(
    ("code", "paid", "status"),
    [
        ("voided-at-source", False, "voided-at-source"),
        ("voided-at-source", True, "voided-at-source-paid"),
        ("changed-at-source", True, "changed-at-source"),
    ],
)
def test_the_source_is_told_before_any_difference(code: str, paid: bool, status: str) -> None:
    one = seen(bill(paid=paid, total=D("1.00")))

    row = only(compare(replace(one, action=replace(one.action, action="hold", state="held", code=code))))

    assert row.status == status
    assert "USD 1.00 instead of USD 100.00" in row.why
    assert row.next.startswith("money has left: ") == paid


def test_a_document_whose_invoice_is_gone_keeps_its_bill_on_quickbooks_side() -> None:
    bare = Row("gone-at-source", "cake", "1", DAY, "", "", "CAKE-1", "Affiliate 1", "USD")

    with_bill = only(gone(bare, INTENDED, (bill(),)))
    without = only(gone(bare, INTENDED, ()))
    lost = only(gone(replace(bare, status="sending"), INTENDED, ()))

    assert (with_bill.source_amount, with_bill.quickbooks_amount) == (None, D("100.00"))
    assert (without.status, without.quickbooks_amount) == ("skipped", None)
    assert (lost.status, lost.our_amount) == ("sending", D("100.00"))


def test_every_status_is_of_one_family() -> None:
    assert len(FAMILY_OF) == 22
