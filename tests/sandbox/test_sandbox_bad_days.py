import json
import time
from typing import Any

import pytest
import requests
from conftest import Books, code


def count(books: Books) -> int:
    return len(books.control("company")["Bill"])


@pytest.mark.parametrize(
    ("fault", "bills"),
    [
        ({"fault": "commit-then-drop"}, 1),
        ({"fault": "drop-before-commit"}, 0),
        ({"fault": "commit-then-hang", "seconds": 0.05}, 1),
        ({"fault": "hang-before-commit", "seconds": 0.05}, 0),
        ({"fault": "truncate"}, 1),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else None,
)
def test_the_line_is_cut_before_or_after_the_work(books: Books, fault: dict[str, Any], bills: int) -> None:
    body = books.bill()
    books.control("arm", fault | {"path": "/bill", "method": "POST"})
    with pytest.raises(requests.RequestException):
        books.post("bill", body, requestid="r1")
    assert count(books) == bills
    assert books.control("requests")[-1]["status"] == (200 if fault["fault"] == "truncate" else 0)
    books.made("Bill", body, requestid="r1")
    assert count(books) == 1


@pytest.mark.parametrize("commit", [True, False])
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"fault": "answer-500"}, 500),
        ({"fault": "answer-html", "status": 502}, 502),
        ({"fault": "answer-html", "status": 504}, 504),
        ({"fault": "answer-401"}, 401),
        ({"fault": "answer-fault", "status": 200, "code": "6190", "message": "m", "detail": "d"}, 200),
    ],
    ids=str,
)
def test_a_wrong_answer_comes_with_or_without_the_work(
    books: Books, fault: dict[str, Any], status: int, commit: bool
) -> None:
    body = books.bill()
    books.control("arm", fault | {"path": "/bill", "commit": commit})
    answer = books.post("bill", body)
    assert answer.status_code == status
    assert count(books) == int(commit)
    if status == 500:
        assert code(answer) == "10000"
    if status > 501:
        assert "<html>" in answer.text
    assert books.post("bill", body).status_code == 200


def test_an_answer_may_be_empty_or_forbidden(books: Books) -> None:
    body = books.bill()
    books.control("arm", {"fault": "empty-200", "path": "/bill", "commit": False})
    assert books.post("bill", body).content == b""
    assert count(books) == 0
    books.control("arm", {"fault": "empty-200", "path": "/bill"})
    assert books.post("bill", body).content == b""
    assert count(books) == 1
    books.control("arm", {"fault": "answer-403", "path": "/bill"})
    assert code(books.post("bill", body)) == "3100"
    assert count(books) == 1


def test_work_may_be_done_long_after_its_line_was_cut(books: Books) -> None:
    body = books.bill()
    books.control("arm", {"fault": "commit-late", "path": "/bill", "seconds": 0.2})
    with pytest.raises(requests.ConnectionError):
        books.post("bill", body, requestid="r1")
    assert count(books) == 0
    time.sleep(0.25)
    assert count(books) == 1
    assert books.made("Bill", body, requestid="r1")["Id"] == books.control("company")["Bill"][0]["Id"]


def test_late_work_does_not_come_into_a_company_that_was_reset(books: Books) -> None:
    body = books.bill()
    books.control("arm", {"fault": "commit-late", "path": "/bill", "seconds": 0.1})
    with pytest.raises(requests.ConnectionError):
        books.post("bill", body)
    books.control("reset", {})
    time.sleep(0.15)
    assert count(books) == 0


@pytest.mark.parametrize(("mode", "bills"), [("remember", 1), ("forget", 2)])
def test_a_request_may_arrive_twice(books: Books, mode: str, bills: int) -> None:
    books.control("switches", {"requestids": mode})
    body = books.bill()
    books.control("arm", {"fault": "arrive-twice", "path": "/bill", "seconds": 0.05})
    assert books.made("Bill", body, requestid="r1")["Id"] == "1"
    time.sleep(0.1)
    assert count(books) == bills


def test_throttling_comes_in_both_envelopes_and_does_no_work(books: Books) -> None:
    body = books.bill()
    books.control("arm", {"fault": "throttle", "path": "/bill", "shape": "A", "retry_after": 7})
    first = books.post("bill", body)
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert first.json()["Fault"]["type"] == "SERVICE"
    books.control("arm", {"fault": "throttle", "path": "/bill"})
    second = books.post("bill", body)
    assert second.json()["fault"]["error"][0]["detail"] == "The request limit was reached.  Try again later"
    assert "retry-after" not in second.headers
    assert code(first) == code(second) == "3001"
    assert count(books) == 0


def test_faults_choose_their_requests_by_path_method_and_turn(books: Books) -> None:
    books.control("arm", {"fault": "answer-500", "path": "/query", "method": "post", "times": 2, "skip": 1})
    statuses = [books.query("select * from Term").status_code for _ in range(4)]
    assert books.get("query", query="select * from Term").status_code == 200
    assert statuses == [200, 500, 500, 200]


