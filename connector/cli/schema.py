"""``connector schema``: the JSON Schemas with which an editor completes, explains and underlines mappings."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.context import Context, current
from connector.cli.targets import Target, settings_for, shown_from, targets
from connector.errors import WrongUse

if TYPE_CHECKING:
    from connector.cli.schema_file import SchemaFile
    from connector.mapping import Fault

__all__ = ["schema"]

_INVALID = 3


@dataclass(frozen=True, slots=True)
class _Written:
    target: Target
    shown: str
    file: "SchemaFile | None"
    faults: "tuple[Fault, ...]" = ()


def schema(
    ctx: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE|FILE]...", help="Connections or mapping files; without any: all of them."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Write them here instead of beside their mappings."),
    ] = None,
) -> None:
    context = current(ctx)
    settings = settings_for(context, what or [])
    root = Path.cwd() if settings is None else settings.folder
    named = {target.path.resolve(): target for target in targets(settings, what or [])}
    written: list[_Written] = []
    for target in named.values():
        done = _write(target, root, output)
        if done.file is not None and any(each.file and each.file.path == done.file.path for each in written):
            raise WrongUse(
                f"two mappings name the schema {done.file.path}",
                code="schema-name-taken",
                remedy="give each a name of its own in its first line, then run: connector schema",
            )
        written.append(done)
    faults = [fault for each in written for fault in each.faults]
    if context.json:
        context.emit(_document(written, root, faults))
    else:
        _show(context, written, root)
    if faults:
        raise typer.Exit(_INVALID)


def _write(target: Target, root: Path, folder: Path | None) -> _Written:
    from connector.cli.schema_file import write_schema  # noqa: PLC0415 - only this command needs the language
    from connector.mapping import MappingFaults  # noqa: PLC0415 - as above
    from connector.sources.registry import source_type  # noqa: PLC0415 - loads the source's own module

    shown = target.shown(root)
    try:
        return _Written(target, shown, write_schema(target.path, source_type(target.type), root, folder))
    except MappingFaults as error:
        return _Written(target, shown, None, error.faults)


def _document(written: list[_Written], root: Path, faults: "list[Fault]") -> dict[str, object]:
    return {
        "schema": "connector/schema/1",
        "schemas": [
            {
                "source": each.target.connection or each.target.type,
                "mapping": each.shown,
                "path": None if each.file is None else shown_from(root, each.file.path),
                "written": each.file is not None and each.file.changed,
                "named": each.file is not None and each.file.named,
                "fields": 0 if each.file is None else each.file.fields,
                "columns": 0 if each.file is None else each.file.columns,
                "tables_left_out": [] if each.file is None else list(each.file.unread),
            }
            for each in written
        ],
        "faults": [fault.as_json() for fault in faults],
        "problems": [],
    }


def _show(context: Context, written: list[_Written], root: Path) -> None:
    for each in written:
        for fault in each.faults:
            context.show(f"{fault.render()}\n")
    done = [(each, each.file) for each in written if each.file is not None]
    width = max((len(shown_from(root, file.path)) for _, file in done), default=0)
    for each, file in done:
        word = "written" if file.changed else "as it was"
        knows = f"{file.fields} fields, {file.columns} columns"
        context.show(f"{word:<9}  {shown_from(root, file.path):<{width}}  of {each.shown}: {knows}")
        for table in file.unread:
            context.show(f"{'':<11}the table {table} is left out: connector check says what is wrong with it")
        if not file.named:
            context.show(f"{'':<11}let the first line of {each.shown} be   # yaml-language-server: $schema={file.name}")
    if len(done) < len(written):
        context.show("Next: mend what it says, then connector schema")
    elif done:
        context.show("Next: open the mapping in an editor that knows YAML; in VS Code add Red Hat's extension YAML")
    else:
        context.show("The settings name no source. Next: add a section [sources.NAME]")
