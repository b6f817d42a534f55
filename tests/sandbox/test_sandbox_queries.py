import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conftest import Books, code


def stock(books: Books, count: int) -> None:
    one = books.bill()
    bills = [
        one | {"DocNumber": f"N-{number:04d}", "Line": [one["Line"][0] | {"Amount": number}]}
        for number in range(1, count + 1)
    ]
    books.control("load", {"quickbooks": {"Bill": bills}})


SELECTIONS: list[tuple[str, list[str]]] = [
    ("select * from Bill where DocNumber = 'N-0003'", ["3"]),
    ("SELECT Id, DocNumber FROM bill WHERE docnumber = 'n-0003'", ["3"]),
    ("select * from Bill where DocNumber in ('N-0003', 'N-0001', 'nope')", ["1", "3"]),
    ("select * from Bill where DocNumber = 'N-0003' and VendorRef = '5'", ["3"]),
    ("select * from Bill where DocNumber = 'N-0003' and VendorRef = '6'", []),
    ("select * from Bill where Id = '2'", ["2"]),
    ("select * from Bill where Id in ('2', '4')", ["2", "4"]),
    ("select * from Bill where TotalAmt > '3.00'", ["4", "5"]),
    ("select * from Bill where TotalAmt >= 3 and TotalAmt < 5", ["3", "4"]),
    ("select * from Bill where TotalAmt <= '1'", ["1"]),
    ("select * from Bill where DocNumber like 'N-%4'", ["4"]),
    ("select * from Bill where DocNumber like '%\\'%'", []),
    ("select * from Bill where TxnDate = '2026-01-31' orderby Id desc", ["5", "4", "3", "2", "1"]),
    ("select * from Bill order by TotalAmt desc startposition 2 maxresults 2", ["4", "3"]),
    ("select * from Bill ORDERBY DocNumber ASC MAXRESULTS 2 STARTPOSITION 3", ["3", "4"]),
    ("select * from Bill startposition 9", []),
    ("select * from Bill where TxnDate > '2026-01-31'", []),
    ("select * from Bill where MetaData.CreateTime > '2020-01-01'", ["1", "2", "3", "4", "5"]),
    ("select * from Bill where MetaData.LastUpdatedTime > '2999-01-01T00:00:00Z'", []),
]


def test_queries_select_by_rule(books: Books) -> None:
    stock(books, 5)
    for text, expected in SELECTIONS:
        assert [row["Id"] for row in books.rows(text)] == expected, text


@pytest.mark.parametrize(
    ("text", "expected", "detail"),
    [
        ("select * form Bill", "4000", 'Encountered " "form" "" at line 1, column 10'),
        ("select * from Bill where", "4000", "<EOF>"),
        ("select * from Bill where DocNumber != 'x'", "4000", "!"),
        ("select * from Bill where DocNumber = 'x' or Id = '1'", "4000", "or"),
        ("select * from Bill where DocNumber = null", "4000", "null"),
        ("select * from Bill where DocNumber = 'open", "4000", ""),
        ("select * from Custmoer", "4001", "invalid context declaration: Custmoer"),
        ("select * from Bill where Colour = 'x'", "4001", "Property Colour not found for Entity Bill"),
        ("select Colour from Bill", "4001", "Property Colour not found"),
        ("select * from Bill where PrivateNote like '%ref%'", "4001", "not queryable"),
        ("select * from Bill where Id > '1'", "4001", "Id"),
        ("select * from Bill where MetaData.CreateTime > 'soon'", "4001", "soon"),
        ("select * from Bill startposition 0", "4001", "value 0 is too small. Min allowed value is 1"),
        ("select * from Bill maxresults 1001", "4001", "Max allowed value is 1000"),
    ],
)
def test_bad_queries_are_refused(books: Books, text: str, expected: str, detail: str) -> None:
    answer = books.query(text)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert detail in answer.json()["Fault"]["Error"][0]["Detail"]


def test_a_page_holds_a_hundred_unless_more_are_asked_for(books: Books) -> None:
    stock(books, 120)
    first = books.query("select * from Bill").json()["QueryResponse"]
    assert (len(first["Bill"]), first["startPosition"], first["maxResults"]) == (100, 1, 100)
    rest = books.get("query", query="select * from Bill startposition 101 maxresults 1000").json()["QueryResponse"]
    assert (len(rest["Bill"]), rest["startPosition"], rest["maxResults"]) == (20, 101, 20)
    assert books.query("select count(*) from Bill").json()["QueryResponse"] == {"totalCount": 120}
    assert books.query("select count(*) from Bill where Id in ('1','2')").json()["QueryResponse"]["totalCount"] == 2
    assert books.rows("select * from CompanyInfo")[0]["Country"] == "AU"


