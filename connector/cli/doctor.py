"""``connector doctor``: is everything ready? Every check, each with its remedy."""

import typer

from connector.cli.context import current
from connector.errors import exit_code_of

__all__ = ["doctor"]


def doctor(ctx: typer.Context) -> None:
    from connector.cli.checks import as_document, looked, show_checks, show_origins  # noqa: PLC0415 - brings every room

    context = current(ctx)
    settings, checks = looked(context)
    if context.json:
        context.emit(as_document(settings, checks))
    else:
        if settings is not None and context.verbosity > 0:
            show_origins(context, settings)
        show_checks(context, checks, whole=settings is not None)
    raise typer.Exit(exit_code_of([check.exit_code for check in checks if check.state == "fault"]))
