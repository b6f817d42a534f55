"""``connector serve``: run on the schedule until stopped."""

import typer

from connector.cli.context import current

__all__ = ["serve"]


def serve(ctx: typer.Context) -> None:
    from connector.cli.daemon import run_daemon  # noqa: PLC0415 - brings every room

    run_daemon(current(ctx))
