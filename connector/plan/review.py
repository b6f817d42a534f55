"""
What persons said about a document, and what their word leads to.

A word is bound to the hash of what was seen: where the invoice, the mapping or what stands in QuickBooks says something
else since, it leads nowhere and the document is held again.
"""

import datetime
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from connector.document import Key, as_data, digest
from connector.invoice import Invoice
from connector.mapping import Mapped
from connector.plan.case import Action, Case, Facts, Found, Known, Terms, Word

__all__ = ["APPROVABLE", "accepted", "bill_said", "hash_of", "hash_of_sides", "hash_of_source", "judged", "unlinked"]

APPROVABLE: Final = MappingProxyType(
    {
        "amount-above": "makes it as it stands here",
        "negative-amount": "makes a vendor credit of it",
        "possible-duplicate": "makes it beside what QuickBooks has",
        "live-again": "makes a new bill",
        "unlinked": "makes a bill of its own",
        "outcome-unknown": "sends it again as a new one",
        "changed-at-source": "changes the bill in QuickBooks",
        "voided-at-source": "deletes the bill in QuickBooks",
        "edited-in-quickbooks": "writes over what a person changed in QuickBooks",
    }
)
"""Every hold that a person's approval releases, by its code, and what the next sync does then."""

_ASK_AGAIN_ABOUT_WHAT_STANDS: Final = frozenset({"possible-duplicate"})
_LONG: Final = 32


def hash_of(case: Case, action: Action) -> str:
    """
    Of all that a hold rests on: key, code, document, what was found beside it, and what the source says.

    With the document's generation and revision: a word is about the change that was seen, and about no later one.
    """
    document = case.outcome.document if isinstance(case.outcome, Mapped) else action.document
    facts = Facts.of(case.invoice)
    beside = case.found if action.code in _ASK_AGAIN_ABOUT_WHAT_STANDS else ()
    record = action.standing.record if action.standing else None
    return case.key.digest(
        action.code or "",
        f"{case.known.generation} {case.known.revision}" if case.known else "0 ",
        repr(as_data(document)) if document else "",
        *(facts.amount, facts.currency, facts.date, facts.payee),
        *sorted(map(_told, beside)),
        "" if record is None else f"{record.get('Id')} {record.get('SyncToken')}",
        length=_LONG,
    )


def hash_of_source(key: Key, invoice: Invoice, revision: str = "") -> str:
    """Of what the source says of an invoice, its status with it; ``revision`` is the bill's that it stands beside."""
    facts = Facts.of(invoice)
    said = (facts.amount, facts.currency, facts.date, facts.payee, (invoice.status or "").casefold(), str(invoice.void))
    return digest(key.company, key.source, key.invoice, *said, *([revision] if revision else ()), length=_LONG)


def hash_of_sides(source: str, bill: Sequence[str] | None) -> str:
    """
    Of what both sides say.

    Args:
        source: ``hash_of_source``.
        bill: ``bill_said``; None where QuickBooks has none.
    """
    return digest(source, *(bill if bill is not None else ("none",)), length=_LONG)


def bill_said(
    entity: str,
    id: str,  # noqa: A002 - QuickBooks' word
    vendor_id: str,
    currency: str,
    net: Decimal,
    day: datetime.date,
    accounts: Iterable[tuple[str, Decimal]],
) -> tuple[str, ...]:
    """The boxes of a bill in QuickBooks that are compared with what was meant."""
    sums = (f"{account} {_plain(amount)}" for account, amount in accounts)
    return entity, id, vendor_id, currency, _plain(abs(net)), day.isoformat(), *sums


def accepted(words: Sequence[Word], key: Key, invoice: Invoice, known: Known) -> Word | None:
    """The word by which a person accepted what the source says now, as it stands beside the bill: that very one."""
    if not words:
        return None
    now = known.qbo_id, hash_of_source(key, invoice, known.revision)
    return next((word for word in reversed(words) if word.verb == "accept" and (word.id, word.source) == now), None)


def unlinked(words: Sequence[Word]) -> Collection[tuple[str | None, str | None]]:
    """(entity, id) of what a person took from this document, and did not link to it again."""
    last = {(word.entity, word.id): word.verb for word in words if word.verb in ("link", "unlink")}
    return {bill for bill, verb in last.items() if verb == "unlink"}


def judged(case: Case, terms: Terms, rule: Callable[[Case, Terms], Action]) -> Action:
    """
    What the rules say of a case, and then what persons said of that.

    A hold that a person approved as it stands is decided about again without its code; a second hold needs a word of
    its own.
    """
    action, by = rule(case, terms), None
    stands = case.known is not None and case.known.stands
    if case.words and case.words[-1].verb == "skip" and _may_be_left(case, action, stands=stands):
        return _left(action, hash_of(case, action), "skipped-by-person", f"skipped by {case.words[-1].told}")
    while _waits(action):
        own = hash_of(case, action)
        word = next((each for each in _heard(case.words) if each.hash == own), None)
        if not stands and word is not None and word.verb == "reject":
            return _left(action, own, "rejected", f"rejected by {word.told}")
        freed = replace(case, released=case.released | {action.code or ""})
        after = rule(freed, terms)
        gains = (after.action, after.code, after.reason) != (action.action, action.code, action.reason)
        # A change is released only where somebody looked at how the bill stands.
        blind = stands and case.standing is None
        if not gains or blind or word is None or word.verb != "approve":
            return replace(action, hash=own, approvable=gains)
        case, action, by = freed, after, word
    return action if by is None else _approved(action, by)


def _heard(words: Sequence[Word]) -> Iterator[Word]:
    """The words that still count, newest first: what was said before a bill was taken away was about what it was."""
    for word in reversed(words):
        yield word
        if word.verb == "unlink":
            return


def _waits(action: Action) -> bool:
    return action.state in ("held", "blocked")


def _may_be_left(case: Case, action: Action, *, stands: bool) -> bool:
    """Whether a skip keeps it from QuickBooks; what carries its mark there is there."""
    if action.action == "adopt" and action.found is not None and action.found.marker == case.marker:
        return False
    makes = action.action in ("create", "credit", "adopt")
    return not stands and (makes or _waits(action) or action.state == "refused")


def _left(action: Action, own: str, code: str, reason: str) -> Action:
    told = replace(action, action="skip", state="skipped", code=code, reason=reason, remedy=None, cause=code)
    return replace(told, found=None, note=None, hash=own)


def _approved(action: Action, word: Word) -> Action:
    by = f"approved by {word.told}"
    return action if _waits(action) else replace(action, reason=f"{action.reason}; {by}" if action.reason else by)


def _told(found: Found) -> str:
    boxes = (found.entity, found.id, found.number, found.vendor_id, found.currency, _plain(found.net), found.marker)
    return f"{boxes!r} {found.date}"


def _plain(amount: Decimal) -> str:
    """One text for one amount, however it is written."""
    return f"{amount.normalize():f}" if amount else "0"
