"""What must hold of the month: each bill once, each run in its time, the proof closed, and the daemon no larger."""

import datetime
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from month_company import CAKE_SECONDS, DAY, FACTORY_HOURS, Invoice, Month

from connector.quickbooks.posted import marker_in

LATE = 200.0
"""Seconds: what one run waits for goes by at once, and the other's time may come meanwhile."""


# Each bill once.


def never_twice(m: Month) -> None:
    """No mark stands on two bills, credits or payments, and no number on two bills."""
    for kind in ("Bill", "VendorCredit", "BillPayment"):
        rows = list(m.sandbox.company.all(kind))
        marks = Counter(mark for row in rows if (mark := marker_in(str(row.get("PrivateNote") or ""))))
        numbers = Counter(str(row["DocNumber"]) for row in rows if row.get("DocNumber") and kind != "BillPayment")
        twice = [each for each, n in (marks + numbers).items() if n > 1]
        assert not twice, f"twice in QuickBooks, {kind}: {twice}"


def closes(m: Month) -> None:
    """Every invoice stands as it should, and nothing else; nought is missing to the cent."""
    ran = m.command("reconcile", "--json")
    assert ran.json, ran.said[-2000:]
    told: dict[tuple[str, str], list[str]] = {}
    for row in ran.json["rows"]:
        told.setdefault((row["source"], row["invoice"]), []).append(row["status"])
    due = {place: sorted(_expected(m, invoice)) for place, invoice in m.invoices.items()}
    wrong = {place: (sorted(told.get(place, [])), due.get(place)) for place in told.keys() | due.keys()}
    wrong = {place: pair for place, pair in wrong.items() if pair[0] != pair[1]}
    whys = [row for row in ran.json["rows"] if (row["source"], row["invoice"]) in wrong]
    assert not wrong, (wrong, whys)
    assert ran.code == 0
    assert {(line["difference"], line["quickbooks_difference"]) for line in ran.json["proof"]} == {("0.00", "0.00")}
    sums: dict[str, Decimal] = {}
    for invoice in m.invoices.values():
        amount = invoice.row["total_payout" if invoice.source == "cake" else "SubTotal"]
        sums[invoice.source] = sums.get(invoice.source, Decimal(0)) + Decimal(str(amount))
    for line in ran.json["proof"]:
        sums[line["source"]] -= Decimal(line["source_total"])
    assert not any(sums.values()), sums


def _expected(m: Month, invoice: Invoice) -> tuple[str, ...]:
    """A voided invoice whose bill still stands is taken back by a credit, which has a row of its own."""
    if invoice.row.get("invoice_status") == "Void" and m.bills(invoice):
        return ("matched", "matched")
    return invoice.expected


def paid_once(m: Month) -> None:
    """What the source has paid is paid in QuickBooks, once and whole."""
    bills = {str(row["DocNumber"]): row for row in m.sandbox.company.all("Bill")}
    for invoice in m.invoices.values():
        if invoice.paid:
            bill = bills[invoice.number]
            links = [link for link in bill.get("LinkedTxn", ()) if link["TxnType"] == "BillPaymentCheck"]
            assert (len(links), Decimal(str(bill["Balance"]))) == (1, 0), (invoice, bill)


# Each run in its time.


def no_run_is_missed(m: Month) -> None:
    _asks(m)
    _every_fifteen_minutes(m)
    _by_the_line(m)
    assert not m.machine.lines("our fault")
    assert not m.machine.lines("missed")


def _asks(m: Month) -> None:
    """A run asks its source, unless its mapping says nothing or it was stopped just then."""
    for source in ("cake", "commission_factory"):
        for at in m.machine.ran(source):
            broken = source == "cake" and any(since <= at < until for since, until in m.broken)
            asked = any(kind == source and -1 < then - at <= LATE for kind, then in m.asked)
            assert asked or broken or any(0 <= ended - at <= LATE for _, ended in m.lives), f"{source} at {_time(at)}"


