"""QuickBooks' faults in one table: code, what it means for the document, and words a bookkeeper understands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from connector.quickbooks.codes import OTHER_CODES
from connector.quickbooks.outcome import Outcome
from connector.quickbooks.remedy import SIGN_IN

__all__ = ["CODES", "FAULTS", "Meaning", "explain", "meaning_of"]

# refuse: this document is refused, others may go · look: QuickBooks may have it already · stop: no other will go
# either · wait: nothing happened, later it may · ours: we sent what we must never send.
Effect = Literal["refuse", "look", "stop", "wait", "ours"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """
    One kind of trouble.

    Args:
        code: Our own stable code.
        words: What is wrong, one sentence without names.
        remedy: What to do, one line.
    """

    code: str
    effect: Effect
    words: str
    remedy: str


_RETRY: Final = "then run: connector sync --retry-refused"

_MEANINGS: Final = (
    Meaning(
        "books-closed", "refuse", "The books are closed for this date.",
        "move the closing date in QuickBooks (Settings > Advanced > Accounting), or set in policy: books closed: "
        "next open day; the next run decides anew",
    ),
    Meaning(
        "reference-missing", "refuse", "The document names something that QuickBooks has not, or has made inactive.",
        f"make it active again in QuickBooks, or name another one in the mapping; {_RETRY}",
    ),
    Meaning(
        "vendor-name-taken", "look", "A vendor, customer or employee of this name exists already.",
        f"give the vendor another name in the mapping's table, or rename the other in QuickBooks; {_RETRY}",
    ),
    Meaning(
        "stale", "look", "Somebody changed the document in QuickBooks at the same moment.",
        "nothing was overwritten; the next run looks again",
    ),
    Meaning(
        "plan-too-small", "refuse", "The QuickBooks subscription does not include this.",
        f"upgrade the subscription, or leave out what it lacks (items, classes, locations, currencies); {_RETRY}",
    ),
    Meaning(
        "tax-code-missing", "refuse", "QuickBooks wants a tax code on every line.",
        f"add tax: to every line of the mapping (the names under Taxes in QuickBooks); {_RETRY}",
    ),
    Meaning(
        "tax-code-wrong", "refuse", "QuickBooks does not accept this tax code here.",
        f"name a tax code for purchases in the mapping, and see that 'amounts are' fits it; {_RETRY}",
    ),
    Meaning(
        "currency-differs-from-vendor", "refuse", "The document's currency is not the vendor's.",
        f"QuickBooks keeps one currency for a vendor: use one vendor for each currency in the table; {_RETRY}",
    ),
    Meaning(
        "rate-missing", "refuse", "QuickBooks wants an exchange rate for this currency.",
        f"add the currency in QuickBooks (Settings > Currencies); {_RETRY}",
    ),
    Meaning(
        "string-too-long", "refuse", "A text is longer than QuickBooks allows.",
        f"shorten it in the mapping (a number: 21 characters, memo and description: 4,000); {_RETRY}",
    ),
    Meaning(
        "value-refused", "refuse", "QuickBooks does not accept a value.",
        f"correct it in the mapping or at the source; {_RETRY}",
    ),
    Meaning(
        "negative-line", "refuse", "QuickBooks does not accept a line below zero here.",
        f"let the mapping post negative invoices as credits, or hold them; {_RETRY}",
    ),
    Meaning(
        "quantity-differs", "refuse", "Quantity times price is not the amount.",
        f"leave quantity out of the mapping's line; {_RETRY}",
    ),
    Meaning(
        "number-taken", "look", "The vendor has a bill with this number already.",
        "the next run looks whether it is this one; else change the number in the mapping",
    ),
    Meaning(
        "linked", "refuse", "A payment, a bank match or another document hangs on it.",
        "unlink it in QuickBooks first, or leave the document as it is",
    ),
    Meaning(
        "deleted-in-quickbooks", "look", "The document is deleted in QuickBooks, or something it names is inactive.",
        "look at it: connector why INVOICE",
    ),
    Meaning(
        "customer-missing", "refuse", "A billable line needs a customer.",
        f"name a customer on the line, or one that is active; {_RETRY}",
    ),
    Meaning(
        "rule-of-quickbooks", "refuse", "A rule of QuickBooks speaks against it.",
        f"do what QuickBooks' own words say; {_RETRY}",
    ),
    Meaning(
        "permission-missing", "stop", "The person who signed in may not do this in QuickBooks.",
        f"have a company administrator sign in; {SIGN_IN}",
    ),
    Meaning(
        "subscription-ended", "stop", "The QuickBooks subscription has ended or was not paid.",
        "renew it in QuickBooks; every document waits until then",
    ),
    Meaning(
        "company-reset", "stop", "The company was reset in QuickBooks.",
        "look at the company before anything else; then run: connector reconcile",
    ),
    Meaning(
        "batch-too-large", "stop", "QuickBooks takes no batch of so many documents.",
        "set quickbooks.batch_size to 10 in the settings and run again; nothing of the batch was written",
    ),
    Meaning(
        "quickbooks-sign-in", "stop", "QuickBooks does not accept the sign-in.",
        SIGN_IN,
    ),
    Meaning(
        "quickbooks-forbidden", "stop", "QuickBooks forbids this app to use the company.",
        f"check quickbooks.realm_id and quickbooks.environment; if both are right, {SIGN_IN}",
    ),
    Meaning(
        "quickbooks-throttled", "wait", "QuickBooks asked to slow down; nothing was written.",
        "run again later",
    ),
    Meaning(
        "quickbooks-down", "wait", "QuickBooks could not be reached; nothing was written.",
        "nothing is lost; run again",
    ),
    Meaning(
        "outcome-unknown", "look", "QuickBooks' answer was lost or proves nothing: the document may be there or not.",
        "nothing to do: a later run looks and settles it; connector sync --wait stays until it is known",
    ),
    Meaning(
        "request-invalid", "ours", "The connector sent what QuickBooks cannot read.",
        "report it, with QuickBooks' words and the intuit_tid",
    ),
)  # fmt: skip
_BY_CODE: Final = {meaning.code: meaning for meaning in _MEANINGS}

# QuickBooks: error codes. 3001, 3100 and 3200 lie in a range called "validation"; the range decides nothing.
_CODES_OF: Final = {
    "books-closed": "6200 6210",
    "reference-missing": "620 700 2500 6250",
    "vendor-name-taken": "630 6240",
    "stale": "5010",
    "plan-too-small": "5030",
    "tax-code-wrong": "6100 6160 6170 6230 6470",
    "rate-missing": "2410",
    "string-too-long": "2050",
    "value-refused": "2060 2070 2080 2090 2100 2110 2140 2170 2210 6080",
    "negative-line": "2290",
    "quantity-differs": "6070",
    "number-taken": "6140",
    "linked": "800 6480 6540",
    "deleted-in-quickbooks": "610",
    "customer-missing": "6310 6320",
    "rule-of-quickbooks": "6000",
    "permission-missing": "5020",
    "subscription-ended": "6190",
    "company-reset": "10200",
    "batch-too-large": "1040",
    "quickbooks-sign-in": "100 120 3200",
    "quickbooks-forbidden": "3100",
    "quickbooks-throttled": "3001",
    "outcome-unknown": "600 10000",
    "request-invalid": "500 900 2010 2020 2030 2130 2250 4000 4001 6440 10100",
}
FAULTS: Final[Mapping[str, Meaning]] = {
    number: _BY_CODE[code] for code, numbers in _CODES_OF.items() for number in numbers.split()
}

# 6000 is a catch-all: only its words tell. In a company of another language they stay "rule-of-quickbooks".
_WORDS_OF_6000: Final = (
    (re.compile(r"\b(GST|HST|VAT|tax) rate|\b(GST|HST|VAT|tax) code", re.IGNORECASE), "tax-code-missing"),
    (re.compile(r"one foreign currency|currency.*(vendor|supplier)", re.IGNORECASE), "currency-differs-from-vendor"),
    (re.compile(r"linked|unlink", re.IGNORECASE), "linked"),
)

_KINDS: Final = {
    "unknown": "outcome-unknown",
    "throttled": "quickbooks-throttled",
    "not-sent": "quickbooks-down",
    "forbidden": "quickbooks-forbidden",
    "refused": "rule-of-quickbooks",
}

CODES: Final[Mapping[str, tuple[str, str]]] = {
    **{meaning.code: (meaning.words, f"To do: {meaning.remedy}.") for meaning in _MEANINGS},
    **OTHER_CODES,
}
"""Title and explanation of every code that this room's messages carry, for ``connector help CODE``."""


