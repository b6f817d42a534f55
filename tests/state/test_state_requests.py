import hashlib
import os
import signal
import subprocess
import sys

import pytest
from made import COMPANY, document, saved

from connector.document import Key
from connector.errors import OurFault
from connector.state import clock
from connector.state.sendings import sent_moment
from connector.state.store import IntendedItem, Intent, State


def intend(state, *rows, request_id="rid-1", body="{}", operation="create", **more):
    items = [IntendedItem(row.id, str(n), row.number, 0, body) for n, row in enumerate(rows, 1)]
    return state.intend(Intent(COMPANY, "run", request_id, operation, "Bill", items, **more))


def now(state, row):
    return state.document(Key(COMPANY, "cake", row.invoice, row.kind))


def code(act, *args, **kwargs):
    with pytest.raises(OurFault) as fault:
        act(*args, **kwargs)
    return fault.value.code


def test_an_intent_holds_the_bytes_and_moves_the_document(state):
    row = saved(state, 1, "ready", code="x", reason="y", remedy="z")
    request = intend(state, row, body='{"DocNumber":"é"}')
    assert (now(state, row).state, now(state, row).code) == ("sending", None)
    stored = state.open_request(row.id)
    assert (stored.request.id, stored.request.request_id, stored.attempts) == (request, "rid-1", ())
    assert stored.items[0].sha256 == hashlib.sha256('{"DocNumber":"é"}'.encode()).hexdigest()
    assert (stored.items[0].body, stored.items[0].outcome) == ('{"DocNumber":"é"}', None)


def test_an_intent_of_several_is_whole_or_nothing(state):
    ready, held = saved(state, 1), saved(state, 2, "held")
    assert code(intend, state, ready, held, operation="batch") == "move-forbidden"
    assert now(state, ready).state == "ready"
    assert state.requests_of(ready.id) == []


@pytest.mark.parametrize("first", ["held", "blocked", "skipped", "refused", "removed"])
def test_only_what_is_ready_or_sent_is_intended(state, first):
    assert code(intend, state, saved(state, 1, first)) == "move-forbidden"


def test_an_update_is_intended_of_what_is_sent(state):
    row = saved(state, 1, "sent", qbo_id="145", sync_token="3")
    intend(state, row, operation="update", revision="3")
    assert (now(state, row).state, now(state, row).revision, now(state, row).qbo_id) == ("sending", "3", "145")


def test_a_sending_document_takes_no_other_order(state):
    row = saved(state, 1)
    intend(state, row)
    assert code(intend, state, row, request_id="rid-2") == "move-forbidden"
    assert code(state.save_documents, COMPANY, "run", [document(1, "held")]) == "move-forbidden"
    assert code(state.save_documents, COMPANY, "run", [document(1, "sending", vendor="X")]) == "move-forbidden"
    assert (now(state, row).state, now(state, row).vendor) == ("sending", None)


def test_nothing_is_sent_without_a_committed_intent(state):
    row = saved(state, 1)
    with state.write():
        assert code(intend, state, row) == "send-in-transaction"
    request = intend(state, row)
    with state.write():
        assert code(state.start_attempt, request, ["1"]) == "send-in-transaction"
    assert code(state.start_attempt, request, ["1", "2"]) == "send-without-intent"
    assert code(state.start_attempt, request, []) == "send-without-intent"
    assert code(state.start_attempt, 99, ["1"]) == "send-without-intent"
    assert state.attempts(request) == []


def test_a_settled_item_is_not_sent_again(state):
    row = saved(state, 1)
    request = intend(state, row)
    state.start_attempt(request, ["1"])
    state.conclude(row.id, "sent", qbo_id="145")
    assert code(state.start_attempt, request, ["1"]) == "send-without-intent"


def test_an_attempt_is_there_for_others_before_it_is_sent(state, url):
    request = intend(state, saved(state, 1))
    attempt = state.start_attempt(request, ["1"])
    other = State.open(url)
    [row] = other.attempts(request)
    other.close()
    assert (row.id, row.n, row.items, row.outcome, row.ended_at) == (attempt, 1, ["1"], None, None)
    assert 0 <= clock.elapsed(sent_moment(row)) < 5


