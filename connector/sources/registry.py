"""Which sources there are: whatever is registered under the entry-point group ``connector.sources``."""

from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points
from typing import Final, cast

from connector.errors import SettingsInvalid
from connector.sources.source import Source

__all__ = ["source_type", "source_types"]

_GROUP: Final = "connector.sources"


def source_types() -> dict[str, type[Source]]:
    """Every source's class by its type's name, sorted by name."""
    return {name: _loaded(entry) for name, entry in sorted(_entries().items())}


def source_type(name: str) -> type[Source]:
    """
    The class of one type; no other is loaded.

    Raises:
        SettingsInvalid: There is no such type.
    """
    own = _own_entries()
    if name in own:
        return _loaded(own[name])
    entries = _entries()
    if name in entries:
        return _loaded(entries[name])
    near = get_close_matches(name, entries, n=1)
    raise SettingsInvalid(
        f"there is no source of the type {name!r}",
        code="source-type",
        remedy=f"did you mean {near[0]}?" if near else f"the types are: {', '.join(sorted(entries)) or 'none'}",
    )


@cache
def _own_entries() -> dict[str, EntryPoint]:
    """Those of the connector itself: found without a look at everything installed, and nobody takes their place."""
    try:
        ours = distribution("affiliate-connector").entry_points
    except PackageNotFoundError:  # run from its folder
        return {}
    return {entry.name: entry for entry in ours.select(group=_GROUP)}


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=_GROUP)}


def _loaded(entry: EntryPoint) -> type[Source]:
    return cast("type[Source]", entry.load())
