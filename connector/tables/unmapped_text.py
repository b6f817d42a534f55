"""``unmapped`` on the terminal: rows to paste, what waits for each, then the names that QuickBooks lacks."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console

from connector.report.cells import is_formula
from connector.report.columns import safe, show_columns, show_line
from connector.report.problems import problem_lines
from connector.report.status_text import amount_text

__all__ = ["show_unmapped"]

_SHOWN: Final = 50
_LONG: Final = 2000


def show_unmapped(console: Console, document: Mapping[str, Any]) -> None:
    """Each table with its rows, the largest amount first; the last line says what to do next."""
    by_file = sorted(document["rows"], key=lambda each: _first_of(document["rows"], each["file"]))
    for file, rows in groupby(by_file, key=lambda each: each["file"]):
        _table(console, file, list(rows))
    if document["names"]:
        _names(console, document["names"])
    for problem in document["problems"]:
        for line in problem_lines(problem["code"], problem["what"], problem["remedy"], problem["source"]):
            show_line(console, f" {line}", "red")
    if document["freed"]:
        waits = "1 invoice waits" if document["freed"] == 1 else f"{document['freed']} invoices wait"
        show_line(console, f" {waits} for nothing any more but the next sync: the mapping or a table was mended.\n")
    if not (document["rows"] or document["names"] or document["freed"] or document["problems"]):
        show_line(console, " Nothing waits for a row of a table or for a name in QuickBooks.\n")
    show_line(console, f" Next: {_next(document)}")


def _first_of(rows: list[dict[str, Any]], file: str) -> int:
    return next(n for n, each in enumerate(rows) if each["file"] == file)


def _table(console: Console, file: str, rows: list[dict[str, Any]]) -> None:
    pasted = [each for each in rows if each["row"] is not None]
    others = [each for each in rows if each["row"] is None]
    if pasted:
        needs = "1 row is" if len(pasted) == 1 else f"{len(pasted)} rows are"
        show_line(console, f" {safe(file, 200)}: {needs} missing. Paste, and fill in {_asked(pasted)}:\n")
        for each in pasted[:_SHOWN]:
            show_line(console, safe(each["row"], _LONG))
        console.print()
        _details(console, pasted)
    if others:
        show_line(console, f" {safe(file, 200)}: a cell has to be filled in or mended.\n")
        _details(console, others)
    if odd := [each for each in pasted[:_SHOWN] if _is_odd(each)]:
        what = "the row of" if len(odd) == 1 else "the rows of"
        named = ", ".join(safe(each["examples"][0]) for each in odd[:5])
        told = "its key looks like a formula, or holds signs that cannot be shown; use connector table export"
        show_line(console, f" Take care with {what} {named}: {told}\n", "yellow")


def _is_odd(each: Mapping[str, Any]) -> bool:
    """Whether what is copied from here would not be what is meant, or do something in a spreadsheet."""
    return any(is_formula(part) or safe(part, _LONG) != part for part in each["key"].values())


def _asked(rows: list[dict[str, Any]]) -> str:
    return " and ".join(dict.fromkeys(safe(name) for each in rows for name in each["asked"]))


def _details(console: Console, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0]["key"])
    told = [
        (
            *(safe(each["key"][name] or "(empty)", 40) for name in names),
            str(each["invoices"]),
            _sums(each["amounts"]),
            (each["since"] or "")[:10],
            safe(each["examples"][0], 40),
            _hint(each),
        )
        for each in rows[:_SHOWN]
    ]
    titles = (*(safe(name) for name in names), "Invoices", "Amount", "Since", "Example", "")
    _columns(console, titles, told, len(rows))


def _hint(each: Mapping[str, Any]) -> str:
    parts = [f'= looks like "{safe(each["looks_like"])}"'] if each["looks_like"] else []
    if each["line"]:
        parts.insert(0, f"line {each['line']}: {safe(' and '.join(each['asked']))}")
    elif each["row"] is None:
        parts.insert(0, "the source leaves it empty: fill it in there, or add a row for *")
    if not each["code"].endswith("-unknown"):
        parts.append(safe(each["reason"].splitlines()[-1].strip(), 200))
    return "; ".join(parts)


def _names(console: Console, names: list[dict[str, Any]]) -> None:
    show_line(console, " QuickBooks does not have these names, or they cannot be used:\n")
    told = [
        (
            safe(each["kind"]),
            safe(each["name"], 80),
            str(each["invoices"]),
            _sums(each["amounts"]),
            (each["since"] or "")[:10],
            safe(each["examples"][0], 40),
            _near(each),
        )
        for each in names[:_SHOWN]
    ]
    titles = ("Kind", "Name", "Invoices", "Amount", "Since", "Example", "")
    _columns(console, titles, told, len(names))


def _columns(console: Console, titles: Sequence[str], told: Sequence[Sequence[str]], count: int) -> None:
    """The first of ``count`` groups."""
    show_columns(console, titles, told, right=("Invoices", "Amount"))
    if count > len(told):
        show_line(console, f" … and {count - len(told)} more (all of them: --json, or -o FILE.csv)")
    console.print()


def _near(each: Mapping[str, Any]) -> str:
    if each["near"]:
        return "= looks like " + " or ".join(f'"{safe(name)}"' for name in each["near"])
    return "" if each["code"].endswith("-not-found") else safe(each["reason"], 200)


def _sums(amounts: Mapping[str, str]) -> str:
    return "  ".join(amount_text(currency, amount) for currency, amount in amounts.items()) or "—"


def _next(document: Mapping[str, Any]) -> str:
    if document["problems"]:
        return "mend what is named above, then: connector check"
    if document["rows"]:
        table = safe(f"{document['rows'][0]['sources'][0]}.{document['rows'][0]['table']}")
        return f"add the rows, then: connector check   (or in Excel: connector table export {table} -o {table}.xlsx)"
    if document["names"]:
        return "add the names in QuickBooks, or name others in the mapping or its tables, then: connector sync"
    return "connector sync" if document["freed"] else "connector plan"
