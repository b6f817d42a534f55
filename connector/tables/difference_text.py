"""What an import would change, on the terminal: a line for each row, the cells that change with both their texts."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import Console

from connector.report.columns import safe, show_line
from connector.tables.difference import Difference
from connector.tables.saved import Record

__all__ = ["show_difference"]

_SHOWN: Final = 100
_LONG: Final = 80


def show_difference(console: Console, found: Difference, file: str) -> None:
    """Added, changed and removed rows, then what is not taken over."""
    counts = ((len(found.added), "added"), (len(found.changed), "changed"), (len(found.removed), "removed"))
    told = [f"{n} {'row' if n == 1 else 'rows'} {word}" for n, word in counts if n]
    show_line(console, f" {safe(file, 200)}: {', '.join(told) or 'nothing differs'}\n")
    _show(console, "+", (f"{_key(found, each)}  {'  '.join(_cells(found, each))}" for each in found.added), "green")
    changed = (
        f"{_key(found, each.record)} (line {each.record.line})  "
        + "; ".join(f"{name}: {_text(old)} → {_text(new)}" for name, old, new in each.cells)
        for each in found.changed
    )
    _show(console, "~", changed, "yellow")
    removed = (f"{_key(found, each)} (line {each.line})  {'  '.join(_cells(found, each))}" for each in found.removed)
    _show(console, "-", removed, "red")
    if found:
        console.print()
    for name in found.unknown:
        help_ = "it is not taken over; to keep it, add the heading to the table first"
        show_line(console, f" ! the table has no column {safe(name)}: {help_}", "yellow")
    if found.absent:
        named = ", ".join(safe(name) for name in found.absent)
        show_line(console, f" · the file has no column {named}; what stands there stays")
    if found.left_out:
        rows = "1 proposed row was" if found.left_out == 1 else f"{found.left_out} proposed rows were"
        show_line(console, f" · {rows} not filled in and {'is' if found.left_out == 1 else 'are'} left out")


def _show(console: Console, sign: str, lines: Iterable[str], style: str) -> None:
    more = 0
    for n, line in enumerate(lines):
        if n < _SHOWN:
            show_line(console, f" {sign} {line}", style)
        else:
            more += 1
    if more:
        show_line(console, f" {sign} … and {more} more (all of them: --json)", style)


def _key(found: Difference, record: Record) -> str:
    return safe(found.key(record), _LONG)


def _cells(found: Difference, record: Record) -> Iterator[str]:
    for name, cell in zip(found.columns, record.cells, strict=False):
        if cell and name not in found.match:
            yield f"{name}: {_text(cell)}"


def _text(cell: str) -> str:
    return f'"{safe(cell, _LONG)}"' if cell else "empty"
