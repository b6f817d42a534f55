"""
The rules, asked in their order: the first that has an answer decides.

The same decision serves plan, sync, the daemon, review and reconcile.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from connector.document import MARKER_LENGTH, MEMO_LIMIT, Document
from connector.mapping import Mapped, NotMapped
from connector.money import with_thousands
from connector.plan.case import STANDING_HOLDS, Action, Case, Facts, Found, Known, Terms, Verb, net_of, on_next_open_day
from connector.plan.changes import of_standing
from connector.plan.review import APPROVABLE, judged, unlinked
from connector.plan.taking_back import of_credit_before, of_taking_back, reason_of

__all__ = ["LOOK_ALIKE_DAYS", "decide"]

LOOK_ALIKE_DAYS: Final = 3


def decide(cases: Iterable[Case], terms: Terms) -> Iterator[Action]:
    """One action for each case, in their order; the plan of a plan's result writes nothing."""
    for case in cases:
        action = judged(case, terms, _ruled)
        yield action if action.marker else replace(action, due=case.due, marker=case.marker)


def _ruled(case: Case, terms: Terms) -> Action:
    return next(action for rule in RULES if (action := rule(case, terms)) is not None)


def _held(case: Case, code: str, reason: str, remedy: str, document: Document | None = None) -> Action:
    cause = f"{code}: {case.invoice.source}"
    return Action(case.key, case.invoice, "hold", "held", code, reason, remedy, cause, document or _document(case))


def _document(case: Case) -> Document | None:
    if isinstance(case.outcome, Mapped):
        return case.outcome.document
    return case.known.content if case.known else None


def _standing(case: Case, known: Known) -> Action:
    return Action(
        case.key, case.invoice, "none", known.state, known.code, known.reason, known.remedy, document=_document(case)
    )


def _of_unknown_outcome(case: Case, _: Terms) -> Action | None:
    """A sending document takes no other order until it is settled."""
    known = case.known
    return _standing(case, known) if known and known.state == "sending" else None


def _of_standing_hold(case: Case, _: Terms) -> Action | None:
    known = case.known
    if known is None or known.state != "held" or known.code not in STANDING_HOLDS:
        return None
    # What a person may release of these is the table in review.py; the rest has a command of its own.
    return None if known.code in case.released and known.code in APPROVABLE else _standing(case, known)


def _of_accepted(case: Case, _: Terms) -> Action | None:
    """A person accepted that its bill was deleted: that holds until the source says something else."""
    known = case.known
    if known is None or known.qbo_id is not None or known.code not in ("accepted", "missing-in-quickbooks"):
        return None
    if isinstance(case.outcome, NotMapped) and case.outcome.state == "skipped":
        return None
    if known.state == "skipped" and known.facts == Facts.of(case.invoice):
        return Action(case.key, case.invoice, "skip", "skipped", known.code, known.reason, document=known.content)
    reason = "its bill was deleted in QuickBooks, which a person accepted; the source says something else since"
    remedy = "if it is owed after all: connector review recreate, or link what stands for it in QuickBooks"
    return _held(case, "missing-in-quickbooks", reason, remedy)


def _of_removed(case: Case, _: Terms) -> Action | None:
    known = case.known
    if known is None or known.state != "removed" or "live-again" in case.released:
        return None
    if known.settled and isinstance(case.outcome, NotMapped):
        done = Action(case.key, case.invoice, "remove", "removed", document=known.content, qbo_id=known.qbo_id)
        return replace(done, settled=True)
    if not isinstance(case.outcome, NotMapped):
        reason = "its bill was removed from QuickBooks earlier and the invoice is live again at the source"
        return _held(case, "live-again", reason, "if it is owed again, approve it, else skip it: connector review")
    return None


def _of_start(case: Case, terms: Terms) -> Action | None:
    day = case.invoice.date
    if day is None or day >= terms.start_date or case.takes_back is not None:
        return None
    reason = f"dated {day}, before start_date {terms.start_date}"
    return Action(case.key, case.invoice, "skip", "skipped", "before-start", reason)


def _of_mapping(case: Case, _: Terms) -> Action | None:
    outcome = case.outcome.late if isinstance(case.outcome, Mapped) else case.outcome
    if outcome is None or (isinstance(case.outcome, Mapped) and outcome.code in case.released):
        return None
    verbs: dict[str, Verb] = {"skipped": "skip", "held": "hold", "blocked": "block"}
    return Action(
        case.key,
        case.invoice,
        verbs[outcome.state],
        outcome.state,
        outcome.code,
        "\n".join(outcome.reason),
        outcome.remedy,
        outcome.cause,
        _document(case),
    )


