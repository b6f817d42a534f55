"""
For any three sides, sensible or not: no invoice and no bill of ours is lost or told twice, and the proof closes.

What the sources say, what the state remembers and what QuickBooks holds are drawn apart from one another; the lists of
QuickBooks are those of the pretend one.
"""

import datetime
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from project import ROOT
from reconciled_world import World
from sqlalchemy import insert

from connector.document import Document, Key, Line, as_data, marker
from connector.invoice import Invoice
from connector.mapping import Mapping, load
from connector.money import round_minor
from connector.quickbooks.names import Names
from connector.reconcile import Bill, Comparison, Proof, Pulled, Reconciled, Row
from connector.reconcile.rows import month_name
from connector.reconcile.shelf import Shelf
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.server import Sandbox
from connector.settings import load as load_settings
from connector.sources.cake import Cake
from connector.sources.commission_factory import CommissionFactory
from connector.state.clock import utc_now
from connector.state.moves import STATES
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.state.transactions import core
from connector.sync.company import open_company
from connector.sync.payees import Payees

D = Decimal
START = datetime.date(2026, 2, 10)
FIRST = START.replace(day=1)
READ_FROM = FIRST - datetime.timedelta(days=60)
MARCH = (datetime.date(2026, 3, 1), datetime.date(2026, 3, 31))
SOURCES = ("cake", "commission_factory")
OLD = "a connection that was renamed"
INVOICES = ("1", "2", "3")
VENDORS = (("Affiliate 1", "USD"), ("Affiliate 2", "EUR"), ("Commission Factory Pty Ltd", "AUD"))

days = st.sampled_from([datetime.date(2026, 2, 1), START, *MARCH, datetime.date(2026, 4, 1)])
amounts = st.sampled_from(["100.00", "-100.00", "0.00", "20.005", "30000.00"])
numbers = st.sampled_from(["CAKE-1", "CAKE-2", "N-1", "N-2"])
owners = st.tuples(st.sampled_from([*SOURCES, OLD]), st.sampled_from([*INVOICES, "4"]))
kinds = st.sampled_from(["bill", "credit"])


@st.composite
def cake_invoices(draw: st.DrawFn) -> Invoice:
    affiliate = draw(st.integers(1, 3))
    record = {
        "invoice_id": draw(st.sampled_from(INVOICES)),
        "invoice_date": draw(st.one_of(days.map(str), st.just("someday"))),
        "invoice_status": draw(st.sampled_from(["Approved", "Paid", "Approved", "Void", "Pending", "Disputed"])),
        "affiliate_id": affiliate,
        "affiliate_name": f"Affiliate {affiliate}",
        "billing_cycle_name": "Net 30",
        "currency_symbol": draw(st.sampled_from(["USD", "USD", "EUR", "$"])),
        "total_payout": draw(st.one_of(amounts, st.just("a lot"))),
        "payment_type": "Wire",
        "date_approved": "2026-04-02",
    }
    return Cake.read(record, source="cake")


@st.composite
def other_invoices(draw: st.DrawFn) -> Invoice:
    """Their numbers are the source's own, and may be anybody's."""
    net = D(draw(amounts))
    record = {
        "Id": draw(st.sampled_from(INVOICES)),
        "DateCreated": f"{draw(days)}T00:00:00.000",
        "DatePaid": draw(st.sampled_from(["2026-04-02T00:00:00.000", "2026-04-02T00:00:00.000", None])),
        "Number": draw(st.one_of(numbers, st.just(""))),
        "Description": "Commissions",
        "SubTotal": net,
        "GST": None,
        "Total": net + draw(st.sampled_from([0, 0, 1])),
    }
    return CommissionFactory.read(record, source="commission_factory")


@st.composite
def quickbooks_bills(draw: st.DrawFn) -> Bill:
    vendor = draw(st.integers(0, 2))
    mine = [marker(Key(REALM_ID, *draw(owners), draw(kinds))) for _ in range(2)]
    total = abs(D(draw(amounts)))
    return Bill(
        draw(st.sampled_from(["Bill", "Bill", "VendorCredit"])),
        draw(st.integers(1, 9).map(str)),
        draw(st.one_of(numbers, st.sampled_from(["", "RENT"]))),
        f"vendor {vendor}",
        VENDORS[vendor][0],
        draw(st.sampled_from(["USD", "EUR", "AUD"])),
        total,
        draw(st.sampled_from([D(0), D(0), D("9.09")])) if total else D(0),
        draw(st.one_of(days, st.sampled_from([READ_FROM, READ_FROM - datetime.timedelta(days=400)]))),
        draw(st.one_of(st.none(), days.map(lambda day: datetime.datetime.combine(day, datetime.time(), datetime.UTC)))),
        draw(st.sampled_from([None, None, *mine, "ref:abcdefghij234567"])),
        paid=draw(st.booleans()),
    )


