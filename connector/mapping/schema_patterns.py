"""
What may go in a box as patterns of a JSON Schema: the grammar of placeholders, for editors (mapping rule 2).

The patterns keep to what JavaScript and Python read alike. They say what ``placeholder`` and ``parse_boxes`` say, as
far as a pattern can: a name that is none is refused, a date that is none (2026-02-30) is not.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from connector.invoice import FieldType
from connector.money import CURRENCIES

__all__ = ["AMOUNT", "CURRENCY", "FILLED", "IDENTIFIER", "SHARE", "date", "number", "shorter_than", "text", "vendor"]

_NUMBER: Final = r"-?(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,8})?"
_DATE: Final = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_STRING: Final = r'"(?:[^"]|"")*"'
_DAYS: Final = r"\s*[+-]\s*[0-9]+\s*days"
_WORD: Final = r"(?:dd?|mmm?m?|yy(?:yy)?)"
_AS: Final = rf"\s+as[ ,./-]+{_WORD}(?:[ ,./-]+{_WORD})*[ ,./-]*"
_OR: Final = r"\s+or\s+"

FILLED: Final = r"\S"
"""Something stands there."""
AMOUNT: Final = rf"^(?!-){_NUMBER}$"
IDENTIFIER: Final = r"^(?![0-9])[^\s<>.\"'+,/:;()\[\]{}-]+$"
SHARE: Final = r"^\s*(?!0*(?:\.0*)?\s*%)(?:100(?:\.0{1,8})?|0{0,13}[0-9]{1,2}(?:\.[0-9]{1,8})?)\s*%\s*$"


def _currency() -> str:
    """Codes in any case, and no flag that only one of the two languages has."""
    codes = "|".join("".join(f"[{letter}{letter.lower()}]" for letter in code) for code in sorted(CURRENCIES))
    return rf"^(?:\s*(?:{codes})?\s*|[\s\S]*<[\s\S]*)$"


CURRENCY: Final = _currency()


def text(fields: Mapping[str, FieldType], columns: Iterable[str]) -> str:
    """Text with placeholders anywhere in it; those with days or a date pattern name dates alone."""
    names, dates = [*fields, *columns], [*_of("date", fields), *columns]
    plain = rf"{_one_of(names)}(?:{_OR}(?:{_one_of(names)}|{_STRING}|{_NUMBER}))*"
    dated = rf"{_one_of(dates)}(?:{_OR}(?:{_one_of(dates)}|\"(?:{_DATE})?\"))*(?:{_DAYS}(?:{_AS})?|{_AS})"
    return rf"^(?:[^<]|<<|<\s*(?:{plain}|{dated})\s*>)*$"


def date(fields: Mapping[str, FieldType], columns: Iterable[str]) -> str:
    """One date: typed, or filled in from a date with days added."""
    names = _one_of([*_of("date", fields), *columns])
    return rf"^(?:\s*(?:{_DATE})?\s*|<\s*{names}(?:{_OR}(?:{names}|\"(?:{_DATE})?\"))*(?:{_DAYS})?\s*>)$"


def number(fields: Mapping[str, FieldType], columns: Iterable[str]) -> str:
    """One number: typed, or filled in from a number."""
    names = _one_of([*_of("number", fields), *columns])
    return rf"^(?:\s*(?:{_NUMBER})?\s*|<\s*{names}(?:{_OR}(?:{names}|\"\"|{_NUMBER}))*\s*>)$"


def shorter_than(limit: int) -> str:
    """A text without placeholders has at most so many characters."""
    return rf"^(?:\s*[^<]{{0,{limit}}}\s*|[\s\S]*<[\s\S]*)$"


def vendor(limit: int) -> str:
    """A name without placeholders that QuickBooks takes for a vendor."""
    return rf"^(?:\s*[^<:\u0000-\u001f\u007f]{{0,{limit}}}\s*|[\s\S]*<[\s\S]*)$"


def _of(kind: FieldType, fields: Mapping[str, FieldType]) -> list[str]:
    return [name for name, type_ in fields.items() if type_ == kind]


def _one_of(names: Iterable[str]) -> str:
    """The names as they are; where there are none, nothing fits."""
    return "(?:" + ("|".join(map(_escaped, names)) or "(?!)") + ")"


def _escaped(name: str) -> str:
    """Without the signs of a pattern; ``re.escape`` escapes more than JavaScript allows."""
    return re.sub(r"[\^$\\.*+?()\[\]{}|/]", r"\\\g<0>", name)
