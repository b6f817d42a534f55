"""
What becomes of a document that stands in QuickBooks when its source says something else now.

The policy says whether QuickBooks is to follow; what speaks against it is asked in order, and leaves it to a person.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from connector.document import Document, Key, changed_boxes
from connector.invoice import Invoice
from connector.mapping import Mapped, NotMapped, Policy
from connector.plan.case import Action, Case, Facts, Known, Terms
from connector.plan.review import accepted

__all__ = ["NOT_REWRITTEN", "as_it_stands", "made_otherwise", "may_change", "of_standing"]

_COMPARE: Final = (
    "compare both, then mend the bill in QuickBooks or the invoice at the source, or decide: connector review"
)
_AGAIN: Final = frozenset({"stale", "books-closed"})
"""What a held change may meet only once: the next run looks and decides anew."""


@dataclass(frozen=True, slots=True)
class _Change:
    """
    What the source's words call for; ``hold`` where no policy answers them.

    Args:
        asked: A person asks for it in this run: no policy is needed, and what speaks against it holds nothing.
    """

    verb: Literal["update", "remove", "hold"]
    code: str
    reason: str
    asked: bool = False


NOT_REWRITTEN: Final = "not-rewritten"
"""The code of what a person asked to be brought to the mapping, and what stays as it stands."""

_Against = tuple[str, str, str]
"""Code, reason and remedy of what speaks against a change."""

_FOLLOWS: Final[dict[str, Callable[[Policy], bool]]] = {
    "update": lambda policy: policy.changed_later == "update",
    "remove": lambda policy: policy.voided_later == "delete",
    "hold": lambda _: False,
}


def may_change(known: Known, invoice: Invoice, policy: Policy, *, again: bool = False) -> bool:
    """
    Whether ``invoice`` may make QuickBooks follow, so that the document must be read there; quick to tell.

    Args:
        known: The document.
        invoice: What its source says now.
        policy: Whether QuickBooks is to follow at all.
        again: A person asks for what QuickBooks refused before.
    """
    verb = "remove" if invoice.void else "update"
    if not known.stands or not _FOLLOWS[verb](policy) or _asked_already(known, invoice, verb, again=again):
        return False
    return invoice.void or known.state == "held" or known.astray or known.facts not in (None, Facts.of(invoice))


def of_standing(case: Case, terms: Terms) -> Action | None:
    """A document in QuickBooks follows the source's facts only; what a change leads to is the policy's."""
    known = case.known
    if known is None or not known.stands:
        return None
    change = _change(known, case.invoice, case.outcome) or (_rewriting(known, case.outcome) if terms.rewrite else None)
    if change is None or _asked_already(known, case.invoice, change.verb, again=terms.retry_refused):
        return as_it_stands(case.key, case.invoice, known)
    if accepted(case.words, case.key, case.invoice, known) is not None:
        return as_it_stands(case.key, case.invoice, known)
    if change.verb == "remove" and case.standing is not None and case.standing.record is None:
        reason = "void at the source, and somebody deleted its bill in QuickBooks"
        return Action(case.key, case.invoice, "skip", "skipped", "voided-at-source", reason, document=known.content)
    if (left := _left_as_it_stands(case, terms, change, known)) is not None:
        return left
    made = case.outcome.document if change.verb == "update" and isinstance(case.outcome, Mapped) else known.content
    return Action(
        case.key,
        case.invoice,
        change.verb,
        "sent",
        reason=change.reason,
        document=made,
        generation=known.generation,
        note=None if case.vendor_id or change.verb == "remove" else "create vendor",
        qbo_id=known.qbo_id,
        standing=case.standing,
    )


def _left_as_it_stands(case: Case, terms: Terms, change: _Change, known: Known) -> Action | None:
    """What something speaks against: held, or as it stands where only a person wanted it otherwise."""
    against = next(((ask, found) for ask in AGAINST if (found := ask(case, terms, change)) is not None), None)
    if against is None:
        return None
    ask, (code, reason, remedy) = against
    there = as_it_stands(case.key, case.invoice, known)
    if change.asked:
        return replace(there, code=NOT_REWRITTEN, reason=f"not {reason}", remedy=remedy)
    held = replace(there, action="hold", state="held", code=code, reason=reason)
    # What the policy holds rests on the source alone, and may be held before anybody looked in QuickBooks.
    return replace(held, remedy=remedy, settled=False, standing=None if ask is _policy else case.standing)


def as_it_stands(key: Key, invoice: Invoice, known: Known) -> Action:
    """Nothing is to be done about a document, or it was done by what this run settled."""
    return Action(
        key,
        invoice,
        known.settled or "none",
        known.state,
        known.code,
        known.reason,
        known.remedy,
        document=known.content,
        qbo_id=known.qbo_id,
        settled=known.settled is not None,
    )


def _change(known: Known, invoice: Invoice, outcome: Mapped | NotMapped) -> _Change | None:
    """None where the source says what it said."""
    if isinstance(outcome, NotMapped) and outcome.state == "skipped" and outcome.code == "left":
        reason = f"the source now says {invoice.status or 'another status'}; the bill stands in QuickBooks"
        if invoice.void:
            return _Change("remove", "voided-at-source", reason)
        return _Change("hold", "changed-at-source", reason)
    now = Facts.of(invoice)
    if invoice.troubles or (known.facts == now and known.state == "sent") or (known.facts is None and not known.astray):
        return None
    if known.facts is None or known.facts == now:
        return _Change("update", "changed-at-source", "the source changed after the bill was made")
    what = ", ".join(
        f"{name} {getattr(known.facts, name) or 'none'} → {getattr(now, name) or 'none'}"
        for name in ("amount", "currency", "date", "payee")
        if getattr(known.facts, name) != getattr(now, name)
    )
    return _Change("update", "changed-at-source", f"the source changed after the bill was made: {what}")


def _rewriting(known: Known, outcome: Mapped | NotMapped) -> _Change | None:
    """What the mapping calls for where the source says what it said (mapping rule 10: ``sync --rewrite``)."""
    if known.state != "sent" or known.settled or known.content is None:
        return None
    if not isinstance(outcome, Mapped):
        return _Change("update", NOT_REWRITTEN, "rewritten: the mapping makes no bill of it now", asked=True)
    boxes = made_otherwise(known.content, outcome.document)
    return _Change("update", NOT_REWRITTEN, f"rewritten: {', '.join(boxes)}", asked=True) if boxes else None


def made_otherwise(before: Document, now: Document) -> list[str]:
    """The boxes in which two documents differ, by their names in a mapping; what ``check`` expects is no box."""
    boxes = (box.rpartition(".")[2] for box, _, _ in changed_boxes(before, now) if not box.startswith("check "))
    return list(dict.fromkeys(boxes))


def _asked_already(known: Known, invoice: Invoice, verb: str, *, again: bool) -> bool:
    """QuickBooks did not take exactly this before; it is asked again only when it changed or a person says so."""
    if known.state != "held" or known.code in _AGAIN or again:
        return False
    return known.astray if verb == "remove" else known.facts == Facts.of(invoice)


# What speaks against following the source, asked in this order.


def _policy(case: Case, terms: Terms, change: _Change) -> _Against | None:
    if change.asked and (case.standing is not None or not isinstance(case.outcome, Mapped)):
        return None
    if case.standing is not None and _FOLLOWS[change.verb](terms.policy):
        return None
    if change.code in case.released and change.verb != "hold":
        return None
    asks_credit = change.verb == "remove" and terms.policy.voided_later == "credit"
    told = _no_credit(case) if asks_credit else ""
    return change.code, f"{change.reason}{told}", _COMPARE


def _no_credit(case: Case) -> str:
    """Why no vendor credit takes back what stands, though the policy asks for one."""
    if case.key.kind == "credit":
        return "; it is a vendor credit itself, and what takes one back is a bill, which a person enters"
    if case.known is not None and (case.known.state == "held" or case.known.astray):
        return "; a change of it did not arrive, so that a person must see what there is to take back"
    return ""


def _gone(case: Case, _: Terms, change: _Change) -> _Against | None:
    if case.standing is None or case.standing.record is not None:
        return None
    code = "missing-in-quickbooks"
    return (
        code,
        f"{change.reason}; but somebody deleted it there",
        "nothing is made again by itself; if it is owed: connector review recreate, if not: accept",
    )


def _paid(case: Case, _: Terms, change: _Change) -> _Against | None:
    if case.standing is None or not case.standing.paid:
        return None
    code = "voided-at-source-paid" if change.verb == "remove" else change.code
    reason = f"{change.reason}; something was paid on it, or another document hangs on it"
    return code, reason, "money has left: settle it with the payee, or enter a vendor credit or a bill in QuickBooks"


def _edited(case: Case, _: Terms, change: _Change) -> _Against | None:
    if case.standing is None or case.standing.edited == () or "edited-in-quickbooks" in case.released:
        return None
    if case.standing.edited is None:
        reason = f"{change.reason}; it was found there, so nobody can tell whether a person changed it since"
        return change.code, reason, _COMPARE
    what = ", ".join(case.standing.edited)
    return "edited-in-quickbooks", f"{change.reason}; but a person changed its {what} there", _COMPARE


def _closed(case: Case, terms: Terms, change: _Change) -> _Against | None:
    closing = terms.closing_date
    days = [case.standing.date if case.standing else None]
    if change.verb == "update" and isinstance(case.outcome, Mapped):
        days.append(case.outcome.document.date)
    day = min((day for day in days if day is not None), default=None)
    if closing is None or day is None or day > closing:
        return None
    reason = f"{change.reason}; the books are closed up to {closing} and the bill is dated {day}"
    return "books-closed", reason, "open the books in QuickBooks and run again, or mend the bill there"


def _not_mapped(case: Case, _: Terms, change: _Change) -> _Against | None:
    if change.verb != "update" or isinstance(case.outcome, Mapped):
        return None
    return change.code, "\n".join((change.reason, *case.outcome.reason)), case.outcome.remedy or _COMPARE


def _late(case: Case, _: Terms, change: _Change) -> _Against | None:
    late = case.outcome.late if change.verb == "update" and isinstance(case.outcome, Mapped) else None
    if late is None or late.code in case.released:
        return None
    return late.code, "\n".join((change.reason, *late.reason)), late.remedy


def _another_kind(case: Case, _: Terms, change: _Change) -> _Against | None:
    """QuickBooks makes no credit of a bill and keeps a bill's currency for good."""
    if change.verb != "update" or not isinstance(case.outcome, Mapped):
        return None
    document, before = case.outcome.document, case.known.content if case.known else None
    if document.kind == case.key.kind and (before is None or before.currency == document.currency):
        return None
    other = "currency" if document.kind == case.key.kind else "sign"
    return change.code, f"{change.reason}; QuickBooks cannot change the {other} of a bill that stands", _COMPARE


def _number_twice(case: Case, _: Terms, change: _Change) -> _Against | None:
    if change.verb != "update" or not case.number_twice:
        return None
    reason = f"{change.reason}; another invoice of this run has the same bill number"
    return "number-twice", reason, "make the number box of the mapping unique, for example with a prefix"


def _missing(case: Case, _: Terms, change: _Change) -> _Against | None:
    if change.verb != "update" or not case.missing:
        return None
    trouble = case.missing[0][1]
    return trouble.code, "\n".join((change.reason, *(each.reason for _, each in case.missing))), trouble.remedy


AGAINST: Final[tuple[Callable[[Case, Terms, _Change], _Against | None], ...]] = (
    _policy,
    _gone,
    _paid,
    _edited,
    _closed,
    _not_mapped,
    _late,
    _another_kind,
    _number_twice,
    _missing,
)
