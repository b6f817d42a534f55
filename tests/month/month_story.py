"""
The story of the month: what becomes of invoices, and what goes wrong with everything around them.

``FATES`` and ``TROUBLES`` are tables. Every trouble ends by itself or by somebody's hand, and the last hours are calm.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from month_company import DAY, HOUR, Invoice, Month, line
from month_machine import NOTICED

CALM = 5 * HOUR
"""Before the end: nothing new happens, so that everything can come to rest."""

LONGEST = 5 * HOUR
"""No trouble is longer, so that all are over when the calm begins."""

Deed = Callable[[Month], object]

# What becomes of an invoice of CAKE, and how often.


def plain(m: Month) -> None:
    """Approved, and that is all."""
    m.says(owed(m), "matched")


def approved_late(m: Month) -> None:
    invoice = owed(m, "Pending")
    soon(m, 40, lambda: approve(m, invoice))


def pending_for_good(m: Month) -> None:
    owed(m, "Pending")


def changed(m: Month) -> None:
    invoice = owed(m)
    m.says(invoice, "matched")
    soon(m, 48, lambda: m.says(invoice, total_payout=f"{float(invoice.row['total_payout']) + 0.05:.2f}"))


def voided(m: Month) -> None:
    invoice = owed(m)
    m.says(invoice, "matched")
    soon(m, 48, partial(void, m, invoice))


def paid_at_the_source(m: Month) -> None:
    invoice = owed(m)
    m.says(invoice, "matched")
    soon(m, 96, partial(pay_at_the_source, m, invoice))


def paid_by_hand(m: Month) -> None:
    """The bookkeeper pays it, and then the source says so too."""
    invoice = owed(m)
    m.says(invoice, "matched")
    with_bill(m, invoice, 30, "pay", lambda: soon(m, 30, partial(pay_at_the_source, m, invoice)))


def typed_by_hand(m: Month) -> None:
    """The bookkeeper is quicker than the network's approval."""
    invoice = owed(m, "Pending")
    m.types(invoice)
    invoice.expected = ("entered-by-hand",)
    soon(m, 20, lambda: approve(m, invoice, "entered-by-hand"), orelse=True)


def overwritten(m: Month) -> None:
    """The bookkeeper overwrites the amount, and puts it right again."""
    invoice = owed(m)
    m.says(invoice, "matched")
    right = line(invoice.row["total_payout"])
    put_right = partial(with_bill, m, invoice, 10, "edit", changes={"Line": right}, surely=True)
    with_bill(m, invoice, 30, "edit", put_right, changes={"Line": line("1.00")})


def deleted_by_mistake(m: Month) -> None:
    """The bookkeeper deletes the bill; Anna lets it be made again."""
    invoice = owed(m)
    m.says(invoice, "matched")
    with_bill(m, invoice, 30, "delete", lambda: soon(m, 8, partial(recreate, m, invoice), orelse=True))


FATES: dict[Callable[[Month], None], int] = {
    plain: 30,
    approved_late: 20,
    pending_for_good: 2,
    changed: 8,
    voided: 8,
    paid_at_the_source: 20,
    paid_by_hand: 4,
    typed_by_hand: 3,
    overwritten: 3,
    deleted_by_mistake: 2,
}


def owed(m: Month, status: str = "Approved") -> Invoice:
    m.forgets_one()
    affiliate = m.draw.randint(1, 60)
    return m.owe(status, affiliate, "AUD" if affiliate % 5 else "USD")


def soon(m: Month, hours: float, deed: Callable[[], object], *, orelse: bool = False) -> None:
    """Within so many hours, where the month is long enough; ``orelse`` earlier rather than never."""
    left = m.ends - CALM - m.now
    within = min(hours * HOUR, left) if orelse else hours * HOUR
    seconds = m.draw.uniform(0.1, 1.0) * max(within, 0.0)
    if orelse or seconds < left:
        m.later(seconds, deed)


def approve(m: Month, invoice: Invoice, expected: str = "matched") -> None:
    m.says(invoice, expected, invoice_status="Approved", date_approved=m.today().isoformat())


def void(m: Month, invoice: Invoice) -> None:
    """A bill that is there is deleted; later in the month a credit takes it back."""
    m.says(invoice, "skipped", invoice_status="Void")


def pay_at_the_source(m: Month, invoice: Invoice) -> None:
    invoice.paid = True
    m.says(invoice, invoice_status="Paid")


def with_bill(
    m: Month,
    invoice: Invoice,
    hours: float,
    does: str,
    then: Callable[[], object] = lambda: None,
    *,
    surely: bool = False,
    **how: object,
) -> None:
    """What the bookkeeper does to a bill within so many hours, when it is there."""

    def deed() -> None:
        if not surely and m.now > m.ends - CALM - HOUR:
            return
        if not m.bills(invoice):
            m.later(HOUR, deed)
            return
        m.person(does, invoice, **how)
        m.happened[f"a bill: {does}"] += 1
        then()

    soon(m, hours, deed, orelse=surely)


