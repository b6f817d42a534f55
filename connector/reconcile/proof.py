"""
The proof: that no invoice and no bill fell out between reading and reporting.

Both sides of each equation are summed on their own, one from what was read and one from the rows, so that a row that is
lost, doubled or wrongly signed shows as a difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from connector.reconcile.rows import FAMILIES, UNKNOWN_MONTH, Family, Row

__all__ = ["Proof", "ProofLine"]

_Place = tuple[str | None, str | None, str]


@dataclass(slots=True)
class ProofLine:
    """
    One source, one currency, one month of the invoices' dates; signed nets.

    Args:
        source_total: Of every invoice, as pulled.
        families: Of the rows of each family, as their sources say it.
        quickbooks_total: Of the bills that belong to these invoices, as read.
        quickbooks_rows: Of the same, as the rows have it.
    """

    source: str | None
    currency: str | None
    month: str
    source_total: Decimal = Decimal(0)
    families: dict[Family, Decimal] = field(default_factory=lambda: dict.fromkeys(FAMILIES, Decimal(0)))
    quickbooks_total: Decimal = Decimal(0)
    quickbooks_rows: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """What the rows do not explain of the source's total; zero, or something is wrong with the report."""
        return self.source_total - sum(self.families.values(), Decimal(0))

    @property
    def quickbooks_difference(self) -> Decimal:
        """What the rows do not explain of the bills that were read."""
        return self.quickbooks_total - self.quickbooks_rows

    @property
    def closes(self) -> bool:
        return not self.difference and not self.quickbooks_difference


class Proof:
    """Sums by source, currency and month."""

    def __init__(self) -> None:
        self._lines: dict[_Place, ProofLine] = {}

    def add_invoice(self, source: str, currency: str | None, month: str, amount: Decimal | None) -> None:
        """An invoice as pulled; one without a readable amount counts zero."""
        self._line(source, currency, month).source_total += amount or Decimal(0)

    def add_bill(self, source: str | None, currency: str | None, month: str, net: Decimal) -> None:
        """A bill as read, under the month of the invoice that it belongs to."""
        self._line(source, currency, month).quickbooks_total += net

    def add_row(self, row: Row) -> None:
        """A row as reported."""
        line = self._line(row.source, row.currency, row.month)
        line.families[row.family] += row.source_amount or Decimal(0)
        if row.quickbooks_amount is not None:
            # Of a bill in another currency, QuickBooks' side stands under that currency: sums never cross.
            self._line(row.source, row.quickbooks_currency, row.month).quickbooks_rows += row.quickbooks_amount

    def lines(self) -> Iterator[ProofLine]:
        """In the order of source, currency and month; what belongs to no source comes last."""
        for place in sorted(self._lines, key=_order):
            yield self._lines[place]

    @property
    def closes(self) -> bool:
        """Whether nothing is left to explain."""
        return all(line.closes for line in self._lines.values())

    def _line(self, source: str | None, currency: str | None, month: str) -> ProofLine:
        place = (source, currency, month)
        return self._lines.setdefault(place, ProofLine(*place))


def _order(place: _Place) -> tuple[bool, str, bool, str, bool, str]:
    source, currency, month = place
    return source is None, source or "", currency is None, currency or "", month == UNKNOWN_MONTH, month
