"""From a settings file, the secrets folder and the environment to ``Settings``, or to all faults at once."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ValidationError

from connector.errors import SettingsInvalid
from connector.settings.faults import SettingFault, SettingsFaults, key_lines, quoted, shown
from connector.settings.layers import PREFIX, Layer, environment_layer, file_layer, merged, secrets_layer, spelled
from connector.settings.sections import (
    SECTION_NAMES,
    EmailSettings,
    LimitsSettings,
    NetworkSettings,
    NotifySettings,
    QuickBooksSettings,
    ServeSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from connector.settings.values import Unfit

__all__ = ["load"]

_NOT_SETTINGS: Final = frozenset({"CONNECTOR_CONFIG", "CONNECTOR_SECRETS_DIR"})
_SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "state": StateSettings,
    "quickbooks": QuickBooksSettings,
    "network": NetworkSettings,
    "limits": LimitsSettings,
    "serve": ServeSettings,
    "notify": NotifySettings,
    "email": EmailSettings,
}
_SHOWABLE: Final = frozenset(SourceSettings.model_fields).union(
    *(section.model_fields for section in _SECTIONS.values())
)
_MAY_BE_MISSING: Final = {"quickbooks": ("client_id", "client_secret", "refresh_token"), "sources": ("api_key",)}
_FOUND: Final = {"realm_id": " (QuickBooks shows it under Settings > Account and settings > Billing: digits only)"}
_NAME: Final = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*", re.ASCII)
_TOML: Final = {
    "overwrite a value": "this key stands twice",
    "twice": "this section stands twice",
    "declaration": "this section's name has no end",
    "invalid value": "this value is not in quotes, or not whole",
    "after a key": "after this key there is no =",
    "illegal character": "this text's closing quote is missing",
    "duplicate": "this key stands twice",
}
_Path = tuple[str, ...]


def load(path: Path | None = None) -> Settings:
    """
    The settings: environment over secrets folder over file.

    Args:
        path: The file; None: ``CONNECTOR_CONFIG``, else ``connector.toml`` in the working directory.

    Raises:
        SettingsInvalid: There is no such file (``settings-missing``), or it has faults (``SettingsFaults``).
    """
    file = path or Path(os.environ.get("CONNECTOR_CONFIG") or "connector.toml")
    text = _read(file, given=path is not None)
    reading = _Reading(file, text)
    values = reading.gather()
    options = reading.take_options(values)
    settings = reading.validate(values)
    if settings is not None:
        reading.compare(settings)
    if reading.faults or settings is None:
        raise SettingsFaults(sorted(reading.faults, key=reading.order))
    reading.finish(settings, values, options)
    return settings


def _read(file: Path, *, given: bool) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        variable = os.environ.get("CONNECTOR_CONFIG")
        tried = [
            f"  -C, --config        {file if given else 'not given'}",
            f"  CONNECTOR_CONFIG    {variable or 'not set'}",
            f"  working directory   {Path.cwd() / 'connector.toml'}",
        ]
        looked = tried[:1] if given else tried[:2] if variable else tried
        raise SettingsInvalid(
            "there is no settings file; it was looked for in this order:\n" + "\n".join(looked),
            code="settings-missing",
            remedy="connector init writes one by asking, connector demo --keep DIR one to look at",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else "cannot be read"
        raise SettingsInvalid(
            f"{file} {reason}",
            code="setting-invalid",
            remedy="save it as UTF-8, readable for the user who runs the connector",
        ) from None


class _Reading:
    """One pass over one file, collecting faults."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.text = text
        self.lines = key_lines(text)
        self.folder = file.absolute().parent
        self.faults: list[SettingFault] = []
        self.layers: list[Layer] = []
        self.bad_types: set[str] = set()
        self.declared: dict[str, list[str]] = {}

    def gather(self) -> dict[str, Any]:
        try:
            values = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at line (\d+), column \d+\)", str(error))
            reason = re.sub(r"\s*\(at .*\)", "", str(error)).lower()
            reason = next((ours for theirs, ours in _TOML.items() if theirs in reason), "it cannot be understood")
            line = int(found[1]) if found else self.text.count("\n") + 1
            fault = SettingFault(
                "setting-invalid",
                f"the file cannot be read from here on: {reason}",
                "compare the line with its neighbours: quotes, brackets and = must be whole",
                f"{self.file}:{line}",
                quoted(self.text, line, _SHOWABLE),
            )
            raise SettingsFaults([fault]) from None
        self.layers = [environment_layer(self.folder), secrets_layer(self.folder), file_layer(values, self.folder)]
        whole = merged(self.layers)
        self._check_layers()
        self._check_variables()
        return whole

    def _check_layers(self) -> None:
        for layer in self.layers:
            for path in layer.clashes:
                what = f"[{'.'.join(path[:-1])}] has {path[-1]} and {path[-1]}_file in one place"
                self.faults.append(
                    SettingFault("setting-invalid", what, "keep one of the two", self._place_in(layer, path))
                )
            if layer.unreadable is not None:
                remedy = "it must name a folder of small text files; correct it, or unset it"
                self.faults.append(
                    SettingFault("setting-invalid", "the secrets folder cannot be read", remedy, layer.unreadable)
                )

    def take_options(self, values: dict[str, Any]) -> dict[str, dict[str, str]]:
        """Every source's own options, taken out of its section and checked against what its type declares."""
        taken: dict[str, dict[str, str]] = {}
        sources = values.get("sources")
        for name, section in (sources if isinstance(sources, dict) else {}).items():
            if not _NAME.fullmatch(name):
                self._add(
                    "setting-invalid",
                    ("sources", name),
                    f"[sources.{name}] is no name for a connection",
                    "use letters, digits, single _ and -",
                )
            kind = section.get("type") if isinstance(section, dict) else None
            if isinstance(kind, str) and kind:
                taken[name] = self._take(name, section, kind)
        return taken

    def _take(self, name: str, section: dict[str, Any], kind: str) -> dict[str, str]:
        from connector.sources.registry import source_type  # noqa: PLC0415 - loads the source's own module

        try:
            declared = source_type(kind).options
        except SettingsInvalid as error:
            self.bad_types.add(name)
            self._add("setting-invalid", ("sources", name, "type"), error.what, error.remedy, kind)
            return {}
        self.declared[name] = list(declared)
        found: dict[str, str] = {}
        for key, allowed in declared.items():
            value = section.pop(key, allowed[0])
            if value not in allowed:
                self._add(
                    "setting-invalid",
                    ("sources", name, key),
                    f"[sources.{name}] {key} is not one of {' | '.join(allowed)}",
                    f"write one of: {', '.join(allowed)}",
                    value,
                )
            found[key] = str(value)
        return found

    def validate(self, values: dict[str, Any]) -> Settings | None:
        try:
            return Settings.model_validate(values, context={"folder": self.folder})
        except ValidationError as error:
            found = error.errors(include_url=False)
        missing = {_path(each["loc"]) for each in found if each["type"] == "missing"}
        guessed: set[_Path] = set()
        for each in found:
            path = _path(each["loc"])
            if each["type"] == "extra_forbidden" and not (path[0] == "sources" and path[1] in self.bad_types):
                guessed |= self._unknown(path, missing)
        for each in found:
            path = _path(each["loc"])
            if each["type"] == "missing" and path not in guessed:
                section, what = ".".join(path[:-1]), path[-1]
                self._add(
                    "setting-missing",
                    path,
                    f"[{section}] has no {what}" if section else f"there is no [{what}]",
                    f"add {what} = …{_FOUND.get(what, '')}" if section else f"add the section [{what}]",
                )
            elif each["type"] == "value_error":
                self._unfit(path, each["ctx"]["error"], each["input"])
            elif each["type"] in ("model_type", "dict_type"):
                self._add(
                    "setting-invalid",
                    path,
                    f"{'.'.join(path)} is no section",
                    f"write [{'.'.join(path)}] on a line of its own and its settings below",
                )
        return None

    def _unknown(self, path: _Path, missing: set[_Path]) -> set[_Path]:
        """One fault for a key that nobody knows; returns the missing key that it was probably meant to be."""
        section, key = path[:-1], path[-1]
        known = self._known(section)
        near = get_close_matches(key, known, n=1, cutoff=0.6)
        place = f"[{'.'.join(section)}] has no setting {key!r}" if section else f"there is no section [{key}]"
        remedy = f"did you mean {near[0]}?" if near else f"it may be one of: {', '.join(known)}"
        self._add("setting-unknown", path, place, remedy)
        return {(*section, near[0])} & missing if near else set()

    def _known(self, section: _Path) -> list[str]:
        if not section:
            return list(SECTION_NAMES)
        if section[0] == "sources":
            return [*SourceSettings.model_fields, "api_key_file", *self.declared.get(section[1], [])]
        fields = list(_SECTIONS[section[-1]].model_fields)
        return [*fields, "client_secret_file", "refresh_token_file"] if section == ("quickbooks",) else fields

    def _unfit(self, path: _Path, error: Exception, value: object) -> None:
        remedy = error.remedy if isinstance(error, Unfit) else "correct it"
        self._add("setting-invalid", path, f"[{'.'.join(path[:-1])}] {path[-1]} {error}", remedy, value)

    def compare(self, settings: Settings) -> None:
        """Two connections to the same account would post everything twice."""
        seen: dict[tuple[str, str, str], str] = {}
        for name, source in settings.sources.items():
            if source.api_key is None:
                continue
            account = (source.type, source.base_url.lower(), source.api_key.value)
            other = seen.setdefault(account, name)
            if other != name:
                self._add(
                    "setting-invalid",
                    ("sources", name),
                    f"[sources.{name}] is the same account as [sources.{other}]: type, base_url and key are equal",
                    "remove one of the two; every invoice would be posted twice",
                )

    def finish(self, settings: Settings, values: dict[str, Any], options: dict[str, dict[str, str]]) -> None:
        settings._path = self.file  # noqa: SLF001 - the sections' own, set once before anybody sees them
        settings._origins = {".".join(path): self.place(path) for path, _ in Layer("", values).leaves()}  # noqa: SLF001
        settings._secret_files = tuple(dict.fromkeys(self._secret_files()))  # noqa: SLF001
        settings.quickbooks._looked = {  # noqa: SLF001
            key: self._looked(("quickbooks", key)) for key in _MAY_BE_MISSING["quickbooks"]
        }
        for name, source in settings.sources.items():
            source._name, source._options = name, options.get(name, {})  # noqa: SLF001
            source._looked = {"api_key": self._looked(("sources", name, "api_key"))}  # noqa: SLF001

    def _secret_files(self) -> Iterator[Path]:
        environment = self.layers[0]
        for layer in self.layers:
            for path in layer.secrets():
                if path in layer.from_file:
                    yield Path(layer.from_file[path])
                elif layer is self.layers[-1]:
                    yield self.file
                elif layer is not environment:
                    yield Path(os.environ["CONNECTOR_SECRETS_DIR"]) / spelled("__".join(path))

    def _looked(self, path: _Path) -> str:
        """Every place that was tried for a secret, in order, and what stood there."""
        variable = PREFIX + spelled("__".join(path)).upper()
        folder = os.environ.get("CONNECTOR_SECRETS_DIR")
        places = (
            variable,
            str(Path(folder) / spelled("__".join(path))) if folder else "CONNECTOR_SECRETS_DIR",
            f"{self.file} [{'.'.join(path[:-1])}] {path[-1]}",
        )
        states = ("not set", "no such file" if folder else "not set", "not there")
        lines = []
        for layer, place, state in zip(self.layers, places, states, strict=True):
            reason = layer.tried.get(path) or ("is empty or …" if _has(layer.values, path) else state)
            lines.append(f"  {layer.title:<15} {place}: {reason}")
        return "\n".join(lines)

    def place(self, path: _Path) -> str:
        """Where the value that wins stands."""
        for layer in self.layers:
            # A table may be spread over several places; the file's line is the one to look at.
            if _has(layer.values, path) and (layer is self.layers[-1] or not _is_table(layer.values, path)):
                where = self._place_in(layer, path)
                return f"{layer.from_file[path]} (named by {where})" if path in layer.from_file else where
        return self._file_place(path)

    def _place_in(self, layer: Layer, path: _Path) -> str:
        name = spelled("__".join(path)) + ("_file" if path in layer.from_file else "")
        if layer.title == "environment":
            return f"environment {PREFIX}{name.upper()}"
        if layer.title == "secrets folder":
            return f"secrets folder {Path(os.environ['CONNECTOR_SECRETS_DIR']) / name}"
        return self._file_place((*path[:-1], path[-1] + "_file") if path in layer.from_file else path)

    def _file_place(self, path: _Path) -> str:
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}:{self.lines[path]}" if path else str(self.file)

    def order(self, fault: SettingFault) -> tuple[int, int]:
        where, _, line = fault.place.rpartition(":")
        return (1, int(line)) if where == str(self.file) and line.isdigit() else (0, 0)

    def _add(
        self,
        code: Literal["setting-unknown", "setting-invalid", "setting-missing"],
        path: _Path,
        what: str,
        remedy: str,
        value: object = None,
    ) -> None:
        excerpt = None if value is None else shown(path[-1], value)
        source = path[1] if path[0] == "sources" and len(path) > 1 else None
        self.faults.append(SettingFault(code, what, remedy, self.place(path), excerpt, source))

    def _check_variables(self) -> None:
        for name in sorted(os.environ):
            section, nested, _ = name.removeprefix(PREFIX).lower().partition("__")
            if name.startswith(PREFIX) and name not in _NOT_SETTINGS and nested and section not in SECTION_NAMES:
                near = get_close_matches(section, SECTION_NAMES, n=1)
                self.faults.append(
                    SettingFault(
                        "setting-unknown",
                        f"there is no section [{section}]",
                        f"did you mean {PREFIX}{near[0].upper()}__…?" if near else "unset the variable",
                        f"environment {name}",
                    )
                )


def _path(location: tuple[int | str, ...]) -> _Path:
    return tuple(str(part) for part in location)


def _has(values: dict[str, Any], path: _Path) -> bool:
    return _at(values, path) is not None


def _is_table(values: dict[str, Any], path: _Path) -> bool:
    return isinstance(_at(values, path), dict)


def _at(values: dict[str, Any], path: _Path) -> Any:
    here: Any = values
    for part in path:
        here = here.get(part) if isinstance(here, dict) else None
    return here