def _of_number_twice(case: Case, _: Terms) -> Action | None:
    if not case.number_twice:
        return None
    document = _document(case)
    number = document.number if document else ""
    reason = f"another invoice of this run has the same bill number {number}"
    return _held(case, "number-twice", reason, "make the number box of the mapping unique, for example with a prefix")


def _of_missing(case: Case, _: Terms) -> Action | None:
    if not case.missing:
        return None
    state, trouble = case.missing[0]
    reason = "\n".join(each.reason for _, each in case.missing)
    verb: Verb = "block" if state == "blocked" else "hold"
    return Action(
        case.key,
        case.invoice,
        verb,
        state,
        trouble.code,
        reason,
        trouble.remedy,
        f"{trouble.code}: {trouble.reason}",
        _document(case),
    )


def _of_own_marker(case: Case, terms: Terms) -> Action | None:
    """
    Adoption (1): our marker, under any number, is ours whatever else differs; of several the earliest.

    It comes before every hold: what stands in QuickBooks already waits for nobody.
    """
    given_up = unlinked(case.words)
    ours = [each for each in case.found if each.marker == case.marker and (each.entity, each.id) not in given_up]
    ours.sort(key=_age)
    if not ours or not isinstance(case.outcome, Mapped) or _of_start(case, terms):
        return None
    taken = next((each for each in ours if each.taken), None)
    if taken is not None:
        reason = f"{taken.entity.lower()} {taken.id} carries this document's mark and is linked to another invoice"
        return _held(
            case,
            "possible-duplicate",
            reason,
            "look at both in QuickBooks; its memo may have been copied from another bill",
        )
    document = case.outcome.document
    reason = f"already in QuickBooks as {ours[0].entity.lower()} {ours[0].id} with this connector's mark"
    code = remedy = None
    if told := _other_boxes(ours[0], document):
        reason += f", with {' and '.join(told)}"
    if _other_money(ours[0], document):
        code, remedy = "answer-differs", "open the bill in QuickBooks and compare; then mend the mapping or the bill"
    if len(ours) > 1:
        reason += f"; {len(ours) - 1} more carry the same mark"
        code, remedy = "twice-in-quickbooks", "compare them in QuickBooks and delete the later ones"
    return Action(
        case.key, case.invoice, "adopt", "ready", code, reason, remedy, document=_document(case), found=ours[0]
    )


def _other_money(found: Found, document: Document) -> bool:
    """Whether the currency is another, or the net as far as it is known before QuickBooks works the tax out."""
    unknown = document.amounts_are == "inclusive of tax" and document.expected_net is None
    return found.currency not in ("", document.currency) or not (unknown or found.net == net_of(document))


def _other_boxes(found: Found, document: Document) -> list[str]:
    """In what a bill with our mark is another than the mapping would make it now; it stays ours all the same."""
    told = [f"the number {found.number or '(none)'} instead of {document.number}"]
    told = told if found.number != document.number else []
    if _other_money(found, document):
        ours = f"{document.currency} {with_thousands(net_of(document), document.currency)}"
        told.append(f"{found.currency} {with_thousands(found.net, found.currency)} instead of {ours}")
    return told


def _of_same_number(case: Case, _: Terms) -> Action | None:
    """Adoption (2): typed by hand, if vendor, currency and total less tax agree. (3): anything else is for a person."""
    document = _document(case)
    if document is None:
        return None
    same = [each for each in case.found if each.number == document.number]
    free = [each for each in same if each.marker is None and (each.entity, each.id) not in unlinked(case.words)]
    by_hand = [each for each in free if not each.taken and _agrees(each, case, document)]
    if len(same) == 1 and by_hand:
        reason = f"entered by hand as {by_hand[0].entity.lower()} {by_hand[0].id}"
        return Action(
            case.key,
            case.invoice,
            "adopt",
            "ready",
            "entered-by-hand",
            reason,
            document=document,
            found=by_hand[0],
        )
    if same and "possible-duplicate" not in case.released:
        reason = f"QuickBooks has {same[0].entity.lower()} {same[0].id} with the number {document.number}"
        return _held(
            case,
            "possible-duplicate",
            reason,
            "compare both in QuickBooks; then link that one, approve this one, or reject it: connector review",
        )
    return None


