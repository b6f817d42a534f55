"""``connector sandbox``: the pretend CAKE, Commission Factory and QuickBooks on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.context import current
from connector.errors import WrongUse

__all__ = ["sandbox"]


def sandbox(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port on 127.0.0.1; 0 takes a free one.")] = 8800,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Remember everything here across restarts.")] = None,
    scenario: Annotated[Path | None, typer.Option(metavar="FILE", help="How it starts, as JSON.")] = None,
) -> None:
    from connector.sandbox.server import serve  # noqa: PLC0415 - brings a web server

    context = current(ctx)

    def ready(url: str) -> None:
        context.say(
            f"CAKE                {url}/cake\n"
            f"Commission Factory  {url}/commission-factory\n"
            f"QuickBooks          {url}/quickbooks/v3\n"
            f"sign-in             {url}/oauth\n"
            f"control             {url}/control\n"
            "Stop it with Ctrl-C."
        )

    try:
        serve(port, data, scenario, ready)
    except ValueError as error:
        raise WrongUse(str(error), code="sandbox-scenario", remedy="mend the file, or leave the option out") from None
    except OSError as error:
        what = f"the sandbox cannot start: {error.strerror or error}"
        raise WrongUse(what, code="sandbox-start", remedy="choose another --port, --data or --scenario") from None
