"""Invoice: what a source said, typed by the source's own declaration, and nothing that we concluded from it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol

from connector.value import value

__all__ = ["Declaration", "Field", "FieldType", "FieldValue", "Invoice", "Trouble"]

FieldType = Literal["text", "number", "date"]
FieldValue = str | Decimal | datetime.date | None


@dataclass(frozen=True, slots=True)
class Field:
    """
    One field that a source declares and a mapping may therefore name.

    Args:
        name: As the source's own document spells it.
        type: ``text`` (ids too: 0412 stays 0412), ``number`` (Decimal) or ``date``.
        help: One sentence for the finance reader.
        derived: True where the connector works it out and no document of the source has it.
    """

    name: str
    type: FieldType
    help: str
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an invoice cannot be used as it is; it is held with this until the source mends it."""

    code: str
    reason: str
    remedy: str


@value(frozen=True, slots=True)
class Invoice:
    """
    One invoice of one source.

    Args:
        source: The connection's name (``cake``), as in ``--source`` and in every key.
        id: The source's own id, as text.
        fields: Every declared field; None where the source left it empty.
        raw: The source's own record, keys blanked, as JSON can hold it (numbers as text).
        date: The invoice's own date; None where it could not be read.
        amount: The signed net amount in ``currency``, as sent (unrounded); None where it could not be read.
        currency: ISO 4217; None where it could not be told.
        payee: The source's id of who is paid; None where the source has no payees.
        status: The source's word for where the invoice stands.
        paid: The source says that the invoice is paid.
        paid_on: When it was paid, where the source tells.
        void: The source says that the invoice is void.
        troubles: What could not be read or does not add up.
    """

    source: str
    id: str
    fields: Mapping[str, FieldValue]
    raw: Mapping[str, object]
    date: datetime.date | None
    amount: Decimal | None
    currency: str | None
    payee: str | None = None
    status: str | None = None
    paid: bool = False
    paid_on: datetime.date | None = None
    void: bool = False
    troubles: tuple[Trouble, ...] = field(default=())


class Declaration(Protocol):
    """What a source's class declares, and how it reads one of its own records; a mapping is checked against it."""

    @property
    def type(self) -> str:
        """As the settings and ``source:`` in a mapping name it: ``cake``."""
        ...

    @property
    def title(self) -> str:
        """As people call it: ``CAKE``."""
        ...

    @property
    def fields(self) -> tuple[Field, ...]:
        """Everything that a mapping may name."""
        ...

    @property
    def payee(self) -> str | None:
        """The field that holds the payee's id; None where the source has no payees."""
        ...

    @property
    def status(self) -> str:
        """The field that holds the status word."""
        ...

    def read(self, record: Mapping[str, object], *, source: str, currency: str | None = None) -> Invoice:
        """
        One record of the source's own document as an invoice; what cannot be read becomes its troubles.

        Raises:
            AnswerUnreadable: A key that every record needs is missing.
        """
        ...