@st.composite
def state_documents(draw: st.DrawFn, bills: list[Bill]) -> dict[str, Any]:
    """Each may be linked to one of the bills, or to one that was deleted."""
    (source, invoice), kind = draw(owners), draw(kinds)
    number, day = draw(numbers), draw(days)
    line = Line(abs(D(draw(amounts))), account="Affiliate payouts")
    vendor, currency = draw(st.sampled_from(VENDORS))
    document = Document(kind, vendor, number, day, currency, (line,))
    facts = {"amount": "100.00", "currency": currency, "date": draw(days).isoformat(), "payee": "1"}
    there = draw(st.sampled_from([None, ("Bill", "deleted"), *((bill.entity, bill.id) for bill in bills)]))
    entity, qbo_id = there or (None, None)
    return {
        "company": REALM_ID,
        "source": source,
        "invoice": invoice,
        "kind": kind,
        "state": draw(st.sampled_from([*STATES, "sent", "sent", "sent"])),
        "code": draw(st.sampled_from([None, None, "deleted-in-quickbooks", "possible-duplicate"])),
        "marker": marker(Key(REALM_ID, source, invoice, kind)),
        "entity": entity,
        "qbo_id": qbo_id,
        "adopted": draw(st.booleans()),
        "content": draw(st.sampled_from([as_data(document), None])),
        "facts": draw(st.sampled_from([facts, None])),
        "number": number,
        "vendor": vendor,
        "date": day,
        "currency": currency,
        "amount": line.amount,
    }


@dataclass(repr=False)
class Sides:
    """What was drawn; an invoice, a document and a bill each stand once."""

    invoices: list[Invoice]
    documents: list[dict[str, Any]]
    bills: dict[tuple[str, str], Bill]

    def __repr__(self) -> str:
        says = [f"{one.source} says {dict(one.raw)}" for one in self.invoices]
        knows = [
            f"the state knows { {name: row[name] for name in row if name != 'company'} }" for row in self.documents
        ]
        return "\n".join([*says, *knows, *(f"QuickBooks holds {bill}" for bill in self.bills.values())])

    def of(self, source: str) -> list[Invoice]:
        return [invoice for invoice in self.invoices if invoice.source == source]

    def links(self) -> dict[tuple[str, str], dict[str, Any]]:
        return {(row["entity"], row["qbo_id"]): row for row in self.documents if row["qbo_id"] is not None}

    def has(self, source: str, invoice: str) -> bool:
        return any(each.id == invoice for each in self.of(source))


@st.composite
def three_sides(draw: st.DrawFn) -> Sides:
    ours = st.one_of(cake_invoices(), other_invoices())
    bills = draw(st.lists(quickbooks_bills(), min_size=3, max_size=8, unique_by=lambda bill: (bill.entity, bill.id)))
    key = itemgetter("source", "invoice", "kind")
    rows = draw(st.lists(state_documents(bills), min_size=2, max_size=6, unique_by=key))
    linked: set[tuple[str, str]] = set()
    for row in rows:  # one QuickBooks id belongs to one document: the state sees to it
        if (row["entity"], row["qbo_id"]) in linked:
            row["qbo_id"] = None
        linked.add((row["entity"], row["qbo_id"]))
    return Sides(
        draw(st.lists(ours, min_size=2, max_size=5, unique_by=lambda one: (one.source, one.id))),
        rows,
        {(bill.entity, bill.id): bill for bill in bills},
    )


class House:
    """What the comparisons share: an empty state, the mappings, and the lists of the pretend QuickBooks."""

    def __init__(self, state: State, names: Names, mappings: dict[str, Mapping]) -> None:
        self.state, self.names, self.mappings = state, names, mappings

    def compare(self, sides: Sides, first: datetime.date, last: datetime.date | None) -> tuple[list[Row], Proof]:
        with self.state.write() as t:
            t.exec_driver_sql("DELETE FROM document")
            for row in sides.documents:
                t.execute(insert(core(DocumentRow)).values(**row, created=utc_now(), updated=utc_now()))
        with closing(Reconciled(Shelf(), Proof(), first, last)) as result:
            pulled = [self._pulled(sides, source) for source in SOURCES]
            comparison = Comparison(
                self.state,
                REALM_ID,
                pulled,
                self.names,
                lambda entity, id_: sides.bills.get((entity, id_)),
                result,
                every_source=True,
            )
            comparison.keep(bill for bill in sides.bills.values() if bill.date >= READ_FROM)
            comparison.run()
            return list(result.rows()), result.proof

    def _pulled(self, sides: Sides, source: str) -> Pulled:
        def chunks() -> Iterator[list[Invoice]]:
            yield from ([invoice] for invoice in sides.of(source))

        payees = Payees(source, {}, {})
        return Pulled(source, self.mappings[source], payees, START, chunks, lambda id_: sides.has(source, id_))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("three-sides")
    with Sandbox() as sandbox:
        world = World(folder, sandbox)
        for name, currency in VENDORS[:2]:
            world.vendor(name, currency)
        found = load_settings(folder / "connector.toml")
        with closing(State.empty()) as state:
            opened = open_company(found, state)
            with opened.company:
                mappings = {
                    "cake": load(ROOT / "mappings/cake.yaml", Cake),
                    "commission_factory": load(ROOT / "mappings/commission_factory.yaml", CommissionFactory),
                }
                yield House(state, opened.names, mappings)


