"""What ``connector state`` does: a copy of the state, whether it is sound, and its upgrade."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from connector.cli.context import Context
from connector.errors import Problem, WrongUse
from connector.report.problems import problem_data, problem_lines
from connector.settings import Settings
from connector.state import file, verify
from connector.state.store import PATIENCE, SCHEMA, State, refuse_newer, schema_of, upgrade_older
from connector.state.transactions import Transactions, damaged

__all__ = ["back_up", "bring_up_to_date", "look_over"]

_DAMAGED: Final = 3


def back_up(context: Context, target: Path) -> None:
    """Copy it to a file that does not exist yet, also while others write."""
    settings, schema = _begun(context, "backup")
    path = settings.state.path
    if found := file.faults_in(path, thorough=False):
        raise damaged(f"{path} is damaged: {found[0]}")
    file.backup(path, target)
    size = target.stat().st_size
    if context.json:
        copy = {"path": str(target.absolute()), "bytes": size}
        _emit(context, {"state": str(path), "state_schema": schema, "copy": copy})
    else:
        context.show(f"{path} was copied to {target} ({_megabytes(size)}), and the copy is sound.")
        if settings.state.key_file.exists():
            context.show(f"Keep {settings.state.key_file} with it: without that key nobody can read the sign-in.")


def look_over(context: Context) -> int:
    """Tell whether the file is sound and its rows keep to the write protocol; the exit code."""
    settings, schema = _begun(context, "verify")
    path = settings.state.path
    problems = verify.problems_of_file(path)
    counts: dict[str, int] = {}
    if schema == SCHEMA and not problems:
        kept = Transactions(path, patience=PATIENCE)
        try:
            problems, counts = verify.problems_of_rows(kept), verify.counts_of(kept)
        finally:
            kept.close()
    files, free = file.private_files(path, settings.state.key_file), shutil.disk_usage(path.parent).free
    low = file.lack_of_room(path)
    warnings = [*file.open_to_others(files), *([low.problem] if low else [])]
    if context.json:
        modes = {each: each.stat().st_mode & 0o777 for each in files}
        beside = {"files": [{"path": str(each), "mode": f"{mode:04o}"} for each, mode in modes.items()]}
        told = {"state": str(path), "state_schema": schema, "rows": counts, **beside, "free_bytes": free}
        _emit(context, {**told, "warnings": [problem_data(each) for each in warnings]}, problems)
    else:
        _show(context, path, schema, problems, warnings)
        if counts:
            context.show(f"Rows: {', '.join(f'{name} {n:,}' for name, n in counts.items())}.")
        context.show(f"Free on its disk: {_megabytes(free)}.")
    return _DAMAGED if problems else 0


def bring_up_to_date(context: Context) -> None:
    """Bring the state of an older version to this one's, after a copy of it."""
    settings, schema = _begun(context, "upgrade")
    path = settings.state.path
    if schema != SCHEMA and (found := file.faults_in(path, thorough=True)):
        raise damaged(f"{path} is damaged: {found[0]}")
    copy = None if schema == SCHEMA else upgrade_older(path, schema, patience=PATIENCE)
    if context.json:
        _emit(context, {"state": str(path), "from": schema, "to": SCHEMA, "copy": None if copy is None else str(copy)})
    elif copy is None:
        context.show(f"{path} has schema {SCHEMA}, which is this version's. Nothing was done.")
    else:
        context.show(f"{path} was upgraded from schema {schema} to {SCHEMA}.\nAs it was before, it is kept as {copy}.")


def _begun(context: Context, what: str) -> tuple[Settings, str]:
    """
    The settings and the schema of the state, which is there and no newer than this version.

    Raises:
        WrongUse: ``state-missing``.
        StateInvalid: ``state-damaged``, ``state-newer``, ``state-unreachable`` or ``state-network-drive``.
    """
    context.command = f"state-{what}"
    settings = context.load_settings()
    path = settings.state.path
    file.refuse_unsound(path)
    schema = schema_of(path) if State.exists(settings.state.url) else None
    if schema is None:
        raise WrongUse(
            f"there is no state at {path}", code="state-missing", remedy="Run a sync, or correct [state] url."
        )
    refuse_newer(path, schema)
    return settings, schema


def _show(context: Context, path: Path, schema: str, problems: list[Problem], warnings: list[Problem]) -> None:
    for problem in problems:
        context.show("\n".join(problem_lines(problem.code, problem.what, problem.remedy, None)))
    if not problems:
        context.show(f"{path} is sound.")
    if schema != SCHEMA:
        context.show(f"It has schema {schema}: its rows are looked at after connector state upgrade, to {SCHEMA}.")
    for warning in warnings:
        context.show(f"warning[{warning.code}]: {warning.what}\n   = {warning.remedy}")


def _emit(context: Context, told: Mapping[str, Any], problems: list[Problem] | None = None) -> None:
    document = {"schema": f"connector/{context.command}/1", **told}
    context.emit({**document, "problems": [problem_data(each) for each in problems or ()]})


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
