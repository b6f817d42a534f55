"""A project whose sign-in several processes use at once, and children that can be killed in the middle of it."""

import json
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cryptography.fernet  # noqa: F401 - here, so that not every child has to load it
import urllib3.connection
from project import Project

import connector.quickbooks.tokens
from connector.errors import ConnectorError
from connector.network import exchange
from connector.quickbooks.signin import SignIn
from connector.sandbox.credentials import REALM_ID
from connector.settings import load
from connector.state.store import State
from connector.state.transactions import Transactions
from connector.sync.company import connection
from connector.sync.sign_in import sign_in_of

Work = Callable[["SignIn"], Any]


class Company:
    """One company's sign-in; with ``in_state`` it stands in the state, else beside where a state would stand."""

    def __init__(self, project: Project, *, in_state: bool) -> None:
        self.project = project
        self.in_state = in_state
        self.file = project.folder / f"state.db.{REALM_ID}.sign-in"
        if in_state:
            State.open(self._url).close()

    @contextmanager
    def sign_in(self) -> Iterator[SignIn]:
        """As a process of its own has it."""
        settings = load(self.project.folder / "connector.toml")
        state = State.open(self._url, create=False) if self.in_state else State.empty()
        try:
            yield sign_in_of(settings, state, connection(settings))
        finally:
            state.close()

    def token(self) -> str:
        with self.sign_in() as sign_in:
            return sign_in.access_token()

    def asked(self) -> int:
        """How often Intuit was asked for tokens."""
        return sum(each["path"].endswith("/token") for each in self.project.control("requests"))

    @property
    def _url(self) -> str:
        return f"sqlite:///{self.project.folder / 'state.db'}"

    # Children.

    def at_once(self, how_many: int, work: Work) -> list[Any]:
        """What so many processes came to that set to work at the same moment; a ConnectorError as its code."""
        waiting, go = os.pipe()
        children = []
        for n in range(how_many):
            told = self.project.folder / f"child-{n}.json"
            children.append((self._fork(lambda told=told: self._do(work, told, waiting, go)), told))
        os.close(waiting)
        os.close(go)  # the starting gun: whoever reads meets the end
        found = []
        for pid, told in children:
            assert os.waitpid(pid, 0)[1] == 0, told.read_text() if told.exists() else "no word"
            found.append(json.loads(told.read_text()))
            told.unlink()
        return found

    def child(self, plant: Callable[[], Callable[[], Any]], work: Work) -> tuple[bool, Any]:
        """One process, changed by ``plant``: whether it was killed, and what it planted came to."""
        told = self.project.folder / "child.json"
        told.unlink(missing_ok=True)

        def do() -> None:
            ended = plant()
            with self.sign_in() as sign_in:
                _outcome(work, sign_in)
            told.write_text(json.dumps(ended()))

        _, status = os.waitpid(self._fork(do), 0)
        self.project.control("switches")  # whatever reached the services before is worked through
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0, status
        return killed, json.loads(told.read_text()) if told.exists() else None

    def _do(self, work: Work, told: Path, waiting: int, go: int) -> None:
        os.close(go)
        with self.sign_in() as sign_in:
            os.read(waiting, 1)
            told.write_text(json.dumps(_outcome(work, sign_in)))

    @staticmethod
    def _fork(do: Callable[[], None]) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 70
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)
            do()
            code = 0
        except BaseException:  # noqa: BLE001 - a child of a test must never come back into pytest
            traceback.print_exc()
        finally:
            os._exit(code)


def _outcome(work: Work, sign_in: SignIn) -> Any:
    try:
        return work(sign_in)
    except ConnectorError as error:
        return error.code


class Moments:
    """
    The moments of a refresh at which a process can die: around each exchange, commit and step of a file.

    Args:
        at: The moment to die at, from 1; 0 for none.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self._method = ""
        self.names: list[str] = []

    def plant(self) -> Callable[[], list[str]]:
        """For a child: count, and die."""
        begun = Transactions._begun

        @contextmanager
        def counted(state: Transactions, chosen: Any, *, writing: bool) -> Iterator[Any]:
            with begun(state, chosen, writing=writing) as transaction:
                yield transaction
                self._reached("before commit", writing)
            self._reached("after commit", writing)

        Transactions._begun = counted  # type: ignore[method-assign,assignment]
        for name in ("fsync", "replace", "link", "unlink"):
            setattr(os, name, self._around(getattr(os, name), name))
        connector.quickbooks.tokens.exchange = self._exchange  # type: ignore[attr-defined]
        connection = urllib3.connection.HTTPConnection
        answer = connection.getresponse

        def sent(conn: Any) -> Any:
            self._reached(f"sent {self._method}")
            return answer(conn)

        connection.getresponse = sent  # type: ignore[method-assign]
        return lambda: self.names

    def _exchange(self, session: Any, method: str, *arguments: Any, **more: Any) -> Any:
        self._method = method
        return self._around(exchange, method)(session, method, *arguments, **more)

    def _around(self, original: Callable[..., Any], what: str) -> Callable[..., Any]:
        def both(*arguments: Any, **more: Any) -> Any:
            self._reached(f"before {what}")
            result = original(*arguments, **more)
            self._reached(f"after {what}")
            return result

        return both

    def _reached(self, what: str, counts: bool = True) -> None:
        if counts:
            self.names.append(what)
            if len(self.names) == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)
