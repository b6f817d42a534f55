"""``connector plan`` and ``connector sync``: what a run would do, and doing it."""

import getpass
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.context import Context, current
from connector.errors import ConnectorError, WrongUse
from connector.report.lines import log_run
from connector.report.run import CompanyName, as_document
from connector.report.saved_plan import SavedPlan
from connector.report.terminal import show_causes, show_plan, show_problems, show_summary
from connector.settings import Settings
from connector.state.clock import run_id, utc_now
from connector.state.store import State
from connector.sync.run import Outcome, Run
from connector.sync.selection import Choices, Selection, month_of, since_of

__all__ = ["company_name", "confirmed", "consent_missing", "open_state", "plan", "progress_of", "stoppable", "sync"]

_Sources = Annotated[list[str] | None, typer.Option("-s", "--source", metavar="NAME", help="Only this source; repeat.")]
_Period = Annotated[str | None, typer.Option("--period", metavar="YYYY-MM", help="Only invoices of one month.")]
_Since = Annotated[str | None, typer.Option("--since", metavar="WHEN", help="Only since 2026-10-01, 30d, last-month.")]
_Invoices = Annotated[
    list[str] | None, typer.Argument(metavar="[INVOICE]...", help="Only these: id, source:id, number.")
]


def plan(
    ctx: typer.Context,
    invoices: _Invoices = None,
    sources: _Sources = None,
    period: _Period = None,
    since: _Since = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Save the plan here.")] = None,
    detailed: Annotated[bool, typer.Option("--detailed-exitcode", help="10 where there is work.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="List unchanged documents too.")] = False,
) -> None:
    context = current(ctx)
    settings = context.load_settings()
    choices = Choices(_selection(sources, invoices, period, since), everything=everything)
    with open_state(settings, create=False) as state:
        run = Run(settings, state, choices, command="plan", who=getpass.getuser(), tell=_teller(context))
        whole = _look(run)
        outcome = run.outcome
        outcome.run = run_id()
        company = company_name(settings, state)
        if output is not None and whole:
            SavedPlan.of(outcome, company, choices.selection, run.versions()).write(output)
        if context.json:
            context.emit(as_document(outcome, "plan", company, everything=everything))
        else:
            _show_planned(context, run, everything=everything)
            show_problems(context.messages, outcome.problems)
            _next_step(context, outcome, output)
        code = outcome.exit_code(wrote=detailed)
        if detailed and code == 0 and outcome.planned.work():
            code = 10
    raise typer.Exit(code)


def sync(  # noqa: PLR0917 - Typer hands them over by name
    ctx: typer.Context,
    invoices: _Invoices = None,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
    saved: Annotated[Path | None, typer.Option("--plan", metavar="FILE", help="Write exactly this saved plan.")] = None,
    sources: _Sources = None,
    period: _Period = None,
    since: _Since = None,
    retry_refused: Annotated[bool, typer.Option("--retry-refused", help="Send refused documents again.")] = False,
    rewrite: Annotated[
        bool,
        typer.Option(
            "--rewrite", help="Bring sent bills to the mapping as it is: those unpaid, unedited and in open books."
        ),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until no outcome is unknown.")] = False,
) -> None:
    context = current(ctx)
    asks = context.interactive and not context.json
    if not (yes or saved or asks):
        raise consent_missing("add --yes, or look first: connector plan -o FILE, then connector sync --plan FILE")
    settings = context.load_settings()
    if saved and (invoices or sources or period or since or rewrite):
        raise WrongUse(
            "--plan writes exactly what it holds; it cannot be narrowed",
            code="options-contradict",
            remedy="leave the other choices out, or save a narrower plan: connector plan -o FILE --source NAME",
        )
    kept = SavedPlan.read(saved) if saved else None
    selection = kept.selection if kept else _selection(sources, invoices, period, since)
    choices = Choices(selection, retry_refused=retry_refused, wait=wait, rewrite=rewrite)
    with stoppable() as (stop, signals), open_state(settings, create=True) as state:
        run = Run(settings, state, choices, command="sync", who=getpass.getuser(), tell=_teller(context), stop=stop)
        with run.lock():
            pass  # a second run says so at once, and not after reading the sources
        if _carry_out(context, run, kept, ask=not (yes or saved)):
            _report(context, run, company_name(settings, state))
            code = run.outcome.exit_code(wrote=True)
        else:
            context.show("\nNothing was written.")
            code = 0
    if signals:
        code = 128 + signals[0]
    raise typer.Exit(code)


def consent_missing(remedy: str) -> WrongUse:
    """What is raised where a yes is needed and nobody can be asked."""
    return WrongUse("without a terminal nothing can be asked", code="consent-missing", remedy=remedy)


def _look(run: Run) -> bool:
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


def _carry_out(context: Context, run: Run, kept: SavedPlan | None, *, ask: bool) -> bool:
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
        _show_planned(context, run)
        show_problems(context.messages, run.outcome.problems)
        if not confirmed():
            return False
        seen = planned.digest


def confirmed(question: str = "Write this to QuickBooks?") -> bool:
    """Ask; an interruption at the question is a no."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return typer.confirm(f"\n{question}")
    except (typer.Abort, KeyboardInterrupt):
        return False
    finally:
        signal.signal(signal.SIGINT, before)


def _show_planned(context: Context, run: Run, *, everything: bool = False) -> None:
    outcome = run.outcome
    show_plan(context.console, outcome.planned, everything=everything, verbose=context.verbosity > 0)
    show_summary(context.console, outcome, planned_only=True)
    show_causes(context.console, outcome.planned.causes.values())


def _report(context: Context, run: Run, company: CompanyName) -> None:
    outcome = run.outcome
    log_run(run, "sync", company, wrote=True)
    if context.json:
        context.emit(as_document(outcome, "sync", company, everything=False))
        return
    show_plan(context.console, outcome.planned, verbose=context.verbosity > 0)
    show_summary(context.console, outcome, planned_only=False)
    show_causes(context.console, outcome.planned.causes.values())
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
    elif counts["blocked"]:
        context.show("\n Next: mend what is named above, then: connector sync")
    else:
        context.show("\n Next: connector reconcile")


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
    if not outcome.planned.work():
        context.show("\n Nothing to write.")
    elif output is not None:
        context.show(f"\n Next: connector sync --plan {output}")
    else:
        context.show("\n Next: connector sync")


def _selection(
    sources: list[str] | None, invoices: list[str] | None, period: str | None, since: str | None
) -> Selection:
    if period and since:
        raise WrongUse("--period and --since contradict", code="options-contradict", remedy="leave one of them out")
    first = last = None
    if period:
        first, last = month_of(period)
    elif since:
        first = since_of(since, utc_now().date())
    return Selection(tuple(sources or ()), tuple(invoices or ()), first, last)


@contextmanager
def open_state(settings: Settings, *, create: bool) -> Iterator[State]:
    """The state of the settings; an empty one in memory where there is none and none is to be made."""
    state = State.open(settings.state.url) if create or State.exists(settings.state.url) else State.empty()
    try:
        yield state
    finally:
        state.close()


def company_name(settings: Settings, state: State) -> CompanyName:
    """The company as every JSON document names it."""
    ours = settings.quickbooks
    name = state.company_facts(ours.realm_id).name or ""
    return {"realm_id": ours.realm_id, "name": name, "environment": ours.environment}


@contextmanager
def stoppable() -> Iterator[tuple[threading.Event, list[int]]]:
    """An interruption lets the request in flight finish, and starts no other."""
    stop = threading.Event()
    signals: list[int] = []

    def note(number: int, _: object) -> None:
        if signals:
            raise KeyboardInterrupt  # asked twice: at once
        signals.append(number)
        # A thread of its own: an event that is being waited for must not be set from a handler.
        threading.Thread(target=stop.set).start()

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop, signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _teller(context: Context) -> Callable[[str], None]:
    return context.say if context.verbosity >= 0 and not context.json else lambda _: None


def progress_of(context: Context) -> Callable[[int, int], None]:
    """What draws how far the writing is, where that may be drawn."""
    if not context.progress or context.json:
        return lambda *_: None
    from rich.progress import Progress  # noqa: PLC0415 - only on a terminal

    bar = Progress(console=context.messages, transient=True)
    task = bar.add_task("writing to QuickBooks", total=None)
    bar.start()

    def moved(done: int, whole: int) -> None:
        bar.update(task, completed=done, total=whole)
        if done >= whole:
            bar.stop()

    return moved
