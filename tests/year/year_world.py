"""
A company through a year: what its two sources say, what its bookkeeper does, what is to be reported.

Everything that happens to an invoice goes through here, and with it what ``reconcile`` must say of it from then on.
"""

import datetime
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import time_machine
from project import Project, Ran

from connector.document import Key, marker
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.server import Sandbox

D = Decimal
Row = dict[str, Any]
Place = tuple[str | None, str | None]
"""Source and invoice id; None and None where no source knows the bill."""

SEED = 20260104
CURRENCIES = ("USD", "EUR", "AUD")
DIFFERENCES = {
    "amount-differs",
    "vendor-differs",
    "date-differs",
    "account-differs",
    "currency-differs",
    "changed-at-source",
    "voided-at-source",
    "voided-at-source-paid",
    "gone-at-source",
    "missing-in-quickbooks",
    "twice-in-quickbooks",
    "no-source",
}
COMMISSION_FACTORY_POLICY = """
policy:
  books closed:           next open day
  invoice changed later:  update
  invoice paid at source: record payment

payment:
  account: Operating account
"""


@dataclass
class Invoice:
    """One invoice, as its source has it; ``number`` is that of its bill, ``paid`` that somebody paid it."""

    source: str
    id: str
    number: str
    row: Row
    paid: bool = False
    gone: bool = False

    @property
    def place(self) -> Place:
        return self.source, self.id

    @property
    def everyday(self) -> bool:
        """Nobody planted anything on it: it is one of many of its affiliate."""
        return self.source == "cake" and str(self.row["affiliate_name"]).startswith("Affiliate ")

    @property
    def day(self) -> str:
        return str(self.row["invoice_date"] if self.source == "cake" else self.row["DateCreated"])[:10]

    @property
    def currency(self) -> str:
        return str(self.row["currency_symbol"]) if self.source == "cake" else "AUD"

    @property
    def net(self) -> Decimal:
        """What the source says, to the cent."""
        told = D(str(self.row["total_payout"] if self.source == "cake" else self.row["SubTotal"]))
        return told.quantize(D("0.01"), "ROUND_HALF_UP")


