"""What ``connector doctor`` looks at and shows: every check, each with its remedy."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Final

from connector.cli.commands import existing
from connector.cli.context import Context
from connector.cli.failures import keep_trace, problems_of
from connector.doctor.check import Check
from connector.doctor.examine import examine
from connector.errors import SettingsInvalid
from connector.log import redact
from connector.report.columns import safe, show_line
from connector.report.problems import problem_data
from connector.settings import Settings

__all__ = ["as_document", "examined", "looked", "show_checks", "show_origins"]

_WORDS: Final = {"ok": "ok", "note": "note", "fault": "FAULT"}
_COLOURS: Final = {"ok": "", "note": "yellow", "fault": "red"}
_WHO: Final = {"operator": "the operator", "finance": "finance", "us": "us"}
_LONG: Final = 600
_LEAST: Final = 24  # columns; a narrower text is easier to read below its line
_INDENT: Final = "     "


def looked(context: Context) -> tuple[Settings | None, list[Check]]:
    """
    The settings with every check, a word on stderr before what takes its time.

    Where the settings cannot be read they are None, and their faults are all there is to tell.
    """
    try:
        settings = context.load_settings()
    except SettingsInvalid as error:
        return None, _of_settings(error)
    quiet = context.json or context.verbosity < 0
    tell = (lambda _: None) if quiet else context.say
    return settings, examined(settings, tell, lambda error: str(keep_trace(context, error)))


def examined(settings: Settings, tell: Callable[[str], None], keep_trace: Callable[[Exception], str]) -> list[Check]:
    """Every check of the settings; see ``examine``."""
    trial = next((f"connector {command.name}" for command in existing() if command.name == "notify"), None)
    return examine(settings, tell=tell, keep_trace=keep_trace, trial=trial)


def _of_settings(error: SettingsInvalid) -> list[Check]:
    return [
        Check("files", "settings", "fault", each.what, each.remedy, each.who, each.code, error.exit_code, each.source)
        for each in problems_of(error)
    ]


def as_document(settings: Settings | None, checks: Sequence[Check]) -> dict[str, object]:
    """The JSON document: every check, where the settings stand, and the faults once more as problems."""
    return {
        "schema": "connector/doctor/1",
        "checks": [
            {name: value if value is None else redact(value) for name, value in check.as_data().items()}
            for check in checks
        ],
        "settings": {} if settings is None else dict(sorted(settings.origins.items())),
        "problems": [problem_data(check.problem) for check in checks if check.state == "fault"],
    }


def show_origins(context: Context, settings: Settings) -> None:
    """Where each setting stands."""
    width = max(map(len, settings.origins), default=0)
    for name, place in sorted(settings.origins.items()):
        show_line(context.console, f" {safe(name):<{width}}  {safe(place, 200)}")
    context.show("")


def show_checks(context: Context, checks: Sequence[Check], *, whole: bool) -> None:
    """
    A line for each check, below it what to do, and in the end how many faults there are.

    Args:
        context: Where to.
        checks: What was found.
        whole: Whether everything was looked at.
    """
    areas = max(len(check.area) for check in checks)
    names = max(len(safe(check.check, 40)) for check in checks)
    before = ""
    for check in checks:
        area = check.area if check.area != before else ""
        _show(context, check, f" {safe(area):<{areas}}", f"{safe(check.check, 40):<{names}}")
        before = check.area
    context.show(f"\n {_sum(checks)}{'' if whole else '; the rest waits for the settings'}. Next: {_next(checks)}")


def _show(context: Context, check: Check, area: str, name: str) -> None:
    from rich.text import Text  # noqa: PLC0415 - not needed for JSON

    console = context.console
    head = f"{area}  {_WORDS[check.state]:<5}  {name}  "
    beside = console.width - len(head) - 1 >= _LEAST
    indent = " " * len(head) if beside else _INDENT
    lines = [line for text in check.what.splitlines() for line in _folded(safe(text, _LONG), console.width, indent)]
    if check.state != "ok" and check.remedy:
        whose = "" if check.who == "nobody" else f"  (for {_WHO[check.who or 'us']})"
        end = whose + (f" [{check.code}]" if check.code else "")
        lines += _folded(f"= {safe(check.remedy, _LONG)}{end}", console.width, indent)
    first = lines.pop(0) if beside and lines else ""
    line = Text(f"{head}{first}".rstrip())
    line.stylize(_COLOURS[check.state], len(area) + 2, len(area) + 7)
    console.print(line, soft_wrap=True)
    for folded in lines:
        show_line(console, f"{indent}{folded}")


def _folded(text: str, width: int, indent: str) -> list[str]:
    room = max(width - len(indent) - 1, 8)
    return textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False, subsequent_indent="  ") or [""]


def _sum(checks: Sequence[Check]) -> str:
    faults, notes = (sum(check.state == state for check in checks) for state in ("fault", "note"))
    told = "no fault" if not faults else "1 fault" if faults == 1 else f"{faults} faults"
    return told if not notes else f"{told}, 1 note" if notes == 1 else f"{told}, {notes} notes"


def _next(checks: Sequence[Check]) -> str:
    faults = [check for check in checks if check.state == "fault"]
    if any(check.code == "settings-missing" for check in faults):
        return "connector init"
    return "mend what is named above, then: connector doctor" if faults else "connector plan"