def test_an_attempt_is_completed_once_and_never_rewritten(state):
    request = intend(state, saved(state, 1))
    first = state.start_attempt(request, ["1"])
    state.finish_attempt(first, "unknown", 504, None, "1-abc", "gateway")
    second = state.start_attempt(request, ["1"])
    before = state.attempts(request)[0]
    assert code(state.finish_attempt, first, "applied", 200) == "attempt-finished"
    state.finish_attempt(second, "applied", 200)
    after = state.attempts(request)
    assert after[0] == before
    assert [(row.n, row.outcome, row.http_status) for row in after] == [(1, "unknown", 504), (2, "applied", 200)]


def test_no_statement_of_the_store_deletes_or_rewrites_what_was_sent(state):
    said = []
    row = saved(state, 1)
    with state.write() as t:  # the one connection that writes
        t.connection.driver_connection.set_trace_callback(said.append)
    request = intend(state, row)
    state.finish_attempt(state.start_attempt(request, ["1"]), "refused", 400)
    state.conclude(row.id, "refused", code="c", reason="r", remedy="m")
    assert len(said) > 5
    for statement in said:
        assert "DELETE" not in statement
        if statement.startswith("UPDATE attempt"):
            assert "attempt.outcome IS NULL" in statement
        assert not statement.startswith("UPDATE request SET")
        if statement.startswith("UPDATE request_item"):
            assert statement.partition(" WHERE ")[0] == "UPDATE request_item SET outcome='refused'"


@pytest.mark.parametrize(
    ("to", "outcome"), [("sent", "applied"), ("removed", "applied"), ("refused", "refused"), ("ready", "absent")]
)
def test_evidence_settles_the_document_and_its_item(state, to, outcome):
    row = saved(state, 1)
    intend(state, row)
    state.conclude(row.id, to, qbo_id="145", sync_token="0", answer={"Id": "145"}, rounds=0)
    assert (now(state, row).state, now(state, row).qbo_id, now(state, row).answer) == (to, "145", {"Id": "145"})
    assert state.open_request(row.id) is None
    assert [stored.items[0].outcome for stored in state.requests_of(row.id)] == [outcome]


def test_a_held_documents_outcome_stays_unknown_unless_it_is_known(state):
    first, second = saved(state, 1), saved(state, 2)
    intend(state, first, request_id="a")
    intend(state, second, request_id="b")
    state.conclude(first.id, "held", code="no-evidence", reason="r", remedy="m")
    state.conclude(second.id, "held", outcome="refused", code="number-taken")
    assert state.requests_of(first.id)[0].items[0].outcome is None
    assert state.requests_of(second.id)[0].items[0].outcome == "refused"
    assert state.open_request(first.id) is None
    assert now(state, first).code == "no-evidence"


def test_the_attempt_and_its_conclusions_are_committed_together(state):
    rows = [saved(state, 1), saved(state, 2)]
    request = intend(state, *rows, operation="batch")
    attempt = state.start_attempt(request, ["1", "2"])

    def settle():
        with state.write():
            state.finish_attempt(attempt, "applied", 200)
            state.conclude(rows[0].id, "sent", qbo_id="145")
            state.conclude(rows[1].id, "blocked")

    assert code(settle) == "move-forbidden"
    assert state.attempts(request)[0].outcome is None
    assert [now(state, row).state for row in rows] == ["sending", "sending"]


def test_only_a_sending_document_is_concluded_and_never_its_key_changed(state):
    row = saved(state, 1)
    assert code(state.conclude, row.id, "held") == "move-forbidden"
    assert code(state.conclude, 99, "held") == "move-forbidden"
    intend(state, row)
    for column in ("invoice", "company", "state_", "marker", "id"):
        assert code(state.conclude, row.id, "sent", **{column: "x"}) == "document-column"


def test_one_quickbooks_id_is_not_given_to_two_documents_by_an_answer(state):
    rows = [saved(state, 1), saved(state, 2)]
    intend(state, *rows, operation="batch")
    state.conclude(rows[0].id, "sent", qbo_id="145")
    assert code(state.conclude, rows[1].id, "sent", qbo_id="145") == "state-constraint"
    assert now(state, rows[1]).state == "sending"


def test_a_conclusion_that_fails_and_is_caught_leaves_no_half_of_itself(state):
    rows = [saved(state, 1), saved(state, 2)]
    intend(state, *rows, operation="batch")
    with state.write():
        state.conclude(rows[0].id, "sent", qbo_id="145")
        assert code(state.conclude, rows[1].id, "sent", qbo_id="145") == "state-constraint"
        state.conclude(rows[1].id, "held", code="twice-in-quickbooks")
    assert [(now(state, row).state, now(state, row).qbo_id) for row in rows] == [("sent", "145"), ("held", None)]


