"""``connector reconcile``: the sources, the state and QuickBooks side by side, with the proof."""

import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import typer

from connector.cli.context import Context, current
from connector.cli.sync import company_name, open_state
from connector.errors import WrongUse
from connector.reconcile import Reconciled, Reconciliation
from connector.report.reconciliation import write_reconciliation
from connector.report.reconciliation_text import show_reconciliation
from connector.report.run import CompanyName
from connector.report.terminal import show_problems
from connector.sync.selection import Selection, month_of

__all__ = ["reconcile"]

_Format = Literal["terminal", "json"]


def reconcile(
    ctx: typer.Context,
    period: Annotated[
        str | None, typer.Option("--period", metavar="YYYY-MM", help="Only invoices of one month.")
    ] = None,
    sources: Annotated[
        list[str] | None, typer.Option("-s", "--source", metavar="NAME", help="Only this source; repeat.")
    ] = None,
    form: Annotated[_Format | None, typer.Option("--format", help="Default: terminal.", show_default=False)] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it here.")] = None,
) -> None:
    context = current(ctx)
    first, last = month_of(period) if period else (None, None)
    settings = context.load_settings()
    form = form or ("json" if context.json else "terminal")
    as_json = context.json or (form == "json" and output is None)
    quiet = as_json or context.verbosity < 0
    with open_state(settings, create=False) as state:
        work = Reconciliation(
            settings,
            state,
            Selection(tuple(sources or ()), (), first, last),
            tell=(lambda _: None) if quiet else context.say,
        )
        with closing(work.run()) as found:
            company = company_name(settings, state)
            company["name"] = found.company or company["name"]
            if output is not None:
                _write(output, form, found, company)
                if not quiet:
                    context.say(f"written to {output}")
            if as_json:
                context.emitted = True
                write_reconciliation(sys.stdout, found, company)
            elif output is None:
                show_reconciliation(context.console, found)
            show_problems(context.messages, found.problems)
            if not as_json:
                _next_step(context, found)
            code = found.exit_code
    raise typer.Exit(code)


def _write(path: Path, form: _Format, found: Reconciled, company: CompanyName) -> None:
    from rich.console import Console  # noqa: PLC0415 - seldom needed

    try:
        with path.open("w", encoding="utf-8") as file:
            if form == "json":
                write_reconciliation(file, found, company)
            else:
                show_reconciliation(Console(file=file, width=200, no_color=True, highlight=False), found)
    except OSError as error:
        raise WrongUse(
            f"{path} cannot be written: {error.strerror}", code="wrong-use", remedy="name another file with -o"
        ) from None


def _next_step(context: Context, found: Reconciled) -> None:
    counts = Counter(row.family for row in found.rows())
    if found.problems:
        context.show("\n Next: mend what is named above, then: connector reconcile")
    elif counts["differ"] or counts["one-side"]:
        context.show("\n Next: mend or accept it (connector review accept), then: connector reconcile")
    elif counts["needs-you"]:
        context.show("\n Next: mend what needs you, then: connector sync")
    elif counts["on-its-way"]:
        context.show("\n Next: connector sync")
    else:
        context.show("\n Nothing to do.")
