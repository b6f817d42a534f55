"""
The protocol of a source: what it declares, and the pages of invoices that it yields.

A new source is one file with a class like this, registered under the entry-point group ``connector.sources`` by its
type's name, one mapping and its examples. Nothing else of the connector knows its name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Protocol

from connector.invoice import Field, Invoice
from connector.route import Network

__all__ = ["Connection", "Doubles", "Page", "RateLimit", "Source", "Window", "doubles_of"]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most ``requests`` in any ``seconds``; kept per account by every process on this machine."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Window:
    """The invoice dates to ask for, both inclusive."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's records, as the source's own document has them, and, where it says it, how many there are in all."""

    records: Sequence[Mapping[str, object]]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """
    One ``[sources.NAME]`` of the settings, as its source receives it.

    Args:
        name: The connection's name, which every invoice carries.
        api_key: Secret; never in an error, a log or a record.
        currency: What a bare ``$`` or a missing currency means, ISO 4217.
        page_size: Rows asked for in one request, where the source has pages.
        options: Further keys of the section that the source declares in ``options``.
        locks: The folder for files that keep request windows across processes; None: they are not kept.
    """

    name: str
    base_url: str
    api_key: str = field(repr=False)
    currency: str | None = None
    page_size: int = 1000
    options: Mapping[str, str] = field(default_factory=dict)
    network: Network = field(default_factory=Network)
    locks: str | None = None


@dataclass(frozen=True, slots=True)
class Doubles:
    """What else may post a source's invoices to QuickBooks, and what to do so that it does not."""

    what: str
    remedy: str


def doubles_of(source: "type[Source]") -> Doubles | None:
    """What a source's class says in ``doubles``; a class may leave that out."""
    found = getattr(source, "doubles", None)
    return found if isinstance(found, Doubles) else None


class Source(Protocol):
    """
    One system that knows what is owed.

    Class attributes are the declaration; a mapping may name ``fields`` and nothing else.
    """

    type: ClassVar[str]
    title: ClassVar[str]
    """As people call it: ``CAKE``."""
    fields: ClassVar[tuple[Field, ...]]
    id: ClassVar[str]
    """The field that holds the invoice's own id."""
    payee: ClassVar[str | None]
    """The field that holds the payee's id."""
    status: ClassVar[str]
    """The field that holds the status word."""
    options: ClassVar[Mapping[str, tuple[str, ...]]]
    """Further settings and their allowed values, the first being the default: ``{"format": ("json", "xml")}``."""

    connection: Connection
    """What it was made with; every invoice carries its name."""

    def __init__(self, connection: Connection) -> None: ...

    @classmethod
    def read(cls, record: Mapping[str, object], *, source: str, currency: str | None = None) -> Invoice:
        """
        One record of the source's own document as an invoice; what cannot be read becomes its troubles.

        Raises:
            AnswerUnreadable: A key that every record needs is missing; the message names the keys seen.
        """
        ...

    def pages(self, window: Window) -> Iterator[Page]:
        """
        The records of a window, page by page, in one pass; ``read`` makes invoices of them.

        Raises:
            SignInNeeded: The key was refused.
            Throttled: The source asks us to slow down and the waits are used up.
            ServiceDown: It cannot be reached or fails.
            AnswerUnreadable: The answer has not the documented shape.
        """
        ...
