"""The words of a reconciliation: what each family is called, and what each status means, in one place."""

from typing import Final

from connector.reconcile import Family, Status

__all__ = ["FAMILY_MEANINGS", "FAMILY_NAMES", "PROOF_WORDS", "STATUS_MEANINGS", "TILE_WORDS"]

PROOF_WORDS: Final[dict[Family, str]] = {
    "agree": "matched",
    "on-its-way": "on its way",
    "needs-you": "needs you",
    "differ": "differs",
    "one-side": "on one side only",
    "left-alone": "left alone",
}
"""A part of the proof's sum."""

TILE_WORDS: Final[dict[Family, str]] = {
    "agree": "agree",
    "on-its-way": "on their way",
    "needs-you": "need you",
    "differ": "differ",
    "one-side": "on one side only",
    "left-alone": "left alone",
}
"""Behind a count."""

FAMILY_NAMES: Final[dict[Family, str]] = {
    "agree": "Agree",
    "on-its-way": "On their way",
    "needs-you": "Need you",
    "differ": "Differ",
    "one-side": "On one side only",
    "left-alone": "Left alone",
}
"""As a heading."""

FAMILY_MEANINGS: Final[dict[Family, str]] = {
    "agree": "Source, connector and QuickBooks say the same, or a person accepted how they differ.",
    "on-its-way": "Not in QuickBooks yet, and nothing stands against it; the next sync settles it.",
    "needs-you": "Not in QuickBooks, and a person has to do something first.",
    "differ": "QuickBooks has the bill and says something else than the source, or the source changed since.",
    "one-side": "Only one side has it.",
    "left-alone": "No bill is meant to be there.",
}

STATUS_MEANINGS: Final[dict[Status, str]] = {
    "matched": "Amount, vendor, date, account and currency in QuickBooks are what was intended.",
    "entered-by-hand": "A person entered the bill in QuickBooks; number, vendor and amount agree.",
    "accepted": "Both sides say something else, and a person accepted that as it stands.",
    "ready": "Nothing stands against it; the next sync makes the bill.",
    "sending": "Sent, and QuickBooks' answer was lost; the next sync looks in QuickBooks first.",
    "held": "A person must decide before anything is sent.",
    "blocked": "Something has to be added or mended first, mostly a row in a table or a name in QuickBooks.",
    "refused": "QuickBooks did not take it.",
    "amount-differs": "QuickBooks has another amount.",
    "vendor-differs": "QuickBooks has another vendor.",
    "date-differs": "QuickBooks has another date.",
    "account-differs": "QuickBooks has other accounts.",
    "currency-differs": "QuickBooks has another currency.",
    "changed-at-source": "The source changed after the bill was made.",
    "voided-at-source": "The source voided the invoice after the bill was made; the bill is unpaid.",
    "voided-at-source-paid": "The source voided the invoice after its bill was paid: money has left.",
    "gone-at-source": "The source no longer has the invoice; the bill, if there is one, stays.",
    "missing-in-quickbooks": "The bill was made, and somebody deleted it in QuickBooks.",
    "twice-in-quickbooks": "A further bill in QuickBooks has the same mark or number.",
    "no-source": "A bill with a connector's mark that no source and no memory knows.",
    "skipped": "The mapping leaves it alone, or it comes to 0.00.",
    "before-start": "Dated before the source's start_date.",
}