def test_what_was_proven_absent_goes_again_under_its_id_with_its_bytes_and_no_others(state):
    row = saved(state, 1)
    request = intend(state, row)
    state.finish_attempt(state.start_attempt(request, ["1"]), "unknown")
    state.conclude(row.id, "ready")
    assert code(intend, state, row, body='{"other":1}') == "request-changed"
    assert now(state, row).state == "ready"
    assert intend(state, row) == request
    state.start_attempt(request, ["1"])
    stored = state.open_request(row.id)
    assert ([attempt.n for attempt in stored.attempts], stored.items[0].outcome) == ([1, 2], None)


def test_an_attempt_that_has_ended_may_have_been_sent_until_then(state, monkeypatch):
    row = saved(state, 1)
    request = intend(state, row)
    attempt = state.start_attempt(request, ["1"])
    began = sent_moment(state.attempts(request)[0])
    boot = clock.moment().boot_seconds + 240  # the machine slept before the first byte
    monkeypatch.setattr(clock.time, "clock_gettime", lambda _: boot)
    state.finish_attempt(attempt, "unknown")

    ended = sent_moment(state.attempts(request)[0])
    assert clock.elapsed(ended) == 0
    assert clock.elapsed(began) >= 240 - 1
    assert ended.wall >= began.wall


def test_a_request_id_is_one_companys(state):
    row = saved(state, 1)
    intend(state, row)
    other = document(1, company="999")
    state.save_documents("999", "run", [other])
    other = state.document(Key("999", "cake", "1", "bill"))
    items = [IntendedItem(other.id, "1", None, 0, "{}")]
    assert state.intend(Intent("999", "run", "rid-1", "create", "Bill", items)) != state.open_request(row.id).request.id


def test_the_whole_life_of_a_document_can_be_told(state):
    row = saved(state, 1)
    for generation, (to, outcome) in enumerate([("refused", "refused"), ("sent", "applied")]):
        items = [IntendedItem(row.id, "1", row.number, generation, f'{{"g":{generation}}}')]
        request = state.intend(Intent(COMPANY, "run", f"rid-{generation}", "create", "Bill", items))
        state.finish_attempt(state.start_attempt(request, ["1"]), outcome, 200)
        state.conclude(row.id, to)
        if to == "refused":
            again = now(state, row)
            again.state = "ready"
            state.save_documents(COMPANY, "run", [again])
    lives = state.requests_of(row.id)
    assert [life.request.generation for life in lives] == [0, 1]
    assert [life.attempts[0].outcome for life in lives] == ["refused", "applied"]
    assert state.request(lives[0].request.id) == lives[0]
    assert state.request(99) is None


def test_rounds_are_counted_and_start_again_with_a_new_intent(state):
    row = saved(state, 1)
    intend(state, row)
    assert [state.note_round(row.id, code="unknown", reason="r", remedy="m") for _ in range(2)] == [1, 2]
    assert (now(state, row).state, now(state, row).code) == ("sending", "unknown")
    state.conclude(row.id, "ready")
    intend(state, row)
    assert now(state, row).rounds == 0


def test_rounds_are_noted_of_sending_documents_only(state):
    row = saved(state, 1)
    assert state.note_round(row.id, code="unknown", reason="r", remedy="m") == 0
    assert now(state, row).code is None


SENDER = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from made import saved
from test_state_requests import intend
from connector.state.store import State
state = State.open(sys.argv[1])
state.start_attempt(intend(state, saved(state, 1)), ["1"])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_right_after_the_intent_leaves_all_that_settling_needs(url, request):
    killed = subprocess.run([sys.executable, "-c", SENDER, url, os.fspath(request.path.parent)], check=False)
    assert killed.returncode == -signal.SIGKILL
    state = State.open(url)
    [row] = state.documents_in_state(COMPANY, ["sending"])
    stored = state.open_request(row.id)
    assert (stored.items[0].body, stored.items[0].number) == ("{}", "CAKE-1")
    assert [attempt.outcome for attempt in stored.attempts] == [None]
    assert stored.attempts[0].boot_id == clock.moment().boot_id
    state.close()
