"""The moments at which a process can die: around every commit, note in the lock file and exchange; at any opcode."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import urllib3.connection

import connector.push
import connector.quickbooks.client
import connector.quickbooks.tokens
from connector.network import exchange
from connector.state.lock import CompanyLock
from connector.state.transactions import Transactions

_PUSH = str(Path(connector.push.__file__).parent)


class Points:
    """
    Counts moments, and kills this process at one of them.

    Args:
        at: Which, from 1; 0 for none.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self._gate = threading.Lock()
        self.names: list[str] = []
        self.n = 0

    def reached(self, what: str = "") -> None:
        with self._gate:
            self.n += 1
            if what:
                self.names.append(what)
            if self.n == self._at:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)

    def around(self, original: Callable[..., Any], what: str) -> Callable[..., Any]:
        def both(*arguments: Any, **more: Any) -> Any:
            self.reached(f"before {what}")
            result = original(*arguments, **more)
            self.reached(f"after {what}")
            return result

        return both


def around_effects(at: int) -> Callable[[], Callable[[], list[str]]]:
    """For a child: die at the ``at``-th moment around an effect; its own count where it lives."""

    def plant() -> Callable[[], list[str]]:
        points = Points(at)
        begun = Transactions._begun

        @contextmanager
        def counted(self: Transactions, chosen: Any, *, writing: bool) -> Iterator[Any]:
            with begun(self, chosen, writing=writing) as connection:
                yield connection
                if writing:
                    points.reached("before commit")
            if writing:
                points.reached("after commit")

        Transactions._begun = counted  # type: ignore[method-assign,assignment]
        CompanyLock.note_send = points.around(CompanyLock.note_send, "note")  # type: ignore[method-assign]
        for module in (connector.quickbooks.client, connector.quickbooks.tokens):
            module.exchange = points.around(exchange, "exchange")  # type: ignore[attr-defined]
        connection = urllib3.connection.HTTPConnection
        answer = connection.getresponse

        def sent(self: Any) -> Any:
            points.reached("sent")
            return answer(self)

        connection.getresponse = sent  # type: ignore[method-assign]
        return lambda: points.names

    return plant


def at_opcodes(at: int) -> Callable[[], Callable[[], int]]:
    """For a child: die at the ``at``-th opcode of the write protocol."""

    def plant() -> Callable[[], int]:
        points = Points(at)

        def inside(frame: FrameType, event: str, _: object) -> Any:
            if event == "opcode":
                points.reached()
            return inside

        def trace(frame: FrameType, event: str, _: object) -> Any:
            if not frame.f_code.co_filename.startswith(_PUSH):
                return None
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
            return inside

        threading.settrace(trace)
        sys.settrace(trace)
        return lambda: points.n

    return plant
