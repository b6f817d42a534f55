"""``connector notify``: a test message through every channel."""

import typer

from connector.cli.context import current

__all__ = ["notify"]


def notify(ctx: typer.Context) -> None:
    from connector.cli.trials import try_channels  # noqa: PLC0415 - brings the channels and the state

    raise typer.Exit(try_channels(current(ctx)))
