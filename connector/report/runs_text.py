"""``runs`` and ``runs show`` on the terminal, from their data."""

import datetime
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console

from connector.report.columns import safe, show_columns, show_text
from connector.report.problems import problem_lines
from connector.report.status_text import amount_text, time_text

__all__ = ["show_run", "show_runs"]

_SHOWN: Final = 200
_ENDS: Final = {
    "running": "no end yet: it is running",
    "killed": "never ended: it was killed",
    "unknown": "never ended: it is running on another machine, or was killed there",
}


def show_runs(console: Console, document: Mapping[str, Any]) -> None:
    """One line a run, newest first; what changed in the mappings stands below the run that met it first."""
    if not document["runs"]:
        _line(console, " Nothing has run here yet.\n\n Next: connector plan")
        return
    rows = []
    for run in document["runs"]:
        told = [_counts(run) if run["outcome"] == "ended" else _ENDS[run["outcome"]]]
        told += [_edited(change) for change in run["mapping_changes"]]
        rows.append(
            (
                run["run"],
                time_text(run["started"]),
                _took(run),
                safe(run["who"], 20),
                safe(run["command"], 20),
                "—" if run["exit_code"] is None else str(run["exit_code"]),
                "; ".join(told),
            )
        )
    show_columns(console, ("Run", "Started", "Took", "Who", "Command", "Exit", "What came of it"), rows)
    _line(console, f"\n Next: connector runs show {document['runs'][0]['run']}")


def show_run(console: Console, run: Mapping[str, Any]) -> None:
    """Everything about one run."""
    _line(console, f" Run {run['run']}  {safe(run['command'])} by {safe(run['who'])}, process {run['pid']}")
    end = f"ended {time_text(run['ended'])}, after {_took(run)}, with exit code {run['exit_code']}"
    _line(console, f"   started {time_text(run['started'])}")
    _line(console, f"   {end if run['outcome'] == 'ended' else _ENDS[run['outcome']]}")
    _line(console, f"   sources: {', '.join(safe(each) for each in run['sources']) or 'none'}")
    if run["counts"]:
        _line(console, f"   {_counts(run)}")
    for source, version in run["mapping_versions"].items():
        _line(console, f"   mapping of {safe(source)}: version {version[:12]}")
    for change in run["mapping_changes"]:
        files = ", ".join(safe(each, 80) for each in change["files"]) or "its text is no longer kept"
        before = f"   (before, it was version {change['before'][:12]})"
        _line(
            console, f"   mapping of {safe(change['source'])} changed since run {change['since_run']}: {files}{before}"
        )
    for problem in run["problems"]:
        console.print()
        for line in problem_lines(problem["code"], problem["what"], problem["remedy"], problem.get("source")):
            _line(console, f" {line}")
    _documents(console, run["documents"])


def _edited(change: Mapping[str, Any]) -> str:
    files = " and ".join(safe(each, 80) for each in change["files"])
    return f"the mapping of {safe(change['source'])} was edited before it" + (f": {files}" if files else "")


def _documents(console: Console, documents: list[dict[str, Any]]) -> None:
    if not documents:
        _line(console, "\n It was the last to decide about no document.")
        return
    rows = [
        (
            safe(each["number"] or f"{each['source']}:{each['invoice']}", 28),
            safe(each["vendor"] or "—", 30),
            each["date"] or "—",
            amount_text(each["currency"], each["amount"]) if each["amount"] else "—",
            _did(each),
            _now(each),
        )
        for each in documents[:_SHOWN]
    ]
    console.print()
    show_columns(console, ("Number", "Vendor", "Date", "Amount", "In this run", "Now"), rows, right=("Amount",))
    if len(documents) > _SHOWN:
        _line(console, f" … and {len(documents) - _SHOWN} more (all of them: --json)")
    _line(console, f"\n Next: connector why {safe(documents[0]['source'])}:{safe(documents[0]['invoice'])}")


def _did(each: Mapping[str, Any]) -> str:
    if each["operation"] is None:
        return "found in QuickBooks" if each["adopted"] else "decided"
    outcome = {"applied": "written", None: "no answer yet"}.get(each["outcome"], each["outcome"])
    batch = ", in a batch" if each["operation"] == "batch" else ""
    return f"{each['does']}{batch}: {outcome}"


def _now(each: Mapping[str, Any]) -> str:
    bill = f", {each['kind']} {safe(each['qbo_id'])}" if each["qbo_id"] else ""
    return f"{each['state']}{bill}" + (f"  [{safe(each['code'])}]" if each["code"] else "")


def _counts(run: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in run["counts"].items() if count) or "no invoices"
    noun = "trouble" if run["troubles"] == 1 else "troubles"
    return f"{counts}, {run['troubles']} {noun}" if run["troubles"] else counts


def _took(run: Mapping[str, Any]) -> str:
    if run["ended"] is None:
        return "—"
    took = datetime.datetime.fromisoformat(run["ended"]) - datetime.datetime.fromisoformat(run["started"])
    return f"{max(0, round(took.total_seconds()))} s"


def _line(console: Console, text: str) -> None:
    show_text(console, text)
