"""A company, its sources and its connector, small enough to break one invoice at a time."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.document import Key, Kind, marker
from connector.reconcile import Reconciled, Reconciliation, Row
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.server import Sandbox
from connector.settings import load
from connector.state.store import State
from connector.sync.run import Run
from connector.sync.selection import Choices, Selection, month_of

ROOT = Path(__file__).parents[2]
SETTINGS = """
[quickbooks]
environment = "sandbox"
realm_id = "{realm}"
client_id = "sandbox-client"
client_secret = "sandbox-secret"
refresh_token = "sandbox-refresh-token"
api_url = "{url}/quickbooks/v3"
discovery_url = "{url}/oauth/discovery"
requests_per_minute = 100000
requests_per_second = 10000
batches_per_minute = 10000
timeout = "2 s"

[sources.cake]
type = "cake"
base_url = "{url}/cake"
api_key = "{cake_key}"
mapping = "mappings/cake.yaml"
currency = "USD"
start_date = 2026-01-15

[sources.commission_factory]
type = "commission_factory"
base_url = "{url}/commission-factory"
api_key = "sandbox-commission-factory-key"
mapping = "mappings/commission_factory.yaml"
start_date = 2026-01-15
"""


@dataclass
class Report:
    """What one reconciliation said, kept after its files are gone."""

    found: Reconciled
    rows: list[Row]

    def of(self, invoice: int | str) -> list[Row]:
        return [row for row in self.rows if row.invoice == str(invoice)]

    def status(self, invoice: int | str) -> str:
        (row,) = self.of(invoice)
        return row.status

    @property
    def closes(self) -> bool:
        return self.found.proof.closes and bool(self.rows)


class World:
    """Everything in ``folder``, against ``sandbox``."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        sandbox.world.cake.clear()
        sandbox.world.commission_factory.clear()
        sandbox.world.version += 1
        (folder / "mappings").symlink_to(ROOT / "mappings")
        self.configure()

    def configure(self, cake_key: str = "sandbox-cake-key") -> None:
        text = SETTINGS.format(realm=REALM_ID, url=self.sandbox.url, cake_key=cake_key)
        (self.folder / "connector.toml").write_text(text)

    def owe(self, invoice: int, day: str = "2026-03-31", amount: str = "100.00", **more: Any) -> None:
        """One invoice of CAKE; its affiliate has its own name, so that no two look alike."""
        row = {
            "invoice_id": invoice,
            "invoice_date": day,
            "invoice_status": "Approved",
            "affiliate_id": 90000 + invoice,
            "affiliate_name": f"Affiliate {invoice}",
            "billing_cycle_name": "Net 30",
            "currency_symbol": "USD",
            "total_payout": amount,
            "payment_type": "PayPal",
            "date_approved": day,
        }
        self.sandbox.world.load("cake", [row | more])

    def forget(self, invoice: int) -> None:
        """The source no longer has it."""
        self.sandbox.world.cake[:] = [row for row in self.sandbox.world.cake if row["invoice_id"] != invoice]
        self.sandbox.world.version += 1

    def sync(self) -> Run:
        settings = load(self.folder / "connector.toml")
        state = State.open(settings.state.url)
        run = Run(settings, state, Choices(), command="sync", who="test")
        run.pull()
        run.begin()
        with run.lock() as lock:
            run.settle(lock)
            run.plan()
            run.push(lock)
        run.finish(wrote=True)
        state.close()
        return run

    def reconcile(
        self,
        period: str | None = None,
        sources: tuple[str, ...] = (),
        look: Callable[[Reconciled], None] = lambda _: None,
    ) -> Report:
        settings = load(self.folder / "connector.toml")
        url = settings.state.url
        state = State.open(url) if State.exists(url) else State.empty()
        first, last = month_of(period) if period else (None, None)
        found = Reconciliation(settings, state, Selection(sources, (), first, last)).run()
        rows = list(found.rows())
        look(found)
        found.close()
        state.close()
        return Report(found, rows)

    def lose_state(self) -> None:
        for path in self.folder.glob("state.db*"):
            if "sign-in" not in path.name:
                path.unlink()

    # QuickBooks.

    def control(self, path: str, given: dict[str, Any]) -> Any:
        request = urllib.request.Request(f"{self.sandbox.url}/control/{path}", json.dumps(given).encode())
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    def arm(self, fault: str, **how: Any) -> None:
        self.control("arm", {"fault": fault, "path": "/bill", "method": "POST", **how})

    def bill_of(self, invoice: int) -> dict[str, Any]:
        return self.bill_of_number(f"CAKE-{invoice}")

    def bill_of_number(self, number: str) -> dict[str, Any]:
        found = [data for kind in ("Bill", "VendorCredit") for data in self.sandbox.company.all(kind)]
        (bill,) = [data for data in found if data.get("DocNumber") == number]
        return dict(bill)

    def edit(self, invoice: int, **boxes: Any) -> None:
        self.load("Bill", {"Id": self.bill_of(invoice)["Id"], **boxes})

    def line(self, amount: str, account: str = "Affiliate payouts") -> list[dict[str, Any]]:
        detail = {"AccountRef": {"name": account}}
        kind = "AccountBasedExpenseLineDetail"
        return [{"Amount": amount, "DetailType": kind, kind: detail}]

    def enter(
        self,
        number: str,
        vendor: str,
        amount: str,
        day: str = "2026-03-31",
        memo: str = "",
        currency: str = "USD",
    ) -> str:
        """A bill that a person types; its id."""
        body: dict[str, Any] = {
            "DocNumber": number,
            "VendorRef": {"name": vendor},
            "TxnDate": day,
            "Line": self.line(amount),
            "CurrencyRef": {"value": currency},
            "GlobalTaxCalculation": "NotApplicable",
        }
        body |= {"PrivateNote": memo} if memo else {}
        return self.load("Bill", body | ({} if currency == "AUD" else {"ExchangeRate": "1.5"}))

    def vendor(self, name: str, currency: str = "USD") -> str:
        return self.load("Vendor", {"DisplayName": name, "CurrencyRef": {"value": currency}})

    def delete(self, invoice: int) -> None:
        self.sandbox.company.remove("Bill", self.bill_of(invoice)["Id"])

    def pay(self, invoice: int) -> None:
        bill = self.bill_of(invoice)
        amount = str(bill["TotalAmt"])
        self.load(
            "BillPayment",
            {
                "VendorRef": {"value": bill["VendorRef"]["value"]},
                "TotalAmt": amount,
                "PayType": "Check",
                "CheckPayment": {"BankAccountRef": {"name": "USD account"}},
                "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}],
            },
        )

    def load(self, kind: str, row: dict[str, Any]) -> str:
        (made,) = self.control("load", {"quickbooks": {kind: [row]}})[kind]
        return str(made)


def mark(invoice: int, kind: Kind = "bill", source: str = "cake") -> str:
    return marker(Key(REALM_ID, source, str(invoice), kind))


def amounts(row: Row) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return row.source_amount, row.our_amount, row.quickbooks_amount
