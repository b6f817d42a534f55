"""A company for a month: what its two sources say, what its people do, what is to be reported of each invoice."""

import datetime
import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from month_clock import MonthClock
from month_machine import Machine
from project import Project

import connector.sandbox.limits
from connector.sandbox.journal import Journal
from connector.sandbox.server import Sandbox

Row = dict[str, Any]
HOUR = 3600.0
DAY = 24 * HOUR
SEED = 20261002
CAKE_SCHEDULE, CAKE_SECONDS = "every 15 minutes", 900.0
FACTORY_SCHEDULE, FACTORY_HOURS = "30 0-3,9,17 * * *", (0, 1, 2, 3, 9, 17)
_POLICY = """
policy:
  invoice changed later:  update
  invoice paid at source: record payment

payment:
  account: Operating account
"""


@dataclass
class Invoice:
    """One invoice, as its source has it; ``expected`` are the statuses that ``reconcile`` is to tell of it."""

    source: str
    id: str
    number: str
    row: Row
    expected: tuple[str, ...] = ("skipped",)
    paid: bool = False

    @property
    def place(self) -> tuple[str, str]:
        return self.source, self.id


@dataclass
class Month:
    """
    The month as it goes by.

    Args:
        ends: The second since 1970 at which it is over.
        asked: When each source was asked by the daemon, by the right time.
        lives: From when to when a daemon ran.
        zones: From when on the cron line was read in which time zone.
        sets: When the machine's wall clock was set, and by how much.
        broken: From when to when CAKE's mapping could not be read: then CAKE is not asked.
        naps: When the machine fell asleep, and for how long.
    """

    project: Project
    sandbox: Sandbox
    machine: Machine
    ends: float
    draw: random.Random = field(default_factory=lambda: random.Random(SEED))
    invoices: dict[tuple[str, str], Invoice] = field(default_factory=dict)
    asked: list[tuple[str, float]] = field(default_factory=list)
    lives: list[list[float]] = field(default_factory=list)
    zones: list[tuple[float, str]] = field(default_factory=list)
    sets: list[tuple[float, float]] = field(default_factory=list)
    naps: list[tuple[float, float]] = field(default_factory=list)
    broken: list[list[float]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    still_reads: list[int] = field(default_factory=list)
    memory: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: iter(range(10001, 99999)))
    _deeds: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _history: list[Invoice] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _by_hand: bool = False
    """Somebody runs a command just now."""

    # The calendar.

    @property
    def now(self) -> float:
        return self.machine.clock.world()

    def today(self) -> datetime.date:
        return datetime.datetime.fromtimestamp(self.now, datetime.UTC).date()

    def at(self, when: float, deed: Callable[[], object]) -> None:
        """Something is to happen at a second since 1970."""
        heapq.heappush(self._deeds, (when, next(self._order), deed))

    def later(self, seconds: float, deed: Callable[[], object]) -> None:
        self.at(self.now + seconds, deed)

    def goes_by(self) -> None:
        """Everything that is to happen, each at its time, until the month is over."""
        self.at(self.ends, lambda: None)
        while self._deeds:
            when, _, deed = heapq.heappop(self._deeds)
            before = None
            while self.now < when:
                before = self._hop(when, before)
            deed()

    def _hop(self, when: float, before: int | None) -> int | None:
        """Up to the next due run; where nothing happened since the last and nothing comes of it, its reads count."""
        revision = self.sandbox.company.revision
        if self.machine.goes_to(when):
            reads = int(self.project.control("meters")["core_plus"])
            if before is not None and revision == self.sandbox.company.revision:
                self.still_reads.append(reads - before)
            return reads
        return None

    # The daemon.

    def starts(self) -> None:
        self.lives.append([self.now, self.ends])
        self.machine.starts()

    def stops(self) -> None:
        self.machine.stops()
        self.lives[-1][1] = self.now

    def is_killed(self) -> None:
        self.machine.is_killed()
        self.lives[-1][1] = self.now

    def command(self, *arguments: str) -> Any:
        """Somebody runs a command on the machine."""
        self._by_hand = True
        try:
            return self.machine.command(*arguments)
        finally:
            self._by_hand = False

    def noted(self, kind: str) -> None:
        """A source was asked."""
        if not self._by_hand and kind in ("cake", "commission_factory"):
            self.asked.append((kind, self.now))

    # The sources.

    def owe(self, status: str, affiliate: int, currency: str = "AUD") -> Invoice:
        """A new invoice of CAKE."""
        number = next(self._ids)
        row = {
            "invoice_id": number,
            "invoice_date": self.today().isoformat(),
            "invoice_status": status,
            "affiliate_id": 500_000 + affiliate,
            "affiliate_name": f"Affiliate {affiliate}",
            "billing_cycle_name": self.draw.choice(("Net 30", "Net 15", "Weekly")),
            "currency_symbol": currency,
            "total_payout": f"{number / 10:.2f}",
            "payment_type": "Wire",
            "date_approved": self.today().isoformat() if status == "Approved" else None,
        }
        return self._new(Invoice("cake", str(number), f"CAKE-{number}", row))

    def has_history(self, count: int) -> None:
        """Invoices of the weeks before; as each new one comes, the oldest is shown no more: the work stays the same."""
        for n in range(count):
            old = self.owe("Void", n % 60)
            day = self.today() - datetime.timedelta(days=15 + n % 20)
            self.says(old, invoice_date=day.isoformat())
            self._history.append(old)

    def forgets_one(self) -> None:
        if self._history:
            old = self._history.pop()
            del self.invoices[old.place]
            world = self.sandbox.world
            world.cake[:] = [row for row in world.cake if str(row["invoice_id"]) != old.id]
            world.version += 1

    def commission(self) -> Invoice:
        """A new invoice of Commission Factory, not paid yet."""
        number = next(self._ids)
        net = Decimal(number).scaleb(-1).quantize(Decimal("0.01"))
        gst = (net / 10).quantize(Decimal("0.01")) if self.draw.random() < 0.5 else None
        row = {
            "Id": number,
            "DateCreated": f"{self.today()}T00:00:00.000",
            "DatePaid": None,
            "Number": f"CF-1-{number}",
            "Description": f"Commissions up to {self.today()}",
            "SubTotal": net,
            "GST": gst,
            "Total": net + (gst or 0),
        }
        return self._new(Invoice("commission_factory", str(number), str(row["Number"]), row))

    def _new(self, invoice: Invoice) -> Invoice:
        self.invoices[invoice.place] = invoice
        self.says(invoice)
        return invoice

    def says(self, invoice: Invoice, expected: str | None = None, **changes: Any) -> None:
        """The source says otherwise from now on."""
        invoice.row = invoice.row | changes
        invoice.expected = invoice.expected if expected is None else tuple(expected.split())
        self.sandbox.world.load(invoice.source, [invoice.row])

    # People.

    def bills(self, invoice: Invoice) -> list[str]:
        """The ids of the bills with the invoice's number."""
        return sorted(self.sandbox.company.numbered("Bill", invoice.number), key=int)

    def person(self, does: str, invoice: Invoice, **how: Any) -> None:
        """What the bookkeeper does to the invoice's bill."""
        self.project.control("person", {"does": does, "kind": "Bill", "bill": self.bills(invoice)[0], **how})

    def types(self, invoice: Invoice) -> None:
        """The bookkeeper types the bill, before the connector could."""
        name, currency = str(invoice.row["affiliate_name"]), invoice.row["currency_symbol"]
        if not self.sandbox.company.named("Vendor", name):
            self.project.load("Vendor", {"DisplayName": name, "CurrencyRef": {"value": currency}})
        self.project.load(
            "Bill",
            {
                "DocNumber": invoice.number,
                "VendorRef": {"name": name},
                "TxnDate": invoice.row["invoice_date"],
                "Line": line(invoice.row["total_payout"]),
                "CurrencyRef": {"value": currency},
                "GlobalTaxCalculation": "NotApplicable",
                **({} if currency == "AUD" else {"ExchangeRate": "1.5"}),
            },
        )

    # The mapping.

    def mapping(self, old: str, new: str) -> None:
        """Somebody edits CAKE's mapping."""
        path = self.project.folder / "mappings/cake.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def zone(self, name: str) -> None:
        """The settings name another time zone from now on; a daemon has to be started again for it."""
        settings = self.project.folder / "connector.toml"
        others = [row for row in settings.read_text().splitlines() if not row.startswith("timezone")]
        place = others.index("[serve]") + 1
        settings.write_text("\n".join([*others[:place], f'timezone = "{name}"', *others[place:], ""]))
        self.zones.append((self.now, name))


