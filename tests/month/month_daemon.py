"""
The connector's command line in a process of its own, under the month's clock.

``python month_daemon.py CLOCK ARGUMENTS``. A daemon is told through stdin until when the time has come, and answers on
stdout when all that was due by then is done: time stands still while somebody works.
"""

import contextlib
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

from month_clock import MonthClock, Until

_real_sleep = time.sleep


class Signals:
    """The daemon's queue of signals, whose one reader waits by the machine's clock."""

    def __init__(self, clock: MonthClock, signals: "queue.SimpleQueue[int]") -> None:
        self._clock = clock
        self._signals = signals
        self._until = 0.0

    @property
    def resting(self) -> bool:
        """Whether the reader waits for something that has not come."""
        return self._until > self._clock.monotonic()

    def get(self, timeout: float) -> int:
        self._until = self._clock.monotonic() + timeout
        try:
            while (left := self._until - self._clock.monotonic()) > 0 or not self._signals.empty():
                with contextlib.suppress(queue.Empty):
                    if number := self._signals.get(timeout=min(max(left, 0.0), 0.2)):
                        return number
        finally:
            self._until = 0.0
        raise queue.Empty

    def look(self) -> None:
        """The time has moved."""
        self._signals.put(0)


class Watched:
    """A daemon of which is known when it rests: nothing at work, and nobody waits for what has come already."""

    def __init__(self, clock: MonthClock) -> None:
        self._clock = clock
        self._beat = Until(clock)
        self._loop: Signals | None = None
        self._at_work = 0
        self._ran = clock.path.with_name("ran")
        self._count = threading.Lock()
        self._scheduler: Any = None
        clock.moved = self._look

    def install(self) -> None:
        """Only where the daemon waits for its time; what waits in a run goes by ``of_the_machine``."""
        from apscheduler.events import (  # noqa: PLC0415 - after the clock
            EVENT_JOB_ERROR,
            EVENT_JOB_EXECUTED,
            EVENT_JOB_MISSED,
            EVENT_JOB_SUBMITTED,
        )
        from apscheduler.schedulers import background  # noqa: PLC0415 - after the clock

        import connector.serve.daemon  # noqa: PLC0415 - after the clock
        from connector.serve.turns import Turns  # noqa: PLC0415 - after the clock

        watched, made = self, connector.serve.daemon.BackgroundScheduler

        def scheduler(**given: Any) -> Any:
            watched._scheduler = made(**given)
            watched._scheduler.add_listener(lambda _: watched._more(1), EVENT_JOB_SUBMITTED)
            ended = EVENT_JOB_EXECUTED | EVENT_JOB_ERROR | EVENT_JOB_MISSED
            watched._scheduler.add_listener(lambda _: watched._more(-1), ended)
            return watched._scheduler

        work, loop = Turns.work, connector.serve.daemon.Daemon.run

        def noted(turns: Turns, settings: Any, name: str) -> None:
            with watched._ran.open("a") as ran:
                ran.write(f"{name} {watched._clock.world()}\n")
            work(turns, settings, name)

        def watched_loop(daemon: Any, signals: "queue.SimpleQueue[int]", *given: Any) -> Any:
            watched._loop = Signals(watched._clock, signals)
            return loop(daemon, watched._loop, *given)  # type: ignore[arg-type]

        Turns.work = noted  # type: ignore[method-assign]
        connector.serve.daemon.Daemon.run = watched_loop  # type: ignore[method-assign]
        connector.serve.daemon.BackgroundScheduler = scheduler
        background.Event = lambda: self._beat

    def obey(self) -> None:
        """Move the time as told; tell when there is rest, and when a source is due again."""
        for line in sys.stdin:
            self._clock.is_now(float(line))
            while not self._rests():
                _real_sleep(0.001)
            print(json.dumps({"due": self._due(), "wakes": self._wakes()}), flush=True)
        os._exit(1)  # whoever commanded the time is gone

    def _rests(self) -> bool:
        waits = self._loop is not None and self._loop.resting and self._beat.resting
        return waits and self._at_work == 0

    def _due(self) -> float:
        jobs = [job for job in self._scheduler.get_jobs() if job.executor == "default"]
        return min(job.next_run_time.timestamp() for job in jobs) - self._clock.wall()

    def _wakes(self) -> float:
        until = self._beat.until
        return (until or 0.0) - self._clock.monotonic()

    def _look(self) -> None:
        self._beat.look()
        if self._loop is not None:
            self._loop.look()

    def _more(self, jobs: int) -> None:
        with self._count:
            self._at_work += jobs


def under_clock() -> MonthClock:
    """Take the clock that the command line names, and leave the rest of it to the connector."""
    clock = MonthClock(Path(sys.argv.pop(1)))
    clock.of_the_machine()
    return clock


def run(clock: MonthClock) -> None:
    if sys.argv[1] == "serve":
        watched = Watched(clock)
        watched.install()
        threading.Thread(target=watched.obey, daemon=True).start()
    from connector.cli import main  # noqa: PLC0415 - after the clock

    main()


if __name__ == "__main__":
    run(under_clock())
