"""
The tables of the state.

Ids are text, times are aware and in UTC, amounts are Decimals kept as text. Rows come out of the store detached: plain
records that load nothing later. A change here needs a migration; a test compares the two.
"""

import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from connector.state.columns import AnswerText, DecimalText, JsonText, Utc

__all__ = [
    "METADATA",
    "AttemptRow",
    "BindingRow",
    "BookRow",
    "CompanyRow",
    "DocumentRow",
    "InvoiceRow",
    "MappingVersionRow",
    "PullRow",
    "ReferenceReadRow",
    "ReferenceRow",
    "RequestItemRow",
    "RequestRow",
    "RunRow",
    "SignInRow",
    "StandingRow",
    "Table",
]

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Table(SQLModel, registry=registry(metadata=METADATA)):
    """What every table shares: metadata of our own, in which every constraint has a name."""


class InvoiceRow(Table, table=True):
    """
    An invoice as its source last said it, and what the last run decided.

    ``state``: skipped, held, blocked, or document (then the document has the state). ``first_seen_paid`` is the UTC
    date on which the source first said paid. ``raw`` is the source's record, ``digest`` its sha256, ``fields`` the
    whole Invoice (``data.invoice_of`` rebuilds it). ``last_seen`` and ``run`` are those of the last change. ``hash`` is
    of what a person would decide about, and ``approvable`` whether an approval would lead anywhere.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        Index(None, "company", "invoice"),
        Index(None, "company", "source", "date", "invoice"),
        Index(None, "company", "source", "state", "date"),
    )

    company: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    invoice: str = Field(primary_key=True)
    date: datetime.date | None = None
    status: str | None = None
    payee: str | None = None
    amount: Decimal | None = Field(default=None, sa_type=DecimalText)
    currency: str | None = None
    paid: bool = False
    paid_on: datetime.date | None = None
    void: bool = False
    digest: str
    raw: dict[str, Any] = Field(sa_type=JsonText)
    fields: dict[str, Any] = Field(sa_type=JsonText)
    first_seen: datetime.datetime = Field(sa_type=Utc)
    last_seen: datetime.datetime = Field(sa_type=Utc)
    first_seen_paid: datetime.date | None = None
    state: str
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    cause: str | None = None
    vendor: str | None = None
    run: str
    hash: str | None = None
    approvable: bool | None = None


class StandingRow(Table, table=True):
    """
    An invoice whose document was decided about; the decision stands while record and terms give the same ``mark``.

    A table of its own and narrow, because every pull asks for every invoice.
    """

    __tablename__ = "standing"
    __table_args__ = ({"sqlite_with_rowid": False},)

    company: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    invoice: str = Field(primary_key=True)
    mark: str


class DocumentRow(Table, table=True):
    """
    What QuickBooks is to hold, or holds, for one invoice: one key has one row (I2).

    ``content`` is the Document (``document.from_data`` rebuilds it), ``facts`` what of the source it was made from,
    ``answer`` QuickBooks' last answer to us, ``rounds`` how often an unknown outcome was looked for in vain.
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("company", "source", "invoice", "kind"),
        # Both SQLite and PostgreSQL take nulls as different, so this binds only where there is an id.
        UniqueConstraint("company", "entity", "qbo_id"),
        Index(None, "company", "marker"),
        Index(None, "company", "number"),
        Index(None, "company", "state", "source"),
        Index(None, "company", "invoice"),
    )

    id: int | None = Field(default=None, primary_key=True)
    company: str
    source: str
    invoice: str
    kind: str
    state: str
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    number: str | None = None
    vendor: str | None = None
    vendor_id: str | None = None
    date: datetime.date | None = None
    due: datetime.date | None = None
    currency: str | None = None
    amount: Decimal | None = Field(default=None, sa_type=DecimalText)
    marker: str
    entity: str | None = None
    qbo_id: str | None = None
    sync_token: str | None = None
    generation: int = 0
    revision: str = "0"
    adopted: bool = False
    content: dict[str, Any] | None = Field(default=None, sa_type=JsonText)
    facts: dict[str, Any] | None = Field(default=None, sa_type=JsonText)
    mapping_version: str | None = None
    answer: dict[str, Any] | None = Field(default=None, sa_type=AnswerText)
    rounds: int = 0
    created: datetime.datetime | None = Field(default=None, sa_type=Utc, nullable=False)
    updated: datetime.datetime | None = Field(default=None, sa_type=Utc, nullable=False)
    run: str | None = None


class RequestRow(Table, table=True):
    """A write to QuickBooks as it was intended; never changed. ``entity`` is None where a batch mixes them."""

    __tablename__ = "request"
    __table_args__ = (UniqueConstraint("company", "request_id"),)

    id: int | None = Field(default=None, primary_key=True)
    company: str
    request_id: str
    operation: str
    entity: str | None = None
    generation: int
    revision: str
    created: datetime.datetime = Field(sa_type=Utc)
    run: str


class RequestItemRow(Table, table=True):
    """
    One document, or one vendor to be made (``document`` is None then, ``number`` its name), in a request.

    ``outcome``: None while unknown, else applied, refused, absent or left-out.
    """

    __tablename__ = "request_item"

    request: int = Field(sa_column_args=[ForeignKey("request.id")], primary_key=True)
    bid: str = Field(primary_key=True)
    document: int | None = Field(default=None, sa_column_args=[ForeignKey("document.id")], index=True)
    number: str | None = None
    generation: int
    body: str
    sha256: str
    outcome: str | None = None


