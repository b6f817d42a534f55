"""What is known about an invoice when it is decided about, and what is decided: data, and nothing that acts."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal

from connector.document import Document, Key
from connector.invoice import Invoice, Trouble
from connector.mapping import Mapped, NotMapped, Policy
from connector.money import round_minor
from connector.value import value

__all__ = [
    "STANDING_HOLDS",
    "Action",
    "Case",
    "Facts",
    "Found",
    "Known",
    "Said",
    "Standing",
    "State",
    "Terms",
    "Verb",
    "Word",
    "net_of",
    "on_next_open_day",
]

Verb = Literal["create", "adopt", "update", "remove", "credit", "pay", "hold", "block", "skip", "none"]
State = Literal["ready", "held", "blocked", "sending", "sent", "refused", "skipped", "removed"]

Said = Literal["approve", "reject", "skip", "link", "unlink", "recreate", "accept"]

STANDING_HOLDS: Final = frozenset({"deleted-in-quickbooks", "outcome-unknown", "answer-of-another", "unlinked"})
"""Holds that rest on evidence from QuickBooks: reading the source or the mapping again does not lift them."""


@value(frozen=True, slots=True)
class Facts:
    """What of the invoice a document was made from; a difference means that the source changed (mapping rule 10)."""

    amount: str
    currency: str
    date: str
    payee: str

    @classmethod
    def of(cls, invoice: Invoice) -> "Facts":
        amount = "" if invoice.amount is None else str(round_minor(invoice.amount, invoice.currency or "USD"))
        day = "" if invoice.date is None else invoice.date.isoformat()
        return cls(amount, invoice.currency or "", day, invoice.payee or "")


@dataclass(frozen=True, slots=True)
class Known:
    """
    What the state holds of an invoice's document.

    Args:
        facts: What of the source it was made from, as QuickBooks was last asked; None too where a removal was asked.
        astray: What QuickBooks was last asked did not arrive, or was a removal that it refused.
        settled: What this run found out to have arrived: ``create``, ``update`` or ``remove``.
        revision: The SyncToken of QuickBooks' last answer; empty where there was none.
    """

    state: State
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    facts: Facts | None = None
    content: Document | None = None
    qbo_id: str | None = None
    generation: int = 0
    astray: bool = False
    settled: Verb | None = None
    revision: str = ""

    @property
    def stands(self) -> bool:
        """Whether QuickBooks holds it: sent, or held with a change that QuickBooks did not take."""
        return self.state == "sent" or (self.state == "held" and self.qbo_id is not None)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a document stands in QuickBooks now, read by its id.

    Args:
        record: QuickBooks' own, which a change starts from; None where somebody deleted it.
        net: Its total less tax.
        paid: Something was paid on it, or another document hangs on it.
        edited: Our boxes that differ from QuickBooks' last answer to us; None where this state never had an answer.
    """

    record: Mapping[str, Any] | None
    date: datetime.date | None = None
    net: Decimal = Decimal(0)
    paid: bool = False
    edited: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Found:
    """
    A bill or credit that stands in QuickBooks, whoever made it.

    Args:
        net: Its total less tax, in ``currency``.
        marker: The connector's mark in its memo, whichever document's it is.
        taken: It is another document's already.
    """

    entity: str
    id: str
    number: str
    vendor_id: str
    currency: str
    net: Decimal
    date: datetime.date
    marker: str | None
    created: datetime.datetime | None = None
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """
    What a person said about an invoice.

    Args:
        hash: Of what that person saw (``review.hash_of``); of both sides (``review.hash_of_sides``) where it was linked
            or accepted.
        source: Of what the source said then (``review.hash_of_source``), beside the bill as it was.
        entity: With ``id``: what in QuickBooks it was about.
    """

    verb: Said
    who: str
    on: datetime.date
    why: str = ""
    hash: str = ""
    source: str = ""
    entity: str | None = None
    id: str | None = None

    @property
    def told(self) -> str:
        """``anna on 2026-11-26: she asked the affiliate``."""
        return f"{self.who} on {self.on}{f': {self.why}' if self.why else ''}"


@value(frozen=True, slots=True)
class Case:
    """
    Everything gathered about one invoice.

    Args:
        key: The document's key; its kind is that of the mapped document.
        outcome: What the mapping made of the invoice.
        known: The state's document, if there is one.
        marker: This document's own marker.
        vendor_id: QuickBooks' id of the vendor; None where it is to be created or unknown.
        missing: Why the document cannot be written in this company: names that it lacks, currencies, payees.
        found: What stands in QuickBooks with this marker, this number, or this vendor, net and nearly this date, and
            is no other document's.
        number_twice: Another document of this run has the same number.
        due: When it is to be paid, as the mapping or the terms in QuickBooks have it.
        standing: How the document stands in QuickBooks; looked up only where its source may change it.
        takes_back: The document is the vendor credit that takes back this bill; ``standing`` is the credit's once it is
            sent, the bill's before.
        words: What persons said about the invoice, oldest first.
        released: Codes of holds that a person released as they stand; ``decide`` finds them out from ``words``.
    """

    key: Key
    invoice: Invoice
    outcome: Mapped | NotMapped
    marker: str
    known: Known | None = None
    vendor_id: str | None = None
    missing: tuple[tuple[Literal["held", "blocked"], Trouble], ...] = ()
    found: tuple[Found, ...] = ()
    number_twice: bool = False
    due: datetime.date | None = None
    standing: Standing | None = None
    takes_back: Known | None = None
    words: tuple[Word, ...] = ()
    released: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """
    What holds for every case of one source in one run.

    Args:
        rewrite: A person asks that what stands in QuickBooks follows the mapping too, and not the source alone.
    """

    policy: Policy
    start_date: datetime.date
    closing_date: datetime.date | None = None
    retry_refused: bool = False
    rewrite: bool = False


@value(frozen=True, slots=True)
class Action:
    """
    One line of a plan.

    Args:
        action: What is to be done; ``none`` where nothing is.
        state: Where the document stands before the action is carried out.
        document: What is written, for the verbs that write.
        found: What is adopted.
        marker: The document's own.
        generation: The document's generation if it is sent now.
        standing: What an update or a removal starts from.
        note: What else happens (``create vendor``).
        cause: Equal for all actions that one mend would release.
        hash: Of what a person would decide about, where the document waits or a person left it alone.
        approvable: A person's approval would lead to something else.
    """

    key: Key
    invoice: Invoice
    action: Verb
    state: State
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    cause: str | None = None
    document: Document | None = None
    found: Found | None = None
    marker: str = ""
    generation: int = 0
    note: str | None = None
    due: datetime.date | None = None
    qbo_id: str | None = None
    standing: Standing | None = None
    settled: bool = False
    hash: str | None = None
    approvable: bool = False


def on_next_open_day(document: Document, closing: datetime.date | None, told: str) -> Document:
    """
    The document as it can be written while the books are closed up to ``closing``.

    Args:
        document: Any; one that is dated later, or in books that are not closed, stays as it is.
        closing: The last day that is closed.
        told: What its own date is called in the memo.
    """
    if closing is None or document.date > closing:
        return document
    memo = "\n".join(part for part in (document.memo, f"{told} {document.date}") if part)
    return replace(document, date=closing + datetime.timedelta(days=1), memo=memo)


def net_of(document: Document) -> Decimal:
    """The total less tax, as far as it is known before QuickBooks works the tax out."""
    if document.amounts_are == "inclusive of tax" and document.expected_net is not None:
        return document.expected_net
    return document.amount
