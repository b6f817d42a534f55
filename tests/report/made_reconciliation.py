"""Reconciliations made of rows alone: half a year of two sources in three currencies, and names that mean harm."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal

from connector.reconcile import Proof, Reconciled, Row, Status
from connector.reconcile.shelf import Shelf
from connector.report.run import CompanyName

COMPANY: CompanyName = {"realm_id": "4620816365", "name": "Harbour Media Pty Ltd", "environment": "production"}
READ = datetime.datetime(2026, 11, 3, 9, 0, tzinfo=datetime.UTC)

HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=https://evil.example/x onerror=alert(1)>',
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "Foo [/bar] [red]Inc",
    "\u202eevil\u2066 right to left \u200f",
    "{{ 7 * 7 }} {% raw %}",
    "tab\tand\rreturn",
    "W" * 500,
)

_VENDORS = (
    "MediaBridge Partners LLC",
    "Nordic Deals ApS",
    "BigPub Inc",
    "Cashback Australia Pty Ltd",
    "Voucher Valley",
    "Pixel & Quill",
)
_ACCOUNTS = ("Affiliate payouts:US", "Affiliate payouts:AU", "Affiliate payouts:EU")
_SPECIAL: dict[int, tuple[Status, str, str]] = {
    7: ("amount-differs", "in QuickBooks the amount is USD 964.00 instead of USD 1,000.00", "compare both"),
    19: ("voided-at-source-paid", "void at the source; it is paid, in whole or in part", "money has left: ask for it"),
    23: ("missing-in-quickbooks", "it was bill 1023, which somebody deleted in QuickBooks", "enter it again"),
    31: ("held", "above 10,000.00, the mapping's limit", "connector review"),
    32: ("blocked", "no row in cake.vendors.csv for affiliate 70112", "add the row, then run: connector sync"),
    41: ("twice-in-quickbooks", "bill 1041 has the number CAKE-10040 as bill 1040", "delete the one too many"),
    44: ("no-source", "bill 1044 carries a mark that neither a source nor the state knows", "find out where from"),
    52: ("currency-differs", "in QuickBooks the currency is USD instead of AUD", "delete the bill, enter it again"),
    57: ("ready", "nothing stands against it; QuickBooks has no bill for it yet", "run: connector sync"),
    58: ("sending", "sent, and QuickBooks' answer was lost", "run: connector sync"),
    59: ("ready", "nothing stands against it; QuickBooks has no bill for it yet", "run: connector sync"),
}


def made(rows: Iterable[Row]) -> Reconciled:
    """A reconciliation of ``rows`` whose proof closes; close it."""
    found = Reconciled(Shelf(), Proof(), datetime.date(2026, 5, 1), datetime.date(2026, 10, 31))
    found.as_of = {
        "cake": READ,
        "commission_factory_australia": READ,
        "quickbooks": READ + datetime.timedelta(minutes=2),
    }
    found.mappings = {"cake": "3f9a21c0" * 8}
    for row in rows:
        found.shelf.add_row(row)
        found.proof.add_row(row)
        found.differs = found.differs or row.family in ("differ", "one-side")
        if row.source_amount is not None:
            found.proof.add_invoice(row.source or "", row.currency, row.month, row.source_amount)
        if row.quickbooks_amount is not None:
            found.proof.add_bill(row.source, row.quickbooks_currency, row.month, row.quickbooks_amount)
    return found


def half_a_year(count: int = 60) -> Iterator[Row]:
    """Mostly matched, with a row of every kind that a person looks at; source by source, by date."""
    yield from sorted(map(_row, range(count)), key=lambda row: (row.source or "~", str(row.date)))


def hostile() -> Iterator[Row]:
    """Every harmful name as vendor, number, reason and account, differing, waiting and agreeing."""
    day = datetime.date(2026, 10, 1)
    statuses: tuple[Status, ...] = ("amount-differs", "held", "matched")
    for n, name in enumerate(HOSTILE):
        for status in statuses:
            yield Row(
                status,
                "cake",
                name[:40],
                day,
                f"{name}",
                f"{name}",
                name,
                name,
                "USD",
                *(Decimal(-5 - n), Decimal(-5 - n), "USD", Decimal(-4), "USD", "Bill", f"{n}{name[:3]}"),
                accounts=((name, Decimal(-5 - n)),),
            )


def _row(n: int) -> Row:
    source = "commission_factory" if n % 3 == 1 else "cake"
    currency, account = ("AUD", _ACCOUNTS[1]) if n % 3 == 1 else ("EUR", _ACCOUNTS[2]) if n % 7 == 2 else ("USD", "")
    day = datetime.date(2026, 5 + n // 10 % 6, 1 + n * 7 % 28)
    amount = Decimal(n % 13 * 731 + 240) + Decimal(n % 100) / 100
    status, why, remedy = _SPECIAL.get(n, ("matched", f"source, connector and QuickBooks (bill {1000 + n}) agree", ""))
    if n % 11 == 6 and status == "matched":
        status, why, remedy = "skipped", "the mapping leaves Pending alone", ""
    if n == 25:
        amount = -amount
    there = status not in ("held", "blocked", "ready", "sending", "missing-in-quickbooks", "skipped")
    known = status != "no-source"
    doubled = status == "twice-in-quickbooks"
    theirs = "USD" if status == "currency-differs" else currency
    held = amount - 36 if status == "amount-differs" else amount
    due = day + datetime.timedelta(days=30)
    return Row(
        status,
        source if known else None,
        str(10000 + n) if known else None,
        day,
        why,
        remedy or "nothing to do",
        f"{'CF' if n % 3 == 1 else 'CAKE'}-{10000 + n}",
        _VENDORS[n * n % len(_VENDORS)],
        currency,
        amount if known and not doubled else None,
        amount if known and not doubled else None,
        currency if known and not doubled else None,
        held if there else None,
        theirs if there else None,
        ("VendorCredit" if amount < 0 else "Bill") if there else None,
        str(1000 + n) if there else None,
        due if there and amount > 0 else None,
        (held if n > 25 else Decimal(0)) if there else None,
        ((account or _ACCOUNTS[0], amount),) if known and not doubled else (),
    )
