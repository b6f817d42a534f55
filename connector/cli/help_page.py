"""The page of ``--help``: usage, arguments, options and commands, as wide as the terminal and no wider."""

import shutil
from collections.abc import Iterable
from textwrap import wrap
from typing import Any, Final

from connector.errors import WrongUse

__all__ = ["asked_page", "help_page", "page_width", "value_word"]

_WIDEST: Final = 100
_NARROW: Final = 60
_FIRST: Final = 30  # a longer word has its explanation below it


def page_width() -> int:
    """The columns that a page may fill."""
    return max(_NARROW, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns))


def asked_page(command: Any, words: list[str]) -> str:
    """
    The page of the command that ``words`` name, an own command of a command included.

    Raises:
        WrongUse: There is no such command.
    """
    path = ["connector"]
    for word in words:
        below = getattr(command, "commands", None)
        if word.startswith("-") or below is None:
            break
        if word not in below:
            raise WrongUse(f"there is no command {word!r}", code="wrong-use", remedy=f"see: {' '.join(path)} --help")
        command = below[word]
        path.append(word)
    return help_page(command, " ".join(path))


def help_page(command: Any, path: str) -> str:
    """The page of one command as Typer made it."""
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    below = getattr(command, "commands", {})
    usage = ["Usage:", path, "[OPTIONS]", *map(_usage, arguments), *(["COMMAND"] if below else [])]
    width = page_width()
    lines = [" ".join(usage)]
    for paragraph in (command.help or "").split("\n\n"):
        lines += ["", *wrap(" ".join(paragraph.split()), width)]
    lines += _section("Arguments", [(_usage(each), each.help or "") for each in arguments], width)
    told = [(_spelled(each), _about(each)) for each in options]
    lines += _section("Options", [*told, ("-h, --help", "Show this page.")], width)
    for panel in dict.fromkeys(each.rich_help_panel or "Commands" for each in below.values()):
        rows = [
            (name, each.help or "") for name, each in below.items() if (each.rich_help_panel or "Commands") == panel
        ]
        lines += _section(str(panel), rows, width)
    if path != "connector":
        lines += ["", *wrap("Options of every command (--json, --config and others): connector --help", width)]
    return "\n".join(lines)


def value_word(option: Any) -> str:
    """What stands for the value of an option: ``FILE``, ``auto|always|never``, ``N``; empty for a switch."""
    if option.is_flag or option.count:
        return ""
    if option.metavar:
        return str(option.metavar)
    kind = option.type_descriptor
    if kind.is_choice:
        return "|".join(str(each) for each in kind.choices or ())
    return "N" if kind.annotation in (int, int | None) else option.name.upper()


def _usage(argument: Any) -> str:
    name = (argument.metavar or argument.name.upper()).strip(".")
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    word = bare if argument.required else f"[{bare}]"
    return f"{word}..." if argument.nargs != 1 else word


def _spelled(option: Any) -> str:
    short = next((name for name in option.opts if not name.startswith("--")), "")
    long = next((name for name in option.opts if name.startswith("--")), "")
    return f"{f'{short},' if short else '':<3} {long} {value_word(option)}".rstrip()


def _about(option: Any) -> str:
    told = option.help or ""
    if option.show_default and option.default not in (None, False, 0, "") and not callable(option.default):
        told = f"{told} [default: {option.default}]"
    return told


def _section(title: str, rows: Iterable[tuple[str, str]], width: int) -> list[str]:
    told = list(rows)
    if not told:
        return []
    first = min(_FIRST, max(len(word) for word, _ in told))
    lines = ["", title]
    for word, about in told:
        folded = wrap(about, width - first - 4, break_on_hyphens=False) or [""]
        if len(word) > first:
            lines.append(f"  {word}")
        else:
            lines.append(f"  {word:<{first}}  {folded.pop(0)}".rstrip())
        lines += [f"{'':<{first + 4}}{line}" for line in folded]
    return lines
