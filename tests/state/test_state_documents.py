import datetime
import subprocess
import sys
import time
from decimal import Decimal

import pytest
import time_machine
from made import COMPANY, DAY, document, invoice, saved, seen

from connector.document import Document, Key, Line, as_data, from_data
from connector.errors import OurFault, Problem
from connector.state.data import invoice_of
from connector.state.store import SeenInvoice, State
from connector.state.tables import BookRow, DocumentRow, ReferenceRow

NOW = datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)


def test_a_document_comes_back_as_it_was_saved(state):
    bill = Document(
        kind="bill",
        vendor="Acme [/red] =cmd|' /C calc'!A0",
        number="CAKE-1",
        date=DAY,
        currency="USD",
        lines=(Line(Decimal("4825.50"), account="Affiliate payouts:US"),),
        due=datetime.date(2026, 3, 2),
    )
    row = saved(state, 1, content=as_data(bill), amount=Decimal("4825.50"), vendor=bill.vendor)
    assert from_data(row.content) == bill
    assert (row.amount, row.date, row.vendor) == (Decimal("4825.50"), DAY, bill.vendor)
    assert str(row.amount) == "4825.50"
    assert row.updated.tzinfo is datetime.UTC


def test_saving_again_renews_the_one_row_of_the_key(state):
    first = saved(state, 1)
    second = saved(state, 1, vendor="Acme")
    assert (second.id, second.created, second.vendor) == (first.id, first.created, "Acme")
    assert state.counts_by_state(COMPANY) == {"ready": 1}


def test_one_key_has_one_row(state):
    with pytest.raises(OurFault) as fault:
        state.save_documents(COMPANY, "run", [document(1), document(1)])
    assert fault.value.code == "state-constraint"
    assert state.counts_by_state(COMPANY) == {}


def test_two_kinds_of_one_invoice_are_two_documents(state):
    state.save_documents(COMPANY, "run", [document(1), document(1, kind="payment", number=None)])
    assert set(state.documents(COMPANY, "cake", ["1"])) == {("1", "bill"), ("1", "payment")}


def test_one_quickbooks_id_belongs_to_one_document(state):
    saved(state, 1, "sent", qbo_id="145")
    with pytest.raises(OurFault):
        saved(state, 2, "sent", qbo_id="145")
    saved(state, 2, "sent", qbo_id="145", entity="VendorCredit")


def test_documents_without_a_quickbooks_id_do_not_collide(state):
    state.save_documents(COMPANY, "run", [document(1), document(2)])
    assert state.counts_by_state(COMPANY) == {"ready": 2}


def test_a_row_of_another_company_is_refused(state):
    with pytest.raises(OurFault):
        state.save_documents(COMPANY, "run", [document(1, company="999")])


def test_ids_are_text(state):
    saved(state, "0412")
    assert state.documents(COMPANY, "cake", ["412"]) == {}
    assert state.document(Key(COMPANY, "cake", "0412", "bill")).invoice == "0412"


def test_documents_are_found_by_state_marker_and_quickbooks_id(state):
    ready, sent = saved(state, 1), saved(state, 2, "sent", qbo_id="145")
    saved(state, 3, "skipped")
    assert [row.id for row in state.documents_in_state(COMPANY, ["ready", "sent"], "cake")] == [ready.id, sent.id]
    assert list(state.documents_in_state(COMPANY, ["ready"], "other")) == []
    assert state.by_marker(COMPANY, [ready.marker, "ref:x"]) == {ready.marker: ready}
    assert state.by_qbo_id(COMPANY, "Bill", ["145", "146"]) == {"145": sent}
    assert state.by_qbo_id("999", "Bill", ["145"]) == {}


def test_many_are_given_in_pieces_and_none_is_lost(state):
    state.save_documents(COMPANY, "run", [document(number) for number in range(1203)])
    state.save_invoices(COMPANY, "run", [seen(number) for number in range(1203)])
    everything = {str(number) for number in range(1203)}
    assert {row.invoice for row in state.documents_in_state(COMPANY, ["ready"])} == everything
    assert [row.invoice for row in state.invoices(COMPANY, "cake")] == sorted(everything)
    assert [row.invoice for row in state.invoices(COMPANY, "cake", first=DAY, last=DAY)] == sorted(everything)
    assert len(state.documents(COMPANY, "cake", sorted(everything))) == 1203


