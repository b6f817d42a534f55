"""What was read of the company in QuickBooks: names, bills whoever made them, bindings of payees, the sign-in."""

import datetime
import json
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeVar

from sqlalchemy import Text, bindparam, delete, select, update
from sqlmodel import col
from sqlmodel import select as rows_of

from connector.errors import OurFault
from connector.state.clock import utc_now
from connector.state.listed import among
from connector.state.tables import (
    BindingRow,
    BookRow,
    CompanyRow,
    ReferenceReadRow,
    ReferenceRow,
    SignInRow,
)
from connector.state.transactions import Transactions, chunks, core

__all__ = ["References"]

Row = TypeVar("Row", ReferenceRow, BookRow)

_REFERENCE: Final = core(ReferenceRow)
_READ: Final = core(ReferenceReadRow)
_BOOK: Final = core(BookRow)
_COMPANY: Final = core(CompanyRow)
_BINDING: Final = core(BindingRow)
_SIGN_IN: Final = core(SignInRow)

_BOOKS_BY: Final = {
    box: rows_of(BookRow)
    .where(_BOOK.c.company == bindparam("company"), among(_BOOK.c[box], bindparam("values", type_=Text)))
    .order_by(_BOOK.c.created, _BOOK.c.qbo_id)
    for box in ("marker", "number")
}


