"""
Reading a mapping's text: nodes with their places, every value as text (mapping rule 7).

Only the shape is YAML's; its types, anchors, tags and merge keys are refused, and its own words never reach a person.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from connector.mapping.faults import Fault, Span, TextFile

__all__ = ["SIZE_LIMIT", "Items", "Map", "Node", "Text", "decode", "read_yaml"]

SIZE_LIMIT: Final = 256 * 1024
_DEPTH_LIMIT: Final = 20
_QUOTES: Final = "put quotes round the whole text"
_TAB: Final = "a tab stands here"
_SPACES: Final = "put spaces in its place"
_TAB_WIDTHS: Final = (1, 2, 4, 8)
_TABBED: Final = re.compile(r"""[ \t]*\t[ \t]*[^ \t#]|[^\t"'#]*[:-]\t""")
_MANY_TABS: Final = 20
_OPEN_QUOTE: Final = re.compile(r"""[^"'#]*[:-] +(?:("(?:[^"\\]|\\.)*+)|('[^']*+(?:''[^']*+)*+))""")


@dataclass(frozen=True, slots=True)
class Text:
    """A value or a key: as typed, with the place of its first character and its raw form in the file."""

    value: str
    span: Span
    raw: str
    plain: bool

    @property
    def empty(self) -> bool:
        """Nothing was written, not even two quotes."""
        return self.plain and not self.value

    def part(self, offset: int, length: int) -> Span:
        """The place of a part of the value; the whole value where quotes hide it."""
        wanted = self.value[offset : offset + length]
        at = -1
        for _ in range(self.value[:offset].count(wanted) + 1 if wanted else 0):
            at = self.raw.find(wanted, at + 1)
        if at < 0:
            return self.span
        below = self.raw.count("\n", 0, at)
        column = at - self.raw.rfind("\n", 0, at) if below else self.span.column + at
        return Span(self.span.line + below, column, length)


@dataclass(frozen=True, slots=True)
class Map:
    entries: tuple[tuple[Text, "Node"], ...]
    span: Span

    def get(self, key: str) -> "Node | None":
        return next((value for name, value in self.entries if name.value == key), None)

    def key(self, key: str) -> Text | None:
        return next((name for name, _ in self.entries if name.value == key), None)


@dataclass(frozen=True, slots=True)
class Items:
    entries: tuple["Node", ...]
    span: Span


Node = Text | Map | Items


def decode(
    data: bytes, shown: str, code: str, *, limit: int, remedy: str, more_breaks: bool = False
) -> TextFile | Fault:
    """A file's bytes as text: UTF-8 with or without its mark, and not larger than ``limit`` bytes."""
    empty = TextFile(shown, "")
    if len(data) > limit:
        return empty.fault(code, f"this file is larger than {limit // 1024} KB", None, "is it the right file?")
    try:
        return TextFile(shown, data.decode("utf-8-sig"), more_breaks)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        start = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[start : error.start].decode("utf-8", "replace")) + 1
        shown_text = TextFile(shown, data.decode("cp1252", "replace"))
        return shown_text.fault(code, "this file is not saved as UTF-8", Span(line, column), remedy)


def read_yaml(file: TextFile) -> tuple[Node | None, list[Fault]]:
    """The file's nodes and every fault of its layout; no nodes where the layout cannot be followed."""
    node, faults = _composed(file)
    if node is not None or not any(fault.what == _TAB for fault in faults):
        return node, faults
    told = list(_tabs(file))
    for width in _TAB_WIDTHS:  # tabs may stand for any number of spaces; what else is wrong is to be told too
        node, found = _composed(TextFile(file.shown, _without_tabs(file.text, width), file.more_breaks))
        if node is not None:
            return node, [*told, *found]
    return None, told or faults


def _composed(file: TextFile) -> tuple[Node | None, list[Fault]]:
    faults: list[Fault] = []
    try:
        loader = _Loader(file, faults)
        root = loader.get_single_node()
    except _TooDeep as error:
        what = f"brackets and indents go deeper than {_DEPTH_LIMIT}"
        return None, [
            file.fault("M111", what, _span(error.mark), "a mapping needs four levels; look for a stray bracket")
        ]
    except yaml.reader.ReaderError as error:
        return None, [_unreadable(file, error)]
    except yaml.MarkedYAMLError as error:
        return None, [*faults, _explain(file, error)]
    if root is None:
        return None, [
            file.fault(
                "M101",
                "this mapping is empty",
                None,
                "start from one of the mappings that came along; its language: connector help mapping",
            )
        ]
    return _walk(root, file, faults), faults