def _every_fifteen_minutes(m: Month) -> None:
    """Never more than that from one run to the next, while there is a daemon that is awake; and never less."""
    all_of_them = m.machine.ran("cake")
    early = []
    for began, ended in m.lives:
        within = [at for at in all_of_them if began <= at <= ended]
        earlier = max((at for at in all_of_them if at < began), default=0.0)
        first = began + max(0.0, earlier + CAKE_SECONDS - began)
        edges = [first - CAKE_SECONDS, *within, ended]
        for one, other in pairwise(edges):
            naps = [(at, at + seconds) for at, seconds in m.naps if max(one, began) < at < other]
            gap = other - one - sum(woken - at for at, woken in naps)
            assert gap <= CAKE_SECONDS + LATE, f"no run of cake for {gap:.0f} s: {_time(one)} to {_time(other)}"
            if naps:  # each is longer than a quarter of an hour
                assert other - naps[-1][1] <= LATE, f"no run of cake when the machine woke, {_time(naps[-1][1])}"
        moved = [at for at, seconds in m.sets if seconds > 0] + [at + seconds for at, seconds in m.naps]
        for one, other in pairwise(within):
            if other - one < CAKE_SECONDS - LATE and not any(one - 60 < at <= other for at in moved):
                early.append(_time(other))
    assert len(early) <= _looked_for(m, "cake"), f"runs of cake before their time: {early}"


def _by_the_line(m: Month) -> None:
    """One run for each time at which the wall clock came to the cron line, and none else."""
    found, due = m.machine.ran("commission_factory"), _dues(m)
    for at, surely in due.items():
        ended = next(ended for began, ended in m.lives if began <= at <= ended)
        if surely and ended - at > LATE:  # else it was stopped just then
            assert any(-5 < tick - at <= LATE for tick in found), f"no run of commission_factory at {_time(at)}"
    free = [
        _time(tick)
        for tick in found
        if not any(-5 < tick - at <= LATE for at in due) and not any(0 <= tick - at < LATE for at, _ in m.lives)
    ]
    assert len(free) <= _looked_for(m, "commission_factory"), f"runs of commission_factory at no time of its: {free}"


def _dues(m: Month) -> dict[float, bool]:
    """
    When the cron line was due, by the right time; what came while nobody was awake, at once afterwards.

    In an hour that the end of summer time doubles once is enough: the second time not surely.
    """
    edges = [(m.lives[0][0], 0.0)]
    for at, seconds in m.sets:
        edges.append((at, edges[-1][1] + seconds))
    due: dict[float, bool] = {}
    zones = [*m.zones, (m.ends, "UTC")]
    for (since, name), (until, _) in pairwise(zones):
        for n, (at, apart) in enumerate(edges):
            leapt = max(0.0, apart - edges[n - 1][1]) if n else 0.0
            begins, ends = at + apart - leapt, (edges[n + 1][0] if n + 1 < len(edges) else m.ends) + apart
            for minute in range(int(begins // 1800) + 1, int(ends // 1800) + 1):
                local = datetime.datetime.fromtimestamp(minute * 1800, ZoneInfo(name))
                right = max(minute * 1800 - apart, at)
                if local.minute == 30 and local.hour in FACTORY_HOURS and since <= right < until:
                    at_once = _awake(m, right)
                    due[at_once] = due.get(at_once, False) or not local.fold
    return {at: surely for at, surely in due.items() if at < m.ends}


def _awake(m: Month, at: float) -> float:
    for nap, seconds in m.naps:
        if nap <= at <= nap + seconds:
            at = nap + seconds
    if not any(began <= at < ended for began, ended in m.lives):
        at = min((began for began, _ in m.lives if began >= at), default=m.ends)
    return at


def _looked_for(m: Month, source: str) -> int:
    """How often the daemon came early, to see what became of a lost answer."""
    return sum(line["source"] == source for line in m.machine.lines("looked for later"))


def _time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")


# The daemon no larger.


def remember_size(m: Month) -> None:
    if m.machine.up:
        m.memory.append((m.now, m.machine.memory()))


def no_larger(m: Month, days: float = 7.0) -> str:
    """The last week of a process against its first, the day of its start aside: within a tenth, and no more files."""
    began = m.lives[-1][0]
    first, last = (
        {name: median(size[name] for at, size in m.memory if 0 <= at - since < days * DAY) for name in m.memory[0][1]}
        for since in (began + days * DAY / 7, m.ends - days * DAY)
    )
    for name, size in last.items():
        allowed = 1.1 * first[name] if name == "VmRSS" else first[name] + 3
        assert size <= allowed, f"{name} grew from {first[name]} to {size}"
    return f"first {first}, last {last}"


def cheap_when_still(m: Month) -> str:
    """A run that finds nothing new asks QuickBooks next to nothing, and most of them nothing at all."""
    assert median(m.still_reads) == 0
    assert max(m.still_reads) <= 10, Counter(m.still_reads)
    return f"{Counter(m.still_reads)} reads of QuickBooks where nothing was new"
