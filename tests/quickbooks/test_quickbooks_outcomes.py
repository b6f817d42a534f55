"""What each kind of answer to a write proves, over real sockets."""

import json
import socket
from typing import Any

import pytest
from kept import KeptSignIn, KeptTimes, settings_for, signed_in
from raw_server import Answering, Raw, cut_off, hang_up, keep_silent, says

from connector.errors import AnswerUnreadable, OurFault, ServiceDown, SignInNeeded, Throttled
from connector.quickbooks.frozen import BatchItem
from connector.quickbooks.limiter import Limiter
from connector.quickbooks.signin import SignIn
from connector.quickbooks.transport import Company, Outcome, ReadRefused

BILL = b'{"DocNumber":"CAKE-1"}'
BATCH = [BatchItem("00", "create", "Bill", b"{}"), BatchItem("01", "delete", "Bill", b"{}")]


def fault(code: str, detail: str = "Detail", **more: Any) -> dict[str, Any]:
    error = {"Message": "Message", "Detail": detail, "code": code, "element": ""}
    return {"Fault": {"Error": [error], "type": "ValidationFault"} | more, "time": "2026-01-31T00:00:00.000-08:00"}


def gateway(code: str, detail: str | None = None) -> dict[str, Any]:
    error = {"message": "message=X; errorCode=00X", "detail": detail, "code": code, "element": None}
    return {"warnings": None, "fault": {"error": [error], "type": "SERVICE"}, "batchItemResponse": [], "time": 1601}


APPLIED = {"Bill": {"Id": "145", "SyncToken": "0"}, "time": "2026-01-31T00:00:00.000-08:00"}
TWO_ERRORS = {"Fault": {"Error": [fault("2500")["Fault"]["Error"][0], fault("6140")["Fault"]["Error"][0]]}}
ROWS: list[tuple[str, Answering, str, str | None]] = [
    ("a parsed success", says(200, APPLIED), "applied", None),
    ("a deletion", says(200, {"Bill": {"status": "Deleted", "Id": "145"}}), "applied", None),
    ("a definite fault", says(400, fault("2500")), "refused", "2500"),
    ("a fault under 200", says(200, fault("6190")), "refused", "6190"),
    ("a code with zeros before it", says(400, fault("006240")), "refused", "6240"),
    ("a closed book", says(400, fault("6210")), "refused", "6210"),
    ("a fault without a code", says(400, {"Fault": {"Error": [{"Message": "x"}]}}), "unknown", None),
    ("a fault without errors", says(400, {"Fault": {"Error": [], "type": "ValidationFault"}}), "unknown", None),
    ("a repeated request id", says(400, fault("600")), "unknown", "600"),
    ("a number used before", says(400, fault("6140")), "unknown", "6140"),
    ("a number used before, among others", says(400, TWO_ERRORS), "unknown", "2500"),
    ("an application error under 500", says(500, fault("10000", type="SystemFault")), "unknown", "10000"),
    ("an application error under 400", says(400, fault("10000")), "unknown", "10000"),
    ("a system fault with a business code", says(400, fault("6000", type="SystemFault")), "unknown", "6000"),
    ("a business fault under 500", says(500, fault("2500")), "unknown", "2500"),
    ("a refused token", says(401, gateway("3200", "Token expired: SECRET-TOKEN")), "unknown", "3200"),
    ("a refused token, as the application says it", says(401, fault("100")), "unknown", "100"),
    ("a refused token under 400", says(400, fault("3200")), "unknown", "3200"),
    ("a forbidden company", says(403, gateway("3100")), "forbidden", "3100"),
    ("a forbidden company without a body", says(403, b""), "forbidden", None),
    ("a throttle in the gateway's envelope", says(429, gateway("3001"), "Retry-After: 7"), "throttled", "3001"),
    ("a throttle in the application's envelope", says(429, fault("003001")), "throttled", "3001"),
    ("a throttle under 403", says(403, fault("3001")), "throttled", "3001"),
    ("a throttle without a body", says(429, b"slow down"), "throttled", None),
    ("a proxy's page", says(503, b"<html>503</html>"), "unknown", None),
    ("a proxy's page under 200", says(200, b"<html>hello</html>"), "unknown", None),
    ("a proxy's page under 400", says(400, b"<html>bad</html>"), "unknown", None),
    ("a gateway's time-out", says(504, b""), "unknown", None),
    ("a success under 500", says(500, APPLIED), "unknown", None),
    ("an empty 200", says(200, b""), "unknown", None),
    ("a 200 without the bill", says(200, {"time": "x"}), "unknown", None),
    ("a 200 with a bill without Id", says(200, {"Bill": {"SyncToken": "0"}}), "unknown", None),
    ("a 200 that is null", says(200, None), "unknown", None),
    ("a 200 with NaN", says(200, b'{"Bill":{"Id":"1","TotalAmt":NaN}}'), "unknown", None),
    ("a 200 with an absurd number", says(200, b'{"Bill":{"Id":"1","TotalAmt":1e999999999}}'), "unknown", None),
    ("a redirect", says(302, b"", "Location: http://127.0.0.1:1/"), "unknown", None),
    ("half an answer", cut_off, "unknown", None),
    ("a closed connection", hang_up, "unknown", None),
    ("silence", keep_silent, "unknown", None),
]


