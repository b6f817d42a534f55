"""``connector help``: every code and word that a message may carry, the exit codes, and the language of mappings."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from textwrap import fill
from typing import Annotated

import typer

from connector.cli.commands import existing
from connector.cli.context import current
from connector.cli.help_page import help_page, page_width
from connector.cli.words import WORDS
from connector.codes import CODES, EXIT_CODES
from connector.errors import WrongUse

__all__ = ["all_codes", "help_command"]


def help_command(
    ctx: typer.Context,
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]", help="A command, mapping, exit-codes, an exit code, or a word or code of a message."
        ),
    ] = None,
) -> None:
    context = current(ctx)
    text = help_page(ctx.find_root().command, "connector") if topic is None else _explained(topic.strip("[]"))
    if context.json:
        context.emit({"schema": "connector/help/1", "topic": topic, "text": text, "problems": []})
    else:
        typer.echo(text)


def all_codes() -> Mapping[str, tuple[str, str]]:
    """Every code with its title and what it means and asks for."""
    from connector import mapping  # noqa: PLC0415 - only this command needs all of them at once
    from connector.cli.codes import CODES as CODES_OF_COMMANDS  # noqa: PLC0415 - as above
    from connector.doctor.codes import CODES as CODES_OF_SETTING_UP  # noqa: PLC0415 - as above
    from connector.notices.codes import CODES as CODES_OF_NOTICES  # noqa: PLC0415 - as above
    from connector.plan.codes import CODES as CODES_OF_WORDS  # noqa: PLC0415 - as above
    from connector.quickbooks.faults import CODES as FAULTS_OF_QUICKBOOKS  # noqa: PLC0415 - as above
    from connector.state.codes import CODES as CODES_OF_STATE  # noqa: PLC0415 - as above
    from connector.tables.codes import CODES as CODES_OF_TABLES  # noqa: PLC0415 - as above

    return {
        **mapping.FAULT_CODES,
        **mapping.NOTE_CODES,
        **mapping.OUTCOME_CODES,
        **FAULTS_OF_QUICKBOOKS,
        **CODES_OF_COMMANDS,
        **CODES_OF_SETTING_UP,
        **CODES_OF_STATE,
        **CODES_OF_TABLES,
        **CODES_OF_WORDS,
        **CODES_OF_NOTICES,
        **CODES,
    }


def _explained(topic: str) -> str:
    if topic == "exit-codes":
        return EXIT_CODES
    if topic == "mapping":
        from connector.cli.mapping_help import MAPPING  # noqa: PLC0415 - two screens of text

        return MAPPING
    if topic.isdecimal():
        return _exit_code(topic)
    codes = {**WORDS, **all_codes()}
    wanted = re.sub(r"[\s_]+", "-", topic.strip()).lower()
    found = next((code for code in codes if code.lower() == wanted), None)
    if found is None:
        commands = [command.name for command in existing()]
        near = get_close_matches(wanted, [*codes, *commands, "mapping", "exit-codes"], n=3)
        raise WrongUse(
            f"there is no help on {topic!r}",
            code="wrong-use",
            remedy=f"did you mean {' or '.join(near)}?" if near else "see: connector help exit-codes, help mapping",
        )
    title, text = codes[found]
    wrapped = "\n".join(fill(line, page_width()) for line in text.splitlines())
    return f"{found}: {title}\n\n{wrapped}"


def _exit_code(number: str) -> str:
    """The lines of one exit code, as they stand in the list of all."""
    lines = EXIT_CODES.splitlines()
    first = next((n for n, line in enumerate(lines) if line.split()[:1] == [number]), None)
    if first is None:
        raise WrongUse(
            f"the connector never ends with {number}", code="wrong-use", remedy="see: connector help exit-codes"
        )
    last = next(n for n in range(first + 1, len(lines) + 1) if n == len(lines) or not lines[n].startswith(" " * 7))
    told = " ".join(line.strip() for line in lines[first:last]).removeprefix(number).strip()
    return f"Exit code {number}\n\n{fill(told, page_width())}\n\nAll of them: connector help exit-codes"
