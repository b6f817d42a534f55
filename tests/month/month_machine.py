"""The connector's machine, seen from outside: its folder, its clocks, and the daemon that runs on it or does not."""

import contextlib
import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from month_clock import MonthClock
from project import ROOT, Ran

_SCRIPT = "import month_daemon\nclock = month_daemon.under_clock()\n{}\nmonth_daemon.run(clock)\n"
PLAIN = _SCRIPT.format("")
HERE = Path(__file__).parent
NOTICED = 31.0
"""Seconds within which a daemon is to see that its clock was set, or that the machine slept."""

_PATIENCE = 90.0
"""Real seconds after which a daemon that does not rest hangs."""


class Machine:
    """
    Args:
        folder: With settings and mappings.
        wrong: What is done to the daemon's code before it starts.
    """

    def __init__(self, folder: Path, clock: MonthClock, wrong: str = "") -> None:
        self.folder = folder
        self.clock = clock
        self.log = folder / "serve.log"
        self.tick_seconds = 0.1
        self._script = _SCRIPT.format(wrong)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._due = self._wakes = 0.0

    # The daemon.

    @property
    def up(self) -> bool:
        return self._daemon is not None

    def starts(self) -> None:
        """Start the daemon; it comes to rest."""
        with self.log.open("ab") as log:
            self._daemon = subprocess.Popen(
                [sys.executable, "-c", self._script, str(self.clock.path), "serve"],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._told(self.clock.world())
        self._rests()

    def stops(self) -> None:
        """SIGTERM, and it ends with 0."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGTERM)
        code = self._daemon.wait(_PATIENCE)
        self._gone()
        assert code == 0, (code, self._last_words())

    def is_killed(self) -> None:
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait()
        self._gone()

    def in_the_midst(self, share: float) -> None:
        """A tick is due, and such a share of the time that one takes goes by before anybody waits for it."""
        self.goes_to(self.clock.world() + NOTICED)
        self._told(self.clock.world() + self._next())
        time.sleep(share * self.tick_seconds)

    def _gone(self) -> None:
        assert self._daemon is not None
        for stream in (self._daemon.stdin, self._daemon.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        self._daemon = None

    def ends(self) -> None:
        """Whatever happened in the test, nothing of it is left."""
        if self._daemon is not None:
            self.is_killed()

    # Time.

    def goes_to(self, at: float) -> bool:
        """
        Let the time come up to a second since 1970, from one due run to the next; each does its work first.

        Returns:
            Whether a run was due on the way; one hop at most is made.
        """
        if not self.up:
            self.clock.is_now(at)
            return False
        due = self.clock.world() + self._next()
        self._told(min(at, due))
        began = time.monotonic()
        self._rests()
        if due <= at:
            self.tick_seconds += 0.2 * (time.monotonic() - began - self.tick_seconds)
        return due <= at

    def _next(self) -> float:
        """Seconds until a source is due; where the daemon has overslept that, until it wakes."""
        return self._due + 0.05 if self._due > 0 else max(self._wakes, 0.0) + 0.05

    def _told(self, at: float) -> None:
        assert self._daemon is not None
        assert self._daemon.stdin is not None
        self._daemon.stdin.write(f"{at}\n".encode())
        self._daemon.stdin.flush()

    def _rests(self) -> None:
        assert self._daemon is not None
        assert self._daemon.stdout is not None
        assert select.select([self._daemon.stdout], [], [], _PATIENCE)[0], f"it hangs: {self._last_words()}"
        line = self._daemon.stdout.readline()
        assert line, f"it died: {self._last_words()}"
        told = json.loads(line)
        self._due, self._wakes = told["due"], told["wakes"]

    # What is seen of it.

    def memory(self) -> dict[str, int]:
        """KiB of memory, open files and threads of the daemon."""
        assert self._daemon is not None
        of = Path(f"/proc/{self._daemon.pid}")
        status = (of / "status").read_text()
        numbers = {name: int(re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[1]) for name in ("VmRSS", "Threads")}
        return numbers | {"files": len(list((of / "fd").iterdir()))}

    def ran(self, source: str) -> list[float]:
        """When a source was run for, by the right time."""
        rows = (row.split() for row in self.clock.path.with_name("ran").read_text().splitlines())
        return [float(at) for name, at in rows if name == source]

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What the daemons of this machine have said, of one kind."""
        lines = (json.loads(line) for line in self.log.read_text().splitlines() if f'"{event}"' in line)
        return [line for line in lines if line["event"] == event]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What stands in the state."""
        with contextlib.closing(sqlite3.connect(self.folder / "state.db")) as state:
            return state.execute(sql).fetchall()

    def _last_words(self) -> str:
        return self.log.read_text()[-3000:]

    # The command line.

    def command(self, *arguments: str) -> Ran:
        """One command, under the machine's clocks; the daemon rests meanwhile."""
        ran = subprocess.run(
            [sys.executable, "-c", PLAIN, str(self.clock.path), *arguments],
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        told = json.loads(ran.stdout) if ran.stdout.startswith("{") else {}
        return Ran(ran.returncode, ran.stdout, ran.stderr, told)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    return kept | {"PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"}