def _tabs(file: TextFile) -> Iterator[Fault]:
    """Every tab that a box is indented with or that stands before its text."""
    found = 0
    for number, line in enumerate(file.lines, start=1):
        tab = _TABBED.match(line)
        if tab is not None and found < _MANY_TABS:
            found += 1
            yield file.fault("M102", _TAB, Span(number, line.index("\t") + 1), _SPACES)


def _without_tabs(text: str, width: int) -> str:
    indented = re.sub(r"(?m)^[ \t]+", lambda found: found[0].replace("\t", " " * width), text)
    return re.sub(r"(?m)^([^\t\"'#\n]*[:-])(\t+)", lambda found: found[1] + " " * len(found[2]), indented)


class _TooDeep(Exception):
    def __init__(self, mark: yaml.Mark) -> None:
        self.mark = mark


class _Loader(yaml.SafeLoader):
    """Composes nodes with the pure reader, noting what is refused instead of resolving it."""

    def __init__(self, file: TextFile, faults: list[Fault]) -> None:
        super().__init__(file.text)
        self.file = file
        self.faults = faults
        self.depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]
            start: Any = event.start_mark
            self._refuse(start, "*")
            return yaml.ScalarNode("tag:yaml.org,2002:str", f"*{event.anchor}", start, start, '"')
        for sign, found in (("&", event.anchor), ("!", event.tag)):
            if found is not None:
                self._refuse(event.start_mark, sign)
        event.anchor = event.tag = None
        if self.depth > _DEPTH_LIMIT:
            raise _TooDeep(event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _refuse(self, mark: yaml.Mark, sign: str) -> None:
        what = f'a text cannot begin with "{sign}"'
        self.faults.append(self.file.fault("M103", what, _span(mark), f'{_QUOTES}: "{sign}…"'))


def _span(mark: yaml.Mark, length: int = 1) -> Span:
    return Span(mark.line + 1, mark.column + 1, length)


def _walk(node: Any, file: TextFile, faults: list[Fault]) -> Node:
    if isinstance(node, yaml.MappingNode):
        if not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            help_ = f"a field is written <field>; where brackets are meant, {_QUOTES}"
            faults.append(file.fault("M102", "brackets inside brackets", _span(node.start_mark), help_))
            return _text(node, file)
        return Map(tuple(_entries(node, file, faults)), _span(node.start_mark))
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_walk(item, file, faults) for item in node.value), _span(node.start_mark))
    text = _text(node, file)
    if text.plain:
        faults.extend(_cut_short(node, text, file))
    return text


def _entries(node: Any, file: TextFile, faults: list[Fault]) -> Iterator[tuple[Text, Node]]:
    seen: dict[str, Text] = {}
    for key_node, value_node in node.value:
        key = _text(key_node, file)
        if key.plain and key.value == "<<":
            what = "one part of a mapping cannot be pulled into another"
            faults.append(file.fault("M103", what, key.span, "write the boxes out"))
            continue
        if key.value in seen:
            first = seen[key.value].span.line
            what = f"{key.value} stands here twice"
            faults.append(file.fault("M107", what, key.span, f"the first is in line {first}; keep one of them"))
            continue
        seen[key.value] = key
        yield key, _walk(value_node, file, faults)


def _text(node: Any, file: TextFile) -> Text:
    raw = file.text[node.start_mark.index : node.end_mark.index]
    length = len(raw.split("\n", 1)[0].rstrip("\r")) or 1
    value = node.value if isinstance(node, yaml.ScalarNode) else raw
    return Text(value, _span(node.start_mark, length), raw, isinstance(node, yaml.ScalarNode) and node.style is None)


def _cut_short(node: Any, text: Text, file: TextFile) -> Iterator[Fault]:
    """Rule 7: what looks like a comment may be the rest of the text, as in ``Invoice #<invoice_id>``."""
    end = node.end_mark
    rest = file.lines[end.line][end.column :] if end.line < len(file.lines) else ""
    comment = rest.lstrip(" ")
    if not comment.startswith("#") or (comment == rest and text.value):
        return
    if "<" in comment or (len(comment) > 1 and comment[1] != " "):
        at = Span(end.line + 1, end.column + 1 + len(rest) - len(comment), len(comment.rstrip()))
        whole = f"{text.value} {comment.rstrip()}".strip().replace('"', '\\"')
        yield file.fault("M110", "the text ends here: # begins a remark", at, f'{_QUOTES}: "{whole}"')


