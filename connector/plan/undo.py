"""Taking back what a run made: a bill goes only while it is unpaid, unedited and in open books."""

import datetime
from collections.abc import Callable
from typing import Final

from connector.document import Key
from connector.invoice import Invoice
from connector.plan.case import Action, Known, Standing

__all__ = ["taken_back"]

_Against = tuple[str, str, str]
"""Code, reason and remedy of what keeps a bill where it is."""


def taken_back(
    key: Key,
    invoice: Invoice,
    known: Known,
    standing: Standing,
    closing_date: datetime.date | None,
    run: str,
) -> Action:
    """
    The removal of a document that ``run`` made, or why it stays.

    Args:
        key: The document's.
        invoice: As its source said it last.
        known: The document as the state has it: sent.
        standing: How it stands in QuickBooks now.
        closing_date: Up to when the books are closed.
        run: Whose work is taken back.
    """
    against = next((found for ask in AGAINST if (found := ask(standing, closing_date)) is not None), None)
    if against is not None:
        code, reason, remedy = against
        return stays(key, invoice, known, code, reason, remedy)
    return Action(
        key,
        invoice,
        "remove",
        "sent",
        reason=f"made by run {run}, which is taken back",
        document=known.content,
        generation=known.generation,
        qbo_id=known.qbo_id,
        standing=standing,
    )


def stays(key: Key, invoice: Invoice, known: Known, code: str, reason: str, remedy: str) -> Action:
    """A document that is not taken back."""
    cause = f"{code}: {key.source}"
    held = ("hold", "held", code, reason, remedy, cause)
    return Action(key, invoice, *held, document=known.content, qbo_id=known.qbo_id)  # type: ignore[arg-type]


def _gone(standing: Standing, _: datetime.date | None) -> _Against | None:
    if standing.record is not None:
        return None
    return "missing-in-quickbooks", "somebody deleted it there already", "nothing is left to take back"


def _paid(standing: Standing, _: datetime.date | None) -> _Against | None:
    if not standing.paid:
        return None
    reason = "something was paid on it, or another document hangs on it"
    return "paid-in-quickbooks", reason, "take the payment back in QuickBooks first, or enter a vendor credit"


def _edited(standing: Standing, _: datetime.date | None) -> _Against | None:
    if standing.edited == ():
        return None
    if standing.edited is None:
        reason = "it was found there, so nobody can tell whether a person changed it since"
    else:
        reason = f"a person changed its {', '.join(standing.edited)} there"
    return "edited-in-quickbooks", reason, "if it is to go, delete it in QuickBooks"


def _closed(standing: Standing, closing_date: datetime.date | None) -> _Against | None:
    if closing_date is None or standing.date is None or standing.date > closing_date:
        return None
    reason = f"the books are closed up to {closing_date} and it is dated {standing.date}"
    return "books-closed", reason, "open the books in QuickBooks, then take the run back again"


AGAINST: Final[tuple[Callable[[Standing, datetime.date | None], _Against | None], ...]] = (
    _gone,
    _paid,
    _edited,
    _closed,
)
