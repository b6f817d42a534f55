"""What ``connector check`` found, for people, for programs, and as annotations of a pull request."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connector.cli.targets import Target
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from connector.mapping import Fault, Mapping

__all__ = ["Result", "as_annotations", "as_document", "as_text", "notes_in_order"]

_PAYMENT_UNUSED: Final = "; payment is not used: policy says   invoice paid at source: ignore"


@dataclass(frozen=True, slots=True)
class Result:
    """
    What was found in one mapping.

    Args:
        shown: Its file as people see it.
        mapping: None where its own files have faults.
        notes: What is worth knowing and hinders nothing.
    """

    target: Target
    shown: str
    faults: "tuple[Fault, ...]" = ()
    mapping: "Mapping | None" = None
    notes: "tuple[Fault, ...]" = ()

    @property
    def payment_unused(self) -> bool:
        """Whether it says how a payment is recorded, and its policy that none is."""
        return self.mapping is not None and self.mapping.payment and self.mapping.policy.paid_at_source == "ignore"


def notes_in_order(results: list[Result]) -> "list[Fault]":
    """Every note once: two connections may share a mapping."""
    return list(dict.fromkeys(note for result in results for note in result.notes))


def as_document(results: list[Result], faults: "list[Fault]", trouble: ConnectorError | None) -> dict[str, object]:
    """The JSON of the command."""
    from connector.report.problems import problem_data  # noqa: PLC0415 - brings rich

    return {
        "schema": "connector/check/1",
        "mappings": [
            {
                "source": result.target.connection or result.target.type,
                "path": result.shown,
                "ok": not result.faults,
                "examples": len(result.mapping.examples) if result.mapping else 0,
                "tables": len(result.mapping.tables) if result.mapping else 0,
                "version": result.mapping.version if result.mapping else None,
                "payment_unused": result.payment_unused,
            }
            for result in results
        ],
        "faults": [fault.as_json() for fault in faults],
        "notes": [note.as_json() for note in notes_in_order(results)],
        "problems": [] if trouble is None else [problem_data(trouble.problem)],
    }


def as_text(results: list[Result], faults: "list[Fault]", *, whole: bool, online: bool) -> str:
    """
    For people: faults, notes, what is good, and what comes next.

    Args:
        results: Of every mapping.
        faults: Each once.
        whole: With the faults and notes themselves.
        online: The names of those that are good were compared with QuickBooks.
    """
    lines = [f"{each.render()}\n" for each in [*faults, *notes_in_order(results)]] if whole else []
    good = [(result, result.mapping) for result in results if result.mapping is not None and not result.faults]
    width = max((len(result.shown) for result, _ in good), default=0)
    for result, mapping in good:
        counts = f"{_count(len(mapping.tables), 'table')}, {_count(len(mapping.examples), 'example')}"
        known = "; every name fits QuickBooks" if online else ""
        unused = _PAYMENT_UNUSED if result.payment_unused else ""
        lines.append(f"ok  {result.shown:<{width}}  {counts}{known}{unused}")
    if faults:
        lines.append(f"{_count(len(faults), 'fault')}. Next: mend what it says, then connector check")
    elif results:
        lines.append("Next: connector plan")
    else:
        lines.append("The settings name no source. Next: add a section [sources.NAME]")
    return "\n".join(lines)


def as_annotations(faults: "list[Fault]", notes: "list[Fault]") -> str:
    """Faults and notes as GitHub's workflow commands, which show them beside the lines of a change."""
    return "\n".join([*_annotated("error", faults), *_annotated("notice", notes)])


def _annotated(command: str, found: "list[Fault]") -> Iterator[str]:
    for each in found:
        place = each.place
        told = {"file": place.file, "line": place.line, "col": place.column, "title": each.code}
        if place.length:
            told["endColumn"] = place.column + place.length
        properties = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in told.items() if value)
        yield f"::{command} {properties}::{_escaped(f'{each.what}{chr(10)}{each.help}')}"


def _escaped(text: str, also: str = "") -> str:
    """GitHub's own way: the percent sign first, then what would end the line or the property."""
    return "".join(f"%{ord(char):02X}" if char in f"%\r\n{also}" else char for char in text)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
