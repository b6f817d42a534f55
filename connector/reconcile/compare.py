"""
What each invoice comes to, decided from data alone: no clock, no file, no network.

Every invoice gets exactly one row, and so does every further bill that was made for it. Amounts are compared net with
net, without tolerance.

A voided invoice whose bill a vendor credit took back has two rows, one for each record of QuickBooks: the bill's with
what the source says, and the credit's without. The source's amount is so counted once, as that of any invoice whatever
its status, and QuickBooks' side comes to nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from connector.document import Document
from connector.money import with_thousands
from connector.plan import Action, Word, net_of
from connector.reconcile.rows import Row, Status
from connector.reconcile.sides import Bill, Intended, Seen

__all__ = ["compare", "differences", "gone", "signed_net", "unclaimed"]

_NOTHING: Final = "nothing to do"
_SYNC: Final = "run: connector sync"
_PAID: Final = "money has left: settle it with the payee, or enter a vendor credit or a bill in QuickBooks"
_NEXT: Final[dict[Status, str]] = {
    "currency-differs": "delete the bill in QuickBooks and enter it again in the right currency",
    "vendor-differs": "correct the vendor in QuickBooks, or the mapping's table if QuickBooks is right",
    "amount-differs": "compare both, then correct the bill in QuickBooks or the invoice at the source",
    "date-differs": "correct the date in QuickBooks, or leave it if it was moved on purpose",
    "account-differs": "correct the account in QuickBooks, or the mapping if QuickBooks is right",
    "voided-at-source": "delete the bill in QuickBooks, or reinstate the invoice at the source",
    "voided-at-source-paid": "money has left: ask for it back, or enter a vendor credit in QuickBooks",
    "changed-at-source": "compare both, then correct the bill in QuickBooks or the invoice at the source",
    "gone-at-source": "ask at the source what became of the invoice; the bill stays until a person deletes it",
    "twice-in-quickbooks": "compare the bills in QuickBooks and delete the one too many",
    "no-source": "find out where it comes from: another company's connector, a copy, or an old source",
}


def compare(seen: Seen) -> Iterator[Row]:
    """The invoice's one row, then one for each bill too many."""
    if seen.credit is not None:
        yield from _with_credit(seen, seen.credit)
    elif not seen.bills:
        yield _without_bill(seen)
    else:
        yield _accepted(seen.accepted, _with_bill(seen, seen.bills[0]))
    for more in seen.bills[1:]:
        own = seen.credit if seen.credit is not None and more.marker == seen.credit.marker else seen.bills[0]
        yield _second(_bare(seen), more, own)


def gone(row: Row, intended: Intended, bills: tuple[Bill, ...], word: Word | None = None) -> Iterator[Row]:
    """
    The rows of a document whose invoice a whole pull no longer holds.

    Args:
        row: Its source, invoice, date and currency, without amounts; ``sending`` where its answer was lost.
        intended: The document as it was sent.
        bills: Its own first; empty where QuickBooks holds none.
        word: By which a person accepted that, as the bill stands.
    """
    if not bills and row.status == "sending":
        why = "sent, and QuickBooks' answer was lost; the source no longer has the invoice"
        yield replace(row, why=why, next=_SYNC, **_of_document(intended))
        return
    if not bills:
        why = "the source no longer has the invoice, and its bill was deleted"
        yield replace(row, status="skipped", why=why, next=_NOTHING, **_of_document(intended))
        return
    why = f"the source no longer has the invoice; QuickBooks holds {bills[0].called}"
    first = replace(row, status="gone-at-source", why=why, next=_NEXT["gone-at-source"], **_of_document(intended))
    yield _accepted(word, replace(first, **_of_bill(bills[0])))
    for more in bills[1:]:
        yield _second(row, more, bills[0])


def unclaimed(bill: Bill, connection: str | None = None) -> Row:
    """The row of a bill with a mark of nobody; ``connection``: it was made for one that the settings no longer have."""
    why = f"{bill.called} carries a connector's mark, and neither a source nor the state knows it"
    if connection is not None:
        why = f'{bill.called} was made for the connection "{connection}", which the settings no longer have'
    row = Row("no-source", None, None, bill.date, why, _NEXT["no-source"], bill.number or None, bill.vendor)
    return replace(row, currency=bill.currency, **_of_bill(bill))


def signed_net(document: Document) -> Decimal:
    """What a document is to hold before tax, negative for a credit."""
    return -net_of(document) if document.kind == "credit" else net_of(document)


def differences(intended: Intended, bill: Bill, *, by_hand: bool = False) -> Iterator[tuple[Status, str]]:
    """
    Where QuickBooks holds something else than was intended, the gravest first.

    A bill that was entered by hand is asked for currency, vendor and amount alone, as it is when it is linked.
    """
    document = intended.document
    if document is None:
        return
    if bill.currency != document.currency:
        yield "currency-differs", f"the currency is {bill.currency} instead of {document.currency}"
    if not _same_vendor(intended, document, bill):
        yield "vendor-differs", f'the vendor is "{bill.vendor}" instead of "{document.vendor}"'
    yield from _amount(document, bill)
    if by_hand:
        return
    if bill.date != document.date:
        yield "date-differs", f"the date is {bill.date} instead of {document.date}"
    if intended.accounts is not None and not _same_accounts(intended.accounts, document, bill):
        yield "account-differs", "its lines stand on other accounts than they were made with"


