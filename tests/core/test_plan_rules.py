"""Every rule of deciding, by table; and what holds whatever the case, by property."""

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.document import Document, Key, Line
from connector.invoice import Invoice, Trouble
from connector.mapping import Mapped, NotMapped, Policy
from connector.money import Money
from connector.plan import Action, Case, Facts, Found, Known, Standing, Terms, decide, may_change
from connector.sync.planned import COUNTS, Planned, Result, count_of

DAY = datetime.date(2026, 9, 30)
KEY = Key("1", "cake", "10", "bill")
OWN = "ref:aaaaaaaaaaaaaaaa"
OTHER = "ref:bbbbbbbbbbbbbbbb"
INVOICE = Invoice("cake", "10", {}, {}, DAY, Decimal("5.00"), "AUD", payee="7", status="Approved")
DOCUMENT = Document(
    kind="bill",
    vendor="V",
    number="CAKE-10",
    date=DAY,
    currency="AUD",
    lines=(Line(Decimal("5.00"), account="A"),),
)
MAPPED = Mapped(DOCUMENT, (), "field")
HELD = NotMapped("held", "field-empty", ("a field is empty",), "fill it in", "cause")
LEFT = NotMapped("skipped", "left", ("left",), "", "cause")
LATE = NotMapped("held", "amount-above", ("large",), "approve it", "cause")
TERMS = Terms(Policy(), datetime.date(2026, 1, 1))
CASE = Case(KEY, INVOICE, MAPPED, OWN, vendor_id="3")
FOUND = Found("Bill", "88", "CAKE-10", "3", "AUD", Decimal("5.00"), DAY, None)
BLOCKED = (("blocked", Trouble("account-not-found", "no account A", "add it")),)


def known(state: Any, code: str | None = None, **more: Any) -> Known:
    return Known(state, code, facts=Facts.of(INVOICE), content=DOCUMENT, **more)


def decided(case: Case, terms: Terms = TERMS) -> Action:
    (action,) = decide([case], terms)
    return action


CHANGED = replace(INVOICE, amount=Decimal(6))
VOID = replace(INVOICE, void=True)
FOLLOW = replace(TERMS, policy=Policy(changed_later="update", voided_later="delete"))
THERE = Standing({"Id": "8", "SyncToken": "3"}, DAY, Decimal("5.00"))
SENT = replace(CASE, known=known("sent", qbo_id="8"), standing=THERE)
REFUSED = replace(SENT, known=known("held", "rule-of-quickbooks", qbo_id="8"))
"""Held because QuickBooks did not take the change to what the source says now."""

