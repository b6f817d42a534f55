"""No secret comes out: not on the terminal, not in a log, a state, a saved plan, a report or a trace."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from example_state import write_settings

from connector.sandbox import credentials
from connector.sandbox.server import Sandbox

FIXED = (
    credentials.CAKE_KEY,
    credentials.COMMISSION_FACTORY_KEY,
    credentials.CLIENT_SECRET,
    credentials.REFRESH_TOKEN,
)
COMMANDS = (
    ("check",),
    ("plan", "-o", "saved-plan.json"),
    ("sync", "--yes"),
    ("sync", "--yes", "--json"),
    ("status", "--json"),
    ("why", "CAKE-10042"),
    ("why", "CAKE-10042", "--json"),
    ("runs",),
    ("runs", "show", "0"),
    ("auth", "status", "--json"),
    ("reconcile", "-o", "report.json", "--format", "json"),
)


def run(folder: Path, *words: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "connector", "-vv", "--log-format", "json", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(HERE.parent)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout + ran.stderr


def test_no_command_and_no_failure_shows_a_secret(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"today": "2026-11-22", "cake_invoices": 20}')
    folder = tmp_path / "work"
    folder.mkdir()
    shown: list[str] = []
    with Sandbox(scenario=scenario) as sandbox:
        write_settings(folder, sandbox.url)
        shown += [run(folder, *words) for words in COMMANDS]
        # Refused keys, a dead sign-in, an expired token quoted by the gateway, a broken answer.
        shown.append(run(folder, "plan", CONNECTOR_SOURCES__CAKE__API_KEY="canary-wrong-key"))
        shown.append(run(folder, "sync", "--yes", CONNECTOR_QUICKBOOKS__CLIENT_SECRET="canary-wrong-secret"))
        sandbox.company.tokens.access.clear()
        shown.append(run(folder, "sync", "--yes"))
        tokens = [*sandbox.company.tokens.access, *sandbox.company.tokens.refresh]
    # Nobody answers any more.
    shown.append(run(folder, "plan"))
    shown.append(run(folder, "plan", CONNECTOR_SOURCES__CAKE__BASE_URL="ftp://canary-wrong-key@nowhere"))

    secrets = {*FIXED, *tokens, "canary-wrong-key", "canary-wrong-secret"}
    assert len(tokens) > 2
    for text in shown:
        assert not [secret for secret in secrets if secret in text]
    for file in folder.rglob("*"):
        if file.is_file() and file.name != "connector.toml":
            data = file.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in data], file