def _amount(document: Document, bill: Bill) -> Iterator[tuple[Status, str]]:
    credit = document.kind == "credit"
    if document.amounts_are == "inclusive of tax":
        ours, theirs, name = document.amount, bill.signed(bill.total), "total"
        ours = -ours if credit else ours
    else:
        ours, theirs, name = signed_net(document), bill.net, "amount"
    if ours != theirs:
        told = f"{_shown(theirs, bill.currency)} instead of {_shown(ours, document.currency)}"
        yield "amount-differs", f"the {name} is {told}"


def _same_vendor(intended: Intended, document: Document, bill: Bill) -> bool:
    if intended.vendor_id:
        return intended.vendor_id == bill.vendor_id
    return " ".join(document.vendor.casefold().split()) == " ".join(bill.vendor.casefold().split())


def _same_accounts(accounts: tuple[tuple[str, Decimal], ...], document: Document, bill: Bill) -> bool:
    if document.amounts_are == "inclusive of tax":  # QuickBooks keeps its lines without tax
        return {name for name, _ in accounts} == {name for name, _ in bill.accounts}
    if _amount_moved(accounts, bill):  # another total is told as that
        return {name for name, _ in accounts} == {name for name, _ in bill.accounts}
    return accounts == bill.accounts


def _amount_moved(accounts: tuple[tuple[str, Decimal], ...], bill: Bill) -> bool:
    ours = sum((amount for _, amount in accounts), Decimal(0))
    return ours != sum((amount for _, amount in bill.accounts), Decimal(0))


def _accepted(word: Word | None, row: Row) -> Row:
    """A difference that a person accepted, as both sides stand, is none; its amounts stay where they are."""
    if word is None or row.family not in ("differ", "one-side"):
        return row
    return _told(row, "accepted", f"accepted by {word.told}; {row.why}")


def _with_bill(seen: Seen, bill: Bill) -> Row:
    row = replace(_bare(seen), source_amount=seen.amount, **_of_document(seen.intended), **_of_bill(bill))
    found = list(differences(seen.intended, bill, by_hand=seen.by_hand))
    if seen.intended.document is None and seen.amount is not None and seen.amount != bill.net:
        told = f"{_shown(bill.net, bill.currency)} instead of {_shown(seen.amount, seen.currency)}"
        found.append(("amount-differs", f"the amount is {told}"))
    if seen.action.code == "changed-at-source" and seen.now is not None and not any(differences(seen.now, bill)):
        row = replace(row, **_of_document(seen.now))
        return _told(row, "matched", f"the source changed, and {bill.called} was corrected in QuickBooks to the same")
    if seen.action.code in ("voided-at-source", "changed-at-source"):
        voided = seen.action.code == "voided-at-source"
        status: Status = "changed-at-source" if not voided else "voided-at-source"
        paid = "; it is paid, in whole or in part" if bill.paid else ""
        if voided and bill.paid:
            status = "voided-at-source-paid"
        more = "".join(f"; in QuickBooks {text}" for _, text in found)
        row = _told(row, status, f"{seen.action.reason or 'the source changed'}{paid}{more}")
        return replace(row, next=_PAID) if bill.paid and not voided else row
    if found:
        return _told(row, found[0][0], f"in QuickBooks {', '.join(text for _, text in found)}")
    if seen.by_hand:
        return _told(row, "entered-by-hand", f"entered by hand as {bill.called}; number, vendor and amount agree")
    about = ""
    if seen.standing is not None and seen.standing[0] == "sending":
        about = "; its answer was lost, and the next sync takes note of it"
    return _told(row, "matched", f"source, connector and QuickBooks ({bill.called}) agree{about}")


def _with_credit(seen: Seen, credit: Bill) -> Iterator[Row]:
    """The rows of a bill and of the vendor credit that takes it back."""
    if not seen.bills:
        row = replace(_bare(seen), source_amount=seen.amount, **_of_document(seen.credited), **_of_bill(credit))
        gone = f"bill {seen.deleted}" if seen.deleted else "its bill"
        why = f"{gone} was deleted in QuickBooks, and {credit.called}, which took it back, still stands"
        yield replace(_told(row, "missing-in-quickbooks", why), next="delete the vendor credit in QuickBooks too")
        return
    bill = seen.bills[0]
    first = _with_bill(replace(seen, action=replace(seen.action, code=None)), bill)
    bare = replace(_bare(seen), number=credit.number, vendor=credit.vendor)
    second = replace(bare, **_of_document(seen.credited), **_of_bill(credit))
    if not seen.action.invoice.void:
        why = f"no longer void at the source, while {bill.called} stands and {credit.called} takes it back"
        mend = "if it is owed again, delete the vendor credit in QuickBooks; if not, void it at the source"
        for row in (first, second):
            yield _accepted(seen.accepted, replace(_told(row, "changed-at-source", why), next=mend))
        return
    both = f"void at the source: {credit.called} takes {bill.called} back"
    yield replace(first, why=f"{both}; {first.why}" if first.family == "differ" else both)
    found = list(differences(seen.credited, credit))
    if seen.credited.document is None and (credit.net, credit.currency) != (-bill.net, bill.currency):
        told = f"{_shown(credit.net, credit.currency)} instead of {_shown(-bill.net, bill.currency)}"
        found.append(("amount-differs", f"the amount is {told}"))
    if found:
        yield _told(second, found[0][0], f"{both}; in QuickBooks {', '.join(text for _, text in found)}")
    else:
        yield _told(second, "matched", both)