@dataclass
class Year:
    """
    The year as it goes by.

    Args:
        expected: What each invoice's rows are to be, by its place; nobody's bills stand under (None, None).
        credits: Finance has decided that voided bills are credited.
    """

    project: Project
    sandbox: Sandbox
    draw: random.Random = field(default_factory=lambda: random.Random(SEED))
    month: datetime.date = datetime.date(2026, 1, 1)
    invoices: dict[Place, Invoice] = field(default_factory=dict)
    expected: dict[Place, tuple[str, ...]] = field(default_factory=dict)
    credits: bool = False
    _ids: Iterator[int] = field(default_factory=lambda: iter(range(10001, 99999)))

    # The calendar.

    @property
    def last_day(self) -> datetime.date:
        """Of the month that is worked on."""
        return (self.month + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)

    @contextmanager
    def working_on(self, month: datetime.date) -> Iterator[None]:
        """The tenth day after its end, when the books of the month before are closed."""
        self.month = month
        morning = datetime.datetime.combine(self.last_day, datetime.time(8), datetime.UTC) + datetime.timedelta(days=10)
        with time_machine.travel(morning, tick=True):
            yield

    def close_books(self, day: datetime.date) -> None:
        self.project.control("preferences", {"book_close_date": day.isoformat()})

    # The sources.

    def owe(self, expected: str, **changes: Any) -> Invoice:
        """A new invoice of CAKE, of an affiliate of its own unless one is given."""
        number = next(self._ids)
        row = {
            "invoice_id": number,
            "invoice_date": self.last_day.isoformat(),
            "invoice_status": "Approved",
            "affiliate_id": 500_000 + number,
            "affiliate_name": f"Partner {number}",
            "billing_cycle_name": self.draw.choice(("Net 30", "Net 15", "Weekly")),
            "currency_symbol": "USD",
            "total_payout": f"{self.draw.randint(1_000, 900_000) / 100:.2f}",
            "payment_type": "Wire",
            "date_approved": (self.last_day + datetime.timedelta(days=5)).isoformat(),
        } | changes
        return self._new(Invoice("cake", str(number), f"CAKE-{number}", row), expected)

    def commission(self, expected: str, **changes: Any) -> Invoice:
        """A new invoice of Commission Factory."""
        number = next(self._ids)
        net = D(self.draw.randint(10_000, 500_000)).scaleb(-2)
        gst = (net / 10).quantize(D("0.01")) if self.draw.random() < 0.5 else None
        row = {
            "Id": number,
            "DateCreated": f"{self.last_day}T00:00:00.000",
            "DatePaid": f"{self.last_day + datetime.timedelta(days=3)}T00:00:00.000",
            "Number": f"CF-1-{number}",
            "Description": f"Commissions up to {self.last_day}",
            "SubTotal": net,
            "GST": gst,
            "Total": net + (gst or 0),
        } | changes
        return self._new(Invoice("commission_factory", str(number), str(row["Number"]), row), expected)

    def _new(self, invoice: Invoice, expected: str) -> Invoice:
        self.invoices[invoice.place] = invoice
        self.expected[invoice.place] = (expected,)
        self.says(invoice)
        return invoice

    def says(self, invoice: Invoice, **changes: Any) -> None:
        """The source says otherwise from now on."""
        invoice.row = invoice.row | changes
        self.sandbox.world.load(invoice.source, [invoice.row])

    def forgets(self, invoice: Invoice) -> None:
        """The source no longer has it."""
        held, name = {
            "cake": (self.sandbox.world.cake, "invoice_id"),
            "commission_factory": (self.sandbox.world.commission_factory, "Id"),
        }[invoice.source]
        held[:] = [row for row in held if str(row[name]) != invoice.id]
        self.sandbox.world.version += 1
        invoice.gone = True

    def remembers(self, invoice: Invoice) -> None:
        invoice.gone = False
        self.says(invoice)

    # The bookkeeper.

    def bills(self, invoice: Invoice) -> list[str]:
        """The ids of what has the invoice's number, the earliest first."""
        return sorted(self.sandbox.company.numbered(self._kind(invoice), invoice.number), key=int)

    def bill(self, invoice: Invoice) -> Row:
        record = self.sandbox.company.find(self._kind(invoice), self.bills(invoice)[0])
        assert record is not None
        return record.data

    def _kind(self, invoice: Invoice) -> str:
        return "VendorCredit" if invoice.net < 0 else "Bill"

    def person(self, does: str, invoice: Invoice, bill: str | None = None, **how: Any) -> Row:
        """What a person does to the invoice's bill, or to another one by its id."""
        deed = {"does": does, "kind": self._kind(invoice), "bill": bill or self.bills(invoice)[0]} | how
        return self.project.control("person", deed)

    def edits(self, invoice: Invoice, **boxes: Any) -> None:
        self.person("edit", invoice, changes=boxes)

    def pays(self, invoice: Invoice) -> None:
        self.person("pay", invoice)
        invoice.paid = True

    def takes_back_payment(self, invoice: Invoice) -> None:
        self.person("unpay", invoice)
        invoice.paid = False

    def vendor(self, name: str, currency: str = "USD") -> str:
        (made,) = self.project.load("Vendor", {"DisplayName": name, "CurrencyRef": {"value": currency}})
        return made

    def types(self, invoice: Invoice, **boxes: Any) -> str:
        """A bill by hand, as the invoice would have it unless said otherwise; its id."""
        name = str(invoice.row["affiliate_name"])
        if not self.sandbox.company.named("Vendor", name):
            self.vendor(name, invoice.currency)
        body = {
            "DocNumber": invoice.number,
            "VendorRef": {"name": name},
            "TxnDate": invoice.day,
            "Line": line(str(invoice.net)),
            "CurrencyRef": {"value": invoice.currency},
            "GlobalTaxCalculation": "NotApplicable",
        } | boxes
        foreign = body["CurrencyRef"]["value"] != "AUD"
        (made,) = self.project.load("Bill", body | ({"ExchangeRate": "1.5"} if foreign else {}))
        return made

    # The finance team.

    def vendors_row(self, invoice: Invoice, vendor: str) -> None:
        """A row for the affiliate in the mapping's table."""
        table = self.project.folder / "mappings/cake.vendors.csv"
        name = str(invoice.row["affiliate_name"])
        table.write_text(table.read_text() + f"{invoice.row['affiliate_id']},{name},{vendor},,\n")

    def credits_voids(self) -> None:
        """From now on a voided invoice's bill is not deleted: a vendor credit takes it back, also in closed books."""
        mapping = self.project.folder / "mappings/cake.yaml"
        text = mapping.read_text()
        self.credits = True
        mapping.write_text(text.replace("voided later:      delete", "voided later:      credit"))
        assert mapping.read_text() != text

    def reviews(self, verb: str, invoice: Invoice, *more: str) -> None:
        """``connector review``: somebody decides."""
        time.sleep(1.1)  # what was sent within settle_after may still be on its way
        words = (f"{invoice.source}:{invoice.id}", *more, "--as", "anna", "--why", "as agreed", "--yes")
        ran = self.project.run("review", verb, *words)
        assert ran.code == 0, (verb, invoice.id, ran.said[-2000:], ran.out[-2000:])

    # The connector.

    def sync(self, *arguments: str) -> Ran:
        ran = self.project.sync(*arguments, code=None)
        assert ran.code in (0, 6), (ran.code, ran.said[-2000:])
        assert ran.json["problems"] == []
        return ran

    def reconcile(self, period: str = "") -> None:
        """
        Each invoice under its status, nothing else, and the proof closes to 0.00.

        Args:
            period: A month; else everything since the start.
        """
        ran = self.project.run("reconcile", "--json", *(["--period", period] if period else []))
        assert ran.json, ran.said[-2000:]
        found: dict[Place, list[str]] = {}
        for row in ran.json["rows"]:
            found.setdefault((row["source"], row["invoice"]), []).append(row["status"])
        told = {place: tuple(sorted(statuses)) for place, statuses in found.items()}
        due = {place: tuple(sorted(self.expected[place])) for place in self._expected_in(period)}
        wrong = {place: (told.get(place), due.get(place)) for place in told.keys() | due.keys()}
        wrong = {place: pair for place, pair in wrong.items() if pair[0] != pair[1]}
        whys = [row["why"] for row in ran.json["rows"] if (row["source"], row["invoice"]) in wrong]
        assert not wrong, (wrong, whys)
        self._proof(ran.json["proof"], period)
        assert ran.code == (10 if self.differences() else 0)

    def _expected_in(self, period: str) -> list[Place]:
        """Whose rows are due; with a period there is nobody's bill, and no date that cannot be read."""
        places = [place for place, statuses in self.expected.items() if statuses]
        return places if not period else [each for each in places if self.invoices[each].day.startswith(period)]

    def differences(self) -> set[str]:
        """The statuses expected now that call for somebody."""
        return {one for statuses in self.expected.values() for one in statuses} & DIFFERENCES

    def booked(self) -> dict[str, Decimal]:
        """What QuickBooks holds of the sources' invoices, by currency, less tax; the rent is none of their business."""
        sums: dict[str, Decimal] = {}
        for kind, sign in (("Bill", 1), ("VendorCredit", -1)):
            for row in self.sandbox.company.all(kind):
                if row["VendorRef"]["name"] != "Sydney Office Rentals":
                    currency = row["CurrencyRef"]["value"]
                    net = D(row["TotalAmt"]) - D((row.get("TxnTaxDetail") or {}).get("TotalTax", 0))
                    sums[currency] = sums.get(currency, D(0)) + sign * net
        return sums

    def unpaid_commissions(self) -> list[str]:
        """The bills to Commission Factory on which no payment is recorded."""
        bills = (row for row in self.sandbox.company.all("Bill") if row["VendorRef"]["name"].startswith("Commission"))
        return [row["DocNumber"] for row in bills if row["Balance"]]

    def _proof(self, lines: list[dict[str, str]], period: str) -> None:
        """Both differences are nought in every cell, and the source's totals are those of its records."""
        assert {(line["difference"], line["quickbooks_difference"]) for line in lines} == {("0.00", "0.00")}
        said: Counter[tuple[str, str, str]] = Counter()
        for invoice in self.invoices.values():
            if invoice.day.startswith(period) and not invoice.gone:
                month = invoice.day[:7] if invoice.day[:4].isdigit() else "unknown"
                said[invoice.source, invoice.currency, month] += invoice.net  # type: ignore[assignment]
        told = {(line["source"], line["currency"], line["month"]): D(line["source_total"]) for line in lines}
        assert {cell: total for cell, total in told.items() if total} == {
            cell: total for cell, total in said.items() if total
        }


