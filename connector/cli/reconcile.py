"""``connector reconcile``: the sources, the state and QuickBooks side by side, with the proof."""

import io
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TextIO, get_args

import typer

from connector.cli.context import Context, current
from connector.cli.sync import company_name, open_state
from connector.errors import WrongUse
from connector.report.whole_file import whole_file

if TYPE_CHECKING:
    from connector.reconcile import Reconciled
    from connector.report.run import CompanyName

__all__ = ["reconcile"]

_Format = Literal["terminal", "html", "xlsx", "csv", "json"]


def reconcile(
    ctx: typer.Context,
    period: Annotated[
        str | None, typer.Option("--period", metavar="YYYY-MM", help="Only invoices of one month.")
    ] = None,
    sources: Annotated[
        list[str] | None, typer.Option("-s", "--source", metavar="NAME", help="Only this source; repeat.")
    ] = None,
    form: Annotated[
        _Format | None,
        typer.Option(
            "--format",
            help="Default: as FILE ends (.html, .xlsx, .csv, .json), else terminal. xlsx needs -o.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write it here, in the place of what is there."),
    ] = None,
) -> None:
    from connector.reconcile import Reconciliation  # noqa: PLC0415 - brings the state, sources and QuickBooks
    from connector.report.reconciliation_text import show_reconciliation  # noqa: PLC0415 - as above
    from connector.report.terminal import show_problems  # noqa: PLC0415 - as above
    from connector.sync.selection import Selection, month_of  # noqa: PLC0415 - as above

    context = current(ctx)
    first, last = month_of(period) if period else (None, None)
    form = _chosen(form, output, as_json=context.json)
    settings = context.load_settings()
    on_stdout = "json" if context.json else form if output is None else None
    told = on_stdout in (None, "terminal")
    quiet = not told or context.verbosity < 0
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
                _save(output, form, found, company)
                if not quiet:
                    context.say(f"written to {output}")
            if on_stdout == "terminal":
                show_reconciliation(context.console, found)
            elif on_stdout is not None:
                context.emitted = True
                _write(_stdout(), on_stdout, found, company)
            show_problems(context.messages, found.problems)
            if told:
                _next_step(context, found)
            code = found.exit_code
    raise typer.Exit(code)


def _chosen(form: _Format | None, output: Path | None, *, as_json: bool) -> _Format:
    """
    The format that is meant, told before anything is read.

    Raises:
        WrongUse: It has nowhere to go.
    """
    if output is not None and not output.absolute().parent.is_dir():
        raise WrongUse(
            f"{output} cannot be written: there is no folder {output.parent}",
            code="file-not-writable",
            remedy="name another file with -o",
        )
    if form is None and output is not None:
        form = next((each for each in get_args(_Format) if output.suffix.lower() == f".{each}"), None)
    form = form or ("json" if as_json else "terminal")
    if output is None and form == "xlsx":
        raise WrongUse(
            "an Excel workbook needs a file to stand in", code="wrong-use", remedy="add: -o reconciliation.xlsx"
        )
    if output is None and as_json and form in ("csv", "html"):
        raise WrongUse(
            f"--json and --format {form} would both be written to stdout",
            code="wrong-use",
            remedy="leave one of them out, or name a file with -o",
        )
    return form


def _save(path: Path, form: _Format, found: "Reconciled", company: "CompanyName") -> None:
    try:
        with whole_file(path) as part:
            if form == "xlsx":
                from connector.report.reconciliation_xlsx import write_xlsx  # noqa: PLC0415 - seldom needed

                write_xlsx(part, found, company)
                return
            with part.open("w", encoding="utf-8", newline="") as file:
                _write(file, form, found, company)
    except OSError as error:
        raise WrongUse(
            f"{path} cannot be written: {error.strerror}", code="file-not-writable", remedy="name another file with -o"
        ) from None


def _write(stream: TextIO, form: _Format, found: "Reconciled", company: "CompanyName") -> None:
    """Any format that is text; the libraries of the others are loaded where they are asked for."""
    if form == "json":
        from connector.report.reconciliation import write_reconciliation  # noqa: PLC0415 - as above

        write_reconciliation(stream, found, company)
    elif form == "csv":
        from connector.report.reconciliation_csv import write_csv  # noqa: PLC0415 - as above

        write_csv(stream, found, company)
    elif form == "html":
        from connector.report.reconciliation_html import write_html  # noqa: PLC0415 - as above

        write_html(stream, found, company)
    else:
        from rich.console import Console  # noqa: PLC0415 - as above

        from connector.report.reconciliation_text import show_reconciliation  # noqa: PLC0415 - as above

        show_reconciliation(Console(file=stream, width=200, no_color=True, highlight=False), found)


def _stdout() -> TextIO:
    """The results, in UTF-8 whatever the terminal speaks, and with the line ends as they are written."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def _next_step(context: Context, found: "Reconciled") -> None:
    counts = Counter(row.family for row in found.rows())
    if found.problems:
        context.show("\n Next: mend what is named above, then: connector reconcile")
    elif counts["differ"] or counts["one-side"]:
        context.show("\n Next: mend it, or connector review accept INVOICE; then: connector reconcile")
    elif counts["needs-you"]:
        context.show("\n Next: mend what needs you, then: connector sync")
    elif counts["on-its-way"]:
        context.show("\n Next: connector sync")
    else:
        context.show("\n Nothing to do.")
