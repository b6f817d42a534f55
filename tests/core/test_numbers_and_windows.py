"""Which numbers two invoices want, which dates a pull asks for, and what a person's choice holds."""

import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import WrongUse
from connector.invoice import Invoice
from connector.settings import Settings, SourceSettings, load
from connector.state.store import SeenInvoice, State
from connector.sync.numbers import Numbers
from connector.sync.selection import Selection, month_of, pull_window, since_of

TODAY = datetime.date(2026, 11, 22)
WIDER = datetime.timedelta(days=45)


@given(st.lists(st.text(max_size=3)))
def test_a_number_is_twice_exactly_when_it_was_claimed_twice(claims: list[str]) -> None:
    numbers = Numbers()
    for claim in claims:
        numbers.claim(claim)

    assert numbers.twice() == {each for each in claims if claims.count(each) > 1}
    assert numbers.claims == len(claims)


@given(st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)))
def test_a_month_is_all_its_days(day: datetime.date) -> None:
    first, last = month_of(f"{day:%Y}".zfill(4) + f"-{day:%m}") if day.year < 9999 or day.month < 12 else (day, day)

    assert first <= day <= last
    assert (first.month, last.month) == (day.month, day.month)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "0000-01", "2026-1", "26-01", "2026-01-01", "٢٠٢٦-٠١", ""])
def test_what_is_no_month_is_wrong_use(text: str) -> None:
    with pytest.raises(WrongUse):
        month_of(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [("30d", "2026-10-23"), ("0d", "2026-11-22"), ("last-month", "2026-10-01"), ("2026-03-04", "2026-03-04")],
)
def test_since_means_a_day(text: str, day: str) -> None:
    assert since_of(text, TODAY).isoformat() == day


@pytest.mark.parametrize("text", ["30", "d", "-1d", "soon", "2026-02-30"])
def test_since_nothing_is_wrong_use(text: str) -> None:
    with pytest.raises(WrongUse):
        since_of(text, TODAY)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "connector.toml").write_text(
        '[quickbooks]\nrealm_id = "1"\n[sources.cake]\ntype = "cake"\nbase_url = "https://x.example"\n'
        'mapping = "m.yaml"\nstart_date = 2026-01-01\n'
    )
    return load(tmp_path / "connector.toml")


@pytest.fixture
def source(settings: Settings) -> SourceSettings:
    return settings.sources["cake"]


def window(state: State, source: SourceSettings, selection: Selection) -> tuple[datetime.date, datetime.date]:
    found = pull_window(state, "1", "cake", source, selection, TODAY)
    return found.first + WIDER, found.last - WIDER


def test_the_first_pull_reads_from_the_start_date_to_tomorrow(source: SourceSettings) -> None:
    found = window(State.empty(), source, Selection())

    assert found == (source.start_date, TODAY + datetime.timedelta(days=1))


def test_a_later_pull_reads_back_from_the_last_complete_one(source: SourceSettings) -> None:
    state = State.empty()
    state.finish_pull(state.start_pull("1", "cake", "run", TODAY, TODAY), total=1, complete=True)
    began = state.last_complete_pull("1", "cake")
    assert began is not None

    first, _ = window(state, source, Selection())

    assert first == began.began.date() - source.lookback


def test_an_incomplete_pull_advances_nothing(source: SourceSettings) -> None:
    state = State.empty()
    state.finish_pull(state.start_pull("1", "cake", "run", TODAY, TODAY), total=1, complete=False)
    state.start_pull("1", "cake", "run", TODAY, TODAY)

    assert window(state, source, Selection())[0] == source.start_date


def test_an_older_open_invoice_reaches_further_back_but_never_before_the_start(source: SourceSettings) -> None:
    state = State.empty()
    state.finish_pull(state.start_pull("1", "cake", "run", TODAY, TODAY), total=1, complete=True)
    day = datetime.date(2026, 6, 15)
    held = Invoice("cake", "1", {}, {}, day, Decimal(1), "USD")
    state.save_invoices("1", "run", [SeenInvoice(held, "held", "x")])

    assert window(state, source, Selection())[0] == day - source.lookback
    long_ago = Invoice("cake", "2", {}, {}, datetime.date(2026, 1, 2), Decimal(1), "USD")
    state.save_invoices("1", "run", [SeenInvoice(long_ago, "held", "x")])
    assert window(state, source, Selection())[0] == source.start_date


def test_a_chosen_month_is_read_whatever_was_read_before(source: SourceSettings) -> None:
    first, last = month_of("2026-10")

    assert window(State.empty(), source, Selection(first=first, last=last)) == (first, last)
    early = Selection(first=datetime.date(2025, 1, 1), last=datetime.date(2025, 1, 31))
    assert window(State.empty(), source, early) == (source.start_date, source.start_date)


def test_a_selection_holds_the_dates_and_names_that_were_given() -> None:
    one = Invoice("cake", "7", {}, {}, datetime.date(2026, 9, 1), Decimal(1), "USD")
    undated = Invoice("cake", "8", {}, {}, None, Decimal(1), "USD")
    september = Selection(first=datetime.date(2026, 9, 1), last=datetime.date(2026, 9, 30))

    assert september.holds(one, None)
    assert not september.holds(undated, None)
    assert Selection().holds(undated, None)
    assert all(Selection(invoices=(name,)).holds(one, "CAKE-7") for name in ("7", "cake:7", "CAKE-7"))
    assert not Selection(invoices=("77", "other:7")).holds(one, "CAKE-7")
    assert not Selection(invoices=("9",)).holds(one, None)
    assert not Selection(invoices=("7",)).everything


def test_a_source_that_the_settings_lack_is_wrong_use(settings: Settings) -> None:
    assert list(Selection().sources_in(settings)) == ["cake"]
    with pytest.raises(WrongUse, match="nobody"):
        Selection(sources=("nobody",)).sources_in(settings)
