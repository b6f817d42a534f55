"""What persons' words lead to: exactly what they were about, and never what QuickBooks speaks against."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_plan_rules import (
    CASE,
    CASES,
    CHANGED,
    DAY,
    DOCUMENT,
    FOLLOW,
    FOUND,
    INVOICE,
    KEY,
    LATE,
    LEFT,
    MAPPED,
    OWN,
    SENT,
    TERMS,
    THERE,
    VOID,
    _cases,
    _terms,
    decided,
    known,
)

from connector.plan import APPROVABLE, Action, Case, Said, Standing, Terms, Word
from connector.plan.undo import taken_back

ON = datetime.date(2026, 10, 1)
LARGE = replace(CASE, outcome=replace(MAPPED, late=LATE))


def word(verb: Said, hash_: str | None = "") -> Word:
    return Word(verb, "anna", ON, hash=hash_ or "")


def said(case: Case, *words: Word) -> Case:
    return replace(case, words=words)


WAITING: dict[str, tuple[Case, Terms]] = {
    name: (case, terms) for name, (case, terms, (_, state, _)) in CASES.items() if state == "held"
}


@pytest.mark.parametrize("name", WAITING)
def test_only_what_the_table_names_can_be_approved(name: str) -> None:
    case, terms = WAITING[name]
    action = decided(case, terms)

    assert action.hash
    assert action.code in APPROVABLE or not action.approvable
    after = decided(said(case, word("approve", action.hash)), terms)
    looked_at = case.standing is not None or case.known is None or not case.known.stands
    assert ((after.action, after.code, after.reason) != (action.action, action.code, action.reason)) == (
        action.approvable and looked_at
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(LARGE, invoice=replace(INVOICE, amount=Decimal(6))),
        replace(LARGE, invoice=replace(INVOICE, payee="8")),
        replace(LARGE, outcome=replace(MAPPED, document=replace(DOCUMENT, memo="x"), late=LATE)),
        replace(LARGE, known=known("held", generation=1)),
    ],
)
def test_an_approval_is_of_what_was_seen_and_of_nothing_else(other: Case) -> None:
    seen = decided(LARGE).hash
    assert decided(said(LARGE, word("approve", seen))).action == "create"
    assert decided(said(other, word("approve", seen))).code == "amount-above"


def test_a_bill_found_beside_it_is_part_of_what_was_seen() -> None:
    beside = replace(CASE, found=(replace(FOUND, vendor_id="4"),))
    seen = decided(beside).hash
    assert decided(said(beside, word("approve", seen))).action == "create"
    for found in (
        (replace(FOUND, vendor_id="4", net=Decimal(7)),),
        (replace(FOUND, vendor_id="4"), replace(FOUND, id="89", vendor_id="4")),
    ):
        assert decided(said(replace(beside, found=found), word("approve", seen))).code == "possible-duplicate"


def test_each_hold_needs_a_word_of_its_own() -> None:
    case = replace(LARGE, found=(replace(FOUND, vendor_id="4"),))
    first = decided(case)
    second = decided(said(case, word("approve", first.hash)))
    both = decided(said(case, word("approve", first.hash), word("approve", second.hash)))

    assert (first.code, second.code, both.action) == ("amount-above", "possible-duplicate", "create")
    assert first.hash != second.hash
    assert both.reason == "approved by anna on 2026-10-01"


def test_the_later_word_is_heard() -> None:
    seen = decided(LARGE).hash
    assert decided(said(LARGE, word("approve", seen), word("reject", seen))).code == "rejected"
    assert decided(said(LARGE, word("reject", seen), word("approve", seen))).action == "create"
    assert decided(said(LARGE, word("approve", seen), word("skip"))).code == "skipped-by-person"
    assert decided(said(LARGE, word("skip"), word("approve", seen))).action == "create"


def test_what_carries_our_mark_in_quickbooks_is_ours_whatever_was_skipped() -> None:
    assert decided(said(replace(CASE, found=(replace(FOUND, marker=OWN),)), word("skip"))).action == "adopt"
    assert decided(said(replace(CASE, found=(FOUND,)), word("skip"))).code == "skipped-by-person"


def test_what_was_unlinked_is_not_adopted_by_itself() -> None:
    away = Word("unlink", "anna", ON, entity="Bill", id="88")
    for found in (FOUND, replace(FOUND, marker=OWN)):
        assert decided(said(replace(CASE, found=(found,)), away)).action != "adopt"
        again = replace(away, verb="link")
        assert decided(said(replace(CASE, found=(found,)), away, again)).action == "adopt"


_verbs = st.sampled_from(["approve", "reject", "skip", "link", "unlink", "recreate", "accept"])


@settings(max_examples=300, deadline=None)
@given(_cases, _terms, st.lists(_verbs, max_size=4))
def test_a_word_about_something_else_leads_nowhere(case: Case, terms: Terms, verbs: list[Said]) -> None:
    words = tuple(word(verb, "another") for verb in verbs)
    action, after = decided(case, terms), decided(said(case, *words), terms)
    if after.code != "skipped-by-person":
        assert after == action
    else:
        assert verbs[-1] == "skip"


_standings = st.builds(
    Standing,
    st.sampled_from([None, {"Id": "8", "SyncToken": "3"}]),
    st.sampled_from([DAY, DAY - datetime.timedelta(days=90)]),
    st.just(Decimal("5.00")),
    paid=st.booleans(),
    edited=st.sampled_from([(), ("memo",), None]),
)


@settings(max_examples=500, deadline=None)
@given(_standings, st.booleans(), st.booleans(), st.sampled_from([None, DAY]), st.booleans())
def test_nothing_paid_gone_or_in_closed_books_is_changed_whatever_anybody_approves(
    standing: Standing, void: bool, follow: bool, closing: datetime.date | None, asked: bool
) -> None:
    case = replace(SENT, invoice=VOID if void else CHANGED, standing=standing)
    case = replace(case, outcome=LEFT) if void else case
    terms = replace(FOLLOW if follow else TERMS, closing_date=closing)
    action: Action = decided(case, terms)
    words: tuple[Word, ...] = ()
    while asked and action.hash and len(words) < 6:
        words = (*words, word("approve", action.hash))
        action = decided(said(case, *words), terms)

    if action.action in ("update", "remove"):
        assert standing.record is not None
        assert not standing.paid
        assert closing is None or (standing.date is not None and standing.date > closing)
        assert standing.edited == () or (asked and standing.edited is not None)
        assert follow or asked


@settings(max_examples=300, deadline=None)
@given(_standings, st.sampled_from([None, DAY]))
def test_only_what_is_unpaid_unedited_and_in_open_books_is_taken_back(
    standing: Standing, closing: datetime.date | None
) -> None:
    action = taken_back(KEY, INVOICE, known("sent", qbo_id="8"), standing, closing, "run")

    untouched = standing.record is not None and not standing.paid and standing.edited == ()
    opened = closing is None or (standing.date is not None and standing.date > closing)
    assert (action.action == "remove") == (untouched and opened)
    assert action.action == "remove" or (action.code and action.remedy)


def test_the_state_of_a_bill_is_part_of_what_was_seen() -> None:
    edited = replace(SENT, invoice=CHANGED, standing=replace(THERE, edited=("memo",)))
    seen = decided(edited, FOLLOW).hash
    later = replace(edited, standing=replace(THERE, record={"Id": "8", "SyncToken": "4"}, edited=("memo",)))

    assert decided(said(edited, word("approve", seen)), FOLLOW).action == "update"
    assert decided(said(later, word("approve", seen)), FOLLOW).code == "edited-in-quickbooks"
