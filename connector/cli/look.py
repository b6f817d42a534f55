"""``connector status``, ``why`` and ``runs``: what the state knows; only ``why --online`` asks anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.context import current
from connector.cli.sync import company_name
from connector.errors import WrongUse

if TYPE_CHECKING:
    from connector.plan import Standing
    from connector.report.run import CompanyName
    from connector.report.why import Lives
    from connector.settings import Settings
    from connector.state.store import State
    from connector.state.tables import RunRow

__all__ = ["found_invoices", "kept_state", "runs", "status", "why"]

runs = typer.Typer(invoke_without_command=True)


def status(
    ctx: typer.Context,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 3, 4, 5 or 6 where something is wrong.")
    ] = False,
) -> None:
    from connector.report.status import status_document  # noqa: PLC0415 - brings what only this command needs
    from connector.report.status_text import show_status  # noqa: PLC0415 - as above
    from connector.state.clock import utc_now  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    with kept_state(settings) as state:
        company = _company(settings, state)
        document = status_document(
            settings, state, company, utc_now(), lambda schedule: _trigger(schedule, settings.serve.timezone)
        )
    if context.json:
        context.emit(document)
    else:
        show_status(context.console, document)
    raise typer.Exit(document["exit_code"] if exit_code else 0)


def _trigger(schedule: str, timezone: str) -> Any:
    from connector.serve.clock import trigger_of  # noqa: PLC0415 - brings the scheduler, which only a schedule needs

    return trigger_of(schedule, timezone)


def why(
    ctx: typer.Context,
    invoices: Annotated[
        list[str], typer.Argument(metavar="INVOICE...", help="Id, source:id, bill number, or QuickBooks id.")
    ],
    online: Annotated[
        bool, typer.Option("--online", help="Look in QuickBooks too: what became of its bill since.")
    ] = False,
) -> None:
    from connector.report.why import Lives  # noqa: PLC0415 - as above
    from connector.report.why_text import show_life  # noqa: PLC0415 - as above
    from connector.sources.registry import source_type  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    with kept_state(settings) as state:
        if state is None:
            raise _unknown(invoices[0], "nothing has been read yet", "run first: connector sync")
        company = company_name(settings, state)
        lives = Lives(settings, state, company, source_type)
        named = list(
            dict.fromkeys(found for text in invoices for found in found_invoices(settings, state, lives, text))
        )
        there = _in_quickbooks(settings, state, named) if online else {}
        told = [lives.of(source, invoice, there) for source, invoice in named]
    if context.json:
        context.emit({"schema": "connector/why/1", "company": company, "invoices": told, "problems": []})
        return
    for n, life in enumerate(told):
        if n:
            context.show("")
        show_life(context.console, life, verbose=context.verbosity > 0)


def _in_quickbooks(settings: "Settings", state: "State", named: list[tuple[str, str]]) -> "dict[int, Standing]":
    """How the bills and credits of some invoices stand in QuickBooks now, by their rows' keys."""
    from connector.sync.company import open_company  # noqa: PLC0415 - brings QuickBooks
    from connector.sync.standing import Standings  # noqa: PLC0415 - as above

    realm = settings.quickbooks.realm_id
    kept = [row for source, invoice in named for row in state.documents(realm, source, [invoice]).values()]
    opened = open_company(settings, state)
    with opened.company:
        standings = Standings(opened.company, opened.names.facts.bill_currency)
        return standings.of([row for row in kept if row.qbo_id is not None and row.kind != "payment"])


