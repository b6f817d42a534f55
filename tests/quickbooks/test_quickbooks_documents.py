"""Documents to exact bytes, and back."""

import datetime
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.document import Document, Key, Line, marker
from connector.errors import AnswerUnreadable
from connector.quickbooks.documents import delete_body, link, payment_body, to_body, update_body, vendor_body
from connector.quickbooks.facts import CompanyFacts, company_facts
from connector.quickbooks.frozen import BatchItem, frozen, frozen_batch
from connector.quickbooks.names import Reference
from connector.quickbooks.outcome import parse
from connector.quickbooks.posted import PostedLine, bill_from, marker_in, markers_in
from connector.quickbooks.refs import LineRefs, Refs

US = CompanyFacts("Agency", "US", "USD", False, None, True, "QuickBooks Online Plus")
AU = replace(US, country="AU", home_currency="AUD", multicurrency=True)
MARK = "ref:abcdefghijklmnop"
ACCOUNT = Reference("Account", "7", "US", "Affiliate payouts:US", "6010")
VENDOR = Reference("Vendor", "56", "Acme", "Acme")
ITEM = Reference("Item", "3", "Clicks", "Clicks")


def a_bill(*lines: Line, **more: Any) -> Document:
    boxes = {
        "kind": "bill",
        "vendor": "Acme",
        "number": "CAKE-1",
        "date": datetime.date(2026, 1, 31),
        "currency": "USD",
        "lines": lines or (Line(Decimal("4825.50"), account="Affiliate payouts:US"),),
    }
    return Document(**(boxes | more))


def refs_of(document: Document, **more: Any) -> Refs:
    lines = tuple(LineRefs(item=ITEM) if line.item else LineRefs(account=ACCOUNT) for line in document.lines)
    return Refs(VENDOR, lines, **more)


def body_of(document: Document, facts: CompanyFacts = US, rate: Decimal | None = None) -> dict[str, Any]:
    return to_body(document, refs_of(document), marker=MARK, facts=facts, rate=rate)


def test_the_simplest_bill_is_exactly_these_bytes() -> None:
    assert (
        frozen(body_of(a_bill(memo="Invoice 1 – Zürich")))
        == (
            '{"DocNumber":"CAKE-1","Line":[{"AccountBasedExpenseLineDetail":{"AccountRef":{"value":"7"}},"Amount":4825.50,'
            '"DetailType":"AccountBasedExpenseLineDetail"}],"PrivateNote":"Invoice 1 – Zürich\\nref:abcdefghijklmnop",'
            '"TxnDate":"2026-01-31","VendorRef":{"value":"56"}}'
        ).encode()
    )


def test_every_box_has_its_place() -> None:
    line = Line(Decimal("-1.00"), account="x", description="Fee", class_name="EU", customer="C", tax="GST")
    document = a_bill(
        line, due=datetime.date(2026, 3, 2), terms="Net 30", ap_account="A/P", location="London", memo="",
        amounts_are="inclusive of tax", currency="AUD",
    )  # fmt: skip
    named = {
        name: Reference("", key, "", "")
        for name, key in {"klass": "1", "customer": "2", "tax": "3", "ap": "4", "term": "5", "place": "6"}.items()
    }
    at = LineRefs(ACCOUNT, None, named["klass"], named["customer"], named["tax"])
    refs = Refs(VENDOR, (at,), named["ap"], named["term"], named["place"])
    body = to_body(document, refs, marker=MARK, facts=AU)
    assert body == {
        "VendorRef": {"value": "56"},
        "TxnDate": "2026-01-31",
        "DueDate": "2026-03-02",
        "SalesTermRef": {"value": "5"},
        "DocNumber": "CAKE-1",
        "CurrencyRef": {"value": "AUD"},
        "PrivateNote": MARK,
        "APAccountRef": {"value": "4"},
        "DepartmentRef": {"value": "6"},
        "GlobalTaxCalculation": "TaxInclusive",
        "Line": [
            {
                "Amount": Decimal("-1.00"),
                "Description": "Fee",
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {
                    "ClassRef": {"value": "1"},
                    "CustomerRef": {"value": "2"},
                    "TaxCodeRef": {"value": "3"},
                    "AccountRef": {"value": "7"},
                },
            }
        ],
    }
    credit = to_body(replace(document, kind="credit"), refs, marker=MARK, facts=AU)
    assert body.keys() - credit.keys() == {"DueDate", "SalesTermRef"}


