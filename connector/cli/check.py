"""``connector check``: mappings and tables read, and their examples run; nothing is sent and no key is needed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.context import Context, current
from connector.errors import SettingsInvalid, WrongUse

if TYPE_CHECKING:
    from connector.mapping import Fault
    from connector.settings import Settings, SourceSettings

__all__ = ["check"]

_SOURCE_LINE = re.compile(r"^source:\s*[\"']?([A-Za-z0-9_-]+)", re.MULTILINE)
_INVALID = 3


@dataclass(frozen=True, slots=True)
class _Target:
    """One mapping to check; ``connection`` is None for a file that no connection of the settings uses."""

    path: Path
    type: str
    connection: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class _Result:
    target: _Target
    shown: str
    faults: "tuple[Fault, ...]" = ()
    examples: int = 0
    tables: int = 0
    version: str | None = None
    payment_unused: bool = False


def check(
    ctx: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE|FILE]...", help="Connections or mapping files; without any: all of them."),
    ] = None,
) -> None:
    context = current(ctx)
    settings = _settings(context, what or [])
    root = Path.cwd() if settings is None else settings.folder
    results = [_checked(target, root) for target in _targets(settings, what or [])]
    faults = list(dict.fromkeys(fault for result in results for fault in result.faults))
    if context.json:
        context.emit(_document(results, faults))
    else:
        _show(context, results, faults)
    if faults:
        raise typer.Exit(_INVALID)


def _settings(context: Context, what: list[str]) -> "Settings | None":
    """The settings; None where there are none and the mappings were named as files, which say their own source."""
    try:
        return context.load_settings()
    except SettingsInvalid as error:
        if error.code == "settings-missing" and what and all(Path(name).is_file() for name in what):
            return None
        raise


def _targets(settings: "Settings | None", what: list[str]) -> list[_Target]:
    sources: Mapping[str, SourceSettings] = {} if settings is None else settings.sources
    known = {name: _Target(source.mapping, source.type, name, source.currency) for name, source in sources.items()}
    if not what:
        return list(known.values())
    found: list[_Target] = []
    for name in what:
        same = [target for target in known.values() if target.path.resolve() == Path(name).resolve()]
        if name in known:
            found.append(known[name])
        elif same:
            found += same
        else:
            found.append(_of_file(name, list(known)))
    return list(dict.fromkeys(found))


def _of_file(name: str, known: list[str]) -> _Target:
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
    return _Target(path, line[1])


def _checked(target: _Target, root: Path) -> _Result:
    from connector.mapping import MappingFaults, load  # noqa: PLC0415 - only this command needs the language
    from connector.sources.registry import source_type  # noqa: PLC0415 - loads the source's own module

    path = target.path.absolute()
    shown = (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
    try:
        mapping = load(target.path, source_type(target.type), root=root, currency=target.currency)
    except MappingFaults as error:
        return _Result(target, shown, error.faults)
    unused = mapping.payment and mapping.policy.paid_at_source == "ignore"
    return _Result(target, shown, (), len(mapping.examples), len(mapping.tables), mapping.version, unused)


def _document(results: list[_Result], faults: "list[Fault]") -> dict[str, object]:
    return {
        "schema": "connector/check/1",
        "mappings": [
            {
                "source": result.target.connection or result.target.type,
                "path": result.shown,
                "ok": not result.faults,
                "examples": result.examples,
                "tables": result.tables,
                "version": result.version,
                "payment_unused": result.payment_unused,
            }
            for result in results
        ],
        "faults": [fault.as_json() for fault in faults],
        "problems": [],
    }


def _show(context: Context, results: list[_Result], faults: "list[Fault]") -> None:
    good = [result for result in results if not result.faults]
    for fault in faults:
        context.show(f"{fault.render()}\n")
    width = max((len(result.shown) for result in good), default=0)
    for result in good:
        counts = f"{_count(result.tables, 'table')}, {_count(result.examples, 'example')}"
        unused = "; payment is not used: policy says   invoice paid at source: ignore" if result.payment_unused else ""
        context.show(f"ok  {result.shown:<{width}}  {counts}{unused}")
    if faults:
        context.show(f"{_count(len(faults), 'fault')}. Next: mend what it says, then connector check")
    elif results:
        context.show("Next: connector plan")
    else:
        context.show("The settings name no source. Next: add a section [sources.NAME]")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
