"""An invoice that is paid at its source: its bill is paid in QuickBooks, once, or a person is told why not."""

import datetime
import json
import time
from collections import Counter
from typing import Any

import pytest
from project import Project
from sqlmodel import Session, select
from test_write_protocol import FORGETS_MOSTLY, LOST, MANY, until_settled

from connector.document import Key, marker
from connector.push import request_id
from connector.push.payments import Payables
from connector.quickbooks.posted import marker_in
from connector.sandbox.credentials import REALM_ID
from connector.state.tables import DocumentRow, RequestItemRow, RequestRow

KEY = Key(REALM_ID, "cake", "1", "payment")
PAID = {"invoice_status": "Paid"}


@pytest.fixture(autouse=True)
def records(project: Project) -> None:
    project.records_payments()


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def billed(project: Project, **change: Any) -> None:
    """One invoice with its bill over 101.25; then its source says that it is paid."""
    project.owe(1)
    project.sync()
    project.owe(1, **{**PAID, **change})


def bill(project: Project) -> dict[str, Any]:
    (found,) = project.held()
    return found


def payments(project: Project) -> list[dict[str, Any]]:
    return project.held("BillPayment")


def paid_once(project: Project, ids: tuple[int, ...]) -> None:
    """Each bill has one payment of ours over all of it, and nothing is owed."""
    marks = Counter(marker_in(each["PrivateNote"]) for each in payments(project))
    assert marks == {marker(Key(REALM_ID, "cake", str(id_), "payment")): 1 for id_ in ids}
    assert [(each["Balance"], len(each["LinkedTxn"])) for each in project.held()] == [(0, 1)] * len(ids)


def by_hand(project: Project, *bills: dict[str, Any], amount: float | None = None) -> str:
    """A person pays bills with one check; the payment's id."""
    lines = [
        {"Amount": amount or each["TotalAmt"], "LinkedTxn": [{"TxnId": each["Id"], "TxnType": "Bill"}]}
        for each in bills
    ]
    head = {"VendorRef": {"value": bills[0]["VendorRef"]["value"]}, "PayType": "Check"}
    account = {"CheckPayment": {"BankAccountRef": {"name": "Operating account"}}}
    total = {"TotalAmt": sum(line["Amount"] for line in lines), "Line": lines}
    (id_,) = project.load("BillPayment", head | account | total)
    return id_


def row(project: Project, invoice: int = 1) -> DocumentRow:
    with project.state() as state:
        found = state.document(Key(REALM_ID, "cake", str(invoice), "payment"))
    assert found is not None
    return found


def rows(project: Project, table: Any) -> list[Any]:
    with project.state() as state, state.read() as t, Session(t) as session:
        return list(session.exec(select(table)).all())


def reads(project: Project) -> int:
    return sum("/quickbooks/" in each["path"] and each["method"] == "GET" for each in project.control("requests"))


# The good day.


def test_a_bill_whose_invoice_is_paid_is_paid_whole_from_the_bank_account(project: Project) -> None:
    billed(project)

    planned, ran = project.plan(), project.sync()

    assert planned.counts == ran.counts == {"paid": 1, "unchanged": 1}
    told = ran.payment(1)
    (made,) = payments(project)
    assert (told["kind"], told["action"], told["state"], told["qbo_id"]) == ("payment", "pay", "sent", made["Id"])
    assert f"billpayment%3FtxnId%3D{made['Id']}" in told["link"]
    assert told["reason"] == f"dated {today()}, the day CAKE was first seen to say paid"
    assert (made["PayType"], made["TotalAmt"], made["TxnDate"]) == ("Check", 101.25, today())
    assert made["CheckPayment"]["BankAccountRef"]["name"] == "Operating account"
    assert made["Line"] == [{"Amount": 101.25, "LinkedTxn": [{"TxnId": bill(project)["Id"], "TxnType": "Bill"}]}]
    assert made["PrivateNote"] == marker(KEY)
    paid_once(project, (1,))
    (write,) = [each for each in project.writes() if "billpayment" in each["path"]]
    assert write["requestid"] == request_id(KEY, "create", "0", 0)