def line(amount: str, account: str = "Affiliate payouts") -> list[Row]:
    kind = "AccountBasedExpenseLineDetail"
    return [{"Amount": amount, "DetailType": kind, kind: {"AccountRef": {"name": account}}}]


def mark(invoice: Invoice) -> str:
    return marker(Key(REALM_ID, invoice.source, invoice.id, "credit" if invoice.net < 0 else "bill"))


@contextmanager
def new_year(folder: Path) -> Iterator[Year]:
    """The first of January: empty books, closed up to the day before."""
    scenario = folder / "scenario.json"
    scenario.write_text('{"cake_invoices": 1}')
    with time_machine.travel(datetime.datetime(2026, 1, 1, 8, tzinfo=datetime.UTC), tick=True):
        sandbox = Sandbox(scenario=scenario)
        sandbox.__enter__()
    try:
        sandbox.world.cake.clear()
        sandbox.world.commission_factory.clear()
        sandbox.world.version += 1
        project = Project(folder, sandbox.url)
        project.settings(commission_factory=True, start="2026-01-05")
        mapping = folder / "mappings/commission_factory.yaml"
        head, examples, rest = mapping.read_text().partition("\nexamples:")
        mapping.write_text(head + COMMISSION_FACTORY_POLICY + examples + rest)
        year = Year(project, sandbox)
        year.close_books(datetime.date(2025, 12, 31))
        yield year
        project.session.close()
    finally:
        sandbox.__exit__(None, None, None)
