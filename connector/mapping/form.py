"""The form as it is read: shapes, known words and missing boxes, one fault a mistake."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from connector.mapping.faults import Fault, Span, TextFile, closest
from connector.mapping.yaml_text import Items, Map, Node, Text

__all__ = ["Form", "comma_inside_braces"]

_Shape = TypeVar("_Shape", Map, Items, Text)
_SHOWN = {
    Map: "boxes, one a line:   box: what goes in it",
    Items: "a list:   [one, two]",
    Text: "one text",
}


def comma_inside_braces(key: Text, node: Node) -> str | None:
    """What to do about ``{total: 4,825.50}``, where the comma begins another box; None where it is not that."""
    if key.value[:1].isdigit() and isinstance(node, Text) and node.empty:
        return 'inside { } put quotes round a number with a comma: "1,234.50"'
    return None


class Form:
    """A mapping's file and the faults found so far."""

    def __init__(self, file: TextFile) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, code: str, what: str, span: Span | None, help_: str) -> None:
        self.faults.append(self.file.fault(code, what, span, help_))

    def place(self, span: Span) -> str:
        """The line as people see it: ``mappings/cake.yaml:24``."""
        return f"{self.file.shown}:{span.line}"

    def map(self, key: Text, node: Node) -> Map | None:
        return self._shaped(Map, key, node)

    def items(self, key: Text, node: Node) -> Items | None:
        return self._shaped(Items, key, node)

    def text(self, key: Text, node: Node) -> Text | None:
        """A text that was written; an empty box is a fault (mapping rule 8)."""
        text = self._shaped(Text, key, node)
        if text is not None and text.empty:
            # A text cut short by its remark has its fault already.
            if not any(fault.place.line == key.span.line and fault.code == "M110" for fault in self.faults):
                self.fault("M109", f"{key.value} is empty", key.span, 'leave it out, or write ""')
            return None
        return text

    def known(
        self, entries: Map, known: Collection[str], required: Iterable[str], of: str
    ) -> dict[str, tuple[Text, Node]]:
        """
        The entries with known keys; unknown and missing ones are faults, a misspelt one only once.

        Args:
            entries: What was filled in.
            known: Every key that may stand there.
            required: Those that must.
            of: What the keys belong to, as in "a line has no box …".
        """
        found: dict[str, tuple[Text, Node]] = {}
        absent = [name for name in known if entries.get(name) is None]
        misspelt: set[str] = set()
        for key, node in entries.entries:
            if key.value in known:
                found[key.value] = key, node
                continue
            guess = closest(key.value, absent)
            if guess:
                misspelt.add(guess)
            help_ = f"did you mean {guess}?" if guess else f"there are: {', '.join(known)}"
            help_ = comma_inside_braces(key, node) or help_
            self.fault("M105", f"{of} has no {key.value}", key.span, help_)
        for name in required:
            if name in absent and name not in misspelt:
                self.fault("M106", f"{of} needs {name}", entries.span, f"add   {name}: …")
        return found

    def _shaped(self, shape: type[_Shape], key: Text, node: Node) -> _Shape | None:
        if isinstance(node, shape):
            return node
        if isinstance(node, Text) and node.empty:
            self.fault("M109", f"{key.value} is empty", key.span, "fill it in, or leave it out")
        else:
            self.fault(
                "M108", f"{key.value} is not filled in the way it is meant", key.span, f"it takes {_SHOWN[shape]}"
            )
        return None