def test_a_bill_and_its_payment_may_both_be_new(project: Project) -> None:
    project.owe(1, **PAID)

    planned, ran = project.plan(), project.sync()

    assert planned.counts == ran.counts == {"created": 1, "paid": 1}
    assert [each["kind"] for each in ran.json["documents"]] == ["bill", "payment"]
    paid_once(project, (1,))


def test_many_go_in_batches_and_each_bill_is_paid_once(project: Project) -> None:
    project.settings(batch_size="7")
    project.owe(*MANY, **PAID)

    assert project.sync().counts == {"created": len(MANY), "paid": len(MANY)}

    paid_once(project, MANY)
    batches = [each for each in project.writes() if '"BillPayment"' in each["body"]]
    assert [len(json.loads(each["body"])["BatchItemRequest"]) for each in batches] == [7, 7, 3]


def test_a_run_that_finds_nothing_new_knows_paid_invoices_by_their_marks(project: Project) -> None:
    project.owe(*MANY, **PAID)
    project.sync()
    before = reads(project)

    assert project.sync().counts == {"unchanged": len(MANY)}
    assert reads(project) == before
    with project.state() as state:
        assert not state.fresh(REALM_ID, "cake")({})


def test_boxes_of_the_mapping_are_filled_in(project: Project) -> None:
    project.records_payments(
        date="<date_approved + 1 days>", number="PAY-<invoice_id>", memo="Paid to <affiliate_name>"
    )
    billed(project)

    told = project.sync().payment(1)

    (made,) = payments(project)
    assert (made["TxnDate"], made["DocNumber"]) == ("2026-10-03", "PAY-1")
    assert made["PrivateNote"] == f"Paid to Affiliate 1\n{marker(KEY)}"
    assert (told["number"], told["reason"]) == ("PAY-1", None)


def test_a_credit_card_account_makes_a_credit_card_payment(project: Project) -> None:
    project.load("Account", {"Name": "Company card", "AccountType": "Credit Card"})
    project.records_payments("Company card")
    billed(project)

    project.sync()

    (made,) = payments(project)
    assert made["PayType"] == "CreditCard"
    assert made["CreditCardPayment"]["CCAccountRef"]["name"] == "Company card"
    assert "CheckPayment" not in made


@pytest.mark.parametrize(
    ("account", "code"), [("Affiliate payouts", "account-wrong-type"), ("No such bank", "account-not-found")]
)
def test_an_account_that_cannot_pay_blocks_the_payment_and_not_the_bill(
    project: Project, account: str, code: str
) -> None:
    project.records_payments(account)
    project.owe(1, **PAID)

    ran = project.sync(code=6)

    assert ran.counts == {"created": 1}
    assert (ran.payment(1)["state"], ran.payment(1)["code"]) == ("blocked", code)
    project.records_payments()
    assert project.sync().counts == {"paid": 1, "unchanged": 1}


def test_a_foreign_payment_has_the_rate_of_its_own_day(project: Project) -> None:
    project.switch(exchange_rates="daily")
    project.records_payments(date="2026-11-01")
    project.owe(1, currency_symbol="USD", **PAID)

    project.sync()

    (made,), asked = payments(project), [each["query"] for each in project.control("requests")]
    assert made["CurrencyRef"]["value"] == "USD"
    assert made["ExchangeRate"] != bill(project)["ExchangeRate"]
    assert any("2026-11-01" in str(each) for each in asked)


