"""An outcome written down as an example of its mapping: text in, text out; every other line stays as it is."""

import re
from collections.abc import Iterator
from typing import Final

from connector.document import Document
from connector.mapping.outcome import Mapped, NotMapped

__all__ = ["with_example"]

_SECTION: Final = re.compile(r"examples:[ \t]*(#.*)?")
_ITEM: Final = re.compile(r"([ \t]*)- ")
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,/_-]*[A-Za-z0-9.]|[A-Za-z0-9]")


def with_example(text: str, name: str, given: str, outcome: Mapped | NotMapped) -> str | None:
    """
    The mapping's text with one more example at the end of its ``examples``; None where they are written in ``[ ]``.

    Args:
        text: The mapping, without faults.
        name: What the example is called.
        given: Its record's file, as it is seen from the mapping's folder.
        outcome: What the mapping makes of that record.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(end)
    begin = next((n for n, line in enumerate(lines) if _SECTION.fullmatch(line)), None)
    if begin is None:
        if any(line.startswith("examples:") for line in lines):
            return None
        whole = text if text.endswith(end) else text + end
        return whole + end.join(["", "examples:", *_example("  ", name, given, outcome), ""])
    last = next((n for n in range(begin + 1, len(lines)) if lines[n][:1] not in ("", " ", "-", "#")), len(lines))
    while not lines[last - 1].strip() or lines[last - 1].startswith("#"):
        last -= 1
    items = (found[1] for line in lines[begin + 1 : last] if (found := _ITEM.match(line)))
    return end.join([*lines[:last], "", *_example(next(items, "  "), name, given, outcome), *(lines[last:] or [""])])


def _example(indent: str, name: str, given: str, outcome: Mapped | NotMapped) -> Iterator[str]:
    yield f"{indent}- name: {_typed(name)}"
    yield f"{indent}  given: {_typed(given)}"
    yield f"{indent}  expect:"
    for box, value in _expected(outcome):
        yield f"{indent}    {box}: {_typed(value)}"


def _expected(outcome: Mapped | NotMapped) -> Iterator[tuple[str, str]]:
    if isinstance(outcome, Mapped):
        yield from _boxes(outcome.document)
    stopped = outcome if isinstance(outcome, NotMapped) else outcome.late
    if stopped is not None:
        yield ("skipped" if stopped.state == "skipped" else "held"), stopped.code


def _boxes(document: Document) -> Iterator[tuple[str, str]]:
    """The boxes that decide where money goes: what is in them should not move unnoticed."""
    sign = -1 if document.kind == "credit" else 1
    yield "vendor", document.vendor
    yield "number", document.number
    yield "date", document.date.isoformat()
    yield "currency", document.currency
    yield "total", f"{sign * document.amount:f}"
    for n, line in enumerate(document.lines, start=1):
        box, name = ("account", line.account) if line.account else ("item", line.item or "")
        yield f"lines[{n}].{box}", name
        yield f"lines[{n}].amount", f"{sign * line.amount:f}"


def _typed(value: str) -> str:
    """A value that is read back to the letter: as it is where nothing in it means anything, else in quotes."""
    return value if _PLAIN.fullmatch(value) else "'" + value.replace("'", "''") + "'"
