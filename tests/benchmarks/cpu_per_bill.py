"""
Processor time of a new bill, in a process of its own where no test runner looks on.

Prints, in microseconds: our bill, the bare client's, and our start-up; then how many rounds that took, and how many per
cent of its time this process spent in the system, where disks and machines differ most.
"""

import contextlib
import gc
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from intuitlib.client import AuthClient
from project import Project, invoice
from quickbooks import QuickBooks
from quickbooks.objects.base import Ref
from quickbooks.objects.bill import Bill
from quickbooks.objects.detailline import AccountBasedExpenseLine, AccountBasedExpenseLineDetail

from connector.cli import main as command_line
from connector.sandbox.credentials import CLIENT_ID, CLIENT_SECRET, REALM_ID, REFRESH_TOKEN

_FEWEST_ROUNDS, _MOST_ROUNDS = 2, 6
"""
The least counts, of ours and of theirs: what shares the machine only ever adds.

More than two only where they do not show yet what is to be shown: a busy neighbour can double a whole round.
"""
_SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
from connector.sandbox.server import Sandbox
with Sandbox() as services:
    services.world.cake.clear()
    print(services.url, flush=True)
    sys.stdin.read()
"""


def bare(project: Project, bills: int) -> float:
    """Processor seconds of this process for so many bills, with the boxes of ours, saved one after the other."""
    sign_in = AuthClient(CLIENT_ID, CLIENT_SECRET, "http://localhost", f"{project.url}/oauth/discovery")
    sign_in.refresh(refresh_token=REFRESH_TOKEN)
    client = QuickBooks(auth_client=sign_in, refresh_token=sign_in.refresh_token, company_id=REALM_ID, minorversion=75)
    client.sandbox_api_url_v3 = client.api_url_v3 = f"{project.url}/quickbooks/v3"
    (like, *_) = project.held()
    began = spent()
    for n in range(bills):
        detail = AccountBasedExpenseLineDetail()
        detail.AccountRef = ref(like["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["value"])
        detail.TaxInclusiveAmt = None
        line = AccountBasedExpenseLine()
        line.Amount, line.Description = 10.25, like["Line"][0]["Description"]
        line.AccountBasedExpenseLineDetail = detail
        bill = Bill()
        bill.DocNumber, bill.TxnDate, bill.PrivateNote = (
            f"BARE-{n}",
            like["TxnDate"],
            like["PrivateNote"].split("\n")[0],
        )
        bill.VendorRef, bill.CurrencyRef = ref(like["VendorRef"]["value"]), ref(like["CurrencyRef"]["value"])
        bill.SalesTermRef = ref(like["SalesTermRef"]["value"])
        bill.ExchangeRate, bill.GlobalTaxCalculation, bill.Line = None, "NotApplicable", [line]
        bill.save(qb=client)
    return spent() - began


def spent() -> float:
    """Processor seconds of this process so far, the system's part too."""
    times = os.times()
    return times.user + times.system


def ref(id_: str) -> Ref:
    made = Ref()
    made.value = id_
    return made


def synced(project: Project, first: int, bills: int) -> float:
    """Processor seconds of a run that makes so many new bills."""
    rows = [
        invoice(n, affiliate_id=1 + n % 40, affiliate_name=f"Affiliate {n % 40}") for n in range(first, first + bills)
    ]
    project.control("load", {"cake": rows})
    told = project.folder / "told.json"
    sys.argv = ["connector", "-q", "sync", "--yes", "--json"]
    thresholds = gc.get_threshold()
    began = spent()
    with contextlib.chdir(project.folder), told.open("w") as out, contextlib.redirect_stdout(out):
        try:
            command_line()
        except SystemExit as left:
            code = left.code
    took = spent() - began
    gc.set_threshold(*thresholds)  # as the bare client finds them
    assert (code, json.loads(told.read_text())["counts"]["created"]) == (0, bills)
    return took


def measured(bills: int, saved: int) -> tuple[float, float, float]:
    """
    Processor seconds of our bill, of the bare client's, and of our start-up, over a company of its own.

    The pretend services run in a process of their own, so that their work is not counted.
    """
    command = [sys.executable, "-W", "ignore", "-c", _SERVER, str(ROOT)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), server.stdout.readline().strip())
        synced(project, 1, 40)  # the vendors, and everything that is imported once
        start = synced(project, 41, 1)
        ours = (synced(project, 1001, bills) - start) / bills
        theirs = bare(project, saved) / saved
    server.communicate(input="")
    return ours, theirs, start


def main(bills: int, saved: int, most: float) -> None:
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    rounds: list[tuple[float, float, float]] = []
    ours = theirs = start = math.inf
    while len(rounds) < _FEWEST_ROUNDS or (ours >= most * theirs and len(rounds) < _MOST_ROUNDS):
        rounds.append(measured(bills, saved))
        ours, theirs, start = (min(each) for each in zip(*rounds, strict=True))
    in_system = round(100 * os.times().system / spent())
    print(*(round(seconds * 1e6) for seconds in (ours, theirs, start)), len(rounds), in_system)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
