import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import Books, code
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.objects import AccountBasedExpenseLine, AccountBasedExpenseLineDetail, Bill, Ref, Vendor

from connector.sandbox.credentials import CLIENT_ID, CLIENT_SECRET, REALM_ID
from connector.sandbox.server import Sandbox


def test_with_data_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path) as sandbox:
        books = Books(sandbox.url)
        books.sign_in()
        books.control("preferences", {"book_close_date": "2025-12-31"})
        books.control("switches", {"requestid_hours": 2.5, "requestid_other_body": "600"})
        first = books.post("bill", books.bill(), requestid="r1")
        gone = books.made("Bill", books.bill())
        books.post("bill", {"Id": gone["Id"], "SyncToken": "0"}, operation="delete")
        row = books.control("sources")["cake"][0] | {"total_payout": "1.23"}
        books.control("load", {"cake": [row]})
        before = {name: books.control(name) for name in ("company", "preferences", "switches", "sources")}
    with Sandbox(data=tmp_path) as sandbox:
        books.url, books.base = sandbox.url, f"{sandbox.url}/quickbooks/v3/company/{REALM_ID}"
        assert {name: books.control(name) for name in before} == before
        assert books.post("bill", books.bill(), requestid="r1").content == first.content
        assert code(books.post("bill", books.bill(DocNumber="other"), requestid="r1")) == "600"
        assert len(books.rows("select * from Bill where DocNumber = 'CAKE-10042' and VendorRef = '5'")) == 1
        assert books.made("Bill", books.bill())["Id"] == "3"
        books.sign_in()
    books.session.close()


def test_a_damaged_memory_says_so(tmp_path: Path) -> None:
    (tmp_path / "sandbox.json").write_text("{}")
    with pytest.raises(ValueError, match="not a sandbox's memory"):
        Sandbox(data=tmp_path).__enter__()


def test_a_scenario_sets_the_stage(tmp_path: Path) -> None:
    path = tmp_path / "scenario.json"
    scenario = {
        "switches": {"requestids": "forget"},
        "preferences": {"country": "US", "warn_duplicate_bill_number": True},
        "load": {"quickbooks": {"Vendor": [{"DisplayName": "On Stage"}]}},
        "today": "2026-11-22",
        "cake_invoices": 25,
    }
    path.write_text(json.dumps(scenario))
    with Sandbox(scenario=path) as sandbox:
        books = Books(sandbox.url)
        assert books.control("switches")["requestids"] == "forget"
        assert books.control("preferences")["home_currency"] == "USD"
        assert "On Stage" in {row["DisplayName"] for row in books.control("company")["Vendor"]}
        rows = books.control("sources")["cake"]
        assert len(rows) == 25
        assert max(row["invoice_date"] for row in rows) <= "2026-11-22"
        books.control("reset", {})
        assert books.control("switches")["requestids"] == "forget"
        books.session.close()
    path.write_text('{"colour": 1}')
    with pytest.raises(ValueError, match="cake_invoices"):
        Sandbox(scenario=path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_stops_quietly_and_keeps_what_it_answered(tmp_path: Path, number: signal.Signals) -> None:
    script = (
        "import pathlib, sys; from connector.sandbox.server import serve; "
        "serve(0, pathlib.Path(sys.argv[1]), None, lambda url: print(url, flush=True))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        books = Books(url)
        books.sign_in()
        books.made("Bill", books.bill())
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    books.session.close()
    assert (process.returncode, errors) == (0, "")
    with Sandbox(data=tmp_path) as sandbox:
        assert len(sandbox.company.records["Bill"]) == 1


def test_a_change_reaches_the_disk_without_a_clean_end(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path) as sandbox:
        books = Books(sandbox.url)
        books.control("preferences", {"name": "Written Down"})
        books.session.close()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if (tmp_path / "sandbox.json").exists() and "Written Down" in (tmp_path / "sandbox.json").read_text():
                return
            time.sleep(0.05)
    pytest.fail("the change was never written")


def test_a_taken_port_is_said_at_once(running: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=running.port).__enter__()


def test_the_real_python_quickbooks_client_makes_a_vendor_and_a_bill(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    books.control("preferences", {"country": "US"})
    auth = AuthClient(CLIENT_ID, CLIENT_SECRET, "http://127.0.0.1/back", f"{books.url}/oauth/discovery")
    auth.refresh(refresh_token=books.refresh)
    client = QuickBooks(auth_client=auth, company_id=REALM_ID, minorversion=75)
    client.sandbox_api_url_v3 = client.api_url_v3 = f"{books.url}/quickbooks/v3"

    vendor = Vendor()
    vendor.DisplayName = "Made by the library"
    vendor.save(qb=client)
    account = Ref()
    account.value = books.id("Account", "Affiliate commissions")
    detail = AccountBasedExpenseLineDetail()
    detail.AccountRef = account
    line = AccountBasedExpenseLine()
    line.Amount = 0.1 + 0.2
    line.AccountBasedExpenseLineDetail = detail
    bill = Bill()
    bill.VendorRef = vendor.to_ref()
    bill.Line = [line]
    made = bill.save(qb=client, request_id="from-the-library")
    assert made.TotalAmt == 0.3
    assert made.VendorRef.name == "Made by the library"
    assert Bill.get(int(made.Id), qb=client).SyncToken == "0"
    assert [one.Id for one in Bill.filter(VendorRef=vendor.Id, qb=client)] == [made.Id]
    assert Vendor.count(qb=client) == 4
    made.PrivateNote = "changed"
    assert made.save(qb=client).SyncToken == "1"
    client.session.close()
    auth.close()


def test_the_sandbox_listens_on_loopback_alone(running: Sandbox) -> None:
    assert running._socket.getsockname()[0] == "127.0.0.1"
