"""Where pulled invoices wait until the pull is whole: a temporary database without a name, gone with the process."""

import pickle
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self

from connector.day import iso
from connector.errors import ServiceDown
from connector.invoice import Invoice, Trouble

__all__ = ["Spool"]

_TABLE: Final = """
create table invoice (
    source text not null, id text not null, day text not null, rank text not null, mark text not null, body blob,
    primary key (source, id)
) without rowid
"""
_MOST_HELD: Final = 10_000  # so many invoices stay in memory as they are; a usual run packs none
_LAST: Final = "~"  # sorts after every digit: no date, no number


class Spool:
    """
    Invoices by source and id, in one order: date, then id (as a number where it is one). Memory stays flat.

    Of an invoice that stands as it was it knows the id alone.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Invoice] = {}
        self._lock = threading.Lock()
        self._rows = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._rows.execute("pragma journal_mode = off")
        self._rows.execute("pragma synchronous = off")
        self._rows.execute(_TABLE)
        self._rows.execute("create index in_order on invoice (source, day, rank, id) where body is not null")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the temporary file."""
        self._rows.close()

    def add(self, invoices: Iterable[tuple[Invoice, str]]) -> None:
        """
        Keep them, each with its mark; one with the same source and id is replaced.

        Raises:
            ServiceDown: The disk is full.
        """
        rows = [
            (one.source, one.id, iso(one.date) if one.date else _LAST, _rank(one.id), mark, self._kept(one))
            for one, mark in invoices
        ]
        with self._writing():
            self._rows.executemany("insert or replace into invoice values (?, ?, ?, ?, ?, ?)", rows)

    def _kept(self, invoice: Invoice) -> bytes:
        """What the row holds: nothing where the invoice itself is at hand."""
        place = (invoice.source, invoice.id)
        if place in self._held or len(self._held) < _MOST_HELD:
            self._held[place] = invoice
            return b""
        return _body(invoice)

    def _given(self, source: str, number: str, body: bytes) -> Invoice:
        return _invoice(source, number, body) if body else self._held[source, number]

    def stand(self, source: str, ids: Iterable[str]) -> None:
        """
        Note invoices that stand as they were.

        Raises:
            ServiceDown: The disk is full.
        """
        with self._writing():
            statement = "insert or replace into invoice values (?, ?, '', '', '', null)"
            self._rows.executemany(statement, [(source, id_) for id_ in ids])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._lock:
                self._rows.execute("begin")
                yield
                self._rows.execute("commit")
        except sqlite3.OperationalError as error:
            raise ServiceDown(
                f"the pulled invoices cannot be kept for the length of the run: {error}",
                code="disk-full",
                remedy="make room on the disk of the temporary folder, then run again",
            ) from error

    def clear(self, source: str) -> None:
        """Forget a source's invoices."""
        with self._lock:
            self._held = {place: one for place, one in self._held.items() if place[0] != source}
            self._rows.execute("delete from invoice where source = ?", (source,))

    def count(self, source: str, *, standing: bool = False) -> int:
        """How many invoices of a source there are, or how many of them stand as they were."""
        only = " and body is null" if standing else ""
        with self._lock:
            row = self._rows.execute(f"select count(*) from invoice where source = ?{only}", (source,)).fetchone()  # noqa: S608
        return int(row[0])

    def get(self, source: str, id: str) -> Invoice | None:  # noqa: A002 - it is what the invoice calls it
        """One invoice; None where there is none, or where it stands."""
        with self._lock:
            row = self._rows.execute("select body from invoice where source = ? and id = ?", (source, id)).fetchone()
        return self._given(source, id, row[0]) if row and row[0] is not None else None

    def marks(self, source: str, ids: Sequence[str]) -> dict[str, str]:
        """The marks of some invoices; one whose mark says nothing is left out."""
        holes = ",".join("?" * len(ids))
        with self._lock:
            rows = self._rows.execute(
                f"select id, mark from invoice where source = ? and id in ({holes}) and mark <> ''",  # noqa: S608
                (source, *ids),
            )
            return dict(rows.fetchall())

    def chunks(self, source: str, size: int = 1000) -> Iterator[list[Invoice]]:
        """A source's invoices in order, ``size`` at a time."""
        after = ("", "", "")
        while True:
            with self._lock:
                rows = self._rows.execute(
                    "select id, body, day, rank from invoice where source = ? and body is not null"
                    " and (day, rank, id) > (?, ?, ?) order by day, rank, id limit ?",
                    (source, *after, size),
                ).fetchall()
            if not rows:
                return
            last = rows[-1]
            after = (last[2], last[3], last[0])
            yield [self._given(source, row[0], row[1]) for row in rows]


def _rank(number: str) -> str:
    """A text that sorts as the number does: the count of its digits comes first."""
    if not (number.isascii() and number.isdecimal()):
        return _LAST
    digits = number.lstrip("0")
    return f"{len(digits):05d}{digits}"


def _body(invoice: Invoice) -> bytes:
    one = invoice
    told = (one.amount, one.currency, one.payee, one.status, one.paid, one.paid_on, one.void)
    troubles = [(trouble.code, trouble.reason, trouble.remedy) for trouble in one.troubles]
    return pickle.dumps((dict(one.fields), dict(one.raw), one.date, told, troubles))


def _invoice(source: str, number: str, body: bytes) -> Invoice:
    fields, raw, day, told, troubles = pickle.loads(body)  # noqa: S301 - our own
    amount, currency, payee, status, paid, paid_on, void = told
    why = tuple(Trouble(*one) for one in troubles)
    return Invoice(source, number, fields, raw, day, amount, currency, payee, status, paid, paid_on, void, why)
