"""What QuickBooks says against what was meant: an answer is believed only as far as it agrees."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from connector.document import Document
from connector.money import Money, minor_units
from connector.quickbooks.posted import Posted, bill_from
from connector.quickbooks.transport import Company, Outcome
from connector.value import value

__all__ = ["Written", "check_answer", "differences", "judge", "not_answered"]

_COMPARE_PAYMENT: Final = "open the payment in QuickBooks and compare; then mend it there"


@value(frozen=True, slots=True)
class Written:
    """
    What became of one order.

    Args:
        state: ``sent``, ``refused``, ``held``, ``sending`` (nobody knows yet) or ``ready`` (proven without effect).
        posted: The bill as QuickBooks holds it, where it is sent.
        answer: QuickBooks' own record of it.
        burned: It was refused, for a reason that is not the document's: its request id is not used again.
        adopted: Somebody else did what was meant: its id in QuickBooks, "" where it is not this document's alone.
    """

    state: Literal["sent", "refused", "held", "sending", "ready", "removed"]
    code: str | None = None
    reason: str | None = None
    remedy: str | None = None
    posted: Posted | None = None
    answer: Mapping[str, Any] | None = None
    burned: bool = False
    adopted: str | None = None


def not_answered(outcome: Outcome) -> Written:
    """Nobody knows whether it arrived; only evidence will tell."""
    told = outcome.message or "no answer"
    tid = f" (intuit_tid {outcome.intuit_tid})" if outcome.intuit_tid else ""
    return Written(
        "sending",
        "outcome-unknown",
        f"sent, and QuickBooks did not say what became of it: {told}{tid}",
        "nothing to do: the next run looks in QuickBooks before anything is sent again (or now: connector sync --wait)",
    )


def judge(answer: Mapping[str, Any], entity: str, document: Document, own_marker: str, pays: str = "") -> Written:
    """A record that QuickBooks holds, as the result of writing ``document``; ``pays`` as in an order."""
    posted = bill_from(answer, entity, document.currency)
    if own_marker not in posted.markers:
        return Written(
            "sending",
            "answer-of-another",
            f"QuickBooks answered with {entity.lower()} {posted.id}, which does not carry this document's mark",
            "nothing to do: the next run looks in QuickBooks before anything is sent again",
        )
    told = differences(document, posted)
    if pays and set(posted.linked) != {("Bill", pays)}:
        told.append(f"other bills than {pays} paid by it")
    if told:
        return Written(
            "sent",
            "answer-differs",
            f"QuickBooks holds {entity.lower()} {posted.id} with {'; '.join(told)}",
            _COMPARE_PAYMENT if pays else "open the bill in QuickBooks and compare; then mend the mapping or the bill",
            posted,
            answer,
        )
    return Written("sent", posted=posted, answer=answer)


def check_answer(
    company: Company,
    outcome: Outcome,
    entity: str,
    document: Document,
    own_marker: str,
    pays: str = "",
    *,
    sent_at: datetime.datetime,
    first_try: bool,
) -> Written:
    """
    The answer to a creation.

    One that is older than its sending is a replay of an earlier one, and the bill may have been deleted since: it is
    read by its id before it is believed.
    """
    if outcome.body is None:  # pragma: no cover - the caller asks about applied outcomes only
        raise AssertionError(outcome)
    written = judge(outcome.body, entity, document, own_marker, pays)
    if written.state != "sent" or written.posted is None:
        return written
    created = written.posted.created
    skew = datetime.timedelta(seconds=2)
    if first_try and (created is None or created >= sent_at.replace(microsecond=0) - skew):
        return written
    now = company.read(entity, written.posted.id)
    if now is None:
        return Written(
            "held",
            "deleted-in-quickbooks",
            f"it had become {entity.lower()} {written.posted.id}, which somebody deleted in QuickBooks",
            "nothing is made again by itself; if it is owed: connector review recreate, if not: skip",
            written.posted,
            outcome.body,
        )
    return judge(now, entity, document, own_marker, pays)


def differences(document: Document, posted: Posted) -> list[str]:
    """Where QuickBooks' total, tax and currency are not ours; within one minor unit a line where tax is worked out."""
    told: list[str] = []
    amount = document.amount
    if posted.currency != document.currency:
        told.append(f"the currency {posted.currency} instead of {document.currency}")
    exact = Decimal(0)
    worked_out = Decimal(len(document.lines)).scaleb(-minor_units(document.currency))
    inclusive = document.amounts_are == "inclusive of tax"
    expected: list[tuple[str, Decimal | None, Decimal, Decimal]] = [
        ("total", amount if inclusive else None, posted.total, exact),
        ("net total", None if inclusive else amount, posted.net, exact),
        ("net total", document.expected_net, posted.net, worked_out if inclusive else exact),
        ("tax", document.expected_tax, posted.tax, worked_out),
        ("gross total", document.expected_gross, posted.total, exact if inclusive else worked_out),
    ]
    for name, ours, theirs, allowed in expected:
        if ours is not None and abs(ours - theirs) > allowed:
            line = f"the {name} {_shown(theirs, document)} instead of {_shown(ours, document)}"
            if line not in told:
                told.append(line)
    return told


def _shown(amount: Decimal, document: Document) -> Money:
    return Money(amount, document.currency)
