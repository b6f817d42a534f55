"""One run at the command line: planned, shown, agreed to, written and told."""

import getpass
from collections.abc import Callable
from pathlib import Path

from connector.cli.context import Context
from connector.cli.sync import company_name, confirmed, open_state, progress_of, stoppable
from connector.errors import ConnectorError, WrongUse
from connector.report.causes import show_causes
from connector.report.lines import log_run
from connector.report.run import CompanyName, as_document
from connector.report.saved_plan import SavedPlan
from connector.report.terminal import show_plan, show_problems, show_summary
from connector.settings import Settings
from connector.state.clock import run_id, utc_now
from connector.sync.planned import Cause
from connector.sync.run import Outcome, Run
from connector.sync.selection import Choices, Selection, month_of, since_of

__all__ = ["carry_out", "look", "selected"]


def look(
    context: Context, settings: Settings, selection: Selection, output: Path | None, *, detailed: bool, everything: bool
) -> int:
    """Show what a run would do, and write nothing to QuickBooks; the exit code."""
    choices = Choices(selection, everything=everything)
    with open_state(settings, create=False) as state:
        run = Run(settings, state, choices, command="plan", who=getpass.getuser(), tell=_teller(context))
        whole = _planned(run)
        outcome = run.outcome
        outcome.run = run_id()
        company = company_name(settings, state)
        if output is not None and whole:
            SavedPlan.of(outcome, company, choices.selection, run.versions()).write(output)
        if context.json:
            context.emit(as_document(outcome, "plan", company, everything=everything))
        else:
            _show_documents(context, run.outcome, planned_only=True, everything=everything)
            show_problems(context.messages, outcome.problems)
            _next_step(context, outcome, output)
        code = outcome.exit_code(wrote=detailed)
        if detailed and code == 0 and outcome.planned.work():
            code = 10
    return code


def carry_out(context: Context, settings: Settings, choices: Choices, kept: SavedPlan | None, *, ask: bool) -> int:
    """Plan and write, of a saved plan exactly what it holds; the exit code."""
    with stoppable() as (stop, signals), open_state(settings, create=True) as state:
        run = Run(settings, state, choices, command="sync", who=getpass.getuser(), tell=_teller(context), stop=stop)
        with run.lock():
            pass  # a second run says so at once, and not after reading the sources
        if _write(context, run, kept, ask=ask):
            _report(context, run, company_name(settings, state))
            code = run.outcome.exit_code(wrote=True)
        else:
            context.show("\nNothing was written.")
            code = 0
    if signals:
        code = 128 + signals[0]
    return code


def selected(sources: list[str] | None, invoices: list[str] | None, period: str | None, since: str | None) -> Selection:
    """
    What the options of a run select.

    Raises:
        WrongUse: ``options-contradict``, or a month or a day that is none.
    """
    if period and since:
        raise WrongUse("--period and --since contradict", code="options-contradict", remedy="leave one of them out")
    first = last = None
    if period:
        first, last = month_of(period)
    elif since:
        first = since_of(since, utc_now().date())
    return Selection(tuple(sources or ()), tuple(invoices or ()), first, last)


def _planned(run: Run) -> bool:
    """Pull and plan, and note how it ended; whether it came to a plan."""
    trouble = None
    try:
        run.pull()
        run.plan()
    except WrongUse:
        raise
    except ConnectorError as error:
        trouble = error
    run.finish(trouble, wrote=False)
    return trouble is None


def _write(context: Context, run: Run, kept: SavedPlan | None, *, ask: bool) -> bool:
    """Pull, plan and push, and note how it ended; False where a person declined."""
    trouble, agreed = None, True
    try:
        agreed = _write_agreed(context, run, kept, ask=ask)
    except WrongUse:
        raise
    except ConnectorError as error:
        trouble = error
    run.finish(trouble, wrote=True)
    return agreed


def _write_agreed(context: Context, run: Run, kept: SavedPlan | None, *, ask: bool) -> bool:
    """Write the plan that a person agreed to; where it changed while they thought, they are asked again."""
    run.pull()
    run.begin()
    seen = None
    while True:
        with run.lock() as lock:
            run.settle(lock)
            planned = run.plan()
            if kept is not None:
                kept.require_same(run.outcome, company_name(run.settings, run.state), run.versions())
            if not ask or planned.digest == seen or not planned.work():
                run.push(lock, progress_of(context))
                return True
        if seen is not None:
            context.say("Something changed meanwhile; this is the plan now:")
        _show_documents(context, run.outcome, planned_only=True)
        show_problems(context.messages, run.outcome.problems)
        if not confirmed():
            return False
        seen = planned.digest


def _show_documents(context: Context, outcome: Outcome, *, planned_only: bool, everything: bool = False) -> None:
    """The documents, before they are written or after, their sums, and what waits by its causes."""
    show_plan(context.console, outcome.planned, everything=everything, verbose=context.verbosity > 0)
    show_summary(context.console, outcome, planned_only=planned_only)
    show_causes(context.console, outcome.planned.causes.values(), "connector plan --all")


def _report(context: Context, run: Run, company: CompanyName) -> None:
    outcome = run.outcome
    log_run(run, "sync", company, wrote=True)
    if context.json:
        context.emit(as_document(outcome, "sync", company, everything=False))
        return
    _show_documents(context, outcome, planned_only=False)
    show_problems(context.messages, outcome.problems)
    _after(context, outcome)


def _after(context: Context, outcome: Outcome) -> None:
    counts = outcome.planned.counts()
    if _broken(context, outcome, "sync"):
        return
    if counts["unknown"]:
        context.show("\n Next: connector sync --wait   (QuickBooks is asked before anything is sent again)")
    elif counts["held"] and not counts["blocked"]:
        context.show("\n Next: connector review   (or mend what is named above, then: connector sync)")
    elif any(_lacks_a_row(cause) for cause in outcome.planned.causes.values()):
        context.show("\n Next: connector unmapped   (rows to paste; then: connector sync)")
    elif counts["blocked"]:
        context.show("\n Next: mend what is named above, then: connector sync")
    else:
        context.show("\n Next: connector reconcile")


def _lacks_a_row(cause: Cause) -> bool:
    """A box that a table is to fill and does not; what is unknown of the invoice itself holds it."""
    return cause.state == "blocked" and cause.code.endswith("-unknown")


def _broken(context: Context, outcome: Outcome, command: str) -> bool:
    """Where a source or the run failed, that comes first."""
    if not outcome.problems:
        return False
    where = ", ".join(sorted({problem.source for problem in outcome.problems if problem.source}))
    after = (
        "connector check" if any(problem.who == "finance" for problem in outcome.problems) else f"connector {command}"
    )
    context.show(f"\n{f' Not read: {where}.' if where else ''} Next: do what the error above says, then: {after}")
    return True


def _next_step(context: Context, outcome: Outcome, output: Path | None) -> None:
    if _broken(context, outcome, "plan"):
        return
    counts = outcome.planned.counts()
    waits = counts["held"] + counts["blocked"]
    if not outcome.planned.work():
        mend = " Next: do what stands behind the = above, then: connector plan" if waits else ""
        context.show(f"\n Nothing to write.{mend}")
        return
    step = "connector sync" if output is None else f"connector sync --plan {output}"
    context.show(f"\n Next: {step}{'   (what is held or blocked waits until it is mended)' if waits else ''}")


def _teller(context: Context) -> Callable[[str], None]:
    return context.say if context.verbosity >= 0 and not context.json else lambda _: None
