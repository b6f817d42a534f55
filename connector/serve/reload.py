"""The settings read again while the daemon runs: taken over whole, or refused with every fault and left as they are."""

from collections.abc import Collection, Iterator
from typing import Any, Final

import structlog

from connector.errors import ConnectorError, SettingsInvalid
from connector.serve.clock import scheduled
from connector.settings import SettingFault, Settings, SettingsFaults, load
from connector.sync.pulling import mapping_of

__all__ = ["broken_mappings", "changed", "read_again"]

_FIXED: Final = (
    "state.url",
    "state.key_file",
    "state.key",
    "quickbooks.realm_id",
    "quickbooks.environment",
    "serve.health",
)
"""What the daemon stands on: its memory, its company, its own address."""

_log = structlog.get_logger("connector")


def read_again(now: Settings) -> Settings | None:
    """The settings as their file, the secrets and the environment have them now; None, and why in the log, if not."""
    try:
        new = load(now.path)
        scheduled(new)
        _require_fixed(now, new)
    except SettingsInvalid as error:
        faults = _tell(error, str(now.path))
        _log.error("not reloaded", faults=faults, what="the daemon goes on under the settings that it had")
        return None
    return new


def broken_mappings(settings: Settings) -> list[str]:
    """The sources whose mapping has faults, each of them in the log: they stop at their next run, the others go on."""
    broken = []
    for name, source in settings.sources.items():
        try:
            mapping_of(settings, source)
        except ConnectorError as error:
            _tell(error, str(source.mapping), name)
            broken.append(name)
    return broken


def changed(old: Settings, new: Settings) -> list[str]:
    """
    The settings that differ, by their names: ``sources.cake.schedule``; no values, which may be secrets.

    Of a source that only one of the two has none is named.
    """
    both = old.sources.keys() & new.sources.keys()
    before, after = dict(_leaves(old, both)), dict(_leaves(new, both))
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _leaves(settings: Settings, sources: Collection[str]) -> Iterator[tuple[str, Any]]:
    """Every setting that has a value, by its name; of these sources alone, with their own options."""
    yield from _below(settings.model_dump(by_alias=True, exclude={"sources"}))
    for name in sources:
        source = settings.sources[name]
        yield from _below({**source.model_dump(), **source.options}, f"sources.{name}.")


def _below(section: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _below(value, f"{path}{key}.")
        elif value is not None:
            yield f"{path}{key}", value


def _require_fixed(now: Settings, new: Settings) -> None:
    moved = set(changed(now, new))
    faults = [
        SettingFault(
            "setting-needs-restart",
            f"[{section}] {key} cannot change while the daemon runs",
            "restart the daemon, or write back what stood there",
            new.origin(name),
        )
        for name in _FIXED
        if name in moved
        for section, key in [name.split(".")]
    ]
    if faults:
        raise SettingsFaults(faults)


def _tell(error: ConnectorError, file: str, source: str | None = None) -> int:
    """A line for each fault; how many there are."""
    faults = getattr(error, "faults", ()) or (error,)
    for fault in faults:
        _log.error(
            "fault",
            code=fault.code,
            source=getattr(fault, "source", None) or source,
            place=str(getattr(fault, "place", file)),
            what=fault.what,
            remedy=getattr(fault, "remedy", None) or getattr(fault, "help", None),
        )
    return len(faults)
