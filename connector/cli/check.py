"""``connector check``: mappings and tables read, and their examples run; nothing is sent and no key is needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.context import Context, current
from connector.cli.targets import Target, settings_for, targets

if TYPE_CHECKING:
    from connector.mapping import Fault

__all__ = ["check"]

_INVALID = 3


@dataclass(frozen=True, slots=True)
class _Result:
    target: Target
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
    settings = settings_for(context, what or [])
    root = Path.cwd() if settings is None else settings.folder
    results = [_checked(target, root) for target in targets(settings, what or [])]
    faults = list(dict.fromkeys(fault for result in results for fault in result.faults))
    if context.json:
        context.emit(_document(results, faults))
    else:
        _show(context, results, faults)
    if faults:
        raise typer.Exit(_INVALID)


def _checked(target: Target, root: Path) -> _Result:
    from connector.mapping import MappingFaults, load  # noqa: PLC0415 - only this command needs the language
    from connector.sources.registry import source_type  # noqa: PLC0415 - loads the source's own module

    shown = target.shown(root)
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
