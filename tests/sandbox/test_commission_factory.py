"""The pretend Commission Factory keeps to Commission Factory's document."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from requests import Response
from sources_client import Client

from connector.sandbox.affiliates import World
from connector.sandbox.credentials import COMMISSION_FACTORY_KEY
from connector.sandbox.server import Sandbox

TODAY = date(2026, 11, 22)
PATH = "/commission-factory/V1/Affiliate/Invoices"
ROW: dict[str, Any] = {
    "Id": 1,
    "DateCreated": "2000-01-01T00:00:00.000",
    "DatePaid": "2000-01-01T00:00:00.000",
    "Number": "CF-1-0001",
    "Description": "Commissions up to 1/01/2000 <&>",
    "SubTotal": Decimal("100.0000"),
    "GST": None,
    "Total": 100,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    later = {"Id": 2, "DateCreated": "2000-02-01T00:00:00.000", "Number": "CF-1-0002", "DatePaid": None}
    with Client(sandbox.url) as client:
        client.post("/control/reset", json={})
        sandbox.world.load("commission_factory", [ROW, ROW | later])
        yield client


def ask(client: Client, first: str, last: str, accept: str = "application/json", **more: str) -> Response:
    asked = {"apiKey": COMMISSION_FACTORY_KEY, "fromDate": first, "toDate": last, **more}
    return client.get(PATH, params=asked, headers={"Accept": accept})


def ids(answer: Response) -> list[int]:
    return [row["Id"] for row in answer.json()]


def test_json_is_a_bare_list_with_four_decimals(client: Client) -> None:
    assert ask(client, "2000-01-01", "2000-01-03").text == (
        '[{"Id":1,"DateCreated":"2000-01-01T00:00:00.000","DatePaid":"2000-01-01T00:00:00.000","Number":"CF-1-0001",'
        '"Description":"Commissions up to 1/01/2000 <&>","SubTotal":100.0000,"GST":null,"Total":100.0000}]'
    )


@pytest.mark.parametrize("asked", [{"accept": "application/xml"}, {"contentType": "application/xml"}])
def test_xml_has_its_namespace_and_the_word_null(client: Client, asked: dict[str, str]) -> None:
    answer = ask(client, "2000-02-01", "2000-02-01", **asked)
    assert answer.headers["content-type"].startswith("application/xml")
    assert answer.text == (
        '<InvoiceArray xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns="https://api.commissionfactory.com/V1/Affiliate"><Invoice><Id>2</Id>'
        "<DateCreated>2000-02-01T00:00:00.000</DateCreated><DatePaid>null</DatePaid><Number>CF-1-0002</Number>"
        "<Description>Commissions up to 1/01/2000 &lt;&amp;&gt;</Description>"
        "<SubTotal>100.0000</SubTotal><GST>null</GST><Total>100.0000</Total></Invoice></InvoiceArray>"
    )


def test_the_window_is_inclusive_cut_to_dates_and_swapped(client: Client) -> None:
    assert ids(ask(client, "2000-01-01", "2000-02-01")) == [1, 2]
    assert ids(ask(client, "2000-02-01T23:59:59", "2000-01-02")) == [2]
    assert ids(ask(client, "2000-01-02", "2000-01-31")) == []


def test_the_number_filters(client: Client) -> None:
    assert ids(ask(client, "2000-01-01", "2000-12-31", number="CF-1-0002")) == [2]


def test_refusals_have_their_documented_status(client: Client) -> None:
    assert ask(client, "2000-01-01", "2000-01-03", apiKey="wrong").status_code == 401
    assert ask(client, "01/01/2000", "2000-01-03").status_code == 400
    assert ask(client, "", "2000-01-03").status_code == 400
    assert [status for _, status in client.journal()] == [401, 400, 400]


def test_a_second_request_in_flight_is_refused(client: Client, sandbox: Sandbox) -> None:
    sandbox.world.commission_factory_seconds = 0.2
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: ask(client, "2000-01-01", "2000-01-03").status_code, range(2)))
    sandbox.world.commission_factory_seconds = 0.0
    assert sorted(answers) == [200, 429]
    assert ask(client, "2000-01-01", "2000-01-03").status_code == 200


def test_an_armed_fault_answers_instead(client: Client) -> None:
    client.post("/control/arm", json={"fault": "answer-html", "path": PATH, "status": 502})
    assert ask(client, "2000-01-01", "2000-01-03").status_code == 502


def test_the_generated_invoices_add_up_and_some_are_unpaid() -> None:
    rows = World.generate(TODAY).commission_factory
    assert len(rows) == 24
    assert all(row["SubTotal"] + (row["GST"] or 0) == row["Total"] for row in rows)
    assert {row["GST"] is None for row in rows} == {True, False}
    assert 2 <= sum(row["DatePaid"] is None for row in rows) <= 4
    assert rows[0].keys() == ROW.keys()
