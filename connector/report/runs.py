"""``runs`` and ``runs show`` as data: who did what when, with which mappings, and what became of it."""

import json
import os
import platform
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Final

from connector.log import redact
from connector.quickbooks.documents import link, operation_of
from connector.report.run import CompanyName, stamp
from connector.state.overview import Touched, documents_of_run, reasons, runs_before
from connector.state.store import State
from connector.state.tables import RunRow

__all__ = ["run_document", "runs_document", "told_problems"]

_COMPARED: Final = 100  # so many runs back a mapping is compared with the one before


def runs_document(state: State | None, company: CompanyName, limit: int) -> dict[str, Any]:
    """The JSON document of ``runs``: the newest ``limit`` runs, newest first."""
    realm = company["realm_id"]
    # Some more, so that the oldest shown have runs before them to be compared with.
    runs = state.runs(limit + _COMPARED, realm) if state else []
    told = [{**_run(run), "mapping_changes": _changes(state, run, runs[n + 1 :])} for n, run in enumerate(runs[:limit])]
    return {"schema": "connector/runs/1", "company": company, "runs": told, "problems": []}


def run_document(state: State, company: CompanyName, run: RunRow) -> dict[str, Any]:
    """The JSON document of ``runs show``: everything about one run, with the documents that it touched."""
    earlier = runs_before(state, run.company, run.id, _COMPARED)
    documents = documents_of_run(state, run.company, run.id)
    return {
        "schema": "connector/run/1",
        "company": company,
        **_run(run),
        "mapping_changes": _changes(state, run, earlier),
        "documents": [_document(each, company) for each in documents],
        "problems": told_problems(run),
    }


def told_problems(run: RunRow) -> list[dict[str, Any]]:
    """What troubled a run, without secrets."""
    return [
        {name: redact(value) if isinstance(value, str) else value for name, value in problem.items()}
        for problem in run.problems or ()
    ]


def _run(run: RunRow) -> dict[str, Any]:
    return {
        "run": run.id,
        "command": run.command,
        "who": run.who,
        "host": run.host,
        "pid": run.pid,
        "started": stamp(run.started),
        "ended": stamp(run.ended),
        "outcome": _outcome(run),
        "exit_code": run.exit_code,
        "sources": run.sources,
        "counts": run.counts or {},
        "mapping_versions": run.mapping_versions or {},
        "troubles": len(run.problems or ()),
    }


def _outcome(run: RunRow) -> str:
    """ended; running; killed; or unknown, where that cannot be told from this machine."""
    if run.ended is not None:
        return "ended"
    if run.host != platform.node():
        return "unknown"
    try:
        os.kill(run.pid, 0)
    except ProcessLookupError:
        return "killed"
    except PermissionError:
        pass
    return "running"


def _changes(state: State | None, run: RunRow, earlier: Iterable[RunRow]) -> list[dict[str, Any]]:
    """Mappings and tables that were edited between this run and the one before it that used them; newest first."""
    waiting = dict(run.mapping_versions or {})
    changes = []
    for before in earlier:
        for source, version in (before.mapping_versions or {}).items():
            now = waiting.pop(source, None)
            if now is not None and now != version:
                changes.append(_change(state, source, version, now, before))
        if not waiting:
            break
    return sorted(changes, key=lambda change: str(change["source"]))


def _change(state: State | None, source: str, old: str, new: str, before: RunRow) -> dict[str, Any]:
    was, now = (state.mapping_version(each) if state else None for each in (old, new))
    files: list[str] = []
    if was and now:
        files = [now.path] if was.text != now.text else []
        beside = PurePosixPath(now.path).parent
        names = sorted({*was.tables, *now.tables})
        files += [str(beside / name) for name in names if was.tables.get(name) != now.tables.get(name)]
    return {"source": source, "before": old, "now": new, "since_run": before.id, "files": files}


def _document(touched: Touched, company: CompanyName) -> dict[str, Any]:
    row = touched.document
    code, reason, remedy = reasons(row)
    address = (
        link(company["environment"], company["realm_id"], row.entity, row.qbo_id) if row.entity and row.qbo_id else None
    )
    return {
        "source": row.source,
        "invoice": row.invoice,
        "kind": row.kind,
        "number": row.number,
        "vendor": row.vendor,
        "date": row.date.isoformat() if row.date else None,
        "currency": row.currency,
        "amount": None if row.amount is None else f"{row.amount:f}",
        "operation": touched.operation,
        "does": operation_of(json.loads(touched.body)) if touched.body else None,
        "outcome": touched.outcome,
        "adopted": row.adopted,
        "state": row.state,
        "qbo_id": row.qbo_id,
        "link": address,
        "code": code,
        "reason": reason,
        "remedy": remedy,
    }