def bills_to_be_told(house: House, sides: Sides, rows: list[Row]) -> set[tuple[str, str]]:
    """Every bill that was read and carries a mark, is linked, or shares its number with an invoice; said anew."""
    marks = {row["marker"]: row for row in sides.documents}
    pulled = {
        marker(Key(REALM_ID, one.source, one.id, kind))  # type: ignore[arg-type]
        for one in sides.invoices
        for kind in ("bill", "credit")
    }
    shown = {row.number for row in rows if row.our_amount is not None and _lays_claim(row, sides)}
    told = set()
    for place, bill in sides.bills.items():
        row = sides.links().get(place) or marks.get(bill.marker or "")
        read = bill.date >= READ_FROM or (place in sides.links() and row is not None and _holds(row))
        of_old = row is not None and row["source"] == OLD
        of_nobody = row is None and bill.marker is not None and bill.marker not in pulled
        if (of_old or of_nobody) and bill.date < FIRST:
            continue  # with no invoice to go by it is of the month that it is dated in
        shares = bill.marker is None and bool(bill.number) and bill.number in shown
        if read and (row is not None or bill.marker is not None or shares):
            told.add(place)
    return told


def _lays_claim(row: Row, sides: Sides) -> bool:
    """Whether it is an invoice's own row; one before the start asks for no bill that is nobody's."""
    ours = row.invoice is not None and sides.has(row.source or "", row.invoice)
    before = row.date is not None and row.date < START and row.qbo_id is None
    return ours and not before and row.status != "twice-in-quickbooks"


def _holds(row: dict[str, Any]) -> bool:
    """Whether the state says that QuickBooks holds it: only then is a bill that is dated elsewhere read by its id."""
    return row["state"] in ("sent", "sending", "held")


def check(house: House, sides: Sides) -> None:
    rows, proof = house.compare(sides, FIRST, None)

    for one in sides.invoices:
        check_rows(one, rows)
    bills = Counter((row.entity, row.qbo_id) for row in rows if row.qbo_id is not None)
    told = bills_to_be_told(house, sides, rows)
    assert bills == Counter(dict.fromkeys(told, 1))
    assert all(row.why and row.next for row in rows)
    for line in proof.lines():
        assert (line.difference, line.quickbooks_difference) == (0, 0)
    check_sums(sides, rows, proof, told)
    for row in rows:
        event(row.status)


def check_rows(invoice: Invoice, rows: list[Row]) -> None:
    """One row, and one more for each bill beyond the first; what the source says counts in one of them."""
    ours = [row for row in rows if (row.source, row.invoice) == (invoice.source, invoice.id)]
    assert len(ours) == max(1, sum(row.qbo_id is not None for row in ours))
    assert sum(row.source_amount is not None for row in ours) == (invoice.amount is not None)


def check_sums(sides: Sides, rows: list[Row], proof: Proof, told: set[tuple[str, str]]) -> None:
    """Both totals once more, from what was drawn."""
    places = {(row.entity, row.qbo_id): (row.source, row.month) for row in rows}
    quickbooks: Counter[tuple[str | None, str | None, str]] = Counter()
    for place in told:
        source, month = places[place]
        quickbooks[source, sides.bills[place].currency, month] += sides.bills[place].net  # type: ignore[assignment]
    lines = list(proof.lines())
    assert {
        (line.source, line.currency, line.month): line.quickbooks_total for line in lines if line.quickbooks_total
    } == {place: total for place, total in quickbooks.items() if total}
    said = sum(round_minor(one.amount, "USD") for one in sides.invoices if one.amount is not None)
    assert sum(line.source_total for line in lines) == said


SAMPLE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(three_sides())
@settings(SAMPLE, max_examples=60)
def test_every_invoice_and_every_bill_of_ours_is_in_one_row_and_the_proof_closes(house: House, sides: Sides) -> None:
    """A sample of what follows."""
    check(house, sides)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@given(three_sides())
@settings(SAMPLE, max_examples=1500)
def test_the_same_for_very_many_sides(house: House, sides: Sides) -> None:
    check(house, sides)


@given(three_sides())
@settings(SAMPLE, max_examples=30)
def test_a_month_alone_tells_its_invoices_and_no_bill_twice(house: House, sides: Sides) -> None:
    rows, proof = house.compare(sides, *MARCH)

    for one in sides.invoices:
        if one.date is None or month_name(one.date) == "2026-03":
            check_rows(one, rows)
        else:
            assert (one.source, one.id) not in {(row.source, row.invoice) for row in rows}
    bills = Counter((row.entity, row.qbo_id) for row in rows if row.qbo_id is not None)
    assert not [place for place, times in bills.items() if times > 1]
    assert proof.closes
