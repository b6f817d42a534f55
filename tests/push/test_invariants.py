"""
The invariants of the write protocol, as a list: what each says, where it is asserted, and that it holds.

A test breaks what it can break on purpose and sees the run stop; what cannot be broken from outside is watched.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from project import Project
from sqlmodel import Session, select

from connector.document import Key
from connector.errors import OurFault, ServiceDown
from connector.push import request_id
from connector.sandbox.credentials import REALM_ID
from connector.state.lock import CompanyLock
from connector.state.moves import MOVES
from connector.state.requests import Conclusion
from connector.state.store import IntendedItem, Intent, State
from connector.state.tables import AttemptRow, DocumentRow, RequestItemRow, RequestRow
from connector.state.verify import problems_of_rows
from connector.sync.sign_in import SignInRow


@dataclass(frozen=True)
class Invariant:
    """What holds; where the code asserts it; with which code a run stops that would break it."""

    rule: str
    where: tuple[str, ...]
    code: str = ""


INVARIANTS: Final = {
    "I1": Invariant(
        "no write leaves unless a committed row holds key, bytes, hash, request id, number and time",
        ("connector.state.requests:Requests.start_attempt", "connector.state.requests:Requests.begin"),
        "send-without-intent",
    ),
    "I2": Invariant("one key, one row", ("connector.state.tables:DocumentRow",), "state-constraint"),
    "I3": Invariant("a request id can be recomputed with the state lost", ("connector.push.order:request_id",)),
    "I4": Invariant(
        "the same id always goes with the same bytes",
        ("connector.state.requests:Requests._intend_again",),
        "request-changed",
    ),
    "I5": Invariant(
        "unknown is a state that only evidence leaves",
        ("connector.quickbooks.outcome:_judged", "connector.push.settle:settle"),
    ),
    "I6": Invariant("absent counts only settle_after after the last send", ("connector.push.settle:settle",)),
    "I7": Invariant(
        "one writer for each company", ("connector.state.lock:CompanyLock.note_send",), "send-without-lock"
    ),
    "I8": Invariant(
        "what is sent has an id in QuickBooks, or somebody else's payment of its bill, and never becomes new again",
        ("connector.state.requests:Requests.conclude_all", "connector.state.moves:check_move"),
        "sent-without-id",
    ),
    "I9": Invariant("a pull counts as complete only behind its decisions", ("connector.sync.run:Run._remember",)),
    "I10": Invariant(
        "what was seen is the sum of what became of it", ("connector.sync.run:Run.finish",), "not-conserved"
    ),
    "I11": Invariant("a new or an older state reads QuickBooks first", ("connector.sync.books:Books.read",)),
    "I12": Invariant(
        "a new refresh token is durable before its first use", ("connector.quickbooks.signin:SignIn._keep",)
    ),
}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State.open(f"sqlite:///{tmp_path}/invariants.db")
    yield opened
    opened.close()


def kept(state: State, invoice: str = "1", first: str = "ready") -> int:
    """A document's row."""
    key = Key(REALM_ID, "cake", invoice, "bill")
    row = DocumentRow(
        company=REALM_ID, source="cake", invoice=invoice, kind="bill", state=first, marker="ref:x", entity="Bill"
    )
    state.save_documents(REALM_ID, "run", [row])
    found = state.document(key)
    assert found is not None
    assert found.id is not None
    return found.id


def intended(state: State, document: int, body: str = "{}") -> int:
    return state.intend(
        Intent(REALM_ID, "run", "an id", "create", "Bill", [IntendedItem(document, "", "N-1", 0, body)])
    )


def stops(code: str, do: Callable[[], Any]) -> None:
    with pytest.raises(OurFault) as stopped:
        do()
    assert stopped.value.code == code


def rows(project: Project, table: Any) -> list[Any]:
    with project.state() as state, state.read() as t, Session(t) as session:
        return list(session.exec(select(table)).all())


@pytest.mark.parametrize("name", INVARIANTS)
def test_each_invariant_is_named_where_it_is_asserted_and_has_its_test(name: str) -> None:
    for place in INVARIANTS[name].where:
        module, _, path = place.partition(":")
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part) if not inspect.ismodule(found) else vars(found)[part]
        source = inspect.getsource(found)
        assert f"({name})" in source
    if code := INVARIANTS[name].code:
        assert any(code in path.read_text() for path in Path("connector").rglob("*.py") if path.name != "codes.py")
    assert [test for test in globals() if test.startswith(f"test_{name.lower()}_")]


def test_i1_nothing_leaves_without_a_committed_intent(state: State) -> None:
    document = kept(state)
    stops(INVARIANTS["I1"].code, lambda: state.start_attempt(1, [""]))
    request = intended(state, document)

    def in_a_transaction() -> None:
        with state.write():
            state.start_attempt(request, [""])

    stops("send-in-transaction", in_a_transaction)
    stops(INVARIANTS["I1"].code, lambda: state.start_attempt(request, ["another"]))
    state.start_attempt(request, [""])
    state.conclude(document, "held")  # nobody knows what became of it, and a person looks
    stops(INVARIANTS["I1"].code, lambda: state.start_attempt(request, [""]))


