"""The company against the sandbox: paging, quoting, counting, rates, writes and their replays."""

import datetime
import random
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pretend import Box

from connector.document import Document, Key, Line, marker
from connector.quickbooks import transport
from connector.quickbooks.documents import delete_body, to_body, update_body
from connector.quickbooks.frozen import BatchItem, frozen
from connector.quickbooks.names import Names
from connector.quickbooks.posted import bill_from
from connector.quickbooks.refs import Refs, find_refs
from connector.quickbooks.transport import Company, Outcome, ReadRefused, equals, one_of, quote
from connector.sandbox.credentials import REALM_ID

KEY = Key(REALM_ID, "cake", "1", "bill")
names_of_people = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)


LITERAL = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)  # as QuickBooks reads a value: to the first bare quote


def values_in(condition: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", literal) for literal in LITERAL.findall(condition)]


@given(names_of_people, names_of_people)
def test_a_quoted_text_is_one_value_and_nothing_more(text: str, other: str) -> None:
    assert LITERAL.fullmatch(quote(text))
    condition = f"{equals('DisplayName', text)} AND {equals('Id', other)}"
    assert values_in(condition) == [text, other]
    assert LITERAL.sub("?", condition) == "DisplayName = ? AND Id = ?"


@given(st.lists(names_of_people, min_size=1, max_size=5))
def test_a_list_of_quoted_texts_keeps_each_apart(texts: list[str]) -> None:
    assert values_in(one_of("DocNumber", texts)) == texts


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "\x7f", "a\tb"])
def test_a_control_character_cannot_be_asked_for(text: str) -> None:
    with pytest.raises(ValueError, match="control"):
        quote(text)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(transport, "PAGE", 5)
    return 5


@pytest.mark.parametrize("rows", [0, 1, 4, 5, 6, 9, 23])
@pytest.mark.usefixtures("small_pages")
def test_every_record_is_read_once_whatever_the_page(box: Box, company: Company, rows: int) -> None:
    box.load(Customer=[{"DisplayName": f"Customer {n:02}"} for n in range(rows)])
    where = "DisplayName LIKE 'Customer %'"
    found = [row["DisplayName"] for row in company.query("Customer", where)]
    assert sorted(found) == [f"Customer {n:02}" for n in range(rows)]
    assert company.count("Customer", where) == rows


@pytest.mark.usefixtures("small_pages")
def test_a_record_deleted_while_pages_are_read_hides_no_other(box: Box, company: Company, names: Names) -> None:
    bills = [post(company, names, f"N-{n}") for n in range(12)]
    pages = company.query("Bill")
    seen = [next(pages)["Id"]]
    company.send("Bill", frozen(delete_body(bills[1]["Id"], "0")), "delete-1", "delete")
    seen += [row["Id"] for row in pages]
    assert len(seen) == len(set(seen))
    assert {bill["Id"] for bill in bills} - set(seen) <= {bills[1]["Id"]}


def test_a_thousand_records_take_one_page_and_more_take_another(box: Box, company: Company) -> None:
    box.load(Customer=[{"DisplayName": f"Customer {n:04}"} for n in range(1200)])
    asked = len(box.log("/query"))
    assert len(list(company.query("Customer", "DisplayName LIKE 'Customer %'"))) == 1200
    assert len(box.log("/query")) - asked == 2


def test_a_question_that_makes_no_sense_says_so(company: Company) -> None:
    with pytest.raises(ReadRefused) as caught:
        list(company.query("Bill", "Nonsense = '1'"))
    assert caught.value.fault_code == "4001"


def test_a_rate_is_a_decimal_as_quickbooks_has_it(company: Company) -> None:
    rate = company.exchange_rate("USD", datetime.date(2026, 1, 31))
    assert isinstance(rate, Decimal)
    assert rate > 0


def a_document(number: str) -> Document:
    line = Line(Decimal("4825.50"), account="Affiliate payouts:US", tax="GST free")
    day = datetime.date(2026, 1, 31)
    return Document(
        "bill", "Sydney Office Rentals", number, day, "AUD", (line,), memo="hello", amounts_are="exclusive of tax"
    )


def body_for(names: Names, number: str) -> bytes:
    refs = find_refs(a_document(number), names)
    assert isinstance(refs, Refs)
    return frozen(to_body(a_document(number), refs, marker=marker(KEY), facts=names.facts))


def post(company: Company, names: Names, number: str) -> dict[str, Any]:
    outcome = company.send("Bill", body_for(names, number), f"id-{number}", "create")
    assert outcome.body is not None, outcome
    return outcome.body


