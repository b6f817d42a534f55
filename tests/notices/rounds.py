"""A daemon's day by hand: runs of real sources over the sandbox, the round after them, restarts in between."""

import datetime
from pathlib import Path
from typing import Any

from project import Project

from connector.cli.sync import company_name
from connector.notices.notices import Notices
from connector.sandbox.credentials import CAKE_KEY
from connector.serve.clock import trigger_of
from connector.serve.supervision import Supervision
from connector.serve.turns import Turns
from connector.settings import Settings, load
from connector.state.notices import Told
from connector.state.store import State

NOTIFY = '\n[notify]\nemail = {{to = ["ap@example.com"], smtp = "{smtp}"}}\nwebhook = "{webhook}"\n'


class Day:
    """One company with both channels, and its daemon."""

    def __init__(self, project: Project, smtp: str, webhook: str, channels: str = NOTIFY) -> None:
        self._project = project
        self._channels = channels.format(smtp=smtp, webhook=webhook)
        self.write()
        self.start()

    def write(
        self, *replace: tuple[str, str], schedule: str = "every 15 minutes", environment: str = "sandbox", **more: Any
    ) -> None:
        """The settings anew, some of their text replaced."""
        self._project.settings(more=f'schedule = "{schedule}"\nlookback_days = 3650', **more)
        path: Path = self._project.folder / "connector.toml"
        text = path.read_text().replace('environment = "sandbox"', f'environment = "{environment}"')
        for old, new in replace:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text + self._channels)

    def refuse_key(self) -> None:
        self.write((f'api_key = "{CAKE_KEY}"', 'api_key = "no key of anybody"'))

    def cut_off(self) -> None:
        """Nobody listens where CAKE was."""
        self.write((f'base_url = "{self._project.url}/cake"', 'base_url = "http://127.0.0.1:9/cake"'))

    @property
    def settings(self) -> Settings:
        return load(self._project.folder / "connector.toml")

    def start(self) -> None:
        settings = self.settings
        self.state = state = State.open(settings.state.url, patience=0.2)
        self.notices = notices = Notices(
            lambda: self.settings, state, lambda: company_name(settings, state), lambda text: trigger_of(text, "UTC")
        )
        self.turns = Turns(state, notices.after, self, Supervision(), failed=notices.failed, who="test", patience=1.0)

    def restart(self) -> None:
        self.state.close()
        self.start()

    def run(self, source: str = "cake", *, looks: int = 1) -> None:
        """The source's turn, and the round so often after it."""
        self.turns.work(self.settings, source)
        for _ in range(looks):
            self.notices.look()

    def told(self, channel: str) -> dict[str, Told]:
        return self.state.told(self.settings.quickbooks.realm_id, channel)

    # The timetable.

    def next_run(self, _: str) -> str | None:
        return None

    def again(self, _: str, seconds: float) -> None:
        pass


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