def test_a_source_that_tells_the_day_dates_the_payment(project: Project) -> None:
    project.settings(commission_factory=True)
    path = project.folder / "mappings/commission_factory.yaml"
    more = "policy: {invoice paid at source: record payment}\n\npayment: {account: Operating account}\n\n"
    path.write_text(path.read_text().replace("examples:\n", f"{more}examples:\n", 1))
    invoice = {"Id": 7, "Number": "CF-7", "DateCreated": "2026-09-01T00:00:00", "DatePaid": "2026-09-20T00:00:00"}
    money = {"SubTotal": 100.0, "GST": 10.0, "Total": 110.0}
    project.control("load", {"commission_factory": [{**invoice, "Description": "Commissions", **money}]})

    ran = project.sync("--source", "commission_factory")

    (made,) = payments(project)
    assert (made["TxnDate"], made["TotalAmt"]) == ("2026-09-20", 110)
    assert ran.payment(7)["reason"] is None


def test_the_day_first_seen_paid_stays_while_the_payment_waits(project: Project) -> None:
    project.records_payments("No such bank")
    billed(project)
    project.sync(code=6)
    with project.state() as state, state.write() as t:
        t.exec_driver_sql("UPDATE invoice SET first_seen_paid = '2026-03-04'")
    project.records_payments()

    assert project.sync().payment(1)["reason"] == "dated 2026-03-04, the day CAKE was first seen to say paid"
    assert payments(project)[0]["TxnDate"] == "2026-03-04"


# What speaks against it.


def test_a_bill_that_was_paid_by_hand_is_linked_and_not_paid_again(project: Project) -> None:
    billed(project)
    theirs = by_hand(project, bill(project))

    planned, ran = project.plan(), project.sync()

    assert planned.counts == ran.counts == {"unchanged": 1}
    told = ran.payment(1)
    assert (told["action"], told["state"], told["code"], told["qbo_id"]) == ("adopt", "sent", "paid-by-hand", theirs)
    assert (row(project).adopted, row(project).qbo_id) == (True, theirs)
    assert len(payments(project)) == 1
    before = reads(project)
    assert project.sync().counts == {"unchanged": 1}
    assert reads(project) == before


def test_bills_that_were_paid_with_one_check_have_no_payment_of_their_own(project: Project) -> None:
    project.owe(1, 2, affiliate_id=7, affiliate_name="Affiliate")
    project.sync()
    by_hand(project, *project.held())
    project.owe(1, 2, affiliate_id=7, affiliate_name="Affiliate", **PAID)

    assert project.sync().counts == {"unchanged": 2}

    assert {(each.state, each.adopted, each.qbo_id) for each in (row(project, 1), row(project, 2))} == {
        ("sent", True, None)
    }
    assert project.run("state", "verify").code == 0
    assert len(payments(project)) == 1


def test_a_bill_that_is_paid_in_part_is_held_until_a_person_settled_it(project: Project) -> None:
    billed(project)
    by_hand(project, bill(project), amount=50)

    held = project.sync()
    assert held.counts == {"unchanged": 1}
    told = held.payment(1)
    assert (told["state"], told["code"]) == ("held", "part-paid")
    assert told["reason"].startswith("AUD 51.25 of AUD 101.25 is still owed on bill 1; payment ")
    by_hand(project, bill(project), amount=51.25)

    assert project.sync().payment(1)["code"] == "paid-by-hand"
    assert len(payments(project)) == 2


def test_a_bill_that_is_another_than_was_meant_is_not_paid(project: Project) -> None:
    billed(project)
    line = bill(project)["Line"][0] | {"Amount": 200}
    project.load("Bill", {"Id": bill(project)["Id"], "Line": [line]})

    told = project.sync().payment(1)

    assert (told["state"], told["code"]) == ("held", "edited-in-quickbooks")
    assert "the net total AUD 200.00 instead of AUD 101.25" in told["reason"]
    assert not payments(project)