class AttemptRow(Table, table=True):
    """
    One sending of a request: inserted before the first byte leaves, completed once, never changed again.

    The boot clock is that of the insertion, and of the end once it is completed.
    """

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("request", "n"),)

    id: int | None = Field(default=None, primary_key=True)
    request: int = Field(sa_column_args=[ForeignKey("request.id")])
    n: int
    sent_at: datetime.datetime = Field(sa_type=Utc)
    boot_id: str
    boot_seconds: float
    ended_at: datetime.datetime | None = Field(default=None, sa_type=Utc)
    outcome: str | None = None
    http_status: int | None = None
    code: str | None = None
    intuit_tid: str | None = None
    detail: str | None = None
    items: list[str] = Field(sa_type=JsonText)


class RunRow(Table, table=True):
    """One run of a command; ``ended`` is None while it runs, and for good where it was killed."""

    __tablename__ = "run"
    __table_args__ = (Index(None, "company", "id"),)

    id: str = Field(primary_key=True)
    company: str
    command: str
    who: str
    started: datetime.datetime = Field(sa_type=Utc)
    ended: datetime.datetime | None = Field(default=None, sa_type=Utc)
    exit_code: int | None = None
    counts: dict[str, Any] | None = Field(default=None, sa_type=JsonText)
    problems: list[dict[str, Any]] | None = Field(default=None, sa_type=JsonText)
    mapping_versions: dict[str, str] | None = Field(default=None, sa_type=JsonText)
    sources: list[str] = Field(sa_type=JsonText)
    pid: int
    host: str


class PullRow(Table, table=True):
    """One reading of a source over the invoice dates ``first`` to ``last``; only a complete one advances anything."""

    __tablename__ = "pull"
    __table_args__ = (Index(None, "company", "source", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    company: str
    source: str
    run: str
    first: datetime.date
    last: datetime.date
    began: datetime.datetime = Field(sa_type=Utc)
    ended: datetime.datetime | None = Field(default=None, sa_type=Utc)
    total: int | None = None
    complete: bool = False


class MappingVersionRow(Table, table=True):
    """A mapping as it stood when it decided something: its text and its tables', under their sha256."""

    __tablename__ = "mapping_version"

    version: str = Field(primary_key=True)
    source: str
    path: str
    text: str
    tables: dict[str, Any] = Field(sa_type=JsonText)
    first_used: datetime.datetime = Field(sa_type=Utc)


class ReferenceRow(Table, table=True):
    """A vendor, account, class … of the company, as last read."""

    __tablename__ = "reference"

    company: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    qbo_id: str = Field(primary_key=True)
    name: str
    full_name: str | None = None
    number: str | None = None
    active: bool = True
    currency: str | None = None
    type: str | None = None
    sub_type: str | None = None
    extra: dict[str, Any] | None = Field(default=None, sa_type=JsonText)


class ReferenceReadRow(Table, table=True):
    """Up to when the references of one entity are known."""

    __tablename__ = "reference_read"

    company: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    as_of: datetime.datetime = Field(sa_type=Utc)


class BookRow(Table, table=True):
    """A bill or vendor credit seen in QuickBooks, whoever made it. ``total`` includes ``tax``."""

    __tablename__ = "book"
    __table_args__ = (
        Index(None, "company", "marker"),
        Index(None, "company", "number"),
        Index(None, "company", "vendor_id", "currency", "date"),
    )

    company: str = Field(primary_key=True)
    entity: str = Field(primary_key=True)
    qbo_id: str = Field(primary_key=True)
    number: str | None = None
    vendor_id: str | None = None
    vendor: str | None = None
    currency: str | None = None
    total: Decimal = Field(sa_type=DecimalText)
    tax: Decimal = Field(default=Decimal(0), sa_type=DecimalText)
    date: datetime.date
    marker: str | None = None
    created: datetime.datetime = Field(sa_type=Utc)


class CompanyRow(Table, table=True):
    """What is known of a company, and how far its books were read; ``sources_read``: those read first and done."""

    __tablename__ = "company"

    company: str = Field(primary_key=True)
    environment: str | None = None
    name: str | None = None
    home_currency: str | None = None
    last_company_read: datetime.datetime | None = Field(default=None, sa_type=Utc)
    newest_book_created: datetime.datetime | None = Field(default=None, sa_type=Utc)
    sources_read: list[str] = Field(default_factory=list, sa_type=JsonText)


class BindingRow(Table, table=True):
    """Which vendor a payee of a source was first paid as. ``vendor_key`` is the name in lower case, for looking up."""

    __tablename__ = "binding"
    __table_args__ = (Index(None, "company", "vendor_key"), Index(None, "company", "vendor_name"))

    company: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    payee: str = Field(primary_key=True)
    vendor_name: str
    vendor_key: str
    vendor_id: str | None = None
    bound_at: datetime.datetime = Field(sa_type=Utc)
    run: str | None = None


class SignInRow(Table, table=True):
    """The sign-in of a company, encrypted."""

    __tablename__ = "sign_in"

    company: str = Field(primary_key=True)
    environment: str
    secret: str
    updated: datetime.datetime = Field(sa_type=Utc)
