"""``connector unmapped``: what needs a row of a table or a name in QuickBooks; from the state, without the network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.context import current
from connector.cli.look import kept_state
from connector.cli.sync import company_name
from connector.errors import WrongUse, exit_code_of

__all__ = ["unmapped", "written_to"]


def unmapped(
    ctx: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there as CSV, to hand on.")
    ] = None,
) -> None:
    from connector.sources.registry import source_type  # noqa: PLC0415 - only this command's
    from connector.state.store import State  # noqa: PLC0415 - as above
    from connector.tables.unmapped import unmapped_document, write_unmapped  # noqa: PLC0415 - as above
    from connector.tables.unmapped_text import show_unmapped  # noqa: PLC0415 - as above
    from connector.tables.waiting import find_waiting  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    with kept_state(settings) as kept:
        state = kept or State.empty()
        found = find_waiting(settings, state, source_type)
        document = unmapped_document(found, company_name(settings, state))
        read = bool(state.runs(1, settings.quickbooks.realm_id))
    if output is not None:
        with written_to(output):
            write_unmapped(output, document)
    if context.json:
        context.emit(document)
    else:
        show_unmapped(context.console, document, read=read)
    raise typer.Exit(exit_code_of({error.exit_code for error in found.errors}))


@contextmanager
def written_to(path: Path) -> Iterator[None]:
    """
    Around the writing of a file that a person named.

    Raises:
        WrongUse: ``file-not-writable``.
    """
    try:
        yield
    except OSError as error:
        what = f"{path} cannot be written: {error.strerror}"
        raise WrongUse(what, code="file-not-writable", remedy="name another file with -o") from None
