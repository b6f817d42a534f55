"""``preview`` on the terminal: on the left the invoice, in the middle who decided, on the right the bill."""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Any, Final

from rich.console import Console

from connector.report.columns import safe, show_columns, show_line
from connector.report.status_text import amount_text

__all__ = ["show_preview"]

_KINDS: Final = {"bill": "a bill", "credit": "a vendor credit"}
_LONG: Final = 400
_FIELD: Final = 24
_RULE: Final = 46
_NARROW: Final = 110  # below it three columns are none


def show_preview(console: Console, data: Mapping[str, Any]) -> None:
    """Where it ends, then a row for each box: the fields asked, the lines and rows that decide, what goes in it."""
    name = f"{safe(data['source'])}:{safe(data['invoice'])}"
    document, stopped = data["document"], data["outcome"]
    if stopped is None:
        amount = amount_text(document["currency"], document["amount"])
        kind = _KINDS[document["kind"]]
        show_line(console, f" {name} becomes {kind}: {safe(document['number'])}, {amount}, {safe(document['vendor'])}")
    else:
        _show_waiting(console, f" {name} is", stopped)
    if stopped is None and data["stands"] is not None:
        _show_waiting(console, "   but the last sync left it", data["stands"])
    console.print()
    if console.width < _NARROW:
        _show_narrow(console, data)
    else:
        show_columns(console, (f"{safe(data['source'])} said", "The rule that decided", "The bill"), _rows(data))
    if data["payment"] is not None:
        show_line(console, f"\n {_payment(data['payment'])}")
    if data["unused"] and data["boxes"]:
        said = ", ".join(f"{safe(name)} {safe(data['said'][name], _FIELD)}" for name in data["unused"])
        show_line(console, f"\n Said and asked by no rule: {said}")


def _show_waiting(console: Console, told: str, waits: Mapping[str, Any]) -> None:
    show_line(console, f"{told} {waits['state']}  [{waits['code']}]")
    for line in waits["reason"]:
        show_line(console, f"   {safe(line, _LONG)}")
    if waits["remedy"]:
        show_line(console, f"   = {safe(waits['remedy'], _LONG)}")


def _show_narrow(console: Console, data: Mapping[str, Any]) -> None:
    """The same, a box a line with what decided it below; where there is no bill, what the source said."""
    for box in data["boxes"]:
        show_line(console, f" {box['box']:<22} {safe(box['value'], _LONG)}")
        for each in box["decided_by"]:
            show_line(console, f"     {_rule(each)}")
        asked = ", ".join(" ".join(_field(name, value).split()) for name, value in box["fields"].items())
        if asked:
            show_line(console, f"     said: {asked}")
    for name, value in data["said"].items() if not data["boxes"] else ():
        show_line(console, f"   {_field(name, value)}")


def _rows(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for word in data["words"]:
        yield _field(word["field"], word["value"]), _rule(word), ""
    for box in data["boxes"]:
        fields = [_field(name, value) for name, value in box["fields"].items()]
        rules = [_rule(each) for each in box["decided_by"]]
        value = f"{box['box']}: {safe(box['value'], _LONG)}"
        yield from zip_longest(fields, rules, [value], fillvalue="")
    if not data["boxes"]:
        asked = {word["field"] for word in data["words"]}
        yield from ((_field(name, value), "", "") for name, value in data["said"].items() if name not in asked)


def _field(name: str, value: str | None) -> str:
    return f"{safe(name)}  {'(empty)' if value is None else safe(value, _FIELD)}"


def _rule(decided: Mapping[str, str]) -> str:
    text = safe(" ".join(decided["text"].partition("  #")[0].split()), _RULE)
    return f"{safe(PurePosixPath(decided['place']).name)}  {text}"


def _payment(payment: Mapping[str, Any]) -> str:
    if "account" not in payment:
        return f"Its payment waits: {safe(' '.join(payment['reason']), _LONG)}  = {safe(payment['remedy'], _LONG)}"
    day = payment["date"] or "the day on which it was first seen paid"
    return f"It is paid at the source: paid from {safe(payment['account'])}, dated {day}"