class References(Transactions):
    """The part of the state that knows the company's books and names."""

    def references(self, company: str, entity: str) -> list[ReferenceRow]:
        """Everything known of one entity (``Vendor``, ``Account`` …), inactive ones too."""
        return self._rows(
            rows_of(ReferenceRow)
            .where(ReferenceRow.company == company, ReferenceRow.entity == entity)
            .order_by(col(ReferenceRow.qbo_id))
        )

    def save_references(
        self,
        company: str,
        entity: str,
        rows: Sequence[ReferenceRow],
        as_of: datetime.datetime,
        *,
        whole: bool = False,
    ) -> None:
        """
        Keep ``rows`` over those of the same ids.

        Args:
            company: The realm id.
            entity: QuickBooks' name of what the rows are.
            rows: What was read.
            as_of: Up to when the entity is known thereby, UTC.
            whole: The rows are all there are: others are forgotten.
        """
        with self.write() as t:
            if whole:
                t.execute(delete(_REFERENCE).where(_REFERENCE.c.company == company, _REFERENCE.c.entity == entity))
            self._replace(ReferenceRow, _of(company, rows))
            self._replace(ReferenceReadRow, [ReferenceReadRow(company=company, entity=entity, as_of=as_of)])

    def reference_as_of(self, company: str, entity: str) -> datetime.datetime | None:
        """Up to when one entity is known; None where it was never read."""
        with self.read() as t:
            return t.scalar(select(_READ.c.as_of).where(_READ.c.company == company, _READ.c.entity == entity))

    # Books.

    def save_books(self, company: str, rows: Sequence[BookRow]) -> None:
        """Keep what was read of bills and vendor credits, over the rows of the same ids."""
        self._replace(BookRow, _of(company, rows))

    def keep_books(self, company: str, rows: Sequence[dict[str, Any]]) -> None:
        """The same for many, as plain values with every column."""
        if any(row["company"] != company for row in rows):
            raise OurFault("a row is of another company", code="other-company", remedy="Report this.")
        self._put(BookRow, rows)

    def books_by_marker(self, company: str, markers: Sequence[str]) -> dict[str, list[BookRow]]:
        """By marker, the earliest made first: of several the first is ours."""
        return self._books_by("marker", company, markers)

    def books_by_number(self, company: str, numbers: Sequence[str]) -> dict[str, list[BookRow]]:
        """By number, the earliest made first."""
        return self._books_by("number", company, numbers)

    def _books_by(
        self, box: Literal["marker", "number"], company: str, values: Sequence[str]
    ) -> dict[str, list[BookRow]]:
        found: dict[str, list[BookRow]] = {}
        for piece in chunks(values):
            for row in self._rows(_BOOKS_BY[box], company=company, values=json.dumps(list(piece))):
                found.setdefault(str(getattr(row, box)), []).append(row)
        return found

    def books_by_vendor(
        self, company: str, vendor_ids: Sequence[str], first_date: datetime.date, last_date: datetime.date
    ) -> dict[tuple[str, str], list[BookRow]]:
        """By (vendor, currency), dated from ``first_date`` to ``last_date``, both included."""
        found: dict[tuple[str, str], list[BookRow]] = {}
        query = (
            rows_of(BookRow)
            .where(BookRow.company == company, BookRow.date >= first_date, BookRow.date <= last_date)
            .order_by(col(BookRow.date), col(BookRow.qbo_id))
        )
        for piece in chunks(vendor_ids):
            for row in self._rows(query.where(col(BookRow.vendor_id).in_(piece))):
                found.setdefault((str(row.vendor_id), str(row.currency)), []).append(row)
        return found

    def forget_book(self, company: str, entity: str, qbo_id: str) -> None:
        """QuickBooks holds it no longer."""
        columns = _BOOK.c
        gone = (columns.company == company, columns.entity == entity, columns.qbo_id == qbo_id)
        with self.write() as t:
            t.execute(delete(_BOOK).where(*gone))

    # The company.

    def company_facts(self, company: str) -> CompanyRow:
        """What is known of the company; a row of Nones where nothing is."""
        found = self._rows(rows_of(CompanyRow).where(CompanyRow.company == company))
        return found[0] if found else CompanyRow(company=company)

    def save_company_facts(self, row: CompanyRow) -> None:
        """Keep ``row`` in place of what was known."""
        self._replace(CompanyRow, [row])

    def read_books_again(self) -> None:
        """Forget how far the books of every company were read: the next run with something to write reads them all."""
        with self.write() as t:
            t.execute(update(_COMPANY).values(newest_book_created=None, sources_read=[]))

    # Bindings.

    def bindings(self, company: str, source: str) -> dict[str, tuple[str, str | None]]:
        """(vendor name, vendor id) by payee."""
        query = rows_of(BindingRow).where(BindingRow.company == company, BindingRow.source == source)
        return {row.payee: (row.vendor_name, row.vendor_id) for row in self._rows(query)}

    def payees_of_vendor(self, company: str, names: Sequence[str]) -> dict[str, set[tuple[str, str]]]:
        """The (source, payee) that are paid as each vendor, by the vendor's name in lower case."""
        columns = _BINDING.c
        query = select(columns.vendor_key, columns.source, columns.payee).where(columns.company == company)
        found: dict[str, set[tuple[str, str]]] = {}
        with self.read() as t:
            for piece in chunks(sorted({name.lower() for name in names})):
                for row in t.execute(query.where(columns.vendor_key.in_(piece))):
                    found.setdefault(row[0], set()).add((row[1], row[2]))
        return found

    def bind(
        self, company: str, source: str, payee: str, vendor_name: str, vendor_id: str | None, run: str | None
    ) -> None:
        """Remember which vendor a payee is paid as, in place of what was remembered."""
        row = BindingRow(
            company=company,
            source=source,
            payee=payee,
            vendor_name=vendor_name,
            vendor_key=vendor_name.lower(),
            vendor_id=vendor_id,
            bound_at=utc_now(),
            run=run,
        )
        self._replace(BindingRow, [row])

    # Sign-in.

    def sign_in(self, company: str) -> str | None:
        """The sign-in as it was saved, encrypted; None where there is none."""
        with self.read() as t:
            return t.scalar(select(_SIGN_IN.c.secret).where(_SIGN_IN.c.company == company))

    def save_sign_in(self, company: str, environment: str, text: str) -> None:
        """
        Keep the encrypted sign-in; it is durable when this returns.

        Raises:
            OurFault: ``send-in-transaction``: a transaction is open around it, so that it would not be.
        """
        self._committed_alone()
        row = SignInRow(company=company, environment=environment, secret=text, updated=utc_now())
        self._replace(SignInRow, [row])

    def delete_sign_in(self, company: str) -> None:
        """Forget the sign-in."""
        with self.write() as t:
            t.execute(delete(_SIGN_IN).where(_SIGN_IN.c.company == company))


def _of(company: str, rows: Sequence[Row]) -> Sequence[Row]:
    if any(row.company != company for row in rows):
        raise OurFault("a row is of another company", code="other-company", remedy="Report this.")
    return rows
