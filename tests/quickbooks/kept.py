"""The smallest stores that keep what they are given, and the settings of a company on loopback."""

import contextlib
import datetime
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connector.quickbooks.limiter import Limiter
from connector.quickbooks.names import Reference
from connector.quickbooks.signin import Stored
from connector.quickbooks.transport import Settings
from connector.sandbox.credentials import CLIENT_ID, CLIENT_SECRET, REALM_ID


@dataclass
class KeptSignIn:
    """A sign-in store in memory, with a lock that one thread holds at a time."""

    stored: Stored | None = None
    saves: list[Stored] = field(default_factory=list)
    fails: bool = False
    full: bool = False
    _lock: Any = field(default_factory=threading.Lock)

    def load(self) -> Stored | None:
        return self.stored

    def save(self, stored: Stored) -> None:
        if self.fails:
            raise OSError("the disk is full")
        self.saves.append(stored)
        self.stored = stored

    def forget(self) -> None:
        self.stored = None

    def ready(self) -> None:
        if self.full:
            raise OSError("the disk is full")

    def lock(self) -> contextlib.AbstractContextManager[object]:
        return self._lock


@dataclass
class KeptLists:
    """A cache of names in memory."""

    lists: dict[str, list[Reference]] = field(default_factory=dict)
    times: dict[str, datetime.datetime] = field(default_factory=dict)

    def load(self, entity: str) -> list[Reference]:
        return self.lists.get(entity, [])

    def as_of(self, entity: str) -> datetime.datetime | None:
        return self.times.get(entity)

    def save(self, entity: str, references: list[Reference], as_of: datetime.datetime) -> None:
        self.lists[entity] = references
        self.times[entity] = as_of


@dataclass
class KeptTimes:
    """What left in the last minute, by a clock that only a pause moves on."""

    now: float = 1000.0
    times: dict[str, list[float]] = field(default_factory=dict)
    paused: list[float] = field(default_factory=list)

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[dict[str, list[float]], float]]:
        yield self.times, self.now

    def pause(self, stop: threading.Event, seconds: float) -> bool:
        assert seconds > 0
        self.paused.append(seconds)
        self.now += seconds
        return stop.is_set()

    def limiter(self, *limits: int) -> Limiter:
        """At most so many requests a minute, requests a second, batches a minute; as good as none if not told."""
        return Limiter(*(limits or (100_000, 10_000, 10_000)), self, pause=self.pause)


def settings_for(url: str, **more: Any) -> Settings:
    given = {
        "api_url": f"{url}/quickbooks/v3",
        "discovery_url": f"{url}/oauth/discovery",
        "throttle_wait": 0.01,
        "timeout": 5.0,
    }
    return Settings("sandbox", REALM_ID, CLIENT_ID, CLIENT_SECRET, **(given | more))


def signed_in(token: str = "access-token-1") -> Stored:
    now = datetime.datetime.now(datetime.UTC)
    return Stored("refresh-1", None, token, now + datetime.timedelta(hours=1), None, None, now, REALM_ID, now)
