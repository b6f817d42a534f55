"""Where pulled invoices wait until the pull is whole: a temporary database without a name, gone with the process."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Self

from connector.errors import ServiceDown
from connector.invoice import FieldValue, Invoice, Trouble

__all__ = ["Spool"]

_TABLE: Final = """
create table invoice (
    source text not null, id text not null, day text not null, rank text not null, body text not null,
    primary key (source, id)
) without rowid
"""
_LAST: Final = "~"  # sorts after every digit: no date, no number


class Spool:
    """Invoices by source and id, in one order: date, then id (as a number where it is one). Memory stays flat."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._rows.execute("pragma journal_mode = off")
        self._rows.execute("pragma synchronous = off")
        self._rows.execute(_TABLE)
        self._rows.execute("create index in_order on invoice (source, day, rank, id)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the temporary file."""
        self._rows.close()

    def add(self, invoices: Iterable[Invoice]) -> None:
        """
        Keep them; one with the same source and id is replaced.

        Raises:
            ServiceDown: The disk is full.
        """
        rows = [
            (one.source, one.id, one.date.isoformat() if one.date else _LAST, _rank(one.id), _body(one))
            for one in invoices
        ]
        try:
            with self._lock:
                self._rows.execute("begin")
                self._rows.executemany("insert or replace into invoice values (?, ?, ?, ?, ?)", rows)
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
            self._rows.execute("delete from invoice where source = ?", (source,))

    def count(self, source: str) -> int:
        """How many invoices of a source there are."""
        with self._lock:
            row = self._rows.execute("select count(*) from invoice where source = ?", (source,)).fetchone()
        return int(row[0])

    def get(self, source: str, id: str) -> Invoice | None:  # noqa: A002 - it is what the invoice calls it
        """One invoice; None where there is none."""
        with self._lock:
            row = self._rows.execute("select body from invoice where source = ? and id = ?", (source, id)).fetchone()
        return _invoice(source, id, row[0]) if row else None

    def chunks(self, source: str, size: int = 1000) -> Iterator[list[Invoice]]:
        """A source's invoices in order, ``size`` at a time."""
        after = ("", "", "")
        while True:
            with self._lock:
                rows = self._rows.execute(
                    "select id, body, day, rank from invoice where source = ? and (day, rank, id) > (?, ?, ?)"
                    " order by day, rank, id limit ?",
                    (source, *after, size),
                ).fetchall()
            if not rows:
                return
            last = rows[-1]
            after = (last[2], last[3], last[0])
            yield [_invoice(source, row[0], row[1]) for row in rows]


def _rank(number: str) -> str:
    """A text that sorts as the number does: the count of its digits comes first."""
    if not (number.isascii() and number.isdecimal()):
        return _LAST
    digits = number.lstrip("0")
    return f"{len(digits):05d}{digits}"


def _body(invoice: Invoice) -> str:
    return json.dumps(
        {
            "fields": {name: _packed(value) for name, value in invoice.fields.items()},
            "raw": dict(invoice.raw),
            "date": _packed(invoice.date),
            "amount": _packed(invoice.amount),
            "paid_on": _packed(invoice.paid_on),
            "rest": [invoice.currency, invoice.payee, invoice.status, invoice.paid, invoice.void],
            "troubles": [(one.code, one.reason, one.remedy) for one in invoice.troubles],
        },
        separators=(",", ":"),
    )


def _invoice(source: str, number: str, body: str) -> Invoice:
    kept: Mapping[str, Any] = json.loads(body)
    currency, payee, status, paid, void = kept["rest"]
    return Invoice(
        source=source,
        id=number,
        fields={name: _unpacked(value) for name, value in kept["fields"].items()},
        raw=kept["raw"],
        date=_day(kept["date"]),
        amount=_amount(kept["amount"]),
        currency=currency,
        payee=payee,
        status=status,
        paid=paid,
        paid_on=_day(kept["paid_on"]),
        void=void,
        troubles=tuple(Trouble(*one) for one in kept["troubles"]),
    )


def _packed(value: FieldValue) -> str | None:
    """The value's type as its first letter."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        return f"n{value}"
    return f"d{value.isoformat()}" if isinstance(value, date) else f"t{value}"


def _unpacked(text: str | None) -> FieldValue:
    if text is None or text[0] == "t":
        return text and text[1:]
    return Decimal(text[1:]) if text[0] == "n" else date.fromisoformat(text[1:])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[1:]) if text else None


def _amount(text: str | None) -> Decimal | None:
    return Decimal(text[1:]) if text else None
