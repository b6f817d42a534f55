"""Running the examples of a mapping: a failing example is a fault, and its mapping is not used."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from connector.document import Document, Line
from connector.errors import ConnectorError
from connector.invoice import Declaration, Invoice
from connector.mapping.dates import iso_date
from connector.mapping.faults import Fault, TextFile
from connector.mapping.outcome import Mapped, NotMapped, Trace
from connector.mapping.parse_examples import OUTCOMES
from connector.mapping.rules import Example, Expected
from connector.money import typed_decimal

__all__ = ["NO_CURRENCY", "compare", "example_invoice"]

_RECORD_LIMIT = 1024 * 1024
_MEND = "mend the mapping, the table or the example"
_GOES_OUT = "if that is right now, write here what the bill holds, as in   total: 120.00   or take the example out"
_SAY_CURRENCY = "say in the settings which currency is meant, under the source: currency"
NO_CURRENCY: Final = "currency-unknown"


def example_invoice(
    example: Example, file: TextFile, folder: Path, declaration: Declaration, currency: str | None
) -> Invoice | Fault:
    """The example's record as its source would read it."""
    record = _record(example, file, folder)
    if isinstance(record, Fault):
        return record
    try:
        return declaration.read(record, source=declaration.type, currency=currency)
    except ConnectorError as error:
        what = f'the record of example "{example.name}" cannot be read: {error.what}'
        return file.fault("M140", what, example.given_span, "write the record as the source sends it")


def _record(example: Example, file: TextFile, folder: Path) -> Mapping[str, object] | Fault:
    if not isinstance(example.given, str):
        return example.given
    remedy = "save the invoice there as the source sends it: one record as JSON"
    try:
        data = (folder / example.given).read_bytes()
    except (OSError, ValueError):
        return file.fault("M140", f"there is no file {example.given} beside the mapping", example.given_span, remedy)
    try:
        text = data.decode("utf-8-sig") if len(data) <= _RECORD_LIMIT else ""
        record: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        what = f"{example.given} does not hold one invoice as JSON"
        return file.fault("M140", what, example.given_span, remedy)
    return record


def compare(example: Example, file: TextFile, outcome: Mapped | NotMapped) -> Iterator[Fault]:
    """Every box in which the outcome is not what the example expects."""
    wanted = next((one for one in example.expect if one.box in OUTCOMES), None)
    stopped = outcome if isinstance(outcome, NotMapped) else outcome.late
    if wanted:
        yield from _stopped_as(example, file, wanted, stopped)
    elif isinstance(outcome, NotMapped):
        what = f'example "{example.name}": expected a bill, and the invoice is {outcome.state} [{outcome.code}]'
        mend = _SAY_CURRENCY if outcome.code == NO_CURRENCY else _MEND
        yield file.fault("M142", what, example.span, "\n".join([*outcome.reason, mend]))
    if isinstance(outcome, Mapped):
        for one in example.expect:
            if one.box not in OUTCOMES:
                yield from _box(example, file, one, outcome)


def _stopped_as(example: Example, file: TextFile, wanted: Expected, stopped: NotMapped | None) -> Iterator[Fault]:
    states = ("held", "blocked") if wanted.box == "held" else (wanted.box,)
    if stopped and stopped.state in states and stopped.code == wanted.value:
        return
    got = f"it is {stopped.state} [{stopped.code}]" if stopped else "it becomes a bill"
    what = f'example "{example.name}": expected {wanted.box} [{wanted.value}], and {got}'
    help_ = [*stopped.reason, _MEND] if stopped else [_GOES_OUT, f"else {_MEND}"]
    yield file.fault("M142", what, wanted.span, "\n".join(help_))


def _box(example: Example, file: TextFile, one: Expected, mapped: Mapped) -> Iterator[Fault]:
    got = _value(mapped.document, one.box)
    if _same(one.value, got):
        return
    decided = next((trace for trace in mapped.trace if trace.box == one.box), None)
    what = f'example "{example.name}": expected {one.box} {one.value or "empty"}, and got {got or "nothing"}'
    yield file.fault("M142", what, one.span, "\n".join([*_decided(decided), _MEND]))


def _decided(trace: Trace | None) -> tuple[str, ...]:
    return (f"decided by {', '.join((trace.place, *trace.via))}",) if trace else ()


def _value(document: Document, box: str) -> str:
    """A box of the document as text; amounts signed as at the source, so that a credit shows as one."""
    sign = -1 if document.kind == "credit" else 1
    if box == "total":
        return f"{sign * document.amount:f}"
    if box.startswith("lines["):
        number, _, name = box.removeprefix("lines[").partition("].")
        index = int(number) - 1
        return _line_value(document.lines[index], name, sign) if index < len(document.lines) else ""
    value = getattr(document, box.replace(" ", "_"))
    return "" if value is None else str(value)


def _line_value(line: Line, name: str, sign: int) -> str:
    if name == "amount":
        return f"{sign * line.amount:f}"
    value = line.class_name if name == "class" else getattr(line, name)
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _same(expected: str, got: str) -> bool:
    if expected == got:
        return True
    for typed in (typed_decimal, iso_date):
        try:
            return typed(expected) == typed(got)
        except ValueError:
            continue
    return False
