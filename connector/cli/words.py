"""``connector help WORD``: every word that a table shows for what becomes of an invoice, in one table."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["WORDS"]

_TEXT: Final = """
ready: nothing stands against it
    It has not been sent yet. The next connector sync makes the bill.
waiting: ready, and the run did not come to it
    The run stopped before its turn, for example at a limit or when a service failed. The next connector sync
    goes on with it.
held: a person must decide
    Nothing was sent. The reason is shown with it, and the line after = says what to do. Once that is done, the
    next connector sync goes on. See connector why INVOICE for one of them.
blocked: something has to be added or mended first
    Mostly a row in a table, or a name that QuickBooks does not have. The line after = says which. Nothing was
    sent; after mending, run connector sync.
sending: sent, and QuickBooks' answer was lost
    The bill may be there or not. The next connector sync looks in QuickBooks first, and sends again only what
    is proven not to be there. connector sync --wait stays until it is known.
unknown: sent, and QuickBooks' answer was lost
    The count of documents in state sending. The next connector sync looks in QuickBooks first; nothing is sent
    twice.
without-an-answer: sent, and QuickBooks' answer was lost
    The same as unknown: the next connector sync looks in QuickBooks first; nothing is sent twice.
sent: the bill is in QuickBooks
    It was made, or found there, and its id is kept.
in-quickbooks: the bill is there
    The same as sent.
refused: QuickBooks did not take it
    Its own words are shown. Mend what they name, then run connector sync --retry-refused; without that option
    it is not tried again, unless the invoice or the mapping changes it.
skipped: left alone
    The mapping's leave list names its status, it comes to 0.00, it is dated before start_date, or a person
    rejected or skipped it. It becomes no bill, and nothing needs to be done.
removed: its bill was deleted again
    The invoice was voided at its source, and the mapping's policy lets the connector delete the unpaid bill.
create: makes a bill
    What a sync would do: a new bill in QuickBooks.
created: a bill was made
    Or would be, where a plan says so.
credit: makes a vendor credit
    What a sync would do for an invoice below zero, or one that was voided, where the policy says credit.
credited: a vendor credit was made
    Or would be, where a plan says so.
adopt: links a bill that is there already
    What a sync would do: QuickBooks has the bill, by our mark or typed by a person; it is linked, none is made.
adopted: a bill that was there already was linked
    It carried our mark, or number, vendor, currency and total agreed. None was made.
update: changes our bill
    What a sync would do: the invoice changed at its source, the bill is unpaid and the books are open, and the
    policy says update.
updated: our bill was changed
    It now says what the source says.
remove: deletes our bill
    What a sync would do: the invoice was voided at its source, the bill is unpaid, and the policy says delete.
pay: records the payment
    What a sync would do: the invoice is paid at its source, and the policy says record payment.
paid: a payment was recorded
    The invoice is paid at its source, and so its bill is paid in QuickBooks, from the account that the mapping
    names. Payments are counted beside the invoices, not among them.
hold: keeps it back for a person
    What a sync would do; see connector help held.
block: cannot go on
    What a sync would do; see connector help blocked.
skip: leaves it alone
    What a sync would do; see connector help skipped.
none: nothing is to be done
    What is there stays as it is.
unchanged: as it was
    The bill is in QuickBooks and the invoice has not changed since.
agree: a family of the reconciliation
    Source, connector and QuickBooks say the same: matched and entered-by-hand, or a person accepted how they differ.
on-its-way: a family of the reconciliation
    Not in QuickBooks yet, and nothing stands against it: ready and sending. The next sync settles it.
needs-you: a family of the reconciliation
    Not in QuickBooks, and a person has to do something: held, blocked and refused.
differ: a family of the reconciliation
    QuickBooks has the bill and says something else than the source, or the source changed since.
one-side: a family of the reconciliation
    Only one side has it: missing-in-quickbooks, twice-in-quickbooks and no-source.
left-alone: a family of the reconciliation
    No bill is meant to be there: skipped and before-start.
matched: source, connector and QuickBooks agree
    Amount, vendor, date, account and currency are what was intended.
amount-differs: QuickBooks has another amount
    Compare both, then correct the bill in QuickBooks or the invoice at the source.
vendor-differs: QuickBooks has another vendor
    Correct the vendor in QuickBooks, or the mapping's table if QuickBooks is right.
date-differs: QuickBooks has another date
    Correct the date in QuickBooks, or leave it if it was moved on purpose.
account-differs: QuickBooks has other accounts
    Correct the account in QuickBooks, or the mapping if QuickBooks is right.
currency-differs: QuickBooks has another currency
    A bill keeps its currency: delete it in QuickBooks and enter it again in the right one.
no-source: a bill with a mark that no source knows
    Find out where it comes from: another company's connector, a copy of a bill, or a source that was removed.
"""


def _read(text: str) -> dict[str, tuple[str, str]]:
    words: dict[str, tuple[str, str]] = {}
    word = ""
    for line in text.strip().splitlines():
        if line.startswith(" "):
            title, told = words[word]
            words[word] = title, f"{told} {line.strip()}".strip()
        else:
            word, _, title = line.partition(": ")
            words[word] = title, ""
    return words


WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(_read(_TEXT))
"""Word to title and explanation: states, actions, counts, families and statuses that are no codes of their own."""