def line(amount: str) -> list[Row]:
    kind = "AccountBasedExpenseLineDetail"
    return [{"Amount": amount, "DetailType": kind, kind: {"AccountRef": {"name": "Affiliate payouts"}}}]


@contextmanager
def new_month(
    folder: Path, patch: pytest.MonkeyPatch, starts: datetime.datetime, days: float, wrong: str = ""
) -> Iterator[Month]:
    """Empty books, two sources that owe nothing, and a machine on which no daemon runs yet."""
    home = folder / "company"
    home.mkdir()
    clock = MonthClock.starts(folder / "clock", starts.timestamp())
    # Intuit's minutes go by as the connector's do.
    patch.setattr(connector.sandbox.limits, "time", SimpleNamespace(monotonic=clock.boot))
    with clock.of_the_world(), Sandbox() as sandbox:
        sandbox.world.cake.clear()
        sandbox.world.commission_factory.clear()
        sandbox.world.version += 1
        month = Month(_project(home, sandbox.url), sandbox, Machine(home, clock, wrong), clock.world() + days * DAY)
        month.zone("UTC")
        record = Journal.record

        def noted(journal: Journal, kind: str, *given: Any) -> None:
            month.noted(kind)
            record(journal, kind, *given)

        patch.setattr(Journal, "record", noted)
        try:
            yield month
        finally:
            month.machine.ends()
            month.project.session.close()


def _project(home: Path, url: str) -> Project:
    """Settings as shipped: the limits, waits and time limits are Intuit's own."""
    project = Project(home, url)
    project.settings(
        commission_factory=True,
        more=f'schedule = "{CAKE_SCHEDULE}"',
        settle_after="180 s",
        throttle_wait="60 s",
        timeout="130 s",
    )
    settings = home / "connector.toml"
    kept = [row for row in settings.read_text().splitlines() if not row.startswith(("requests_per", "batches_per"))]
    serve = [] if "[serve]" in kept else ["[serve]"]
    settings.write_text("\n".join([*kept, f'schedule = "{FACTORY_SCHEDULE}"', *serve, ""]))
    project.records_payments()
    mapping = home / "mappings/commission_factory.yaml"
    head, examples, rest = mapping.read_text().partition("\nexamples:")
    mapping.write_text(head + _POLICY + examples + rest)
    project.switch(enforce_limits=True, hide_new_bills_seconds=60, batch_order="shuffled")
    return project
