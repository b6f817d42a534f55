"""The round: what the runs came to is noted, and once a minute everybody is told what is due."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from connector.errors import ConnectorError, Problem
from connector.notices import gather
from connector.notices.channel import Channel
from connector.notices.channels import channels_of
from connector.notices.decide import DIGEST, decide
from connector.notices.digest import counted, digest_due, digest_of
from connector.notices.trouble import Message, Trouble
from connector.report.due import Trigger
from connector.report.run import CompanyName, company_title
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.notices import Told
from connector.state.store import State
from connector.sync.run import Run

__all__ = ["Notices"]

_log = structlog.get_logger("connector")


class Notices:
    """
    Tells people of the troubles of one company, through every channel of the settings.

    Each channel remembers in the state what it told: one that fails is behind, and no other is told twice. A message
    goes out before that is kept; a kill between the two sends it again, with the same mark.

    Args:
        settings: As they are now.
        company: The company as every document names it.
        trigger: The scheduler's form of a schedule.
    """

    def __init__(
        self, settings: Callable[[], Settings], state: State, company: Callable[[], CompanyName], trigger: Trigger
    ) -> None:
        self._settings = settings
        self._state = state
        self._company = company
        self._trigger = trigger
        self._lock = threading.Lock()
        self._met: dict[str, Sequence[Problem]] = {}
        """What the last run of each source met, of those that ran in this process."""
        self._not_paid: dict[str, str] = {}
        self._runs = 0
        self._waiting: tuple[int, list[dict[str, Any]]] = (-1, [])
        """What waits, and for whom, and after how many runs: only they change it much."""
        self._told: dict[str, dict[str, Told]] = {}
        self._kept: dict[str, dict[str, Told]] = {}
        self._said: dict[str, str] = {}

    # What the runs say.

    def after(self, run: Run, wrote: bool) -> None:
        """Note what a run of the daemon came to; nothing is sent here."""
        problems = run.outcome.problems
        with self._lock:
            self._not_paid.update(run.outcome.not_paid)
            self._runs += 1
            for source in run.sources:
                self._met[source] = [*problems, *([] if wrote else [gather.first_sync_missing(source)])]

    def failed(self, source: str, problem: Problem) -> None:
        """Note what ended the turn of a source before there was a run to tell of."""
        with self._lock:
            self._met[source] = [problem]

    # The round.

    def look(self) -> None:
        """Tell what is due; whatever fails is told in the log and tried again by the next."""
        settings = self._settings()
        with self._lock:
            # One that was taken out of the settings runs no more: nothing would ever mend what it met last.
            met = {source: problems for source, problems in self._met.items() if source in settings.sources}
            not_paid = dict(self._not_paid)
        channels = channels_of(settings)
        if not channels:
            return
        try:
            troubles = self._troubles(settings, met)
        except ConnectorError as error:
            troubles = list(gather.of_runs({"": [error.problem]}))
            unsure = {"", *settings.sources}  # what the state cannot tell may stand as ever
        else:
            unsure = {name for name in settings.sources if name not in met or met[name]}
        for channel in channels:
            try:
                self._tell(channel, settings, troubles, unsure, not_paid)
            except ConnectorError as error:
                self._say(channel.name, error.problem)
            except Exception as error:  # noqa: BLE001 - a bug in one channel must not silence the other
                _log.error("our fault", channel=channel.name, exc_info=error)

    def _troubles(self, settings: Settings, met: Mapping[str, Sequence[Problem]]) -> list[Trouble]:
        now = utc_now()
        found = [
            *gather.of_runs(met),
            *gather.of_clock(settings, self._state, met, now, self._trigger),
            *gather.of_waiting(self._groups(settings)),
        ]
        return list({trouble.key: trouble for trouble in reversed(found)}.values())[::-1]

    def _groups(self, settings: Settings) -> list[dict[str, Any]]:
        with self._lock:
            runs, (as_of, groups) = self._runs, self._waiting
        if as_of != runs:
            groups = self._read_groups(settings)
            with self._lock:
                self._waiting = (runs, groups)
        return groups

    def _read_groups(self, settings: Settings) -> list[dict[str, Any]]:
        return gather.waiting(settings, self._state, self._company(), utc_now(), self._trigger)

    def _tell(
        self,
        channel: Channel,
        settings: Settings,
        troubles: Sequence[Trouble],
        unsure: set[str],
        not_paid: Mapping[str, str],
    ) -> None:
        company = settings.quickbooks.realm_id
        if channel.name not in self._told:
            self._told[channel.name] = self._kept[channel.name] = self._state.told(company, channel.name)
        before = self._told[channel.name]
        decision = decide(troubles, before, utc_now(), company=self._titled(), unsure=unsure)
        told = decision.told
        messages = [*decision.messages, *self._digest(settings, told, not_paid)]
        try:
            for message in messages:
                delivered = channel.send(message)
                told = message.after(told)
                self._say(channel.name, None)
                _log.info("told", channel=channel.name, subject=message.subject, refused=delivered.refused or None)
        finally:
            self._told[channel.name] = told
            self._keep(company, channel.name)

    def _digest(self, settings: Settings, told: dict[str, Told], not_paid: Mapping[str, str]) -> list[Message]:
        """The digest, where it is due; where it is and nothing waits, that is remembered."""
        now, timezone, last = utc_now(), settings.serve.timezone, told.get(DIGEST)
        if last is None or last.told is None:
            told[DIGEST] = counted([], now)
            return []
        if not digest_due(last, now, timezone):
            return []
        groups = [group for group in self._read_groups(settings) if group["who"] == "finance"]
        posted = gather.posted_paid(self._state, settings.quickbooks.realm_id, last.told, not_paid)
        found = digest_of(groups, last, now, timezone=timezone, company=self._titled(), posted=posted)
        if found is None:
            told[DIGEST] = counted([], now)
            return []
        return [found]

    def _keep(self, company: str, channel: str) -> None:
        """Where the state takes nothing, this process knows what it told, and tries again."""
        told = self._told[channel]
        if told == self._kept[channel]:
            return
        try:
            self._state.keep_told(company, channel, list(told.values()))
        except ConnectorError as error:
            self._say("state", error.problem)
        else:
            self._kept[channel] = told
            self._say("state", None)

    def _titled(self) -> str:
        return company_title(self._company())

    def _say(self, about: str, problem: Problem | None) -> None:
        """In the log: what fails of the round, once for each way to fail, and that it works again."""
        what = "" if problem is None else problem.what
        if what == self._said.get(about, ""):
            return
        self._said[about] = what
        if problem is None:
            _log.info("notices work again", of=about)
        else:
            _log.warning("notices fail", of=about, code=problem.code, what=what, remedy=problem.remedy)