def test_several_faults_may_wait_at_once(books: Books) -> None:
    books.control("arm", {"fault": "throttle", "path": "/query"})
    books.control("arm", {"fault": "answer-500", "path": "/query"})
    assert [books.query("select * from Term").status_code for _ in range(3)] == [429, 500, 200]


def test_what_waits_can_be_taken_away_again(books: Books) -> None:
    books.control("arm", {"fault": "answer-500", "path": "/query", "times": 5})
    assert books.query("select * from Term").status_code == 500
    books.control("disarm", {})
    assert books.query("select * from Term").status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"fault": "nonsense"}, {"fault": "throttle", "colour": 1}, {}],
)
def test_an_impossible_fault_is_refused(books: Books, body: dict[str, Any]) -> None:
    assert requests.post(f"{books.url}/control/arm", json=body, timeout=5).status_code == 400


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("switches", {"nonsense": 1}),
        ("switches", {"requestids": "sometimes"}),
        ("switches", {"all_errors": 1}),
        ("switches", {"hide_new_bills_seconds": "x"}),
        ("preferences", {"colour": "red"}),
        ("preferences", {"multicurrency": "yes"}),
        ("load", {"xero": []}),
        ("load", {"quickbooks": {"Bill": [{}]}}),
        ("load", {"quickbooks": {"Invoice": []}}),
        ("load", []),
    ],
)
def test_control_says_what_it_cannot_do(books: Books, name: str, body: Any) -> None:
    answer = requests.post(f"{books.url}/control/{name}", json=body, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_one_item_of_a_batch_is_throttled_or_lost(books: Books) -> None:
    items = [{"bId": f"b{n}", "operation": "create", "Bill": books.bill(DocNumber=f"B-{n}")} for n in range(3)]
    books.control("arm", {"fault": "batch-item-throttled", "index": 1})
    answers = books.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert [one.get("Fault", {}).get("type", "") for one in answers] == ["", "SERVICE", ""]
    assert count(books) == 2
    books.control("arm", {"fault": "batch-item-lost", "index": 2})
    answers = books.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert [one["bId"] for one in answers] == ["b0", "b1"]
    assert count(books) == 5


@pytest.mark.parametrize("commit", [True, False])
def test_one_item_of_a_batch_answers_any_fault_done_or_not(books: Books, commit: bool) -> None:
    items = [{"bId": f"b{n}", "operation": "create", "Bill": books.bill(DocNumber=f"B-{n}")} for n in range(3)]
    books.control("arm", {"fault": "batch-item-fault", "index": 1, "code": "6190", "commit": commit})
    answers = books.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    assert answers[1]["Fault"]["Error"][0]["code"] == "6190"
    assert count(books) == 2 + commit


def test_a_batch_may_name_one_item_twice_or_break_off_in_the_middle(books: Books) -> None:
    items = [{"bId": f"b{n}", "operation": "create", "Bill": books.bill(DocNumber=f"B-{n}")} for n in range(3)]
    request = {"BatchItemRequest": items}
    books.control("arm", {"fault": "batch-item-twice", "index": 1})
    answers = books.post("batch", request, requestid="r").json()["BatchItemResponse"]
    assert [one["bId"] for one in answers] == ["b0", "b1", "b1", "b2"]
    assert count(books) == 3
    books.control("arm", {"fault": "batch-half-done", "items": 2})
    broken = books.post("batch", request, requestid="s")
    assert (broken.status_code, code(broken)) == (500, "10000")
    assert count(books) == 5
    books.post("batch", request, requestid="s")
    assert count(books) == 6


def test_a_batch_takes_as_many_items_as_the_switch_says(books: Books) -> None:
    items = [{"bId": f"b{n}", "operation": "create", "Bill": books.bill()} for n in range(11)]
    books.control("switches", {"batch_most_items": 10})
    assert code(books.post("batch", {"BatchItemRequest": items})) == "1040"
    assert len(books.post("batch", {"BatchItemRequest": items[:10]}).json()["BatchItemResponse"]) == 10
    assert count(books) == 10


def test_business_faults_may_come_with_status_200(books: Books) -> None:
    books.control("switches", {"business_fault_status": 200})
    answer = books.post("bill", books.bill(VendorRef={"value": "987"}))
    assert (answer.status_code, code(answer)) == (200, "2500")
    assert code(books.post("bill", books.bill(VendorRef={"value": "987"}), requestid="r")) == "2500"
    assert code(books.post("bill", books.bill(), requestid="r")) == ""


def test_an_ended_subscription_refuses_writes_and_allows_reads(books: Books) -> None:
    books.control("switches", {"subscription_ended": True})
    assert code(books.post("bill", books.bill())) == "6190"
    assert books.get("companyinfo/1").json()["CompanyInfo"]["NameValue"][1]["Value"] == "EXPIRED"


def test_limits_are_enforced_in_any_second(books: Books) -> None:
    body = books.bill()
    books.control("switches", {"enforce_limits": True, "throttle_shape": "A", "throttle_retry_after": 2})
    answers = [books.post("bill", body) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 2
    assert refused[0].headers["retry-after"] == "2"
    assert "Fault" in refused[0].json()
    assert count(books) == 10
    time.sleep(1.05)
    assert books.post("bill", body).status_code == 200


def test_requests_are_logged_and_metered(books: Books) -> None:
    before = books.control("meters")
    books.made("Bill", books.bill(), requestid="r1")
    books.query("select * from Bill")
    books.post("bill", {})
    after = books.control("meters")
    last = books.control("requests")[-3:]
    assert after["core"] - before["core"] == 1
    assert after["core_plus"] > before["core_plus"]
    assert after["oauth"] == 1
    assert [(one["method"], one["path"].rsplit("/", 1)[1], one["status"]) for one in last] == [
        ("POST", "bill", 200),
        ("POST", "query", 200),
        ("POST", "bill", 400),
    ]
    assert last[0]["requestid"] == "r1"
    assert json.loads(last[0]["body"])["DocNumber"] == "CAKE-10042"
    assert last[1]["body"] == "select * from Bill"
    assert [one["n"] for one in last] == sorted(one["n"] for one in last)


def test_rows_are_loaded_by_name_with_their_own_id_and_date_even_into_closed_books(books: Books) -> None:
    books.control("preferences", {"book_close_date": "2026-06-30"})
    line = books.line()
    bill = {
        "Id": "700",
        "VendorRef": {"name": "Old Friend"},
        "TxnDate": "2026-01-05",
        "DocNumber": "CAKE-1",
        "MetaData": {"CreateTime": "2026-01-06T10:00:00-08:00"},
        "Line": [line],
    }
    made = books.control("load", {"quickbooks": {"Vendor": [{"DisplayName": "Old Friend"}], "Bill": [bill]}})
    assert made["Bill"] == ["700"]
    held = books.rows("select * from Bill where MetaData.CreateTime < '2026-01-07'")[0]
    assert (held["Id"], held["VendorRef"]["name"]) == ("700", "Old Friend")
    books.control("load", {"quickbooks": {"Bill": [{"Id": "700", "PrivateNote": "edited by hand"}]}})
    again = books.get("bill/700").json()["Bill"]
    assert (again["PrivateNote"], again["SyncToken"], again["DocNumber"]) == ("edited by hand", "1", "CAKE-1")
    assert books.made("Bill", books.bill(TxnDate="2026-07-01"))["Id"] == "701"


def test_source_rows_replace_by_id_and_armed_faults_hit_sources_too(books: Books) -> None:
    rows = books.control("sources")["cake"]
    change = rows[0] | {"total_payout": "1.23"}
    books.control("load", {"cake": [change, rows[0] | {"invoice_id": 999999}]})
    after = books.control("sources")["cake"]
    assert len(after) == len(rows) + 1
    assert after[0]["total_payout"] == "1.23"
    books.control("arm", {"fault": "drop-before-commit", "path": "/cake/"})
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{books.url}/cake/api/2/invoices.json", timeout=5)
    assert requests.get(f"{books.url}/cake/api/2/invoices.json", timeout=5).status_code < 500


def test_a_reset_brings_everything_back(books: Books) -> None:
    books.made("Bill", books.bill(), requestid="r1")
    books.control("preferences", {"country": "US"})
    books.control("switches", {"all_errors": True})
    books.control("arm", {"fault": "answer-500"})
    books.control("reset", {})
    assert books.control("preferences")["country"] == "AU"
    assert books.control("switches")["all_errors"] is False
    assert books.control("requests") == []
    assert count(books) == 0
    books.refresh = "sandbox-refresh-token"
    books.sign_in()
    assert books.made("Bill", books.bill(), requestid="r1")["Id"] == "1"


def test_a_slow_answer_stands_for_work_already_done(books: Books) -> None:
    body = books.bill()
    books.control("switches", {"answer_seconds": 0.3})
    with pytest.raises(requests.Timeout):
        books.session.post(f"{books.base}/bill", json=body, timeout=0.1)
    books.control("switches", {"answer_seconds": 0})
    assert count(books) == 1


def test_things_that_are_not_what_they_should_be_are_refused_not_stumbled_over(books: Books) -> None:
    kind = "AccountBasedExpenseLineDetail"
    for odd in (
        {"VendorRef": "5"},
        {"VendorRef": ["5"]},
        {"Line": ["x"]},
        {"Line": {"Amount": 1}},
        {"TxnTaxDetail": [1]},
    ):
        assert books.post("bill", books.bill(**odd)).status_code == 400
    for line in ({"Amount": 1, "DetailType": kind, kind: []}, {"Amount": {}, "DetailType": kind, kind: {}}):
        assert books.post("bill", books.bill(line)).status_code == 400
    assert books.post("vendor", {"DisplayName": "x", "PrimaryEmailAddr": "x"}).status_code == 400
    assert count(books) == 0