def _without_bill(seen: Seen) -> Row:
    row = replace(_bare(seen), source_amount=seen.amount, **_of_document(seen.intended))
    action = seen.action
    why, remedy = action.reason or "", action.remedy or ""
    if seen.deleted is not None:
        if action.code == "voided-at-source":
            return replace(row, status="skipped", why="void at the source, and its bill was deleted", next=_NOTHING)
        why = f"it was {_entity_word(seen)} {seen.deleted}, which somebody deleted in QuickBooks"
        return _missing(row, why)
    if action.code == "deleted-in-quickbooks":
        return _missing(row, why or f"somebody deleted its {_entity_word(seen)} in QuickBooks")
    if action.action in ("create", "credit", "adopt"):
        return _to_be_made(seen, row)
    status = _standing(action)
    default = _NOTHING if status in ("skipped", "before-start") else f"see: connector why {row.source}:{row.invoice}"
    return replace(row, status=status, why=_line(why or status), next=_line(remedy or default))


def _missing(row: Row, why: str) -> Row:
    name = f"{row.source}:{row.invoice}"
    mend = f"if it is still owed: connector review recreate {name}; if not: connector review accept {name}"
    return replace(_told(row, "missing-in-quickbooks", why), next=mend)


def _to_be_made(seen: Seen, row: Row) -> Row:
    if seen.standing is not None and seen.standing[0] == "blocked":
        _, _, reason, mend = seen.standing  # found out while it was written, so that the rules cannot know it
        return replace(row, status="blocked", why=_line(reason or "blocked"), next=_line(mend or _SYNC))
    return replace(row, status="ready", why="nothing stands against it; QuickBooks has no bill for it yet", next=_SYNC)


def _standing(action: Action) -> Status:
    if action.code == "before-start":
        return "before-start"
    words: dict[str, Status] = {"hold": "held", "block": "blocked"}
    states: dict[str, Status] = {"held": "held", "blocked": "blocked", "refused": "refused", "sending": "sending"}
    if action.action == "none":
        return states.get(action.state, "skipped")
    return words.get(action.action, "skipped")


def _second(row: Row, bill: Bill, own: Bill) -> Row:
    shared = "the same mark" if bill.marker and bill.marker == own.marker else f"the number {bill.number}"
    why = f"{bill.called} has {shared} as {own.called}"
    bare = replace(row, number=bill.number or row.number, vendor=bill.vendor or row.vendor, **_of_bill(bill))
    return _told(bare, "twice-in-quickbooks", why)


def _bare(seen: Seen) -> Row:
    """What every row of the invoice has in common, without amounts."""
    document, invoice = seen.intended.document, seen.action.invoice
    own = seen.bills[0] if seen.bills else None
    return Row(
        "held",
        invoice.source,
        invoice.id,
        invoice.date,
        "",
        "",
        number=document.number if document else (own.number if own else None),
        vendor=document.vendor if document else (own.vendor if own else None),
        currency=seen.currency,
    )


def _of_document(intended: Intended) -> dict[str, Any]:
    document = intended.document
    if document is None:
        return {}
    sums: dict[str, Decimal] = {}
    for line in document.lines:
        name = line.account or line.item or ""
        sums[name] = sums.get(name, Decimal(0)) + (-line.amount if document.kind == "credit" else line.amount)
    return {
        "our_amount": signed_net(document),
        "our_currency": document.currency,
        "accounts": tuple(sorted(sums.items())),
    }


def _of_bill(bill: Bill) -> dict[str, Any]:
    return {
        "quickbooks_amount": bill.net,
        "quickbooks_currency": bill.currency,
        "entity": bill.entity,
        "qbo_id": bill.id,
        "due": bill.due,
        "open_amount": bill.signed(bill.balance),
    }


def _told(row: Row, status: Status, why: str) -> Row:
    return replace(row, status=status, why=_line(why), next=_NEXT.get(status, _NOTHING))


def _line(text: str) -> str:
    return "; ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def _entity_word(seen: Seen) -> str:
    return "vendor credit" if seen.action.key.kind == "credit" else "bill"


def _shown(amount: Decimal, currency: str | None) -> str:
    return f"{currency} {with_thousands(amount, currency)}" if currency else f"{amount:f}"
