"""CAKE: the contract, its records, its failures inside HTTP 200, and its paging."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from contract import Place, SourceContract

from connector.errors import AnswerUnreadable, OurFault, SignInNeeded, Throttled
from connector.invoice import Invoice
from connector.sandbox.credentials import CAKE_KEY
from connector.sources.cake import Cake
from connector.sources.source import Connection, Source, Window

WINDOW = Window(date(2025, 11, 1), date(2026, 12, 31))
SAMPLE: dict[str, Any] = {
    "invoice_id": 10042,
    "invoice_date": "2026-01-31",
    "invoice_status": "Approved",
    "affiliate_id": 67890,
    "affiliate_name": "MediaBridge Partners",
    "billing_cycle_name": "Net 30",
    "currency_symbol": "USD",
    "total_payout": "4825.50",
    "payment_type": "PayPal",
    "date_approved": "2026-02-05",
}


def envelope(*rows: dict[str, Any], total: Any = None) -> bytes:
    total = len(rows) if total is None else total
    return json.dumps({"request_status": "Success", "response": {"invoices": rows, "total_rows": total}}).encode()


def read(setting: str | None = None, **changes: Any) -> Invoice:
    return Cake.read(SAMPLE | changes, source="cake", currency=setting)


def codes(invoice: Invoice) -> list[str]:
    return [trouble.code for trouble in invoice.troubles]


class TestContract(SourceContract):
    source_class: ClassVar[type[Source]] = Cake

    @pytest.fixture
    def place(self, pretend) -> Place:
        return Place(Connection("cake", f"{pretend.url}/cake", CAKE_KEY, currency="USD", page_size=50), WINDOW)

    @pytest.fixture
    def whole_answer(self) -> Callable[[], bytes]:
        return lambda: envelope(SAMPLE)


@pytest.fixture
def connection(odd) -> Connection:
    return Connection("cake", odd.url, "secret-key-of-cake", page_size=2)


def all_of(connection: Connection) -> list[Invoice]:
    pages = Cake(connection).pages(WINDOW)
    return [Cake.read(record, source="cake", currency=connection.currency) for page in pages for record in page.records]


def test_the_documents_sample_is_read_whole() -> None:
    invoice = read()
    assert invoice.id == "10042"
    assert invoice.date == date(2026, 1, 31)
    assert str(invoice.amount) == "4825.50"
    assert (invoice.currency, invoice.payee, invoice.status) == ("USD", "67890", "Approved")
    assert (invoice.paid, invoice.void, invoice.paid_on, invoice.troubles) == (False, False, None, ())
    assert invoice.fields == {
        "invoice_id": "10042",
        "invoice_date": date(2026, 1, 31),
        "invoice_status": "Approved",
        "affiliate_id": "67890",
        "affiliate_name": "MediaBridge Partners",
        "advertiser_id": None,
        "billing_cycle_name": "Net 30",
        "currency_symbol": "USD",
        "total_payout": Decimal("4825.50"),
        "payment_type": "PayPal",
        "date_approved": date(2026, 2, 5),
        "invoice_kind": "payout",
        "currency": "USD",
    }
    assert invoice.raw == {name: str(value) for name, value in SAMPLE.items()}


@pytest.mark.parametrize(
    ("sent", "known"),
    [("PAID", "Paid"), (" approved ", "Approved"), ("void", "Void"), ("Draft", "Draft"), (None, None), ("", None)],
)
def test_a_known_status_is_spelt_one_way_and_any_other_is_left_alone(sent: str | None, known: str | None) -> None:
    invoice = read(invoice_status=sent)
    assert invoice.status == known
    assert (invoice.paid, invoice.void) == (known == "Paid", known == "Void")


@pytest.mark.parametrize(
    ("affiliate", "advertiser", "kind"),
    [
        (7, None, "payout"),
        (7, 9, "payout"),
        (None, 9, "revenue"),
        (0, 9, "revenue"),
        ("", "", None),
        (None, None, None),
    ],
)
def test_the_kind_follows_who_is_named(affiliate: Any, advertiser: Any, kind: str | None) -> None:
    invoice = read(affiliate_id=affiliate, advertiser_id=advertiser)
    assert invoice.fields["invoice_kind"] == kind
    assert invoice.payee == ("7" if kind == "payout" else None)


def test_a_revenue_row_may_lack_the_payout() -> None:
    row = {name: value for name, value in SAMPLE.items() if name not in ("total_payout", "affiliate_id")}
    invoice = Cake.read(row | {"advertiser_id": 9}, source="cake")
    assert (invoice.amount, invoice.troubles) == (None, ())


@pytest.mark.parametrize(
    ("sent", "digits"),
    [
        ("1317.4680", "1317.4680"),
        (Decimal("106.8746"), "106.8746"),
        (120, "120"),
        ("-84.20", "-84.20"),
        ("0.00", "0.00"),
    ],
)
def test_amounts_keep_their_digits(sent: Any, digits: str) -> None:
    assert str(read(total_payout=sent).amount) == digits


@pytest.mark.parametrize("sent", ["1,234.50", "1e5", "NaN", "abc", "", None, True, 12.5, "€5", "٣", Decimal("1E+40")])
def test_an_amount_that_is_none_holds_the_invoice(sent: Any) -> None:
    invoice = read(total_payout=sent)
    assert (invoice.amount, codes(invoice)) == (None, ["amount-unreadable"])
    assert "total_payout" in invoice.troubles[0].reason


@pytest.mark.parametrize(
    "sent", ["31/01/2026", "2026-02-30", "20260131", "2026-01-31T00:00:00", 20260131, "0001-01-01", None]
)
def test_a_date_that_is_none_holds_the_invoice(sent: Any) -> None:
    invoice = read(invoice_date=sent)
    assert (invoice.date, codes(invoice)) == (None, ["date-unreadable"])


def test_an_empty_approval_date_is_no_trouble_and_a_broken_one_is() -> None:
    assert read(date_approved=None).troubles == read(date_approved="").troubles == ()
    assert codes(read(date_approved="soon")) == ["date-unreadable"]


@pytest.mark.parametrize(
    ("symbol", "setting", "currency"),
    [
        ("USD", None, "USD"),
        ("eur", "USD", "EUR"),
        ("€", "USD", "EUR"),
        ("£", None, "GBP"),
        ("$", "AUD", "AUD"),
        ("¥", "JPY", "JPY"),
        (None, "USD", "USD"),
        ("$", None, None),
        ("", None, None),
        ("XYZ", "USD", None),
        ("A$", "USD", None),
        ("A$", "AUD", "AUD"),
        ("₹", "INR", "INR"),
        ("A$", None, None),
        ("¥", "USD", None),
        ("kr", "USD", None),
        ("kr", "SEK", "SEK"),
    ],
)
def test_the_currency_is_told_or_set_and_never_guessed(symbol: str | None, setting: str | None, currency: Any) -> None:
    invoice = read(setting, currency_symbol=symbol)
    assert invoice.currency == invoice.fields["currency"] == currency
    assert codes(invoice) == ([] if currency else ["currency-unknown"])


def test_an_untold_currency_names_the_setting() -> None:
    assert "[sources.cake]" in read(currency_symbol="$").troubles[0].remedy


def test_a_sign_that_the_setting_cannot_mean_is_mended_at_the_source() -> None:
    assert read("USD", currency_symbol="A$").troubles[0].remedy == "have it corrected in CAKE, then run: connector sync"


def test_the_sibling_documents_spellings_are_accepted() -> None:
    row = {name: value for name, value in SAMPLE.items() if name not in ("total_payout", "currency_symbol")}
    invoice = Cake.read(row | {"total_amount": "1250.00", "currency": "USD"}, source="cake")
    assert (str(invoice.amount), invoice.currency, invoice.troubles) == ("1250.00", "USD", ())


def test_two_amounts_or_two_currencies_that_differ_hold_the_invoice() -> None:
    assert codes(read(total_amount="1.00")) == ["amount-unreadable"]
    assert codes(read(currency="CAD")) == ["currency-unknown"]
    assert codes(read(total_amount="4825.5", currency="USD")) == []


@pytest.mark.parametrize("name", ["invoice_id", "invoice_date", "invoice_status", "affiliate_id", "total_payout"])
def test_a_missing_key_is_a_wrong_shape_that_names_keys_and_no_values(name: str) -> None:
    row = {key: value for key, value in SAMPLE.items() if key != name} | {"new_key": "a value"}
    with pytest.raises(AnswerUnreadable) as caught:
        Cake.read(row, source="cake")
    assert (caught.value.code, caught.value.source) == ("source-shape", "cake")
    assert name in caught.value.what
    assert "new_key" in caught.value.what
    assert "MediaBridge" not in caught.value.what
    assert "a value" not in caught.value.what


@pytest.mark.parametrize("number", [None, "", True, Decimal("1.0"), Decimal("1E+999999999"), {"a": 1}])
def test_an_invoice_without_an_id_is_a_wrong_shape(number: Any) -> None:
    with pytest.raises(AnswerUnreadable):
        read(invoice_id=number)


def test_ids_are_text_and_keep_their_zeros() -> None:
    assert read(invoice_id="0412").id == "0412"
    assert read(invoice_id="10042") == read(invoice_id=10042)


def test_keys_that_nobody_knows_are_kept_and_secrets_blanked() -> None:
    raw = read(note={"amount": Decimal("1.50"), "paid": True}, tags=[1, None], api_key="abc", swift_iban="DE1").raw
    assert raw["note"] == {"amount": "1.50", "paid": True}
    assert raw["tags"] == ["1", None]
    assert raw["api_key"] == raw["swift_iban"] == "***"


def test_a_source_that_repeats_the_key_has_it_blanked(odd, connection: Connection) -> None:
    odd.say(envelope(SAMPLE | {"note": f"?api_key={connection.api_key}&x", "list": [connection.api_key]}))
    assert all_of(connection)[0].raw["note"] == "?api_key=***&x"
    odd.say(json.dumps({"request_status": "Failure", "message": f"no: {connection.api_key}"}).encode())
    with pytest.raises(AnswerUnreadable, match=r"no: \*\*\*"):
        all_of(connection)


def test_a_name_cut_in_the_middle_of_a_character_can_still_be_kept(odd, connection: Connection) -> None:
    odd.say(envelope(SAMPLE | {"affiliate_name": "Rocket \ud83d"}))
    assert all_of(connection)[0].fields["affiliate_name"] == "Rocket ?"


@pytest.mark.parametrize("message", ["Invalid API key", "Invalid API Key", "the api_key has expired"])
def test_a_failure_about_the_key_inside_http_200_asks_for_a_sign_in(odd, connection: Connection, message: str) -> None:
    odd.say(json.dumps({"request_status": "Failure", "message": message, "row_count": 0}).encode())
    with pytest.raises(SignInNeeded) as caught:
        all_of(connection)
    assert "regenerated" in caught.value.remedy
    assert len(odd.asked) == 1


def test_restricted_inside_http_200_is_waited_out(odd, connection: Connection) -> None:
    restricted = json.dumps({"request_status": "Failure", "message": "Restricted"}).encode()
    odd.say(restricted, restricted, restricted, envelope(SAMPLE))
    assert len(all_of(connection)) == 1
    odd.say(restricted)
    with pytest.raises(Throttled):
        all_of(connection)
    assert len(odd.asked) == 4


@pytest.mark.parametrize(
    "answer",
    [
        {"request_status": "Failure", "response": {"invoices": [], "total_rows": 0}},
        {"request_status": "Error", "message": "Something Broken", "invoices": [], "total_rows": 0},
        {"request_status": None, "response": {"invoices": [], "total_rows": 0}},
        {"response": {"invoices": [], "total_rows": 0}},
        {"request_status": "Success", "response": {"invoices": []}},
        {"request_status": "Success", "response": {"invoices": [], "total_rows": None}},
        {"request_status": "Success", "response": {"invoices": [], "total_rows": True}},
        {"request_status": "Success", "response": {"invoices": [], "total_rows": -1}},
        {"request_status": "Success", "response": {"invoices": None, "total_rows": 0}},
        {"request_status": "Success", "response": {"invoices": [None], "total_rows": 1}},
        {"request_status": "Success", "response": None},
        {"request_status": "Success", "total_rows": 0},
    ],
    ids=lambda answer: json.dumps(answer)[:60],
)
def test_no_failure_reads_as_no_invoices(odd, connection: Connection, answer: dict[str, Any]) -> None:
    odd.say(json.dumps(answer).encode())
    with pytest.raises(AnswerUnreadable):
        all_of(connection)


def test_an_envelope_without_response_and_in_lower_case_is_read(odd, connection: Connection) -> None:
    odd.say(json.dumps({"request_status": "success", "invoices": [SAMPLE], "total_rows": "1"}).encode())
    assert [invoice.id for invoice in all_of(connection)] == ["10042"]


def test_no_invoices_are_no_invoices(odd, connection: Connection) -> None:
    odd.say(envelope())
    assert [(page.records, page.total) for page in Cake(connection).pages(WINDOW)] == [([], 0)]


def test_every_page_is_asked_for_once_from_row_one(odd, connection: Connection) -> None:
    rows = [SAMPLE | {"invoice_id": number} for number in (1, 2, 3)]
    odd.say(envelope(*rows[:2], total=3), envelope(rows[2], total=3))
    pages = list(Cake(connection).pages(WINDOW))
    assert [(len(page.records), page.total) for page in pages] == [(2, 3), (1, 3)]
    asked = [urlsplit(address) for address in odd.asked]
    assert {address.path for address in asked} == {"/api/2/invoices.json"}
    assert [parse_qs(address.query) for address in asked] == [
        {
            "api_key": [connection.api_key],
            "start_date": ["2025-11-01"],
            "end_date": ["2026-12-31"],
            "start_at_row": [str(start)],
            "row_limit": ["2"],
        }
        for start in (1, 3)
    ]


def test_rows_that_end_before_the_total_are_incomplete(odd, connection: Connection) -> None:
    odd.say(envelope(SAMPLE, SAMPLE | {"invoice_id": 2}, total=5), envelope(total=5))
    with pytest.raises(AnswerUnreadable) as caught:
        all_of(connection)
    assert caught.value.code == "source-incomplete"


def test_a_server_that_gives_fewer_rows_than_asked_for_is_read_to_its_total(odd, connection: Connection) -> None:
    odd.say(*(envelope(SAMPLE | {"invoice_id": n}, total=3) for n in (1, 2, 3)))
    assert ["1", "2", "3"] == [invoice.id for invoice in all_of(connection)]


def test_never_more_rows_are_asked_for_than_the_document_allows(odd, connection: Connection) -> None:
    odd.say(envelope())
    all_of(replace(connection, page_size=50_000))
    assert "row_limit=10000" in odd.asked[0]


def test_a_window_the_wrong_way_round_is_our_fault(connection: Connection) -> None:
    with pytest.raises(OurFault):
        list(Cake(connection).pages(Window(date(2026, 2, 1), date(2026, 1, 1))))
