"""``connector state``: a copy of the state, whether it is sound, and its upgrade."""

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.context import current
from connector.cli.help_page import asked_page

__all__ = ["state"]

state = typer.Typer(invoke_without_command=True)


@state.callback()
def _group(ctx: typer.Context) -> None:
    if ctx.invoked_subcommand is None:
        typer.echo(asked_page(ctx.find_root().command, ["state"]))


@state.command(help="Copy the state, also while others write. Keep state.key with the copy: it opens the sign-in.")
def backup(
    ctx: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
) -> None:
    from connector.cli.state_file import back_up  # noqa: PLC0415 - brings the state

    back_up(current(ctx), target)


@state.command(help="Whether the file is sound and its rows keep to the write protocol. Changes nothing.")
def verify(ctx: typer.Context) -> None:
    from connector.cli.state_file import look_over  # noqa: PLC0415 - as above

    raise typer.Exit(look_over(current(ctx)))


@state.command(help="Bring the state of an older version to this one's, after a copy of it.")
def upgrade(ctx: typer.Context) -> None:
    from connector.cli.state_file import bring_up_to_date  # noqa: PLC0415 - as above

    bring_up_to_date(current(ctx))
