"""The tables of what was said since: by persons about a document, and by a source about an invoice."""

import datetime

from sqlalchemy import Index
from sqlmodel import Field

from connector.state.columns import Utc
from connector.state.tables import Table

__all__ = ["EventRow", "ReviewRow"]


class ReviewRow(Table, table=True):
    """
    What a person decided about an invoice: only ever added to.

    ``code`` and ``reason`` are why it waited, ``hash`` and ``source_hash`` what was seen (``plan.review``), ``entity``
    and ``qbo_id`` what in QuickBooks it was about.
    """

    __tablename__ = "review"
    __table_args__ = (Index(None, "company", "source", "invoice"),)

    id: int | None = Field(default=None, primary_key=True)
    company: str
    source: str
    invoice: str
    kind: str
    verb: str
    who: str
    why: str | None = None
    at: datetime.datetime = Field(sa_type=Utc)
    code: str | None = None
    reason: str | None = None
    hash: str | None = None
    source_hash: str | None = None
    entity: str | None = None
    qbo_id: str | None = None


class EventRow(Table, table=True):
    """What a source says otherwise than before about an invoice that was decided about: only ever added to."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "company", "source", "invoice"),)

    id: int | None = Field(default=None, primary_key=True)
    company: str
    source: str
    invoice: str
    field: str
    before: str | None = None
    after: str | None = None
    seen: datetime.datetime = Field(sa_type=Utc)
    run: str