@pytest.mark.parametrize(
    ("words", "calculation"),
    [
        ("exclusive of tax", "TaxExcluded"),
        ("inclusive of tax", "TaxInclusive"),
        ("out of scope of tax", "NotApplicable"),
    ],
)
def test_how_amounts_stand_to_tax_is_said_outside_the_united_states_only(words: Any, calculation: str) -> None:
    document = a_bill(amounts_are=words)
    assert body_of(document, AU, Decimal("1.5"))["GlobalTaxCalculation"] == calculation
    assert "GlobalTaxCalculation" not in body_of(document, US)


def test_a_foreign_bill_needs_its_rate_and_a_domestic_one_has_none() -> None:
    foreign = a_bill(currency="EUR")
    assert body_of(foreign, AU, Decimal("1.6543210"))["ExchangeRate"] == Decimal("1.6543210")
    with pytest.raises(ValueError, match="exchange rate"):
        body_of(foreign, AU)
    domestic = body_of(a_bill(currency="AUD"), AU, Decimal("1.5"))
    assert "ExchangeRate" not in domestic
    assert domestic["CurrencyRef"] == {"value": "AUD"}
    assert "CurrencyRef" not in body_of(a_bill())


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("4825.50", "USD", b'"Amount":4825.50'),
        ("4825.5", "USD", b'"Amount":4825.50'),
        ("120", "JPY", b'"Amount":120,'),
        ("120.00", "JPY", b'"Amount":120,'),
        ("1.5", "KWD", b'"Amount":1.500'),
        ("1E+3", "USD", b'"Amount":1000.00'),
        ("0.10", "USD", b'"Amount":0.10'),
    ],
)
def test_amounts_go_out_as_numbers_with_the_currencys_decimals(amount: str, currency: str, text: bytes) -> None:
    facts = replace(US, home_currency=currency)
    assert text in frozen(body_of(a_bill(Line(Decimal(amount), account="x"), currency=currency), facts))


def test_an_amount_finer_than_its_currency_is_never_rounded_in_silence() -> None:
    with pytest.raises(ValueError, match="decimals"):
        body_of(a_bill(Line(Decimal("0.005"), account="x")))


@pytest.mark.parametrize(
    ("quantity", "amount", "detail"),
    [
        ("3", "10.50", {"Qty": Decimal(3), "UnitPrice": Decimal("3.5")}),
        ("100", "10.50", {"Qty": Decimal(100), "UnitPrice": Decimal("0.105")}),
        ("3", "10.00", {}),
        ("0", "10.00", {}),
        (None, "10.00", {}),
    ],
)
def test_quantity_and_price_are_sent_where_they_multiply_to_the_amount(
    quantity: str | None, amount: str, detail: dict[str, Decimal]
) -> None:
    line = Line(Decimal(amount), item="Clicks", quantity=Decimal(quantity) if quantity else None)
    sent = body_of(a_bill(line))["Line"][0]["ItemBasedExpenseLineDetail"]
    assert sent == {"ItemRef": {"value": "3"}} | detail


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        return [leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in leaves(inner)]
    return [value]


@given(
    amounts=st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=5),
    memo=texts,
    number=texts,
    description=texts,
)
def test_what_is_frozen_reads_back_to_the_cent_and_holds_nothing_empty(
    amounts: list[int], memo: str, number: str, description: str
) -> None:
    lines = [Line(Decimal(cents).scaleb(-2), account="x", description=description) for cents in amounts]
    document = a_bill(*lines, memo=memo, number=number)
    body = parse(frozen(body_of(document)))
    assert sum(Decimal(line["Amount"]) for line in body["Line"]) == document.total.amount
    assert "" not in leaves(body)
    assert body["PrivateNote"] == (f"{memo}\n{MARK}" if memo else MARK)
    assert marker_in(body["PrivateNote"]) == MARK


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), {1, 2}, datetime.date(2026, 1, 1)])
def test_a_float_has_no_place_in_a_document(value: Any) -> None:
    with pytest.raises(TypeError):
        frozen({"Amount": value})


def test_a_batch_is_spliced_of_frozen_bytes() -> None:
    bill = frozen(body_of(a_bill()))
    batch = frozen_batch(
        [BatchItem("00", "create", "Bill", bill), BatchItem("01", "delete", "Bill", frozen(delete_body("7", "2")))]
    )
    assert bill in batch
    assert json.loads(batch)["BatchItemRequest"][1] == {
        "bId": "01", "operation": "delete", "Bill": {"Id": "7", "SyncToken": "2"},
    }  # fmt: skip