def test_rows_may_be_moved_while_they_are_read(state):
    state.save_documents(COMPANY, "run", [document(number) for number in range(1100)])
    for row in state.documents_in_state(COMPANY, ["ready"]):
        row.state = "held"
        state.save_documents(COMPANY, "run", [row]) if int(row.invoice) % 100 == 0 else None
    assert state.counts_by_state(COMPANY) == {"ready": 1089, "held": 11}


def test_bulk_is_several_times_quicker_than_one_by_one(state):
    def took(act):
        began = time.perf_counter()
        act()
        return time.perf_counter() - began

    many = [document(number) for number in range(3000)]
    bulk = took(lambda: state.save_documents(COMPANY, "run", many)) / 3000
    single = took(lambda: [state.save_documents(COMPANY, "run", [document(n)]) for n in range(5000, 5060)]) / 60
    assert bulk * 4 < single


# Invoices.


def test_an_invoice_comes_back_as_it_was_seen(state):
    said = invoice(1, paid=True)
    state.save_invoices(COMPANY, "run", [SeenInvoice(said, "held", "c", "r", "m", "rule 3", "Acme")])
    row = state.invoice(COMPANY, "cake", "1")
    assert invoice_of(row.fields, row.raw) == said
    assert (row.state, row.code, row.cause, row.vendor) == ("held", "c", "rule 3", "Acme")
    assert state.invoice(COMPANY, "cake", "2") is None


def test_when_an_invoice_was_first_seen_and_first_seen_paid_stays(state):
    for day, paid in ((1, False), (2, True), (3, True), (4, False)):
        with time_machine.travel(datetime.datetime(2026, 2, day, tzinfo=datetime.UTC), tick=False):
            state.save_invoices(COMPANY, f"run {day}", [seen(1, paid=paid)])
    row = state.invoice(COMPANY, "cake", "1")
    assert row.first_seen.date() == datetime.date(2026, 2, 1)
    assert row.last_seen.date() == datetime.date(2026, 2, 4)
    assert row.first_seen_paid == datetime.date(2026, 2, 2)
    assert (row.paid, row.run) == (False, "run 4")


@pytest.mark.parametrize("change", [{"amount": "1.00"}, {"currency": "EUR"}, {"date": None}, {"paid": True}])
def test_whatever_changes_in_an_invoice_is_kept(state, change):
    # A currency may change by a setting alone, with the source's record the same.
    state.save_invoices(COMPANY, "run", [seen(1)])
    state.save_invoices(COMPANY, "run", [seen(1, **change)])
    row = state.invoice(COMPANY, "cake", "1")
    assert invoice_of(row.fields, row.raw) == invoice(1, **change)
    assert (row.amount, row.currency, row.date, row.paid) == (
        invoice(1, **change).amount,
        invoice(1, **change).currency,
        invoice(1, **change).date,
        invoice(1, **change).paid,
    )


def test_an_invoice_that_did_not_change_still_takes_the_new_decision(state):
    state.save_invoices(COMPANY, "run 1", [seen(1, "held")])
    state.save_invoices(COMPANY, "run 2", [seen(1, "skipped")])
    assert (state.invoice(COMPANY, "cake", "1").state, state.invoice(COMPANY, "cake", "1").run) == ("skipped", "run 2")


def test_invoices_are_given_by_their_own_date(state):
    days = {1: datetime.date(2026, 1, 31), 2: datetime.date(2026, 1, 1), 3: datetime.date(2026, 2, 1), 4: None}
    state.save_invoices(COMPANY, "run", [seen(number, date=day) for number, day in days.items()])
    january = state.invoices(COMPANY, "cake", first=datetime.date(2026, 1, 1), last=datetime.date(2026, 1, 31))
    assert [row.invoice for row in january] == ["2", "1"]
    assert len(list(state.invoices(COMPANY, "cake"))) == 4


def test_an_invoice_is_found_by_whatever_a_person_types(state):
    state.save_invoices(COMPANY, "run", [seen("10042"), seen("7:8")])
    saved(state, "10042", "sent", qbo_id="145")
    for text in ("cake:10042", "10042", "CAKE-10042", "145"):
        assert state.find_invoice(COMPANY, text) == [("cake", "10042")]
    assert state.find_invoice(COMPANY, "7:8") == [("cake", "7:8")]
    assert state.find_invoice(COMPANY, "other:10042") == []
    assert state.find_invoice("999", "10042") == []


