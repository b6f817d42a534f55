"""A folder with settings and mappings, the pretend services, and the command line over both."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from connector.cli.application import run
from connector.sandbox.credentials import (
    CAKE_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    COMMISSION_FACTORY_KEY,
    REALM_ID,
    REFRESH_TOKEN,
)
from connector.state.store import State

ROOT = Path(__file__).parents[1]
START = "2026-01-01"
SEED = int(os.environ.get("PROOF_SEED", "20261122"))
"""By which tests/proof draws its cases; it replays a run."""

_SETTINGS = """
[serve]
health = "127.0.0.1:0"

[quickbooks]
environment = "sandbox"
realm_id = "{realm}"
client_id = "{client}"
client_secret = "{secret}"
refresh_token = "{token}"
api_url = "{url}/quickbooks/v3"
discovery_url = "{url}/oauth/discovery"
requests_per_minute = 100000
requests_per_second = 10000
batches_per_minute = 10000
{quickbooks}

{limits}

[sources.cake]
type = "cake"
base_url = "{url}/cake"
api_key = "{cake}"
currency = "USD"
mapping = "mappings/cake.yaml"
start_date = {start}
{more}
"""
_COMMISSION_FACTORY = """
[sources.commission_factory]
type = "commission_factory"
base_url = "{url}/commission-factory"
api_key = "{key}"
mapping = "mappings/commission_factory.yaml"
start_date = 2026-01-01
"""


@dataclass
class Ran:
    """How a command ended: exit code, its JSON document, what it said."""

    code: int
    out: str
    said: str
    json: dict[str, Any] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """The counts that are not nought."""
        return {name: n for name, n in self.json["counts"].items() if n}

    def of(self, invoice: object) -> dict[str, Any]:
        """The document of one invoice."""
        (found,) = (each for each in self.json["documents"] if each["invoice"] == str(invoice))
        return found

    def payment(self, invoice: object) -> dict[str, Any]:
        """The payment of one invoice."""
        ours = (each for each in self.json["documents"] if each["invoice"] == str(invoice))
        (found,) = (each for each in ours if each["kind"] == "payment")
        return found


class Project:
    """The folder and the sandbox that its settings name; commands run in this process unless said otherwise."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.quickbooks = {"settle_after": "1 s", "throttle_wait": "0 s", "timeout": "5 s"}
        self.settings()
        shutil.copytree(ROOT / "mappings", folder / "mappings")

    def settings(
        self,
        *,
        limits: str = "",
        commission_factory: bool = False,
        cake: str = CAKE_KEY,
        more: str = "",
        start: str = START,
        **quickbooks: str,
    ) -> None:
        """Write connector.toml anew."""
        self.quickbooks |= quickbooks
        lines = [
            f'{name} = "{value}"' if " " in value else f"{name} = {value}" for name, value in self.quickbooks.items()
        ]
        text = _SETTINGS.format(
            realm=REALM_ID,
            client=CLIENT_ID,
            secret=CLIENT_SECRET,
            token=REFRESH_TOKEN,
            url=self.url,
            quickbooks="\n".join(lines),
            limits=limits,
            cake=cake,
            start=start,
            more=more,
        )
        if commission_factory:
            text += _COMMISSION_FACTORY.format(url=self.url, key=COMMISSION_FACTORY_KEY)
        (self.folder / "connector.toml").write_text(text)

    def records_payments(self, account: str = "Operating account", policy: str = "", **boxes: str) -> None:
        """Let the mapping of CAKE record payments; ``policy`` replaces the answer about closed books."""
        path = self.folder / "mappings/cake.yaml"
        text = path.read_text().replace("source:    ignore    ", "source:    record payment")
        text = text.replace("closed:              hold", f"closed:              {policy}") if policy else text
        block = "\n".join(f"  {name}: {value}" for name, value in {"account": account, **boxes}.items())
        path.write_text(
            re.sub(r"\n(payment:\n(  .*\n)+\n)?check:\n", f"\npayment:\n{block}\n\ncheck:\n", text, count=1)
        )

    # The pretend services.

    def control(self, name: str, body: Any = None) -> Any:
        method = "GET" if body is None else "POST"
        answer = self.session.request(method, f"{self.url}/control/{name}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def arm(self, fault: str, path: str = "/bill", **more: Any) -> None:
        self.control("arm", {"fault": fault, "path": path, "method": "POST", **more})

    def switch(self, **switches: Any) -> None:
        self.control("switches", switches)

    def owe(self, *ids: int, **changes: Any) -> None:
        """Approved CAKE invoices, each of an affiliate of its own unless one is given."""
        self.control("load", {"cake": [invoice(id_, **changes) for id_ in ids]})

    def load(self, kind: str, *rows: dict[str, Any]) -> list[str]:
        return self.control("load", {"quickbooks": {kind: list(rows)}})[kind]

    def held(self, kind: str = "Bill") -> list[dict[str, Any]]:
        """Everything of one kind that the pretend QuickBooks holds."""
        return [json.loads(each) if isinstance(each, str) else each for each in self.control("company").get(kind, [])]

    def numbers(self, kind: str = "Bill") -> Counter[str]:
        return Counter(each.get("DocNumber", "") for each in self.held(kind))

    def writes(self) -> list[dict[str, Any]]:
        """The write requests that came in for bills, credits, payments and batches of them."""
        return [
            each
            for each in self.control("requests")
            if each["method"] == "POST"
            and each["path"].rsplit("/", 1)[-1] in ("bill", "vendorcredit", "billpayment", "batch")
        ]

    # The command line.

    def run(self, *arguments: str) -> Ran:
        out, said = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            code = run(list(arguments))
        text = out.getvalue()
        return Ran(code, text, said.getvalue(), json.loads(text) if text.startswith("{") else {})

    def sync(self, *arguments: str, code: int | None = 0) -> Ran:
        """``connector sync --yes --json``; ``code`` is the exit code that is expected, None where any will do."""
        return self._checked(self.run("sync", "--yes", "--json", *arguments), code)

    def plan(self, *arguments: str, code: int | None = 0) -> Ran:
        return self._checked(self.run("plan", "--json", *arguments), code)

    def _checked(self, ran: Ran, code: int | None) -> Ran:
        assert code is None or ran.code == code, (ran.code, ran.said[-3000:], ran.out[-3000:])
        return ran

    def process(self, *arguments: str, stdout: Any = subprocess.PIPE) -> "subprocess.Popen[str]":
        """The same in a process of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
        return subprocess.Popen(
            [sys.executable, "-m", "connector", *arguments],
            cwd=self.folder,
            env=kept | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    # The memory.

    @contextlib.contextmanager
    def state(self, *, create: bool = False) -> Iterator[State]:
        state = State.open(f"sqlite:///{self.folder / 'state.db'}", create=create)
        try:
            yield state
        finally:
            state.close()

    def forget(self) -> None:
        """Delete the state."""
        for path in self.folder.glob("state.db*"):
            if "sign-in" not in path.name:
                path.unlink()


def invoice(id_: int, **changes: Any) -> dict[str, Any]:
    """A row of CAKE."""
    row = {
        "invoice_id": id_,
        "invoice_date": "2026-09-30",
        "invoice_status": "Approved",
        "affiliate_id": 500000 + id_,
        "affiliate_name": f"Affiliate {id_}",
        "billing_cycle_name": "Net 30",
        "currency_symbol": "AUD",
        "total_payout": f"{100 + id_ % 1000}.25",
        "payment_type": "Wire",
        "date_approved": "2026-10-02",
    }
    return row | changes


def bill(number: str, vendor: str, amount: float, **changes: Any) -> dict[str, Any]:
    """A bill as a person types it into QuickBooks."""
    detail = {"AccountRef": {"name": "Affiliate payouts"}, "TaxCodeRef": {"value": "2"}}
    kind = "AccountBasedExpenseLineDetail"
    return {
        "VendorRef": {"name": vendor},
        "DocNumber": number,
        "TxnDate": "2026-09-30",
        "Line": [{"Amount": amount, "DetailType": kind, kind: detail}],
    } | changes
