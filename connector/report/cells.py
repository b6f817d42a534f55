"""Text from outside in a cell of a spreadsheet: it is read and never obeyed."""

from typing import Final

from connector.report.columns import safe

__all__ = ["LONGEST", "cell_text", "is_formula"]

LONGEST: Final = 2000
"""Characters of one cell; what is longer is cut, and an ellipsis says so."""

# What spreadsheets take for the beginning of a formula (OWASP, CSV injection), and its full-width forms.
_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell_text(text: object) -> str:
    """One line without secrets and without characters that turn the writing direction."""
    return safe(text, LONGEST)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet that opens ``text`` as plain text would take it for a formula."""
    return text.startswith(_BEGINNINGS) or text.lstrip().startswith(_BEGINNINGS)
