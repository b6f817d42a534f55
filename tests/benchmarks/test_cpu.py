"""What a bill costs in processor time, against the bare client that knows neither intents nor evidence."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from intuitlib.client import AuthClient
from project import Project, invoice
from quickbooks import QuickBooks
from quickbooks.objects.base import Ref
from quickbooks.objects.bill import Bill
from quickbooks.objects.detailline import AccountBasedExpenseLine, AccountBasedExpenseLineDetail

from connector.sandbox.credentials import CLIENT_ID, CLIENT_SECRET, REALM_ID, REFRESH_TOKEN

BILLS = 600
MOST = 4.0  # intents, fsyncs, reading first, checking answers: for at most so many times the price of a bare save()

_SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
from connector.sandbox.server import Sandbox
with Sandbox() as services:
    services.world.cake.clear()
    print(services.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Project]:
    """The pretend services in a process of their own, so that their work is not counted."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _SERVER,
            str(Path(__file__).parents[2]),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    project = Project(tmp_path, server.stdout.readline().strip())
    yield project
    project.session.close()
    server.communicate(input="")


def bare(project: Project, bills: int) -> float:
    """Seconds of this process for so many bills saved one after the other."""
    sign_in = AuthClient(CLIENT_ID, CLIENT_SECRET, "http://localhost", f"{project.url}/oauth/discovery")
    sign_in.refresh(refresh_token=REFRESH_TOKEN)
    client = QuickBooks(auth_client=sign_in, refresh_token=sign_in.refresh_token, company_id=REALM_ID, minorversion=75)
    client.sandbox_api_url_v3 = client.api_url_v3 = f"{project.url}/quickbooks/v3"
    (like, *_) = project.held()
    began = time.process_time()
    for n in range(bills):
        detail = AccountBasedExpenseLineDetail()
        detail.AccountRef = ref(like["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"])
        detail.TaxInclusiveAmt = None
        line = AccountBasedExpenseLine()
        line.Amount, line.Description, line.AccountBasedExpenseLineDetail = 10.25, "Affiliate payout", detail
        bill = Bill()
        bill.DocNumber, bill.TxnDate, bill.PrivateNote = f"BARE-{n}", "2026-09-30", "Affiliate payout"
        bill.VendorRef, bill.CurrencyRef = ref(like["VendorRef"]["value"]), ref(like["CurrencyRef"]["value"])
        bill.ExchangeRate, bill.GlobalTaxCalculation, bill.Line = None, "NotApplicable", [line]
        bill.save(qb=client)
    return time.process_time() - began


def ref(id_: str) -> Ref:
    made = Ref()
    made.value = id_
    return made


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_bill_costs_little_more_than_the_bare_client_takes(apart: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    rows = [invoice(n, affiliate_id=1, affiliate_name="One") for n in range(BILLS + 1)]
    apart.control("load", {"cake": rows[:1]})
    apart.sync()
    apart.control("load", {"cake": rows[1:]})
    began = time.process_time()
    ran = apart.sync()
    ours = time.process_time() - began

    assert ran.counts == {"created": BILLS, "unchanged": 1}
    theirs = bare(apart, BILLS)

    assert ours / theirs < MOST, f"{ours / BILLS * 1000:.2f} ms a bill, the bare client {theirs / BILLS * 1000:.2f} ms"