def test_the_oldest_open_date_is_of_what_is_not_settled(state):
    def oldest():
        return state.oldest_open_document_date(COMPANY, "cake")

    assert oldest() is None
    january, february = datetime.date(2026, 1, 5), datetime.date(2026, 2, 5)
    state.save_invoices(COMPANY, "run", [seen(1, date=january), seen(2, date=february)])
    saved(state, 1, "sent", qbo_id="1", date=january)
    assert oldest() is None
    saved(state, 2, date=datetime.date(2026, 2, 28))
    assert oldest() == february
    state.save_invoices(COMPANY, "run", [seen(3, "held", date=datetime.date(2026, 1, 2))])
    assert oldest() == datetime.date(2026, 1, 2)


def test_only_a_complete_pull_counts(state):
    assert state.last_complete_pull(COMPANY, "cake") is None
    for complete in (True, False):
        pull = state.start_pull(COMPANY, "cake", "run", DAY, DAY)
        state.finish_pull(pull, total=3 if complete else None, complete=complete)
    state.start_pull(COMPANY, "cake", "run", DAY, DAY)
    last = state.last_complete_pull(COMPANY, "cake")
    assert (last.id, last.total, last.complete) == (1, 3, True)
    assert state.last_complete_pull(COMPANY, "other") is None


def test_invoices_documents_and_the_pull_are_committed_together_or_not_at_all(state):
    pull = state.start_pull(COMPANY, "cake", "run", DAY, DAY)

    def all_at_once():
        with state.write():
            state.save_invoices(COMPANY, "run", [seen(1)])
            state.finish_pull(pull, total=1, complete=True)
            state.save_documents(COMPANY, "run", [document(1, company="999")])

    with pytest.raises(OurFault):
        all_at_once()
    assert state.last_complete_pull(COMPANY, "cake") is None
    assert state.invoice(COMPANY, "cake", "1") is None


def test_a_transaction_sees_what_it_wrote_and_others_do_not(state, url):
    other = State.open(url)
    with state.write():
        state.save_documents(COMPANY, "run", [document(1)])
        assert state.counts_by_state(COMPANY) == {"ready": 1}
        assert other.counts_by_state(COMPANY) == {}
    assert other.counts_by_state(COMPANY) == {"ready": 1}
    other.close()


WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from made import COMPANY, document
from connector.state.store import State
state = State.open(sys.argv[1])
for number in range(40):
    with state.write() as t:
        facts = state.company_facts(COMPANY)
        facts.name = str(int(facts.name or 0) + 1)
        state.save_company_facts(facts)
    state.save_documents(COMPANY, "run", [document(f"{sys.argv[2]}-{number}")])
