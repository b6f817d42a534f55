"""What every command is handed: the shared options, the settings, and where to write."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import typer

from connector import log
from connector.log import redact

if TYPE_CHECKING:
    from rich.console import Console

    from connector.settings import Settings

__all__ = ["ONLY_ERRORS", "Context", "current", "visible"]

ONLY_ERRORS = -2
"""The verbosity of ``-qq``."""

# Characters that move the cursor, colour the line, or turn the reading direction of what follows.
_UNSEEN = dict.fromkeys(
    (
        *(code for code in range(32) if chr(code) not in "\t\n"),
        *range(0x7F, 0xA0),
        0x061C,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ),
    "\ufffd",
)
_WIDE = 140
"""Columns where no terminal says how many: so wide that a sentence stays on one line, where programs look for it."""
_SILENT = ("help", "check", "completion")
"""Commands with nothing to log, as long as they look at files alone."""


@dataclass
class Context:
    """
    The shared options of one call and what follows from them.

    Args:
        command: The command's name, as in the schema of its JSON.
        path: The settings file that ``--config`` named; None: where it always is.
        verbosity: The number of ``-v`` less that of ``-q``.
        progress: Whether progress may be drawn on stderr.
        interactive: Whether a question would reach a person.
    """

    command: str
    path: Path | None = None
    json: bool = False
    color: Literal["auto", "always", "never"] = "auto"
    progress: bool = False
    interactive: bool = False
    verbosity: int = 0
    log_format: Literal["auto", "console", "json"] = "auto"
    emitted: bool = field(default=False, init=False)
    _settings: "Settings | None" = field(default=None, init=False, repr=False)

    def load_settings(self) -> "Settings":
        """
        The settings, read once.

        Raises:
            SettingsInvalid: They are missing or have faults.
        """
        if self._settings is None:
            from connector.settings import load  # noqa: PLC0415 - pydantic is not needed for help

            self._settings = load(self.path)
        return self._settings

    def start_log(self) -> None:
        """From here on what happens is logged, as the shared options say."""
        log.configure(self.log_format, self.verbosity)

    @property
    def loaded(self) -> "Settings | None":
        """The settings, where they were read already."""
        return self._settings

    @cached_property
    def console(self) -> "Console":
        """Results: stdout; with ``-qq`` nowhere."""
        console = self._open(sys.stdout)
        console.quiet = self.verbosity <= ONLY_ERRORS
        return console

    @cached_property
    def messages(self) -> "Console":
        """What is said beside the results: stderr."""
        return self._open(sys.stderr)

    def emit(self, document: Mapping[str, Any]) -> None:
        """Write the one JSON document of this call to stdout; a second one is a fault of ours."""
        if self.emitted:
            raise AssertionError("a command may write one JSON document")
        self.emitted = True
        sys.stdout.writelines(_written(document))
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """One message on stderr; its text may come from anywhere."""
        self._write("messages", sys.stderr, text)

    def show(self, text: str) -> None:
        """A part of the result on stdout; its text may come from anywhere."""
        if self.verbosity > ONLY_ERRORS:
            self._write("console", sys.stdout, text)

    def _write(self, name: Literal["console", "messages"], stream: TextIO, text: str) -> None:
        """Plain text; through the console only where it is open: it may be drawing, and rich takes its time."""
        clean = redact(visible(text))
        if name in self.__dict__:
            self.__dict__[name].out(clean, highlight=False)
        else:
            stream.write(f"{clean}\n")
            stream.flush()

    def _open(self, stream: TextIO) -> "Console":
        from rich.console import Console  # noqa: PLC0415 - as above

        coloured = self.color == "always" or (
            self.color == "auto" and stream.isatty() and not os.environ.get("NO_COLOR")
        )
        return Console(
            file=stream,
            force_terminal=coloured,
            no_color=not coloured,
            width=None if stream.isatty() else int(os.environ.get("COLUMNS") or _WIDE),
            highlight=False,
            markup=False,
            emoji=False,
        )


def _written(document: Mapping[str, Any]) -> Iterator[str]:
    """A key a line, and of a list an item a line: as quick as JSON is written, and memory stays flat."""
    from connector.state.columns import json_text  # noqa: PLC0415 - help needs no database

    for n, (name, value) in enumerate(document.items()):
        yield f"{',' if n else '{'}\n  {json_text(name)}: "
        if not isinstance(value, list):
            yield json_text(value)
            continue
        yield "["
        for m, item in enumerate(value):
            yield f"{',' if m else ''}\n    {json_text(item)}"
        yield "\n  ]"
    yield "\n}\n"


def current(context: typer.Context) -> Context:
    """
    The ``Context`` of the command that Typer is running.

    Its log starts here: a command that is used wrongly never comes so far, and need not wait for structlog.
    """
    found = cast("Context", context.find_root().obj)
    if found.command not in _SILENT:
        found.start_log()
    return found


def visible(text: str) -> str:
    """``text`` with every character replaced that would act on a terminal instead of being read."""
    return text.translate(_UNSEEN)
