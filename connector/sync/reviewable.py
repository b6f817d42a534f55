"""Which word may be said of which document, and what to do instead where it may not."""

from collections.abc import Callable
from typing import Final

from connector.errors import WrongUse
from connector.plan import Said
from connector.state.reviews import TO_COMPARE, Waits

__all__ = ["named", "require_possible", "whole_name"]

_GONE: Final = ("accepted", "deleted-in-quickbooks", "missing-in-quickbooks")
_BY_A_PERSON: Final = ("rejected", "skipped-by-person")
_Against = tuple[str, str]
"""What speaks against a word, and what to do instead."""


def named(waits: Waits) -> str:
    """How people call a document."""
    return waits.document.number or whole_name(waits)


def whole_name(waits: Waits) -> str:
    """Source and invoice: what every command takes."""
    return f"{waits.document.source}:{waits.document.invoice}"


def require_possible(verb: Said, waits: Waits) -> None:
    """
    Let pass a word that leads somewhere.

    Raises:
        WrongUse: ``review-not-possible``, with what to do instead.
    """
    against = _of_all(waits) or _ASK[verb](waits)
    if against is not None:
        what, remedy = against
        raise WrongUse(f"{named(waits)} {what}", code="review-not-possible", remedy=remedy)


def _of_all(waits: Waits) -> _Against | None:
    if waits.document.state == "sending":
        return "is without an answer from QuickBooks; it takes no other order", "run: connector sync --wait"
    if waits.document.kind == "payment":
        return "is a payment, and waits for no word", f"see: connector why {whole_name(waits)}"
    return None


def _approve(waits: Waits) -> _Against | None:
    code = waits.told[0]
    if waits.state == "skipped" and code in _BY_A_PERSON:
        return None
    if code in TO_COMPARE and waits.state == "sent":
        return (
            "stands in QuickBooks and differs",
            f"if it is fine as it is: connector review accept {whole_name(waits)}",
        )
    if waits.state not in ("held", "blocked"):
        return f"is {waits.state}; nothing of it waits for an approval", f"see: connector why {whole_name(waits)}"
    if waits.invoice is None or waits.invoice.hash is None:
        return "was not decided about since it came to this", "first run: connector sync"
    return None if waits.invoice.approvable else _not_approvable(waits)


def _not_approvable(waits: Waits) -> _Against:
    code, reason, remedy = waits.told
    first = (reason or "").splitlines()[:1]
    why = f"is {waits.state} [{code}], and approving cannot help{': ' if first else ''}{''.join(first)}"
    if not _stands(waits):
        return why, remedy or "mend what it names"
    instead = f"if it is fine as it is: connector review accept {whole_name(waits)}"
    return why, f"{remedy}; or, {instead}" if remedy else instead


def _reject(waits: Waits) -> _Against | None:
    if _stands(waits):
        return _there(waits)
    if waits.state not in ("held", "blocked") or waits.invoice is None or waits.invoice.hash is None:
        instead = f"to leave it alone for good: connector review skip {whole_name(waits)}"
        return f"is {waits.state}; what is rejected is what waits as it was seen", instead
    return None


def _skip(waits: Waits) -> _Against | None:
    return _there(waits) if _stands(waits) else None


def _link(_: Waits) -> _Against | None:
    return None  # whether a bill that it has already is gone is seen in QuickBooks


def _unlink(waits: Waits) -> _Against | None:
    row = waits.document
    if row.state != "sent":
        return f"is {waits.state}; it is linked to nothing", f"see: connector why {whole_name(waits)}"
    if not row.adopted:
        instead = "to take it back, delete it in QuickBooks, then: connector review accept or recreate"
        return f"was made by us as bill {row.qbo_id}; it was not linked", instead
    return None


def _recreate(waits: Waits) -> _Against | None:
    if waits.document.state == "sent" or waits.document.code in _GONE:
        return None
    if waits.document.state == "removed":
        instead = "it is held until a person approves it: connector review"
        return "was removed; it is made again when it is live at its source", instead
    return f"is {waits.state} and has no bill that could be gone", f"see: connector why {whole_name(waits)}"


def _accept(waits: Waits) -> _Against | None:
    if _stands(waits) or waits.document.code in _GONE:
        return None
    return f"is {waits.state} and has no bill in QuickBooks: there is no difference to accept", "see: connector review"


_ASK: Final[dict[Said, Callable[[Waits], _Against | None]]] = {
    "approve": _approve,
    "reject": _reject,
    "skip": _skip,
    "link": _link,
    "unlink": _unlink,
    "recreate": _recreate,
    "accept": _accept,
}


def _stands(waits: Waits) -> bool:
    return waits.document.qbo_id is not None and waits.document.state in ("sent", "held")


def _there(waits: Waits) -> _Against:
    instead = f"if it is fine as it is: connector review accept {whole_name(waits)}"
    return f"has bill {waits.document.qbo_id} in QuickBooks", instead