def _of_look_alike(case: Case, _: Terms) -> Action | None:
    """Adoption (3): the same vendor and net within three days, without anybody's marker, may be the same debt."""
    document = _document(case)
    if document is None or "possible-duplicate" in case.released:
        return None
    for each in case.found:
        near = abs((each.date - document.date).days) <= LOOK_ALIKE_DAYS
        if each.marker is None and not each.taken and near and _agrees(each, case, document):
            reason = (
                f"QuickBooks has {each.entity.lower()} {each.id} of the same vendor and amount, dated {each.date}, "
                f"with the number {each.number or '(none)'}"
            )
            remedy = (
                f"if it is the same debt, give it the number {document.number} in QuickBooks and run: connector sync"
            )
            return _held(case, "possible-duplicate", reason, remedy)
    return None


def _of_closed_books(case: Case, terms: Terms) -> Action | None:
    document, closing = _document(case), terms.closing_date
    if document is None or closing is None or document.date > closing:
        return None
    if terms.policy.books_closed != "hold":
        return _of_long_memo(case, terms)
    reason = f"the books are closed up to {closing} and the bill is dated {document.date}"
    return _held(
        case, "books-closed", reason, "open the books in QuickBooks, or set in policy: books closed: next open day"
    )


def _of_long_memo(case: Case, terms: Terms) -> Action | None:
    """A memo that has no room for the original date is not cut."""
    dated, most = _dated(case, terms), MEMO_LIMIT - MARKER_LENGTH
    if dated is None or len(dated.memo) <= most:
        return None
    reason = f"the books are closed, and with the original date its memo has {len(dated.memo)} characters, over {most}"
    return _held(case, "memo-too-long", reason, "shorten the memo in the mapping, or open the books in QuickBooks")


def _of_refused(case: Case, terms: Terms) -> Action | None:
    """A refused document is sent again only when it changed or a person asks, or when the books were closed to it."""
    known = case.known
    if known is None or known.state != "refused" or terms.retry_refused or known.content != _dated(case, terms):
        return None
    if known.code == "books-closed":
        return None
    return _standing(case, known)


def _create(case: Case, terms: Terms) -> Action | None:
    document = _dated(case, terms)
    if document is None:  # pragma: no cover - every outcome without a document was answered above
        raise AssertionError(case)
    generation = 0
    if case.known is not None:
        anew = case.known.state in ("refused", "removed") or case.known.code == "outcome-unknown"
        generation = case.known.generation + (1 if anew else 0)
    return Action(
        case.key,
        case.invoice,
        "create" if document.kind == "bill" else "credit",
        "ready",
        reason=reason_of(case),
        document=document,
        marker=case.marker,
        generation=generation,
        note=None if case.vendor_id else "create vendor",
        due=case.due,
    )


def _dated(case: Case, terms: Terms) -> Document | None:
    """
    The document as it would be written: in closed books, where the policy says so, on the next open day.

    It is due when it was; QuickBooks would count its terms from the later day.
    """
    document = _document(case)
    if document is None:
        return None
    dated = on_next_open_day(document, terms.closing_date, "Voided" if case.takes_back is not None else "Invoice date")
    if dated is document or document.kind != "bill":
        return dated
    return replace(dated, due=document.due or case.due)


RULES: Final[tuple[Callable[[Case, Terms], Action | None], ...]] = (
    _of_unknown_outcome,
    of_taking_back,
    of_standing,
    of_credit_before,
    _of_own_marker,
    _of_standing_hold,
    _of_accepted,
    _of_start,
    _of_removed,
    _of_mapping,
    _of_number_twice,
    _of_missing,
    _of_same_number,
    _of_look_alike,
    _of_closed_books,
    _of_refused,
    _create,
)


def _age(found: Found) -> tuple[str, int, str]:
    return (found.created.isoformat() if found.created else "", len(found.id), found.id)


def _agrees(found: Found, case: Case, document: Document) -> bool:
    entity = "Bill" if document.kind == "bill" else "VendorCredit"
    return (
        found.entity == entity
        and found.vendor_id == case.vendor_id
        and found.currency in ("", document.currency)
        and found.net == net_of(document)
    )
