"""``unmapped`` as data, and as a CSV to hand on: what needs a row of a table or a name in QuickBooks."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from connector.report.cells import cleaner, is_formula
from connector.report.columns import safe
from connector.report.problems import problem_data
from connector.report.run import CompanyName, stamp
from connector.report.status import amounts_data
from connector.report.whole_file import whole_file
from connector.tables.saved import SavedTable
from connector.tables.waiting import NameWanted, RowWanted, Waiting

__all__ = ["row_text", "unmapped_document", "write_unmapped"]

_COLUMNS: Final = (
    "what",
    "needs",
    "row",
    "looks_like",
    "invoices",
    "currency",
    "amount",
    "since",
    "example",
    "why",
    "next",
)
_NUMBERS: Final = frozenset({"invoices", "amount"})
_clean: Final = cleaner()


def unmapped_document(found: Waiting, company: CompanyName) -> dict[str, Any]:
    """The one JSON document of ``unmapped``."""
    return {
        "schema": "connector/unmapped/1",
        "company": company,
        "rows": [_row_data(each, found.saved[each.file]) for each in found.rows],
        "names": [_name_data(each) for each in found.names],
        "freed": found.freed,
        "problems": [problem_data(each) for each in found.problems],
    }


def row_text(wanted: RowWanted, saved: SavedTable) -> str | None:
    """
    The row as it is pasted into the table; None where no new row would help.

    Text that only repeats what the source says can do nothing to a terminal, is short, and gets an apostrophe where a
    spreadsheet would take it for a formula. A key must stand as it is.
    """
    if not wanted.pastable:
        return None
    at = dict(zip(wanted.columns, wanted.cells, strict=True))
    return saved.line([at[name] if name in wanted.key else _tame(safe(at[name])) for name in saved.columns])


def _tame(text: str) -> str:
    return f"'{text}" if is_formula(text) else text


def _row_data(each: RowWanted, saved: SavedTable) -> dict[str, Any]:
    return {
        "table": each.table,
        "file": each.file,
        "line": each.line,
        "key": each.key,
        "asked": each.asked,
        "row": row_text(each, saved),
        "looks_like": each.guess,
        **_group_data(each),
    }


def _name_data(each: NameWanted) -> dict[str, Any]:
    return {"kind": each.kind, "name": each.name, "near": list(each.near), **_group_data(each)}


def _group_data(each: RowWanted | NameWanted) -> dict[str, Any]:
    return {
        "code": each.code,
        "reason": each.reason,
        "remedy": each.remedy,
        "sources": sorted(each.sources),
        "invoices": each.invoices,
        "amounts": amounts_data(each.sums),
        "since": stamp(each.since),
        "examples": each.examples,
    }


def write_unmapped(path: Path, document: Mapping[str, Any]) -> None:
    """
    Write ``document`` as a CSV: a line for each mend and currency, as amounts of several are never added.

    Raises:
        OSError: It cannot be written.
    """
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as stream:
        stream.write("\ufeff")
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        for row in _lines(document):
            told = ((name, str(row[name] or "")) for name in _COLUMNS)
            writer.writerow([text if name in _NUMBERS else _tame(_clean(text)) for name, text in told])


def _lines(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for each in document["rows"]:
        needs = f"{each['file']}:{each['line']}" if each["line"] else each["file"]
        key = " and ".join(f"{name} is {part or 'empty'}" for name, part in each["key"].items())
        yield from _of_each_currency({**each, "what": key, "needs": f"a row of {needs}"})
    for each in document["names"]:
        told = {"what": f"{each['kind']} {each['name']}", "needs": f"a {each['kind']} in QuickBooks", "row": None}
        yield from _of_each_currency({**each, **told, "looks_like": " or ".join(each["near"])})


def _of_each_currency(each: dict[str, Any]) -> Iterator[dict[str, Any]]:
    common = {**each, "example": each["examples"][0], "why": each["reason"], "next": each["remedy"]}
    for currency, amount in each["amounts"].items() or ((None, None),):
        yield {**common, "currency": currency, "amount": amount}
