"""Faults: what is wrong in a mapping or a table, where, and what to do; several at once, each with a stable code."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal

from connector.errors import MappingInvalid

__all__ = ["Fault", "MappingFaults", "Place", "Span", "TextFile", "closest", "visible"]

_EXCERPT_LIMIT: Final = 160  # a cell of 100,000 characters is no excerpt


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one line: line and column counted from 1, length in characters."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands; ``line`` 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0
    length: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One mistake of a mapping, a table or an example.

    Args:
        code: Stable; explained by ``connector help CODE``.
        what: What is wrong, one line.
        excerpt: The line of the file that it is about; empty where there is none.
        help: What to do, one line or several.
        word: What it is called: a note is worth reading and stands in nobody's way.
    """

    code: str
    what: str
    place: Place
    excerpt: str
    help: str
    word: Literal["error", "note"] = "error"

    def render(self) -> str:
        """The fault as people read it: code, place, excerpt, what to do."""
        gutter = " " * len(str(self.place.line or " "))
        lines = [f"{self.word}[{self.code}]: {visible(self.what)}", f"{gutter}--> {self.place}"]
        if self.excerpt:
            excerpt = visible(self.excerpt.replace("\t", "→"))[:_EXCERPT_LIMIT]  # a tab that nobody sees helps nobody
            before = excerpt[: self.place.column - 1]
            length = max(1, min(self.place.length, len(excerpt) - len(before)))
            carets = "^" * _width(excerpt[len(before) : len(before) + length] or " ")
            lines += [
                f"{gutter} |",
                f"{self.place.line} | {excerpt}",
                f"{gutter} | {' ' * _width(before)}{carets}",
            ]
        lines += [f"{gutter} = {visible(line)}" for line in self.help.splitlines()]
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        """The fault as programs read it."""
        return {
            "code": self.code,
            "what": self.what,
            "file": self.place.file,
            "line": self.place.line or None,
            "column": self.place.column or None,
            "length": self.place.length or None,
            "excerpt": self.excerpt,
            "help": self.help,
        }


class MappingFaults(MappingInvalid):
    """Raised when a mapping, its tables or its examples have faults; carries all of them, sorted by place."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            "\n\n".join(fault.render() for fault in self.faults),
            code=self.faults[0].code,
            remedy="mend the mapping, then run: connector check",
        )


@dataclass(frozen=True)
class TextFile:
    """
    A file as it was read, under the name that people see.

    Args:
        more_breaks: Whether lines end at NEL, LS and PS too, as YAML has it and CSV has not.
    """

    shown: str
    text: str = field(repr=False)
    more_breaks: bool = False

    @cached_property
    def lines(self) -> list[str]:
        return re.split(r"\r\n|[\n\r\x85\u2028\u2029]" if self.more_breaks else r"\r\n|[\n\r]", self.text)

    def fault(self, code: str, what: str, span: Span | None, help_: str) -> Fault:
        """A fault at ``span`` with the line's excerpt; None: about the file as a whole."""
        if span is None:
            return Fault(code, what, Place(self.shown), "", help_)
        excerpt = self.lines[span.line - 1] if span.line <= len(self.lines) else ""
        return Fault(code, what, Place(self.shown, span.line, span.column, span.length), excerpt, help_)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be."""
    words = list(known)
    for candidate in words:
        if candidate.casefold() == word.casefold():
            return candidate
    folded = {candidate.casefold(): candidate for candidate in words}
    matches = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.65)
    return folded[matches[0]] if matches else None


def visible(text: str) -> str:
    """``text`` on one line, without characters that steer a terminal or turn the direction of writing."""
    return "".join(
        " " if char == "\t" else "\ufffd" if unicodedata.category(char) in _STEERING else char for char in text
    )


_STEERING: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