def meaning_of(outcome: Outcome) -> Meaning:
    """What an outcome other than applied means."""
    if outcome.kind != "refused":
        return FAULTS["6140"] if outcome.code == "6140" else _BY_CODE[_KINDS[outcome.kind]]
    if outcome.code == "6000":
        for pattern, code in _WORDS_OF_6000:
            if pattern.search(outcome.detail):
                return _BY_CODE[code]
    return FAULTS.get(outcome.code or "", _BY_CODE["rule-of-quickbooks"])


_ELEMENT: Final = re.compile(r"\b(Accounts|Klasses|Depts|Names|Terms|Items|TaxCodes?) element id (\S+) not found")
_LISTS: Final = {
    "Accounts": ("account", ("Account",)),
    "Klasses": ("class", ("Class",)),
    "Depts": ("location", ("Department",)),
    "Names": ("name", ("Vendor", "Customer")),
    "Terms": ("term", ("Term",)),
    "Items": ("product or service", ("Item",)),
    "TaxCode": ("tax code", ("TaxCode",)),
    "TaxCodes": ("tax code", ("TaxCode",)),
}


def explain(outcome: Outcome, names: Mapping[tuple[str, str], str]) -> tuple[str, str, str]:
    """
    Our code, the reason and the remedy of an outcome other than applied.

    Args:
        outcome: Of one write.
        names: By (entity, id), e.g. ``("Account", "42")``: QuickBooks speaks of ids that no bookkeeper has seen.

    Returns:
        The reason holds our words and QuickBooks' own, its code and the intuit_tid.
    """
    meaning = meaning_of(outcome)
    theirs = _named(_own_words(outcome), names)
    said = f" {'QuickBooks says: ' if outcome.code else ''}{theirs}" if theirs else ""
    marks = [f"code {outcome.code}"] if outcome.code else []
    marks += [f"intuit_tid {outcome.intuit_tid}"] if outcome.intuit_tid else []
    mark = f" ({', '.join(marks)})" if marks else ""
    return meaning.code, f"{meaning.words}{said}{mark}", meaning.remedy


def _own_words(outcome: Outcome) -> str:
    """The detail repeats the message more often than not."""
    message, detail = outcome.message.strip(), outcome.detail.strip()
    for prefix in (message, "Business Validation Error"):
        if prefix and detail.startswith(prefix) and detail[len(prefix) :].lstrip().startswith(":"):
            detail = detail[len(prefix) :].lstrip(" :")
    return " ".join((detail or message).split())


def _named(text: str, names: Mapping[tuple[str, str], str]) -> str:
    def with_name(match: re.Match[str]) -> str:
        kind, entities = _LISTS[match[1]]
        name = next((names[entity, match[2]] for entity in entities if (entity, match[2]) in names), None)
        return f"{kind} {name!r} not found" if name else match[0]

    return _ELEMENT.sub(with_name, text)
