"""``connector auth login`` in this process or in one of its own, and the person in front of the browser."""

import contextlib
import io
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
from project import ROOT, Project, Ran

from connector.sandbox.credentials import REALM_ID

CONNECTOR = [sys.executable, "-m", "connector"]
ADDRESS = re.compile(r"^  (http\S+)\s*$", re.MULTILINE)
_FOLLOWS = """\
#!{python}
import requests, sys
answer = requests.get(sys.argv[1], timeout=20)
open({page!r}, "w").write(str(dict(answer.headers)) + answer.text)
open({went!r}, "w").write(answer.url)
"""


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def no_browser_here() -> dict[str, str]:
    """The environment of a process whose browser does nothing: the test is the person."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONNECTOR_", "COLUMNS"))}
    return kept | {"PYTHONPATH": str(ROOT), "BROWSER": "true"}


def a_browser(folder: Path) -> dict[str, str]:
    """The same with a browser that follows Intuit's redirect, and keeps the page and where it went."""
    script = folder / "browser"
    text = _FOLLOWS.format(python=sys.executable, page=str(folder / "page"), went=str(folder / "went"))
    script.write_text(text)
    script.chmod(0o755)
    return no_browser_here() | {"BROWSER": str(script)}


def agreed(address: str, **changes: str | None) -> str:
    """Agree at Intuit: where the browser is sent; ``changes`` are of the words in it, None takes one out."""
    answer = requests.get(address, allow_redirects=False, timeout=20)
    assert answer.status_code == 302, answer.text
    where = urlsplit(answer.headers["Location"])
    words = {name: value for name, value in (dict(parse_qsl(where.query)) | changes).items() if value is not None}
    return where._replace(query=urlencode(words)).geturl()


class Person(io.StringIO):
    """Stands in the place of standard input: reads what was said, opens the address, and pastes where that ended."""

    def __init__(self, opens: Callable[[str], str], said: Callable[[], str]) -> None:
        super().__init__()
        self._opens = opens
        self._said = said

    def readline(self, _size: int = -1) -> str:
        found = ADDRESS.search(self._said())
        assert found
        return f"{self._opens(found[1])}\n"


def log_in(project: Project, *words: str, opens: Callable[[str], str] = agreed) -> Ran:
    """``connector auth login --no-browser`` in this process, by a person who ends where ``opens`` says."""

    def said() -> str:
        return sys.stderr.getvalue()  # type: ignore[attr-defined]  # as `Project.run` has it

    before, sys.stdin = sys.stdin, Person(opens, said)
    try:
        return project.run("auth", "login", "--no-browser", *words)
    finally:
        sys.stdin = before


@dataclass
class Ended:
    """How it ended, what stood on stdout and on stderr."""

    code: int
    out: str
    said: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def problem(self) -> str:
        (found,) = re.findall(r"^error\[([a-z-]+)\]", self.said, re.MULTILINE)
        return found


class Running:
    """A login whose address a person opens somewhere, with a pipe for what they paste."""

    def __init__(self, project: Project, *words: str, env: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [*CONNECTOR, "auth", "login", *words],
            cwd=project.folder,
            env=env or no_browser_here(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said = ""

    @property
    def address(self) -> str:
        """The address that it prints."""
        assert self._process.stderr is not None
        while not (found := ADDRESS.search(self._said)):
            line = self._process.stderr.readline()
            assert line, self._said
            self._said += line
        return found[1]

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def ended(self, pasted: str = "") -> Ended:
        """Its end, after ``pasted`` and Enter."""
        out, said = self._process.communicate(pasted and f"{pasted}\n", timeout=60)
        return Ended(self._process.returncode, out, self._said + said)


class Terminal:
    """A command at a terminal, as a person sees it."""

    def __init__(self, project: Project, *words: str) -> None:
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(project.folder)
            os.execvpe(sys.executable, [*CONNECTOR, *words], no_browser_here() | {"TERM": "dumb"})
        self.seen = ""

    def until(self, text: str) -> str:
        """Everything seen so far, as soon as ``text`` is in it."""
        end = time.monotonic() + 60
        while text not in self.seen and time.monotonic() < end and self._read():
            pass
        assert text in self.seen, self.seen
        return self.seen

    @property
    def address(self) -> str:
        found = ADDRESS.search(self.seen.replace("\r\n", "\n"))
        assert found, self.seen
        return found[1]

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def ended(self) -> int:
        while self._read():
            pass
        os.close(self._terminal)
        _, status = os.waitpid(self._pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        if not select.select([self._terminal], [], [], 60)[0]:
            return False
        try:
            part = os.read(self._terminal, 4096)
        except OSError:
            return False
        self.seen += part.decode(errors="replace")
        return bool(part)


def without_a_token(project: Project) -> Project:
    """The settings hold no refresh token: who is not signed in stays outside."""
    settings = project.folder / "connector.toml"
    settings.write_text(settings.read_text().replace("refresh_token =", "# refresh_token ="))
    return project


def kept(project: Project) -> str | None:
    """The sign-in in the state, as it is encrypted."""
    if not (project.folder / "state.db").exists():
        return None
    with project.state() as state:
        return state.sign_in(REALM_ID)


@contextlib.contextmanager
def listening() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])
