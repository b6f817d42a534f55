"""Intuit's limits and meters: kept to in any second and minute, at a speed that a benchmark chooses."""

import threading
import time
from typing import Any

import pytest
import requests
from conftest import Books

from connector.sandbox.limits import Limits
from connector.sandbox.switches import Switches


@pytest.fixture
def switches() -> Switches:
    switches = Switches()
    switches.set({"enforce_limits": True})
    return switches


def admitted(
    monkeypatch: pytest.MonkeyPatch, switches: Switches, gap: float, seconds: float, *, batch: bool = False
) -> list[float]:
    """When requests that come every `gap` seconds are let through."""
    now = 0.0
    monkeypatch.setattr("connector.sandbox.limits.time.monotonic", lambda: now)
    limits, through = Limits(switches), []
    while now < seconds:
        if limits.admits(batch=batch):
            through.append(now)
        now += gap
    return through


def densest(moments: list[float], seconds: float) -> int:
    return max(sum(start <= each < start + seconds for each in moments) for start in moments)


@pytest.mark.parametrize("scale", [1, 10])
def test_no_second_and_no_minute_holds_more_than_the_published_number(
    monkeypatch: pytest.MonkeyPatch, switches: Switches, scale: int
) -> None:
    switches.set({"minute_seconds": 60 / scale})
    through = admitted(monkeypatch, switches, 1 / 32 / scale, 120 / scale)
    assert densest(through, 1 / scale) == 10
    assert densest(through, 60 / scale) == 500
    assert len(through) == 1000


def test_batches_have_a_limit_of_their_own(monkeypatch: pytest.MonkeyPatch, switches: Switches) -> None:
    through = admitted(monkeypatch, switches, 1 / 8, 120, batch=True)
    assert densest(through, 60) == 40
    assert len(through) == 80


def test_every_number_can_be_set(monkeypatch: pytest.MonkeyPatch, switches: Switches) -> None:
    switches.set({"requests_per_second": 2, "requests_per_minute": 7, "batches_per_minute": 3})
    assert len(admitted(monkeypatch, switches, 0.25, 60)) == 7
    assert len(admitted(monkeypatch, switches, 0.25, 60, batch=True)) == 3
    assert densest(admitted(monkeypatch, switches, 0.25, 60), 1) == 2


def test_a_throttled_batch_does_nothing_and_the_next_window_takes_it(books: Books) -> None:
    items = [{"bId": "1", "operation": "create", "Bill": books.bill()}]
    books.control("switches", {"enforce_limits": True, "batches_per_minute": 1, "minute_seconds": 0.5})
    answers = [books.post("batch", {"BatchItemRequest": items}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert len(books.control("company")["Bill"]) == 1
    time.sleep(0.55)
    assert books.post("batch", {"BatchItemRequest": items}).status_code == 200


def test_requests_at_the_same_time_have_a_limit_in_the_older_reading(books: Books) -> None:
    books.control(
        "switches",
        {"enforce_limits": True, "requests_at_once": 2, "requests_per_second": 100, "answer_seconds": 0.3},
    )
    statuses: list[int] = []
    headers = {"Authorization": str(books.session.headers["Authorization"])}

    def ask() -> None:
        statuses.append(requests.get(f"{books.base}/preferences", headers=headers, timeout=5).status_code)

    asking = [threading.Thread(target=ask) for _ in range(5)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert sorted(statuses) == [200, 200, 429, 429, 429]
    assert books.get("preferences").status_code == 200


def test_a_months_reads_can_be_used_up_while_writes_go_on(books: Books) -> None:
    body = books.bill()
    spent = books.control("meters")["core_plus"]
    books.control("switches", {"reads_allowed": spent + 1})
    assert books.get("preferences").status_code == 200
    assert books.get("preferences").status_code == books.query("select * from Bill").status_code == 429
    assert books.post("bill", body).status_code == 200
    assert books.control("meters")["core_plus"] == spent + 1


@pytest.mark.parametrize(("mode", "metered"), [("each", 2), ("once", 1), ("none", 0)])
def test_questions_in_a_batch_are_metered_as_the_switch_says(books: Books, mode: str, metered: int) -> None:
    books.control("switches", {"batch_queries_metered": mode})
    items: list[dict[str, Any]] = [{"bId": str(n), "Query": "select * from Term"} for n in range(2)]
    before = books.control("meters")["core_plus"]
    books.post("batch", {"BatchItemRequest": items})
    assert books.control("meters")["core_plus"] - before == metered
