"""``connector serve``: run on the schedule until stopped."""

import gc
import getpass
import logging
import os
import queue
import signal

import structlog
import typer

from connector import log
from connector.cli.context import current
from connector.cli.sync import company_name, open_state
from connector.report.lines import log_run
from connector.sync.run import Run

__all__ = ["serve"]


def serve(ctx: typer.Context) -> None:
    from connector.serve.clock import scheduled  # noqa: PLC0415 - a scheduler that help does not need
    from connector.serve.daemon import Daemon  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    scheduled(settings)  # before a state is made
    gc.freeze()  # what is loaded by now stays for good: clearing up after every run need not look at it
    log.configure(context.log_format, context.verbosity + 1)  # its log is all that a daemon shows
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what it would say, the daemon says once and better
    # Its put may interrupt anything, its own get included; an event's set may not.
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: signals.put(number))
    with open_state(settings, create=True) as state:

        def report(run: Run, wrote: bool) -> None:
            log_run(run.outcome, "serve", company_name(settings, state), wrote=wrote)

        left = Daemon(settings, state, report, who=getpass.getuser()).run(signals)
        structlog.get_logger("connector").info("stopped", left=left)
        if left:
            # The interpreter would wait for them, however slow a source is.
            logging.shutdown()
            os._exit(0)