def test_a_bill_that_was_given_to_another_vendor_is_not_paid(project: Project) -> None:
    billed(project)
    (other,) = project.load("Vendor", {"DisplayName": "Somebody else"})
    project.load("Bill", {"Id": bill(project)["Id"], "VendorRef": {"value": other}})

    planned, ran = project.plan().payment(1), project.sync().payment(1)

    assert planned["code"] == ran["code"] == "edited-in-quickbooks"
    assert "the vendor Somebody else instead of the one that it was made for" in ran["reason"]
    assert not payments(project)


def test_a_bill_that_somebody_deleted_is_not_paid(project: Project, services: Any) -> None:
    billed(project)
    services.company.remove("Bill", bill(project)["Id"])

    told = project.sync().payment(1)

    assert (told["state"], told["code"]) == ("held", "missing-in-quickbooks")
    assert not payments(project)


def test_a_bill_that_changed_at_its_source_is_paid_when_it_has_followed(project: Project) -> None:
    billed(project, total_payout="250.00")

    assert project.sync().counts == {"paid": 1, "updated": 1}
    assert [each["TotalAmt"] for each in payments(project)] == [250.0]


def test_a_bill_that_waits_for_a_person_lets_its_payment_wait(project: Project) -> None:
    project.owe(1, total_payout="30000.00", **PAID)

    ran = project.sync()

    assert ran.counts == {"held": 1}
    assert (ran.payment(1)["state"], ran.payment(1)["code"]) == ("ready", "waits-for-bill")
    assert "waits for its bill" not in project.run("plan").out
    project.owe(1, **PAID)
    assert project.sync().counts == {"created": 1, "paid": 1}


def test_a_bill_that_quickbooks_refuses_leaves_its_payment_ready(project: Project) -> None:
    project.owe(1, **PAID)
    project.arm("answer-fault", status=400, code="6000", message="no")

    ran = project.sync(code=6)

    assert ran.counts == {"refused": 1}
    assert (ran.payment(1)["state"], ran.payment(1)["code"]) == ("ready", "waits-for-bill")
    assert project.sync("--retry-refused").counts == {"created": 1, "paid": 1}


def test_what_happens_to_the_bill_between_the_plan_and_the_send_counts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    billed(project)
    looked, looks = Payables.of, list[int]()

    def then(self: Payables, bills: Any) -> Any:
        if looks:
            by_hand(project, bill(project))
        looks.append(1)
        return looked(self, bills)

    monkeypatch.setattr(Payables, "of", then)
    ran = project.sync()

    assert ran.payment(1)["action"] == "adopt"
    assert len(payments(project)) == 1


@pytest.mark.parametrize("policy", ["hold", "next open day"])
def test_closed_books_hold_the_payment_or_move_it(project: Project, policy: str) -> None:
    project.records_payments(policy=policy, date="2026-10-15")
    billed(project)
    project.control("preferences", {"book_close_date": "2026-10-31"})

    ran = project.sync()

    if policy == "hold":
        assert (ran.payment(1)["state"], ran.payment(1)["code"]) == ("held", "books-closed")
        assert not payments(project)
    else:
        (made,) = payments(project)
        assert made["TxnDate"] == "2026-11-01"
        assert made["PrivateNote"] == f"Payment date 2026-10-15\n{marker(KEY)}"


def test_a_refused_payment_goes_again_when_a_person_asks_under_another_id(project: Project) -> None:
    billed(project)
    project.arm("answer-fault", "/billpayment", status=400, code="6000", message="no")

    assert project.sync(code=6).payment(1)["state"] == "refused"
    assert project.sync(code=6).payment(1)["action"] == "none"
    assert project.sync("--retry-refused").counts == {"paid": 1, "unchanged": 1}
    assert len({each["requestid"] for each in project.writes() if "billpayment" in each["path"]}) == 2


def test_a_payment_refused_because_the_books_were_just_closed_goes_by_itself_when_they_are_open(
    project: Project,
) -> None:
    billed(project)
    project.switch(failed_attempts_remembered=True)
    project.arm("answer-fault", "/billpayment", status=400, code="6200", message="closed")

    assert project.sync(code=6).payment(1)["code"] == "books-closed"
    assert project.sync().counts == {"paid": 1, "unchanged": 1}
    paid_once(project, (1,))