def test_an_update_changes_our_boxes_and_leaves_the_rest() -> None:
    fresh = {
        "Id": "145", "SyncToken": "3", "DocNumber": "OLD", "SalesTermRef": {"value": "9"}, "TotalAmt": Decimal(5),
        "CustomField": [{"Name": "x"}], "MetaData": {}, "TxnTaxDetail": {"TotalTax": 1}, "Line": [{"Id": "1"}],
    }  # fmt: skip
    wanted = body_of(a_bill())
    changed = update_body(fresh, wanted)
    assert changed["DocNumber"] == "CAKE-1"
    assert changed["Line"] == wanted["Line"]
    assert (changed["Id"], changed["SyncToken"]) == ("145", "3")
    assert changed["SalesTermRef"] == {"value": "9"}
    assert changed["CustomField"] == [{"Name": "x"}]
    assert not changed.keys() & {"TotalAmt", "MetaData", "TxnTaxDetail"}


def test_a_vendor_is_a_name_and_a_currency() -> None:
    assert vendor_body("Acme", "EUR") == {"DisplayName": "Acme", "CurrencyRef": {"value": "EUR"}}
    assert vendor_body("Acme") == {"DisplayName": "Acme"}


@pytest.mark.parametrize(
    ("memo", "found"),
    [
        ("", ()),
        (MARK, (MARK,)),
        (f"text\n{MARK}", (MARK,)),
        (f"{MARK} paid early, see mail", (MARK,)),
        (f"xref:abcdefghijklmnop {MARK}q", ()),
        (f"{MARK}\nref:qqqqqqqqqqqqqqqq", (MARK, "ref:qqqqqqqqqqqqqqqq")),
        ("ref:ABCDEFGHIJKLMNOP ref:abc1efghijklmnop", ()),
    ],
)
def test_a_marker_is_found_wherever_a_person_left_it(memo: str, found: tuple[str, ...]) -> None:
    assert markers_in(memo) == found
    assert marker_in(memo) == (found[-1] if found else None)


BILL = {"Id": "145", "VendorRef": {"value": "56", "name": "Acme"}, "SyncToken": "3"}
BANK = Reference("Account", "35", "Checking", "Checking", type="Bank")
CARD = replace(BANK, id="36", type="Credit Card")


def a_payment(amount: str = "4825.50", **more: Any) -> Document:
    return a_bill(Line(Decimal(amount), account="Checking"), kind="payment", number="", **more)


def test_the_simplest_payment_is_exactly_these_bytes() -> None:
    assert frozen(payment_body(a_payment(memo="Paid"), BILL, BANK, marker=MARK, facts=US)) == (
        b'{"CheckPayment":{"BankAccountRef":{"value":"35"}},'
        b'"Line":[{"Amount":4825.50,"LinkedTxn":[{"TxnId":"145","TxnType":"Bill"}]}],"PayType":"Check",'
        b'"PrivateNote":"Paid\\nref:abcdefghijklmnop","TotalAmt":4825.50,"TxnDate":"2026-01-31",'
        b'"VendorRef":{"value":"56"}}'
    )


def test_a_foreign_payment_from_a_card_has_its_rate_and_the_bills_payables_account() -> None:
    bill = BILL | {"APAccountRef": {"value": "9", "name": "A/P - USD"}}
    body = payment_body(replace(a_payment(), number="P-1"), bill, CARD, marker=MARK, facts=AU, rate=Decimal("1.5"))

    assert body["CreditCardPayment"] == {"CCAccountRef": {"value": "36"}}
    assert (body["PayType"], body["DocNumber"], body["ExchangeRate"]) == ("CreditCard", "P-1", Decimal("1.5"))
    assert (body["CurrencyRef"], body["APAccountRef"]) == ({"value": "USD"}, {"value": "9"})
    assert "CheckPayment" not in body


def test_a_payment_that_would_be_booked_wrong_is_refused() -> None:
    with pytest.raises(ValueError, match="exchange rate"):
        payment_body(a_payment(), BILL, BANK, marker=MARK, facts=AU)
    with pytest.raises(ValueError, match="decimals"):
        payment_body(a_payment("1.234"), BILL, BANK, marker=MARK, facts=US)


@given(st.text(), st.text(), st.text(), st.sampled_from(["bill", "credit", "payment"]))
def test_every_marker_we_make_is_one_we_find(company: str, source: str, invoice: str, kind: Any) -> None:
    try:
        made = marker(Key(company, source, invoice, kind))
    except UnicodeEncodeError:
        return
    assert marker_in(f"memo\n{made}") == made


