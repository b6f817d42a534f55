"""
The grammar of what goes into a box (mapping rule 2).

The whole of it:

    ``<`` ref { ``or`` (ref | ``"text"`` | number) } [``+``/``-`` N ``days``] [``as`` date pattern] ``>``

where ref is ``field`` or ``table.column``; ``<<`` is a literal ``<``; a lone ``>`` is literal.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from connector.mapping.dates import DAYS_LIMIT, pattern_fault
from connector.money import typed_decimal

__all__ = [
    "Alternative",
    "Column",
    "FieldName",
    "Grammar",
    "Literal",
    "Number",
    "Placeholder",
    "Template",
    "parse_template",
]


@dataclass(frozen=True, slots=True)
class FieldName:
    name: str
    offset: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Column:
    table: str
    name: str
    offset: int

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Number:
    text: str
    value: Decimal


Alternative = FieldName | Column | Literal | Number


@dataclass(frozen=True)
class Placeholder:
    """
    One ``<…>``.

    Args:
        alternatives: The first that has a value wins.
        days: Added to the date that won.
        pattern: How that date is written; None: ISO.
        text: As typed, with its brackets.
        offset: Where it begins in the box's text.
    """

    alternatives: tuple[Alternative, ...]
    days: int
    pattern: str | None
    text: str
    offset: int

    @cached_property
    def dated(self) -> bool:
        """Whether only a date can win."""
        return bool(self.days) or self.pattern is not None

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(one for one in self.alternatives if isinstance(one, Column))

    @property
    def names(self) -> tuple[FieldName, ...]:
        return tuple(one for one in self.alternatives if isinstance(one, FieldName))


@dataclass(frozen=True)
class Template:
    """What goes in a box: text that stands as typed, and placeholders."""

    text: str
    parts: tuple[str | Placeholder, ...]

    @cached_property
    def placeholders(self) -> tuple[Placeholder, ...]:
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    @cached_property
    def only(self) -> Placeholder | None:
        """The one placeholder, where nothing else stands in the box."""
        return self.placeholders[0] if len(self.parts) == len(self.placeholders) == 1 else None

    @cached_property
    def literal(self) -> str | None:
        """The whole text, where nothing is filled in."""
        return None if self.placeholders else "".join(part for part in self.parts if isinstance(part, str))


class Grammar(ValueError):
    """Raised when a box's text does not follow the grammar; offset and length say where in the text."""

    def __init__(self, code: str, what: str, offset: int, length: int, help_: str) -> None:
        super().__init__(what)
        self.code, self.what, self.offset, self.length, self.help = code, what, offset, length, help_


# Possessive, because "" inside quotes could otherwise be tried in two ways, again and again.
_STRING: Final = r'"(?:[^"]|"")*+"'
_OPEN: Final = re.compile(rf'<((?:[^<>"]|{_STRING})*+)>')
_QUOTED: Final = re.compile(_STRING)
_AS: Final = re.compile(r"(.*?)\s+as\b(.*)", re.DOTALL)
_DAYS: Final = re.compile(r"(.*?)\s*([+-])\s*(\d+)\s*(\w*)\s*", re.DOTALL)
_OR: Final = re.compile(r"\s+or\s+")
_FIELD: Final = re.compile(r"\w+")
_COLUMN: Final = re.compile(r"(\w+)\.(\w+(?: +\w+)*)")
_CURLY: Final = "“”„‘’‚«»"
_EXAMPLE: Final = 'a placeholder reads <field>, <table.column>, <field or "text"> or <field as d mmm yyyy>'


def parse_template(text: str) -> Template:
    """
    A box's text with its placeholders.

    Raises:
        Grammar: A placeholder is not closed or cannot be understood.
    """
    parts: list[str | Placeholder] = []
    at = 0
    while (opened := text.find("<", at)) >= 0:
        parts.append(text[at:opened])
        if text.startswith("<<", opened):
            parts.append("<")
            at = opened + 2
            continue
        match = _OPEN.match(text, opened)
        if match is None:
            raise _never_closed(text[opened:].split("\n", 1)[0], opened)
        parts.append(_placeholder(match[1], match[0], opened))
        at = match.end()
    parts.append(text[at:])
    return Template(text, _joined(parts))


