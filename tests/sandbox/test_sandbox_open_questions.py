"""What nobody outside Intuit knows for certain: each answer is a switch, and both can be had."""

import threading
import time
from typing import Any

import pytest
from conftest import Books, code

from connector.sandbox.switches import FAULTS, SWITCHES


def count(books: Books) -> int:
    return len(books.control("company")["Bill"])


def foreign(books: Books, **changes: Any) -> dict[str, Any]:
    vendor = {"value": books.id("Vendor", "MediaBridge Partners")}
    return books.bill(VendorRef=vendor, CurrencyRef={"value": "USD"}, **changes)


# Request ids.


@pytest.mark.parametrize(("mode", "expected", "bills"), [("replay", "", 1), ("do", "", 2), ("600", "600", 1)], ids=str)
def test_a_request_id_with_another_body_is_replayed_done_or_refused(
    books: Books, mode: str, expected: str, bills: int
) -> None:
    books.control("switches", {"requestid_other_body": mode})
    body = books.bill()
    first = books.post("bill", body, requestid="r1")
    assert books.post("bill", body, requestid="r1").content == first.content
    assert code(books.post("bill", body | {"DocNumber": "other"}, requestid="r1")) == expected
    assert count(books) == bills


def test_the_items_of_a_batch_are_compared_one_by_one(books: Books) -> None:
    books.control("switches", {"requestid_other_body": "600"})
    items = [{"bId": f"b{n}", "operation": "create", "Bill": books.bill(DocNumber=f"B-{n}")} for n in range(2)]
    books.post("batch", {"BatchItemRequest": items}, requestid="batch")
    items[1]["Bill"]["DocNumber"] = "other"
    answers = books.post("batch", {"BatchItemRequest": items}, requestid="batch").json()["BatchItemResponse"]
    assert ["Bill" in answers[0], answers[1]["Fault"]["Error"][0]["code"]] == [True, "600"]
    assert count(books) == 2


@pytest.mark.parametrize(("mode", "expected", "bills"), [("replay", "", 1), ("do", "", 2), ("600", "600", 1)], ids=str)
def test_a_request_id_whose_first_answer_is_on_its_way_is_replayed_done_or_refused(
    books: Books, mode: str, expected: str, bills: int
) -> None:
    body = books.bill()
    books.control("switches", {"requestid_in_flight": mode, "answer_seconds": 0.3})
    first = threading.Thread(target=books.post, args=("bill", body), kwargs={"requestid": "r1"})
    first.start()
    while not count(books):
        time.sleep(0.01)
    again = books.post("bill", body, requestid="r1")
    first.join()
    assert code(again) == expected
    assert count(books) == bills
    assert code(books.post("bill", body, requestid="r1")) == ""  # once answered, it is replayed
    assert count(books) == bills


# What can be seen.


def test_a_bill_that_queries_hide_is_hidden_from_reads_too_where_the_switch_says_so(books: Books) -> None:
    books.control("switches", {"hide_new_bills_seconds": 0.2, "hidden_bills_by_id": "610"})
    bill = books.made("Bill", books.bill())
    assert code(books.get(f"bill/{bill['Id']}")) == "610"
    time.sleep(0.25)
    assert books.get(f"bill/{bill['Id']}").status_code == 200


def test_answers_may_carry_what_nobody_documented_and_take_it_back(books: Books) -> None:
    books.control("switches", {"undocumented_properties": True})
    bill = books.made("Bill", books.bill())
    assert "SandboxNovelty" in bill
    assert books.made("Bill", bill | {"PrivateNote": "again"})["SyncToken"] == "1"
    books.control("switches", {"undocumented_properties": False})
    assert code(books.post("bill", books.bill(SandboxNovelty=1))) == "2010"


def test_the_country_comes_in_two_letters_or_three_and_the_warning_may_go_untold(books: Books) -> None:
    books.control("switches", {"country_letters": "3", "duplicate_warning_shown": False})
    assert books.get("companyinfo/1").json()["CompanyInfo"]["Country"] == "AUS"
    told = books.get("preferences").json()["Preferences"]["OtherPrefs"]["NameValue"]
    assert [each["Name"] for each in told] == ["WarnDuplicateCheckNumber", "WarnDuplicateJournalNumber"]


# What a bill may hold.


def test_a_foreign_bill_without_a_rate_may_get_the_days(books: Books) -> None:
    books.control("switches", {"foreign_rate_missing": "daily", "exchange_rates": "daily"})
    rate = books.get("exchangerate", sourcecurrencycode="USD", asofdate="2026-01-31").json()["ExchangeRate"]["Rate"]
    other = books.get("exchangerate", sourcecurrencycode="USD", asofdate="2026-01-30").json()["ExchangeRate"]["Rate"]
    assert books.made("Bill", foreign(books))["ExchangeRate"] == rate != other