state.close()
"""


def test_two_processes_write_without_losing_an_update(url, request):
    here = str(request.path.parent)
    # Both also race to make the state.
    started = [subprocess.Popen([sys.executable, "-c", WRITER, url, name, here]) for name in "ab"]
    assert [process.wait() for process in started] == [0, 0]
    state = State.open(url)
    assert state.company_facts(COMPANY).name == "80"
    assert state.counts_by_state(COMPANY) == {"ready": 80}
    assert state.verify() == []
    state.close()


# Runs, references, books, bindings, the sign-in.


def test_a_run_that_did_not_end_can_be_told(state):
    first = state.start_run(COMPANY, "sync", "anna", ["cake"])
    second = state.start_run(COMPANY, "sync", "anna", ["cake"])
    state.finish_run(second, 6, {"held": 1}, [Problem("finance", "c", "w", "r", "cake")], {"cake": "abc"})
    assert {row.id: row.ended is None for row in state.runs(10)} == {second: False, first: True}
    ended = state.run(second)
    assert (ended.exit_code, ended.counts, ended.mapping_versions) == (6, {"held": 1}, {"cake": "abc"})
    assert [Problem(**problem) for problem in ended.problems] == [Problem("finance", "c", "w", "r", "cake")]
    assert len(second) == 26


def test_run_ids_sort_by_time(state):
    ids = []
    for second in range(3):
        with time_machine.travel(NOW + datetime.timedelta(seconds=second), tick=False):
            ids.append(state.start_run(COMPANY, "sync", "me", []))
    assert [row.id for row in state.runs(2)] == [ids[2], ids[1]]


def test_references_are_renewed_and_replaced_where_they_are_the_whole(state):
    def vendor(number, name):
        return ReferenceRow(company=COMPANY, entity="Vendor", qbo_id=number, name=name)

    state.save_references(COMPANY, "Vendor", [vendor("1", "Acme"), vendor("2", "Bolt")], NOW)
    state.save_references(COMPANY, "Vendor", [vendor("1", "Acme Ltd")], NOW)
    assert [row.name for row in state.references(COMPANY, "Vendor")] == ["Acme Ltd", "Bolt"]
    state.save_references(COMPANY, "Vendor", [vendor("3", "Cargo")], NOW, whole=True)
    assert [row.name for row in state.references(COMPANY, "Vendor")] == ["Cargo"]
    assert state.reference_as_of(COMPANY, "Vendor") == NOW
    assert state.reference_as_of(COMPANY, "Account") is None


def book(qbo_id, **more):
    values = {"number": "N-1", "vendor_id": "9", "currency": "USD", "marker": "ref:a", "date": DAY, "created": NOW}
    return BookRow(company=COMPANY, entity="Bill", qbo_id=qbo_id, total=Decimal("1.50"), **{**values, **more})


def test_books_are_found_by_marker_number_and_vendor_the_earliest_first(state):
    early = book("2", created=NOW - datetime.timedelta(days=1))
    state.save_books(COMPANY, [book("1"), early, book("3", number="N-3", marker=None, currency="EUR")])
    assert [row.qbo_id for row in state.books_by_marker(COMPANY, ["ref:a", "ref:b"])["ref:a"]] == ["2", "1"]
    assert [row.qbo_id for row in state.books_by_number(COMPANY, ["N-1"])["N-1"]] == ["2", "1"]
    assert [row.qbo_id for row in state.books_by_vendor(COMPANY, ["9"], DAY, DAY)["9", "USD"]] == ["1", "2"]
    assert state.books_by_vendor(COMPANY, ["9"], NOW.date(), NOW.date()) == {}
    state.save_books(COMPANY, [book("1", number="N-9")])
    state.forget_book(COMPANY, "Bill", "2")
    assert state.books_by_number(COMPANY, ["N-1"]) == {}
    assert state.books_by_number(COMPANY, ["N-9"])["N-9"][0].total == Decimal("1.50")


def test_what_is_known_of_a_company_is_kept(state):
    facts = state.company_facts(COMPANY)
    assert (facts.name, facts.sources_read) == (None, [])
    facts.sources_read, facts.newest_book_created = ["cake"], NOW
    state.save_company_facts(facts)
    kept = state.company_facts(COMPANY)
    assert (kept.sources_read, kept.newest_book_created) == (["cake"], NOW)


def test_a_payee_is_bound_to_one_vendor_and_found_by_its_name_in_any_case(state):
    state.bind(COMPANY, "cake", "77", "ACME Ltd", "9", "run")
    state.bind(COMPANY, "cake", "78", "Acme LTD", None, "run")
    assert state.bindings(COMPANY, "cake") == {"77": ("ACME Ltd", "9"), "78": ("Acme LTD", None)}
    assert state.payees_of_vendor(COMPANY, ["acme ltd", "Bolt"]) == {"acme ltd": {("cake", "77"), ("cake", "78")}}
    state.bind(COMPANY, "cake", "78", "Bolt", None, "run")
    assert state.payees_of_vendor(COMPANY, ["Acme Ltd"]) == {"acme ltd": {("cake", "77")}}


def test_a_mapping_is_kept_as_it_first_decided(state):
    for path in ("mappings/cake.yaml", "moved.yaml"):
        state.save_mapping_version("sha", "cake", path, "source: cake", {"vendors.csv": "a,b"})
    kept = state.mapping_version("sha")
    assert (kept.path, kept.tables) == ("mappings/cake.yaml", {"vendors.csv": "a,b"})
    assert state.mapping_version("other") is None


def test_the_sign_in_is_kept_renewed_and_forgotten(state):
    assert state.sign_in(COMPANY) is None
    state.save_sign_in(COMPANY, "sandbox", "one")
    state.save_sign_in(COMPANY, "sandbox", "two")
    assert state.sign_in(COMPANY) == "two"
    state.delete_sign_in(COMPANY)
    assert state.sign_in(COMPANY) is None


def test_rows_outlive_the_state(url):
    opened = State.open(url)
    row = saved(opened, 1)
    opened.close()
    assert isinstance(row, DocumentRow)
    assert (row.number, row.state) == ("CAKE-1", "ready")
