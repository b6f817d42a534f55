"""
The commands: where each one stands, and its line in the help.

A command's module is imported when the command runs, and at no other time; a module that is not there is not listed.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import typer

__all__ = ["COMMANDS", "Command", "add_commands", "existing"]

_DAILY: Final = "Every day"
_FINANCE: Final = "Finance"
_OPERATION: Final = "Set up and run"


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its function, or its Typer where it has commands of its own, and one line about it."""

    name: str
    panel: str
    module: str
    attribute: str
    line: str


COMMANDS: Final = (
    Command(
        "plan",
        _DAILY,
        "connector.cli.sync",
        "plan",
        "Every bill a sync would create, change, hold or refuse, and why.",
    ),
    Command("sync", _DAILY, "connector.cli.sync", "sync", "Show the plan, ask, then write it."),
    Command("status", _DAILY, "connector.cli.look", "status", "Last run, next run, what waits and for whom."),
    Command(
        "why",
        _DAILY,
        "connector.cli.look",
        "why",
        "The whole life of one invoice: fetched, rules that decided, attempts, bill, later changes.",
    ),
    Command(
        "runs",
        _DAILY,
        "connector.cli.look",
        "runs",
        'Past runs; "runs show ID" for one; "runs undo ID" plans removing that run\'s bills that are unpaid, unedited '
        "and in open books.",
    ),
    Command(
        "check",
        _FINANCE,
        "connector.cli.check",
        "check",
        "Check mappings and tables and run their examples. --online also compares names with QuickBooks; --watch.",
    ),
    Command(
        "preview",
        _FINANCE,
        "connector.cli.preview",
        "preview",
        "One invoice on the left, the rule that decided in the middle, the bill on the right.",
    ),
    Command(
        "diff",
        _FINANCE,
        "connector.cli.diff",
        "diff",
        'What an edited mapping would do to the invoices already seen ("3 of 214 bills would change").',
    ),
    Command(
        "unmapped",
        _FINANCE,
        "connector.cli.unmapped",
        "unmapped",
        "Values that need a table row or a QuickBooks name, biggest blocked amount first.",
    ),
    Command(
        "table",
        _FINANCE,
        "connector.cli.table",
        "table",
        "Tables to Excel and back: table export, table import (shows the difference first).",
    ),
    Command(
        "review",
        _FINANCE,
        "connector.cli.review",
        "review",
        "Held documents: list, approve, reject, skip; link INVOICE QBO_ID, unlink, recreate, accept.",
    ),
    Command(
        "reconcile",
        _FINANCE,
        "connector.cli.reconcile",
        "reconcile",
        "Source, connector and QuickBooks side by side, with the proof.",
    ),
    Command(
        "init",
        _OPERATION,
        "connector.cli.init",
        "init",
        "Ask a few questions; write connector.toml and a first mapping; --systemd prints a unit file.",
    ),
    Command(
        "auth",
        _OPERATION,
        "connector.cli.auth",
        "auth",
        "Sign in to QuickBooks: login (browser, or --no-browser to paste), status, logout.",
    ),
    Command(
        "doctor",
        _OPERATION,
        "connector.cli.doctor",
        "doctor",
        "Files, state, clock, sources, QuickBooks, notices: every check, each with its remedy.",
    ),
    Command("serve", _OPERATION, "connector.cli.serve", "serve", "Run on the schedule until stopped (the daemon)."),
    Command("state", _OPERATION, "connector.cli.state", "state", "The state: backup FILE, verify, upgrade."),
    Command("schema", _OPERATION, "connector.cli.schema", "schema", "Write the JSON Schemas for the editor."),
    Command(
        "notify",
        _OPERATION,
        "connector.cli.notify",
        "notify",
        "Send a test message through every configured channel.",
    ),
    Command(
        "sandbox",
        _OPERATION,
        "connector.cli.sandbox",
        "sandbox",
        "Serve the pretend CAKE, Commission Factory and QuickBooks on this machine.",
    ),
    Command("demo", _OPERATION, "connector.cli.demo", "demo", "The whole job, start to finish, against the sandbox."),
    Command(
        "completion",
        _OPERATION,
        "connector.cli.completion",
        "completion",
        "Print what lets a shell complete commands and options: completion bash, zsh or fish.",
    ),
    Command(
        "help",
        _OPERATION,
        "connector.cli.help_command",
        "help_command",
        "help mapping | help exit-codes | help CODE (any code a message carries).",
    ),
)


def existing() -> list[Command]:
    """The commands that are there, in the order of the help."""
    return [command for command in COMMANDS if importlib.util.find_spec(command.module) is not None]


def add_commands(app: typer.Typer, wanted: str | None) -> None:
    """Register every command: the wanted one for good, the others with their line alone."""
    for command in existing():
        found: Any = _unloaded
        if command.name == wanted:
            found = getattr(importlib.import_module(command.module), command.attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=command.name, help=command.line, rich_help_panel=command.panel)
        else:
            function: Callable[..., Any] = found
            app.command(command.name, help=command.line, rich_help_panel=command.panel)(function)


def _unloaded() -> None:
    raise AssertionError("a command that was not asked for cannot run")
