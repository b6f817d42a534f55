"""A source written by someone else: one file with an entry point, one mapping, its examples, and nothing else."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from runpy import run_path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "sources"), str(HERE.parent)]

from contract import Place, SourceContract
from example_state import write_settings

from connector.sandbox.server import Sandbox
from connector.sources.source import Connection, Source, Window

# Loaded by its path: on the path of imports its entry point would be every test's source.
Tideway = run_path(str(HERE / "plugin" / "tideway.py"))["Tideway"]

KEY = "tideway-key"
PAYOUTS = [
    {"payout": 7, "partner": 31, "partner_name": "Foxglove Media", "day": "2026-05-31", "state": "open",
     "sum": "310.40", "currency": "EUR"},
    {"payout": 8, "partner": 32, "partner_name": "Larkspur Ltd", "day": "2026-06-30", "state": "settled",
     "sum": "95.00", "currency": "EUR"},
    {"payout": 9, "partner": 32, "partner_name": "Larkspur Ltd", "day": "2026-06-30", "state": "draft",
     "sum": "1.00", "currency": "EUR"},
]  # fmt: skip


class _Pretend(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        good = asked.get("key") == [KEY]
        body = json.dumps({"payouts": PAYOUTS} if good else {"error": "key"}).encode()
        self.send_response(200 if good else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def tideway_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pretend) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class TestContract(SourceContract):
    source_class: ClassVar[type[Source]] = Tideway

    @pytest.fixture
    def place(self, tideway_url: str) -> Place:
        return Place(Connection("tideway", tideway_url, KEY), Window(date(2026, 1, 1), date(2026, 12, 31)))

    @pytest.fixture
    def whole_answer(self) -> Callable[[], bytes]:
        return lambda: json.dumps({"payouts": PAYOUTS}).encode()


def test_its_payouts_become_bills_beside_the_other_sources(tideway_url: str, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        settings = write_settings(tmp_path, sandbox.url)
        for file in (HERE / "mappings").rglob("*.*"):
            (tmp_path / "mappings" / file.relative_to(HERE / "mappings")).write_bytes(file.read_bytes())
        with settings.open("a") as more:
            more.write(f"""
[sources.partners]
type       = "tideway"
base_url   = "{tideway_url}"
api_key    = "{KEY}"
mapping    = "mappings/tideway.yaml"
start_date = 2026-01-01
region     = "us"
""")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE / "plugin"), str(HERE.parent.parent)])}

        def run(*words: str) -> tuple[int, Any]:
            call = [sys.executable, "-m", "connector", "-C", str(settings), *words, "--json"]
            ran = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
            assert ran.stdout, ran.stderr
            return ran.returncode, json.loads(ran.stdout)

        code, checked = run("check", "partners")

        assert (0, 1) == (code, checked["mappings"][0]["examples"])

        code, synced = run("sync", "--yes", "--source", "partners")

        assert code == 0, synced
        assert {"created": 2, "skipped": 1} == {name: n for name, n in synced["counts"].items() if n}
        bills = requests.get(f"{sandbox.url}/control/company", timeout=10).json()["Bill"]
        assert [("TW-7", "2026-05-31", "2026-06-10", "EUR"), ("TW-8", "2026-06-30", "2026-07-10", "EUR")] == sorted(
            (bill["DocNumber"], bill["TxnDate"], bill["DueDate"], bill["CurrencyRef"]["value"]) for bill in bills
        )
