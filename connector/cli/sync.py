"""``connector plan`` and ``connector sync``: what a run would do, and doing it; and what other commands share of it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.context import Context, current
from connector.errors import WrongUse

if TYPE_CHECKING:
    from connector.report.run import CompanyName
    from connector.settings import Settings
    from connector.state.store import State

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
    everything: Annotated[bool, typer.Option("--all", help="A line for what waits and what is unchanged too.")] = False,
) -> None:
    from connector.cli.one_run import look, selected  # noqa: PLC0415 - brings the state, sources and QuickBooks

    context = current(ctx)
    settings = context.load_settings()
    selection = selected(sources, invoices, period, since)
    raise typer.Exit(look(context, settings, selection, output, detailed=detailed, everything=everything))


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
    from connector.cli.one_run import carry_out, selected  # noqa: PLC0415 - as above
    from connector.report.saved_plan import SavedPlan  # noqa: PLC0415 - as above
    from connector.sync.selection import Choices  # noqa: PLC0415 - as above

    settings = context.load_settings()
    if saved and (invoices or sources or period or since or rewrite):
        raise WrongUse(
            "--plan writes exactly what it holds; it cannot be narrowed",
            code="options-contradict",
            remedy="leave the other choices out, or save a narrower plan: connector plan -o FILE --source NAME",
        )
    kept = SavedPlan.read(saved) if saved else None
    selection = kept.selection if kept else selected(sources, invoices, period, since)
    choices = Choices(selection, retry_refused=retry_refused, wait=wait, rewrite=rewrite)
    raise typer.Exit(carry_out(context, settings, choices, kept, ask=not (yes or saved)))


def consent_missing(remedy: str) -> WrongUse:
    """What is raised where a yes is needed and nobody can be asked."""
    return WrongUse("without a terminal nothing can be asked", code="consent-missing", remedy=remedy)


def confirmed(question: str = "Write this to QuickBooks?") -> bool:
    """Ask; an interruption at the question is a no."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return typer.confirm(f"\n{question}")
    except (typer.Abort, KeyboardInterrupt):
        return False
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def open_state(settings: "Settings", *, create: bool) -> "Iterator[State]":
    """The state of the settings; an empty one in memory where there is none and none is to be made."""
    from connector.state.store import State  # noqa: PLC0415 - help needs no database

    state = State.open(settings.state.url) if create or State.exists(settings.state.url) else State.empty()
    try:
        yield state
    finally:
        state.close()


def company_name(settings: "Settings", state: "State") -> "CompanyName":
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