def test_text_compares_with_case_where_the_switch_says_so(books: Books) -> None:
    stock(books, 1)
    books.control("switches", {"query_case": "sensitive"})
    assert books.rows("select * from Bill where DocNumber = 'n-0001'") == []
    assert len(books.rows("select * from Bill where DocNumber = 'N-0001'")) == 1


def test_escaped_quotes_and_backslashes_find_their_names(books: Books) -> None:
    for name in ("O'Neil", "back\\slash"):
        books.made("Vendor", {"DisplayName": name})
        escaped = name.replace("\\", "\\\\").replace("'", "\\'")
        assert [row["DisplayName"] for row in books.rows(f"select * from Vendor where DisplayName = '{escaped}'")] == [
            name
        ]


def test_new_bills_hide_from_queries_for_a_while_but_not_from_reads(books: Books) -> None:
    books.control("switches", {"hide_new_bills_seconds": 0.4})
    bill = books.made("Bill", books.bill())
    assert books.rows("select * from Bill") == []
    assert books.query("select count(*) from Bill").json()["QueryResponse"] == {"totalCount": 0}
    assert books.get(f"bill/{bill['Id']}").status_code == 200
    time.sleep(0.45)
    assert len(books.rows("select * from Bill where DocNumber = 'CAKE-10042'")) == 1


def test_change_data_capture_looks_back_thirty_days_and_not_at_tax_codes(books: Books) -> None:
    now = datetime.now(UTC)
    assert code(books.get("cdc", entities="Bill", changedSince=(now - timedelta(days=40)).isoformat())) == "2060"
    assert code(books.get("cdc", entities="TaxCode", changedSince=now.isoformat())) == "4001"
    later = (now + timedelta(hours=1)).isoformat()
    answer = books.get("cdc", entities="Account,Bill", changedSince=later).json()
    assert answer["CDCResponse"] == [{"QueryResponse": [{}, {}]}]


def item(books: Books, number: int, **changes: Any) -> dict[str, Any]:
    return {"bId": f"b{number}", "operation": "create", "Bill": books.bill(DocNumber=f"B-{number}", **changes)}


def batch(books: Books, *items: dict[str, Any], **params: str) -> dict[str, dict[str, Any]]:
    answer = books.post("batch", {"BatchItemRequest": list(items)}, **params)
    assert answer.status_code == 200, answer.text
    return {one["bId"]: one for one in answer.json()["BatchItemResponse"]}


def test_batch_items_stand_alone(books: Books) -> None:
    bill = books.made("Bill", books.bill())
    answers = batch(
        books,
        item(books, 1),
        item(books, 2, VendorRef={"value": "987"}),
        {"bId": "d", "operation": "delete", "Bill": {"Id": bill["Id"], "SyncToken": "0"}},
        {"bId": "u", "operation": "update", "Vendor": {"Id": "5", "SyncToken": "9", "sparse": True}},
        {"bId": "v", "operation": "create", "Vendor": {"DisplayName": "Batch Deals"}},
        {"bId": "q", "Query": "select * from Bill where DocNumber = 'B-1'"},
        {"bId": "x", "Query": "select * from Nothing"},
        {"bId": "o", "operation": "revert", "Bill": {}},
    )
    assert answers["b1"]["Bill"]["DocNumber"] == "B-1"
    assert answers["b2"]["Fault"]["Error"][0]["code"] == "2500"
    assert answers["d"]["Bill"]["status"] == "Deleted"
    assert answers["u"]["Fault"]["Error"][0]["code"] == "5010"
    assert answers["v"]["Vendor"]["DisplayName"] == "Batch Deals"
    assert "totalCount" not in answers["q"]["QueryResponse"]
    assert answers["x"]["Fault"]["Error"][0]["code"] == "4001"
    assert answers["o"]["Fault"]["Error"][0]["code"] == "2170"


def test_a_batch_holds_thirty_items_with_ids_of_their_own(books: Books) -> None:
    many = [item(books, number) for number in range(31)]
    assert code(books.post("batch", {"BatchItemRequest": many})) == "1040"
    assert len(batch(books, *many[:30])) == 30
    assert code(books.post("batch", {"BatchItemRequest": [many[0], many[0]]})) == "2020"
    assert code(books.post("batch", {})) == "2020"


