"""Why an invoice becomes no bill: the state, the code, and the words that finance reads."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from golden import assert_golden
from mapping_records import form_text, invoice

from connector.mapping import OUTCOME_CODES, Mapped, Mapping, Missing, NotMapped, load, outcome_text
from connector.sources.cake import Cake

HERE = Path(__file__).parent
Build = Callable[..., Mapping]
ROW = "affiliate_id,vendor,account\n67890,{},Affiliate payouts:US\n"
EXACT = {"vendor": "<vendors.vendor>"}

# name: state, code, sections of the mapping, changes of the record, table
CASES: dict[str, tuple[str, str, dict[str, object], dict[str, object], str | None]] = {
    "a_vendor_without_a_row": ("blocked", "vendor-unknown", {"bill": EXACT}, {"affiliate_id": 70112}, None),
    "a_vendor_whose_spaces_differ": (
        "blocked",
        "vendor-unknown",
        {"bill": EXACT, "tables": {"vendors": "{file: vendors.csv, match: affiliate_name}"}},
        {"affiliate_name": "MediaBridge Partners"},
        "affiliate_name,vendor\nMediaBridge\u00a0Partners,MediaBridge Partners LLC\n",
    ),
    "a_vendor_that_differs_in_case": (
        "blocked",
        "vendor-unknown",
        {"bill": EXACT, "tables": {"vendors": "{file: vendors.csv, match: affiliate_name}"}},
        {"affiliate_name": "mediabridge PARTNERS"},
        "affiliate_name,vendor\nMediaBridge Partners,MediaBridge Partners LLC\n",
    ),
    "an_empty_cell": (
        "blocked",
        "account-unknown",
        {"lines": "[{account: <vendors.account>, amount: <total_payout>}]"},
        {},
        "affiliate_id,vendor,account\n67890,MediaBridge,\n*,Others,Affiliate payouts\n",
    ),
    "an_empty_field": ("held", "field-empty", {"bill": {"memo": "<payment_type>"}}, {"payment_type": ""}, None),
    "a_needed_box_that_may_not_be_empty": (
        "held",
        "field-empty",
        {"bill": {"number": '<payment_type or "">'}},
        {"payment_type": None},
        None,
    ),
    "a_status_left": ("skipped", "left", {}, {"invoice_status": "pending"}, None),
    "a_status_in_neither_list": ("held", "status-unknown", {}, {"invoice_status": "Disputed"}, None),
    "no_status_at_all": ("held", "status-unknown", {}, {"invoice_status": None}, None),
    "an_amount_that_is_none": ("held", "amount-unreadable", {}, {"total_payout": "4.825,50"}, None),
    "a_number_too_long": ("held", "number-too-long", {"bill": {"number": "CAKE-<affiliate_name>"}}, {}, None),
    "a_memo_too_long": (
        "held",
        "memo-too-long",
        {"bill": {"memo": "<payment_type>"}},
        {"payment_type": "x" * 3980},
        None,
    ),
    "a_check_that_differs": (
        "held",
        "check-net",
        {"lines": "[{account: Affiliate payouts, amount: 100}]", "check": "{net: <total_payout>}"},
        {},
        None,
    ),
    "a_check_with_tax_inside": (
        "held",
        "check-gross",
        {"bill": {"amounts are": "inclusive of tax"}, "check": '{net: 1, gross: "4,825.51"}'},
        {},
        None,
    ),
    "an_amount_above_the_limit": ("held", "amount-above", {"policy": {"amount above": "4,825.49"}}, {}, None),
    "a_zero_amount_skipped": ("skipped", "zero-amount", {}, {"total_payout": "0.004"}, None),
    "a_zero_amount_held": ("held", "zero-amount", {"policy": {"zero amount": "hold"}}, {"total_payout": "0"}, None),
    "a_negative_amount_held": ("held", "negative-amount", {}, {"total_payout": "-12.50"}, None),
    "a_vendor_with_a_colon": (
        "blocked",
        "vendor-name",
        {},
        {"affiliate_id": 1, "affiliate_name": "Acme: Reviews"},
        None,
    ),
    "a_vendor_with_a_colon_in_its_row": ("blocked", "vendor-name", {}, {}, ROW.format("Acme: Reviews")),
    "a_currency_that_is_none": ("held", "currency-unknown", {"bill": {"currency": "<payment_type>"}}, {}, None),
    "a_date_at_the_end_of_the_calendar": (
        "held",
        "date-out-of-range",
        {"bill": {"due": "<invoice_date + 30 days>"}},
        {"invoice_date": "9999-12-31"},
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_invoice_that_becomes_no_bill_says_why(name: str, build: Build) -> None:
    state, code, sections, changes, table = CASES[name]
    mapping = build(**sections, **({"vendors": table} if table else {}))
    given = invoice(**changes)
    result = mapping.apply(given)
    outcome = result if isinstance(result, NotMapped) else result.late

    assert outcome
    assert (outcome.state, outcome.code) == (state, code)
    assert outcome.cause
    text = outcome_text(mapping.title, mapping.payee, given, outcome)
    assert_golden(HERE / "outcomes" / f"{name}.txt", f"{text}\ncause: {outcome.cause}")


def test_every_code_of_an_outcome_is_explained() -> None:
    source = "".join(path.read_text() for path in (HERE.parents[1] / "connector" / "mapping").glob("*.py"))
    used = set(re.findall(r'NotMapped\(\s*"(?:held|blocked|skipped)", "([a-z-]+)"', source))

    assert used | {"vendor-unknown", "account-unknown", "tax-unknown", "terms-unknown", "class-unknown"} <= set(
        OUTCOME_CODES
    )
    assert len(used) > 8
    assert used <= {code for _, code, *_ in CASES.values()}


def test_the_message_of_the_documentation_reads_to_the_letter(build: Build) -> None:
    mapping = build(bill=EXACT)
    given = invoice(invoice_id=10047, affiliate_id=70112, total_payout="120.00")
    outcome = mapping.apply(given)

    assert isinstance(outcome, NotMapped)
    assert outcome_text(mapping.title, mapping.payee, given, outcome).splitlines() == [
        f"CAKE invoice 10047 (affiliate 70112, 2026-01-31, USD 120.00) is held{' ' * 32}[vendor-unknown]",
        "  cake.yaml:9  vendor is <vendors.vendor>",
        "  vendors.csv  has no row where affiliate_id is 70112",
        "  = add the row, then run: connector sync   (or see all of them: connector unmapped)",
    ]
    assert outcome.missing == Missing("vendors.csv", (("affiliate_id", "70112"),), "vendor")


def test_a_left_invoice_is_skipped_even_where_it_cannot_be_read(build: Build) -> None:
    outcome = build().apply(invoice(invoice_status="Void", total_payout="nothing", invoice_date="soon"))

    assert isinstance(outcome, NotMapped)
    assert outcome.state == "skipped"


def test_a_memo_may_be_as_long_as_it_fits_with_our_reference(build: Build) -> None:
    mapped = build(bill={"memo": "<payment_type>"}).apply(invoice(payment_type="x" * 3979))

    assert isinstance(mapped, Mapped)
    assert len(mapped.document.memo) == 3979


def test_a_number_of_21_characters_may_go(build: Build) -> None:
    mapped = build(bill={"number": "CAKE-<invoice_id>"}).apply(invoice(invoice_id="1234567890123456"))

    assert isinstance(mapped, Mapped)
    assert mapped.document.number == "CAKE-1234567890123456"


def test_a_negative_invoice_becomes_a_credit_with_its_signs_turned(build: Build) -> None:
    mapping = build(policy={"negative amount": "credit"}, check="{net: <total_payout>}")
    mapped = mapping.apply(invoice(total_payout="-75.25"))

    assert isinstance(mapped, Mapped)
    assert mapped.document.kind == "credit"
    assert [line.amount for line in mapped.document.lines] == [Decimal("75.25")]
    assert mapped.document.expected_net == Decimal("75.25")


def test_a_negative_line_may_stand_in_a_positive_bill(build: Build) -> None:
    lines = "[{account: Payouts, amount: <total_payout>}, {account: Fee, amount: -25.50}]"
    mapped = build(lines=lines).apply(invoice())

    assert isinstance(mapped, Mapped)
    assert mapped.document.kind == "bill"
    assert [line.amount for line in mapped.document.lines] == [Decimal("4825.50"), Decimal("-25.50")]


@pytest.mark.parametrize(
    ("box", "affiliate", "by"),
    [
        ("<vendors.vendor or affiliate_name>", 67890, "table"),
        ("<vendors.vendor or affiliate_name>", 70112, "field"),
        ("MediaBridge", 67890, "text"),
        ('<vendors.vendor or "Others">', 70112, "text"),
    ],
)
def test_it_is_told_what_the_vendor_came_from(box: str, affiliate: int, by: str, build: Build) -> None:
    mapped = build(bill={"vendor": box}).apply(invoice(affiliate_id=affiliate))

    assert isinstance(mapped, Mapped)
    assert mapped.vendor_by == by


def test_every_box_is_traced_to_its_line_and_row(build: Build) -> None:
    mapped = build(bill={"amounts are": "inclusive of tax"}).apply(invoice())

    assert isinstance(mapped, Mapped)
    trace = {one.box: (one.value, one.place, one.via) for one in mapped.trace}
    assert trace["vendor"] == ("MediaBridge Partners LLC", "cake.yaml:9", ("vendors.csv:2",))
    assert trace["number"] == ("CAKE-10042", "cake.yaml:10", ())
    assert trace["lines[1].amount"] == ("4825.50", "cake.yaml:14", ())
    assert trace["amounts are"] == ("inclusive of tax", "cake.yaml:13", ())
    assert len(trace) == len(mapped.trace)


def test_a_value_that_looks_like_a_placeholder_is_never_read_again(build: Build) -> None:
    mapped = build(bill={"memo": "<payment_type> << <invoice_id>"}).apply(invoice(payment_type="<affiliate_name>"))

    assert isinstance(mapped, Mapped)
    assert mapped.document.memo == "<affiliate_name> < 10042"


def test_a_payment_is_filled_in_by_its_own_block(build: Build) -> None:
    mapping = build(
        payment='{account: PayPal, date: <date_approved + 1 days>, memo: "<payment_type>"}',
        policy={"invoice paid at source": "record payment"},
    )
    paid = mapping.pay(invoice())

    assert mapping.payment
    assert not isinstance(paid, NotMapped)
    assert (paid.account, paid.date, paid.number, paid.memo) == ("PayPal", date(2026, 2, 6), "", "PayPal")
    assert isinstance(mapping.pay(invoice(date_approved=None)), NotMapped)


def test_a_payment_without_a_day_leaves_it_to_what_the_source_tells(build: Build) -> None:
    paid = build(payment="{account: PayPal}", policy={"invoice paid at source": "record payment"}).pay(invoice())

    assert not isinstance(paid, NotMapped)
    assert (paid.account, paid.date) == ("PayPal", None)


def test_a_mapping_is_one_version_with_its_tables(tmp_path: Path) -> None:
    def version(name: str, row: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "cake.yaml").write_text(form_text())
        (folder / "vendors.csv").write_text(ROW.format(row))
        return load(folder / "cake.yaml", Cake, root=folder).version

    assert version("one", "A") == version("two", "A")
    assert version("three", "A") != version("four", "B")


def test_a_silent_policy_answers_as_it_is_written_down(build: Build) -> None:
    policy = build().policy

    assert (policy.vendor_missing, policy.amount_above, policy.zero, policy.negative) == ("hold", None, "skip", "hold")
    assert (policy.books_closed, policy.paid_at_source, policy.changed_later, policy.voided_later) == (
        "hold",
        "ignore",
        "hold",
        "hold",
    )


@pytest.mark.parametrize("word", ["held", "blocked"])
def test_an_example_may_call_a_blocked_invoice_held(word: str, build: Build) -> None:
    record = "{invoice_id: 1, invoice_date: 2026-01-31, invoice_status: Paid, affiliate_id: 5, total_payout: 1.00, "
    given = record + "currency_symbol: USD}"
    mapping = build(bill=EXACT, examples=f"[{{name: nobody, given: {given}, expect: {{{word}: vendor-unknown}}}}]")

    assert mapping.run_examples() == []


def test_an_example_expects_a_credit_by_its_negative_total(build: Build) -> None:
    record = "{invoice_id: 1, invoice_date: 2026-01-31, invoice_status: Paid, affiliate_id: 67890, "
    given = record + "currency_symbol: USD, total_payout: -1.00}"
    expect = '{total: -1.00, "lines[1].amount": -1.00}'
    mapping = build(
        policy={"negative amount": "credit"}, examples=f"[{{name: less, given: {given}, expect: {expect}}}]"
    )

    assert mapping.run_examples() == []


def test_lines_of_nothing_are_left_out_and_need_no_row(build: Build) -> None:
    lines = "[{account: Payouts, amount: <total_payout>}, {account: <vendors.account>, amount: 0}]"
    mapped = build(lines=lines).apply(invoice(affiliate_id=5))

    assert isinstance(mapped, Mapped)
    assert [line.account for line in mapped.document.lines] == ["Payouts"]


def test_amounts_say_how_they_stand_to_tax(build: Build) -> None:
    def stands(lines: str, **bill: str) -> str:
        mapped = build(lines=lines, bill={name.replace("_", " "): text for name, text in bill.items()}).apply(invoice())
        assert isinstance(mapped, Mapped)
        return mapped.document.amounts_are

    assert stands("[{account: A, amount: <total_payout>}]") == "out of scope of tax"
    assert stands("[{account: A, amount: <total_payout>, tax: GST}]") == "exclusive of tax"
    assert stands("[{account: A, amount: <total_payout>, tax: GST}]", amounts_are="inclusive of tax") == (
        "inclusive of tax"
    )


def test_the_totals_that_quickbooks_must_answer_are_rounded(build: Build) -> None:
    mapped = build(check='{net: <total_payout>, tax: 482.554, gross: "5,308.054"}').apply(invoice())

    assert isinstance(mapped, Mapped)
    document = mapped.document
    assert (document.expected_net, document.expected_tax, document.expected_gross) == (
        Decimal("4825.50"),
        Decimal("482.55"),
        Decimal("5308.05"),
    )