def test_a_bill_lives_from_its_creation_to_its_deletion(box: Box, company: Company, names: Names) -> None:
    bill = bill_from(post(company, names, "CAKE-1"))
    assert (bill.number, bill.net, bill.currency, bill.marker) == ("CAKE-1", Decimal("4825.50"), "AUD", marker(KEY))
    assert bill_from(post(company, names, "CAKE-1")).id == bill.id  # the same request id: its first answer
    fresh = company.read("Bill", bill.id)
    assert fresh is not None
    refs = find_refs(a_document("CAKE-2"), names)
    assert isinstance(refs, Refs)
    wanted = to_body(a_document("CAKE-2"), refs, marker=marker(KEY), facts=names.facts)
    updated = company.send("Bill", frozen(update_body(fresh, wanted)), "update-1", "update")
    assert updated.body is not None, updated
    assert (updated.body["Id"], updated.body["DocNumber"], updated.body["SyncToken"]) == (bill.id, "CAKE-2", "1")
    assert bill_from(updated.body).net == Decimal("4825.50")
    stale = company.send("Bill", frozen(delete_body(bill.id, "0")), "delete-1", "delete")
    assert (stale.kind, stale.code) == ("refused", "5010")
    assert company.send("Bill", frozen(delete_body(bill.id, "1")), "delete-2", "delete").kind == "applied"
    assert company.read("Bill", bill.id) is None


def test_a_batch_writes_each_of_its_items(box: Box, company: Company, names: Names) -> None:
    box.control("switches", batch_order="shuffled")
    numbers = [f"CAKE-{n}" for n in range(5)]
    random.shuffle(numbers)
    items = [BatchItem(f"{n:02}", "create", "Bill", body_for(names, number)) for n, number in enumerate(numbers)]
    items.append(BatchItem("99", "delete", "Bill", frozen(delete_body("4711", "0"))))
    outcomes = company.send_batch(items, "batch-1")
    assert isinstance(outcomes, dict)
    assert [outcomes[f"{n:02}"].body["DocNumber"] for n in range(5)] == numbers  # type: ignore[index]
    assert (outcomes["99"].kind, outcomes["99"].code) == ("refused", "610")
    assert company.count("Bill") == 5


@pytest.mark.parametrize(
    ("fault", "kind", "there"),
    [
        ({"fault": "commit-then-drop"}, "unknown", 1),
        ({"fault": "drop-before-commit"}, "unknown", 0),
        ({"fault": "truncate"}, "unknown", 1),
        ({"fault": "empty-200"}, "unknown", 1),
        ({"fault": "answer-500", "commit": True}, "unknown", 1),
        ({"fault": "answer-html", "status": 504, "commit": True}, "unknown", 1),
        ({"fault": "answer-401", "commit": True}, "unknown", 1),
        ({"fault": "answer-403"}, "forbidden", 0),
        ({"fault": "throttle", "shape": "A"}, "throttled", 0),
        ({"fault": "throttle", "shape": "B", "retry_after": 7}, "throttled", 0),
    ],
    ids=lambda value: value["fault"] if isinstance(value, dict) else None,
)
def test_what_a_bad_day_proves_and_what_it_left_behind(
    box: Box, company: Company, names: Names, fault: dict[str, Any], kind: str, there: int
) -> None:
    body = body_for(names, "CAKE-1")
    box.control("arm", path="/bill", **fault)
    outcome = company.send("Bill", body, "request-1", "create")
    assert outcome.kind == kind
    assert company.count("Bill") == there
    assert company.send("Bill", body, "request-1", "create").kind == "applied"
    assert company.count("Bill") == 1


def test_reads_are_counted_apart_from_writes(box: Box, company: Company, names: Names) -> None:
    post(company, names, "CAKE-1")
    assert company.meters.core == 1
    reads = company.meters.core_plus
    list(company.query("Bill"))
    assert company.meters.core_plus == reads + 1
    box.control("arm", fault="answer-html", path="/query")
    list(company.query("Bill"))
    assert company.meters.core_plus == reads + 2


def test_a_turn_that_was_taken_is_not_taken_twice(company: Company, names: Names) -> None:
    body = body_for(names, "CAKE-1")
    taken: list[str] = []
    company._limiter.wait = lambda kind, stop=None: taken.append(kind) or True  # type: ignore[assignment,method-assign]
    company.take_turn()
    assert company.send("Bill", body, "request-1", "create", turn_taken=True).kind == "applied"
    company.take_turn("batch")
    batch = [BatchItem("00", "create", "Bill", body)]
    assert not isinstance(company.send_batch(batch, "batch-1", turn_taken=True), Outcome)
    assert taken == ["request", "batch"]
