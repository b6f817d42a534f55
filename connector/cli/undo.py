"""``connector runs undo``: taking a bad run back, shown and asked about like a plan."""

import getpass
from typing import Literal

from connector.cli.context import Context
from connector.cli.sync import company_name, confirmed, progress_of, stoppable
from connector.errors import ConnectorError, WrongUse
from connector.report.causes import show_causes
from connector.report.run import as_document
from connector.report.terminal import show_plan, show_problems, show_summary
from connector.settings import Settings
from connector.state.store import State
from connector.state.tables import RunRow
from connector.sync.undo import Undo

__all__ = ["undo"]


def undo(context: Context, settings: Settings, state: State, run: RunRow, *, yes: bool) -> int:
    """
    Show what goes and what stays; where a person agrees, remove it. The exit code.

    Without a terminal, or with --json, and without a yes it is only planned.
    """
    with stoppable() as (stop, signals):
        work = Undo(settings, state, run.id, who=getpass.getuser(), stop=stop)
        asks = context.interactive and not context.json and not yes
        seen = None
        try:
            if not (yes or asks):
                work.plan()
                return _report(context, settings, state, work, run, "plan")
            while True:
                with work.lock() as lock:
                    planned = work.plan()
                    if yes or planned.digest == seen or not planned.work():
                        work.carry_out(lock, progress_of(context))
                        break
                _show(context, work, planned_only=True)
                if not confirmed():
                    context.show("\nNothing was written.")
                    return 0
                seen = planned.digest
        except WrongUse:
            raise
        except ConnectorError as error:
            if not context.json:
                raise
            work.outcome.problems.append(error.problem)
            work.outcome.exit_codes.add(error.exit_code)
        code = _report(context, settings, state, work, run, "sync")
    return 128 + signals[0] if signals else code


def _show(context: Context, work: Undo, *, planned_only: bool) -> None:
    outcome = work.outcome
    show_plan(context.console, outcome.planned)
    show_summary(context.console, outcome, planned_only=planned_only)
    show_causes(context.console, outcome.planned.causes.values(), "--json")


def _report(
    context: Context, settings: Settings, state: State, work: Undo, run: RunRow, schema: Literal["plan", "sync"]
) -> int:
    outcome, wrote = work.outcome, schema == "sync"
    if context.json:
        context.emit(as_document(outcome, schema, company_name(settings, state), everything=True))
        return outcome.exit_code(wrote=wrote)
    _show(context, work, planned_only=not wrote)
    show_problems(context.messages, outcome.problems)
    _next_step(context, work, run, wrote=wrote)
    return outcome.exit_code(wrote=wrote)


def _next_step(context: Context, work: Undo, run: RunRow, *, wrote: bool) -> None:
    counts = work.outcome.planned.counts()
    if not wrote:
        going = work.outcome.planned.work("remove")
        context.show(f"\n Next: connector runs undo {run.id} --yes" if going else "\n Nothing to take back.")
    elif counts["unknown"]:
        context.show("\n Next: connector sync --wait   (QuickBooks is asked before anything is sent again)")
    elif work.may_be_live():
        told = "What is still live at its source will be held [live-again] until a person approves it"
        context.show(f"\n {told}.\n Next: connector sync, then: connector review")
    elif counts["removed"]:
        context.show("\n Next: connector reconcile")
    else:
        context.show("\n Nothing was taken back.")
