"""
The signals that a daemon is sent, noted from its first moment on and acted upon when it comes to it.

Imported before everything else, and therefore light: until then a signal would end the process in its own way.
"""

import os
import queue
import signal
from types import FrameType
from typing import Final

__all__ = ["RELOAD", "note_signals"]

RELOAD: Final = signal.SIGHUP
_STDERR: Final = 2

# Its put may interrupt anything, its own get included; an event's set may not.
_noted: queue.SimpleQueue[int] = queue.SimpleQueue()


def note_signals() -> "queue.SimpleQueue[int]":
    """
    From now on no signal that asks to stop or to read the settings again interrupts anything: where they come in.

    SIGHUP asks to read the settings again, but for a terminal that was closed: its daemon stops.
    """
    at_terminal = os.isatty(_STDERR)

    def note(number: int, _frame: FrameType | None) -> None:
        hung_up = number == RELOAD and at_terminal and not os.isatty(_STDERR)
        _noted.put(signal.SIGTERM if hung_up else number)

    for number in (signal.SIGTERM, signal.SIGINT, RELOAD):
        signal.signal(number, note)
    return _noted
