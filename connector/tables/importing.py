"""An import from file to file: what would change, whether every mapping could use it, and the writing."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from connector.errors import MappingInvalid, WrongUse
from connector.invoice import Declaration
from connector.mapping import Fault, MappingFaults, NamedTable, load, named_tables
from connector.settings import Settings, SourceSettings
from connector.tables.columns import prefilled
from connector.tables.difference import Difference, difference, is_information
from connector.tables.incoming import Incoming, read_incoming
from connector.tables.saved import SavedTable, replace_table
from connector.tables.sheet import read_sheet
from connector.tables.to_excel import shown_in_excel

__all__ = ["Import", "ImportFaults", "Target", "import_document", "prepare_import", "require_usable", "target_of"]


class ImportFaults(MappingFaults):
    """Raised when a file cannot be imported as it is; nothing was written."""

    again = "connector table import   (nothing was written)"


@dataclass(frozen=True, slots=True)
class Target:
    """A table of a source's mapping, as the settings have it."""

    source: str
    settings: SourceSettings
    table: NamedTable


@dataclass(frozen=True)
class Import:
    """
    What an import would do.

    Args:
        before: What the table's file holds; None where there is none.
        given: What a person wants imported.
    """

    target: Target
    before: bytes | None
    given: Incoming
    found: Difference

    def write(self) -> None:
        """
        Write it.

        Raises:
            MappingInvalid: ``table-changed``.
            OSError: The folder takes no file.
        """
        replace_table(self.target.table.path, self.before, self.found.data)


def target_of(settings: Settings, text: str) -> Target:
    """
    The table that ``text`` means: ``vendors``, or ``cake.vendors`` where several sources have one.

    Raises:
        WrongUse: ``table-unknown`` or ``table-ambiguous``.
        MappingFaults: The mapping that would name it cannot be read.
    """
    known: dict[str, Target] = {}
    broken: list[MappingFaults] = []
    for name, source in settings.sources.items():
        try:
            tables = named_tables(source.mapping, root=settings.folder)
        except MappingFaults as faults:
            broken.append(faults)
            continue
        known.update({f"{name}.{table.name}": Target(name, source, table) for table in tables.values()})
    found = {name: each for name, each in known.items() if text in (name, each.table.name)}
    if not found and broken:
        raise broken[0]
    if not found:
        near = get_close_matches(text, [*known, *(each.table.name for each in known.values())], n=1)
        remedy = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
        raise WrongUse(f"no mapping of the settings has a table {text}", code="table-unknown", remedy=remedy)
    if len({each.table.path.resolve() for each in found.values()}) > 1:
        what = f"several sources have a table {text}"
        raise WrongUse(what, code="table-ambiguous", remedy=f"write one of: {', '.join(found)}")
    return next(iter(found.values()))


def prepare_import(settings: Settings, target: Target, path: Path, declaration: Callable[[str], Declaration]) -> Import:
    """
    What importing ``path`` into a table would do.

    Args:
        settings: Of the company.
        target: The table.
        path: What a person saved: a workbook or a CSV.
        declaration: The source's class by its type's name.

    Raises:
        WrongUse: ``file-not-readable``.
        ImportFaults: One of the files cannot be read, or not as it was meant.
    """
    table = target.table
    kind = declaration(target.settings.type)
    try:
        before = table.path.read_bytes() if table.path.exists() else None
        saved = SavedTable.of(before, table.shown) if before is not None else None
        given = read_incoming(path, table.name, read_sheet)
        if saved is None:
            saved = SavedTable.new(table.shown, [name for name in given.columns if name and not is_information(name)])
        fields = {field.name: field.type for field in kind.fields}
        filled = _prefilled(settings, target, kind)
        return Import(target, before, given, difference(saved, given, table.match, fields, filled, shown_in_excel))
    except MappingFaults as faults:
        raise ImportFaults(faults.faults) from None


def require_usable(settings: Settings, wanted: Import, declaration: Callable[[str], Declaration]) -> None:
    """
    Let pass a table that every mapping which reads it could use, with all of its examples.

    Raises:
        ImportFaults: One could not; places in rows that come from the imported file are named there.
    """
    path = wanted.target.table.path.resolve()
    faults: list[Fault] = []
    for source in settings.sources.values():
        try:
            tables = named_tables(source.mapping, root=settings.folder).values()
            if path in {each.path.resolve() for each in tables}:
                instead = {path: wanted.found.data}
                kind = declaration(source.type)
                load(source.mapping, kind, root=settings.folder, currency=source.currency, instead=instead)
        except MappingFaults as found:
            faults += found.faults
    if faults:
        raise ImportFaults(_moved(fault, wanted) for fault in dict.fromkeys(faults))


def _moved(fault: Fault, wanted: Import) -> Fault:
    """The same fault, told at the row of the imported file that it comes from."""
    row = wanted.found.origins.get(fault.place.line)
    if fault.place.file != wanted.target.table.shown or row is None:
        return fault
    excerpt = "" if wanted.given.sheet else fault.excerpt
    return replace(fault, place=wanted.given.place(row), excerpt=excerpt)


def _prefilled(settings: Settings, target: Target, kind: Declaration) -> Collection[str]:
    """The columns that an export fills in by itself; of a mapping with faults all that repeat a field may be such."""
    ours = target.settings
    try:
        mapping = load(ours.mapping, kind, root=settings.folder, currency=ours.currency)
    except MappingInvalid:
        return {field.name for field in kind.fields}
    return prefilled(mapping, target.table.name)


def import_document(wanted: Import, *, written: bool) -> dict[str, Any]:
    """The one JSON document of an import."""
    found = wanted.found

    def cells(record: Any) -> dict[str, str]:
        return dict(zip(found.columns, record.cells, strict=False))

    return {
        "schema": "connector/table/1",
        "table": f"{wanted.target.source}.{wanted.target.table.name}",
        "file": wanted.target.table.shown,
        "from": wanted.given.shown,
        "written": written,
        "added": [cells(each) for each in found.added],
        "changed": [
            {
                "line": each.record.line,
                "key": found.key(each.record),
                "cells": {name: {"before": old, "after": new} for name, old, new in each.cells},
            }
            for each in found.changed
        ],
        "removed": [{"line": each.line, "cells": cells(each)} for each in found.removed],
        "unknown_columns": list(found.unknown),
        "absent_columns": list(found.absent),
        "left_out": found.left_out,
        "problems": [],
    }
