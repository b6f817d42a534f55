"""A run that finds nothing new, against the bare download and parse of the same pages; and against a large state."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from project import Project

from connector.cli.sync import open_state
from connector.document import Key, as_data, marker
from connector.mapping import Mapped
from connector.plan import Facts
from connector.sandbox.credentials import CAKE_KEY, REALM_ID
from connector.settings import load
from connector.sources.source import Window
from connector.state.store import SeenInvoice
from connector.sync.pulling import Loaded, Puller

HERE = Path(__file__).parent
PAGE = 1000

# A million more invoices of earlier years, and their bills, as they would stand in the state.
_MORE = """
INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, (
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times}) SELECT i FROM n
)
"""


@contextmanager
def cake(project: Project, invoices: int) -> Iterator[str]:
    """So many approved invoices, served by a process of its own; the settings name it."""
    server = subprocess.Popen(
        [sys.executable, str(HERE / "many_invoices.py"), str(invoices), "all-owed"], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    try:
        project.settings()
        path = project.folder / "connector.toml"
        path.write_text(re.sub(r'base_url = "[^"]*"', f'base_url = "{url}"', path.read_text()))
        yield url
    finally:
        server.kill()
        server.communicate()


def posted(project: Project) -> None:
    """The state as it stands when a bill has been made of every invoice."""
    settings = load(project.folder / "connector.toml")
    with open_state(settings, create=True) as state:
        run = state.start_run(REALM_ID, "sync", "a benchmark", ["cake"])
        puller = Puller(settings, state, lambda _: None)
        source = settings.sources["cake"]
        window = Window(source.start_date, source.start_date.replace(year=source.start_date.year + 1))
        loaded = puller.load("cake", source, window)
        for chunk in puller.chunks(loaded):
            marks = puller.marks("cake", [invoice.id for invoice in chunk])
            state.decide(REALM_ID, run, [_sent(loaded, invoice) for invoice in chunk])
            state.save_invoices(REALM_ID, run, [SeenInvoice(one, "document", mark=marks[one.id]) for one in chunk])
        pulled = state.start_pull(REALM_ID, "cake", run, window.first, window.last)
        state.finish_pull(pulled, total=loaded.total, complete=True)
        state.finish_run(run, 0, {}, [])
        puller.close()


def _sent(loaded: Loaded, invoice: object) -> dict[str, object]:
    outcome = loaded.mapping.apply(invoice)  # type: ignore[arg-type]
    assert isinstance(outcome, Mapped)
    document = outcome.document
    facts = Facts.of(invoice)  # type: ignore[arg-type]
    key = Key(REALM_ID, "cake", invoice.id, "bill")  # type: ignore[attr-defined]
    return {
        "company": REALM_ID,
        "source": "cake",
        "invoice": key.invoice,
        "kind": "bill",
        "state": "sent",
        "marker": marker(key),
        "entity": "Bill",
        "qbo_id": key.invoice,
        "content": as_data(document),
        "facts": {"amount": facts.amount, "currency": facts.currency, "date": facts.date, "payee": facts.payee},
        "number": document.number,
        "vendor": document.vendor,
        "date": document.date,
        "currency": document.currency,
        "amount": document.total.amount,
    }


def grow(project: Project, times: int) -> None:
    """The same state with so many times as many rows more, of invoices that the source no longer shows."""
    settings = load(project.folder / "connector.toml")
    with open_state(settings, create=False) as state, state.write() as t:
        for table in ("invoice", "document", "standing"):
            columns = [row[1] for row in t.exec_driver_sql(f"PRAGMA table_info({table})") if row[1] != "id"]
            changed = {
                "invoice": "'old-' || i || '-' || invoice",
                "marker": "marker || i",
                "qbo_id": "'old-' || i || '-' || qbo_id",
            }
            values = ", ".join(changed.get(name, name) for name in columns)
            t.exec_driver_sql(_MORE.format(table=table, columns=", ".join(columns), values=values, times=times))


def spent() -> float:
    """Processor seconds of this process so far."""
    times = os.times()
    return times.user + times.system


def bare(url: str, invoices: int) -> float:
    """Processor seconds for the same pages, downloaded and parsed and looked at no further."""
    session = requests.Session()
    began = spent()
    for start in range(1, invoices + 1, PAGE):
        asked = {"api_key": CAKE_KEY, "start_date": "2026-01-01", "end_date": "2027-01-01"}
        answer = session.get(
            f"{url}/api/2/invoices.json", params={**asked, "start_at_row": start, "row_limit": PAGE}, timeout=60
        )
        assert answer.json()["response"]["invoices"]
    return spent() - began


def unchanged(project: Project, invoices: int) -> float:
    """Processor seconds of a run that finds every bill made; a run before it has loaded what runs load."""
    project.plan()
    began = spent()
    ran = project.sync()
    took = spent() - began
    assert ran.counts == {"unchanged": invoices}
    assert project.writes() == []
    return took


def kept(project: Project) -> list[list[object]]:
    """Everything that the state holds about invoices and their documents."""
    settings = load(project.folder / "connector.toml")
    with open_state(settings, create=False) as state, state.read() as t:
        tables = ("invoice", "document", "standing")
        return [[tuple(row) for row in t.exec_driver_sql(f"SELECT * FROM {table}")] for table in tables]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_run_that_finds_nothing_new_costs_little_more_than_reading_the_pages(project: Project) -> None:
    invoices = 100_000
    with cake(project, invoices) as url:
        posted(project)
        ours = unchanged(project, invoices)
        theirs = bare(url, invoices)

    told = f"{ours / invoices * 1e6:.1f} µs an invoice, the bare reading {theirs / invoices * 1e6:.1f}"
    print(f"no change over {invoices}: {ours / theirs:.2f} times download and parse ({told})")
    assert ours / theirs < 5, told


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_invoice_costs_the_same_beside_ten_thousand_rows_and_a_million(project: Project) -> None:
    invoices = 10_000
    with cake(project, invoices):
        posted(project)
        few = min(unchanged(project, invoices) for _ in range(3))
        grow(project, 99)
        many = min(unchanged(project, invoices) for _ in range(3))

    few, many = few / invoices * 1e6, many / invoices * 1e6
    told = f"{few:.1f} µs an invoice beside ten thousand rows, {many:.1f} beside a million"
    print(told)
    assert many / few < 1.5, told


def test_a_run_that_finds_nothing_new_writes_nothing_about_an_invoice(project: Project) -> None:
    with cake(project, 1_200):
        posted(project)
        project.plan()
        before = kept(project)
        assert project.sync().counts == {"unchanged": 1_200}
        assert kept(project) == before
