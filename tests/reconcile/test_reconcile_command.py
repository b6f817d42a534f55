"""``connector reconcile`` as a person and as a program meet it."""

import contextlib
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from decimal import Decimal
from pathlib import Path

import pytest
from reconciled_world import ROOT, World
from rich.console import Console

from connector.reconcile import Reconciled
from connector.report.reconciliation_text import show_reconciliation

PROOF = {
    "source",
    "currency",
    "month",
    "source_total",
    "matched",
    "on_its_way",
    "needs_you",
    "differ",
    "one_side",
    "left_alone",
    "difference",
    "quickbooks_total",
    "quickbooks_difference",
}
ROW = {
    "status",
    "family",
    "source",
    "invoice",
    "number",
    "vendor",
    "currency",
    "source_amount",
    "our_amount",
    "quickbooks_amount",
    "qbo_id",
    "link",
    "why",
    "next",
}


def connector(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    return subprocess.run(
        [sys.executable, "-m", "connector", "reconcile", *arguments],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_json_document_holds_every_row_and_a_proof_that_can_be_added_up(world: World) -> None:
    world.owe(1, amount="10")
    world.owe(2, amount="20.005")
    world.owe(3, amount="-5.00", day="2026-04-30")
    world.sync()
    world.owe(4, invoice_status="Pending")
    world.edit(2, TxnDate="2026-04-01")

    ran = connector(world.folder, "--json")

    assert ran.returncode == 10, ran.stderr
    told = json.loads(ran.stdout)
    assert told["schema"] == "connector/reconcile/1"
    assert set(told["as_of"]) == {"cake", "commission_factory", "quickbooks"}
    assert all(line.keys() >= PROOF for line in told["proof"])
    assert all(row.keys() >= ROW for row in told["rows"])
    assert [(row["invoice"], row["status"]) for row in told["rows"]] == [
        ("1", "matched"),
        ("2", "date-differs"),
        ("4", "skipped"),
        ("3", "matched"),
    ]
    first, second = told["proof"]
    assert (first["month"], first["source_total"], first["matched"], first["differ"]) == (
        "2026-03",
        "130.01",
        "10.00",
        "20.01",
    )
    assert (first["left_alone"], first["difference"], first["quickbooks_total"]) == ("100.00", "0.00", "30.01")
    assert (second["month"], second["quickbooks_total"], second["quickbooks_difference"]) == (
        "2026-04",
        "-5.00",
        "0.00",
    )
    assert told["rows"][0]["link"].startswith("https://sandbox.qbo.intuit.com/")


def test_the_terminal_shows_the_proof_and_the_exceptions_and_obeys_no_name(world: World) -> None:
    world.owe(1)
    world.owe(2, affiliate_name="[red]\x1b[31mEvil\u202e", invoice_status="Disputed")
    world.owe(3, affiliate_name="[/bar] Media")
    world.sync()
    world.edit(3, Line=world.line("1.00"))

    ran = connector(world.folder, "--period", "2026-03")

    assert ran.returncode == 10, ran.stderr
    assert "The proof closes to 0.00" in ran.stdout
    assert "amount-differs" in ran.stdout
    assert "[/bar] Media" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert "\u202e" not in ran.stdout
    assert "CAKE-1 " not in ran.stdout  # what agrees is one line
    assert ran.stdout.strip().splitlines()[-1].startswith(" Next: ")


def test_a_file_holds_what_the_terminal_would(world: World) -> None:
    world.owe(1)

    as_json = connector(world.folder, "--format", "json", "-o", "out.json")
    as_text = connector(world.folder, "-o", "out.txt")
    nowhere = connector(world.folder, "-o", "missing/out.txt")

    assert as_json.returncode == as_text.returncode == 0, as_json.stderr
    assert json.loads((world.folder / "out.json").read_text())["rows"][0]["status"] == "ready"
    assert "The proof closes" in (world.folder / "out.txt").read_text()
    assert nowhere.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "code"), [(("--period", "2026-13"), 2), (("--source", "nobody"), 2), (("--format", "pdf"), 2)]
)
def test_wrong_use_is_told_as_such(world: World, arguments: tuple[str, ...], code: int) -> None:
    assert connector(world.folder, *arguments).returncode == code