def recreate(m: Month, invoice: Invoice) -> None:
    """Tried again each hour where the machine or QuickBooks is away."""
    decided(m, "recreate", f"{invoice.source}:{invoice.id}", "deleted by mistake")


def decided(m: Month, verb: str, place: str, why: str) -> None:
    ran = m.command("review", verb, place, "--as", "anna", "--why", why, "--yes")
    if ran.code:
        assert m.now < m.ends - HOUR, (ran.code, ran.said[-2000:])
        m.later(HOUR, partial(decided, m, verb, place, why))
    else:
        m.happened[f"review {verb}"] += 1


def anna_looks(m: Month) -> None:
    """What was sent again and again without an answer waits for her; QuickBooks shows her that it is not there."""
    for source, id_, kind in m.machine.rows(
        "select source, invoice, kind from document where state = 'held' and code = 'outcome-unknown'"
    ):
        invoice = m.invoices[source, id_]
        if kind != "payment":
            decided(m, "approve", f"{source}:{id_}", "it is not there")
        elif not m.sandbox.company.records["Bill"][m.bills(invoice)[0]].data.get("LinkedTxn"):
            m.person("pay", invoice)
            m.happened["a payment of no answer: paid by hand"] += 1


def commission(m: Month) -> None:
    """An invoice of Commission Factory, and that it is paid."""
    invoice = m.commission()

    def pay() -> None:
        invoice.paid = True
        m.says(invoice, "matched", DatePaid=f"{m.today()}T00:00:00.000")

    soon(m, 72, pay)


# What goes wrong.


@dataclass(frozen=True)
class Trouble:
    """
    Args:
        a_day: How often it comes.
        restless: Only in the days in which the daemon is started again and again.
    """

    deed: Deed
    a_day: float
    restless: bool = False


def lasting(m: Month, name: str, shortest: float, longest: float, *faults: dict[str, object]) -> None:
    """Faults at every request for some hours."""
    if m.happened[f"now: {name}"]:
        return
    m.happened[f"now: {name}"] = 1
    kind = m.draw.choice(("answer-html", "drop-before-commit"))
    for fault in faults:
        m.project.control("arm", {"fault": kind, "times": 1_000_000, **fault})

    def over() -> None:
        m.happened[f"now: {name}"] = 0
        m.project.control("disarm", {})

    m.later(m.draw.uniform(shortest, longest) * HOUR, over)


def quickbooks_is_down(m: Month) -> None:
    lasting(m, "outage", 0.5, 5, {"path": "/quickbooks/"}, {"path": "/oauth/"})


def cake_is_down(m: Month) -> None:
    lasting(m, "outage", 0.5, 5, {"path": "/cake/"})


def commission_factory_is_down(m: Month) -> None:
    lasting(m, "outage", 0.5, 5, {"path": "/commission-factory/"})


def answers_are_lost(m: Month) -> None:
    for path in ("/bill", "/billpayment"):
        fault = m.draw.choice(("commit-then-drop", "drop-before-commit", "truncate", "answer-500"))
        m.project.arm(fault, path, times=m.draw.randint(1, 2))


def quickbooks_says_slow_down(m: Month) -> None:
    m.project.control("arm", {"fault": "throttle", "path": "/quickbooks/", "times": m.draw.randint(1, 9)})


def sources_say_slow_down(m: Month) -> None:
    for path in ("/cake/", "/commission-factory/"):
        m.project.control("arm", {"fault": "throttle", "path": path, "times": m.draw.randint(1, 3)})


def access_tokens_end(m: Month) -> None:
    m.project.control("arm", {"fault": "expire-access-tokens"})


def another_rotation(m: Month) -> None:
    rotation, old = m.draw.choice(
        (("always", "dead"), ("always", "valid"), ("after 24 h", "valid"), ("never", "valid"))
    )
    m.project.switch(refresh_rotation=rotation, old_refresh_tokens=old)


def somebody_disconnects_the_app(m: Month) -> None:
    """The sign-in ends, and some hours later a person signs in anew."""

    def again() -> None:
        ran = m.command("auth", "logout", "--yes")
        assert ran.code == 0, ran.said
        m.sandbox.company.tokens.start(m.now)

    m.sandbox.company.tokens.refresh.clear()
    m.sandbox.company.tokens.access.clear()
    m.later(m.draw.uniform(0.5, 4) * HOUR, again)


