"""Reading the examples of a mapping: a record, and the boxes that it must give."""

import re
from typing import Final

from connector.mapping.boxes import BILL, LINE
from connector.mapping.faults import closest
from connector.mapping.form import Form, comma_inside_braces
from connector.mapping.rules import Example, Expected
from connector.mapping.yaml_text import Map, Node, Text

__all__ = ["LINE_BOXES", "OUTCOMES", "parse_examples"]

OUTCOMES: Final = ("held", "blocked", "skipped")
_LINE: Final = re.compile(r"lines\[([1-9]\d{0,3})\]\.(.+)")
LINE_BOXES: Final = tuple(name for name in LINE if name != "share")
_KNOWN: Final = (*BILL, "total", *OUTCOMES)


def parse_examples(form: Form, found: tuple[Text, Node] | None) -> tuple[Example, ...]:
    """The examples that can be run."""
    items = form.items(*found) if found else None
    examples: list[Example] = []
    for node in items.entries if items else ():
        if not isinstance(node, Map):
            form.fault(
                "M108", "an example is not filled in the way it is meant", node.span, "it takes name, given, expect"
            )
            continue
        example = _example(form, node)
        if example:
            examples.append(example)
    return tuple(examples)


def _example(form: Form, node: Map) -> Example | None:
    parts = ("name", "given", "expect")
    found = form.known(node, parts, parts, "an example")
    if len(found) < len(parts):
        return None
    name = form.text(*found["name"])
    given = _given(form, *found["given"])
    expect = form.map(*found["expect"])
    boxes = _expected(form, expect) if expect else ()
    if name is None or given is None or not boxes:
        return None
    return Example(name.value, name.span, given, found["given"][1].span, boxes)


def _given(form: Form, key: Text, node: Node) -> str | dict[str, object] | None:
    if isinstance(node, Text):
        text = form.text(key, node)
        return text.value if text else None
    entries = form.map(key, node)
    if entries is None:
        return None
    record: dict[str, object] = {}
    for name, value in entries.entries:
        if not isinstance(value, Text):
            form.fault("M108", f"{name.value} is not filled in the way it is meant", name.span, "it takes one text")
            return None
        record[name.value] = None if value.empty else value.value
    return record


def _expected(form: Form, expect: Map) -> tuple[Expected, ...]:
    boxes: list[Expected] = []
    for key, node in expect.entries:
        line = _LINE.fullmatch(key.value)
        known = LINE_BOXES if line else _KNOWN
        word = line[2] if line else key.value
        if word not in known:
            guess = closest(word, known)
            prefix = key.value.removesuffix(word)
            help_ = (
                f"did you mean {prefix}{guess}?"
                if guess
                else "name boxes, lines[1].account (from 1), total, held or skipped"
            )
            help_ = comma_inside_braces(key, node) or help_
            form.fault("M141", f"an example cannot expect {key.value}", key.span, help_)
            continue
        text = form.text(key, node)
        if text is not None:
            boxes.append(Expected(key.value, text.value.strip(), text.span))
    return tuple(boxes)
