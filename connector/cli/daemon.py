"""What ``connector serve`` puts together: the daemon with its page, its notices and its own look at readiness."""

import gc
import getpass
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from connector import log
from connector.cli.checks import examined
from connector.cli.context import Context
from connector.cli.sync import company_name, open_state
from connector.errors import Problem
from connector.notices.notices import Notices
from connector.report.lines import log_run
from connector.serve.clock import scheduled, trigger_of
from connector.serve.daemon import Daemon
from connector.serve.health import Health
from connector.serve.metrics import Metrics
from connector.serve.page import Page, bound
from connector.serve.readiness import Readiness
from connector.serve.signals import note_signals
from connector.serve.supervision import Supervision
from connector.serve.systemd import Systemd
from connector.settings import Settings
from connector.sync.run import Run

__all__ = ["run_daemon"]

_DOCTOR = "doctor"

_log = structlog.get_logger("connector")


def run_daemon(context: Context) -> None:
    """Run on the schedule until a signal stops it."""
    settings = context.load_settings()
    scheduled(settings)  # before a state is made
    listening = bound(settings.serve)  # before a state is made, too
    gc.freeze()  # what is loaded by now stays for good: clearing up after every run need not look at it
    log.configure(context.log_format, context.verbosity + 1)  # its log is all that a daemon shows
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what it would say, the daemon says once and better
    signals = note_signals()
    with open_state(settings, create=True) as state:
        supervision = Supervision(Systemd())

        def now() -> Settings:
            return daemon.settings  # a reload gives it others

        def report(run: Run, wrote: bool) -> None:
            log_run(run, "serve", company_name(settings, state), wrote=wrote)
            notices.after(run, wrote)

        notices = Notices(
            now,
            state,
            lambda: company_name(settings, state),
            lambda schedule: trigger_of(schedule, now().serve.timezone),
        )
        readiness = Readiness(supervision, _examination(now, supervision))
        health = Health(now, state, supervision)
        daemon = Daemon(
            settings,
            state,
            report,
            who=getpass.getuser(),
            failed=notices.failed,
            chores={_DOCTOR: readiness, "notices": notices.look},
            supervision=supervision,
        )
        with Page(listening, health, Metrics(now, state, supervision, health)) as page:
            _log.info("health", healthz=f"{page.url}/healthz", metrics=f"{page.url}/metrics")
            left = daemon.run(signals)
        _log.info("stopped", left=left)
        if left:
            # The interpreter would wait for them, however slow a source is.
            logging.shutdown()
            os._exit(0)


def _examination(settings: Callable[[], Settings], supervision: Supervision) -> Callable[[], Sequence[Problem]]:
    """What the doctor has against the settings; each of its steps is a sign of life."""
    name = f"chore: {_DOCTOR}"

    def step(text: str) -> None:
        supervision.progress.beat(name)
        _log.debug("step", source=_DOCTOR, what=text)

    def trace(error: Exception) -> str:
        _log.error("our fault", source=_DOCTOR, exc_info=error)
        return "in the log"

    def faults() -> list[Problem]:
        checks = examined(supervision.listening(settings(), name), step, trace)
        found = [check.problem for check in checks if check.state == "fault"]
        return [replace(each, what=log.redact(each.what), remedy=log.redact(each.remedy)) for each in found]

    return faults
