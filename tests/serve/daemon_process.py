"""A daemon in a process of its own, over a sandbox of this one."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from connector.sandbox import credentials

ROOT = Path(__file__).parents[2]
PLAIN = "from connector.cli import main; main()"


class Place:
    """A folder with settings, mappings and, later, a state."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        (folder / "mappings").symlink_to(ROOT / "mappings")
        self.write()

    def write(self, *, cake: str | None = "every 400 ms", factory: str | None = None, **quickbooks: str | int) -> None:
        limits = {"requests_per_minute": 100000, "requests_per_second": 10000, "batches_per_minute": 10000}
        given = {"environment": "sandbox", "settle_after": "1 s"} | limits | quickbooks
        chosen = "".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items())
        lines = [f'schedule = "{one}"' if one else "" for one in (cake, factory)]
        (self.folder / "connector.toml").write_text(f"""
[serve]
health = "127.0.0.1:0"

[quickbooks]
realm_id = "{credentials.REALM_ID}"
client_id = "{credentials.CLIENT_ID}"
client_secret = "{credentials.CLIENT_SECRET}"
refresh_token = "{credentials.REFRESH_TOKEN}"
api_url = "{self.url}/quickbooks/v3"
discovery_url = "{self.url}/oauth/discovery"
{chosen}
[sources.cake]
type = "cake"
base_url = "{self.url}/cake"
api_key = "{credentials.CAKE_KEY}"
mapping = "mappings/cake.yaml"
start_date = 2026-01-01
lookback_days = 3650
{lines[0]}

[sources.commission_factory]
type = "commission_factory"
base_url = "{self.url}/commission-factory"
api_key = "{credentials.COMMISSION_FACTORY_KEY}"
mapping = "mappings/commission_factory.yaml"
start_date = 2026-10-20
{lines[1]}
""")

    def control(self, path: str, given: object) -> None:
        requests.post(f"{self.url}/control/{path}", json=given, timeout=10).raise_for_status()

    def bills(self) -> list[str]:
        """The numbers of the bills in QuickBooks that came from a source."""
        rows = requests.get(f"{self.url}/control/company", timeout=10).json()["Bill"]
        numbers = (json.loads(row)["DocNumber"] if isinstance(row, str) else row["DocNumber"] for row in rows)
        return sorted(number for number in numbers if number.startswith("CAKE-"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "state.db")) as state:
            return state.execute(sql).fetchall()

    def rows_if_any(self, sql: str) -> list[tuple[Any, ...]]:
        """The same while the state may not be there yet."""
        try:
            return self.rows(sql)
        except sqlite3.OperationalError:
            return []

    def start(self, *arguments: str, script: str | None = None, **variables: str) -> "subprocess.Popen[str]":
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
        return subprocess.Popen(
            [sys.executable, *(("-c", script) if script else ("-m", "connector")), *arguments],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(ROOT)} | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


class Process:
    """A running daemon and the lines of its log."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(json.loads(line))

    def said(self, event: str) -> list[dict[str, Any]]:
        return [line for line in list(self.lines) if line["event"] == event]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._reader.join()
        return code


@contextmanager
def running(place: Place, script: str = PLAIN, *options: str, **variables: str) -> Iterator[Process]:
    started = place.start(*options, "serve", script=script, **variables)
    process = Process(started)
    try:
        yield process
    finally:
        if started.poll() is None:
            started.kill()
            started.wait()
        process._reader.join()
        for stream in (started.stdout, started.stderr):
            assert stream is not None
            stream.close()


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def invoice(number: int, amount: str = "120.50", day: str = "2026-03-31") -> dict[str, Any]:
    return {
        "invoice_id": number,
        "invoice_date": day,
        "invoice_status": "Approved",
        "affiliate_id": 67890,
        "affiliate_name": "MediaBridge Partners",
        "billing_cycle_name": "Net 30",
        "currency_symbol": "USD",
        "total_payout": amount,
        "payment_type": "PayPal",
        "date_approved": day,
    }
