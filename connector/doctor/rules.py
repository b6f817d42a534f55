"""The mappings: read with their tables, their examples run."""

from collections.abc import Iterator

from connector.doctor.check import Check, fault, ok
from connector.errors import SettingsInvalid
from connector.mapping import Mapping, MappingFaults
from connector.settings import Settings, SourceSettings
from connector.sync.pulling import mapping_of

__all__ = ["Loaded"]

_AREA = "mappings"


class Loaded:
    """
    The mappings of the settings.

    After ``checks``, ``loaded`` holds those without a fault, by the name of their connection.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.loaded: dict[str, Mapping] = {}

    def checks(self) -> Iterator[Check]:
        """A line for each mapping."""
        for name, source in self._settings.sources.items():
            yield self._read(name, source)
        if not self._settings.sources:
            error = SettingsInvalid(
                "the settings name no source, so there is nothing to read",
                code="setting-missing",
                remedy="add a section [sources.NAME]",
            )
            yield fault(_AREA, "sources", error)

    def _read(self, name: str, source: SourceSettings) -> Check:
        shown = source.mapping.absolute()
        if shown.is_relative_to(self._settings.folder):
            shown = shown.relative_to(self._settings.folder)
        try:
            mapping = mapping_of(self._settings, source)
        except MappingFaults as error:
            return _faulty(name, shown.as_posix(), error)
        self.loaded[name] = mapping
        tables, examples = _count(len(mapping.tables), "table"), _count(len(mapping.examples), "example")
        return ok(_AREA, name, f"{shown.as_posix()}: {tables}, {examples} as expected")


def _faulty(source: str, shown: str, error: MappingFaults) -> Check:
    first = error.faults[0]
    what = f"{shown}: {_count(len(error.faults), 'fault')}; the first, {first.place}: {first.what}"
    remedy = "see all of it with: connector check"
    return Check(_AREA, source, "fault", what, remedy, error.who, first.code, error.exit_code, source)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