def test_an_invoice_that_is_unpaid_again_is_told_and_nothing_is_taken_back(project: Project) -> None:
    billed(project)
    project.sync()
    project.owe(1)

    for _ in range(2):
        told = project.sync().payment(1)
        assert (told["state"], told["code"]) == ("held", "changed-at-source")
        assert told["reason"] == "CAKE no longer says that it is paid; its payment stands in QuickBooks"
    paid_once(project, (1,))
    project.owe(1, **PAID)
    assert project.sync().counts == {"unchanged": 1}
    assert row(project).state == "sent"


def test_a_payment_that_somebody_deleted_is_not_made_again(project: Project) -> None:
    billed(project)
    project.sync()
    project.control("person", {"does": "unpay", "bill": bill(project)["Id"]})

    assert project.sync().counts == {"unchanged": 1}
    project.owe(1, affiliate_name="Another name", **PAID)
    project.sync(code=None)
    assert not payments(project)


def test_a_vendor_credit_is_never_paid_and_a_plan_says_so(project: Project) -> None:
    project.owe(1, total_payout="-75.25", **PAID)

    assert "a vendor credit is never paid by the connector" in project.run("plan").out
    assert project.sync().counts == {"credited": 1}
    assert not payments(project)
    assert "a vendor credit is never paid by the connector" in project.run("why", "1").out


def test_limits_do_not_count_payments(project: Project) -> None:
    billed(project)
    project.settings(limits='[limits]\nmax_bills = 0\nmax_total = {AUD = "0.00"}')

    assert project.sync().counts == {"paid": 1, "unchanged": 1}


def test_a_mapping_that_records_payments_no_more_lets_go_of_what_waited(project: Project) -> None:
    project.records_payments("No such bank")
    billed(project)
    project.sync(code=6)
    path = project.folder / "mappings/cake.yaml"
    path.write_text(path.read_text().replace("record payment", "ignore"))

    assert project.sync().counts == {"unchanged": 1}
    assert row(project).state == "skipped"


# Bad days.


@pytest.mark.parametrize("requestids", FORGETS_MOSTLY)
@pytest.mark.parametrize(("fault", "how"), LOST, ids=str)
def test_a_lost_answer_to_a_payment_ends_in_one_payment(
    project: Project, fault: str, how: dict[str, Any], requestids: str
) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids)
    billed(project)
    project.arm(fault, "/billpayment", **how)

    ran = project.sync(code=6)
    assert ran.payment(1)["state"] == "sending"
    time.sleep(0.06)

    assert project.sync().counts == {"paid": 1, "unchanged": 1}
    paid_once(project, (1,))
    assert project.sync().counts == {"unchanged": 1}


@pytest.mark.parametrize("requestids", FORGETS_MOSTLY)
@pytest.mark.parametrize("fault", ["commit-then-drop", "batch-half-done", "batch-item-lost", "batch-item-throttled"])
def test_a_batch_of_payments_that_goes_astray_pays_each_bill_once(
    project: Project, fault: str, requestids: str
) -> None:
    project.settings(settle_after="50 ms")
    project.switch(requestids=requestids)
    project.owe(*MANY)
    project.sync()
    project.owe(*MANY, **PAID)
    project.arm(fault, "/batch")

    project.sync(code=None)
    time.sleep(0.06)
    until_settled(project)

    paid_once(project, MANY)


def test_an_unanswered_payment_of_a_bill_that_was_then_paid_by_hand_is_linked_to_that(project: Project) -> None:
    project.settings(settle_after="50 ms")
    billed(project)
    project.arm("drop-before-commit", "/billpayment")
    project.sync(code=6)
    theirs = by_hand(project, bill(project))
    time.sleep(0.06)

    ran = project.sync()

    assert (ran.counts, ran.payment(1)["code"]) == ({"unchanged": 1}, "paid-by-hand")
    assert (row(project).qbo_id, row(project).adopted) == (theirs, True)
    assert len(payments(project)) == 1


