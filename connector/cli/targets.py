"""The mappings that a command is about: those named on the command line, or all of the settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.context import Context
from connector.errors import SettingsInvalid, WrongUse

if TYPE_CHECKING:
    from connector.settings import Settings, SourceSettings

__all__ = ["Target", "settings_for", "shown_from", "targets"]

_SOURCE_LINE = re.compile(r"^source:\s*[\"']?([A-Za-z0-9_-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Target:
    """One mapping; ``connection`` is None for a file that no connection of the settings uses."""

    path: Path
    type: str
    connection: str | None = None
    currency: str | None = None

    def shown(self, root: Path) -> str:
        """The file as people see it: from ``root`` where it stands below."""
        return shown_from(root, self.path.absolute())


def shown_from(root: Path, path: Path) -> str:
    """A path as people see it: from ``root`` where it stands below, else as it was given."""
    whole = path.absolute()
    return (whole.relative_to(root) if whole.is_relative_to(root) else path).as_posix()


def settings_for(context: Context, what: list[str]) -> "Settings | None":
    """The settings; None where there are none and the mappings were named as files, which say their own source."""
    try:
        return context.load_settings()
    except SettingsInvalid as error:
        if error.code == "settings-missing" and what and all(Path(name).is_file() for name in what):
            return None
        raise


def targets(settings: "Settings | None", what: list[str]) -> list[Target]:
    """
    What was named, each once; without any all of the settings.

    Raises:
        WrongUse: ``check-what``: nothing has that name, or the file does not say its source.
    """
    sources: Mapping[str, SourceSettings] = {} if settings is None else settings.sources
    known = {name: Target(source.mapping, source.type, name, source.currency) for name, source in sources.items()}
    if not what:
        return list(known.values())
    found: list[Target] = []
    for name in what:
        same = [target for target in known.values() if target.path.resolve() == Path(name).resolve()]
        if name in known:
            found.append(known[name])
        elif same:
            found += same
        else:
            found.append(_of_file(name, list(known)))
    return list(dict.fromkeys(found))


def _of_file(name: str, known: list[str]) -> Target:
    path = Path(name)
    try:
        line = _SOURCE_LINE.search(path.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError:
        near = get_close_matches(name, known, n=1)
        raise WrongUse(
            f"there is no connection and no file {name!r}",
            code="check-what",
            remedy=f"did you mean {near[0]}?" if near else f"the connections are: {', '.join(known) or 'none'}",
        ) from None
    if line is None:
        raise WrongUse(
            f"{name} does not say which source it is for",
            code="check-what",
            remedy='add the line "source: cake", or name a connection of the settings',
        )
    return Target(path, line[1])
