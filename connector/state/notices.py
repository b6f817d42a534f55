"""What people were told, and what the digest of finance counts beside what waits."""

import datetime
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import delete, insert, select
from sqlmodel import Field
from sqlmodel import select as rows_of

from connector.state.columns import JsonText, Utc
from connector.state.tables import DocumentRow, InvoiceRow, RequestItemRow, RequestRow, Table
from connector.state.transactions import Transactions, core

__all__ = ["NoticeRow", "Notices", "Told"]


class NoticeRow(Table, table=True):
    """
    A trouble that one channel told, or is about to tell; it is deleted once the channel told that it is gone.

    ``source``: the one that it concerns, ``met``: the one whose run met it; both may be empty. ``told`` is None where
    it is too young to be told. ``counts``: what the digest counted when it was sent, by cause.
    """

    __tablename__ = "notice"

    company: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    who: str
    code: str
    title: str
    source: str
    met: str
    since: datetime.datetime = Field(sa_type=Utc)
    told: datetime.datetime | None = Field(default=None, sa_type=Utc)
    counts: dict[str, Any] = Field(sa_type=JsonText)


_NOTICE: Final = core(NoticeRow)
_DOCUMENT: Final = core(DocumentRow)
_INVOICE: Final = core(InvoiceRow)
_REQUEST: Final = core(RequestRow)
_ITEM: Final = core(RequestItemRow)


@dataclass(frozen=True, slots=True)
class Told:
    """A row of one channel as a value: see ``NoticeRow``."""

    key: str
    who: str
    code: str
    title: str
    source: str
    met: str
    since: datetime.datetime
    told: datetime.datetime | None
    counts: Mapping[str, int] = field(default_factory=dict)


class Notices(Transactions):
    """The part of the state that knows what people were told."""

    def told(self, company: str, channel: str) -> dict[str, Told]:
        """What a channel told and has not told to be gone, by its key."""
        rows = self._rows(rows_of(NoticeRow).where(NoticeRow.company == company, NoticeRow.channel == channel))
        return {row.key: Told(**row.model_dump(exclude={"company", "channel"})) for row in rows}

    def keep_told(self, company: str, channel: str, told: Collection[Told]) -> None:
        """Let this be what a channel told."""
        rows = [{"company": company, "channel": channel, **asdict(each)} for each in told]
        with self.write() as t:
            t.execute(delete(_NOTICE).where(_NOTICE.c.company == company, _NOTICE.c.channel == channel))
            if rows:
                t.execute(insert(_NOTICE), rows)

    def posted_paid(self, company: str, since: datetime.datetime) -> list[tuple[str, str, Decimal]]:
        """
        Source, currency and amount of each bill that was made since, is paid at its source and has no payment of ours.

        Args:
            company: The realm id.
            since: When the requests that made them were intended, at the earliest.
        """
        payment = _DOCUMENT.alias()
        same = [_INVOICE.c[name] == _DOCUMENT.c[name] for name in ("company", "source", "invoice")]
        paid_by_us = (
            select(payment.c.id)
            .where(*(payment.c[name] == _DOCUMENT.c[name] for name in ("company", "source", "invoice")))
            .where(payment.c.kind == "payment")
            .exists()
        )
        query = (
            select(_DOCUMENT.c.source, _DOCUMENT.c.currency, _DOCUMENT.c.amount)
            .join(_ITEM, _ITEM.c.document == _DOCUMENT.c.id)
            .join(_REQUEST, _REQUEST.c.id == _ITEM.c.request)
            .join(_INVOICE, same[0] & same[1] & same[2])
            .where(_REQUEST.c.company == company, _REQUEST.c.created >= since, _ITEM.c.outcome == "applied")
            .where(_DOCUMENT.c.kind == "bill", _DOCUMENT.c.state == "sent", _INVOICE.c.paid, ~paid_by_us)
            .distinct()
            .add_columns(_DOCUMENT.c.id)
        )
        with self.read() as t:
            return [(row[0], row[1], row[2]) for row in t.execute(query)]
