"""
A reconciliation as one HTML file for people: nothing is fetched, nothing runs, and every row is in it.

The template stands in ``templates/``. Whatever it shows passes ``_shown`` and is escaped; the page's own policy forbids
scripts, and any style but its own.
"""

import base64
import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from itertools import groupby, islice
from typing import Any, Final, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from connector.money import with_thousands
from connector.reconcile import FAMILIES, Family, ProofLine, Reconciled, Row
from connector.report.cells import cleaner
from connector.report.reconciliation import link_of
from connector.report.reconciliation_totals import EXCEPTIONS, Sides, Totals, ageing_day, difference
from connector.report.reconciliation_words import (
    FAMILY_MEANINGS,
    FAMILY_NAMES,
    PROOF_WORDS,
    STATUS_MEANINGS,
    TILE_WORDS,
)
from connector.report.run import CompanyName, stamp

__all__ = ["write_html"]

_VENDORS: Final = 12
"""Vendors of one currency that have a line of their own; the workbook has them all."""

_PORTION: Final = 500
"""Rows that are unfolded together; a browser takes its time over thousands."""

_MARKS: Final[dict[Family, str]] = {
    "agree": "✓",
    "on-its-way": "→",
    "needs-you": "!",
    "differ": "≠",
    "one-side": "◐",
    "left-alone": "–",
}


def write_html(stream: TextIO, found: Reconciled, company: CompanyName) -> None:
    """The whole page, written as it goes, however many rows there are."""
    style = files("connector.report").joinpath("templates/reconciliation.css").read_text("utf-8")
    lines = list(found.proof.lines())
    page = _environment().get_template("reconciliation.html")
    totals = Totals.of(found.rows(), ageing_day(found))
    parts = page.generate(
        style=Markup(style),  # noqa: S704 - our own file, and the policy names its digest
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        company=company,
        found=found,
        totals=totals,
        exceptions=sum(totals.families[family] for family in EXCEPTIONS),
        proof=lines,
        proof_sums=_sums(lines),
        rest=_portions(row for row in found.rows() if row.family not in EXCEPTIONS),
        link=lambda row: link_of(row, company),
        made_by=version("affiliate-connector"),
    )
    stream.writelines(parts)
    stream.flush()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("connector.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=partial(_shown, cleaner()),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"day": _day, "time": _time, "month": _month, "by_currency": _by_currency}
    environment.globals |= {
        "FAMILIES": FAMILIES,
        "EXCEPTIONS": EXCEPTIONS,
        "FAMILY_NAMES": FAMILY_NAMES,
        "FAMILY_MEANINGS": FAMILY_MEANINGS,
        "STATUS_MEANINGS": STATUS_MEANINGS,
        "PROOF_WORDS": PROOF_WORDS,
        "TILE_WORDS": TILE_WORDS,
        "MARKS": _MARKS,
        "money": _money,
        "share": _share,
        "difference": difference,
        "called": _called,
        "together": _together,
        "VENDORS": _VENDORS,
        "stamp": stamp,
    }
    return environment


def _shown(clean: Callable[[str], str], value: Any) -> Any:
    """What stands for a value on the page: no secret, no control character, nothing that turns the direction."""
    if isinstance(value, Markup | int):
        return value
    return "" if value is None else clean(str(value))


def _money(amount: Decimal | None, currency: str | None) -> str:
    return "" if amount is None else with_thousands(amount, currency or "USD").replace("-", "−")


def _share(amount: Decimal, most: Decimal) -> str:
    """How much of a bar of 100 an amount fills; what is below zero fills nothing."""
    return f"{max(Decimal(0), amount) / most * 100:.1f}" if most > 0 else "0"


def _called(row: Row) -> str:
    return f"{'credit' if row.entity == 'VendorCredit' else 'bill'} {row.qbo_id}"


def _day(day: datetime.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _time(time: datetime.datetime) -> str:
    return f"{time.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"


def _month(name: str) -> str:
    """``Oct 26`` of ``2026-10``."""
    return name if "-" not in name else f"{datetime.date.fromisoformat(f'{name}-01'):%b %y}"


def _by_currency(told: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """What begins with a currency, currency by currency."""
    for currency, some in groupby(told, key=lambda each: each[0]):
        yield currency, [each[1:] for each in some]


def _portions(rows: Iterable[Row]) -> Iterator[tuple[int, int, str | None, str, list[Row]]]:
    """Some rows of one source and month after the other, with the numbers of the first and the last."""
    first = 1
    for (source, month), some in groupby(rows, key=lambda row: (row.source, row.month)):
        while portion := list(islice(some, _PORTION)):
            yield first, first + len(portion) - 1, source, month, portion
            first += len(portion)


def _sums(lines: Iterable[ProofLine]) -> list[ProofLine]:
    """Each source and currency over all months; the month tells how many."""
    sums: dict[tuple[str | None, str | None], ProofLine] = {}
    months: dict[tuple[str | None, str | None], int] = {}
    for line in lines:
        place = line.source, line.currency
        months[place] = months.get(place, 0) + 1
        if place not in sums:
            sums[place] = replace(line, families=dict(line.families))
            continue
        held = sums[place]
        held.source_total += line.source_total
        held.quickbooks_total += line.quickbooks_total
        held.quickbooks_rows += line.quickbooks_rows
        for family, amount in line.families.items():
            held.families[family] += amount
    for place, line in sums.items():
        line.month = f"{months[place]} {'month' if months[place] == 1 else 'months'}"
    return list(sums.values())


def _together(told: Iterable[tuple[str, Sides]]) -> Sides:
    """The sums of several vendors in one."""
    sums = Sides()
    for _, sides in told:
        sums.add(sides)
    return sums
