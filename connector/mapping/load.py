"""Reading a mapping and its tables from their folder, once, and running its examples."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connector.invoice import Declaration
from connector.mapping.faults import Fault, MappingFaults, TextFile
from connector.mapping.mapping import Mapping
from connector.mapping.parse import parse_mapping, parse_tables
from connector.mapping.tables import SIZE_LIMIT as TABLE_LIMIT
from connector.mapping.tables import Table, decode_table
from connector.mapping.yaml_text import SIZE_LIMIT, Items, Map, Text, decode, read_yaml

__all__ = ["NamedTable", "files_of", "load", "named_tables", "outline", "shipped"]


@dataclass(frozen=True, slots=True)
class NamedTable:
    """
    A table as a mapping names it, whatever stands in its file.

    Args:
        path: Its file.
        shown: The file as people see it.
        match: The fields, and columns, that choose the row.
    """

    name: str
    path: Path
    shown: str
    match: tuple[str, ...]


def load(
    path: Path,
    declaration: Declaration,
    *,
    root: Path | None = None,
    currency: str | None = None,
    examples: bool = True,
    instead: dict[Path, bytes] | None = None,
) -> Mapping:
    """
    The mapping at ``path`` for a source, checked, its examples run.

    Args:
        path: The mapping's file; its tables and examples stand beside it.
        declaration: The source's class.
        root: The folder that places in messages are relative to; the working directory when absent.
        currency: The connection's, as the examples' records need it.
        examples: False leaves them to ``run_examples``: who looks at an edit wants to see it before its examples fit.
        instead: What tables at these resolved paths are to hold, to see whether they would do.

    Raises:
        MappingFaults: It has faults; all of them are told, sorted by place.
    """
    base = (root or Path.cwd()).absolute()
    file = _required(path, base)
    node, faults = read_yaml(file)
    tables: dict[str, str] = {}

    def read(name: str) -> TextFile | Fault:
        if name in tables:
            return TextFile(_shown(path.parent / name, base), tables[name])
        table = _read_table(path.parent, name, base, instead)
        if isinstance(table, TextFile):
            tables[name] = table.text
        return table

    if node is None:
        raise MappingFaults(faults)
    parsed, found = parse_mapping(file, node, declaration, read, faults)
    if parsed is None:
        raise MappingFaults(_sorted(found, file.shown))
    mapping = Mapping(
        source_type=declaration.type,
        title=declaration.title,
        payee=declaration.payee,
        path=file.shown,
        version=_version(file.text, tables),
        text=file.text,
        tables=tables,
        policy=parsed.policy,
        rules=parsed.rules,
        examples=parsed.examples,
        folder=path.parent,
        declaration=declaration,
        currency=currency,
    )
    failing = mapping.run_examples() if examples else ()
    if failing:
        raise MappingFaults(_sorted(failing, file.shown))
    return mapping


def named_tables(path: Path, *, root: Path | None = None) -> dict[str, NamedTable]:
    """
    The tables that the mapping at ``path`` names, by name; their files are not read and need not be sound.

    Raises:
        MappingFaults: The mapping cannot be read, or its layout cannot be followed.
    """
    base = (root or Path.cwd()).absolute()
    file = _required(path, base)
    node, faults = read_yaml(file)
    if not isinstance(node, Map):
        raise MappingFaults(faults or [file.fault("M108", "this is no mapping", None, "it begins with   source: …")])
    tables = node.get("tables")
    found: dict[str, NamedTable] = {}
    for key, entry in tables.entries if isinstance(tables, Map) else ():
        name, match = (entry.get("file"), entry.get("match")) if isinstance(entry, Map) else (None, None)
        fields = match.entries if isinstance(match, Items) else (match,)
        if isinstance(name, Text) and _is_inside(path.parent / name.value, path.parent):
            whole = path.parent / name.value
            named = tuple(field.value for field in fields if isinstance(field, Text))
            found[key.value] = NamedTable(key.value, whole, _shown(whole, base), named)
    return found


def outline(path: Path, declaration: Declaration, *, root: Path | None = None) -> tuple[str, dict[str, Table | None]]:
    """
    A mapping's text and its tables, whatever else is wrong with it; None: that table cannot be used.

    Raises:
        MappingFaults: The mapping itself cannot be read, or its layout not be followed.
    """
    base = (root or Path.cwd()).absolute()
    file = _required(path, base)
    node, faults = read_yaml(file)
    if node is None:
        raise MappingFaults(_sorted(faults, file.shown))
    return file.text, parse_tables(file, node, declaration, lambda name: _read_table(path.parent, name, base))


def files_of(path: Path) -> list[Path]:
    """A mapping's file and, as far as its layout can be followed, those of its tables and examples."""
    file = _read(path, path.parent)
    node = read_yaml(file)[0] if isinstance(file, TextFile) else None
    tables = node.get("tables") if isinstance(node, Map) else None
    examples = node.get("examples") if isinstance(node, Map) else None
    named = (
        [entry.get("file") for _, entry in tables.entries if isinstance(entry, Map)] if isinstance(tables, Map) else []
    )
    if isinstance(examples, Items):
        named += [entry.get("given") for entry in examples.entries if isinstance(entry, Map)]
    names = [each.value for each in named if isinstance(each, Text) and "\0" not in each.value]
    return [path, *(path.parent / name for name in dict.fromkeys(names))]


