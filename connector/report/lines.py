"""
A run in the log: one line for each document that something was done about, and one for the run.

Both have the same keys, whoever ran it; what does not apply is null.
"""

import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Literal

import structlog

from connector.plan import Action
from connector.report.run import CompanyName, row_of
from connector.sync.planned import Result, count_of
from connector.sync.run import Run

__all__ = ["log_run"]

_KEYS: Final = ("source", "invoice", "kind", "number", "action", "state", "qbo_id", "code")
_AT_A_TIME: Final = 500


def log_run(run: Run, command: Literal["sync", "serve"], company: CompanyName, *, wrote: bool) -> None:
    """Log what became of a run; ``wrote`` as for its exit code. Unchanged and skipped documents have no line."""
    log = structlog.get_logger("connector")
    outcome = run.outcome
    if logging.getLogger("connector").isEnabledFor(logging.INFO):
        for line in _documents(run, company):
            log.info("document", **line)
    for soon in outcome.warnings:
        log.warning("soon", run=outcome.run, code=soon.code, what=soon.what, remedy=soon.remedy)
    sources = run.sources
    ended = outcome.ended or outcome.started
    line = {
        "run": outcome.run,
        **dict.fromkeys(_KEYS),
        "source": sources[0] if len(sources) == 1 else None,
        "intuit_tid": None,
        "seconds": _seconds((ended - outcome.started).total_seconds()),
    }
    log.info("run", **line, command=command, exit_code=outcome.exit_code(wrote=wrote), **outcome.planned.counts())


def _documents(run: Run, company: CompanyName) -> Iterator[dict[str, Any]]:
    done = _done(run)
    while some := list(islice(done, _AT_A_TIME)):
        markers = [action.marker for action, _ in some]
        answered = run.state.answered(company["realm_id"], markers, run.outcome.started)
        for (action, result), marker in zip(some, markers, strict=True):
            row, answer = row_of(action, result, company), answered.get(marker)
            yield {
                "run": run.outcome.run,
                **{key: row[key] for key in _KEYS},
                "intuit_tid": answer.intuit_tid if answer else None,
                "seconds": _seconds(answer.seconds) if answer else None,
            }


def _done(run: Run) -> Iterator[tuple[Action, Result | None]]:
    for _, action, result in run.outcome.planned.rows():
        if count_of(action, result) not in ("unchanged", "skipped"):
            yield action, result


def _seconds(value: float) -> float:
    return round(value, 3)
