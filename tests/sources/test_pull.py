"""A pull is whole or it is nothing: totals that move, ids that do not add up, and the spool they wait in."""

import json
import tracemalloc
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import AnswerUnreadable, ServiceDown
from connector.invoice import Invoice, Trouble
from connector.sources.cake import Cake
from connector.sources.pull import Fresh, pull
from connector.sources.source import Connection, Page, Window
from connector.sources.spool import Spool

WINDOW = Window(date(2026, 1, 1), date(2026, 12, 31))


def invoice(number: str, day: date | None = date(2026, 1, 31), amount: str = "1.00") -> Invoice:
    return Invoice("mine", number, {"a": None}, {"a": None}, day, Decimal(amount), "USD")


class Scripted:
    """A source that tells one story at each pull, the last one for ever."""

    type, title, fields, id, payee, status, options = "mine", "Mine", (), "id", None, "a", {}

    def __init__(self, *stories: list[Page | Exception]) -> None:
        self.connection = Connection("mine", "", "")
        self.stories = list(stories)
        self.pulls = 0

    @classmethod
    def read(cls, record: Mapping[str, object], *, source: str, currency: str | None = None) -> Invoice:
        return invoice(str(record["id"]), amount=str(record["amount"]))

    def pages(self, window: Window) -> Iterator[Page]:
        self.pulls += 1
        for page in self.stories[min(self.pulls, len(self.stories)) - 1]:
            if isinstance(page, Exception):
                raise page
            yield page


def page(numbers: str, total: int | None, amount: str = "1.00") -> Page:
    return Page([{"id": number, "amount": amount} for number in numbers], total)


@pytest.fixture
def spool() -> Iterator[Spool]:
    with Spool() as spool:
        yield spool


def ids(spool: Spool) -> list[str]:
    return [one.id for chunk in spool.chunks("mine", 2) for one in chunk]


def test_a_whole_pull_says_what_it_holds(spool: Spool) -> None:
    before = datetime.now(UTC)
    pulled = pull(Scripted([page("12", 3), page("3", 3)]), WINDOW, spool)
    assert (pulled.source, pulled.window, pulled.count, pulled.total, pulled.pages) == ("mine", WINDOW, 3, 3, 2)
    assert before <= pulled.began <= datetime.now(UTC)
    assert ids(spool) == ["1", "2", "3"]


def test_no_invoices_are_a_whole_pull(spool: Spool) -> None:
    assert pull(Scripted([page("", 0)]), WINDOW, spool).count == 0
    assert pull(Scripted([page("", None)]), WINDOW, spool).total is None


def test_the_later_copy_of_an_id_wins(spool: Spool) -> None:
    pulled = pull(Scripted([page("1", None), page("1", None, amount="2.00")]), WINDOW, spool)
    assert pulled.count == 1
    assert spool.get("mine", "1") == invoice("1", amount="2.00")


def test_a_total_that_moves_means_pulling_again(spool: Spool) -> None:
    source = Scripted([page("12", 3), page("3", 4)], [page("12", 4), page("34", 4)])
    assert pull(source, WINDOW, spool).count == 4
    assert source.pulls == 2


def test_rows_that_shifted_mean_pulling_again_and_leave_nothing_of_the_first_pull(spool: Spool) -> None:
    source = Scripted([page("19", 3), page("9", 3)], [page("12", 3), page("3", 3)])
    pull(source, WINDOW, spool)
    assert (source.pulls, ids(spool)) == (2, ["1", "2", "3"])


def test_a_source_that_never_stands_still_is_given_up_after_three_pulls(spool: Spool) -> None:
    source = Scripted([page("12", 3), page("2", 3)])
    with pytest.raises(ServiceDown, match="3 invoices and gave 2 different ones") as caught:
        pull(source, WINDOW, spool)
    assert (caught.value.code, caught.value.exit_code, caught.value.source) == ("source-moving", 5, "mine")
    assert (source.pulls, ids(spool)) == (3, [])


def test_a_pull_that_breaks_leaves_nothing_of_it_and_everything_of_the_others(spool: Spool) -> None:
    other = Invoice("other", "1", {}, {}, None, None, None)
    spool.add([(other, "")])
    broken = AnswerUnreadable("cut", code="source-shape", remedy="", source="mine")
    with pytest.raises(AnswerUnreadable):
        pull(Scripted([page("12", 3), broken]), WINDOW, spool)
    assert ids(spool) == []
    assert spool.get("other", "1") == other


def standing(*names: str, marks: dict[str, str]) -> Fresh:
    """Everything is fresh but what is named; the marks are noted."""

    def fresh(asked: Mapping[str, str]) -> set[str]:
        marks.update(asked)
        return set(asked) - set(names)

    return fresh