def test_a_payment_that_was_sent_again_and_again_is_the_bookkeepers_to_record(project: Project) -> None:
    project.settings(settle_after="10 ms")
    billed(project)
    project.arm("drop-before-commit", "/billpayment", times=9)
    for _ in range(4):
        project.sync(code=6)
        time.sleep(0.02)
    told = project.sync().payment(1)

    assert (told["state"], told["code"]) == ("held", "outcome-unknown")
    assert "record its payment there, and the next run links it" in told["remedy"]
    theirs = by_hand(project, bill(project))
    assert project.sync().payment(1)["code"] == "paid-by-hand"
    assert row(project).qbo_id == theirs


def test_an_unanswered_payment_of_a_bill_that_was_then_paid_in_part_is_held(project: Project) -> None:
    project.settings(settle_after="50 ms")
    billed(project)
    project.arm("drop-before-commit", "/billpayment")
    project.sync(code=6)
    by_hand(project, bill(project), amount=50)
    time.sleep(0.06)

    told = project.sync().payment(1)

    assert (told["state"], told["code"]) == ("held", "part-paid")
    assert len(payments(project)) == 1


def test_a_bill_is_not_changed_while_its_payment_is_without_an_answer(project: Project) -> None:
    project.settings(settle_after="60 s")
    billed(project)
    project.arm("commit-late", "/billpayment", seconds=0.3)
    project.sync(code=6)
    project.owe(1, total_payout="250.00", **PAID)

    ran = project.sync(code=6)

    assert ran.counts == {"held": 1}
    time.sleep(0.4)
    assert bill(project)["TotalAmt"] == 101.25
    paid_once(project, (1,))


@pytest.mark.parametrize("loss", ["deleted", "restored"])
def test_a_state_that_is_new_or_older_finds_the_payment_on_its_bill(project: Project, loss: str) -> None:
    project.switch(requestids="forget")
    project.owe(1)
    project.sync()
    copy = (project.folder / "state.db").read_bytes()
    project.owe(1, **PAID)
    project.sync()
    (made,) = payments(project)
    project.forget()
    if loss == "restored":
        (project.folder / "state.db").write_bytes(copy)

    told = project.sync().payment(1)

    assert (told["action"], told["state"], told["qbo_id"]) == ("adopt", "sent", made["Id"])
    paid_once(project, (1,))
    assert project.sync().counts == {"unchanged": 1}


def test_a_replayed_answer_is_read_before_it_is_believed(project: Project) -> None:
    """The state is lost and the payment deleted; QuickBooks answers the same id with its first answer."""
    billed(project)
    project.sync()
    project.control("person", {"does": "unpay", "bill": bill(project)["Id"]})
    project.forget()
    time.sleep(3)  # the answer must be older than the new send by more than the clocks may differ

    told = project.sync().payment(1)

    assert (told["state"], told["code"]) == ("held", "deleted-in-quickbooks")
    assert not payments(project)


def test_a_payment_keeps_its_bytes_under_its_id(project: Project) -> None:
    project.settings(settle_after="1 ms")
    billed(project)
    project.arm("drop-before-commit", "/billpayment", times=2)
    for _ in range(3):
        project.sync(code=None)
        time.sleep(0.01)

    sent = [each for each in project.writes() if "billpayment" in each["path"]]
    assert len(sent) == 3
    assert len({(each["requestid"], each["body"]) for each in sent}) == 1
    (item,) = [each for each in rows(project, RequestItemRow) if '"PayType"' in each.body]
    assert (item.outcome, item.body) == ("applied", sent[0]["body"])
    assert [each.entity for each in rows(project, RequestRow) if each.id == item.request] == ["BillPayment"]
