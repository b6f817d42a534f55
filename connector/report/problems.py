"""A trouble in words and as data: what it is, once, and what to do about it."""

from connector.errors import Problem
from connector.log import redact
from connector.report.columns import safe

__all__ = ["problem_data", "problem_lines"]

_LONG = 400


def problem_data(problem: Problem) -> dict[str, str | None]:
    """One entry of ``problems`` in every JSON document."""
    return {
        "who": problem.who,
        "code": problem.code,
        "what": redact(problem.what),
        "remedy": redact(problem.remedy),
        "source": problem.source,
    }


def problem_lines(code: str, what: str, remedy: str, source: str | None) -> list[str]:
    """
    The lines of one trouble, safe for a terminal.

    A trouble of a mapping or of the settings comes as rendered text, with code, place and remedy in it: it is shown as
    it is. The source is named once, whether the words begin with it or not.
    """
    if what.startswith("error["):
        return [safe(line, _LONG) for line in what.splitlines()]
    named = source is None or what.lower().startswith((f"{source.lower()}:", f"{source.lower()} "))
    first, *more = what.splitlines() or [""]
    told = f"error[{code}]: {first}" if named else f"error[{code}]: {source}: {first}"
    return [safe(line, _LONG) for line in (told, *more, f"   = {remedy}")]
