"""What is wrong with the settings: every fault at once, each with its place and remedy, none with a secret."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connector.errors import SettingsInvalid
from connector.log import redact

__all__ = ["SettingFault", "SettingsFaults", "key_lines", "quoted", "shown"]

_LONG_KEY: Final = 24
_LONG_LINE: Final = 100

# An app's id is none, but its secret is what is often put in the wrong of the two lines.
_SECRET_KEYS: Final = frozenset(
    {"api_key", "client_id", "client_secret", "refresh_token", "key", "webhook", "email", "smtp", "proxy", "url"}
)
_HEADER: Final = re.compile(r"\s*\[\[?\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY: Final = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PIECE: Final = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One fault: its code, what is wrong, where, the text there, what to do."""

    code: str
    what: str
    remedy: str
    place: str
    excerpt: str | None = None
    source: str | None = None

    def render(self) -> str:
        lines = [f"error[{self.code}]: {self.what}", f"  --> {self.place}"]
        if self.excerpt is not None:
            lines.append(f"   | {self.excerpt}")
        return redact("\n".join([*lines, f"   = {self.remedy}"]))


class SettingsFaults(SettingsInvalid):
    """Raised when a settings file has faults; ``faults`` holds all of them, in the order of the file."""

    def __init__(self, faults: list[SettingFault]) -> None:
        first = faults[0]
        super().__init__("\n\n".join(fault.render() for fault in faults), code=first.code, remedy=first.remedy)
        self.faults = tuple(faults)


def shown(key: str, value: Any) -> str:
    """A setting as it stands in the file, as far as it may be shown."""
    if key in _SECRET_KEYS or isinstance(value, Mapping | list) or "@" in str(value) or "?" in str(value):
        return f"{key} = …"
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    return f"{key} = {text if len(text) <= 60 else text[:57] + '…'}"


def quoted(text: str, line: int, known: Collection[str]) -> str | None:
    """
    A line of a file that cannot be read, as far as it may be shown; None where there is nothing to show.

    What stands after a key that nobody knows may be a secret, and so may a line that is not even a key.
    """
    lines = text.split("\n")
    given = lines[line - 1].strip() if line <= len(lines) else ""
    if not given:
        return None
    if given.startswith("[") and "@" not in given:
        return given[:_LONG_LINE]
    key = re.match(r"[A-Za-z0-9_-]+", given)
    if key is None or key[0] not in known:
        return f"{key[0]} = …" if key is not None and "=" in given and len(key[0]) < _LONG_KEY else "…"
    hidden = key[0] in _SECRET_KEYS or "@" in given or "?" in given
    return f"{key[0]} …" if hidden else given[:_LONG_LINE]


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """The line of every section and key of a TOML text, counted from 1; tomllib tells none."""
    found: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        header = _HEADER.match(line)
        if header is not None:
            section = _pieces(header[1])
            found.setdefault(section, number)
            continue
        key = _KEY.match(line)
        if key is not None:
            found.setdefault((*section, *_pieces(key[1])), number)
            quote = next((mark for mark in ('"""', "'''") if line.count(mark) == 1), "")
    return found


def _pieces(text: str) -> tuple[str, ...]:
    return tuple(piece.strip("\"'") for piece in _PIECE.findall(text))