def test_duplicates_in_a_batch_are_allowed_by_its_option_data(books: Books) -> None:
    books.control("preferences", {"warn_duplicate_bill_number": True})
    books.made("Bill", books.bill(DocNumber="B-1"))
    assert batch(books, item(books, 1))["b1"]["Fault"]["Error"][0]["code"] == "6140"
    assert "Bill" in batch(books, item(books, 1) | {"optionsData": "allowduplicatedocnum"})["b1"]


def test_a_batch_may_come_back_in_another_order(books: Books) -> None:
    books.control("switches", {"batch_order": "reversed"})
    assert list(batch(books, item(books, 1), item(books, 2))) == ["b2", "b1"]


def test_a_batch_of_thirty_is_done_fast(books: Books) -> None:
    items = [item(books, number) for number in range(30)]
    started = time.monotonic()
    batch(books, *items)
    assert time.monotonic() - started < 0.25


def test_a_request_id_gives_the_same_bytes_again_whatever_the_body(books: Books) -> None:
    first = books.post("bill", books.bill(), requestid="r1")
    again = books.post("bill", books.bill(books.line(7), DocNumber="other"), requestid="r1")
    assert again.content == first.content
    assert len(books.control("company")["Bill"]) == 1
    books.made("Bill", books.bill(), requestid="r2")
    assert len(books.control("company")["Bill"]) == 2


def test_a_request_id_outlives_its_bill(books: Books) -> None:
    first = books.made("Bill", books.bill(), requestid="r1")
    books.post("bill", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")
    assert books.made("Bill", books.bill(), requestid="r1") == first
    assert books.control("company")["Bill"] == []


def test_in_a_batch_request_id_and_item_id_count_together(books: Books) -> None:
    first = batch(books, item(books, 1), item(books, 2), requestid="batch")
    part = batch(books, item(books, 2), item(books, 3), requestid="batch")
    assert json.dumps(part["b2"]) == json.dumps(first["b2"])
    assert part["b3"]["Bill"]["Id"] not in {one["Bill"]["Id"] for one in first.values()}
    assert len(books.control("company")["Bill"]) == 3
    batch(books, item(books, 1), requestid="another")
    assert len(books.control("company")["Bill"]) == 4


@pytest.mark.parametrize(("mode", "bills", "expected"), [("forget", 2, ""), ("600", 1, "600")])
def test_request_ids_can_be_forgotten_or_refused(books: Books, mode: str, bills: int, expected: str) -> None:
    books.control("switches", {"requestids": mode})
    books.made("Bill", books.bill(), requestid="r1")
    assert code(books.post("bill", books.bill(), requestid="r1")) == expected
    assert len(books.control("company")["Bill"]) == bills


def test_request_ids_can_have_an_end(books: Books) -> None:
    books.control("switches", {"requestid_hours": 23})
    first = books.made("Bill", books.bill(), requestid="r1")
    assert books.made("Bill", books.bill(), requestid="r1") == first
    books.control("switches", {"clock_ahead_seconds": 24 * 3600})
    books.sign_in()
    assert books.made("Bill", books.bill(), requestid="r1") != first


@pytest.mark.parametrize("remembered", [True, False])
def test_a_refused_attempt_burns_its_id_or_not(books: Books, remembered: bool) -> None:
    books.control("switches", {"failed_attempts_remembered": remembered})
    assert code(books.post("bill", books.bill(DocNumber="x" * 30), requestid="r1")) == "2050"
    assert code(books.post("bill", books.bill(), requestid="r1")) == ("2050" if remembered else "")


def test_long_request_ids_are_refused(books: Books) -> None:
    assert code(books.post("bill", books.bill(), requestid="x" * 51)) == "2130"
    assert code(books.post("bill", books.bill(), requestid="x" * 50)) == ""
    request = {"BatchItemRequest": [item(books, 1)]}
    assert code(books.post("batch", request, requestid="x" * 37)) == "2130"
    long_item = {"BatchItemRequest": [item(books, 1) | {"bId": "x" * 11}]}
    assert code(books.post("batch", long_item, requestid="x")) == "2130"
    assert code(books.post("batch", long_item)) == ""


def test_addresses_and_bodies_that_mean_nothing_are_refused(books: Books) -> None:
    for path in ("invoice/1", "bill/1/5", "nothing"):
        assert code(books.get(path)) == "500"
    assert code(books.get("bill/1.5")) == "2030"
    for body in (b"{", b"[]", b"null", b'{"Line": NaN}', b'{"TotalAmt": 1e999999999}'):
        answer = books.session.post(f"{books.base}/bill", data=body, timeout=5)
        assert code(answer) == "2010"
