"""No policy deletes or changes a bill that is paid, that a person edited, or that stands in closed books."""

import datetime
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from connector.document import Document, Key, Line
from connector.invoice import Invoice, Trouble
from connector.mapping import Mapped, NotMapped, Policy
from connector.plan import Action, Case, Facts, Found, Known, Standing, Terms, Word, changes, decide

DAY = datetime.date(2026, 9, 30)
DAYS = st.dates(DAY - datetime.timedelta(days=2), DAY + datetime.timedelta(days=2))
AMOUNTS = st.sampled_from([Decimal("5.00"), Decimal("6.00"), Decimal("-5.00"), Decimal(0)])
INVOICE = Invoice("cake", "10", {}, {}, DAY, Decimal("5.00"), "AUD", payee="7", status="Approved")
TROUBLE = Trouble("account-not-found", "no account A", "add it")

policies = st.builds(
    Policy,
    st.sampled_from(["create", "hold"]),
    st.sampled_from([None, Decimal(1)]),
    st.sampled_from(["skip", "hold"]),
    st.sampled_from(["credit", "hold"]),
    st.sampled_from(["hold", "next open day"]),
    st.sampled_from(["ignore", "record payment"]),
    st.sampled_from(["update", "hold"]),
    st.sampled_from(["delete", "credit", "hold"]),
)
invoices = st.builds(
    replace,
    st.just(INVOICE),
    date=st.one_of(st.none(), DAYS),
    amount=st.one_of(st.none(), AMOUNTS),
    currency=st.sampled_from(["AUD", "USD", None]),
    payee=st.sampled_from(["7", "8"]),
    status=st.sampled_from(["Approved", "Paid", "Void", "Pending", None]),
    void=st.booleans(),
    paid=st.booleans(),
    troubles=st.sampled_from([(), (TROUBLE,)]),
)
documents = st.builds(
    lambda kind, number, day, currency, amount: Document(
        kind, "V", number, day, currency, (Line(amount, account="A"),)
    ),
    st.sampled_from(["bill", "bill", "credit"]),
    st.sampled_from(["CAKE-10", "CAKE-10-V"]),
    DAYS,
    st.sampled_from(["AUD", "AUD", "USD"]),
    st.sampled_from([Decimal("5.00"), Decimal("6.00")]),
)
left_alone = st.sampled_from(
    [
        NotMapped("skipped", "left", ("left",), "", "cause"),
        NotMapped("skipped", "zero-amount", ("nothing",), "", "cause"),
        NotMapped("held", "field-empty", ("a field is empty",), "fill it in", "cause"),
        NotMapped("blocked", "vendor-name", ("no name",), "give it one", "cause"),
    ]
)
late = NotMapped("held", "amount-above", ("large",), "approve it", "cause")
outcomes = st.one_of(
    left_alone, st.builds(Mapped, documents, st.just(()), st.just("field"), st.sampled_from([None, None, late]))
)
facts = st.one_of(
    st.none(),
    st.builds(
        Facts,
        st.sampled_from(["5.00", "6.00"]),
        st.sampled_from(["AUD", "USD"]),
        st.just("2026-09-30"),
        st.sampled_from(["7", "8"]),
    ),
)
everything_known = st.builds(
    Known,
    st.sampled_from(["sent", "sent", "held", "ready", "blocked", "sending", "refused", "skipped", "removed"]),
    st.sampled_from([None, "stale", "books-closed", "outcome-unknown", "changed-at-source", "voided-at-source"]),
    facts=facts,
    content=documents,
    qbo_id=st.sampled_from([None, "8", "8"]),
    generation=st.integers(0, 2),
    astray=st.booleans(),
    settled=st.sampled_from([None, None, None, "create", "update", "remove"]),
)
standings = st.builds(
    Standing,
    st.sampled_from([{"Id": "8", "SyncToken": "3"}, None]),
    st.one_of(st.none(), DAYS),
    st.sampled_from([Decimal("5.00"), Decimal("6.00")]),
    paid=st.booleans(),
    edited=st.sampled_from([(), (), None, ("due date",)]),
)
found = st.builds(
    Found,
    st.sampled_from(["Bill", "VendorCredit"]),
    st.just("88"),
    st.sampled_from(["CAKE-10", "X"]),
    st.just("3"),
    st.just("AUD"),
    st.just(Decimal("5.00")),
    DAYS,
    st.sampled_from([None, "ref:own", "ref:other"]),
    taken=st.booleans(),
)
anything = st.builds(
    Case,
    st.sampled_from([Key("1", "cake", "10", "bill"), Key("1", "cake", "10", "credit")]),
    invoices,
    outcomes,
    st.just("ref:own"),
    st.one_of(st.none(), everything_known),
    st.sampled_from([None, "3"]),
    st.sampled_from([(), (), (("blocked", TROUBLE),)]),
    st.lists(found, max_size=1).map(tuple),
    number_twice=st.booleans(),
    standing=st.one_of(st.none(), standings),
    released=st.sampled_from([frozenset(), frozenset({"amount-above", "possible-duplicate", "live-again"})]),
    words=st.lists(
        st.builds(
            Word,
            st.sampled_from(["approve", "reject", "link", "unlink", "recreate", "accept"]),
            st.just("anna"),
            st.just(DAY),
            hash=st.just("of something else"),
        ),
        max_size=2,
    ).map(tuple),
    takes_back=st.one_of(st.none(), st.none(), everything_known),
)
LEFT = NotMapped("skipped", "left", ("left",), "", "cause")
SENT = Known("sent", facts=Facts.of(INVOICE), qbo_id="8")
standing_bills = st.builds(
    lambda void, there, day, amount: Case(
        Key("1", "cake", "10", "bill"),
        replace(INVOICE, void=void, amount=amount),
        LEFT
        if void
        else Mapped(Document("bill", "V", "CAKE-10", day, "AUD", (Line(amount, account="A"),)), (), "field"),
        "ref:own",
        replace(SENT, content=Document("bill", "V", "CAKE-10", DAY, "AUD", (Line(Decimal("5.00"), account="A"),))),
        "3",
        standing=there,
    ),
    st.booleans(),
    st.one_of(st.none(), standings),
    DAYS,
    st.sampled_from([Decimal("5.00"), Decimal("6.00")]),
)
"""Bills of which the source says something else, and against which nothing speaks but how they stand."""

