"""The house: which room may import which, as one table. Any other import fails here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "connector"

CORE = {"errors", "day", "money", "value", "invoice", "document", "mapping", "plan"}

# room: the rooms it may import
MAY_IMPORT = {
    "__main__": {"cli"},
    "errors": set(),
    "day": set(),
    "money": {"errors"},
    "value": set(),
    "invoice": {"errors", "money", "value"},
    "document": {"errors", "day", "money", "value"},
    "mapping": {"errors", "day", "money", "value", "invoice", "document"},
    "plan": CORE,
    "codes": set(),
    "route": set(),
    "log": set(),
    "network": {"errors", "route"},
    "settings": {"errors", "money", "route", "log", "sources"},
    "sources": {"errors", "day", "money", "invoice", "route", "network"},
    "quickbooks": {"errors", "day", "money", "value", "document", "route", "network"},
    "state": {"errors", "day", "money", "value", "invoice", "document"},
    "push": CORE | {"quickbooks", "state"},
    "sync": CORE | {"quickbooks", "state", "sources", "settings", "push", "log"},
    "reconcile": CORE | {"quickbooks", "state", "sources", "settings", "sync"},
    "report": CORE | {"quickbooks", "state", "settings", "log", "sync", "reconcile"},
    "notices": {"errors", "log", "network", "route", "settings", "state", "report", "sync"},
    "tables": CORE | {"quickbooks", "state", "settings", "sync", "report"},
    "doctor": {"errors", "invoice", "mapping", "quickbooks", "route", "settings", "sources", "state", "sync"},
    "serve": {"errors", "settings", "state", "sync", "report"},
    "sandbox": {"errors", "money"},
}
EVERYTHING = {"cli"}
"""Rooms that wire the others together."""

# The core knows no SQL, HTTP, file, clock or source name; beside our own it lives on these.
PURE_MODULES = set(
    "base64 collections collections.abc csv dataclasses datetime decimal difflib enum functools hashlib io itertools "
    "json operator re types typing unicodedata yaml".split()
)
FILES_OF_FINANCE = {"pathlib", "importlib.resources"}
"""The mapping room alone reads the files that the finance team edits."""

SOURCE_NAMES = ("cake", "commission_factory", "commission factory")


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "_mappings" not in path.parts)


def room_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "connector":
                yield from (f"connector.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_the_table_allows(path: Path) -> None:
    room = room_of(path)
    if room in EVERYTHING or room == "__init__":
        return
    ours = {name.split(".")[1] for name in imports_of(path) if name.startswith("connector.")}

    assert room in MAY_IMPORT, f"{room} stands in no row of the table"
    assert ours - {room} <= MAY_IMPORT[room]


@pytest.mark.parametrize(
    "path", [path for path in modules() if room_of(path) in CORE], ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_core_knows_no_sql_http_file_or_clock(path: Path) -> None:
    allowed = PURE_MODULES | (FILES_OF_FINANCE if room_of(path) == "mapping" else set())
    foreign = {name for name in imports_of(path) if not name.startswith("connector")}

    assert foreign <= allowed
    text = path.read_text()
    assert "datetime.now" not in text
    assert "date.today" not in text


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if room_of(path) not in {"sources", "sandbox", "cli"}],
    ids=lambda path: path.name,
)
def test_no_room_but_its_own_names_a_source(path: Path) -> None:
    tree = ast.parse(path.read_text())
    texts = {
        node.value.lower()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in SOURCE_NAMES
    }

    assert not texts


def test_modules_fit_in_ones_head() -> None:
    long = {str(path.relative_to(ROOT)): n for path in modules() if (n := len(path.read_text().splitlines())) > 400}

    assert not long


def test_no_module_hides_behind_a_word_that_says_nothing() -> None:
    assert not [path for path in modules() if path.stem in {"utils", "helpers", "common", "base", "manager", "misc"}]
