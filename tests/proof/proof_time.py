"""Time at the command of a test: the full ``settle_after`` goes by without a second of waiting."""

import mmap
import struct
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

import connector.cli.sync
import connector.sandbox.quickbooks.company
import connector.serve.turns
import connector.state.clock

_FORM = "d"


class ProofTime:
    """
    The boot clock of this machine and the clock of the pretend QuickBooks: both move on at a command, in every fork.

    The wall clock is neither: a test may set it as it likes.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, struct.calcsize(_FORM))
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while time passes."""
        self.younger = 0.0
        """By how many seconds less than really passed the boot clock moved on: a world that is put back is so young."""
        self.wall_apart = 0.0
        """By how many seconds a test has set the wall clock wrong; QuickBooks' own stays right."""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Let everything ask this clock, until the test is over."""
        boot = SimpleNamespace(**{**vars(time), "clock_gettime": self._boot})
        patch.setattr(connector.state.clock, "time", boot)
        patch.setattr(connector.sandbox.quickbooks.company, "time", SimpleNamespace(time=self._quickbooks))
        waits = SimpleNamespace(**{**vars(threading), "Event": lambda: _Waits(self)})
        for module in (connector.cli.sync, connector.serve.turns):
            patch.setattr(module, "threading", waits)

    @property
    def passed(self) -> float:
        """Seconds that went by at a test's command."""
        return float(struct.unpack_from(_FORM, self._shared)[0])

    def passes(self, seconds: float) -> None:
        """So much later."""
        self.meanwhile()
        self.is_again(self.passed + seconds)

    def is_again(self, passed: float) -> None:
        """The time of a world that is put back."""
        struct.pack_into(_FORM, self._shared, 0, passed)

    def _boot(self, which: int) -> float:
        return time.clock_gettime(which) + self.passed - self.younger

    def _quickbooks(self) -> float:
        return time.time() - self.wall_apart + self.passed


class _Waits(threading.Event):
    """Whoever waits for so many seconds finds that they went by."""

    def __init__(self, clock: ProofTime) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is None:
            return super().wait()
        if not self.is_set():
            self._clock.passes(timeout)
        return self.is_set()
