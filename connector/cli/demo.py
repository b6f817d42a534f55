"""``connector demo``: the whole job, start to finish, with the real commands against the sandbox."""

import datetime
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from connector.cli.context import Context, current
from connector.errors import ConnectorError, WrongUse

__all__ = ["demo"]

_INVOICES: Final = 160
_SETTLE_AFTER: Final = 2
_LATE: Final = "90001"

_SETTINGS: Final = """\
# Written by: connector demo
[quickbooks]
environment   = "sandbox"
realm_id      = "{realm}"
client_id     = "{client_id}"
client_secret = "{client_secret}"
refresh_token = "{refresh_token}"
api_url       = "{url}/quickbooks/v3"
discovery_url = "{url}/oauth/discovery"
settle_after  = "{settle_after} s"          # 180 s with the real QuickBooks
requests_per_minute = 100000       # Intuit takes 500 a minute, 10 a second and 40 batches a minute;
requests_per_second = 10000        # the pretend one takes what it is sent
batches_per_minute  = 10000

[sources.cake]
type       = "cake"
base_url   = "{url}/cake"
api_key    = "{cake_key}"
mapping    = "mappings/cake.yaml"
start_date = {start_date}
schedule   = "every 1 minute"

[sources.commission_factory]
type       = "commission_factory"
base_url   = "{url}/commission-factory"
api_key    = "{commission_factory_key}"
mapping    = "mappings/commission_factory.yaml"
start_date = {start_date}
schedule   = "every 5 minutes"
"""


class _NotAsPromised(Exception):
    """Raised when a step did not come to what it must come to."""


def demo(
    ctx: typer.Context,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Leave everything here, for playing.")
    ] = None,
) -> None:
    context = current(ctx)
    began = time.monotonic()
    with _folder(keep) as folder, _sandbox(folder, keep=keep is not None) as url:
        steps = _Steps(context, folder, url)
        done = []
        for n, (name, step) in enumerate(steps.all(), 1):
            try:
                told = step()
            except (_NotAsPromised, ConnectorError, OSError) as error:
                context.show(f" {n}  {name:<12} FAILED  {error}")
                raise typer.Exit(1) from None
            context.show(f" {n}  {name:<12} ok  {told}")
            done.append({"step": name, "told": told})
        seconds = time.monotonic() - began
        if context.json:
            context.emit({"schema": "connector/demo/1", "steps": done, "problems": []})
        context.show(f"\nEvery step did what it promises ({seconds:.0f} s).")
        _where_next(context, folder if keep else None, url)


