"""Where bills as read and rows as made wait: a temporary database without a name, so that memory stays flat."""

import datetime
import pickle
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from connector.reconcile.rows import Family, Row
from connector.reconcile.sides import Bill

__all__ = ["Owner", "Shelf"]

_TABLES: Final = """
PRAGMA journal_mode = off;
PRAGMA synchronous = off;
CREATE TABLE bill (
    entity TEXT, id TEXT, number TEXT, marker TEXT, vendor TEXT, currency TEXT, net TEXT, day TEXT, body BLOB,
    owner TEXT, owned TEXT, source TEXT, month TEXT, claimed INTEGER DEFAULT 0, PRIMARY KEY (entity, id)
) WITHOUT ROWID;
CREATE INDEX bill_number ON bill (number);
CREATE INDEX bill_marker ON bill (marker);
CREATE INDEX bill_vendor ON bill (vendor, day);
CREATE INDEX bill_day ON bill (day);
CREATE TABLE line (n INTEGER PRIMARY KEY, family TEXT, day TEXT, body BLOB);
CREATE INDEX line_age ON line (family, day);
"""
_LAST: Final = "9999"  # stands behind every day


Owner = tuple[str, str]
"""Source and invoice of the document that the state links to a bill."""


class Shelf:
    """The bills and credits of QuickBooks that were read, which of them are claimed, and the rows."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("", isolation_level=None)
        self._store.executescript(_TABLES)
        self._store.execute("BEGIN")

    def close(self) -> None:
        """Let go of the temporary file."""
        self._store.close()

    # Bills.

    def put(self, bills: Iterable[tuple[Bill, Owner | None]]) -> None:
        """Keep bills, each with its owner; one that is there already stays as it is, with its claim."""
        self._store.executemany(
            "INSERT OR IGNORE INTO bill (entity, id, number, marker, vendor, currency, net, day, body, owner, owned)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    bill.entity,
                    bill.id,
                    bill.number,
                    bill.marker,
                    bill.vendor_id,
                    bill.currency,
                    str(bill.net.normalize()),
                    bill.date.isoformat(),
                    pickle.dumps(bill),
                    *(owner or (None, None)),
                )
                for bill, owner in bills
            ),
        )

    def bill(self, entity: str, id: str) -> Bill | None:  # noqa: A002 - QuickBooks' word
        """One bill, claimed or not."""
        return next(self._bills("entity = ? AND id = ?", (entity, id)), None)

    def owner(self, bill: Bill) -> Owner | None:
        """Whose document the state links to a bill."""
        where = "entity = ? AND id = ? AND owner IS NOT NULL"
        found: Owner | None = self._store.execute(
            f"SELECT owner, owned FROM bill WHERE {where}",  # noqa: S608 - ours
            (bill.entity, bill.id),
        ).fetchone()
        return found

    def marked(self, markers: Sequence[str]) -> list[Bill]:
        """Unclaimed bills with one of these marks, the earliest first."""
        where = f"marker IN ({','.join('?' * len(markers))}) AND NOT claimed"
        return sorted(self._bills(where, tuple(markers)), key=_age)

    def numbered(self, number: str) -> list[tuple[Bill, bool]]:
        """Bills with this number, the earliest first, and whether they are claimed."""
        rows = self._store.execute("SELECT body, claimed FROM bill WHERE number = ? AND number <> ''", (number,))
        return sorted(((_bill(row[0]), bool(row[1])) for row in rows.fetchall()), key=lambda pair: _age(pair[0]))

    def alike(self, vendor: str, currency: str, net: Decimal, first: datetime.date, last: datetime.date) -> list[Bill]:
        """Unclaimed bills without a mark of this vendor, currency and net, dated in between."""
        where = "vendor = ? AND day BETWEEN ? AND ? AND currency = ? AND net = ? AND marker IS NULL AND NOT claimed"
        values = (vendor, first.isoformat(), last.isoformat(), currency, str(net.normalize()))
        return sorted(self._bills(where, values), key=_age)

    def claim(self, bill: Bill, source: str | None, month: str) -> None:
        """Note that a bill belongs to an invoice of ``source`` and ``month``; it is nobody else's then."""
        self._store.execute(
            "UPDATE bill SET source = ?, month = ?, claimed = 1 WHERE entity = ? AND id = ?",
            (source, month, bill.entity, bill.id),
        )

    def unclaimed(self, size: int) -> Iterator[list[tuple[Bill, Owner | None]]]:
        """Unclaimed bills with a mark or an owner, by date, ``size`` at a time; they may be claimed meanwhile."""
        after = ("", "", "")
        query = (
            "SELECT body, owner, owned, day, entity, id FROM bill WHERE NOT claimed AND (day, entity, id) > (?, ?, ?)"
            " AND (marker IS NOT NULL OR owner IS NOT NULL) ORDER BY day, entity, id LIMIT ?"
        )
        while rows := self._store.execute(query, (*after, size)).fetchall():
            after = rows[-1][3:]
            yield [(_bill(row[0]), row[1:3] if row[1] is not None else None) for row in rows]

    def claimed(self) -> Iterator[tuple[Bill, str | None, str]]:
        """Every claimed bill with its source and month."""
        for body, source, month in self._store.execute("SELECT body, source, month FROM bill WHERE claimed"):
            yield _bill(body), source, month

    def _bills(self, where: str, values: Sequence[str]) -> Iterator[Bill]:
        rows = self._store.execute(f"SELECT body FROM bill WHERE {where}", values).fetchall()  # noqa: S608 - ours
        yield from (_bill(body) for (body,) in rows)

    # Rows.

    def add_row(self, row: Row) -> None:
        """The next row; their order is the order of adding."""
        day = row.date.isoformat() if row.date else _LAST
        self._store.execute(
            "INSERT INTO line (family, day, body) VALUES (?, ?, ?)", (row.family, day, pickle.dumps(row))
        )

    def rows(self) -> Iterator[Row]:
        """Every row; they may be read again and again."""
        for (body,) in self._store.execute("SELECT body FROM line ORDER BY n"):
            yield pickle.loads(body)  # noqa: S301 - our own

    def oldest(self, family: Family) -> Iterator[Row]:
        """The rows of one family, the oldest first; those without a date come last."""
        where = "SELECT body FROM line WHERE family = ? ORDER BY day, n"
        for (body,) in self._store.execute(where, (family,)):
            yield pickle.loads(body)  # noqa: S301 - our own


def _bill(body: bytes) -> Bill:
    bill: Bill = pickle.loads(body)  # noqa: S301 - our own
    return bill


def _age(bill: Bill) -> tuple[bool, datetime.datetime, int, str]:
    never = datetime.datetime.max.replace(tzinfo=datetime.UTC)
    return bill.created is None, bill.created or never, len(bill.id), bill.id
