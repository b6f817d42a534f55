"""What a run costs on Intuit's meter: writes are free and few, reads are paid for."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from project import Project, bill, invoice

from connector.sync import books

BILLS, VENDORS, DAYS = 1000, 300, 90
MOST_WRITES, MOST_READS, MOST_WAITING = 34 + VENDORS // 30, 50, 15
CURRENCIES = ("USD", "EUR", "GBP")

_LINES = """lines:
  - account:     Affiliate payouts
    class:       US
    tax:         GST free
    amount:      <total_payout>
    share:       60%
    description: Affiliate payout
  - item:        Affiliate services
    tax:         GST free
    amount:      <total_payout>
    share:       40%
    description: Affiliate payout

check:"""


def owed(first: int) -> Iterator[dict[str, Any]]:
    """A thousand invoices of three hundred affiliates, dated over ninety days."""
    for n in range(first, first + BILLS):
        currency = CURRENCIES[n % len(CURRENCIES)]
        day = f"2026-{7 + n % DAYS // 30:02d}-{1 + n % 30:02d}"
        who = {"affiliate_id": first * 1000 + n % VENDORS, "affiliate_name": f"Affiliate {first} {n % VENDORS}"}
        yield invoice(n, currency_symbol=currency, invoice_date=day, **who)


def everything_used(project: Project) -> None:
    """A mapping that names something of every list."""
    mapping = project.folder / "mappings/cake.yaml"
    head, _, rest = mapping.read_text().partition("lines:")
    text = head.rstrip() + "\n  location: Sydney\n\n" + _LINES + rest.partition("check:")[2].partition("examples:")[0]
    mapping.write_text(text)


class Meter:
    """Counts what a run asks of QuickBooks."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._seen = 0

    def since(self) -> Counter[str]:
        """Writes and metered reads since the last time, each read by what it read."""
        log = [each for each in self._project.control("requests") if "/company/" in each["path"]]
        new, self._seen = log[self._seen :], len(log)
        return Counter(_kind(each) for each in new)


def _kind(entry: dict[str, Any]) -> str:
    what = entry["path"].split("/company/")[1].split("/")[1]
    if what == "query":
        return f"read {entry['body'].split(' FROM ')[1].split()[0]}"
    return f"read {what}" if entry["method"] == "GET" else "write"


def reads(counted: Counter[str]) -> int:
    return counted.total() - counted["write"]


@pytest.mark.slow  # with every landing all the same: .ci/run
def test_a_thousand_new_bills_take_few_writes_and_few_metered_reads(project: Project) -> None:
    everything_used(project)
    project.switch(exchange_rate_days="several")
    meter = Meter(project)
    project.control("load", {"cake": list(owed(1))})
    assert project.sync().counts == {"created": BILLS}
    cold = meter.since()
    print(dict(cold))
    assert cold["write"] <= MOST_WRITES
    assert reads(cold) <= MOST_READS
    assert project.control("meters")["core_plus"] == reads(cold)

    assert project.sync().counts == {"unchanged": BILLS}
    assert not meter.since()

    # With the lists in the state, new vendors must not cost a look each.
    project.control("load", {"cake": list(owed(5001))})
    assert project.sync().counts == {"created": BILLS, "unchanged": BILLS}
    warm = meter.since()
    print(dict(warm))
    assert warm["write"] <= MOST_WRITES
    assert reads(warm) <= MOST_READS


@pytest.mark.parametrize(
    "switches",
    [
        {"exchange_rate_query": "4001"},
        {"exchange_rate_query": "answer", "exchange_rate_days": "one"},
        {"exchange_rate_query": "empty", "exchange_rate_days": "several"},
    ],
    ids=["no query", "of one day", "without a row"],
)
def test_rates_that_no_query_tells_are_read_once_a_day_and_currency(project: Project, switches: dict[str, str]) -> None:
    project.switch(**switches)
    project.owe(*range(1, 41), currency_symbol="USD", affiliate_id=7, affiliate_name="One")
    project.owe(*range(41, 81), currency_symbol="USD", affiliate_id=7, affiliate_name="One", invoice_date="2026-09-29")
    meter = Meter(project)
    assert project.sync().counts == {"created": 80}
    counted = meter.since()
    assert (counted["read ExchangeRate"], counted["read exchangerate"]) == (1, 2)
    assert {each["ExchangeRate"] for each in project.held()} == {1.515152}


def test_a_currency_that_the_company_has_not_is_asked_for_once(project: Project) -> None:
    project.owe(*range(1, 21), currency_symbol="JPY", affiliate_id=7, affiliate_name="One")
    meter = Meter(project)
    project.sync(code=6)
    assert meter.since()["read exchangerate"] <= 1


def test_what_waits_for_a_person_costs_each_run_no_more_for_being_much(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty look-alikes of bills that a person typed long ago, and forty whose vendor is missing."""
    mapping = project.folder / "mappings/cake.yaml"
    text = mapping.read_text()
    mapping.write_text(text.replace("vendor not in QuickBooks:  create", "vendor not in QuickBooks:  hold"))
    project.load("Bill", *(bill(f"CAKE-{n}", "Sydney Office Rentals", 1.00) for n in range(1, 41)))
    project.owe(*range(1, 41), affiliate_id=7, affiliate_name="Sydney Office Rentals")
    project.owe(*range(41, 81))
    assert project.sync().counts == {"held": 80}
    meter = Meter(project)
    meter.since()
    monkeypatch.setattr(books, "_CLOCKS_APART", datetime.timedelta(seconds=-2))  # "long ago"
    assert project.sync().counts == {"held": 80}
    counted = meter.since()
    print(dict(counted))
    assert counted["write"] == 0
    assert counted["read Bill"] == 3  # what is new, and the forty in two
    assert reads(counted) <= MOST_WAITING
