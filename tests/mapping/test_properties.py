"""For any amount, share and text: lines add up exactly, no sign ever turns, and an invoice maps or says why not."""

import tempfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mapping_records import VENDORS, form_text, invoice

from connector.mapping import Mapped, Mapping, MappingFaults, NotMapped, load
from connector.mapping.faults import visible
from connector.mapping.placeholder import Grammar, parse_template
from connector.mapping.splits import line_amounts, split
from connector.money import round_minor
from connector.sources.cake import Cake

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD", "CLF"])
AMOUNTS = st.decimals("-1e9", "1e9", places=6)


@st.composite
def shares(draw: st.DrawFn) -> list[Decimal]:
    cuts = sorted(draw(st.sets(st.integers(1, 999_999), max_size=7)))
    edges = [0, *cuts, 1_000_000]
    return [Decimal(end - start) / 10_000 for start, end in pairwise(edges)]


@given(AMOUNTS, shares(), CURRENCIES)
@example(Decimal("0.01"), [Decimal("33.3333"), Decimal("33.3333"), Decimal("33.3334")], "USD")
@example(Decimal("-0.05"), [Decimal(50), Decimal(50)], "USD")
def test_a_split_adds_up_and_no_sign_turns(amount: Decimal, parts: list[Decimal], currency: str) -> None:
    lines = split(amount, parts, currency)

    assert sum(lines) == round_minor(amount, currency)
    assert all(line * amount >= 0 for line in lines)
    assert all(line == round_minor(line, currency) for line in lines)


@given(st.lists(AMOUNTS, min_size=1, max_size=8), CURRENCIES)
@example([Decimal("0.006"), Decimal("0.006"), Decimal("0.001")], "USD")
def test_amounts_with_more_decimals_add_up_and_no_sign_turns(amounts: list[Decimal], currency: str) -> None:
    lines = line_amounts(amounts, currency)

    assert sum(lines) == round_minor(sum(amounts, Decimal(0)), currency)
    assert all(line * amount >= 0 for line, amount in zip(lines, amounts, strict=True))


@given(st.lists(st.decimals("-1e6", "1e6", places=2), min_size=1, max_size=8))
def test_amounts_in_cents_stay_what_they_are(amounts: list[Decimal]) -> None:
    assert line_amounts(amounts, "USD") == amounts


def test_the_last_line_takes_the_rest() -> None:
    assert line_amounts([Decimal("1.004"), Decimal("1.004"), Decimal("1.004")], "USD") == [
        Decimal("1.00"),
        Decimal("1.00"),
        Decimal("1.01"),
    ]


@cache
def dated_mapping(days: int, pattern: str) -> Mapping:
    with tempfile.TemporaryDirectory() as folder:
        shift = f" {'-' if days < 0 else '+'} {abs(days)} days"
        bill = {"due": f"<invoice_date{shift}>", "memo": f'"<invoice_date{shift} as {pattern}>"'}
        (Path(folder) / "cake.yaml").write_text(form_text(bill=bill))
        (Path(folder) / "vendors.csv").write_text(VENDORS)
        return load(Path(folder) / "cake.yaml", Cake, root=Path(folder))


@given(
    st.dates(date(1950, 1, 1), date(2060, 1, 1)),
    st.sampled_from([-3660, -1, 0, 1, 14, 30, 366, 3660]),
    st.sampled_from([("yyyy-mm-dd", "%Y-%m-%d"), ("d mmm yyyy", "%d %b %Y"), ("mmmm d, yyyy", "%B %d, %Y")]),
)
@settings(deadline=None)
def test_days_are_counted_by_the_calendar_and_patterns_can_be_read_back(
    day: date, days: int, pattern: tuple[str, str]
) -> None:
    mapped = dated_mapping(days, pattern[0]).apply(invoice(invoice_date=day.isoformat()))

    assert isinstance(mapped, Mapped)
    assert mapped.document.due == day + timedelta(days=days)
    assert datetime.strptime(mapped.document.memo, pattern[1]).date() == mapped.document.due  # noqa: DTZ007


@cache
def split_mapping() -> Mapping:
    with tempfile.TemporaryDirectory() as folder:
        lines = (
            "[{account: A, amount: <total_payout>, share: 33.33%}, {account: B, amount: <total_payout>, share: 0.01%},"
            " {account: C, amount: <total_payout>, share: 66.66%}]"
        )
        text = form_text(lines=lines, check="{net: <total_payout>}", policy={"negative amount": "credit"})
        (Path(folder) / "cake.yaml").write_text(text)
        (Path(folder) / "vendors.csv").write_text(VENDORS)
        return load(Path(folder) / "cake.yaml", Cake, root=Path(folder))


@given(
    st.decimals("-99999", "99999", places=4),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.one_of(st.none(), st.text(max_size=40)),
)
@settings(deadline=None)
def test_any_invoice_maps_to_lines_that_add_up_or_says_why_not(
    amount: Decimal, currency: str, name: str | None
) -> None:
    changes = {"total_payout": f"{amount:f}", "currency_symbol": currency, "affiliate_id": 1, "affiliate_name": name}
    outcome = split_mapping().apply(invoice(**changes))

    if isinstance(outcome, NotMapped):
        assert outcome.code
        assert outcome.reason
        assert outcome.code in {"zero-amount", "field-empty", "vendor-name", "vendor-unknown"}
        return
    document = outcome.document
    assert document.total.amount == abs(round_minor(amount, currency))
    assert all(line.amount > 0 for line in document.lines)
    assert document.kind == ("credit" if amount < 0 else "bill")
    assert document.expected_net == document.total.amount


@given(st.text(alphabet='<>"ab. or+-1days', max_size=40))
def test_any_text_is_understood_or_refused_with_its_place(text: str) -> None:
    try:
        template = parse_template(text)
    except Grammar as found:
        wrong = found
    else:
        assert template.literal is None or template.literal == text.replace("<<", "<")
        return

    assert 0 <= wrong.offset <= len(text)
    assert wrong.help


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
@settings(deadline=None)
def test_any_bytes_are_a_mapping_or_have_faults_that_can_be_shown(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cake.yaml"
        path.write_bytes(data)
        with pytest.raises(MappingFaults) as caught:
            load(path, Cake, root=Path(folder))

    assert all(fault.render() for fault in caught.value.faults)


@given(st.text(alphabet=st.characters(), max_size=200), st.sampled_from(["vendors.csv", "cake.yaml"]))
@settings(deadline=None)
def test_any_table_and_any_end_of_a_mapping_are_read_or_have_faults(text: str, where: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cake.yaml").write_text(form_text(), encoding="utf-8")
        (Path(folder) / "vendors.csv").write_text(VENDORS, encoding="utf-8")
        with (Path(folder) / where).open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
        try:
            outcome = load(Path(folder) / "cake.yaml", Cake, root=Path(folder)).apply(invoice())
        except MappingFaults as found:
            told = found.faults
        else:
            assert isinstance(outcome, Mapped)
            return

    assert all(fault.help and visible(fault.what) for fault in told)