def test_quickbooks_down_compares_nothing_and_says_so(world: World) -> None:
    world.owe(1)
    text = (world.folder / "connector.toml").read_text()
    (world.folder / "connector.toml").write_text(
        text.replace('refresh_token = "sandbox-refresh-token"', 'refresh_token = "revoked"')
    )

    ran = connector(world.folder, "--json")

    told = json.loads(ran.stdout)
    assert ran.returncode == 4, ran.stderr
    assert (told["rows"], told["proof"]) == ([], [])
    assert told["problems"]


def test_a_proof_that_does_not_close_is_said_in_red(world: World) -> None:
    world.owe(1)
    found: Reconciled = world.reconcile().found
    found.proof.add_invoice("cake", "USD", "2026-03", Decimal("0.01"))
    text = io.StringIO()

    found.shelf = type(found.shelf)()
    show_reconciliation(Console(file=text, force_terminal=True, width=200), found)

    assert "does NOT close" in text.getvalue()
    assert "\x1b[1;31m" in text.getvalue()


def test_at_every_width_each_amount_is_whole_and_no_line_ends_in_blanks(world: World) -> None:
    world.owe(1, amount="1234567.89")
    world.owe(2, amount="19876.54", affiliate_name="An Affiliate With Quite A Long Name Indeed, Incorporated")
    world.owe(3, amount="12345.60", currency_symbol="EUR")
    world.owe(4, amount="-777777.77", day="2026-04-30")
    world.sync()
    world.edit(2, Line=world.line("8876543.21"))
    shown: dict[int, str] = {}

    def look(found: Reconciled) -> None:
        for width in (60, 80, 100, 120, 200):
            text = io.StringIO()
            show_reconciliation(Console(file=text, force_terminal=True, no_color=True, width=width), found)
            shown[width] = re.sub(r"\x1b\[[0-9;]*m", "", text.getvalue())

    proof = list(world.reconcile(look=look).found.proof.lines())

    for width, whole in shown.items():
        lines = whole.splitlines()
        for line in proof:
            for amount in (
                line.source_total,
                *(each for each in line.families.values() if each),
                line.quickbooks_total,
            ):
                assert re.search(rf"(?<![\d,]){re.escape(f'{amount:,.2f}')}(?!\d)", whole), amount
        assert "amount-differs" in whole
        assert "cake USD 19,876.54" in whole
        assert "QuickBooks USD 8,876,543.21" in whole
        assert "An Affiliate With Quite A Long Name Indeed, Incorporated" in whole
        assert max(len(line) for line in lines if "An Affiliate" not in line) <= width  # a name is never divided
        assert [line for line in lines if line != line.rstrip()] == []
        assert any(re.search(r"difference +0\.00  closes$", line) for line in lines)
        assert any(re.search(r"unexplained +0\.00  closes$", line) for line in lines)
        assert re.search(r"Read: .*cake \d{4}-\d\d-\d\d \d\d:\d\d UTC", " ".join(whole.split()))


def test_on_a_real_terminal_of_eighty_columns_the_reason_and_the_remedy_stand_on_lines_of_their_own(
    world: World,
) -> None:
    world.owe(1, amount="12345.67")
    world.sync()
    world.edit(1, Line=world.line("1.00"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_") and name != "COLUMNS"
    }
    with subprocess.Popen(
        [sys.executable, "-m", "connector", "reconcile", "--color", "never"],
        cwd=world.folder,
        env=kept | {"PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # the terminal is gone with its last writer
            while chunk := os.read(ours, 65536):
                text += chunk
    os.close(ours)

    lines = text.decode().replace("\r", "").splitlines()
    assert process.returncode == 10
    assert max(map(len, lines)) <= 80
    at = next(n for n, line in enumerate(lines) if line.startswith(" amount-differs"))
    assert any(line.startswith("     in QuickBooks the amount is") for line in lines[at:])
    assert any(line.startswith("     = compare both") for line in lines[at:])
    assert "cake USD 12,345.67" in text.decode()