@pytest.mark.parametrize(("answer", "kind", "code"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_an_answer_proves_this_and_the_write_leaves_once(
    raw: Raw, raw_company: Company, answer: Answering, kind: str, code: str | None
) -> None:
    raw.answers = [answer]
    outcome = raw_company.send("Bill", BILL, "request-1", "create")
    assert (outcome.kind, outcome.code) == (kind, code)
    assert (outcome.body is not None) == (kind == "applied")
    assert len(raw.requests) == 1
    assert "SECRET-TOKEN" not in repr(outcome)


def test_a_write_to_nobody_is_not_sent(kept: KeptSignIn) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        settings = settings_for(url)
        kept.stored = signed_in()
        with Company(settings, SignIn(settings, kept), Limiter(100, 100, 100)) as company:
            assert company.send("Bill", BILL, "request-1", "create").kind == "not-sent"
            outcome = company.send_batch(BATCH, "request-1")
            assert isinstance(outcome, Outcome)
            assert outcome.kind == "not-sent"


def test_the_request_carries_its_id_and_its_exact_bytes(raw: Raw, raw_company: Company) -> None:
    raw.answers = [says(200, APPLIED)]
    raw_company.send("Bill", BILL, "request-1", "create")
    raw_company.send("Bill", BILL, "request-2", "delete")
    first, second = (request.partition(b"\r\n\r\n") for request in raw.requests)
    assert first[0].startswith(
        b"POST /quickbooks/v3/company/4620816365000000000/bill?requestid=request-1&minorversion=75 "
    )
    assert b"/bill?requestid=request-2&operation=delete&minorversion=75 " in second[0]
    assert b"Authorization: Bearer access-token-1" in first[0]
    assert first[2] == second[2] == BILL


def test_an_outcome_tells_under_which_number_and_how_long_to_wait(raw: Raw, raw_company: Company) -> None:
    raw.answers = [says(200, APPLIED, "intuit_tid: 1-abc"), says(429, b"", "Intuit-Tid: 1-def", "Retry-After: 7")]
    outcome = raw_company.send("Bill", BILL, "request-1", "create")
    assert outcome.intuit_tid == "1-abc"
    throttled = raw_company.send("Bill", BILL, "request-1", "create")
    assert (throttled.intuit_tid, throttled.retry_after) == ("1-def", 7.0)


# Batches.


def test_each_item_of_a_batch_has_its_own_outcome_in_any_order(raw: Raw, raw_company: Company) -> None:
    items = [{**fault("610"), "bId": "01"}, {"Bill": {"Id": "7", "SyncToken": "0"}, "bId": "00"}]
    raw.answers = [says(200, {"BatchItemResponse": items})]
    outcomes = raw_company.send_batch(BATCH, "batch-1")
    assert isinstance(outcomes, dict)
    assert {bid: outcome.kind for bid, outcome in outcomes.items()} == {"00": "applied", "01": "refused"}


@pytest.mark.parametrize(
    ("items", "kinds"),
    [
        ([], ["unknown", "unknown"]),
        ([{"Bill": {"Id": "7"}, "bId": "00"}], ["applied", "unknown"]),
        ([{"Bill": {"Id": "7"}, "bId": "00"}, {"Bill": {"Id": "8"}, "bId": "00"}], ["unknown", "unknown"]),
        ([{"Bill": {"Id": "7"}, "bId": "99"}, {"Bill": {"Id": "8"}, "bId": "01"}], ["unknown", "applied"]),
        ([{**fault("3001"), "bId": "00"}, {**fault("6140"), "bId": "01"}], ["throttled", "unknown"]),
        ([{"Vendor": {"Id": "7"}, "bId": "00"}, "rubbish"], ["unknown", "unknown"]),
        ([{**fault("10000"), "bId": "00"}, {**fault("5010"), "bId": "01"}], ["unknown", "refused"]),
    ],
    ids=["none", "one missing", "one twice", "a stranger", "throttled and taken", "another entity", "a system fault"],
)
def test_a_batch_proves_only_what_it_says(raw: Raw, raw_company: Company, items: list[Any], kinds: list[str]) -> None:
    raw.answers = [says(200, {"BatchItemResponse": items})]
    outcomes = raw_company.send_batch(BATCH, "batch-1")
    assert isinstance(outcomes, dict)
    assert [outcomes["00"].kind, outcomes["01"].kind] == kinds


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says(429, gateway("3001")), "throttled"),
        (says(401, gateway("3200")), "unknown"),
        (says(403, gateway("3100")), "forbidden"),
        (says(400, fault("1040")), "refused"),
        (says(500, fault("10000")), "unknown"),
        (says(503, {"BatchItemResponse": [{"Bill": {"Id": "7"}, "bId": "00"}]}), "unknown"),
        (says(200, b"<html>"), "unknown"),
        (cut_off, "unknown"),
        (hang_up, "unknown"),
    ],
    ids=["429", "401", "403", "too large", "500", "items under 503", "a page", "half", "nothing"],
)
def test_a_batch_without_items_has_one_outcome(raw: Raw, raw_company: Company, answer: Answering, kind: str) -> None:
    raw.answers = [answer]
    outcome = raw_company.send_batch(BATCH, "batch-1")
    assert isinstance(outcome, Outcome)
    assert outcome.kind == kind
    assert len(raw.requests) == 1


