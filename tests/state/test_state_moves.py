from itertools import product

import pytest
from made import COMPANY, document, saved

from connector.errors import OurFault
from connector.state.moves import MOVES, STATES, check_decision, check_move

# Written out once more, by hand, from the write protocol.
PRINTED = {
    "ready": {"held", "blocked", "skipped", "refused", "sending"},
    "held": {"ready"},
    "blocked": {"ready"},
    "skipped": {"ready"},
    "refused": {"ready"},
    "sending": {"sent", "refused", "ready", "held", "removed"},
    "sent": {"sending", "held"},
    "removed": {"ready"},
    None: set(STATES),
}


@pytest.mark.parametrize(("old", "new"), [*product([None, *STATES], STATES)])
def test_a_move_is_allowed_exactly_where_the_protocol_prints_it(old, new):
    if new in PRINTED[old]:
        check_move(old, new)
    else:
        with pytest.raises(OurFault) as fault:
            check_move(old, new)
        assert fault.value.code == "move-forbidden"


def steps(start, *, avoid=()):
    reached, todo = set(), [start]
    while todo:
        for old, new in MOVES:
            if old == todo[0] and new not in reached | set(avoid):
                reached.add(new)
                todo.append(new)
        todo.pop(0)
    return reached


@pytest.mark.parametrize(("old", "new"), [*product([None, *STATES], STATES)])
def test_a_decision_never_enters_or_leaves_sending_and_goes_only_where_moves_lead(old, new):
    for in_quickbooks in (False, True):
        try:
            check_decision(old, new, in_quickbooks=in_quickbooks)
        except OurFault:
            continue
        assert "sending" not in {old, new}
        assert old == new or new in steps(old, avoid=() if in_quickbooks else ("sending",))


@pytest.mark.parametrize("old", ["ready", "held", "blocked", "skipped", "refused", "removed"])
def test_a_document_without_a_quickbooks_id_is_never_sent_by_a_decision(old):
    with pytest.raises(OurFault):
        check_decision(old, "sent", in_quickbooks=False)
    check_decision(old, "sent", in_quickbooks=True)


@pytest.mark.parametrize("new", ["ready", "blocked", "skipped", "refused", "removed"])
def test_a_sent_document_never_reverts(new):
    for in_quickbooks in (False, True):
        with pytest.raises(OurFault):
            check_decision("sent", new, in_quickbooks=in_quickbooks)


def test_a_forbidden_move_leaves_every_row_of_its_bulk_as_it_was(state):
    saved(state, 1, "sent", qbo_id="145")
    with pytest.raises(OurFault) as fault:
        state.save_documents(COMPANY, "run", [document(2), document(1, "ready")])
    assert fault.value.code == "move-forbidden"
    assert state.counts_by_state(COMPANY) == {"sent": 1}


def test_a_stale_row_does_not_take_a_document_back_from_sent(state):
    stale = saved(state, 1)
    state.save_documents(COMPANY, "run", [document(1, "sent", qbo_id="145", adopted=True)])
    with pytest.raises(OurFault):
        state.save_documents(COMPANY, "run", [stale])


def test_a_held_document_becomes_blocked_by_way_of_ready(state):
    saved(state, 1, "held")
    state.save_documents(COMPANY, "run", [document(1, "blocked", code="vendor-unknown")])
    assert state.counts_by_state(COMPANY) == {"blocked": 1}
