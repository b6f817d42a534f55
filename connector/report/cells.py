"""Text from outside in a file for people: it is read and never obeyed."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

from connector.report.columns import safe

__all__ = ["LONGEST", "cleaner", "is_formula"]

LONGEST: Final = 2000
"""Characters of one cell; what is longer is cut, and an ellipsis says so."""

_REMEMBERED: Final = 4096

# What spreadsheets take for the beginning of a formula (OWASP, CSV injection), and its full-width forms.
_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cleaner(longest: int = LONGEST) -> Callable[[str], str]:
    """
    What makes one line of a text, without secrets and without characters that turn the writing direction.

    One for each file that is written: it remembers, as most words of a report come again and again.
    """
    return lru_cache(_REMEMBERED)(partial(safe, most=longest))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet that opens ``text`` as plain text would take it for a formula."""
    return text.startswith(_BEGINNINGS) or text.lstrip().startswith(_BEGINNINGS)