CASES: dict[str, tuple[Case, Terms, tuple[str, str, str | None]]] = {
    "new": (CASE, TERMS, ("create", "ready", None)),
    "unknown takes no other order": (
        replace(CASE, outcome=LEFT, known=known("sending")),
        TERMS,
        ("none", "sending", None),
    ),
    "sent and the same": (replace(CASE, known=known("sent", qbo_id="8")), TERMS, ("none", "sent", None)),
    "sent and held by the mapping": (replace(CASE, outcome=HELD, known=known("sent")), TERMS, ("none", "sent", None)),
    "sent and left": (replace(CASE, outcome=LEFT, known=known("sent")), TERMS, ("hold", "held", "changed-at-source")),
    "sent and void": (
        replace(CASE, invoice=replace(INVOICE, void=True), outcome=LEFT, known=known("sent")),
        TERMS,
        ("hold", "held", "voided-at-source"),
    ),
    "sent and another amount": (
        replace(CASE, invoice=replace(INVOICE, amount=Decimal(6)), known=known("sent")),
        TERMS,
        ("hold", "held", "changed-at-source"),
    ),
    "changed": (replace(SENT, invoice=CHANGED), FOLLOW, ("update", "sent", None)),
    "voided": (replace(SENT, invoice=VOID, outcome=LEFT), FOLLOW, ("remove", "sent", None)),
    "changed and not looked at": (
        replace(SENT, invoice=CHANGED, standing=None),
        FOLLOW,
        ("hold", "held", "changed-at-source"),
    ),
    "left and not void": (replace(SENT, outcome=LEFT), FOLLOW, ("hold", "held", "changed-at-source")),
    "changed and paid": (
        replace(SENT, invoice=CHANGED, standing=replace(THERE, paid=True)),
        FOLLOW,
        ("hold", "held", "changed-at-source"),
    ),
    "voided and paid": (
        replace(SENT, invoice=VOID, outcome=LEFT, standing=replace(THERE, paid=True)),
        FOLLOW,
        ("hold", "held", "voided-at-source-paid"),
    ),
    "changed and edited": (
        replace(SENT, invoice=CHANGED, standing=replace(THERE, edited=("memo",))),
        FOLLOW,
        ("hold", "held", "edited-in-quickbooks"),
    ),
    "changed and never answered": (
        replace(SENT, invoice=CHANGED, standing=replace(THERE, edited=None)),
        FOLLOW,
        ("hold", "held", "changed-at-source"),
    ),
    "changed and gone": (
        replace(SENT, invoice=CHANGED, standing=Standing(None)),
        FOLLOW,
        ("hold", "held", "missing-in-quickbooks"),
    ),
    "voided and gone": (
        replace(SENT, invoice=VOID, outcome=LEFT, standing=Standing(None)),
        FOLLOW,
        ("skip", "skipped", "voided-at-source"),
    ),
    "changed and in closed books": (
        replace(SENT, invoice=CHANGED),
        replace(FOLLOW, closing_date=DAY),
        ("hold", "held", "books-closed"),
    ),
    "changed into closed books": (
        replace(SENT, invoice=CHANGED, standing=replace(THERE, date=DAY + datetime.timedelta(days=40))),
        replace(FOLLOW, closing_date=DAY),
        ("hold", "held", "books-closed"),
    ),
    "changed and held by the mapping": (
        replace(SENT, invoice=CHANGED, outcome=HELD),
        FOLLOW,
        ("hold", "held", "changed-at-source"),
    ),
    "changed and too large": (
        replace(SENT, invoice=CHANGED, outcome=replace(MAPPED, late=LATE)),
        FOLLOW,
        ("hold", "held", "amount-above"),
    ),
    "changed, too large and approved": (
        replace(SENT, invoice=CHANGED, outcome=replace(MAPPED, late=LATE), released=frozenset({"amount-above"})),
        FOLLOW,
        ("update", "sent", None),
    ),
    "changed to another currency": (
        replace(SENT, invoice=CHANGED, outcome=replace(MAPPED, document=replace(DOCUMENT, currency="EUR"))),
        FOLLOW,
        ("hold", "held", "changed-at-source"),
    ),
    "changed to a number that two have": (
        replace(SENT, invoice=CHANGED, number_twice=True),
        FOLLOW,
        ("hold", "held", "number-twice"),
    ),
    "changed to what the company has not": (
        replace(SENT, invoice=CHANGED, missing=BLOCKED),
        FOLLOW,
        ("hold", "held", "account-not-found"),
    ),
    "a change that went astray is asked anew": (
        replace(SENT, known=replace(SENT.known, facts=None, astray=True)),
        FOLLOW,
        ("update", "sent", None),
    ),
    "a refused change stands": (REFUSED, FOLLOW, ("none", "held", "rule-of-quickbooks")),
    "a refused change that a person asks for": (
        REFUSED,
        replace(FOLLOW, retry_refused=True),
        ("update", "sent", None),
    ),
    "a change refused by closed books, which are open now": (
        replace(REFUSED, known=known("held", "books-closed", qbo_id="8")),
        FOLLOW,
        ("update", "sent", None),
    ),
    "a bill refused by closed books, which are open now": (
        replace(CASE, known=known("refused", "books-closed")),
        TERMS,
        ("create", "ready", None),
    ),
    "a refused change that changed again": (replace(REFUSED, invoice=CHANGED), FOLLOW, ("update", "sent", None)),
    "a refused change of what is void now": (
        replace(REFUSED, invoice=VOID, outcome=LEFT),
        FOLLOW,
        ("remove", "sent", None),
    ),
    "a change that met another's": (
        replace(REFUSED, known=replace(REFUSED.known, code="stale")),
        FOLLOW,
        ("update", "sent", None),
    ),
    "a refused removal stands": (
        replace(REFUSED, invoice=VOID, outcome=LEFT, known=replace(REFUSED.known, facts=None, astray=True)),
        FOLLOW,
        ("none", "held", "rule-of-quickbooks"),
    ),
    "a refused removal of what is live again": (
        replace(REFUSED, known=replace(REFUSED.known, facts=None, astray=True)),
        FOLLOW,
        ("update", "sent", None),
    ),
    "removed in this run": (
        replace(CASE, invoice=VOID, outcome=LEFT, known=known("removed", settled="remove")),
        FOLLOW,
        ("remove", "removed", None),
    ),
    "sent and before a later start": (
        replace(CASE, known=known("sent")),
        replace(TERMS, start_date=datetime.date(2026, 12, 1)),
        ("none", "sent", None),
    ),
    "settled in this run": (replace(CASE, known=known("sent", settled="create")), TERMS, ("create", "sent", None)),
    "deleted in QuickBooks": (
        replace(CASE, known=known("held", "deleted-in-quickbooks")),
        TERMS,
        ("none", "held", "deleted-in-quickbooks"),
    ),
    "given up and released": (
        replace(CASE, known=known("held", "outcome-unknown"), released=frozenset({"outcome-unknown"})),
        TERMS,
        ("create", "ready", None),
    ),
    "deleted and released": (
        replace(CASE, known=known("held", "deleted-in-quickbooks"), released=frozenset({"deleted-in-quickbooks"})),
        TERMS,
        ("none", "held", "deleted-in-quickbooks"),
    ),
    "given up and found after all": (
        replace(CASE, known=known("held", "outcome-unknown"), found=(replace(FOUND, marker=OWN),)),
        TERMS,
        ("adopt", "ready", None),
    ),
    "live again": (replace(CASE, known=known("removed")), TERMS, ("hold", "held", "live-again")),
    "removed and left": (replace(CASE, outcome=LEFT, known=known("removed")), TERMS, ("skip", "skipped", "left")),
    "before the start": (
        CASE,
        replace(TERMS, start_date=datetime.date(2026, 10, 1)),
        ("skip", "skipped", "before-start"),
    ),
    "on the first day": (CASE, replace(TERMS, start_date=DAY), ("create", "ready", None)),
    "held by the mapping": (replace(CASE, outcome=HELD), TERMS, ("hold", "held", "field-empty")),
    "too large": (replace(CASE, outcome=replace(MAPPED, late=LATE)), TERMS, ("hold", "held", "amount-above")),
    "too large and approved": (
        replace(CASE, outcome=replace(MAPPED, late=LATE), released=frozenset({"amount-above"})),
        TERMS,
        ("create", "ready", None),
    ),
    "too large and there already": (
        replace(CASE, outcome=replace(MAPPED, late=LATE), found=(replace(FOUND, marker=OWN),)),
        TERMS,
        ("adopt", "ready", None),
    ),
    "our mark under another number, vendor and amount": (
        replace(CASE, found=(replace(FOUND, marker=OWN, number="X", vendor_id="9", net=Decimal(1)),)),
        TERMS,
        ("adopt", "ready", "answer-differs"),
    ),
    "our mark under another number": (
        replace(CASE, found=(replace(FOUND, marker=OWN, number="X"),)),
        TERMS,
        ("adopt", "ready", None),
    ),
    "our mark twice": (
        replace(CASE, found=(replace(FOUND, marker=OWN), replace(FOUND, id="89", marker=OWN))),
        TERMS,
        ("adopt", "ready", "twice-in-quickbooks"),
    ),
    "our mark on what is another's": (
        replace(CASE, found=(replace(FOUND, marker=OWN, taken=True),)),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "our mark though two want the number": (
        replace(CASE, found=(replace(FOUND, marker=OWN),), number_twice=True),
        TERMS,
        ("adopt", "ready", None),
    ),
    "two want the number": (replace(CASE, number_twice=True), TERMS, ("hold", "held", "number-twice")),
    "no such account": (replace(CASE, missing=BLOCKED), TERMS, ("block", "blocked", "account-not-found")),
    "typed by hand": (replace(CASE, found=(FOUND,)), TERMS, ("adopt", "ready", "entered-by-hand")),
    "typed by hand twice": (
        replace(CASE, found=(FOUND, replace(FOUND, id="89"))),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "another's mark": (
        replace(CASE, found=(replace(FOUND, marker=OTHER),)),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "another vendor's number": (
        replace(CASE, found=(replace(FOUND, vendor_id="4"),)),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "another currency's number": (
        replace(CASE, found=(replace(FOUND, currency="USD"),)),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "a credit with the number": (
        replace(CASE, found=(replace(FOUND, entity="VendorCredit"),)),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "linked to another invoice": (
        replace(CASE, found=(replace(FOUND, taken=True),)),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "the number and approved": (
        replace(CASE, found=(replace(FOUND, vendor_id="4"),), released=frozenset({"possible-duplicate"})),
        TERMS,
        ("create", "ready", None),
    ),
    "looks alike": (
        replace(CASE, found=(replace(FOUND, number="X", date=DAY + datetime.timedelta(days=3)),)),
        TERMS,
        ("hold", "held", "possible-duplicate"),
    ),
    "four days apart": (
        replace(CASE, found=(replace(FOUND, number="X", date=DAY + datetime.timedelta(days=4)),)),
        TERMS,
        ("create", "ready", None),
    ),
    "looks alike but carries a mark": (
        replace(CASE, found=(replace(FOUND, number="X", marker=OTHER),)),
        TERMS,
        ("create", "ready", None),
    ),
    "closed books": (CASE, replace(TERMS, closing_date=DAY), ("hold", "held", "books-closed")),
    "the day after closing": (
        CASE,
        replace(TERMS, closing_date=DAY - datetime.timedelta(days=1)),
        ("create", "ready", None),
    ),
    "closed books, moved": (
        CASE,
        replace(TERMS, closing_date=DAY, policy=Policy(books_closed="next open day")),
        ("create", "ready", None),
    ),
    "refused": (replace(CASE, known=known("refused", "linked")), TERMS, ("none", "refused", "linked")),
    "refused and asked again": (
        replace(CASE, known=known("refused")),
        replace(TERMS, retry_refused=True),
        ("create", "ready", None),
    ),
    "refused and changed": (
        replace(CASE, outcome=replace(MAPPED, document=replace(DOCUMENT, memo="new")), known=known("refused")),
        TERMS,
        ("create", "ready", None),
    ),
}


def test_in_what_an_adopted_bill_differs_is_told() -> None:
    found = replace(FOUND, marker=OWN, number="X", net=Decimal("1.00"), currency="EUR")
    (action,) = decide([replace(CASE, found=(found,))], TERMS)

    assert action.reason is not None
    assert f"with the number X instead of {DOCUMENT.number} and EUR 1.00 instead of" in action.reason


@pytest.mark.parametrize("name", CASES)
def test_each_rule_decides_what_it_says(name: str) -> None:
    case, terms, expected = CASES[name]
    action = decided(case, terms)

    assert (action.action, action.state, action.code) == expected
    if action.action in ("hold", "block", "adopt"):
        assert action.reason


def test_of_several_with_our_mark_the_earliest_is_ours() -> None:
    times = [datetime.datetime(2026, 1, day, tzinfo=datetime.UTC) for day in (3, 2)]
    found = tuple(replace(FOUND, id=str(n), marker=OWN, created=time) for n, time in enumerate(times))

    action = decided(replace(CASE, found=found))

    assert action.found is not None
    assert action.found.id == "1"


def test_a_retry_after_a_refusal_is_a_new_generation_and_any_other_is_not() -> None:
    changed = replace(MAPPED, document=replace(DOCUMENT, memo="new"))

    assert decided(replace(CASE, outcome=changed, known=known("refused", generation=2))).generation == 3
    assert decided(replace(CASE, known=known("ready", generation=2))).generation == 2
    assert decided(CASE).generation == 0


def test_in_closed_books_the_bill_goes_to_the_next_open_day_and_says_so() -> None:
    terms = replace(TERMS, closing_date=DAY, policy=Policy(books_closed="next open day"))
    document = decided(CASE, terms).document

    assert document is not None
    assert document.date == DAY + datetime.timedelta(days=1)
    assert document.memo == "Invoice date 2026-09-30"
    assert decided(replace(CASE, known=Known("refused", content=document)), terms).action == "none"


# Whatever the case.

_states = st.sampled_from(["ready", "held", "blocked", "sending", "sent", "refused", "skipped", "removed"])
_codes = st.sampled_from([None, "outcome-unknown", "deleted-in-quickbooks", "field-empty", "possible-duplicate"])
_days = st.dates(datetime.date(2025, 12, 25), datetime.date(2026, 10, 10))
_amounts = st.sampled_from([Decimal("5.00"), Decimal("6.00")])
_found = st.builds(
    Found,
    st.sampled_from(["Bill", "VendorCredit"]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["CAKE-10", "X"]),
    st.sampled_from(["3", "4"]),
    st.sampled_from(["AUD", "USD"]),
    _amounts,
    _days,
    st.sampled_from([None, OWN, OTHER]),
    st.none(),
    st.booleans(),
)
_outcomes = st.sampled_from([MAPPED, replace(MAPPED, late=LATE), HELD, LEFT])
_known = st.one_of(
    st.none(),
    st.builds(
        Known,
        _states,
        _codes,
        facts=st.sampled_from([Facts.of(INVOICE), None]),
        content=st.sampled_from([DOCUMENT, None]),
        generation=st.integers(0, 3),
    ),
)
_cases = st.builds(
    Case,
    st.just(KEY),
    st.builds(replace, st.just(INVOICE), date=_days, amount=_amounts, void=st.booleans()),
    _outcomes,
    st.just(OWN),
    _known,
    st.sampled_from([None, "3"]),
    st.sampled_from([(), BLOCKED]),
    st.lists(_found, max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
)
_terms = st.builds(
    Terms,
    st.sampled_from([Policy(), Policy(books_closed="next open day")]),
    st.just(datetime.date(2026, 1, 1)),
    st.one_of(st.none(), _days),
    st.booleans(),
)


@settings(max_examples=500, deadline=None)
@given(_cases, _terms)
def test_nothing_is_created_where_a_document_may_stand_already(case: Case, terms: Terms) -> None:
    action = decided(case, terms)

    if action.action in ("create", "credit") and not action.settled:
        assert case.known is None or case.known.state in ("ready", "held", "blocked", "refused", "skipped")
        assert not any(each.marker == OWN for each in case.found)
        assert case.released or not any(each.number == DOCUMENT.number for each in case.found)
        assert not case.number_twice
        assert not case.missing
        assert isinstance(case.outcome, Mapped)
        assert case.invoice.date is not None
        assert case.invoice.date >= terms.start_date
        assert action.document is not None
        assert terms.closing_date is None or action.document.date > terms.closing_date
    if action.action == "adopt":
        assert action.found is not None
        assert action.document is not None
        assert not action.found.taken
    if case.known is not None and case.known.state in ("sending", "sent"):
        assert action.action in ("none", "hold") or action.settled


@settings(max_examples=300, deadline=None)
@given(_cases, _terms)
def test_the_plan_of_a_plans_result_writes_nothing(case: Case, terms: Terms) -> None:
    action = decided(case, terms)
    if action.action in ("create", "credit", "adopt"):
        now = Known("sent", action.code, facts=Facts.of(case.invoice), content=action.document, qbo_id="9")
        after = decided(replace(case, known=now), terms)
        assert after.action == "none"
        assert after.state == "sent"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(_cases, st.booleans()), max_size=8), _terms)
def test_every_invoice_is_counted_once(cases: list[tuple[Case, bool]], terms: Terms) -> None:
    planned = Planned()
    for case, _ in cases:
        planned.add(decided(case, terms))
    before = planned.counts()
    assert sum(before.values()) == planned.seen == len(cases)
    for (n, action, _), (_, reached) in zip(list(planned.rows("create", "credit", "adopt")), cases, strict=False):
        planned.settle(n, Result("sent" if reached else "ready"))
        assert count_of(action, Result("ready")) == "waiting"
    after = planned.counts()
    assert set(after) == set(COUNTS)
    assert sum(after.values()) == len(cases)
    assert after["held"] == before["held"]


def test_two_plans_are_the_same_exactly_when_they_would_do_the_same() -> None:
    def digest(*cases: Case) -> str:
        planned = Planned()
        for case in cases:
            planned.add(decided(case))
        return planned.digest

    other = replace(CASE, outcome=replace(MAPPED, document=replace(DOCUMENT, memo="x")))
    skipped = replace(CASE, outcome=LEFT)
    assert digest(CASE) == digest(CASE, skipped)
    assert digest(CASE) != digest(other)
    assert digest(CASE) != digest(CASE, CASE)
    assert digest(CASE) != digest(replace(CASE, found=(FOUND,)))


def test_the_causes_add_up_money_in_each_currency() -> None:
    planned = Planned()
    for _ in range(2):
        planned.add(decided(replace(CASE, missing=BLOCKED)))
    (cause,) = planned.causes.values()

    assert (cause.invoices, dict(cause.amounts)) == (2, {"AUD": Decimal("10.00")})
    assert DOCUMENT.total == Money(Decimal("5.00"), "AUD")


@pytest.mark.parametrize("name", CASES)
def test_what_is_to_be_changed_was_to_be_looked_at(name: str) -> None:
    """Where a decision hangs on QuickBooks, gathering knows before that it must be asked."""
    case, terms, (action, _, _) = CASES[name]
    assert (
        case.known is None
        or action not in ("update", "remove")
        or case.known.settled
        or may_change(case.known, case.invoice, terms.policy, again=terms.retry_refused)
    )
