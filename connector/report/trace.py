"""Which line of the mapping and which row of a table decided each box, also with a mapping as it once was."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from connector.document import Document
from connector.errors import ConnectorError
from connector.invoice import Declaration, Invoice
from connector.mapping import Mapped, Mapping, NotMapped, Trace
from connector.mapping.apply import apply_rules
from connector.mapping.faults import Fault, TextFile
from connector.mapping.filling import Filling, Stopped
from connector.mapping.parse import Parsed, parse_mapping
from connector.mapping.yaml_text import read_yaml
from connector.money import with_thousands
from connector.state.tables import MappingVersionRow

__all__ = ["Decider", "boxes_of", "current_decider", "stored_decider"]


@dataclass(frozen=True, slots=True)
class Decider:
    """
    A mapping that can say why.

    Args:
        files: Its text and its tables', by the names that places show.
        as_now: Whether it is the mapping as it stands in its file.
    """

    path: str
    version: str
    as_now: bool
    parsed: Parsed
    title: str
    files: dict[str, TextFile]

    def apply(self, invoice: Invoice) -> Mapped | NotMapped:
        """The invoice's document with its trace, or why there is none."""
        return apply_rules(self.parsed.rules, self.parsed.policy, invoice, self.title)

    def number(self, invoice: Invoice) -> str | None:
        """The number that a bill of the invoice would have, also where something else stands in its way."""
        rule = self.parsed.rules.bill["number"]
        try:
            return Filling(self.parsed.rules.tables, invoice, self.title).text(rule, "number")[0] or None
        except Stopped:
            return None

    def line_at(self, place: str) -> str:
        """The text at a place like ``mappings/cake.yaml:24``; empty where there is none."""
        name, _, number = place.rpartition(":")
        file = self.files.get(name)
        if file is None or not number.isdecimal() or not 0 < int(number) <= len(file.lines):
            return ""
        return file.lines[int(number) - 1].strip()


def current_decider(mapping: Mapping) -> Decider:
    """The mapping as it was just loaded."""
    parsed = Parsed(mapping.rules, mapping.policy, ())
    return Decider(
        mapping.path, mapping.version, True, parsed, mapping.title, _files(mapping.path, mapping.text, mapping.tables)
    )


def stored_decider(row: MappingVersionRow, declaration: Declaration) -> Decider | None:
    """The mapping as the state kept it, places and all; None where today's rules cannot read it any more."""
    files = _files(row.path, row.text, row.tables)
    node, faults = read_yaml(files[row.path])
    if node is None:
        return None

    def read(name: str) -> TextFile | Fault:
        file = files.get(_beside(row.path, name))
        return file or files[row.path].fault("M130", f"{name} was not kept", None, "")

    try:
        parsed, _ = parse_mapping(files[row.path], node, declaration, read, faults)
    except ConnectorError:
        return None
    return None if parsed is None else Decider(row.path, row.version, False, parsed, declaration.title, files)


def boxes_of(document: Document, trace: tuple[Trace, ...], decider: Decider | None) -> list[dict[str, Any]]:
    """Every box that is filled in, as on a bill, each with the line and the rows that decided it."""
    by_box = {one.box: one for one in trace}
    return [_box(name, value, by_box.get(name), decider) for name, value in _filled(document)]


def _box(name: str, value: str, trace: Trace | None, decider: Decider | None) -> dict[str, Any]:
    places = [] if trace is None else [place for place in (trace.place, *trace.via) if place]
    decided = [{"place": place, "text": decider.line_at(place) if decider else ""} for place in places]
    if name == "amounts are" and decider is not None and not decider.parsed.rules.amounts_place:
        taxed = any("tax" in line.boxes for line in decider.parsed.rules.lines)
        decided = [{"place": "by itself", "text": f"because {'a' if taxed else 'no'} line has a tax box"}]
    return {"box": name, "value": value, "decided_by": decided}


def _filled(document: Document) -> list[tuple[str, str]]:
    boxes = [
        ("vendor", document.vendor),
        ("number", document.number),
        ("date", document.date.isoformat()),
        ("due", document.due.isoformat() if document.due else ""),
        ("terms", document.terms),
        ("currency", document.currency),
        ("memo", document.memo),
        ("ap_account", document.ap_account),
        ("location", document.location),
        ("amounts are", document.amounts_are),
    ]
    for n, line in enumerate(document.lines, start=1):
        boxes += [
            (f"lines[{n}].account", line.account or ""),
            (f"lines[{n}].item", line.item or ""),
            (f"lines[{n}].quantity", "" if line.quantity is None else f"{line.quantity:f}"),
            (f"lines[{n}].amount", with_thousands(line.amount, document.currency)),
            (f"lines[{n}].description", line.description),
            (f"lines[{n}].class", line.class_name),
            (f"lines[{n}].customer", line.customer),
            (f"lines[{n}].tax", line.tax),
        ]
    return [(name, value) for name, value in boxes if value]


def _files(path: str, text: str, tables: dict[str, Any]) -> dict[str, TextFile]:
    files = {path: TextFile(path, text, more_breaks=True)}
    for name, table in tables.items():
        shown = _beside(path, name)
        files[shown] = TextFile(shown, str(table))
    return files


def _beside(path: str, name: str) -> str:
    return (PurePosixPath(path).parent / name).as_posix()
