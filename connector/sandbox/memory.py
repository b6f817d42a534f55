"""--data: the company, the sign-in and the request ids in one JSON file, written after changes and at the end."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from connector.sandbox.affiliates import World
from connector.sandbox.quickbooks.company import Company, Deletion, Profile, Record, Remembered
from connector.sandbox.quickbooks.wire import decode, encode
from connector.sandbox.switches import SWITCHES
from connector.sandbox.tokens import Refresh

_FILE = "sandbox.json"
_PAUSE = 1.0


class Memory:
    """What outlives a restart, in a directory."""

    def __init__(self, directory: Path, company: Company, world: World) -> None:
        self._path = directory / _FILE
        self._company = company
        self._world = world
        self._saved = (-1, -1)

    def recall(self) -> bool:
        """Put back what was saved; False where nothing was. Raises ValueError for a file that cannot be read."""
        if not self._path.exists():
            return False
        try:
            _restore(self._company, self._world, decode(self._path.read_bytes()))
        except (KeyError, TypeError) as fault:
            raise ValueError(f"{self._path} is not a sandbox's memory: {fault!r}") from fault
        self._saved = self._revision()
        return True

    def save(self) -> None:
        """Write the file, whole or not at all."""
        self._saved, text = self._revision(), encode(_snapshot(self._company, self._world))
        self._write(text)

    @asynccontextmanager
    async def keeping(self, app: Starlette) -> AsyncIterator[None]:
        """The application's lifespan: saves while it runs and when it ends."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.save()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            if self._revision() != self._saved:
                self.save()

    def _revision(self) -> tuple[int, int]:
        return self._company.revision, self._world.version

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".fresh")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def _snapshot(company: Company, world: World) -> dict[str, Any]:
    records = {
        kind: [[str(record.created), str(record.changed), record.text] for record in held.values()]
        for kind, held in company.records.items()
    }
    tokens = company.tokens
    return {
        "profile": asdict(company.profile),
        "switches": {name: _plain(value) for name, value in company.switches.all().items()},
        "records": records,
        "sequences": company.sequences,
        "deletions": [[gone.kind, gone.id, str(gone.when)] for gone in company.deletions],
        "requests": {
            key: [held.status, held.body, str(held.when), held.print] for key, held in company.requests.items()
        },
        "access": {token: str(until) for token, until in tokens.access.items()},
        "refresh": {
            token: [str(held.issued), str(held.until), str(held.granted), held.replaced]
            for token, held in tokens.refresh.items()
        },
        "refreshes": tokens.count,
        "sources": {"cake": world.cake, "commission_factory": world.commission_factory},
    }


def _counts(name: str) -> bool:
    """Whether a switch is a number; fractions are kept as text."""
    default = SWITCHES[name].default
    return isinstance(default, int | float) and not isinstance(default, bool)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) else value


def _restore(company: Company, world: World, saved: dict[str, Any]) -> None:
    company.profile = Profile(**saved["profile"])
    company.switches.set({name: float(value) if _counts(name) else value for name, value in saved["switches"].items()})
    company.clear()
    for kind, rows in saved["records"].items():
        for created, changed, data in rows:
            company.restore(kind, Record(data, float(created), float(changed)))
    company.sequences.update(saved["sequences"])
    company.deletions = [Deletion(kind, key, float(when)) for kind, key, when in saved["deletions"]]
    company.requests = {
        key: Remembered(status, body, float(when), sent)
        for key, (status, body, when, sent) in saved["requests"].items()
    }
    company.tokens.access = {token: float(until) for token, until in saved["access"].items()}
    company.tokens.refresh = {
        token: Refresh(float(issued), float(until), float(granted), replaced)
        for token, (issued, until, granted, replaced) in saved["refresh"].items()
    }
    company.tokens.count = saved["refreshes"]
    world.cake.clear()
    world.commission_factory.clear()
    for kind, rows in saved["sources"].items():
        world.load(kind, rows)
