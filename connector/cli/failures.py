"""How a failure reaches people and programs: one place decides the words, the JSON and the exit code."""

import os
import traceback
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from connector.cli.arguments import FLAGS, VALUED
from connector.cli.context import Context, visible
from connector.errors import ConnectorError, Problem, WrongUse
from connector.log import redact

__all__ = [
    "INTERRUPTED",
    "TERMINATED",
    "explain",
    "explain_misuse",
    "explain_our_fault",
    "keep_trace",
    "problems_of",
]

INTERRUPTED = 130
TERMINATED = 143
_OUR_FAULT = 1
_MISUSE = 2


def explain(context: Context, error: ConnectorError) -> int:
    """Say what is wrong and what to do; returns the exit code."""
    trace = keep_trace(context, error) if error.exit_code == _OUR_FAULT else None
    if context.json and not context.emitted and not isinstance(error, WrongUse):
        context.emit(_document(context, problems_of(error)))
    faults = getattr(error, "faults", ())
    if faults:
        count = "1 fault. Next: mend it" if len(faults) == 1 else f"{len(faults)} faults. Next: mend them"
        again = getattr(error, "again", "connector check")
        context.say("\n\n".join(fault.render() for fault in faults) + f"\n\n{count}, then: {again}")
    else:
        context.say(f"error[{error.code}]: {error.what}\n   = {error.remedy}")
    if trace is not None:
        context.say(f"   trace: {trace}")
    return error.exit_code


def problems_of(error: ConnectorError) -> list[Problem]:
    """Every fault of the error as a problem of its own, where it has several."""
    return [
        Problem(
            error.who,
            fault.code,
            f"{fault.place}: {fault.what}",
            getattr(fault, "remedy", "") or getattr(fault, "help", ""),
            getattr(fault, "source", error.source),
        )
        for fault in getattr(error, "faults", ())
    ] or [error.problem]


def explain_our_fault(context: Context, error: Exception) -> int:
    """Two lines for what nobody foresaw: what failed, and where the trace is."""
    what = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    trace = keep_trace(context, error)
    if context.json and not context.emitted:
        remedy = f"report it with the trace: {trace}"
        context.emit(_document(context, [Problem("us", "our-fault", what, remedy)]))
    context.say(f"error[our-fault]: connector {context.command} failed: {what}\n   trace: {trace}")
    return _OUR_FAULT


def explain_misuse(error: typer.TyperException, commands: list[str]) -> int:
    """Wrong use: what is wrong, the near miss, and where the help is. On stderr, never as JSON."""
    where = getattr(error, "ctx", None)
    told = getattr(error, "format_message", error.__str__)()
    option = getattr(error, "option_name", None)
    parameter = getattr(error, "param", None)
    path = where.command_path if where is not None else "connector"
    near: list[str] = []
    if parameter is not None:
        told, hint = _unfit(error, parameter, path)
    elif option is not None and not hasattr(error, "possibilities"):
        told = f"{option} takes no value" if "not take" in told else f"{option} needs a value"
    elif option is not None:
        own = [name for parameter in where.command.params for name in parameter.opts] if where is not None else []
        near = get_close_matches(option, [*own, *VALUED, *FLAGS, "--help"], n=1)
        told = f"there is no option {option}"
    elif told.startswith("No such command") and where is not None:
        told, near = _unknown_command(told, commands if path == "connector" else sorted(where.command.commands))
    elif "unexpected extra argument" in told:
        told = f"{path} has no use for: {told.rpartition('(')[2].rstrip(')')}"
    if parameter is None:
        hint = f"did you mean {near[0]}?" if near else f"see: {path} --help"
    Context("help").say(f"error[wrong-use]: {told}\n   = {hint}")
    return _MISUSE


def _unfit(error: typer.TyperException, parameter: Any, path: str) -> tuple[str, str]:
    """What is wrong with a value, or that it is missing, and what to write; in none of a library's words."""
    option = parameter.param_type_name == "option"
    name = max(parameter.opts, key=len) if option else (parameter.metavar or parameter.name.upper()).strip("[].")
    if hasattr(error, "param_type"):
        return f"{path} needs {'' if option else 'an ' if name[:1] in 'AEIOU' else 'a '}{name}", f"see: {path} --help"
    kind, least, most = parameter.type_descriptor, getattr(parameter, "min", None), getattr(parameter, "max", None)
    remedy = f"see: {path} --help"
    if kind.is_choice:
        remedy = f"write one of: {', '.join(str(each) for each in kind.choices or ())}"
    elif least is not None and most is not None:
        remedy = f"write a whole number from {least} to {most}"
    elif kind.annotation in (int, int | None):
        remedy = "write a whole number"
    return f"the value of {name} does not fit", remedy


def _unknown_command(told: str, known: list[str]) -> tuple[str, list[str]]:
    name = told.split("'")[1] if told.count("'") >= 2 else ""
    return f"there is no command {visible(name)!r}", get_close_matches(name, known, n=1)


def _document(context: Context, problems: list[Problem]) -> dict[str, object]:
    from connector.report.problems import problem_data  # noqa: PLC0415 - brings rich, which help does without

    return {"schema": f"connector/{context.command}/1", "problems": [problem_data(problem) for problem in problems]}


def keep_trace(context: Context, error: BaseException) -> Path | str:
    """The trace, without secrets, in the state's folder or the machine's temporary one; readable by its owner only."""
    import tempfile  # noqa: PLC0415 - only where we have failed

    text = redact("".join(traceback.format_exception(error)))
    name = f"connector-trace-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    beside = [context.loaded.state.path.parent] if context.loaded is not None else []
    for folder in (*beside, Path(tempfile.gettempdir())):
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        return folder / name
    return "could not be written"
