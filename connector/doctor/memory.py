"""The state: where it stands, whether it is sound and of this version, and whether its disk has room."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.doctor.check import Check, fault, note, ok
from connector.errors import ConnectorError, Problem, StateInvalid
from connector.settings import Settings
from connector.state import file, verify
from connector.state.store import PATIENCE, SCHEMA, State, refuse_newer, schema_of
from connector.state.transactions import Transactions

__all__ = ["checks", "opened"]

_AREA = "state"


def checks(settings: Settings, tell: Callable[[str], None]) -> Iterator[Check]:
    """The file with its rows, then its disk; one that is not there is not made."""
    path = settings.state.path
    try:
        file.refuse_unsound(path)
    except StateInvalid as error:
        yield fault(_AREA, "file", error)
    else:
        if State.exists(settings.state.url):
            tell(f"looking through {path}")
            yield from _looked_through(path)
        else:
            yield ok(_AREA, "file", f"{path.name}: there is none yet; the first sync makes it")
    if path.parent.is_dir():
        yield _disk(path)


@contextmanager
def opened(settings: Settings) -> Iterator[State | None]:
    """The state as it stands, an empty one where there is none; None where only a change would let it be opened."""
    state = _open(settings)
    try:
        yield state
    finally:
        if state is not None:
            state.close()


def _open(settings: Settings) -> State | None:
    try:
        file.refuse_unsound(settings.state.path)
        schema = schema_of(settings.state.path) if State.exists(settings.state.url) else None
        if schema is None:
            return State.empty()
        return State.open(settings.state.url, create=False) if schema == SCHEMA else None
    except ConnectorError:
        return None


def _looked_through(path: Path) -> Iterator[Check]:
    try:
        schema = schema_of(path)
        if schema is not None:
            refuse_newer(path, schema)
        problems = verify.problems_of_file(path)
        counts = {}
        if schema == SCHEMA and not problems:
            kept = Transactions(path, patience=PATIENCE)
            try:
                problems, counts = verify.problems_of_rows(kept), verify.counts_of(kept)
            finally:
                kept.close()
    except ConnectorError as error:
        yield fault(_AREA, "file", error)
        return
    yield from (_unsound(problem) for problem in problems)
    size = f"{path.stat().st_size / 1e6:,.1f} MB"
    if schema not in (None, SCHEMA):
        what = f"{path.name}: {size}, of an older version (schema {schema}, this version's is {SCHEMA})"
        yield note(_AREA, "file", what, "connector state upgrade, which puts a copy beside it first")
    elif not problems:
        rows = "".join(f", {count:,} {name}" for name, count in counts.items())
        yield ok(_AREA, "file", f"{path.name}: sound, schema {SCHEMA}, {size}{rows}")


def _unsound(problem: Problem) -> Check:
    code = StateInvalid.exit_code
    return Check(_AREA, "file", "fault", problem.what, problem.remedy, problem.who, problem.code, code)


def _disk(path: Path) -> Check:
    low = file.lack_of_room(path)
    if low is not None:
        return fault(_AREA, "disk", low)
    kind = file.file_system(path.parent)
    free = f"{shutil.disk_usage(path.parent).free / 1e9:,.1f} GB free"
    return ok(_AREA, "disk", f"{free}, a disk of this machine ({kind})" if kind else free)
