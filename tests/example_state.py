"""
Make ``state.db.example``: a real state file of a small finished run, without any sign-in.

Run it in the root of a checkout: ``python tests/example_state.py``.
"""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from connector.mapping import shipped
from connector.sandbox import credentials
from connector.sandbox.server import Sandbox

BLOCKED = 6
"""One affiliate is called like a customer, so the example shows a blocked invoice too."""

TARGET = Path(__file__).parent.parent / "state.db.example"

SETTINGS = """\
[quickbooks]
environment   = "sandbox"
realm_id      = "{realm}"
client_id     = "{client_id}"
client_secret = "{client_secret}"
refresh_token = "{refresh_token}"
api_url       = "{url}/quickbooks/v3"
discovery_url = "{url}/oauth/discovery"
requests_per_minute = 100000
requests_per_second = 10000
batches_per_minute  = 10000

[sources.cake]
type       = "cake"
base_url   = "{url}/cake"
api_key    = "{cake_key}"
mapping    = "mappings/cake.yaml"
start_date = 2026-01-01

[sources.commission_factory]
type       = "commission_factory"
base_url   = "{url}/commission-factory"
api_key    = "{commission_factory_key}"
mapping    = "mappings/commission_factory.yaml"
start_date = 2026-01-01
"""


def write_settings(folder: Path, url: str) -> Path:
    """Settings for the sandbox at ``url``, beside a copy of the shipped mappings."""
    shutil.copytree(shipped(), folder / "mappings")
    path = folder / "connector.toml"
    path.write_text(
        SETTINGS.format(
            url=url,
            realm=credentials.REALM_ID,
            client_id=credentials.CLIENT_ID,
            client_secret=credentials.CLIENT_SECRET,
            refresh_token=credentials.REFRESH_TOKEN,
            cake_key=credentials.CAKE_KEY,
            commission_factory_key=credentials.COMMISSION_FACTORY_KEY,
        )
    )
    return path


def make(target: Path) -> None:
    """Sync a small world once, and keep the state without what belongs to one machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario = folder / "scenario.json"
        scenario.write_text(json.dumps({"today": "2026-06-30", "cake_invoices": 24}))
        with Sandbox(scenario=scenario) as sandbox:
            settings = write_settings(folder, sandbox.url)
            call = [sys.executable, "-m", "connector", "-C", str(settings), "sync", "--yes", "--json"]
            ran = subprocess.run(call, check=False, stdout=subprocess.DEVNULL)
            if ran.returncode != BLOCKED:
                raise SystemExit(f"sync ended with {ran.returncode}, not {BLOCKED}")
        with contextlib.closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as state:
            state.execute("DELETE FROM sign_in")
            state.execute("UPDATE run SET host = 'example', who = 'accounts payable', pid = 1")
            target.unlink(missing_ok=True)
            state.execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o644)


if __name__ == "__main__":
    make(TARGET)
