"""Commission Factory: the contract in both formats, its records, its limits."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from contract import Place, SourceContract

from connector.errors import AnswerUnreadable, OurFault, Throttled
from connector.invoice import Invoice
from connector.sandbox.credentials import COMMISSION_FACTORY_KEY
from connector.sources.commission_factory import CommissionFactory
from connector.sources.source import Connection, Source, Window

WINDOW = Window(date(2025, 11, 1), date(2026, 12, 31))
# The document's own answers, to the letter.
JSON = (
    b'[ { "Id": 1, "DateCreated": "2000-01-01T00:00:00.000", "DatePaid": "2000-01-01T00:00:00.000", '
    b'"Number": "CF-1-0001", "Description": "Commissions up to 1/01/2000", '
    b'"SubTotal": 100.0000, "GST": null, "Total": 100.0000 } ]'
)
XML = (
    b'<InvoiceArray xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
    b'xmlns="https://api.commissionfactory.com/V1/Affiliate"> <Invoice> <Id>1</Id> '
    b"<DateCreated>2000-01-01T00:00:00.000</DateCreated> <DatePaid>2000-01-01T00:00:00.000</DatePaid> "
    b"<Number>CF-1-0001</Number> <Description>Commissions up to 1/01/2000</Description> <SubTotal>100.0000</SubTotal> "
    b"<GST>null</GST> <Total>100.0000</Total> </Invoice> </InvoiceArray>"
)
SAMPLE: dict[str, Any] = json.loads(JSON, parse_float=Decimal)[0]


def read(**changes: Any) -> Invoice:
    return CommissionFactory.read(SAMPLE | changes, source="cf")


def codes(invoice: Invoice) -> list[str]:
    return [trouble.code for trouble in invoice.troubles]


class TestContractJson(SourceContract):
    source_class: ClassVar[type[Source]] = CommissionFactory

    @pytest.fixture
    def place(self, pretend) -> Place:
        return Place(Connection("cf", f"{pretend.url}/commission-factory", COMMISSION_FACTORY_KEY), WINDOW)

    @pytest.fixture
    def whole_answer(self) -> Callable[[], bytes]:
        return lambda: JSON


class TestContractXml(TestContractJson):
    @pytest.fixture
    def place(self, pretend) -> Place:
        base = f"{pretend.url}/commission-factory"
        return Place(Connection("cf", base, COMMISSION_FACTORY_KEY, options={"format": "xml"}), WINDOW)

    @pytest.fixture
    def whole_answer(self) -> Callable[[], bytes]:
        return lambda: XML


@pytest.fixture
def connection(odd) -> Connection:
    return Connection("cf", odd.url, "secret-key-of-cf")


def all_of(connection: Connection) -> list[Invoice]:
    pages = CommissionFactory(connection).pages(WINDOW)
    return [CommissionFactory.read(record, source="cf") for page in pages for record in page.records]


def test_the_documents_sample_is_read_whole() -> None:
    invoice = read()
    day = date(2000, 1, 1)
    assert invoice.fields == {
        "Id": "1",
        "DateCreated": day,
        "DatePaid": day,
        "Number": "CF-1-0001",
        "Description": "Commissions up to 1/01/2000",
        "SubTotal": Decimal("100.0000"),
        "GST": None,
        "Total": Decimal("100.0000"),
        "status": "Paid",
        "gst_charged": "no",
    }
    assert (invoice.id, invoice.date, invoice.currency, invoice.payee) == ("1", day, "AUD", None)
    assert (str(invoice.amount), invoice.paid, invoice.paid_on, invoice.void) == ("100.0000", True, day, False)
    assert invoice.raw["SubTotal"] == "100.0000"
    assert invoice.troubles == ()


def test_json_and_xml_are_the_same_invoices(odd, connection: Connection) -> None:
    odd.say(JSON)
    from_json = all_of(connection)
    odd.say(XML)
    from_xml = all_of(replace(connection, options={"format": "xml"}))
    assert from_json == from_xml
    assert [headers["accept"] for headers in odd.headers] == ["application/json", "application/xml"]


def test_one_request_asks_for_the_whole_window(odd, connection: Connection) -> None:
    odd.say(JSON)
    assert [page.total for page in CommissionFactory(connection).pages(WINDOW)] == [None]
    (address,) = [urlsplit(address) for address in odd.asked]
    assert address.path == "/V1/Affiliate/Invoices"
    assert parse_qs(address.query) == {
        "apiKey": [connection.api_key],
        "fromDate": ["2025-11-01"],
        "toDate": ["2026-12-31"],
    }


@pytest.mark.parametrize("unpaid", [None, "", "missing"])
def test_an_invoice_without_a_date_of_payment_is_unpaid(unpaid: str | None) -> None:
    row = SAMPLE | {"DatePaid": unpaid}
    if unpaid == "missing":
        del row["DatePaid"]
    invoice = CommissionFactory.read(row, source="cf")
    assert (invoice.status, invoice.paid, invoice.paid_on, invoice.troubles) == ("Unpaid", False, None, ())


@pytest.mark.parametrize("sent", ["1/02/2000", "0001-01-01T00:00:00.000", "2000-13-01T00:00:00", "2000-01-01T25"])
def test_a_date_that_is_none_holds_the_invoice(sent: str) -> None:
    assert codes(read(DateCreated=sent)) == codes(read(DatePaid=sent)) == ["date-unreadable"]


def test_the_date_part_is_kept_as_printed_whatever_the_hour() -> None:
    assert read(DateCreated="2000-01-31T23:59:59.999").date == date(2000, 1, 31)
    assert read(DateCreated="2000-01-31T23:30:00-11:00").date == date(2000, 1, 31)


@pytest.mark.parametrize(
    ("gst", "total", "charged"), [("10.0000", "110.0000", "yes"), ("0.0000", "100.00", "no"), (None, "100", "no")]
)
def test_gst_is_charged_where_it_is_neither_empty_nor_nought(gst: str | None, total: str, charged: str) -> None:
    invoice = read(GST=gst, Total=total)
    assert (invoice.fields["gst_charged"], invoice.troubles) == (charged, ())
    assert str(invoice.amount) == "100.0000"


def test_amounts_that_do_not_add_up_hold_the_invoice_with_the_figures() -> None:
    assert codes(read(Total="100.0001")) == ["totals-differ"]
    (trouble,) = read(GST="10.0000").troubles
    assert trouble.code == "totals-differ"
    assert trouble.reason == "SubTotal 100.0000 and GST 10.0000 add up to 110.0000, and Total is 100.0000"


@pytest.mark.parametrize("name", ["SubTotal", "GST", "Total"])
def test_an_amount_that_is_none_is_one_trouble(name: str) -> None:
    assert codes(read(**{name: "1,0"})) == ["amount-unreadable"]


@pytest.mark.parametrize("name", ["Id", "DateCreated", "Number", "SubTotal", "Total"])
def test_a_missing_key_is_a_wrong_shape_that_names_the_keys(name: str) -> None:
    row = {key: value for key, value in SAMPLE.items() if key != name}
    with pytest.raises(AnswerUnreadable, match=f"has no {name}; it has: .*Description") as caught:
        CommissionFactory.read(row, source="cf")
    assert "Commissions up to" not in caught.value.what


def test_an_empty_list_is_no_invoices_in_either_format(odd, connection: Connection) -> None:
    odd.say(b" [] ")
    assert all_of(connection) == []
    odd.say(b"<InvoiceArray xmlns='https://api.commissionfactory.com/V1_1/Affiliate' />")
    assert all_of(replace(connection, options={"format": "xml"})) == []


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><InvoiceArray>&a;</InvoiceArray>',
        b"<InvoiceArray><Payment><Id>1</Id></Payment></InvoiceArray>",
        b"<Error><Message>no</Message></Error>",
        b"<InvoiceArray><Invoice><Id>1</Id><Id>2</Id></Invoice></InvoiceArray>",
        b"<InvoiceArray><Invoice><Id><Deep>1</Deep></Id></Invoice></InvoiceArray>",
        b'<?xml version="1.0" encoding="nonsense"?><InvoiceArray/>',
    ],
)
def test_other_xml_is_a_wrong_shape(odd, connection: Connection, body: bytes) -> None:
    odd.say(body)
    with pytest.raises(AnswerUnreadable) as caught:
        all_of(replace(connection, options={"format": "xml"}))
    assert caught.value.code == "source-shape"


def test_two_429_in_a_row_are_the_daily_limit_and_one_is_not(odd, connection: Connection) -> None:
    odd.say(odd.answer(status=429), JSON)
    assert len(all_of(connection)) == 1
    odd.say(odd.answer(status=429))
    with pytest.raises(Throttled, match="1,000 requests a day") as caught:
        all_of(connection)
    assert caught.value.code == "source-throttled"
    assert len(odd.asked) == 2


def test_a_window_the_wrong_way_round_is_our_fault(odd, connection: Connection) -> None:
    with pytest.raises(OurFault):
        list(CommissionFactory(connection).pages(Window(date(2026, 2, 1), date(2026, 1, 1))))
    assert odd.asked == []