def _never_closed(rest: str, offset: int) -> Grammar:
    """What is missing behind a ``<``, in ``rest`` of its line: a quote where one is open, else the ``>``."""
    quote = rest.rfind('"') if rest.count('"') % 2 else -1
    if ">" in rest[quote:] and quote >= 0:
        return Grammar(
            "M112", "this quote is never closed", offset + quote, len(rest) - quote, 'close it with " before the >'
        )
    return Grammar("M112", "this < is never closed", offset, len(rest), "close it with >, or write << for a literal <")


def _joined(parts: list[str | Placeholder]) -> tuple[str | Placeholder, ...]:
    joined: list[str | Placeholder] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return tuple(joined)


def _placeholder(inner: str, whole: str, offset: int) -> Placeholder:
    # Quoted text is blanked to its length, so that no word inside it is taken for one of the grammar's.
    body = _QUOTED.sub(lambda quoted: '"' + "\0" * (len(quoted[0]) - 2) + '"', inner)
    pattern = None
    if dated := _AS.fullmatch(body):
        body, pattern = dated[1], _pattern(inner[dated.start(2) :], offset + 1 + dated.start(2))
    days = 0
    shifted = _DAYS.fullmatch(body)
    if shifted and not (shifted[1].endswith(" or") and not shifted[4]):  # <GST or -5> is a number
        body, days = shifted[1], _days(shifted, offset)
    alternatives: list[Alternative] = []
    at = 0
    for separator in [*_OR.finditer(body), None]:
        end = separator.start() if separator else len(body)
        alternatives.append(_alternative(inner[at:end], offset + 1 + at, first=not alternatives, whole=(offset, whole)))
        at = separator.end() if separator else end
    return Placeholder(tuple(alternatives), days, pattern, whole, offset)


def _pattern(text: str, offset: int) -> str:
    pattern = text.strip()
    if wrong := pattern_fault(pattern):
        start = offset + len(text) - len(text.lstrip()) + wrong[0]
        what = f"{wrong[1]} is no part of a date pattern" if wrong[1].strip() else "a date pattern is missing after as"
        help_ = "use d dd mm mmm mmmm yy yyyy with space , . / - between"
        raise Grammar("M113", what, start, max(1, len(wrong[1])), help_)
    return pattern


def _days(shifted: re.Match[str], offset: int) -> int:
    number = int(shifted[3][:9])
    if shifted[4] != "days" or number > DAYS_LIMIT:
        start = offset + 1 + shifted.start(2)
        what = f"only days can be added, at most {DAYS_LIMIT}"
        raise Grammar(
            "M112", what, start, len(shifted[0].rstrip()) - shifted.start(2), "write it like this: <date + 14 days>"
        )
    return -number if shifted[2] == "-" else number


def _alternative(text: str, offset: int, *, first: bool, whole: tuple[int, str]) -> Alternative:
    word = text.strip()
    offset += len(text) - len(text.lstrip())
    if re.fullmatch(_STRING, word) and not first:
        return Literal(word[1:-1].replace('""', '"'))
    if column := _COLUMN.fullmatch(word):
        wrong = {"or", "as"} & set(word.replace(".", " ").split())
        if not wrong and not column[1].isdigit():
            return Column(column[1], column[2], offset)
    if not first:
        try:
            return Number(word, typed_decimal(word))
        except ValueError:
            pass  # then it is a field or nothing
    if _FIELD.fullmatch(word) and word not in ("or", "as"):
        return FieldName(word, offset)
    curly = next((each for each in word if each in _CURLY), None)
    help_ = _EXAMPLE
    if curly is not None:
        help_ = f'{curly} is a quote of a word processor: write "'
    elif not first and " " in word:
        help_ = f'put quotes round a text: "{word}"'
    raise Grammar("M112", f"{whole[1]} cannot be understood", whole[0], len(whole[1]), help_)