ANSWER = {
    "Id": "266", "SyncToken": "1", "DocNumber": "1043", "TxnDate": "2020-09-29", "DueDate": "2020-10-29",
    "CurrencyRef": {"value": "USD", "name": "United States Dollar"}, "TotalAmt": Decimal("110.00"), "Balance": 0,
    "VendorRef": {"value": "56", "name": "Bob's"}, "PrivateNote": f"x\n{MARK}", "ExchangeRate": 1,
    "LinkedTxn": [{"TxnId": "3527", "TxnType": "BillPaymentCheck"}], "TxnTaxDetail": {"TotalTax": Decimal("10.00")},
    "MetaData": {"CreateTime": "2020-09-29T05:58:07-07:00", "LastUpdatedTime": "2020-09-29T06:58:07-07:00"},
    "Line": [{"Id": "1", "Amount": Decimal("100.00"), "DetailType": "AccountBasedExpenseLineDetail",
              "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "7", "name": "Advertising"}}},
             {"Description": "only words", "DetailType": "DescriptionOnly"}],
    "NewFieldOfTomorrow": {"x": 1},
}  # fmt: skip


def test_a_posted_bill_tells_what_reconciliation_needs() -> None:
    bill = bill_from(ANSWER)
    assert (bill.id, bill.sync_token, bill.number, bill.vendor_id, bill.vendor_name) == (
        "266",
        "1",
        "1043",
        "56",
        "Bob's",
    )
    assert (bill.total, bill.tax, bill.net, bill.balance) == (Decimal(110), Decimal(10), Decimal(100), Decimal(0))
    assert bill.created == datetime.datetime(2020, 9, 29, 12, 58, 7, tzinfo=datetime.UTC)
    assert bill.linked == (("BillPaymentCheck", "3527"),)
    assert bill.marker == MARK
    assert bill.lines == (PostedLine(Decimal(100), "7", ""),)


@pytest.mark.parametrize("missing", ["Id", "SyncToken", "TotalAmt", "TxnDate"])
def test_a_bill_without_a_needed_part_is_unreadable(missing: str) -> None:
    with pytest.raises(AnswerUnreadable, match="Bill") as caught:
        bill_from({name: value for name, value in ANSWER.items() if name != missing})
    assert caught.value.code == "quickbooks-shape"


@pytest.mark.parametrize(
    "change", [{"TotalAmt": 1.5}, {"TotalAmt": True}, {"TotalAmt": "x"}, {"Line": [1]}, {"TxnDate": "x"}]
)
def test_a_bill_of_another_shape_is_unreadable(change: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnreadable):
        bill_from(ANSWER | change)


def test_a_link_opens_the_right_company() -> None:
    assert link("production", "123", "Bill", "145") == (
        "https://qbo.intuit.com/app/login?pagereq=bill%3FtxnId%3D145&deeplinkcompanyid=123"
    )
    assert link("sandbox", "123", "VendorCredit", "9") == (
        "https://sandbox.qbo.intuit.com/app/login?pagereq=vendorcredit%3FtxnId%3D9&deeplinkcompanyid=123"
    )


def test_facts_tolerate_what_quickbooks_leaves_out() -> None:
    facts = company_facts({}, {})
    assert not any((facts.multicurrency, facts.class_tracking, facts.closing_date))
    told = company_facts(
        {
            "CompanyName": "Agency",
            "Country": "USA",
            "NameValue": [
                {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"},
                {"Name": "SubscriptionStatus", "Value": "TRIAL"},
            ],
        },
        {
            "AccountingInfoPrefs": {"BookCloseDate": "2025-12-31", "TrackDepartments": True},
            "TaxPrefs": {"UsingSalesTax": True},
            "OtherPrefs": {"NameValue": [{"Name": "WarnDuplicateBillNumber", "Value": "true"}]},
            "CurrencyPrefs": {"MultiCurrencyEnabled": "true", "HomeCurrency": {"value": "USD"}},
        },
    )
    assert told == CompanyFacts(
        "Agency",
        "USA",
        "USD",
        multicurrency=True,
        closing_date=datetime.date(2025, 12, 31),
        class_tracking=False,
        plan="QuickBooks Online Plus",
        location_tracking=True,
        sales_tax=True,
        warns_of_number_twice=True,
        subscription="TRIAL",
    )
    assert told.in_united_states
