"""The pretend CAKE keeps to CAKE's document."""

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sources_client import Client

from connector.sandbox.affiliates import World
from connector.sandbox.credentials import CAKE_KEY
from connector.sandbox.server import Sandbox

TODAY = date(2026, 11, 22)
PATH = "/cake/api/2/invoices.json"
SAMPLE = {
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


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    scenario = tmp_path_factory.mktemp("cake") / "scenario.json"
    scenario.write_text(json.dumps({"today": TODAY.isoformat()}))
    with Sandbox(scenario=scenario) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.url) as client:
        client.post("/control/reset", json={})
        yield client


@pytest.fixture
def world(sandbox: Sandbox, client: Client) -> World:
    return sandbox.world


def ask(client: Client, **asked: Any) -> dict[str, Any]:
    answer = client.get(PATH, params={"api_key": CAKE_KEY, **asked})
    assert answer.status_code == 200
    return answer.json()


def page(client: Client, **asked: Any) -> tuple[list[dict[str, Any]], int]:
    answer = ask(client, **asked)
    assert answer["request_status"] == "Success"
    return answer["response"]["invoices"], answer["response"]["total_rows"]


def test_the_documents_own_request_gets_the_documents_own_answer(client: Client) -> None:
    answer = ask(
        client,
        affiliate_id=67890,
        invoice_status="Approved",
        start_date="2026-01-01",
        end_date="2026-01-31",
        start_at_row=1,
        row_limit=50,
    )
    assert answer == {"request_status": "Success", "response": {"invoices": [SAMPLE], "total_rows": 1}}


def test_a_hundred_rows_come_unasked_and_the_total_counts_all(client: Client) -> None:
    rows, total = page(client)
    assert (len(rows), total) == (100, 400)


def test_pages_follow_one_another_and_row_nought_is_row_one(client: Client) -> None:
    first, _ = page(client, start_at_row=1, row_limit=150)
    assert page(client, start_at_row=0, row_limit=150)[0] == first
    second, _ = page(client, start_at_row=151, row_limit=10000)
    everything, total = page(client, row_limit=99999)
    assert first + second == everything
    assert len(everything) == total
    assert page(client, start_at_row=401) == ([], 400)


def test_every_filter_filters(client: Client, world: World) -> None:
    ids = {row["invoice_id"] for row in page(client, invoice_status="void", row_limit=1000)[0]}
    assert ids == {row["invoice_id"] for row in world.cake if row["invoice_status"].lower() == "void"} != set()
    assert page(client, invoice_id=10042) == ([SAMPLE], 1)
    revenue = next(row for row in world.cake if row.get("advertiser_id"))
    assert revenue in page(client, advertiser_id=revenue["advertiser_id"])[0]
    days = {
        row["invoice_date"] for row in page(client, start_date="2026-03-31", end_date="2026-04-30", row_limit=999)[0]
    }
    assert {"2026-03-31", "2026-04-30"} <= days
    assert all("2026-03-31" <= day <= "2026-04-30" for day in days)


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_wrong_key_fails_inside_http_200(client: Client, key: str) -> None:
    assert ask(client, api_key=key) == {"request_status": "Failure", "message": "Invalid API key"}


@pytest.mark.parametrize("asked", [{"start_date": "31/01/2026"}, {"row_limit": "all"}, {"affiliate_id": "x"}])
def test_a_parameter_that_cannot_be_read_fails_inside_http_200(client: Client, asked: dict[str, str]) -> None:
    assert ask(client, **asked)["request_status"] == "Failure"


def test_only_gets_are_answered(client: Client) -> None:
    assert client.post(PATH).status_code == 405


def test_an_armed_fault_answers_instead(client: Client) -> None:
    client.post("/control/arm", json={"fault": "answer-html", "path": "invoices.json", "status": 503})
    assert client.get(PATH).status_code == 503
    assert client.get(PATH).status_code == 200
    assert client.journal() == [("cake", 503), ("cake", 200)]


def test_rows_are_replaced_by_their_id_or_added(client: Client, world: World) -> None:
    page(client, invoice_status="Void")
    world.load("cake", [SAMPLE | {"invoice_status": "Void"}, SAMPLE | {"invoice_id": 99, "invoice_date": "never"}])
    assert page(client, invoice_id=10042, invoice_status="Void")[1] == 1
    assert page(client, invoice_id=99, start_date="2026-01-01")[1] == 1
    assert page(client)[1] == 401
    assert page(client, invoice_id=10042)[1] == 1
    with pytest.raises(ValueError, match="no rows are called"):
        world.load("tune", [])
    with pytest.raises(ValueError, match="has no invoice_id"):
        world.load("cake", [{}])


def test_amounts_may_be_numbers(client: Client) -> None:
    rows = [SAMPLE | {"invoice_id": 98, "total_payout": 12.5}]
    assert client.post("/control/load", json={"cake": rows}).status_code == 200
    assert page(client, invoice_id=98)[0] == rows


def test_the_world_is_the_same_at_every_start_and_lifelike() -> None:
    world = World.generate(TODAY)
    assert world == World.generate(TODAY)
    assert len(world.cake) == len({row["invoice_id"] for row in world.cake}) == 400
    assert len(world.affiliates) == 240
    names = [row["affiliate_name"] for row in world.cake]
    assert {"O'Malley's Deals", "Foo [/bar] Media", "Rocket 🚀 Rewards", "Northwind Deals"} <= set(names)
    assert len({row["affiliate_id"] for row in world.cake if row["affiliate_name"] == "Twin Peaks Media"}) == 2
    assert {row["invoice_status"] for row in world.cake} >= {"Pending", "Approved", "Paid", "Void", "approved", "paid"}
    assert {row["currency_symbol"] for row in world.cake} == {"USD", "EUR", "AUD", "€", "$"}
    assert sum(row["currency_symbol"] == "$" for row in world.cake) == 2
    amounts = [row["total_payout"] for row in world.cake if "total_payout" in row]
    assert sum(amount.startswith("-") for amount in amounts) == amounts.count("0.00") == 1
    assert any(len(amount.partition(".")[2]) == 4 for amount in amounts)
    days = [row["invoice_date"] for row in world.cake]
    assert "2026-01" <= min(days) < "2026-02"
    assert max(days) < TODAY.isoformat()
    one_each = {
        (row["affiliate_id"], row["currency_symbol"].replace("€", "EUR").replace("$", "USD")) for row in world.cake
    }
    assert len(one_each) == len({affiliate for affiliate, _ in one_each})


def test_a_hundred_thousand_rows_are_paged_without_reading_all_for_each_page(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"cake_invoices": 100000}')
    with Sandbox(scenario=scenario) as sandbox, Client(sandbox.url) as client:
        began = time.process_time()
        page(client, row_limit=1)
        indexing = time.process_time() - began
        began = time.process_time()
        for start in range(1, 100_000, 10_000):
            page(client, start_at_row=start, row_limit=1)
        assert (time.process_time() - began) / 10 < indexing / 3
