"""``unmapped`` on the terminal: rows to paste, what waits for each, then the names that QuickBooks lacks."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console

from connector.report.cells import is_formula
from connector.report.columns import safe, show_columns, show_line, show_text
from connector.report.problems import problem_lines
from connector.report.status_text import amount_text

__all__ = ["show_unmapped"]

_SHOWN: Final = 50
_LONG: Final = 2000
_UNREAD: Final = """\
 No sync has read the sources yet, so nothing is known to wait.
 What connector plan finds, it shows itself and does not keep.
"""


def show_unmapped(console: Console, document: Mapping[str, Any], *, read: bool) -> None:
    """
    Each table with its rows, the largest amount first; the last line says what to do next.

    Args:
        console: Where to.
        document: What waits.
        read: Whether a sync has read the sources yet; what a plan reads is not kept.
    """
    by_file = sorted(document["rows"], key=lambda each: _first_of(document["rows"], each["file"]))
    for file, rows in groupby(by_file, key=lambda each: each["file"]):
        _table(console, file, list(rows))
    if document["names"]:
        _names(console, document["names"])
    for problem in document["problems"]:
        for line in problem_lines(problem["code"], problem["what"], problem["remedy"], problem["source"]):
            show_text(console, f" {line}", "red")
    if document["freed"]:
        waits = "1 invoice waits" if document["freed"] == 1 else f"{document['freed']} invoices wait"
        show_text(console, f" {waits} for nothing any more but the next sync: the mapping or a table was mended.\n")
    if not (document["rows"] or document["names"] or document["freed"] or document["problems"]):
        nothing = " Nothing waits for a row of a table or for a name in QuickBooks.\n"
        show_text(console, nothing if read else _UNREAD)
    show_text(console, f" Next: {_next(document)}")


def _first_of(rows: list[dict[str, Any]], file: str) -> int:
    return next(n for n, each in enumerate(rows) if each["file"] == file)


def _table(console: Console, file: str, rows: list[dict[str, Any]]) -> None:
    pasted = [each for each in rows if each["row"] is not None]
    others = [each for each in rows if each["row"] is None]
    if pasted:
        needs = "1 row is" if len(pasted) == 1 else f"{len(pasted)} rows are"
        show_text(console, f" {safe(file, 200)}: {needs} missing. Paste, and fill in {_asked(pasted)}:\n")
        for each in pasted[:_SHOWN]:
            show_line(console, safe(each["row"], _LONG))
        console.print()
        _details(console, pasted)
    if others:
        show_text(console, f" {safe(file, 200)}: a cell has to be filled in or mended.\n")
        _details(console, others)
    if odd := [each for each in pasted[:_SHOWN] if _is_odd(each)]:
        what = "the row of" if len(odd) == 1 else "the rows of"
        named = ", ".join(safe(each["examples"][0]) for each in odd[:5])
        told = "its key looks like a formula, or holds signs that cannot be shown; use connector table export"
        show_text(console, f" Take care with {what} {named}: {told}\n", "yellow")


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
            _why(each),
        )
        for each in rows[:_SHOWN]
    ]
    titles = (*(safe(name) for name in names), "Invoices", "Amount", "Since", "Example", "Why")
    _columns(console, titles, told, len(rows))


def _why(each: Mapping[str, Any]) -> str:
    """Why its invoices wait, and a guess; the table and the key stand beside it and are not said again."""
    lines = each["reason"].splitlines()
    own = next((line for line in lines if line.startswith(each["file"])), None)
    place, _, said = (own or "").partition("  ")
    line = place.removeprefix(each["file"]).strip(":") or each["line"]
    told = said.strip().partition(" where ")[0] if own else lines[-1].strip()
    told = "the table has no row for it" if told == "has no row" else f"line {line}: {told}" if line else told
    empty = each["row"] is None and not each["line"]
    more = ["the source leaves it empty: fill it in there, or add a row for *" if empty else safe(told, 200)]
    if each["looks_like"]:
        more.append(f'looks like "{safe(each["looks_like"])}"')
    return "; ".join(more)


def _names(console: Console, names: list[dict[str, Any]]) -> None:
    show_text(console, " QuickBooks does not have these names, or they cannot be used:\n")
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
    titles = ("Kind", "Name", "Invoices", "Amount", "Since", "Example", "Why")
    _columns(console, titles, told, len(names))


def _columns(console: Console, titles: Sequence[str], told: Sequence[Sequence[str]], count: int) -> None:
    """The first of ``count`` groups."""
    show_columns(console, titles, told, right=("Invoices", "Amount"))
    if count > len(told):
        show_text(console, f" … and {count - len(told)} more (all of them: --json, or -o FILE.csv)")
    console.print()


def _near(each: Mapping[str, Any]) -> str:
    reason = safe(each["reason"], 200)
    if not each["near"]:
        return reason
    return f"{reason}; looks like " + " or ".join(f'"{safe(name)}"' for name in each["near"])


def _sums(amounts: Mapping[str, str]) -> str:
    return "  ".join(amount_text(currency, amount) for currency, amount in amounts.items()) or "—"


def _next(document: Mapping[str, Any]) -> str:
    if document["problems"]:
        return "mend what is named above, then: connector check"
    if document["rows"]:
        table = safe(f"{document['rows'][0]['sources'][0]}.{document['rows'][0]['table']}")
        what = "add the rows" if any(each["row"] is not None for each in document["rows"]) else "mend the cells"
        return f"{what}, then: connector check   (or in Excel: connector table export {table} -o {table}.xlsx)"
    if document["names"]:
        return "add the names in QuickBooks, or name others in the mapping or its tables, then: connector sync"
    return "connector sync" if document["freed"] else "connector plan"
