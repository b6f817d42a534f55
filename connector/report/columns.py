"""Columns for any width of terminal: nothing is cut, nothing vanishes, and no line ends in blanks."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from connector.log import redact

__all__ = ["safe", "show_columns", "show_line", "show_text"]

_GAP: Final = "  "
_LEAST: Final = 24  # a last column that is narrower is easier to read below its line
_INDENT: Final = "     "
_ASIDE: Final = re.compile(r" +(?=\([^()]*\)$)")  # before what stands in brackets at the end
_WORD: Final = re.compile(r"(\s*)(\S+)")
_BESIDE: Final = re.compile(r"\s*(?:= |… )?(?:\S+(?: \S+)* {2,})?")  # a place and a gap, and then what is said of it
# What moves the cursor or turns the writing direction is shown as a box instead.
_UNSAFE: Final = dict.fromkeys(
    [*range(32), 127, *range(0x80, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
    "\ufffd",
)

Cell = str | Text


def safe(text: object, most: int = 60) -> str:
    """Text from outside that can do nothing to a terminal and shows no secret, cut to ``most`` characters."""
    clean = redact(str(text)).translate(_UNSAFE)
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def show_line(console: Console, text: str, style: str = "") -> None:
    """One line as it is, to be copied, without blanks at its end; a terminal that is too narrow goes on below."""
    console.print(Text(text.rstrip(" "), style=style), soft_wrap=True)


def show_text(console: Console, text: str, style: str = "") -> None:
    """
    Words of ours, folded between words: what goes on below stands under what it belongs to.

    What stands at the end in brackets gets a line of its own first, so that a command in it stays in one piece.
    """
    for line in text.split("\n"):
        for folded in _hanging(line.rstrip(" "), console.width):
            show_line(console, folded, style)


def _hanging(line: str, width: int) -> Iterator[str]:
    if cell_len(line) <= width:
        yield line
        return
    first, *aside = _ASIDE.split(line, maxsplit=1)
    begin = _BESIDE.match(first)
    beside = begin.end() if begin else 0
    if width - beside < _LEAST:
        beside = len(line) - len(line.lstrip()) + 2
    below = " " * beside
    yield from _words(first, width, below)
    for part in aside:
        yield from _words(below + part, width, below)


def _words(text: str, width: int, below: str) -> list[str]:
    """``text`` over lines of at most ``width`` cells; a word that is longer stands alone, and is not cut."""
    lines, line, started = [], "", False
    for gap, word in _WORD.findall(text):
        if started and cell_len(f"{line}{gap}{word}") > width:
            lines.append(line)
            line = f"{below}{word}"
        else:
            line += f"{gap}{word}"
        started = True
    return [*lines, line]


def show_columns(
    console: Console, titles: Sequence[str], rows: Iterable[Sequence[Cell]], *, right: Collection[str] = ()
) -> None:
    """
    A table whose last column is folded.

    Where the terminal is too narrow for a last column, it stands below its line; where it is too narrow even for the
    others, every cell has a line of its own with its title.

    Columns whose titles stand in ``right`` are aligned to the right.
    """
    told = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
    widths = [max(cell_len(title), *(row[n].cell_len for row in told), 0) for n, title in enumerate(titles)]
    head = sum(widths[:-1]) + len(_GAP) * (len(titles) - 1)
    room = console.width - head - 1
    if head >= console.width:
        _show_blocks(console, titles, told)
        return
    aligned = [title in right for title in titles]
    beside = titles if max(_LEAST, cell_len(titles[-1])) <= room or widths[-1] <= room else titles[:-1]
    _print(console, _joined([Text(title, style="bold") for title in beside], widths, aligned))
    for row in told:
        if row[-1].cell_len <= room or room >= max(_LEAST, _longest(row[-1])):
            first, *more = _folded(row[-1], room)
            _print(console, _joined([*row[:-1], first], widths, aligned))
            indent = " " * (head + 1)
        else:
            _print(console, _joined(row[:-1], widths, aligned))
            more, indent = _folded(row[-1], console.width - len(_INDENT)), _INDENT
        for line in more:
            _print(console, Text.assemble(indent, line))


def _joined(cells: Sequence[Text], widths: Sequence[int], right: Sequence[bool]) -> Text:
    line = Text(" ")
    for n, (cell, width, to_the_right) in enumerate(zip(cells, widths, right, strict=False)):
        blanks = " " * (width - cell.cell_len)
        line.append(_GAP if n else "")
        line.append(blanks if to_the_right else "")
        line.append_text(cell)
        line.append("" if to_the_right else blanks)
    return line


def _show_blocks(console: Console, titles: Sequence[str], rows: Iterable[Sequence[Text]]) -> None:
    """A line for each cell beside its title, or below it where there is no room beside."""
    width = max(map(cell_len, titles)) + len(_GAP) + 1
    indent = width if console.width - width >= _LEAST else len(_INDENT)
    for n, row in enumerate(rows):
        if n:
            console.print()
        for title, cell in zip(titles, row, strict=True):
            lines = _folded(cell, console.width - indent)
            first = lines.pop(0) if indent == width else Text("")
            _print(console, Text.assemble(f" {title}".ljust(indent), first))
            for line in lines:
                _print(console, Text.assemble(" " * indent, line))


def _folded(cell: Text, width: int) -> list[Text]:
    lines = _words(cell.plain.strip(), width, "") if cell.cell_len > width else [cell.plain]
    return [Text(line, style=cell.style) for line in lines]


def _longest(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split()), default=0)


def _print(console: Console, line: Text) -> None:
    line.rstrip()
    console.print(line, soft_wrap=True)