def test_noughts_and_empty_dates_may_be_refused(books: Books) -> None:
    zero = foreign(books, ExchangeRate=0)
    books.control("switches", {"zeros": "refuse", "empty_dates": "refuse"})
    assert code(books.post("bill", zero)) == "2110"
    assert code(books.post("bill", books.bill(DueDate=""))) == "2060"
    inclusive = books.line(110, TaxCodeRef={"value": "1"}, TaxInclusiveAmt=0)
    assert code(books.post("bill", books.bill(inclusive, GlobalTaxCalculation="TaxInclusive"))) == "2110"
    assert code(books.post("bill", books.bill())) == ""


@pytest.mark.parametrize("number", ["2500", "5030", "6000"])
def test_classes_without_tracking_may_be_refused_in_three_ways(books: Books, number: str) -> None:
    body = books.bill(books.line(ClassRef={"value": books.id("Class", "US")}))
    books.control("preferences", {"class_tracking": False})
    books.control("switches", {"tracking_off": number})
    assert code(books.post("bill", body)) == number


@pytest.mark.parametrize("number", ["6000", "800", "6480"])
def test_deleting_a_paid_bill_may_be_refused_in_three_ways(books: Books, number: str) -> None:
    books.control("switches", {"paid_delete_code": number})
    books.made("Bill", books.bill())
    bill = books.control("person", {"does": "pay", "bill": "CAKE-10042"})
    head = {name: bill[name] for name in ("Id", "SyncToken")}
    assert code(books.post("bill", head, operation="delete")) == number


def test_a_taken_number_may_not_name_the_bill_that_has_it(books: Books) -> None:
    books.control("preferences", {"warn_duplicate_bill_number": True})
    books.control("switches", {"duplicate_number_text": "bare"})
    books.made("Bill", books.bill())
    answer = books.post("bill", books.bill())
    assert code(answer) == "6140"
    assert "TxnId" not in answer.text


# Exchange rates.

RATES = "select * from ExchangeRate where SourceCurrencyCode in ('EUR', 'GBP') and AsOfDate = '2026-01-31'"


def test_the_rates_of_several_currencies_come_in_one_answer(books: Books) -> None:
    books.control("switches", {"exchange_rates": "daily"})
    rows = books.rows(RATES)
    one = books.get("exchangerate", sourcecurrencycode="GBP", asofdate="2026-01-31").json()["ExchangeRate"]
    assert [row["SourceCurrencyCode"] for row in rows] == ["EUR", "GBP"]
    assert {name: rows[1][name] for name in ("Rate", "AsOfDate", "TargetCurrencyCode")} == {
        "Rate": one["Rate"],
        "AsOfDate": "2026-01-31",
        "TargetCurrencyCode": "AUD",
    }
    answers = books.post("batch", {"BatchItemRequest": [{"bId": "1", "Query": RATES}]}).json()["BatchItemResponse"]
    assert len(answers[0]["QueryResponse"]["ExchangeRate"]) == 2
    assert len(books.rows("select * from ExchangeRate")) == 6
    assert books.rows("select * from ExchangeRate where SourceCurrencyCode = 'XXX'") == []


@pytest.mark.parametrize(("mode", "expected"), [("answer", "2026-01-31"), ("older", "2026-01-28"), ("empty", "")])
def test_such_a_question_may_be_answered_with_an_older_day_or_without_a_row(
    books: Books, mode: str, expected: str
) -> None:
    books.control("switches", {"exchange_rate_query": mode})
    assert {row["AsOfDate"] for row in books.rows(RATES)} == ({expected} if expected else set())


def test_such_a_question_may_be_refused(books: Books) -> None:
    for text in (
        "select * from ExchangeRate where TargetCurrencyCode = 'AUD'",
        "select * from ExchangeRate where AsOfDate in ('2026-01-31', '2026-01-30')",
        "select * from ExchangeRate where AsOfDate = 'soon'",
    ):
        assert code(books.query(text)) == "4001"
    books.control("switches", {"exchange_rate_query": "4001"})
    assert code(books.query(RATES)) == "4001"
    assert books.get("exchangerate", sourcecurrencycode="EUR").status_code == 200


def test_several_days_may_be_asked_for_at_once(books: Books) -> None:
    books.control("switches", {"exchange_rate_days": "several"})
    start = "select * from ExchangeRate where SourceCurrencyCode = 'EUR' and AsOfDate"
    days = [row["AsOfDate"] for row in books.rows(f"{start} in ('2026-01-31', '2026-01-05')")]
    assert days == ["2026-01-05", "2026-01-31"]
    today = books.rows("select * from ExchangeRate where SourceCurrencyCode = 'EUR'")[0]["AsOfDate"]
    assert [row["AsOfDate"] for row in books.rows(f"{start} >= '{today}'")] == [today]
    assert books.rows(f"{start} > '{today}'") == []


# Every answer is there to be had.


def test_help_explains_every_switch_and_every_fault(books: Books) -> None:
    books.control("switches", {"requestids": "forget"})
    told = books.control("help")
    assert told["switches"].keys() == SWITCHES.keys()
    assert told["faults"].keys() == FAULTS.keys()
    assert told["switches"]["requestids"] == {
        "value": "forget",
        "default": "remember",
        "choices": ["remember", "forget", "600"],
        "meaning": SWITCHES["requestids"].meaning,
    }
    assert all(each["meaning"] for kind in ("switches", "faults") for each in told[kind].values())
