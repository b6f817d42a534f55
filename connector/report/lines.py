"""A run in the log: one line for each document that something was done about, and one for the run."""

import logging
from typing import Final, Literal

import structlog

from connector.report.run import CompanyName, row_of
from connector.sync.planned import count_of
from connector.sync.run import Outcome

__all__ = ["log_run"]

_KEYS: Final = ("source", "invoice", "kind", "number", "action", "state", "qbo_id", "code")


def log_run(outcome: Outcome, command: Literal["sync", "serve"], company: CompanyName, *, wrote: bool) -> None:
    """Log what became of a run; ``wrote`` as for its exit code. Unchanged and skipped documents have no line."""
    log = structlog.get_logger("connector")
    told = outcome.planned.rows() if logging.getLogger("connector").isEnabledFor(logging.INFO) else ()
    for _, action, result in told:
        if count_of(action, result) not in ("unchanged", "skipped"):
            row = row_of(action, result, company)
            log.info("document", run=outcome.run, **{key: row[key] for key in _KEYS})
    for soon in outcome.warnings:
        log.warning("soon", run=outcome.run, code=soon.code, what=soon.what, remedy=soon.remedy)
    counts = {name: n for name, n in outcome.planned.counts().items() if n}
    log.info("run", run=outcome.run, command=command, exit_code=outcome.exit_code(wrote=wrote), **counts)
