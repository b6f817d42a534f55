"""Options that every command shares may stand before or after its name; here they are brought to the front."""

import re
from collections.abc import Iterator
from typing import Final

from connector.errors import WrongUse

__all__ = ["COMPLETE", "FLAGS", "VALUED", "arrange", "command_in", "is_daemon"]

VALUED: Final = ("-C", "--config", "--color", "--log-format")
FLAGS: Final = ("--json", "--no-progress", "--quiet", "--verbose", "--no-input", "--version")
COMPLETE: Final = "_CONNECTOR_COMPLETE"
"""Where the environment has it, a shell wants to know what the last word may become; see ``connector completion``."""
_COUNTED: Final = re.compile(r"-(q+|v+)")


def arrange(arguments: list[str]) -> tuple[list[str], list[str]]:
    """
    The shared options, and the rest: the command's name and what is its own.

    Nothing after ``--`` is touched.

    Raises:
        WrongUse: An option that needs a value is the last word.
    """
    shared: list[str] = []
    own: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            own += [argument, *waiting]
        elif argument in VALUED:
            shared += [argument, _value(argument, waiting)]
        elif argument in FLAGS or _COUNTED.fullmatch(argument) or argument.startswith(_joined()):
            shared.append(argument)
        elif argument.startswith("-C"):
            shared += ["-C", argument[2:]]
        else:
            own.append(argument)
    return shared, own


def command_in(own: list[str]) -> str:
    """The command's name among the words that ``arrange`` left; ``help`` where there is none."""
    return next((argument for argument in own if not argument.startswith("-")), "help")


def is_daemon(arguments: list[str]) -> bool:
    """Whether this is ``serve``, which signals do not break off."""
    try:
        return command_in(arrange(arguments)[1]) == "serve"
    except WrongUse:
        return False


def _value(option: str, waiting: Iterator[str]) -> str:
    value = next(waiting, None)
    if value is None:
        raise WrongUse(f"{option} needs a value", code="wrong-use", remedy="see: connector --help")
    return value


def _joined() -> tuple[str, ...]:
    return tuple(f"{name}=" for name in VALUED if name.startswith("--"))
