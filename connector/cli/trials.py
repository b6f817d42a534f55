"""What ``connector notify`` does: a test message through every channel, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.cli.context import Context
from connector.cli.sync import company_name, open_state
from connector.errors import ConnectorError, Problem, SettingsInvalid, exit_code_of
from connector.notices.channel import Channel, refused
from connector.notices.channels import channels_of
from connector.notices.trouble import Message
from connector.notices.words import trial
from connector.report.columns import safe, show_line
from connector.report.problems import problem_data
from connector.report.run import company_title
from connector.state.clock import utc_now

__all__ = ["try_channels"]

_TITLES: Final = {"email": "e-mail", "webhook": "webhook"}
_LONG: Final = 400


@dataclass(frozen=True, slots=True)
class _Tried:
    """One channel, and what became of the test."""

    channel: str
    what: str
    problem: Problem | None = None
    exit_code: int = 0

    def as_data(self) -> Mapping[str, Any]:
        remedy = self.problem.remedy if self.problem else None
        return {"channel": self.channel, "ok": self.problem is None, "what": self.what, "remedy": remedy}


def _tried(channel: Channel, message: Message) -> _Tried:
    try:
        delivered = channel.send(message)
        if delivered.refused:
            raise refused(f"{delivered.what}, {delivered.refused}", "correct the addresses in [notify] email to")
    except ConnectorError as error:
        return _Tried(channel.name, error.what, error.problem, error.exit_code)
    return _Tried(channel.name, delivered.what)


def try_channels(context: Context) -> int:
    """
    Send it and tell what became of it; the exit code.

    Raises:
        SettingsInvalid: ``notice-nobody``: there is no channel.
    """
    settings = context.load_settings()
    channels = channels_of(settings)
    if not channels:
        raise SettingsInvalid(
            "nobody is told when something stops: [notify] names neither email nor webhook",
            code="notice-nobody",
            remedy='write [notify] with email = {to = ["…"], smtp = "smtp://…"}, webhook = "https://…", or both',
        )
    with open_state(settings, create=False) as state:
        company = company_name(settings, state)
    message = trial(company_title(company), utc_now())
    tried = []
    for channel in channels:
        if not context.json and context.verbosity >= 0:
            context.say(f"trying {_TITLES[channel.name]}")
        tried.append(_tried(channel, message))
    if context.json:
        problems = [problem_data(each.problem) for each in tried if each.problem]
        context.emit(
            {"schema": "connector/notify/1", "channels": [each.as_data() for each in tried], "problems": problems}
        )
    else:
        width = max(len(_TITLES[each.channel]) for each in tried)
        for each in tried:
            word = "FAULT" if each.problem else "ok"
            show_line(context.console, f" {_TITLES[each.channel]:<{width}}  {word:<5}  {safe(each.what, _LONG)}")
            if each.problem:
                end = f"= {safe(each.problem.remedy, _LONG)} [{each.problem.code}]"
                show_line(context.console, f" {'':<{width}}         {end}")
    return exit_code_of([each.exit_code for each in tried])
