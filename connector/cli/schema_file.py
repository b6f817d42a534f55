"""The schema of one mapping as a file: where it belongs, and writing it there."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.errors import WrongUse
from connector.invoice import Declaration

__all__ = ["SchemaFile", "write_schema"]

_NAMED: Final = re.compile(r"#\s*(?:yaml-language-server\s*:\s*\$schema\s*=|\$schema\s*:)\s*(\S+)\s*")


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """
    One schema, and what it knows.

    Args:
        path: Where it stands.
        name: As the mapping's first line names it, or is to name it.
        named: Whether the mapping names it.
        changed: Whether it was written; False where it stood there already.
        unread: The tables whose headings are not in it, because they cannot be used.
    """

    path: Path
    name: str
    named: bool
    changed: bool
    fields: int
    columns: int
    unread: tuple[str, ...]


def write_schema(mapping: Path, declaration: Declaration, root: Path, folder: Path | None = None) -> SchemaFile:
    """
    Write the schema of ``mapping`` under the name that its first line says, beside it or in ``folder``.

    Raises:
        MappingFaults: The mapping's layout cannot be followed; a schema of before stays.
        WrongUse: Something else has the name (``schema-name-taken``), or it cannot be written (``file-not-writable``).
    """
    from connector.mapping import outline  # noqa: PLC0415 - only where a schema is made
    from connector.mapping.schema import WRITTEN_BY, schema_of  # noqa: PLC0415 - as above
    from connector.report.whole_file import whole_file  # noqa: PLC0415 - as above

    text, tables = outline(mapping, declaration, root=root)
    name = _name_in(text, mapping)
    path = (folder or mapping.parent) / (name or f"{mapping.stem}.schema.json")
    written = json.dumps(schema_of(declaration, tables), indent=2, ensure_ascii=False) + "\n"
    try:
        before = path.read_text(encoding="utf-8", errors="replace") if path.exists() else None
        if before is not None and WRITTEN_BY not in before[:500]:
            raise WrongUse(
                f"{path} is there already and was not written by connector schema",
                code="schema-name-taken",
                remedy=f"name another file in the first line of {mapping}, or move that one away",
            )
        if before != written:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as part:
                part.write_text(written, encoding="utf-8")
                shutil.copymode(mapping, part)  # whoever edits the one reads the other
    except OSError as error:
        raise WrongUse(
            f"{path} cannot be written: {error.strerror}",
            code="file-not-writable",
            remedy="name a folder with --output that you may write to",
        ) from None
    return SchemaFile(
        path,
        path.name if name is None else name,
        named=name is not None,
        changed=before != written,
        fields=len(declaration.fields),
        columns=sum(len(table.columns) for table in tables.values() if table is not None),
        unread=tuple(table for table, read in tables.items() if read is None),
    )


def _name_in(text: str, mapping: Path) -> str | None:
    """The file that the comment on top names, where it is one in the mapping's folder or below; None without."""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            return None
        if found := _NAMED.fullmatch(line.strip()):
            name = found[1]
            inside = (mapping.parent / name).resolve().is_relative_to(mapping.parent.resolve())
            return name if name.endswith(".json") and "://" not in name and inside else None
    return None