cases = st.one_of(anything, standing_bills)
terms = st.builds(
    Terms,
    policies,
    st.sampled_from([datetime.date(2026, 1, 1), DAY]),
    st.one_of(st.none(), DAYS),
    retry_refused=st.booleans(),
)


def nothing_of_a_person_is_touched(case: Case, under: Terms) -> Action:
    """The promise, for one case; what this run only found out to have been done before is not done by it."""
    (action,) = decide([case], under)
    if action.action in ("update", "remove") and not action.settled:
        there = case.standing
        assert there is not None, "it was not looked at"
        assert case.takes_back is None, "it was taken back"
        assert there.record is not None, "it is gone"
        assert not there.paid, "it is paid"
        assert there.edited == (), "a person edited it, or nobody knows"
        days = [there.date] + ([action.document.date] if action.action == "update" and action.document else [])
        assert under.closing_date is None or all(day is None or day > under.closing_date for day in days), "closed"
        assert action.standing == there
        assert case.known is not None
        assert case.known.stands
        wanted = {"update": under.policy.changed_later, "remove": under.policy.voided_later}[action.action]
        assert wanted == {"update": "update", "remove": "delete"}[action.action], "no policy asked for it"
    if action.action in ("create", "credit", "adopt") and not action.settled:
        assert action.qbo_id is None, "what stands is not made again"
    return action


@settings(max_examples=1_000, deadline=None)
@given(cases, terms)
def test_whatever_the_policy_a_bill_that_a_person_paid_edited_or_closed_stays(case: Case, under: Terms) -> None:
    nothing_of_a_person_is_touched(case, under)


# The property is worth something: each guard that is taken away is missed.


def broken(monkeypatch: pytest.MonkeyPatch, guard: str) -> Callable[[], None]:
    kept = tuple(ask for ask in changes.AGAINST if ask.__name__ != guard)
    assert len(kept) == len(changes.AGAINST) - 1
    monkeypatch.setattr(changes, "AGAINST", kept)

    @settings(max_examples=2_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(standing_bills, terms)
    def tried(case: Any, under: Any) -> None:
        nothing_of_a_person_is_touched(case, under)

    return tried


@pytest.mark.parametrize(
    ("guard", "missed"),
    [
        ("_policy", "it was not looked at|no policy asked"),
        ("_gone", "it is gone"),
        ("_paid", "it is paid"),
        ("_edited", "a person edited it"),
        ("_closed", "closed"),
    ],
)
def test_a_guard_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch, guard: str, missed: str) -> None:
    with pytest.raises((AssertionError, ExceptionGroup)) as told:
        broken(monkeypatch, guard)()
    texts = [str(each) for each in getattr(told.value, "exceptions", (told.value,))]
    assert any(word in text for text in texts for word in missed.split("|"))
