"""What persons decided, as a log that is only ever added to; and what waits for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, insert, or_, select, update
from sqlmodel import col
from sqlmodel import select as rows_of

from connector.state.clock import utc_now
from connector.state.documents import Documents
from connector.state.listed import among
from connector.state.said import EventRow, ReviewRow
from connector.state.tables import DocumentRow, InvoiceRow
from connector.state.transactions import CHUNK, chunks, core

__all__ = ["TO_COMPARE", "Reviews", "Waits"]

TO_COMPARE: Final = ("answer-differs", "twice-in-quickbooks")
"""Codes of sent documents that a person should look at."""

_LET_GO: Final = ("skipped", "removed")

_INVOICE: Final = core(InvoiceRow)
_DOCUMENT: Final = core(DocumentRow)
_REVIEW: Final = core(ReviewRow)


@dataclass(frozen=True, slots=True)
class Waits:
    """
    A document that a person is asked about, or may decide about.

    Args:
        invoice: None where its source's record is not kept.
        words: What was said about it already, oldest first.
    """

    document: DocumentRow
    invoice: InvoiceRow | None
    words: tuple[ReviewRow, ...] = ()

    @property
    def state(self) -> str:
        """Where it stands: a held change of a sent document is held."""
        if self.invoice is not None and self.invoice.state in ("held", "blocked", "skipped"):
            return self.invoice.state
        return self.document.state

    @property
    def told(self) -> tuple[str | None, str | None, str | None]:
        """Code, reason and remedy of why it waits."""
        row = self.document
        if self.invoice is not None and self.invoice.state in ("held", "blocked", "skipped"):
            row = self.invoice  # type: ignore[assignment]  # both tell it in columns of the same names
        return row.code, row.reason, row.remedy


class Reviews(Documents):
    """The part of the state that knows persons' decisions."""

    def words(self, company: str, source: str, ids: Sequence[str]) -> dict[str, list[ReviewRow]]:
        """Everything that persons said about some invoices, by the invoice, oldest first."""
        found: dict[str, list[ReviewRow]] = {}
        query = rows_of(ReviewRow).where(ReviewRow.company == company, ReviewRow.source == source)
        for piece in chunks(ids):
            rows = query.where(among(_REVIEW.c.invoice, piece)).order_by(col(ReviewRow.id))
            for row in self._rows(rows):
                found.setdefault(row.invoice, []).append(row)
        return found

    def events(self, company: str, source: str, invoice: str) -> list[EventRow]:
        """What the source said otherwise after the first decision, oldest first."""
        query = rows_of(EventRow).where(EventRow.company == company, EventRow.source == source)
        return self._rows(query.where(EventRow.invoice == invoice).order_by(col(EventRow.id)))

    def say(
        self,
        word: ReviewRow,
        documents: Sequence[DocumentRow] = (),
        waits: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Add a word to the log, and what follows from it at once: all of it or nothing.

        Args:
            word: Its time is that of the saying.
            documents: The document as it is to stand, one row for each move on the way.
            waits: What is decided about its invoice then; None where a sync decides that.
        """
        values = {name: getattr(word, name) for name in type(word).model_fields if name != "id"}
        with self.write() as t:
            t.execute(insert(_REVIEW).values({**values, "at": utc_now()}))
            for row in documents:
                self.save_documents(word.company, row.run or "", [row])
            if waits is not None:
                here = and_(*(_INVOICE.c[name] == getattr(word, name) for name in ("company", "source", "invoice")))
                t.execute(update(_INVOICE).where(here).values(dict(waits)))

    def document_numbered(self, company: str, number: int) -> DocumentRow | None:
        """The document with this number in the list of what waits."""
        found = self._rows(rows_of(DocumentRow).where(DocumentRow.company == company, DocumentRow.id == number))
        return found[0] if found else None

    def main_document(self, company: str, source: str, invoice: str) -> DocumentRow | None:
        """Of an invoice's documents the one that is decided about; None where there is none."""
        main: DocumentRow | None = None
        for row in self.documents(company, source, [invoice]).values():
            main = _main(main, row)
        return main

    def waiting(self, company: str) -> list[Waits]:
        """Every document that is held, of which a change is held, or that differs from what was meant; by number."""
        held = select(_INVOICE.c.source, _INVOICE.c.invoice).where(
            _INVOICE.c.company == company, _INVOICE.c.state == "held"
        )
        found: dict[int, DocumentRow] = {}
        with self.read() as t:
            by_source: dict[str, list[str]] = {}
            for source, invoice in t.execute(held):
                by_source.setdefault(source, []).append(invoice)
            for source, ids in by_source.items():
                of_one: dict[str, DocumentRow] = {}
                for row in self.documents(company, source, ids).values():
                    of_one[row.invoice] = _main(of_one.get(row.invoice), row)
                found.update({row.id or 0: row for row in of_one.values()})
            asked = or_(
                _DOCUMENT.c.state == "held",
                and_(_DOCUMENT.c.state == "sent", _DOCUMENT.c.code.in_(TO_COMPARE)),
            )
            query = rows_of(DocumentRow).where(DocumentRow.company == company, asked)
            found.update({row.id or 0: row for row in self._rows(query)})
            return self.seen([found[n] for n in sorted(found)])

    def seen(self, documents: Sequence[DocumentRow]) -> list[Waits]:
        """Documents with their invoices and with what was said about them."""
        invoices: dict[tuple[str, str], InvoiceRow] = {}
        words: dict[tuple[str, str], list[ReviewRow]] = {}
        with self.read():
            for source in {row.source for row in documents}:
                ours = [row for row in documents if row.source == source]
                company, ids = ours[0].company, [row.invoice for row in ours]
                for at in range(0, len(ids), CHUNK):
                    query = rows_of(InvoiceRow).where(InvoiceRow.company == company, InvoiceRow.source == source)
                    rows = self._rows(query.where(among(_INVOICE.c.invoice, ids[at : at + CHUNK])))
                    invoices.update({(source, row.invoice): row for row in rows})
                words.update({(source, name): said for name, said in self.words(company, source, ids).items()})
        return [
            Waits(row, invoices.get((row.source, row.invoice)), tuple(words.get((row.source, row.invoice), ())))
            for row in documents
        ]


def _main(one: DocumentRow | None, other: DocumentRow) -> DocumentRow:
    """Of an invoice's documents the one that is decided about: no payment, and a credit that is to take a bill back."""
    if one is None or one.kind == "payment":
        return other
    if other.kind == "payment":
        return one
    return max(one, other, key=lambda row: (row.state not in _LET_GO, row.id or 0))
