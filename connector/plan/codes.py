"""What ``connector help CODE`` says of doubles, of what comes of persons' words, and of taking a run back."""

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "possible-duplicate": (
        "QuickBooks may have this bill already",
        "Another document has its number, or the same vendor, amount and date. Compare both; link it or approve it.",
    ),
    "not-rewritten": (
        "sync --rewrite left a bill as it stands",
        (
            "The mapping would make it otherwise now, and something speaks against that: it is paid, a person changed "
            "it, its books are closed, or the mapping makes no bill of it. Nothing is wrong with the bill."
        ),
    ),
    "number-twice": (
        "two documents of one run have the same number",
        "Both are held. Make the number box of the mapping unique, for example with a prefix per source.",
    ),
    "rejected": (
        "a person rejected the document as it was",
        (
            "It is left alone as long as invoice, mapping and QuickBooks say what that person saw; after a change "
            "it is held and asks again. connector review approve takes the word back; connector why says whose it is."
        ),
    ),
    "skipped-by-person": (
        "a person wants no bill of this invoice",
        "It is left alone for good, whatever it says later. connector review approve takes the word back.",
    ),
    "linked-by-person": (
        "a person linked the invoice to a bill of QuickBooks",
        "It counts as sent and is never sent again. connector review unlink gives the bill free again.",
    ),
    "unlinked": (
        "a person took the invoice's bill from it",
        (
            "It has no bill now, and does not take the same one again by itself. Link what stands for it, skip it, or "
            "run connector sync and approve a bill of its own."
        ),
    ),
    "accepted": (
        "a person accepted a difference as it stands",
        (
            "Source and QuickBooks differ, or the bill is gone, and somebody said that this is fine; connector why "
            "says who and why. If either side changes again, it is told again."
        ),
    ),
    "review-not-possible": (
        "this word leads nowhere for this document",
        (
            "What needs a row in a table, or what QuickBooks cannot do, cannot be approved; a bill that stands in "
            "QuickBooks cannot be rejected. The message says what to do instead. Nothing was recorded."
        ),
    ),
    "review-outdated": (
        "the document changed while it was looked at",
        (
            "A decision is about what was seen, and a run or another person changed that meanwhile. Nothing was "
            "recorded. Look again: connector review."
        ),
    ),
    "why-missing": (
        "the decision needs a reason",
        'Every word but approve is kept with its reason: add --why "…". On a terminal it is asked for.',
    ),
    "link-refused": (
        "the bill cannot be linked to this invoice",
        (
            "QuickBooks has no such bill, or it is another document's by the connector's memory or by the mark in its "
            "memo, or the invoice has a bill already. Nothing was changed."
        ),
    ),
    "invoice-ambiguous": (
        "the word may mean several documents",
        "A number can be one of the list, a source's id and QuickBooks' id. Write source:invoice, as the message says.",
    ),
    "paid-in-quickbooks": (
        "the bill is paid, in whole or in part",
        "Money has left, so it is not taken back. Take the payment back in QuickBooks first, or enter a vendor credit.",
    ),
    "not-taken-back": (
        "the run did not make this bill, or something else rests on it",
        (
            "Only what a run made itself is taken back: no bill that it found and linked, and no change of one that "
            "stood before. Nor does a bill go whose payment is without an answer, or which a vendor credit takes back. "
            "The reason says which."
        ),
    ),
}
