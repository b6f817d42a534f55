"""Options that every command shares may stand before or after its name; here they are brought to the front."""

import re
from collections.abc import Iterator
from typing import Final

from connector.errors import WrongUse

__all__ = ["FLAGS", "VALUED", "arrange"]

VALUED: Final = ("-C", "--config", "--color", "--log-format")
FLAGS: Final = ("--json", "--no-progress", "--quiet", "--verbose", "--no-input", "--version")
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


def _value(option: str, waiting: Iterator[str]) -> str:
    value = next(waiting, None)
    if value is None:
        raise WrongUse(f"{option} needs a value", code="wrong-use", remedy="see: connector --help")
    return value


def _joined() -> tuple[str, ...]:
    return tuple(f"{name}=" for name in VALUED if name.startswith("--"))