def test_i1_at_every_send_the_intent_is_on_the_disk_for_others_to_see(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Creations, updates, removals, payments and vendors, one by one and in batches: as their bytes leave."""
    client = import_module("connector.quickbooks.client")
    exchange, seen = client.exchange, list[str]()

    def watched(*arguments: Any, **more: Any) -> Any:
        said = f"{arguments} {more}"
        if "requestid" in said:
            seen.append(_in_the_state(project, said))
        return exchange(*arguments, **more)

    monkeypatch.setattr(client, "exchange", watched)
    for ids in ((1, 2), range(3, 20)):
        project.owe(*ids)
        project.sync()
        project.owe(*list(ids)[::2], total_payout="250.00")
        project.owe(*list(ids)[1::2], invoice_status="Void")
        project.sync()
    project.records_payments()
    project.owe(1, total_payout="250.00", invoice_status="Paid")
    project.owe(*range(20, 34), invoice_status="Paid")
    assert project.sync().counts["paid"] == 15

    assert set(seen) == {"create", "update", "delete", "batch"}


def _in_the_state(project: Project, said: str) -> str:
    """The operation of the one request that is being sent, which stands in the file with an open attempt."""
    found = [row for row in rows(project, RequestRow) if row.request_id in said]
    assert len(found) == 1, said[:300]
    attempts = [row for row in rows(project, AttemptRow) if row.request == found[0].id and row.outcome is None]
    items = [row for row in rows(project, RequestItemRow) if row.request == found[0].id]
    assert attempts
    assert all(item.body and item.sha256 and (item.number or '"PayType"' in item.body) for item in items)
    return str(found[0].operation)


def test_i2_one_key_has_one_row_and_one_quickbooks_id_one_document(state: State) -> None:
    kept(state)

    def again() -> None:
        with state.write() as t:
            t.exec_driver_sql(
                "INSERT INTO document SELECT NULL, company, source, invoice, kind, state, code, reason, remedy, number,"
                " vendor, vendor_id, date, due, currency, amount, marker, entity, qbo_id, sync_token, generation,"
                " revision, adopted, content, facts, mapping_version, answer, rounds, created, updated, run"
                " FROM document"
            )

    stops(INVARIANTS["I2"].code, again)
    first, second = kept(state, "2"), kept(state, "3")
    for document, request in ((first, "a"), (second, "b")):
        state.intend(Intent(REALM_ID, "run", request, "create", "Bill", [IntendedItem(document, "", None, 0, "{}")]))
    state.conclude(first, "sent", qbo_id="145")
    stops(INVARIANTS["I2"].code, lambda: state.conclude(second, "sent", qbo_id="145"))


def test_i3_a_lost_state_finds_the_same_ids_again(project: Project) -> None:
    project.switch(hide_new_bills_seconds=3600)
    project.owe(1)
    project.sync()
    project.forget()
    project.sync()

    first, again = project.writes()
    assert first["requestid"] == again["requestid"] == request_id(Key(REALM_ID, "cake", "1", "bill"), "create", "0", 0)
    assert project.numbers() == {"CAKE-1": 1}


def test_i4_an_id_that_went_with_other_bytes_stops(state: State) -> None:
    document = kept(state)
    intended(state, document, '{"a":1}')
    state.conclude(document, "ready")

    stops(INVARIANTS["I4"].code, lambda: intended(state, document, '{"a":2}'))
    intended(state, document, '{"a":1}')


@pytest.mark.parametrize("answer", ["drop-before-commit", "truncate", "empty-200", "answer-401", "answer-html"])
def test_i5_what_proves_nothing_is_unknown_and_takes_no_other_order(project: Project, answer: str) -> None:
    project.settings(settle_after="60 s")
    project.owe(1)
    project.arm(answer)

    assert project.sync(code=6).counts == {"unknown": 1}
    project.owe(1, total_payout="9.00")
    assert project.sync("--retry-refused", code=6).counts == {"unknown": 1}
    project.owe(1, invoice_status="Void")
    assert project.sync(code=6).counts == {"unknown": 1}
    assert len(project.writes()) == 1


@pytest.mark.parametrize("answer", ["drop-before-commit", "truncate", "empty-200", "answer-401", "answer-html"])
def test_i5_a_payment_without_an_answer_takes_no_other_order(project: Project, answer: str) -> None:
    project.settings(settle_after="60 s")
    project.records_payments()
    project.owe(1, invoice_status="Paid")
    project.arm(answer, "/billpayment")

    assert project.sync(code=6).counts == {"created": 1}
    for change in ({"total_payout": "9.00"}, {"invoice_status": "Approved"}, {"invoice_status": "Void"}):
        project.owe(1, **{"invoice_status": "Paid", **change})
        ran = project.sync("--retry-refused", code=6)
        assert ran.payment(1)["state"] == "sending"
    assert len(project.writes()) == 2
    assert len(project.held()) == 1


def test_i6_absent_counts_only_when_the_answer_is_overdue(project: Project) -> None:
    project.settings(settle_after="60 s")
    project.owe(1)
    project.arm("drop-before-commit")
    project.sync(code=6)
    project.sync(code=6)
    assert len(project.writes()) == 1

    project.settings(settle_after="1 ms")
    assert project.sync().counts == {"created": 1}


def test_i7_without_the_lock_nothing_is_sent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.owe(1)
    acquire = CompanyLock.acquire
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CompanyLock, "acquire", lambda self, **more: None)
        ran = project.sync(code=1)
    assert ran.json["problems"][0]["code"] == INVARIANTS["I7"].code
    assert not project.writes()

    lock = CompanyLock(project.folder, REALM_ID)
    acquire(lock)
    assert project.sync(code=7).json["problems"][0]["code"] == "lock-held"
    lock.release()


def test_i8_sent_needs_an_id_and_never_reverts(state: State) -> None:
    document = kept(state)
    intended(state, document)
    nothing = Conclusion(document, "sent", None, {"qbo_id": None})
    stops(INVARIANTS["I8"].code, lambda: state.conclude_all([nothing]))
    state.conclude(document, "sent", qbo_id="145")

    assert {new for old, new in MOVES if old == "sent"} == {"sending", "held"}
    for to in ("ready", "refused", "blocked", "skipped", "removed"):
        row = state.document(Key(REALM_ID, "cake", "1", "bill"))
        assert row is not None
        row.state = to
        stops("move-forbidden", lambda row=row: state.save_documents(REALM_ID, "run", [row]))  # type: ignore[misc]


def test_i8_only_a_payment_that_is_adopted_is_sent_without_an_id(state: State, tmp_path: Path) -> None:
    document = kept(state)
    row = state.document(Key(REALM_ID, "cake", "1", "bill"))
    assert row is not None
    row.state = "sent"
    stops("move-forbidden", lambda: state.save_documents(REALM_ID, "run", [row]))
    row.adopted, row.kind, row.entity = True, "payment", "BillPayment"
    row.marker = "ref:y"
    state.save_documents(REALM_ID, "run", [row])

    intended(state, document)
    state.conclude(document, "sent", qbo_id="145")
    assert not [each for each in problems_of_rows(state) if "its id in QuickBooks is not known" in each.what]


@pytest.mark.parametrize("operation", ["decide", "save_invoices"])
def test_i9_a_pull_whose_decisions_were_not_kept_is_not_complete(project: Project, operation: str) -> None:
    project.owe(1)

    def fails(*_: object, **__: object) -> None:
        raise ServiceDown("the disk is full", code="state-disk-full", remedy="Free some space and run again.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(State, operation, fails)
        project.sync(code=5)
    with project.state() as state:
        assert state.last_complete_pull(REALM_ID, "cake") is None
    assert project.sync().counts == {"created": 1}
    with project.state() as state:
        assert state.last_complete_pull(REALM_ID, "cake") is not None


def test_i10_an_invoice_that_is_accounted_for_nowhere_stops_the_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.owe(1, 2)
    counts = import_module("connector.sync.planned").Planned.counts
    monkeypatch.setattr("connector.sync.planned.Planned.counts", lambda self: counts(self) | {"created": 0})

    ran = project.sync(code=1)

    assert INVARIANTS["I10"].code in ran.said


@pytest.mark.parametrize("loss", ["deleted", "restored"])
def test_i11_a_state_that_is_new_or_older_reads_first_and_makes_no_second_bill(project: Project, loss: str) -> None:
    project.switch(requestids="forget")
    project.sync()
    copy = (project.folder / "state.db").read_bytes()
    project.owe(1, 2)
    project.sync()
    project.forget()
    if loss == "restored":
        (project.folder / "state.db").write_bytes(copy)

    assert project.sync().counts == {"adopted": 2}
    assert project.numbers() == {"CAKE-1": 1, "CAKE-2": 1}


def test_i12_a_token_that_could_not_be_kept_is_not_used(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.owe(1)

    def full(*_: object) -> None:
        raise ServiceDown("the disk is full", code="state-disk-full", remedy="Free some space and run again.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SignInRow, "save", full)
        project.sync(code=5)
    assert not [each for each in project.control("requests") if "/quickbooks/" in each["path"]]
    assert project.sync().counts == {"created": 1}


def test_the_codes_that_stop_a_run_have_their_help(project: Project) -> None:
    codes = {invariant.code for invariant in INVARIANTS.values() if invariant.code}
    for code in codes:
        told = project.run("help", code)
        assert told.code == 0, told.said
