"""``status`` on the terminal, from its data."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from connector.money import CURRENCIES, with_thousands
from connector.report.columns import safe, show_columns, show_text
from connector.report.problems import problem_lines
from connector.report.status import NO_CURRENCY, ORDER

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
    """The sources, what stopped the last run, then what waits and for whom, then who is at work."""
    company = status["company"]
    name = f"{safe(company['name'])}, " if company["name"] else ""
    _line(console, f" {name}company {safe(company['realm_id'])} ({company['environment']})")
    if status["state"] is None:
        _line(console, " There is no state yet: nothing has run here.")
    console.print()
    _sources(console, status)
    for problem in status["problems"]:
        lines = problem_lines(problem["code"], problem["what"], problem["remedy"], problem.get("source"))
        _line(console, f"\n last run: {lines[0]}", "red")
        for line in lines[1:]:
            _line(console, f" {line}")
    if soon := status["sign_in"]["problem"]:
        _line(console, f"\n {safe(soon['what'], 300)}", "yellow")
        _line(console, f"   = {safe(soon['remedy'], 300)}")
    console.print()
    for state in ORDER:
        if count := status["counts"].get(state):
            _line(console, f" {count:>7,} {_WORDS[state]}{_sums(status['amounts'].get(state, {}))}")
    for state in ORDER:
        if count := status["payments"]["counts"].get(state):
            noun = "payment" if count == 1 else "payments"
            word = "waiting" if state == "ready" else _WORDS[state]  # for its bill, mostly; so plan calls it too
            _line(console, f" {count:>7,} {noun} {word}{_sums(status['payments']['amounts'].get(state, {}))}")
    _waiting(console, status["waiting"])
    _unknown(console, status["unknown"])
    _left_alone(console, status["left_alone"])
    if lock := status["lock"]:
        told = f"process {lock['pid']} ({safe(lock['command'])}), since {time_text(lock['since'])}"
        _line(console, f"\n Writing now: {told if lock['pid'] else 'another process'}")
    _line(console, f"\n Next: {_next(status)}")


def amount_text(currency: str | None, amount: str | Decimal) -> str:
    """``USD 1,234.50``; ``? 1,234.50`` where the currency could not be told."""
    number, currency = Decimal(amount), currency or NO_CURRENCY
    shown = with_thousands(number, currency) if currency in CURRENCIES else f"{number:,f}"
    return f"{safe(currency, 10)} {shown}"


def time_text(stamp: str | None) -> str:
    """A time of the JSON for people: ``2026-11-22 04:00 UTC``."""
    return f"{datetime.datetime.fromisoformat(stamp):%Y-%m-%d %H:%M} UTC" if stamp else "never"


def _sources(console: Console, status: Mapping[str, Any]) -> None:
    rows = []
    for each in status["sources"]:
        run, late = each["last_run"], each["overdue"]
        complete = time_text(each["last_success"]) + (", overdue" if late else "")
        rows.append(
            (
                safe(each["source"], 30),
                time_text(run["started"]) if run else "never",
                each["ended_with"] or "—",
                Text(complete, style="red" if late else ""),
                _due(each, status["as_of"]),
                safe(each["schedule"] or ("none: by hand" if each["configured"] else "not in the settings"), 40),
            )
        )
    if rows:
        titles = ("Source", "Last run", "Ended with", "Last complete", "Next run", "Schedule")
        show_columns(console, titles, rows)


def _due(each: Mapping[str, Any], now: str) -> str:
    if each["next_run"] is None:
        return "—"
    return "due now" if each["next_run"] <= now else time_text(each["next_run"])


def _waiting(console: Console, groups: list[dict[str, Any]]) -> None:
    for group in groups[:_SHOWN]:
        noun = group["of"] if group["invoices"] == 1 else f"{group['of']}s"
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


def _left_alone(console: Console, groups: list[dict[str, Any]]) -> None:
    for group in groups[:_SHOWN]:
        noun = "invoice" if group["invoices"] == 1 else "invoices"
        told = f"{group['invoices']} {noun} left alone by a person{_sums(group['amounts'])}  [{safe(group['code'])}]"
        _line(console, f"\n {told}")
        if group["invoices"] == 1:
            _line(console, f"   {safe(group['reason'], 300)}")
        more = " …" if group["invoices"] > len(group["examples"]) else ""
        _line(console, f"   {', '.join(safe(each) for each in group['examples'])}{more}")


def _unknown(console: Console, rows: list[dict[str, Any]]) -> None:
    if rows:
        _line(console, "\n Sent without an answer; QuickBooks is asked before anything is sent again:")
    for row in rows[:_SHOWN]:
        amount = amount_text(row["currency"], row["amount"]) if row["amount"] else ""
        sent = f"sent {time_text(row['sent'])}, due {time_text(row['due'])}"
        what = "payment of " if row["of"] == "payment" else ""
        _line(console, f"   {what}{safe(row['source'])}:{safe(row['invoice'])}  {amount}  {sent}")
    if len(rows) > _SHOWN:
        _line(console, f"   … and {len(rows) - _SHOWN} more (all of them: --json)")


def _next(status: Mapping[str, Any]) -> str:
    """The one step that helps most: what stopped the last run comes before what single invoices wait for."""
    for problem in status["problems"]:
        if problem["code"].startswith(("M", "setting")):
            return "mend what the last run says above, then: connector check"
        return (
            "connector sync"
            if problem["who"] == "nobody"
            else "mend what the last run says above, then: connector sync"
        )
    if status["unknown"]:
        return "connector sync --wait"
    example = next((group["examples"][0] for group in status["waiting"] if group["who"] != "nobody"), None)
    if example is not None:
        return f"connector why {safe(example)}"
    return "connector plan"


def _sums(amounts: Mapping[str, str]) -> str:
    return "".join(f"  {amount_text(currency, amount)}" for currency, amount in amounts.items())


def _line(console: Console, text: str, style: str = "") -> None:
    show_text(console, text, style)
