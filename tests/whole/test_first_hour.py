"""The first hour on a new server, walked in a real pseudo-terminal from an empty folder to the daemon; it is kept."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from login_world import ADDRESS, a_browser, agreed, free_port
from terminal import Answer, at_a_terminal

from connector.sandbox import credentials
from connector.sandbox.server import Sandbox

GOLDEN = Path(__file__).parent / "first_hour.txt"
INIT = (
    ("[sandbox]: ", ""),
    ("Company id", credentials.REALM_ID),
    ("Client id", credentials.CLIENT_ID),
    ("client secret", credentials.CLIENT_SECRET),
    ("Sources", "cake"),
    ("Address of CAKE", "{url}/cake"),
    ("CAKE API key", credentials.CAKE_KEY),
    ("Currency", "USD"),
    ("start_date [", "2026-01-01"),
)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"today": "2026-11-20", "cake_invoices": 6}')
    with Sandbox(scenario=scenario) as made:
        yield made


class Walk:
    """One person at one terminal, and what they saw."""

    def __init__(self, folder: Path, url: str, port: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.url = url
        self._more = {
            "CONNECTOR_QUICKBOOKS__API_URL": f"{url}/quickbooks/v3",
            "CONNECTOR_QUICKBOOKS__DISCOVERY_URL": f"{url}/oauth/discovery",
            "CONNECTOR_SERVE__HEALTH": f"127.0.0.1:{port}",
            "BROWSER": a_browser(folder.parent)["BROWSER"],
        }
        self.codes: list[int] = []
        self._shown = ""

    def types(self, words: str, *answers: tuple[str, Answer]) -> str:
        """Type a command and answer what it asks; what it showed."""
        code, shown = at_a_terminal(words.split(), self.folder, answers, self._more)
        self.codes.append(code)
        self._shown += f"$ connector {words}\n{shown}\n"
        return shown

    def soon(self, source: str) -> None:
        """Nobody waits a quarter of an hour for the first tick; and it comes after the doctor has been."""
        self._more[f"CONNECTOR_SOURCES__{source.upper()}__SCHEDULE"] = "every 15 seconds"

    @property
    def told(self) -> str:
        """All of it, without what differs from machine to machine and from hour to hour."""
        told = self._shown.replace(self.url, "http://127.0.0.1:SANDBOX").replace(str(self.folder), "FOLDER")
        for what, instead in _DIFFERS:
            told = re.sub(what, instead, told)
        return re.sub(r"[ \t]+$", "", told, flags=re.MULTILINE)


_DIFFERS = (
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "NOW"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC", "NOW"),
    (r"start_date \[\d{4}-\d\d-01\]", "start_date [FIRST OF THIS MONTH]"),
    (r"\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d", "DAY to DAY"),
    (
        r"answers; \d+ invoices dated DAY to DAY(\n +ok +keys[^=]*?total_payout)?",
        "answers; N invoices dated DAY to DAY",
    ),
    (r"FOLDER\s+can\s+be\s+written", "FOLDER can be written"),
    (r"[\d,]+\.\d GB free(, a disk of this machine \(.*\))?", "N GB free"),
    (r"until 20\d\d-\d\d-\d\d with", "until DAY with"),
    (r"on 20\d\d-\d\d-\d\d, in [\d,]+ days", "on DAY, in N days"),
    (r"(state|redirect_uri|login)=[^&\s]+", r"\1=…"),
    (r"localhost:\d+", "localhost:PORT"),
    (r"127\.0\.0\.1:\d+/(healthz|metrics)", r"127.0.0.1:PORT/\1"),
    (r"seconds=[\d.]+", "seconds=N"),
    (r"working=\[.*?\]", "working=[…]"),
    (r"--port \d+", "--port PORT"),
    (r"\b01[0-9A-HJKMNP-TV-Z]{24}\b", "RUN"),
)


def test_from_an_empty_folder_to_a_daemon_at_work(tmp_path: Path, sandbox: Sandbox) -> None:
    walk = Walk(tmp_path / "company", sandbox.url, free_port())

    walk.types("init", *((words, typed.format(url=sandbox.url)) for words, typed in INIT))
    walk.types(f"auth login --port {free_port()}")
    walk.types("auth logout")
    walk.types("auth login --no-browser", ("Paste it here", lambda seen: agreed(ADDRESS.search(seen)[1])))
    walk.types("doctor")
    walk.types("plan")
    walk.types("sync", ("[y/N]: ", "y"))
    walk.soon("cake")
    walk.types("serve", ("unchanged", "^C"))
    walk.types("status")

    if os.environ.get("REGENERATE_GOLDEN") == "1":
        GOLDEN.write_text(walk.told)
    assert walk.told == GOLDEN.read_text()
    assert walk.codes == [0, 0, 0, 0, 0, 0, 6, 0, 0]
    assert stat.S_IMODE((walk.folder / "connector.toml").stat().st_mode) == 0o600
    secrets = (credentials.CLIENT_SECRET, credentials.CAKE_KEY, credentials.REFRESH_TOKEN)
    assert not [secret for secret in secrets if secret in walk.told]
    bills = requests.get(f"{sandbox.url}/control/company", timeout=10).json()["Bill"]
    assert len(bills) == 5
