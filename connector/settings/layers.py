"""
The three places a setting may stand in: environment over secrets folder over file.

In the first two every value stays the text it is. ``*_file`` keys are turned into what their files hold, and it is kept
where each value came from and where a missing secret was looked for.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from connector.log import hide
from connector.settings.sections import SECTION_NAMES

__all__ = ["PREFIX", "Layer", "environment_layer", "file_layer", "merged", "secrets_layer"]

PREFIX: Final = "CONNECTOR_"
_SECRETS: Final = {"quickbooks": ("client_secret", "refresh_token"), "sources": ("api_key",)}
_HIDDEN: Final = (*_SECRETS["quickbooks"], "api_key", "key", "webhook", "smtp", "proxy")


_LARGEST: Final = 1 << 20
_LONG_PART: Final = 12  # shorter ones are words such as services


@dataclass(slots=True)
class Layer:
    """One place: its values as nested tables, and the trouble met while reading it."""

    title: str
    values: dict[str, Any]
    tried: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Why a secret's own file gave nothing, by the secret's key."""
    from_file: dict[tuple[str, ...], str] = field(default_factory=dict)
    """The file that a secret was read from, by the secret's key."""
    clashes: list[tuple[str, ...]] = field(default_factory=list)
    """Secrets that stand here both themselves and as a file."""
    unreadable: str | None = None
    """The place itself, where it cannot be read."""

    def leaves(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield from _leaves((), self.values)

    def secrets(self) -> Iterator[tuple[str, ...]]:
        """The keys of the secrets that have a value here; a proxy is one where it has a password."""
        for path, value in self.leaves():
            if path[-1] in _HIDDEN and _given(value) and (path[-1] != "proxy" or "@" in str(value)):
                yield path


def environment_layer(folder: Path) -> Layer:
    """What ``CONNECTOR_SECTION__KEY`` variables say."""
    named = {name.upper().removeprefix(PREFIX): text for name, text in os.environ.items() if _is_ours(name) and text}
    layer = Layer("environment", _nested(named))
    _read_key_files(layer, folder)
    return layer


def secrets_layer(folder: Path) -> Layer:
    """What the files of ``CONNECTOR_SECRETS_DIR`` say; nothing where it is not set."""
    name = os.environ.get("CONNECTOR_SECRETS_DIR", "")
    if not name:
        return Layer("secrets folder", {})
    try:
        files = {file.name: file for file in Path(name).expanduser().iterdir() if file.is_file()}
        layer = Layer("secrets folder", _nested({each: _small_text(file) for each, file in files.items()}))
    except (ValueError, OSError):
        return Layer("secrets folder", {}, unreadable=f"environment CONNECTOR_SECRETS_DIR={name}")
    _read_key_files(layer, folder)
    return layer


def _is_ours(variable: str) -> bool:
    return variable.upper().startswith(PREFIX)


def _nested(named: Mapping[str, str]) -> dict[str, Any]:
    """``SECTION__KEY`` names, in whatever case, as tables; what names no section is nobody's."""
    tables: dict[str, Any] = {}
    for name, text in sorted(named.items(), key=lambda each: len(each[0])):
        *path, key = name.lower().split("__")
        if (path or [key])[0] not in SECTION_NAMES:
            continue
        table = tables
        for part in path:
            table = table.setdefault(part, {}) if isinstance(table, dict) else table
        if isinstance(table, dict):  # else a shorter name holds a text in its place
            table[key] = text
    return tables


def _small_text(file: Path) -> str:
    if file.stat().st_size > _LARGEST:
        raise ValueError("too large for a secret")
    return file.read_text(encoding="utf-8").strip()


def file_layer(values: dict[str, Any], folder: Path) -> Layer:
    """What the settings file says."""
    layer = Layer("settings file", values)
    _read_key_files(layer, folder)
    return layer


def merged(layers: list[Layer]) -> dict[str, Any]:
    """All layers as one, the first winning; a connection's name is matched as variables spell it."""
    whole: dict[str, Any] = {}
    names = {spelled(name): name for layer in layers[-1:] for name in _table(layer.values, "sources")}
    for layer in reversed(layers):
        sources = _table(layer.values, "sources")
        for name in [name for name in sources if spelled(name) in names]:
            sources[names[spelled(name)]] = sources.pop(name)
        _lay_over(whole, layer.values)
    return whole


def spelled(name: str) -> str:
    """A connection's name as a variable holds it, in lower case."""
    return name.lower().replace("-", "_")


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = _copy(value)


def _copy(value: Any) -> Any:
    return {key: _copy(part) for key, part in value.items()} if isinstance(value, dict) else value


def _read_key_files(layer: Layer, folder: Path) -> None:
    for path, table in _secret_tables(layer.values):
        for key in _SECRETS[path[0]]:
            name = table.pop(f"{key}_file", None)
            if name is None:
                continue
            if _given(table.get(key)):
                layer.clashes.append((*path, key))
            elif isinstance(name, str) and name:
                _read_key_file(layer, table, (*path, key), folder / Path(name).expanduser())
            else:
                layer.tried[(*path, key)] = f"{key}_file names no file"
    for path, value in layer.leaves():
        if path[-1] in _HIDDEN and isinstance(value, str):
            for secret in (value, *_secrets_in(value)):
                hide(secret)


def _read_key_file(layer: Layer, table: dict[str, Any], path: tuple[str, ...], file: Path) -> None:
    # A key that was pasted where a file's name belongs must not be shown; file names have a dot or a slash.
    name = str(file) if {"/", "."} & set(str(file.name)) or file.exists() else f"a file in {file.parent}"
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else "cannot be read"
        layer.tried[path] = f"{path[-1]}_file: {name}: {reason}"
        return
    if not text:
        layer.tried[path] = f"{path[-1]}_file: {name}: is empty"
        return
    table[path[-1]] = text
    layer.from_file[path] = name


def _secrets_in(address: str) -> Iterator[str]:
    """
    What is secret in an address, as it stands there and as it is meant, for who repeats it alone.

    The password of a mail server or proxy, and the long parts of the path, which are all that a webhook has of one.
    """
    _, scheme, rest = address.partition("://")
    place, *parts = rest.split("/")
    password = place.rpartition("@")[0].partition(":")[2]
    for part in (password, *(part for part in parts if len(part) >= _LONG_PART)):
        if scheme and part:
            yield from (part, unquote(part))


def _given(value: Any) -> bool:
    return value not in (None, "", "…")


def _secret_tables(values: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if _table(values, "quickbooks"):
        yield ("quickbooks",), values["quickbooks"]
    for name, section in _table(values, "sources").items():
        if isinstance(section, dict):
            yield ("sources", name), section


def _table(values: dict[str, Any], name: str) -> dict[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _leaves(path: tuple[str, ...], values: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves((*path, key), value)
        else:
            yield (*path, key), value