class _Steps:
    """The steps in their order; each returns what to tell, or raises."""

    def __init__(self, context: Context, folder: Path, url: str) -> None:
        self._context = context
        self._folder = folder
        self._url = url
        self._created = 0

    def all(self) -> tuple[tuple[str, Callable[[], str]], ...]:
        """Name and function of every step."""
        return (
            ("sandbox", self.settle_in),
            ("check", self.check),
            ("plan", self.plan),
            ("sync", self.sync),
            ("sync again", self.sync_again),
            ("lost answer", self.lose_an_answer),
            ("settle", self.settle),
            ("count", self.count),
        )

    def settle_in(self) -> str:
        from connector.cli.schema_file import write_schema  # noqa: PLC0415 - only the demo's own start needs it
        from connector.mapping import shipped  # noqa: PLC0415
        from connector.quickbooks.private_file import write  # noqa: PLC0415
        from connector.sandbox import credentials  # noqa: PLC0415
        from connector.sources.registry import source_type  # noqa: PLC0415

        mappings = self._folder / "mappings"
        shutil.copytree(shipped(), mappings, dirs_exist_ok=True)
        for kind in ("cake", "commission_factory"):
            write_schema(mappings / f"{kind}.yaml", source_type(kind), self._folder)
        start = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=400)
        write(
            self._folder / "connector.toml",
            _SETTINGS.format(
                url=self._url,
                realm=credentials.REALM_ID,
                client_id=credentials.CLIENT_ID,
                client_secret=credentials.CLIENT_SECRET,
                refresh_token=credentials.REFRESH_TOKEN,
                cake_key=credentials.CAKE_KEY,
                commission_factory_key=credentials.COMMISSION_FACTORY_KEY,
                settle_after=_SETTLE_AFTER,
                start_date=start,
            ).encode(),
        )
        return f"pretend CAKE, Commission Factory and QuickBooks at {self._url}"

    def check(self) -> str:
        told = self._connector("check", allowed=(0,))
        examples = sum(each["examples"] for each in told["mappings"])
        return f"{len(told['mappings'])} mappings, {examples} examples pass"

    def plan(self) -> str:
        counts = self._connector("plan", allowed=(0,))["counts"]
        _require(not (self._folder / "state.db").exists(), "plan made a state")
        _require(not self._bills(), "plan wrote a bill")
        return (
            f"{counts['created']} bills to create, {counts['held']} held, {counts['blocked']} blocked; nothing written"
        )

    def sync(self) -> str:
        told = self._connector("sync", "--yes", allowed=(0, 6))
        counts = told["counts"]
        self._created = counts["created"] + counts["credited"]
        _require(self._created > 0 and self._created == len(self._bills()), "not every bill is in QuickBooks once")
        blocked = next((row for row in told["documents"] if row["state"] == "blocked"), None)
        why = f"; blocked: {blocked['reason']}" if blocked else ""
        return f"{counts['created']} bills and {counts['credited']} credit created, {counts['held']} held{why}"

    def sync_again(self) -> str:
        counts = self._connector("sync", "--yes", allowed=(0, 6))["counts"]
        _require(counts["created"] == 0 and counts["unchanged"] > 0, f"a second run did something: {counts}")
        _require(len(self._bills()) == self._created, "a second run made a bill")
        return f"0 created; {counts['unchanged']} of them read again, and unchanged: nothing happens twice"

    def lose_an_answer(self) -> str:
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        row = {
            "invoice_id": int(_LATE),
            "invoice_date": day,
            "invoice_status": "Approved",
            "affiliate_id": 67890,
            "affiliate_name": "MediaBridge Partners",
            "billing_cycle_name": "Net 30",
            "currency_symbol": "USD",
            "total_payout": "512.25",
            "payment_type": "PayPal",
            "date_approved": day,
        }
        self._control("load", {"cake": [row]})
        self._control("arm", {"fault": "commit-then-drop", "path": "/bill", "method": "POST", "times": 1})
        counts = self._connector("sync", "--yes", allowed=(6,))["counts"]
        _require(counts["unknown"] == 1, "the lost answer was not noticed")
        return f"QuickBooks took CAKE-{_LATE}, its answer was lost: outcome unknown, and not sent blindly again"

    def settle(self) -> str:
        time.sleep(_SETTLE_AFTER)
        counts = self._connector("sync", "--yes", allowed=(0, 6))["counts"]
        same = [bill for bill in self._bills() if bill.get("DocNumber") == f"CAKE-{_LATE}"]
        _require(counts["unknown"] == 0 and len(same) == 1, "it was not settled into exactly one bill")
        self._created += 1
        return f"looked in QuickBooks first and found bill {same[0]['Id']}: exactly one has this number"

    def count(self) -> str:
        told = self._connector("reconcile", allowed=(0,))
        matched = sum(row["family"] == "agree" for row in told["rows"])
        apart = [Decimal(line[name]) for line in told["proof"] for name in ("difference", "quickbooks_difference")]
        _require(not any(apart), "the proof does not close")
        _require(matched == len(self._bills()) == self._created, "the three sides do not agree")
        return f"source {matched} = connector {self._created} = QuickBooks {len(self._bills())}; difference 0.00"

    def _connector(self, *words: str, allowed: tuple[int, ...]) -> dict[str, Any]:
        """One command in a process of its own, as a person would run it; its JSON."""
        call = [sys.executable, "-m", "connector", "-C", str(self._folder / "connector.toml"), *words, "--json"]
        ran = subprocess.run(call, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if ran.returncode not in allowed:
            raise _NotAsPromised(f"connector {words[0]} ended with {ran.returncode}: {ran.stderr.strip()[-600:]}")
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer

    def _bills(self) -> list[dict[str, Any]]:
        """What stands in the pretend QuickBooks with the connector's mark."""
        import requests  # noqa: PLC0415 - heavy, and only the demo asks the sandbox

        held = requests.get(f"{self._url}/control/company", timeout=10).json()
        ours = [*held.get("Bill", ()), *held.get("VendorCredit", ())]
        return [each for each in ours if "ref:" in str(each.get("PrivateNote"))]

    def _control(self, what: str, body: dict[str, Any]) -> None:
        import requests  # noqa: PLC0415

        requests.post(f"{self._url}/control/{what}", json=body, timeout=10).raise_for_status()


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise _NotAsPromised(otherwise)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="connector-demo-") as folder:
            yield Path(folder)
        return
    if keep.exists() and any(keep.iterdir()):
        raise WrongUse(f"{keep} is not empty", code="folder-not-empty", remedy="name a new folder for --keep")
    keep.mkdir(parents=True, exist_ok=True)
    yield keep.resolve()


@contextmanager
def _sandbox(folder: Path, *, keep: bool) -> Iterator[str]:
    from connector.sandbox.server import Sandbox  # noqa: PLC0415 - uvicorn is heavy

    scenario = folder / "sandbox.json"
    scenario.write_text(json.dumps({"cake_invoices": _INVOICES}) + "\n", encoding="utf-8")
    with Sandbox(port=0, data=folder / "sandbox" if keep else None, scenario=scenario) as sandbox:
        yield sandbox.url


def _where_next(context: Context, folder: Path | None, url: str) -> None:
    if folder is None:
        context.show("Look for yourself: connector demo --keep playground")
        return
    port = url.rsplit(":", 1)[1]
    context.show(
        f"Everything is in {folder}. Serve its sandbox again in one terminal:\n"
        f"  connector sandbox --port {port} --data {shlex.quote(str(folder / 'sandbox'))}\n"
        f"and in another:\n"
        f"  cd {shlex.quote(str(folder))}\n"
        f"  connector why CAKE-{_LATE}\n"
        f"  connector status\n"
        f"  connector plan"
    )
