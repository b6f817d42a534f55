"""``connector completion``: the shell offers commands, options and choices, and asks the connector which."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import typer

from connector.cli.arguments import COMPLETE
from connector.cli.context import current
from connector.cli.help_page import value_word

__all__ = ["completion", "offers"]

# Where nothing is offered, all three go on with the names of files.
_SCRIPTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bash": r"""
_connector() {
    local IFS=$'\n'
    local found=($(VARIABLE=1 "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
    COMPREPLY=("${found[@]%%$'\t'*}")
}
complete -o default -F _connector connector
""",
        "zsh": r"""
#compdef connector
_connector() {
    local -a found
    found=("${(@f)$(VARIABLE=1 $words[1] "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    found=("${(@)found:#}")
    found=("${(@)found//:/\\:}")
    found=("${(@)found/$'\t'/:}")
    (($#found)) && _describe word found || _files
}
compdef _connector connector
""",
        "fish": r"""
function __connector
    set -l line (commandline -opc)
    set -l word (commandline -ct)
    set -l found (VARIABLE=1 $line "$word" 2>/dev/null)
    if set -q found[1]
        string join \n -- $found
    else
        __fish_complete_path "$word"
    end
end
complete -c connector -f -a '(__connector)'
""",
    }
)


def completion(
    ctx: typer.Context, shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="bash|zsh|fish")]
) -> None:
    context = current(ctx)
    script = _SCRIPTS[shell].replace("VARIABLE", COMPLETE).strip()
    if context.json:
        context.emit({"schema": "connector/completion/1", "shell": shell, "script": script, "problems": []})
    else:
        typer.echo(script)


def offers(application: Any, words: list[str]) -> Iterator[str]:
    """
    What the last of the words may become: a word a line, a tab, and what it is about. No value is looked at.

    Args:
        application: The application as Typer made it, the command that the words name loaded.
        words: After the program's name; bash takes ``--color=al`` apart, so that ``=`` may be one of them.
    """
    *before, last = [word for word in words[:-1] if word != "="] + words[-1:] or [""]
    command, waiting = application, None
    for word in before:
        if waiting is not None:
            waiting = None
        elif word == "--":
            return
        elif word.startswith("-"):
            waiting = next((each for each in _options(application, command) if word in each.opts), None)
            waiting = waiting if waiting is not None and value_word(waiting) else None
        else:
            command = getattr(command, "commands", {}).get(word, command)
    if waiting is not None:
        found = _choices(waiting)
    elif last.startswith("-"):
        options = _options(application, command)
        found = {name: each.help or "" for each in options for name in each.opts} | {"--help": "Show this page."}
    else:
        found = {name: each.help or "" for name, each in getattr(command, "commands", {}).items()}
        for each in command.params:
            found |= _choices(each) if each.param_type_name == "argument" else {}
    typed = "" if last == "=" else last
    yield from (f"{name}\t{' '.join(about.split())}\n" for name, about in found.items() if name.startswith(typed))


def _options(application: Any, command: Any) -> list[Any]:
    """The command's own, and those that every command shares."""
    commands = [command] if command is application else [command, application]
    return [each for one in commands for each in one.params if each.param_type_name == "option"]


def _choices(parameter: Any) -> dict[str, str]:
    return {str(each): "" for each in parameter.type_descriptor.choices or ()}
