"""
The command line at work.

``run`` brings the shared options to the front, imports the one command that was asked for, and turns whatever happens
into words, JSON and an exit code.
"""

import io
import itertools
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal, NoReturn

import typer
from typer.main import get_command

from connector.cli.arguments import COMPLETE, arrange, command_in, is_daemon
from connector.cli.commands import add_commands, existing
from connector.cli.context import ONLY_ERRORS, Context
from connector.cli.failures import INTERRUPTED, TERMINATED, explain, explain_misuse, explain_our_fault
from connector.cli.help_page import asked_page
from connector.errors import ConnectorError, WrongUse

__all__ = ["run"]

_HELP = ("-h", "--help")
_ABOUT = """Turns approved affiliate invoices into QuickBooks bills, once each, and proves it.

Sandbox unless connector.toml says production. Exit codes: connector help exit-codes"""


def run(arguments: list[str]) -> int:
    """Carry out what the words after the program's name ask for; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show is no reason to fail
    if not sys.stdout.isatty():
        os.environ.setdefault("_TYPER_FORCE_DISABLE_TERMINAL", "1")  # no colour in a file because of some CI variable
    if not is_daemon(arguments):
        signal.signal(signal.SIGTERM, _terminated)
    context = Context("help")
    try:
        code = (_complete if COMPLETE in os.environ else _obey)(context, arguments)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except ConnectorError as error:
        return explain(context, error)
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing can be said to anybody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except typer.TyperException as error:
        return explain_misuse(error, [command.name for command in existing()])
    except Exception as error:  # noqa: BLE001 - the last line of defence: every bug ends as two lines and a trace
        return explain_our_fault(context, error)


def _complete(context: Context, words: list[str]) -> None:
    """What a shell may offer for the last word."""
    from connector.cli.completion import offers  # noqa: PLC0415 - only a shell wants it

    with suppress(WrongUse):  # the word before is an option that waits for this one
        context.command = command_in(arrange(words[:-1])[1])
    sys.stdout.writelines(offers(get_command(_application(context)), words))


def _obey(context: Context, arguments: list[str]) -> object:
    """The page that was asked for, or whatever the command comes to."""
    shared, own = arrange(arguments)
    context.command = command_in(own)
    if not own:
        own = ["--help"] if "--version" not in shared else ["help"]
    if own[0] == "help" and any(command.name in own[1:2] for command in existing()):
        own = [*own[1:], "--help"]
        context.command = own[0]
    application = get_command(_application(context))
    if any(argument in _HELP for argument in itertools.takewhile(lambda argument: argument != "--", own)):
        typer.echo(asked_page(application, own))
        return 0
    return application([*shared, *own], prog_name="connector", standalone_mode=False)


def _application(context: Context) -> typer.Typer:
    app = typer.Typer(
        help=_ABOUT,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    def shared_options(  # noqa: PLR0917 - Typer hands them over by name
        call: typer.Context,
        config: Annotated[
            Path | None,
            typer.Option("-C", "--config", metavar="FILE", help="The settings; else CONNECTOR_CONFIG, connector.toml."),
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", metavar="", help="The result as one JSON document on stdout.")
        ] = False,
        color: Annotated[
            Literal["auto", "always", "never"],
            typer.Option("--color", help="Default auto: on a terminal without NO_COLOR.", show_default=False),
        ] = "auto",
        no_progress: Annotated[bool, typer.Option("--no-progress", metavar="", help="Draw no progress.")] = False,
        log_format: Annotated[
            Literal["auto", "console", "json"],
            typer.Option("--log-format", help="auto: text on a terminal, else JSON."),
        ] = "auto",
        quiet: Annotated[
            int,
            typer.Option(
                "-q", "--quiet", count=True, metavar="", show_default=False, help="Say less; -qq: errors alone."
            ),
        ] = 0,
        verbose: Annotated[
            int,
            typer.Option(
                "-v", "--verbose", count=True, metavar="", show_default=False, help="Say more; -vv: still more."
            ),
        ] = 0,
        no_input: Annotated[
            bool, typer.Option("--no-input", metavar="", help="Never ask; automatic without a terminal.")
        ] = False,
        show_version: Annotated[bool, typer.Option("--version", metavar="", help="Print the version.")] = False,
    ) -> None:
        if show_version:
            typer.echo(f"connector {_version()}")
            raise typer.Exit
        context.path, context.json, context.color, context.log_format = config, as_json, color, log_format
        context.verbosity = verbose - quiet
        context.progress = sys.stderr.isatty() and not no_progress and not quiet
        # Nobody can say yes to what -qq does not show.
        context.interactive = sys.stdin.isatty() and not no_input and context.verbosity > ONLY_ERRORS
        call.obj = context

    app.callback(invoke_without_command=True)(shared_options)
    add_commands(app, context.command)
    return app


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - half of what help takes

    try:
        return version("affiliate-connector")
    except PackageNotFoundError:
        return "(not installed)"


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(TERMINATED)