def found_invoices(settings: "Settings", state: "State", lives: "Lives", text: str) -> list[tuple[str, str]]:
    """
    (source, id) of every invoice that ``text`` means: an id, source:id, a bill's number or id in QuickBooks.

    Raises:
        WrongUse: ``invoice-unknown``, with what may have been meant.
    """
    from connector.state.overview import near_misses  # noqa: PLC0415 - only where something is misspelt

    realm = settings.quickbooks.realm_id
    found = state.find_invoice(realm, text)
    if found:
        return found
    # Without a document nothing keeps a number: the end of it is the id, and today's mapping says the rest.
    ending = text.rpartition("-")[2]
    same = [each for each in state.find_invoice(realm, ending) if each[1] == ending] if ending not in ("", text) else []
    numbers = {each: lives.number_of(*each) for each in same}
    found = [each for each, number in numbers.items() if number == text]
    found = found or [each for each, number in numbers.items() if number is None]
    if not found:
        near = [number for number in numbers.values() if number] or _alike(near_misses(state, realm, text), text)
        remedy = "write the source's id, source:id, our number (CAKE-10042) or QuickBooks' id (sync keeps new ones)"
        raise _unknown(
            text, f'no invoice is known by "{text}"', f"did you mean {' or '.join(near)}?" if near else remedy
        )
    return found


def _alike(names: list[str], text: str) -> list[str]:
    """Those that differ in a letter or two; another number of the same length is no help."""
    name = text.rpartition(":")[2]
    return [each for each in names if SequenceMatcher(None, each, name).ratio() >= 0.8]


def _unknown(text: str, what: str, remedy: str) -> WrongUse:
    return WrongUse(f"{what}: {text}" if text not in what else what, code="invoice-unknown", remedy=remedy)


@runs.callback(invoke_without_command=True)
def _list(
    ctx: typer.Context, limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many.")] = 20
) -> None:
    if ctx.invoked_subcommand is not None:
        return
    from connector.report.runs import runs_document  # noqa: PLC0415 - as above
    from connector.report.runs_text import show_runs  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    with kept_state(settings) as state:
        document = runs_document(state, _company(settings, state), limit)
    if context.json:
        context.emit(document)
    else:
        show_runs(context.console, document)


@runs.command("show", help="Everything about one run; the beginning of its id is enough.")
def _show(ctx: typer.Context, run: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    from connector.report.runs import run_document  # noqa: PLC0415 - as above
    from connector.report.runs_text import show_run  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    with kept_state(settings) as state:
        if state is None:
            raise _no_run("nothing has run here yet")
        document = run_document(state, company_name(settings, state), _meant(settings, state, run))
    if context.json:
        context.emit(document)
    else:
        show_run(context.console, document)


@runs.command("undo", help="Take back what one run made, as far as it is unpaid, unedited and in open books.")
def _undo(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="ID")],
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
) -> None:
    from connector.cli.undo import undo  # noqa: PLC0415 - brings what only this command needs

    context = current(ctx)
    settings = context.load_settings()
    with kept_state(settings) as state:
        if state is None:
            raise _no_run("nothing has run here yet")
        code = undo(context, settings, state, _meant(settings, state, run), yes=yes)
    raise typer.Exit(code)


def _meant(settings: "Settings", state: "State", text: str) -> "RunRow":
    from connector.state.overview import runs_like  # noqa: PLC0415 - as above

    found = runs_like(state, settings.quickbooks.realm_id, text.upper())
    if not found or not text:
        raise _no_run(f'no run is known by "{text}"')
    if len(found) > 1 and found[0].id != text.upper():
        raise WrongUse(
            f'several runs begin with "{text}"',
            code="wrong-use",
            remedy=f"write more of it: {', '.join(run.id for run in found[:5])}",
        )
    return found[0]


def _no_run(what: str) -> WrongUse:
    return WrongUse(what, code="wrong-use", remedy="see: connector runs")


def _company(settings: "Settings", state: "State | None") -> "CompanyName":
    if state is not None:
        return company_name(settings, state)
    return {"realm_id": settings.quickbooks.realm_id, "name": "", "environment": settings.quickbooks.environment}


@contextmanager
def kept_state(settings: "Settings") -> "Iterator[State | None]":
    """The state, or None where there is none; looking makes no state."""
    from connector.state.store import State  # noqa: PLC0415 - help needs no database

    if not State.exists(settings.state.url):
        yield None
        return
    state = State.open(settings.state.url, create=False)
    try:
        yield state
    finally:
        state.close()
