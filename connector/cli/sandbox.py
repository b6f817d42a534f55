"""``connector sandbox``: the pretend CAKE, Commission Factory and QuickBooks on this machine."""

import textwrap
from collections.abc import Iterator
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
    switches: Annotated[
        bool, typer.Option("--switches", help="Print every switch and fault it has, and stop.")
    ] = False,
) -> None:
    from connector.sandbox.server import serve  # noqa: PLC0415 - brings a web server

    if switches:
        typer.echo("\n".join(_switches()))
        return
    context = current(ctx)

    def ready(url: str) -> None:
        context.say(
            f"CAKE                {url}/cake\n"
            f"Commission Factory  {url}/commission-factory\n"
            f"QuickBooks          {url}/quickbooks/v3\n"
            f"sign-in             {url}/oauth\n"
            f"control             {url}/control  (what it takes: {url}/control/help)\n"
            "Stop it with Ctrl-C."
        )

    try:
        serve(port, data, scenario, ready)
    except ValueError as error:
        raise WrongUse(str(error), code="sandbox-scenario", remedy="mend the file, or leave the option out") from None
    except OSError as error:
        what = f"the sandbox cannot start: {error.strerror or error}"
        raise WrongUse(what, code="sandbox-start", remedy="choose another --port, --data or --scenario") from None


def _switches() -> Iterator[str]:
    from connector.sandbox.switches import FAULTS, SWITCHES  # noqa: PLC0415 - not before it is asked for

    yield 'Switches hold until they are set again:  POST /control/switches {"requestids": "forget"}, or a scenario'
    for name, switch in SWITCHES.items():
        values = " | ".join(switch.choices) or ("false | true" if isinstance(switch.default, bool) else "number")
        default = str(switch.default).lower() if isinstance(switch.default, bool) else switch.default
        yield f"\n  {name} = {default}    {values}"
        yield textwrap.indent(textwrap.fill(switch.meaning, 110), "      ")
    yield '\nFaults hit one request:  POST /control/arm {"fault": "answer-500", "path": "/bill", "commit": true}'
    yield "  path (part of it), method, times (1) and skip (0) choose the requests; the rest is the fault's own."
    for name, fault in FAULTS.items():
        yield f"\n  {name}    {', '.join(sorted(fault.parameters))}".rstrip()
        yield textwrap.indent(textwrap.fill(fault.meaning, 110), "      ")