def _unreadable(file: TextFile, error: yaml.reader.ReaderError) -> Fault:
    before = file.text[: error.position] if isinstance(error.position, int) else ""
    lines = TextFile(file.shown, before, file.more_breaks).lines
    span = Span(len(lines), len(lines[-1]) + 1)
    return file.fault("M101", "a character that no one can see or type stands here", span, "delete it")


def _explain(file: TextFile, error: yaml.MarkedYAMLError) -> Fault:
    """The reader's complaint in the words of somebody who fills in a form."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return file.fault("M102", "this file cannot be read", None, "compare it with a mapping that works")
    if "single document" in (error.context or ""):
        return file.fault("M103", "a second mapping begins here", _span(mark), "give every mapping a file of its own")
    line = file.lines[mark.line] if mark.line < len(file.lines) else ""
    if (opened := _open_quote(file, mark.line)) is not None:
        quote = file.lines[opened.line - 1][opened.column - 1]
        inside = "''" if quote == "'" else '\\"'
        help_ = f"close it at the end of the text; a {quote} inside the text is written {inside}"
        return file.fault("M102", "this quote is never closed", opened, help_)
    at, what, help_ = _complaint(error, mark, line, file)
    return file.fault("M102", what, at, help_)


def _open_quote(file: TextFile, last: int) -> Span | None:
    """The first quote that begins a text and is not closed in its line, up to the line ``last`` counted from 0."""
    for number, line in enumerate(file.lines[: last + 1], start=1):
        opened = _OPEN_QUOTE.fullmatch(line)
        if opened:
            return Span(number, opened.start(opened.lastindex or 1) + 1)
    return None


def _complaint(error: yaml.MarkedYAMLError, mark: yaml.Mark, line: str, file: TextFile) -> tuple[Span, str, str]:
    """Where, what is wrong, what to do; ``line`` is the one in which the mark stands."""
    problem, context = error.problem or "", error.context or ""
    at, opened = _span(mark), _span(error.context_mark or mark)
    before, after = line[: mark.column], line[mark.column :]
    char = after[:1]
    rules = [
        (
            "\t" in (char, before[-1:]) or (not before.strip() and "\t" in before),
            (at, _TAB, _SPACES),
        ),
        (
            "mapping values are not allowed" in problem and ":" in before,
            (at, "a second colon stands in this line", f"{_QUOTES}: {_quoted_box(line)}"),
        ),
        (
            "flow" in context,
            (opened, "this bracket is never closed, or text follows it", f"close it, or {_QUOTES}"),
        ),
        (
            "cannot start any token" in problem,
            (at, f'a text cannot begin with "{char}"', f"{_QUOTES}: {_quoted(after)}"),
        ),
        (
            "expected ':'" in problem,
            (opened, "this line has no colon", "a line reads   box: what goes in it"),
        ),
        (
            bool(before.strip(" -")) and "mapping values" not in problem,
            (at, "text follows a closed quote or bracket", _QUOTES),
        ),
    ]
    begin = Span(at.line, _indent(line) + 1)
    otherwise = (begin, "this line does not stand in line with the ones above it", _in_line(file, mark.line))
    return next((told for applies, told in rules if applies), otherwise)


def _quoted_box(line: str) -> str:
    box, _, text = line.strip(" -").partition(":")
    return f"{box}: {_quoted(text)}"


def _quoted(text: str) -> str:
    """The text as it has to be typed, without a remark behind it; in the quotes that it does not hold itself."""
    whole = text.partition(" #")[0].strip()
    return "'" + whole.replace("'", "''") + "'" if '"' in whole or "\\" in whole else f'"{whole}"'


def _in_line(file: TextFile, line: int) -> str:
    """Where the line, counted from 0, is meant to begin: below the one before it that is no remark."""
    above = next((n for n in range(line - 1, -1, -1) if file.lines[n].split("#")[0].strip()), None)
    wanted = None if above is None else _indent(file.lines[above])
    if above is None or line >= len(file.lines) or wanted == _indent(file.lines[line]):
        return "begin lines that belong together with the same number of spaces"
    spaces = "1 space" if wanted == 1 else f"{wanted or 'no'} spaces"
    return f"if it belongs to line {above + 1}, begin it as that one, after {spaces}"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))