# Reads.


def read_bill(company: Company) -> Any:
    return company.read("Bill", "145")


def test_a_read_is_tried_again_until_the_service_is_back(raw: Raw, raw_company: Company) -> None:
    raw.answers = [hang_up, says(503, b"<html>"), says(500, fault("10000")), says(200, APPLIED)]
    assert read_bill(raw_company) == APPLIED["Bill"]
    assert len(raw.requests) == 4


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (hang_up, ServiceDown, "quickbooks-down"),
        (says(503, b"<html>"), ServiceDown, "quickbooks-down"),
        (says(429, gateway("3001")), Throttled, "quickbooks-throttled"),
        (says(403, gateway("3100")), SignInNeeded, "quickbooks-forbidden"),
        (says(200, b"<html>"), AnswerUnreadable, "quickbooks-shape"),
        (says(404, b"<html>"), AnswerUnreadable, "quickbooks-shape"),
        (says(200, {"Invoice": {}}), AnswerUnreadable, "quickbooks-shape"),
        (says(400, fault("4001")), ReadRefused, "quickbooks-read-refused"),
    ],
    ids=["closed", "503", "429", "403", "a page", "404", "another entity", "a fault"],
)
def test_a_read_that_fails_says_who_must_act(
    raw: Raw, raw_company: Company, answer: Answering, error: type[Exception], code: str
) -> None:
    raw.answers = [answer]
    with pytest.raises(error) as caught:
        read_bill(raw_company)
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert len(raw.requests) <= 4


def test_a_throttled_read_waits_the_longer_of_the_two_times_and_then_goes_on(raw: Raw) -> None:
    kept = KeptTimes()
    settings = settings_for(raw.url, throttle_wait=2.0)
    with Company(settings, SignIn(settings, KeptSignIn(signed_in())), kept.limiter()) as company:
        raw.answers = [says(429, b"", "Retry-After: 9"), says(429, b""), says(200, APPLIED)]
        read_bill(company)
        raw.answers = [says(429, b"", "Retry-After: 86400"), says(200, APPLIED)]
        read_bill(company)
    assert kept.paused == [9.0, 2.0, 300.0]


def test_a_throttled_write_puts_the_whole_company_to_rest(raw: Raw) -> None:
    """Two flights come back throttled at once: the company rests once, and whatever is sent next waits for it."""
    kept = KeptTimes()
    settings = settings_for(raw.url, throttle_wait=60.0)
    with Company(settings, SignIn(settings, KeptSignIn(signed_in())), kept.limiter()) as company:
        raw.answers = [says(429, gateway("3001"))]
        company.send("Bill", BILL, "request-1", "create", turn_taken=True)
        company.send_batch(BATCH, "batch-1", turn_taken=True)
        raw.answers = [says(200, APPLIED)]
        read_bill(company)
    assert kept.paused == [60.0]


def test_one_throttled_item_of_a_batch_puts_the_company_to_rest_too(raw: Raw) -> None:
    kept = KeptTimes()
    settings = settings_for(raw.url, throttle_wait=60.0)
    with Company(settings, SignIn(settings, KeptSignIn(signed_in())), kept.limiter()) as company:
        items = [{**APPLIED, "bId": "00"}, {**fault("3001"), "bId": "01"}]
        raw.answers = [says(200, {"BatchItemResponse": items})]
        company.send_batch(BATCH, "batch-1")
        company.take_turn()
    assert kept.paused == [60.0]


def test_a_record_that_is_gone_is_none(raw: Raw, raw_company: Company) -> None:
    raw.answers = [says(400, fault("610"))]
    assert read_bill(raw_company) is None


def test_a_write_outside_the_protocol_is_stopped(raw: Raw, raw_company: Company) -> None:
    with pytest.raises(OurFault):
        raw_company.create_object("Bill", json.dumps({"DocNumber": "CAKE-1"}))
    assert raw.requests == []


def test_a_connection_that_sat_idle_is_not_written_into(raw: Raw, raw_company: Company) -> None:
    raw.answers = [says(200, APPLIED)]
    read_bill(raw_company)
    raw_company.send("Bill", BILL, "request-1", "create")
    assert raw.connections == 1
    raw_company._sessions._idle = -1.0
    read_bill(raw_company)
    assert raw.connections == 1
    raw_company.send("Bill", BILL, "request-2", "create")
    assert raw.connections == 2
