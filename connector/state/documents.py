"""Documents: what QuickBooks is to hold, one row a key, moved by the table of moves alone."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Text, bindparam, func, insert, select, update
from sqlmodel import col
from sqlmodel import select as rows_of

from connector.document import Key
from connector.errors import OurFault
from connector.state.clock import utc_now
from connector.state.listed import among
from connector.state.moves import check_decision
from connector.state.tables import DocumentRow, RequestItemRow
from connector.state.transactions import CHUNK, Transactions, chunks, core, in_bulk, values_of

__all__ = ["Documents"]

_DOCUMENT: Final = core(DocumentRow)
_ITEM: Final = core(RequestItemRow)
_SENT: Final = select(_ITEM.c.request).where(_ITEM.c.document == _DOCUMENT.c.id).exists()
_THEIRS: Final = (
    _DOCUMENT.c.company == bindparam("company"),
    _DOCUMENT.c.source == bindparam("source"),
    among(_DOCUMENT.c.invoice, bindparam("invoices", type_=Text)),
)
# Made once: a statement that is made anew for every chunk costs as much as what it does.
_ROWS: Final = select(_DOCUMENT.c.id, _DOCUMENT.c.invoice, _DOCUMENT.c.kind, _SENT).where(*_THEIRS)
_WHOLE: Final = rows_of(DocumentRow).where(*_THEIRS)
_INSERT: Final = insert(_DOCUMENT)
_KEPT: Final = ("id", "company", "source", "invoice", "kind", "created")
_NEW: Final = {"generation": 0, "revision": "0", "adopted": False, "rounds": 0}


class Documents(Transactions):
    """The part of the state that knows documents, but for what a request does to them."""

    def documents(self, company: str, source: str, ids: Sequence[str]) -> dict[tuple[str, str], DocumentRow]:
        """The documents of the invoices ``ids``, by (invoice, kind)."""
        found: dict[tuple[str, str], DocumentRow] = {}
        for piece in chunks(ids):
            rows = self._rows(_WHOLE, company=company, source=source, invoices=json.dumps(list(piece)))
            found.update({(row.invoice, row.kind): row for row in rows})
        return found

    def document(self, key: Key) -> DocumentRow | None:
        """The document of ``key``, or None."""
        return self.documents(key.company, key.source, [key.invoice]).get((key.invoice, key.kind))

    def documents_in_state(
        self, company: str, states: Sequence[str], source: str | None = None
    ) -> Iterator[DocumentRow]:
        """Every document in one of ``states``, oldest row first; memory stays flat, no transaction stays open."""
        query = rows_of(DocumentRow).where(DocumentRow.company == company, col(DocumentRow.state).in_(states))
        if source is not None:
            query = query.where(DocumentRow.source == source)
        last: int | None = 0
        while last is not None:
            rows = self._rows(query.where(col(DocumentRow.id) > last).order_by(col(DocumentRow.id)).limit(CHUNK))
            yield from rows
            last = rows[-1].id if len(rows) == CHUNK else None

    def invoices_in_state(self, company: str, states: Sequence[str], source: str) -> Iterator[list[str]]:
        """The invoices of ``source`` with a document in one of ``states``, some at a time, each once."""
        columns = _DOCUMENT.c
        query = select(columns.invoice).distinct().order_by(columns.invoice).limit(CHUNK)
        query = query.where(columns.company == company, columns.source == source, columns.state.in_(states))
        last = ""
        while True:
            with self.read() as t:
                found = list(t.scalars(query.where(columns.invoice > last)))
            if not found:
                return
            yield found
            last = found[-1]

    def counts_by_state(self, company: str) -> dict[str, int]:
        """How many documents are in each state; states without any are left out."""
        columns = _DOCUMENT.c
        query = select(columns.state, func.count()).where(columns.company == company).group_by(columns.state)
        with self.read() as t:
            return {row[0]: row[1] for row in t.execute(query)}

    def save_documents(self, company: str, run: str, rows: Sequence[DocumentRow]) -> None:
        """``decide`` for rows as the state gives them, to be kept whole."""
        self.decide(company, run, [values_of(row) for row in rows])

    def decide(self, company: str, run: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """
        Insert new documents and renew known ones, by key, as a decision without a request may: all of them or none.

        Args:
            company: The realm id.
            run: The run that decided.
            rows: Columns of documents, each row with the same ones and the key among them; a new document has the
                default in every column that is not given, a known one keeps what it has there.

        Raises:
            OurFault: ``move-forbidden``: a move that is not allowed, any into or out of ``sending`` among them, and any
                other order to a sending document; ``other-company``.
        """
        now = utc_now()
        new: list[dict[str, Any]] = []
        known: list[dict[str, Any]] = []
        with self.write() as t:
            before = self._states(company, rows)
            for row in rows:
                if row["company"] != company:
                    raise OurFault(
                        f"invoice {row['invoice']} is of another company", code="other-company", remedy="Report this."
                    )
                found = before.get((row["source"], row["invoice"], row["kind"]))
                old = None if found is None else found[1]
                there = row.get("qbo_id") is not None or bool(row.get("adopted"))
                check_decision(old, row["state"], in_quickbooks=there)
                if found is None:
                    made = {**_NEW, **row, "updated": now, "run": run, "created": now}
                    made.pop("id", None)
                    new.append(made)
                else:
                    changes = {name: value for name, value in row.items() if name not in _KEPT}
                    known.append({**changes, "key_id": found[0], "updated": now, "run": run})
            if new:
                in_bulk(t, _INSERT, new)
            if known:
                t.execute(update(_DOCUMENT).where(_DOCUMENT.c.id == bindparam("key_id")), known)

    def note_round(self, document_id: int, *, code: str, reason: str, remedy: str) -> int:
        """Count one more vain look for the outcome of a sending document and say why it waits; how many it were."""
        columns = _DOCUMENT.c
        values = {"code": code, "reason": reason, "remedy": remedy, "updated": utc_now()}
        with self.write() as t:
            t.execute(
                update(_DOCUMENT)
                .where(columns.id == document_id, columns.state == "sending")
                .values(rounds=columns.rounds + 1, **values)
            )
            return t.scalar(select(columns.rounds).where(columns.id == document_id)) or 0

    def _states(self, company: str, rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, str], tuple[int, str]]:
        columns = _DOCUMENT.c
        query = select(columns.source, columns.invoice, columns.kind, columns.id, columns.state)
        query = query.where(columns.company == company)
        found = {}
        with self.read() as t:
            for source in {row["source"] for row in rows}:
                for piece in chunks([row["invoice"] for row in rows if row["source"] == source]):
                    here = query.where(columns.source == source, among(columns.invoice, piece))
                    found.update({(row[0], row[1], row[2]): (row[3], row[4]) for row in t.execute(here)})
        return found

    def rows_of(self, keys: Sequence[Key]) -> dict[Key, tuple[int, bool]]:
        """The rows of documents, and whether they were ever in a request; a key without a row is left out."""
        by_invoice: dict[tuple[str, str], dict[str, dict[str, Key]]] = {}
        for key in keys:
            by_invoice.setdefault((key.company, key.source), {}).setdefault(key.invoice, {})[key.kind] = key
        found: dict[Key, tuple[int, bool]] = {}
        with self.read() as t:
            for (company, source), ours in by_invoice.items():
                asked = {"company": company, "source": source, "invoices": json.dumps(list(ours))}
                for id_, invoice, kind, sent in t.execute(_ROWS, asked):
                    if (known := ours[invoice].get(kind)) is not None:
                        found[known] = id_, bool(sent)
        return found

    def known_markers(self, company: str, markers: Sequence[str]) -> set[str]:
        """Which of these are our documents'."""
        query = select(_DOCUMENT.c.marker).where(_DOCUMENT.c.company == company)
        with self.read() as t:
            return {
                found for piece in chunks(markers) for found in t.scalars(query.where(among(_DOCUMENT.c.marker, piece)))
            }

    def by_marker(self, company: str, markers: Sequence[str]) -> dict[str, DocumentRow]:
        """Our documents by their markers."""
        query = rows_of(DocumentRow).where(DocumentRow.company == company)
        return {
            row.marker: row
            for piece in chunks(markers)
            for row in self._rows(query.where(col(DocumentRow.marker).in_(piece)))
        }

    def by_qbo_id(self, company: str, entity: str, ids: Sequence[str]) -> dict[str, DocumentRow]:
        """Our documents by their QuickBooks ids."""
        query = rows_of(DocumentRow).where(DocumentRow.company == company, DocumentRow.entity == entity)
        return {
            str(row.qbo_id): row
            for piece in chunks(ids)
            for row in self._rows(query.where(col(DocumentRow.qbo_id).in_(piece)))
        }

    def owners(self, company: str, entity: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Source and invoice of our documents by their QuickBooks ids."""
        columns = _DOCUMENT.c
        query = select(columns.qbo_id, columns.source, columns.invoice)
        query = query.where(columns.company == company, columns.entity == entity)
        with self.read() as t:
            return {
                row[0]: (row[1], row[2])
                for piece in chunks(ids)
                for row in t.execute(query.where(among(columns.qbo_id, piece)))
            }
