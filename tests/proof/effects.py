"""
Every moment around an effect of a run, and every opcode of its core: something may happen at any of them.

All that the enumerations plant into the connector to count moments or to let operations fail stands in here and in
``failing_operations``; what the pieces are called is said once, below.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest
import urllib3.connection

import connector.push
import connector.quickbooks.client
import connector.quickbooks.tokens
import connector.sources.http
import connector.state
from connector.network import exchange
from connector.state.lock import CompanyLock
from connector.state.transactions import Transactions

EXCHANGES: Final = (connector.quickbooks.client, connector.quickbooks.tokens, connector.sources.http)
"""Who sends: each calls ``exchange`` under this name."""

_CORE: Final = (
    str(Path(connector.push.__file__).parent),
    *(str(Path(connector.state.__file__).parent / name) for name in ("requests.py", "lock.py", "transactions.py")),
)

Plant = Callable[[], Callable[[], Any]]
"""What a forked child does first; it gives back what tells its count."""


def dies() -> None:
    """Kill this process, as the power or the kernel would."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


class Moments:
    """
    Counts moments, and lets something happen at one of them.

    Args:
        at: Which, from 1; 0 for none.
    """

    def __init__(self, at: int, happens: Callable[[], None] = dies) -> None:
        self._at = at
        self._happens = happens
        self._gate = threading.Lock()
        self.names: list[str] = []
        self.n = 0

    def reached(self, what: str = "") -> None:
        with self._gate:
            self.n += 1
            if what:
                self.names.append(what)
            if self.n == self._at:
                self._happens()

    def around(self, original: Callable[..., Any], what: str) -> Callable[..., Any]:
        def both(*arguments: Any, **more: Any) -> Any:
            self.reached(f"before {what}")
            result = original(*arguments, **more)
            self.reached(f"after {what}")
            return result

        return both


def watch(patch: pytest.MonkeyPatch, moments: Moments) -> None:
    """
    Count the moments around every commit, note in the lock file and exchange, and that between send and receive.

    The new sign-in is kept by a commit too.
    """
    begun, answer = Transactions._begun, urllib3.connection.HTTPConnection.getresponse

    @contextmanager
    def counted(self: Transactions, chosen: Any, *, writing: bool) -> Iterator[Any]:
        with begun(self, chosen, writing=writing) as connection:
            yield connection
            if writing:
                moments.reached("before commit")
        if writing:
            moments.reached("after commit")

    def sent(self: Any) -> Any:
        moments.reached("sent")
        return answer(self)

    patch.setattr(Transactions, "_begun", counted)
    patch.setattr(CompanyLock, "_note", moments.around(CompanyLock._note, "note"))
    for module in EXCHANGES:
        patch.setattr(module, "exchange", moments.around(exchange, "exchange"))
    patch.setattr(urllib3.connection.HTTPConnection, "getresponse", sent)


def around_effects(at: int) -> Plant:
    """For a child: die at the ``at``-th moment around an effect; the names of all moments where it lives."""

    def plant() -> Callable[[], list[str]]:
        moments = Moments(at)
        watch(pytest.MonkeyPatch(), moments)
        return lambda: moments.names

    return plant


def at_opcodes(at: int) -> Plant:
    """For a child: die at the ``at``-th opcode of the write protocol and of its memory; their number where it lives."""

    def plant() -> Callable[[], int]:
        moments = Moments(at)

        def inside(frame: FrameType, event: str, _: object) -> Any:
            if event == "opcode":
                moments.reached()
            return inside

        def trace(frame: FrameType, event: str, _: object) -> Any:
            if not frame.f_code.co_filename.startswith(_CORE):
                return None
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
            return inside

        threading.settrace(trace)
        sys.settrace(trace)
        return lambda: moments.n

    return plant
