"""What an editor makes of a mapping: its schema, written beside a copy, and the text typed as YAML 1.2 types it."""

import json
import re
import shutil
from pathlib import Path
from typing import Any, ClassVar

import yaml
from jsonschema import Draft7Validator
from yaml.constructor import ConstructorError

from connector.invoice import Declaration
from connector.mapping import MappingFaults, outline
from connector.mapping.schema import schema_of

GOOD_FORM = Path(__file__).parent / "faults" / "a_box_is_empty" / "mapping.yaml"
"""Its layout and tables are as everywhere else; where a layout cannot be followed, the schema is of before."""


def schema_beside(mapping: Path, declaration: Declaration) -> dict[str, Any]:
    """The schema as it was written while the layout could be followed."""
    try:
        _, tables = outline(mapping, declaration, root=mapping.parent)
    except MappingFaults:
        _, tables = outline(GOOD_FORM, declaration, root=GOOD_FORM.parent)
    return schema_of(declaration, tables)


def copied(mapping: Path, declaration: Declaration, folder: Path) -> Path:
    """A copy that names its schema in its first line, as a person's own does, with the schema beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / mapping.name
    name = f"{mapping.stem}.schema.json"
    line = f"# yaml-language-server: $schema={name}\n".encode()
    data = mapping.read_bytes()
    copy.write_bytes(data if data.startswith(line) else line + data)
    (folder / name).write_text(json.dumps(schema_beside(mapping, declaration)))
    for table in mapping.parent.glob("*.csv"):
        shutil.copy(table, folder)
    return copy


def underlined(mapping: Path, schema: dict[str, Any]) -> list[str]:
    """What a validator finds in the file, a layout that it cannot read among it."""
    try:
        read = yaml.load(mapping.read_bytes().decode(), _Core)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return [str(error)]
    return [error.message for error in Draft7Validator(schema).iter_errors(read)]


class _Core(yaml.SafeLoader):
    """YAML 1.2's core schema, which editors read by: NO is a text, 0412 and 1e5 are numbers, << is no merge."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        keys = [key.value for key, _ in node.value]
        if any(not isinstance(key, str) for key in keys) or len(keys) != len(set(keys)):
            raise ConstructorError(None, None, "a key is none, or stands twice", node.start_mark)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.nan", list("-+.0123456789")),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), first)
_Core.add_constructor("tag:yaml.org,2002:int", lambda loader, node: -1 if node.value.startswith("-") else 1)
_Core.add_constructor("tag:yaml.org,2002:float", lambda loader, node: -1.5 if node.value.startswith("-") else 1.5)
_Core.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node))