def clock_is_set_wrong(m: Month) -> None:
    """By an hour, and put right again."""
    if m.happened["now: wrong clock"]:
        return
    hour = m.draw.choice((HOUR, -HOUR))

    def put_right() -> None:
        m.happened["now: wrong clock"] = 0
        clock_is_set(m, -hour)

    m.happened["now: wrong clock"] = 1
    clock_is_set(m, hour)
    m.later(m.draw.uniform(0.7, 5) * HOUR, put_right)


def clock_is_set(m: Month, seconds: float) -> None:
    m.machine.clock.is_set(seconds)
    m.sets.append((m.now, seconds))
    m.later(NOTICED, lambda: None)


def machine_sleeps(m: Month) -> None:
    machine_sleeps_for(m, m.draw.uniform(0.3, 3) * HOUR)


def machine_sleeps_for(m: Month, seconds: float) -> None:
    m.naps.append((m.now, seconds))
    m.machine.clock.sleeps(seconds)
    m.later(NOTICED, lambda: None)


def mapping_is_broken(m: Month) -> None:
    if m.happened["now: broken mapping"]:
        return
    m.happened["now: broken mapping"] = 1
    m.mapping("source: cake", "sauce: cake")
    m.broken.append([m.now, m.ends])

    def mended() -> None:
        m.happened["now: broken mapping"] = 0
        m.mapping("sauce: cake", "source: cake")
        m.broken[-1][1] = m.now

    m.later(m.draw.uniform(0.3, 3) * HOUR, mended)


def down_for_a_while(m: Month) -> None:
    """After a stop or a kill somebody starts the daemon again, at once or later."""
    seconds = m.draw.choice((5.0, 60.0, m.draw.uniform(0.2, 2) * HOUR))
    m.later(seconds, m.starts)


def is_restarted(m: Month) -> None:
    if m.machine.up:
        m.stops()
        down_for_a_while(m)


def is_stopped_at_work(m: Month) -> None:
    if m.machine.up:
        m.machine.in_the_midst(m.draw.uniform(0.0, 1.2))
        m.stops()
        down_for_a_while(m)


def is_killed_at_work(m: Month) -> None:
    if m.machine.up:
        m.machine.in_the_midst(m.draw.uniform(0.0, 1.2))
        m.is_killed()
        down_for_a_while(m)


TROUBLES = (
    Trouble(quickbooks_is_down, 0.4),
    Trouble(cake_is_down, 0.3),
    Trouble(commission_factory_is_down, 0.3),
    Trouble(answers_are_lost, 2.0),
    Trouble(quickbooks_says_slow_down, 0.7),
    Trouble(sources_say_slow_down, 0.5),
    Trouble(access_tokens_end, 1.0),
    Trouble(another_rotation, 0.5),
    Trouble(somebody_disconnects_the_app, 0.1),
    Trouble(clock_is_set_wrong, 0.5),
    Trouble(machine_sleeps, 0.3),
    Trouble(mapping_is_broken, 0.25),
    Trouble(is_restarted, 1.0, restless=True),
    Trouble(is_stopped_at_work, 1.5, restless=True),
    Trouble(is_killed_at_work, 3.0, restless=True),
)


def tell(m: Month, restless_days: float) -> None:
    """Everything that will happen from now on; a trouble that is rarer than the month is long comes once."""
    began, last = m.now, m.ends - CALM
    hours = int((last - began) / HOUR)
    m.has_history(hours)
    fates = list(FATES)
    for hour in range(hours):
        fate = m.draw.choices(fates, list(FATES.values()))[0] if hour >= len(fates) else fates[hour]
        m.at(began + (hour + m.draw.random()) * HOUR, partial(fate, m))
    for half_day in range(int((last - began) / DAY * 2)):
        m.at(began + (half_day + m.draw.random()) * DAY / 2, partial(commission, m))
    for trouble in TROUBLES:
        seconds = restless_days * DAY if trouble.restless else last - LONGEST - began
        for _ in range(max(1, round(trouble.a_day * seconds / DAY))):
            m.at(began + m.draw.uniform(0.02, 1.0) * seconds, partial(comes, m, trouble))
    m.at(began + (last - began) / 2, partial(voids_are_credited, m))
    for day in range(int((last - began) / DAY) + 1):
        m.at(began + day * DAY + 9 * HOUR, partial(anna_looks, m))
    m.at(last + HOUR, partial(anna_looks, m))


def comes(m: Month, trouble: Trouble) -> None:
    m.happened[trouble.deed.__name__.replace("_", " ")] += 1
    trouble.deed(m)


def voids_are_credited(m: Month) -> None:
    """The finance team edits the mapping."""
    m.happened["voids are credited"] = 1
    m.mapping("voided later:      delete", "voided later:      credit")


def moves_to(m: Month, zone: str) -> None:
    """The company's server is moved: other settings, and the daemon is started again."""
    if m.machine.up:
        m.stops()
        m.zone(zone)
        m.starts()
    else:
        m.zone(zone)
