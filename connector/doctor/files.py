"""The settings: where each came from, and who may read what holds a secret."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from connector.doctor.check import Check, fault, note, ok
from connector.errors import StateInvalid
from connector.settings import Settings
from connector.state import file

__all__ = ["checks"]

_AREA = "files"
_WRITABLE_BY_OTHERS = 0o022


def checks(settings: Settings) -> Iterator[Check]:
    """The settings file and its modes, then the folder of the state."""
    yield ok(_AREA, "settings", f"{settings.path}: {_counted(settings)}")
    key_file = settings.state.key_file  # one that is open is a fault of the sign-in, and told there
    private = [*settings.secret_files, *file.private_files(settings.state.path, key_file)]
    closed = [each.absolute() for each in private if each.absolute() != key_file.absolute()]
    open_ones = file.open_to_others(dict.fromkeys(closed))
    for problem in open_ones:
        yield note(_AREA, "modes", problem.what, problem.remedy, problem.who, problem.code)
    if closed and not open_ones:
        yield ok(_AREA, "modes", "what holds a secret or the state is its owner's alone")
    yield from _folder(settings.state.path.parent)


def _counted(settings: Settings) -> str:
    """How many settings there are, and how many of them stand elsewhere than in the file."""
    places = Counter(_layer(place) for place in settings.origins.values())
    told = [f"{places.total()} settings, each of them known"]
    told += [f"{count} from the {name}" for name, count in sorted(places.items()) if name]
    return ", ".join(told)


def _layer(place: str) -> str:
    return next((name for name in ("environment", "secrets folder") if name in place), "")


def _folder(folder: Path) -> Iterator[Check]:
    if not folder.is_dir():
        return  # the state says so
    if not os.access(folder, os.W_OK | os.X_OK):
        error = StateInvalid(
            f"nothing can be written in {folder}",
            code="state-unreachable",
            remedy="give the user who runs this the right to write there, or name another place under [state] url",
        )
        yield fault(_AREA, "folder", error)
        return
    mode = folder.stat().st_mode & 0o7777
    if mode & _WRITABLE_BY_OTHERS:
        what = f"others may put files into {folder} and take the state's away (mode {mode:04o})"
        yield note(_AREA, "folder", what, f"run: chmod go-w {folder}", code="file-open")
    else:
        yield ok(_AREA, "folder", f"{folder} can be written, by its owner alone")
