"""``status`` on the terminal, from its data."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connector.money import CURRENCIES, with_thousands
from connector.report.status import ORDER
from connector.report.terminal import safe

__all__ = ["amount_text", "show_status", "time_text"]

_WORDS: Final = {
    "ready": "ready",
    "sending": "without an answer",
    "held": "held",
    "blocked": "blocked",
    "refused": "refused",
    "sent": "in QuickBooks",
    "skipped": "skipped",
    "removed": "removed",
}
_WHO: Final = {"operator": "for the operator", "finance": "for finance", "nobody": "for nobody: the next run"}
_COLOURS: Final = {"operator": "red", "finance": "yellow", "nobody": "", "us": "red"}
_SHOWN: Final = 20


def show_status(console: Console, status: Mapping[str, Any]) -> None:
    """Sources, then what waits and for whom, then who is at work."""
    company = status["company"]
    name = f"{safe(company['name'])}, " if company["name"] else ""
    _line(console, f" {name}company {safe(company['realm_id'])} ({company['environment']})")
    if status["state"] is None:
        _line(console, " There is no state yet: nothing has run here.")
    console.print(_sources(status))
    for state in ORDER:
        if count := status["counts"].get(state):
            _line(console, f" {count:>7,} {_WORDS[state]}{_sums(status['amounts'].get(state, {}))}")
    _waiting(console, status["waiting"])
    _unknown(console, status["unknown"])
    for problem in status["problems"]:
        where = f"{problem['source']}: " if problem.get("source") else ""
        _line(console, f"\n last run: error[{problem['code']}]: {safe(where + problem['what'], 400)}", "red")
        _line(console, f"   = {safe(problem['remedy'], 300)}")
    if lock := status["lock"]:
        told = f"process {lock['pid']} ({safe(lock['command'])}), since {time_text(lock['since'])}"
        _line(console, f"\n Writing now: {told if lock['pid'] else 'another process'}")
    _line(console, f"\n Next: {_next(status)}")


def amount_text(currency: str, amount: str | Decimal) -> str:
    """``USD 1,234.50``."""
    number = Decimal(amount)
    shown = with_thousands(number, currency) if currency in CURRENCIES else f"{number:,f}"
    return f"{safe(currency, 10)} {shown}"


def time_text(stamp: str | None) -> str:
    """A time of the JSON for people: ``2026-11-22 04:00 UTC``."""
    return f"{datetime.datetime.fromisoformat(stamp):%Y-%m-%d %H:%M} UTC" if stamp else "never"


def _sources(status: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for title in ("Source", "Last run", "Ended with", "Last complete", "Next run", "Schedule"):
        table.add_column(title, overflow="fold")
    for each in status["sources"]:
        run = each["last_run"]
        late = each["overdue"]
        table.add_row(
            Text(safe(each["source"], 30)),
            Text(time_text(run["started"]) if run else "never"),
            Text(_ended(run)),
            Text(time_text(each["last_success"]) + (", overdue" if late else ""), style="red" if late else ""),
            Text(_due(each, status["as_of"])),
            Text(safe(each["schedule"] or ("none: by hand" if each["configured"] else "not in the settings"), 40)),
        )
    return table


def _ended(run: Mapping[str, Any] | None) -> str:
    if run is None:
        return "—"
    return "no end" if run["ended"] is None else f"exit {run['exit_code']}"


def _due(each: Mapping[str, Any], now: str) -> str:
    if each["next_run"] is None:
        return "—"
    return "due now" if each["next_run"] <= now else time_text(each["next_run"])


def _waiting(console: Console, groups: list[dict[str, Any]]) -> None:
    for group in groups[:_SHOWN]:
        noun = "invoice" if group["invoices"] == 1 else "invoices"
        head = f"\n {group['invoices']} {noun} {_WORDS[group['state']]}{_sums(group['amounts'])}"
        code = f"  [{safe(group['code'])}]" if group["code"] else ""
        _line(console, f"{head}  {_WHO.get(group['who'], group['who'])}{code}", _COLOURS[group["who"]])
        for line in (group["reason"] or "").splitlines()[:6]:
            _line(console, f"   {safe(line, 300)}")
        if group["remedy"]:
            _line(console, f"   = {safe(group['remedy'], 300)}")
        more = " …" if group["invoices"] > len(group["examples"]) else ""
        _line(console, f"   {', '.join(safe(each) for each in group['examples'])}{more}")
    if len(groups) > _SHOWN:
        _line(console, f"\n … and {len(groups) - _SHOWN} more causes (all of them: --json)")


def _unknown(console: Console, rows: list[dict[str, Any]]) -> None:
    if rows:
        _line(console, "\n Sent without an answer; QuickBooks is asked before anything is sent again:")
    for row in rows[:_SHOWN]:
        amount = amount_text(row["currency"], row["amount"]) if row["currency"] and row["amount"] else ""
        sent = f"sent {time_text(row['sent'])}, due {time_text(row['due'])}"
        _line(console, f"   {safe(row['source'])}:{safe(row['invoice'])}  {amount}  {sent}")
    if len(rows) > _SHOWN:
        _line(console, f"   … and {len(rows) - _SHOWN} more (all of them: --json)")


def _next(status: Mapping[str, Any]) -> str:
    if status["unknown"]:
        return "connector sync --wait"
    example = next((group["examples"][0] for group in status["waiting"] if group["who"] != "nobody"), None)
    if example is not None:
        return f"connector why {safe(example)}"
    return "connector plan"


def _sums(amounts: Mapping[str, str]) -> str:
    return "".join(f"  {amount_text(currency, amount)}" for currency, amount in amounts.items())


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