def test_an_invoice_that_stands_is_counted_and_neither_read_nor_kept(spool: Spool) -> None:
    pulled = pull(Scripted([page("12", 3), page("3", 3)]), WINDOW, spool, fresh=standing("1", "3", marks={}))
    assert (pulled.count, pulled.standing) == (3, 2)
    assert ids(spool) == ["2"]
    assert spool.get("mine", "1") is None


def test_a_mark_is_equal_for_the_same_record_under_the_same_terms_alone() -> None:
    def marks(amount: str, terms: str) -> dict[str, str]:
        found: dict[str, str] = {}
        with Spool() as spool:
            pull(Scripted([page("1", 1, amount)]), WINDOW, spool, terms=terms, fresh=standing(marks=found))
            assert spool.marks("mine", ["1", "2"]) == found
        return found

    assert marks("1.00", "a") == marks("1.00", "a")
    assert len({marks("1.00", "a")["1"], marks("1.0", "a")["1"], marks("1.00", "b")["1"]}) == 3


def test_an_invoice_that_stood_on_one_page_and_changed_on_the_next_is_decided_about(spool: Spool) -> None:
    source = Scripted([page("1", None), page("1", None, amount="2.00")])
    first = pull(source, WINDOW, spool, fresh=lambda marks: marks)
    marks = spool.marks("mine", ["1"])
    again = pull(source, WINDOW, spool, fresh=lambda asked: {name for name in asked if asked[name] == marks[name]})
    assert (first.count, again.count, again.standing) == (1, 1, 0)
    assert spool.get("mine", "1") == invoice("1", amount="2.00")


def test_somebody_approves_an_invoice_while_cake_is_paged(odd, spool: Spool) -> None:
    def answer(numbers: str, total: int) -> bytes:
        rows = [
            {
                "invoice_id": int(number),
                "invoice_date": "2026-01-31",
                "invoice_status": "Paid",
                "affiliate_id": 1,
                "total_payout": "1.00",
                "currency_symbol": "USD",
            }
            for number in numbers
        ]
        return json.dumps({"request_status": "Success", "response": {"invoices": rows, "total_rows": total}}).encode()

    odd.say(answer("12", 4), answer("4", 3), answer("12", 3), answer("4", 3))
    pulled = pull(Cake(Connection("cake", odd.url, "k", page_size=2)), WINDOW, spool)
    assert (pulled.count, len(odd.asked)) == (3, 4)


def test_the_order_is_by_date_then_by_number_with_words_and_the_undated_last(spool: Spool) -> None:
    late = date(2026, 3, 1)
    found = [invoice("7", None), invoice("x"), invoice("10"), invoice("9"), invoice("1", late), invoice("08")]
    spool.add([(one, "") for one in found])
    assert ids(spool) == ["08", "9", "10", "x", "1", "7"]


_values = st.one_of(st.none(), st.text(), st.decimals(allow_nan=False, allow_infinity=False), st.dates())
_raw = st.recursive(
    st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(
    st.builds(
        Invoice,
        source=st.text(min_size=1),
        id=st.text(min_size=1),
        fields=st.dictionaries(st.text(), _values),
        raw=st.dictionaries(st.text(), _raw),
        date=st.none() | st.dates(),
        amount=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
        currency=st.sampled_from([None, "USD"]),
        payee=st.none() | st.text(),
        status=st.none() | st.text(),
        paid=st.booleans(),
        paid_on=st.none() | st.dates(),
        void=st.booleans(),
        troubles=st.lists(st.builds(Trouble, st.text(), st.text(), st.text())).map(tuple),
    )
)
def test_every_invoice_comes_back_exactly(one: Invoice) -> None:
    with Spool() as spool, pytest.MonkeyPatch.context() as patch:
        patch.setattr("connector.sources.spool._MOST_HELD", 0)
        spool.add([(one, "")])
        back = spool.get(one.source, one.id)
        assert [back] == [two for chunk in spool.chunks(one.source) for two in chunk]
    assert back == one
    assert repr(back) == repr(one)  # equal Decimals may differ in their digits


def test_memory_is_flat_in_the_number_of_invoices(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.sources.spool._MOST_HELD", 400)

    def peak(pages: int) -> int:
        story = (
            Page([{"id": f"{number}{digit:03d}", "amount": "1.00"} for digit in range(200)]) for number in range(pages)
        )
        source = Scripted()
        source.pages = lambda window: story  # type: ignore[method-assign]
        tracemalloc.start()
        pull(source, WINDOW, spool)
        for _ in spool.chunks("mine", 200):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(30) < 1.5 * peak(3)
