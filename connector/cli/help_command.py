"""``connector help``: every code that a message may carry, the exit codes, and the language of mappings."""

from collections.abc import Mapping
from difflib import get_close_matches
from textwrap import fill
from typing import Annotated, Final

import typer

from connector.cli.context import current
from connector.codes import CODES, EXIT_CODES
from connector.errors import WrongUse

__all__ = ["all_codes", "help_command"]

_WIDTH: Final = 96


def help_command(
    ctx: typer.Context,
    topic: Annotated[str | None, typer.Argument(metavar="[TOPIC]", help="mapping, exit-codes, or a code.")] = None,
) -> None:
    context = current(ctx)
    text = ctx.find_root().get_help() if topic is None else _explained(topic)
    if context.json:
        context.emit({"schema": "connector/help/1", "topic": topic, "text": text, "problems": []})
    elif topic is None:
        typer.echo(text)
    else:
        context.show(text)


def all_codes() -> Mapping[str, tuple[str, str]]:
    """Every code with its title and what it means and asks for."""
    from connector import mapping  # noqa: PLC0415 - only this command needs all of them at once
    from connector.quickbooks.faults import CODES as FAULTS_OF_QUICKBOOKS  # noqa: PLC0415 - as above

    return {
        **mapping.FAULT_CODES,
        **mapping.OUTCOME_CODES,
        **FAULTS_OF_QUICKBOOKS,
        **CODES,
    }


def _explained(topic: str) -> str:
    if topic == "exit-codes":
        return EXIT_CODES
    if topic == "mapping":
        from connector.cli.mapping_help import MAPPING  # noqa: PLC0415 - two screens of text

        return MAPPING
    codes = all_codes()
    found = next((code for code in codes if code.lower() == topic.lower()), None)
    if found is None:
        near = get_close_matches(topic, [*codes, "mapping", "exit-codes"], n=3)
        raise WrongUse(
            f"there is no help on {topic!r}",
            code="wrong-use",
            remedy=f"did you mean {' or '.join(near)}?" if near else "see: connector help exit-codes, help mapping",
        )
    title, text = codes[found]
    wrapped = "\n".join(fill(line, _WIDTH) for line in text.splitlines())
    return f"{found}: {title}\n\n{wrapped}"
