"""``connector table``: a table to Excel, and back with every difference shown before it is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.context import current
from connector.cli.look import kept_state
from connector.cli.sync import confirmed, consent_missing, open_state
from connector.cli.unmapped import written_to
from connector.errors import WrongUse

if TYPE_CHECKING:
    from connector.settings import Settings
    from connector.state.store import State
    from connector.tables.importing import Target

__all__ = ["table"]

table = typer.Typer(no_args_is_help=True)

_Table = Annotated[
    str, typer.Argument(metavar="TABLE", help="Its name in the mapping; cake.vendors if several have it.")
]


@table.command("export", help="Write a table as a workbook: ids as text, names from lists, rows that are missing.")
def _export(
    ctx: typer.Context,
    name: _Table,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.xlsx", help="The workbook.")],
    online: Annotated[bool, typer.Option("--online", help="Ask QuickBooks for its names first.")] = False,
) -> None:
    from connector.report.whole_file import whole_file  # noqa: PLC0415 - only this command's
    from connector.sources.registry import source_type  # noqa: PLC0415 - as above
    from connector.tables.exporting import export_of  # noqa: PLC0415 - as above
    from connector.tables.importing import target_of  # noqa: PLC0415 - as above
    from connector.tables.to_excel import write_table  # noqa: PLC0415 - as above

    context = current(ctx)
    if output.suffix.lower() != ".xlsx":
        raise WrongUse(f"{output} would be no workbook", code="wrong-use", remedy="name a file that ends in .xlsx")
    settings = context.load_settings()
    target = target_of(settings, name)
    with _state(settings, online=online) as state:
        if online:
            _ask(settings, state, target)
        export = export_of(settings, state, target, source_type)
    with written_to(output), whole_file(output) as part:
        proposed = write_table(part, export)
    rows = len(export.saved.rows)
    if context.json:
        told = {"table": f"{target.source}.{target.table.name}", "file": target.table.shown, "to": str(output)}
        context.emit({"schema": "connector/table/1", **told, "rows": rows, "proposed": proposed, "problems": []})
        return
    more = f", and {proposed} that invoices wait for" if proposed else ""
    context.show(f"{output}: {rows} {'row' if rows == 1 else 'rows'} of {target.table.shown}{more}")
    if not export.choices:
        context.show("No names to choose from are known yet; QuickBooks is asked with --online, or by: connector plan")
    context.show(f"Next: edit it, save it, then: connector table import {output} {name}")


@table.command("import", help="Take over an edited workbook or CSV; shows the difference and asks first.")
def _import(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook or the CSV.")],
    name: _Table,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
) -> None:
    from connector.sources.registry import source_type  # noqa: PLC0415 - only this command's
    from connector.tables.difference_text import show_difference  # noqa: PLC0415 - as above
    from connector.tables.importing import (  # noqa: PLC0415 - as above
        import_document,
        prepare_import,
        require_usable,
        target_of,
    )

    context = current(ctx)
    settings = context.load_settings()
    target = target_of(settings, name)
    wanted = prepare_import(settings, target, file, source_type)
    if not context.json:
        show_difference(context.console, wanted.found, target.table.shown)
    if wanted.found:
        require_usable(settings, wanted, source_type)
    asks = context.interactive and not context.json
    if wanted.found and not (yes or asks):
        if context.json:
            context.emit(import_document(wanted, written=False))
        raise consent_missing(f"nothing was written; if it is right: connector table import {file} {name} --yes")
    agreed = bool(wanted.found) and (yes or confirmed(f"Write this to {target.table.shown}?"))
    if agreed:
        with written_to(target.table.path):
            wanted.write()
    if context.json:
        context.emit(import_document(wanted, written=agreed))
    elif agreed:
        context.show("\nWritten. Next: connector plan")
    else:
        context.show("\nNothing was written.")


def _ask(settings: "Settings", state: "State", target: "Target") -> None:
    """Bring the lists that names are chosen from up to date."""
    from connector.sources.registry import source_type  # noqa: PLC0415 - only this command's
    from connector.sync.company import open_company  # noqa: PLC0415 - brings QuickBooks
    from connector.tables.exporting import lists_wanted  # noqa: PLC0415 - as above

    opened = open_company(settings, state)
    with opened.company:
        for entity in lists_wanted(settings, target, source_type):
            opened.names.all(entity)


@contextmanager
def _state(settings: "Settings", *, online: bool) -> "Iterator[State]":
    """The state; an empty one where there is none and nobody is asked."""
    from connector.state.store import State  # noqa: PLC0415 - help needs no database

    if online:
        with open_state(settings, create=True) as state:
            yield state
        return
    with kept_state(settings) as kept:
        yield kept or State.empty()