def shipped() -> Path:
    """The folder of the mappings that come with the connector, in a wheel and in a checkout."""
    package = Path(__file__).parent.parent
    built_in = package / "_mappings"
    return built_in if built_in.is_dir() else package.parent / "mappings"


def _shown(path: Path, base: Path) -> str:
    """``path`` relative to ``base`` where it stands below it."""
    whole = path.absolute()
    return (whole.relative_to(base) if whole.is_relative_to(base) else path).as_posix()


def _required(path: Path, base: Path) -> TextFile:
    file = _read(path, base)
    if isinstance(file, Fault):
        raise MappingFaults([file])
    return file


def _read(path: Path, base: Path) -> TextFile | Fault:
    shown = _shown(path, base)
    try:
        data = _bytes(path, SIZE_LIMIT)
    except OSError as error:
        what = "there is no such file" if isinstance(error, FileNotFoundError) else "this file cannot be read"
        help_ = "mend the path under mapping in the settings, or start from one of the mappings that came along"
        return TextFile(shown, "").fault("M101", what, None, help_)
    return decode(data, shown, "M101", limit=SIZE_LIMIT, remedy="save it as UTF-8", more_breaks=True)


def _read_table(folder: Path, name: str, base: Path, instead: dict[Path, bytes] | None = None) -> TextFile | Fault:
    path = folder / name
    shown = _shown(path, base)
    if "\0" in name or not _is_inside(path, folder):
        help_ = "name it as it is seen from the mapping's folder"
        return TextFile(shown, "").fault("M130", f"{name} does not stand beside the mapping", None, help_)
    if (given := instead.get(path.resolve()) if instead else None) is not None:
        return decode_table(given, shown)
    try:
        data = _bytes(path, TABLE_LIMIT)
    except OSError as error:
        what = "there is no file" if isinstance(error, FileNotFoundError) else "there is no file that can be read at"
        help_ = "mend the name, or save the table beside the mapping"
        return TextFile(shown, "").fault("M130", f"{what} {shown}", None, help_)
    return decode_table(data, shown)


def _bytes(path: Path, limit: int) -> bytes:
    """What the file holds, or enough of it to tell that it is too large."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether the file really stands in or below the folder, wherever links lead."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return False  # links that lead round in a circle


def _version(text: str, tables: dict[str, str]) -> str:
    digest = hashlib.sha256()
    for part in (text, *(part for name in sorted(tables) for part in (name, tables[name]))):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(data)}:".encode() + data)  # lengths, so that no two sets of files look alike
    return digest.hexdigest()


def _sorted(faults: Iterable[Fault], first: str) -> list[Fault]:
    """By place, the mapping before its tables; what is told twice is told once."""
    unique = dict.fromkeys(faults)
    return sorted(
        unique, key=lambda fault: (fault.place.file != first, fault.place.file, fault.place.line, fault.place.column)
    )
