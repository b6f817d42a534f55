"""Whole runs against the pretend services: what is counted, what is written, and how a run ends."""

import json
import shutil
import time
from pathlib import Path

import pytest
from project import Project, bill

from connector.document import Key, marker
from connector.sandbox.credentials import REALM_ID

AUD = {"CurrencyRef": {"value": "AUD"}}


def vendor(project: Project, name: str, currency: str = "AUD") -> None:
    project.load("Vendor", {"DisplayName": name, "CurrencyRef": {"value": currency}})


def edit(project: Project, old: str, new: str) -> None:
    """Change the mapping, whose examples would otherwise object."""
    path = project.folder / "mappings/cake.yaml"
    text = path.read_text().split("\nexamples:")[0]
    assert old in text
    path.write_text(text.replace(old, new))


def add_row(project: Project, row: str, table: str = "cake.vendors.csv") -> None:
    with (project.folder / "mappings" / table).open("a") as file:
        file.write(row + "\n")


def test_every_approved_invoice_becomes_one_bill_and_a_second_run_changes_nothing(project: Project) -> None:
    project.owe(1, 2, 3)

    first = project.sync()
    again = project.sync()

    assert first.counts == {"created": 3}
    assert again.counts == {"unchanged": 3}
    assert "     3 unchanged\n" in project.run("plan").out
    assert project.plan().json["documents"] == []
    assert [each["state"] for each in project.plan("--all").json["documents"]] == ["sent"] * 3
    assert project.numbers() == {"CAKE-1": 1, "CAKE-2": 1, "CAKE-3": 1}


def test_what_waits_without_a_currency_is_summed_apart(project: Project) -> None:
    project.owe(1, currency_symbol="XYZ")
    project.owe(2, currency_symbol="XYZ")

    assert "     2 held  ? 203.50\n" in project.run("plan").out


def test_the_plan_says_what_the_sync_then_does(project: Project) -> None:
    project.owe(1, 2)
    project.owe(3, total_payout="-12.00")
    project.owe(4, total_payout="0.00")
    project.owe(5, total_payout="31000.00")
    project.owe(6, invoice_status="Void")
    project.owe(7, invoice_status="Disputed")
    project.owe(8, invoice_date="2025-12-31")
    project.owe(9, affiliate_id=None, advertiser_id=301)

    planned = project.plan()
    done = project.sync()

    assert planned.counts == done.counts == {"created": 2, "credited": 1, "skipped": 4, "held": 2}
    assert {each["invoice"]: each["code"] for each in done.json["documents"]} == {
        "1": None,
        "2": None,
        "3": None,
        "4": "zero-amount",
        "5": "amount-above",
        "6": "left",
        "7": "status-unknown",
        "8": "before-start",
        "9": "left",
    }
    assert project.numbers() == {"CAKE-1": 1, "CAKE-2": 1}
    assert project.numbers("VendorCredit") == {"CAKE-3": 1}
    # The one before the start date lies before what is read again.
    assert project.sync().counts == {"unchanged": 3, "skipped": 3, "held": 2}


def test_every_field_of_the_json_document_is_there(project: Project) -> None:
    project.owe(1)
    ran = project.sync()

    assert set(ran.json) == {"schema", "run", "started", "ended", "company", "counts", "documents", "problems"}
    assert ran.json["schema"] == "connector/sync/1"
    assert ran.json["company"] == {
        "realm_id": "4620816365000000000",
        "name": "Sandbox Affiliate Agency Pty Ltd",
        "environment": "sandbox",
    }
    (held,) = project.held()
    document = ran.of(1)
    assert document.pop("link").startswith("https://sandbox.qbo.intuit.com/app/login?pagereq=")
    assert document == {
        "source": "cake",
        "invoice": "1",
        "kind": "bill",
        "number": "CAKE-1",
        "vendor": "Affiliate 1",
        "date": "2026-09-30",
        "due": "2026-10-30",
        "currency": "AUD",
        "amount": "101.25",
        "action": "create",
        "state": "sent",
        "qbo_id": held["Id"],
        "code": None,
        "reason": None,
        "remedy": None,
        "lines": [
            {
                "amount": "101.25",
                "account": "Affiliate payouts",
                "description": "Affiliate payout to Affiliate 1, September 2026",
            }
        ],
    }
    assert list(ran.json["counts"]) == (
        "created adopted updated removed credited paid unchanged held blocked refused unknown waiting skipped".split()
    )


def test_the_plan_leaves_no_file_but_the_sign_in_and_request_windows(project: Project) -> None:
    project.owe(1, 2)
    before = {path.name for path in project.folder.rglob("*")}

    project.plan()
    project.plan("-o", "saved.json")

    new = {path.name for path in project.folder.rglob("*")} - before
    assert {name for name in new if "sign-in" not in name and not name.endswith((".requests.lock", ".requests"))} == {
        "state.key",
        "saved.json",
    }
    assert not project.writes()


def test_a_plan_beside_a_state_writes_no_document_and_no_run(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.owe(2)
    project.plan()

    with project.state() as state:
        assert state.counts_by_state("4620816365000000000") == {"sent": 1}
        assert state.invoice("4620816365000000000", "cake", "2") is None


def test_detailed_exit_code_says_whether_there_is_work(project: Project) -> None:
    assert project.plan("--detailed-exitcode").code == 0
    project.owe(1)
    project.plan("--detailed-exitcode", code=10)
    project.sync()
    project.plan("--detailed-exitcode")


# One source fails.


def test_a_source_with_a_wrong_key_stops_no_other(project: Project) -> None:
    project.settings(commission_factory=True, cake="wrong")
    project.control(
        "load",
        {
            "commission_factory": [
                {
                    "Id": 7,
                    "Number": "CF-7",
                    "DateCreated": "2026-03-01T00:00:00",
                    "DatePaid": "2026-03-05T00:00:00",
                    "Description": "Commissions",
                    "SubTotal": 100.0,
                    "GST": 10.0,
                    "Total": 110.0,
                }
            ]
        },
    )
    ran = project.sync(code=4)

    assert ran.counts == {"created": 1}
    assert [(each["source"], each["who"]) for each in ran.json["problems"]] == [("cake", "operator")]
    # The source that went well need not read all the books again.
    with project.state() as state:
        assert [each.split()[0] for each in state.company_facts("4620816365000000000").sources_read] == [
            "commission_factory"
        ]


def test_a_missing_key_is_a_fault_of_the_settings(project: Project) -> None:
    path = project.folder / "connector.toml"
    path.write_text(path.read_text().replace('api_key = "sandbox-cake-key"\n', ""))

    ran = project.run("sync", "--yes", "--json")

    assert ran.code == 3
    assert "api_key" in ran.json["problems"][0]["what"]


def test_a_mapping_with_a_fault_stops_its_source(project: Project) -> None:
    project.owe(1)
    edit(project, "<invoice_date>", "<invoce_date>")

    ran = project.sync(code=3)

    assert ran.counts == {}
    assert ran.json["problems"][0]["source"] == "cake"


@pytest.mark.parametrize("service", ["/cake", "/query", "/preferences", "/companyinfo"])
def test_html_in_place_of_an_answer_ends_with_5_and_nothing_is_written(project: Project, service: str) -> None:
    project.owe(1)
    project.control("arm", {"fault": "answer-html", "path": service, "status": 200, "times": 50})

    ran = project.sync(code=5)

    assert ran.counts == {}  # nothing could be decided about
    assert len(ran.json["problems"]) == 1
    assert not project.writes()


@pytest.mark.slow
@pytest.mark.parametrize("service", ["/cake", "/query"])
def test_a_service_that_stays_away_ends_with_5(project: Project, service: str) -> None:
    project.owe(1)
    project.control("arm", {"fault": "answer-html", "path": service, "status": 503, "times": 50})

    assert project.sync(code=5).counts == {}


def test_a_sign_in_that_intuit_refuses_ends_with_4(project: Project) -> None:
    project.owe(1)
    path = project.folder / "connector.toml"
    path.write_text(path.read_text().replace("sandbox-refresh-token", "no-such-token"))

    ran = project.sync(code=4)

    assert ran.json["problems"][0]["who"] == "operator"
    assert not project.held()


# Limits, lock, saved plan.


@pytest.mark.parametrize("limit", ["max_bills = 2", "max_total = {AUD = '300.00'}"])
def test_a_limit_stops_the_whole_run_before_anything_is_written(project: Project, limit: str) -> None:
    project.settings(limits=f"[limits]\n{limit}")
    project.owe(1, 2, 3)

    ran = project.sync(code=8)

    assert ran.counts == {"waiting": 3}
    assert not project.writes()
    assert not project.held("Vendor") or "Affiliate 1" not in {each["DisplayName"] for each in project.held("Vendor")}
    project.settings(limits="")
    assert project.sync().counts == {"created": 3}


def test_a_currency_without_a_limit_is_not_bound(project: Project) -> None:
    project.settings(limits="[limits]\nmax_total = {USD = '1.00'}")
    project.owe(1)

    assert project.sync().counts == {"created": 1}


def test_a_second_run_says_who_holds_the_lock_and_does_nothing(project: Project) -> None:
    from connector.state.lock import CompanyLock  # noqa: PLC0415

    project.owe(1)
    with CompanyLock(project.folder, "4620816365000000000", "sync"):
        ran = project.run("sync", "--yes", "--json")

    assert ran.code == 7
    assert "process" in ran.json["problems"][0]["what"]
    assert not project.writes()


def test_on_a_disk_that_is_nearly_full_no_run_is_begun(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.owe(1)
    with monkeypatch.context() as nearly_full:
        nearly_full.setattr("connector.state.file._ROOM", 10**18)
        ran = project.sync(code=5)

    assert [each["code"] for each in ran.json["problems"]] == ["disk-low"]
    assert not project.writes()
    assert project.sync().counts == {"created": 1}


def test_a_saved_plan_is_written_exactly(project: Project) -> None:
    project.owe(1, 2)
    project.plan("-o", "plan.json")

    assert project.run("sync", "--plan", "plan.json", "--json").code == 0
    assert project.numbers() == {"CAKE-1": 1, "CAKE-2": 1}


def test_a_saved_plan_is_refused_and_what_moved_is_named(project: Project) -> None:
    project.owe(1, 2)
    project.plan("-o", "plan.json")
    project.owe(2, total_payout="5.00")
    project.owe(3)
    edit(project, "memo:     CAKE invoice", "memo:     Invoice")

    ran = project.run("sync", "--plan", "plan.json", "--json")

    assert ran.code == 3
    (problem,) = ran.json["problems"]
    assert problem["code"] == "plan-outdated"
    for moved in ("the mapping of cake", "cake:2", "cake:3"):
        assert moved in problem["what"]
    assert not project.writes()
    assert not {each for each in ran.json["counts"].values() if each} or "created" not in ran.counts


def test_a_file_that_is_no_plan_is_refused(project: Project) -> None:
    (project.folder / "plan.json").write_text('["no"]')

    assert project.run("sync", "--plan", "plan.json", "--json").code == 3


# The state is deleted or old.


def test_with_the_state_deleted_every_bill_is_adopted_and_none_is_made(project: Project) -> None:
    project.settings(settle_after="100 ms")
    project.owe(*range(1, 16))
    project.owe(20, total_payout="-8.00")
    project.sync()
    writes = len(project.writes())
    project.forget()

    again = project.sync()

    assert again.counts == {"adopted": 16}
    assert len(project.writes()) == writes
    assert project.sync().counts == {"unchanged": 16}


def test_with_the_state_deleted_a_bill_that_a_person_released_is_adopted_and_not_held_again(project: Project) -> None:
    project.settings(settle_after="100 ms")
    project.owe(1, total_payout="24000.00")
    project.sync()
    project.forget()
    edit(project, "25,000.00", "20,000.00")

    assert project.sync().counts == {"adopted": 1}


def test_a_renamed_number_pattern_with_the_state_deleted_makes_no_second_bill(project: Project) -> None:
    project.settings(settle_after="100 ms")
    project.owe(1, 2)
    project.sync()
    project.forget()
    edit(project, "CAKE-<invoice_id>", "C<invoice_id>")

    assert project.sync().counts == {"adopted": 2}
    assert sum(project.numbers().values()) == 2


def test_an_older_copy_of_the_state_adopts_what_was_made_since(project: Project, tmp_path: Path) -> None:
    project.settings(settle_after="100 ms")
    project.owe(1)
    project.sync()
    shutil.copy(project.folder / "state.db", tmp_path / "copy")
    project.owe(2, 3)
    project.sync()
    for path in project.folder.glob("state.db-*"):
        path.unlink()
    shutil.copy(tmp_path / "copy", project.folder / "state.db")

    assert project.sync().counts == {"adopted": 2, "unchanged": 1}
    assert project.numbers() == {"CAKE-1": 1, "CAKE-2": 1, "CAKE-3": 1}


def test_a_send_that_the_deleted_state_knew_of_is_waited_out(project: Project) -> None:
    """The bill is on its way when the state goes, and QuickBooks shows it late and forgets ids."""
    project.settings(settle_after="1 s")
    project.owe(*range(1, 15))
    project.switch(hide_new_bills_seconds=0.7, requestids="forget")
    project.arm("commit-then-drop", "/batch", skip=1)
    project.sync(code=6)
    project.forget()

    assert project.sync().counts == {"adopted": 14}
    assert set(project.numbers().values()) == {1}


def test_a_start_date_that_moves_back_reads_the_older_books_first(project: Project) -> None:
    project.settings(start="2026-09-01")
    project.owe(1)
    project.sync()
    project.owe(3)
    project.sync()  # the books are known up to now
    vendor(project, "Affiliate 2")
    project.load(
        "Bill",
        bill(
            "CAKE-2",
            "Affiliate 2",
            102.25,
            TxnDate="2026-06-15",
            MetaData={"CreateTime": "2026-06-15T09:00:00Z"},
            **AUD,
        ),
    )
    project.owe(2, invoice_date="2026-06-15")
    project.settings(start="2026-01-01")

    assert project.sync().counts == {"adopted": 1, "unchanged": 2}


def test_a_reading_of_the_books_that_breaks_off_is_done_again_from_where_it_began(project: Project) -> None:
    """A strange mark says that the state is old; the next run must see it too if this one dies before reading all."""
    vendor(project, "Affiliate 1")
    vendor(project, "Affiliate 20")
    made = "2026-09-30T09:00:00Z"
    project.load("Bill", bill("CAKE-1", "Affiliate 1", 101.25, MetaData={"CreateTime": made}, **AUD))
    project.owe(1)
    assert project.sync().counts == {"adopted": 1}

    strange = {"PrivateNote": "ref:abcdefghijklmnop", "MetaData": {"CreateTime": "2026-10-05T09:00:00Z"}}
    project.load("Bill", bill("X-1", "Affiliate 1", 5, **strange, **AUD))
    later = {"MetaData": {"CreateTime": "2026-10-09T09:00:00Z"}}
    project.load("Bill", bill("X-2", "Affiliate 1", 6, **later, **AUD))
    own = {
        "PrivateNote": marker(Key(REALM_ID, "cake", "20", "credit")),
        "MetaData": {"CreateTime": "2026-10-01T09:00:00Z"},
    }
    project.load("VendorCredit", bill("OTHER", "Affiliate 20", 8, TxnDate="2026-03-01", **own, **AUD))
    project.owe(20, total_payout="-8.00")
    project.control("arm", {"fault": "answer-html", "path": "/query", "status": 200, "skip": 1, "times": 1})
    project.sync(code=5)

    assert project.sync().counts == {"adopted": 1, "unchanged": 1}


# Typed by hand.


def test_a_bill_typed_by_hand_is_linked_and_not_sent(project: Project) -> None:
    vendor(project, "Affiliate 1")
    (typed,) = project.load("Bill", bill("CAKE-1", "Affiliate 1", 101.25, **AUD))
    project.owe(1)

    ran = project.sync()

    assert ran.counts == {"adopted": 1}
    assert (ran.of(1)["code"], ran.of(1)["qbo_id"], ran.of(1)["state"]) == ("entered-by-hand", typed, "sent")
    assert not project.writes()
    assert project.sync().counts == {"unchanged": 1}


@pytest.mark.parametrize(
    ("whose", "amount"), [("Affiliate 2", 101.25), ("Affiliate 1", 7.00)], ids=["another vendor", "another amount"]
)
def test_anything_else_with_the_number_is_held_until_it_is_gone(project: Project, whose: str, amount: float) -> None:
    vendor(project, "Affiliate 1")
    vendor(project, "Affiliate 2")
    (typed,) = project.load("Bill", bill("CAKE-1", whose, amount, **AUD))
    project.owe(1)

    ran = project.sync()
    assert ran.counts == {"held": 1}
    assert ran.of(1)["code"] == "possible-duplicate"
    project.load("Bill", {"Id": typed, "DocNumber": "OTHER", "VendorRef": {"name": "Affiliate 2"}})

    assert project.sync().counts == {"created": 1}


def test_the_same_vendor_and_amount_three_days_apart_under_another_number_is_held(project: Project) -> None:
    vendor(project, "Affiliate 1")
    vendor(project, "Affiliate 2")
    project.load("Bill", bill("X-9", "Affiliate 1", 101.25, TxnDate="2026-10-03", **AUD))
    project.load("Bill", bill("X-10", "Affiliate 2", 102.25, TxnDate="2026-10-04", **AUD))
    project.owe(1, 2)

    ran = project.sync()

    assert ran.counts == {"held": 1, "created": 1}
    assert ran.of(1)["code"] == "possible-duplicate"


# Vendors.


def test_two_payees_of_one_name_do_not_share_a_vendor_until_a_table_says_so(project: Project) -> None:
    project.owe(1, affiliate_name="Twin")
    project.owe(2, affiliate_name="Twin")

    ran = project.sync()
    assert ran.counts == {"created": 1, "held": 1}
    assert ran.of(2)["code"] == "vendor-shared"
    add_row(project, "500002,Twin,Twin two,,")

    assert project.sync().counts == {"created": 1, "unchanged": 1}
    assert {each["VendorRef"]["name"] for each in project.held()} == {"Twin", "Twin two"}


def test_a_payee_under_a_new_name_is_held_until_a_table_says_so(project: Project) -> None:
    project.owe(1, affiliate_id=9, affiliate_name="Old name")
    project.sync()
    project.owe(2, affiliate_id=9, affiliate_name="New name")

    assert project.sync().of(2)["code"] == "vendor-renamed"
    add_row(project, "9,,New name,,")
    assert project.sync().counts == {"created": 1, "unchanged": 1}


def test_a_vendor_in_another_currency_blocks_its_bills(project: Project) -> None:
    vendor(project, "Affiliate 1", "EUR")
    project.owe(1)

    ran = project.sync(code=6)

    assert ran.counts == {"blocked": 1}
    assert ran.of(1)["code"] == "vendor-currency"


def test_a_new_vendor_whose_currency_quickbooks_ignores_blocks_its_bills(project: Project) -> None:
    project.switch(vendor_currency_ignored=True)
    project.owe(1, currency_symbol="EUR")

    ran = project.sync(code=6)

    assert ran.counts == {"blocked": 1}
    assert ran.of(1)["code"] == "vendor-currency"
    assert project.sync(code=6).counts == {"blocked": 1}


def test_a_name_that_a_customer_has_blocks_until_a_row_names_another(project: Project) -> None:
    project.owe(1, affiliate_name="Northwind Deals")

    ran = project.sync(code=6)
    assert ran.counts == {"blocked": 1}
    assert ran.of(1)["code"] == "vendor-name"
    add_row(project, "500001,Northwind Deals,Northwind Deals (affiliate),,")

    assert project.sync().counts == {"created": 1}


@pytest.mark.parametrize("name", ["a:b", "a\tb", "a\nb", "x" * 501, "bell\x07", "\x7f", "\u202etxt", "'; --", "back\\"])
def test_no_name_ends_a_run(project: Project, name: str) -> None:
    project.owe(1, affiliate_name=name)
    project.owe(2)

    ran = project.sync(code=None)

    assert ran.code in (0, 6), ran.said
    assert ran.counts["created"] >= 1
    assert sum(ran.counts.values()) == 2


def test_an_account_that_is_missing_blocks_until_it_is_there(project: Project) -> None:
    add_row(project, "500001,,Affiliate 1,Payouts elsewhere,")
    project.owe(1)

    ran = project.sync(code=6)
    assert ran.counts == {"blocked": 1}
    assert ran.of(1)["code"] == "account-not-found"
    project.load("Account", {"Name": "Payouts elsewhere", "AccountType": "Expense"})

    assert project.sync().counts == {"created": 1}


# Policies.


def test_closed_books_hold(project: Project) -> None:
    project.control("preferences", {"book_close_date": "2026-09-30"})
    project.owe(1)
    project.owe(2, invoice_date="2026-10-01")

    ran = project.sync()

    assert ran.counts == {"held": 1, "created": 1}
    assert ran.of(1)["code"] == "books-closed"
    project.control("preferences", {"book_close_date": "2026-08-31"})
    assert project.sync().counts == {"created": 1, "unchanged": 1}


def test_closed_books_move_a_bill_to_the_next_open_day_and_a_refused_one_is_not_sent_every_run(
    project: Project,
) -> None:
    project.control("preferences", {"book_close_date": "2026-09-30"})
    edit(project, "books closed:              hold", "books closed:              next open day")
    project.owe(1, 2)
    project.arm("answer-fault", status=400, code="2500", message="Invalid", detail="", times=1)
    project.settings(concurrency="1")

    assert project.sync(code=6).counts == {"refused": 1, "created": 1}
    assert project.sync(code=6).counts == {"refused": 1, "unchanged": 1}
    (held,) = project.held()
    assert held["TxnDate"] == "2026-10-01"
    assert "Invoice date 2026-09-30" in held["PrivateNote"]


def test_a_number_that_two_invoices_want_is_given_to_neither(project: Project) -> None:
    edit(project, "CAKE-<invoice_id>", "N-<total_payout>")
    project.owe(1, 2, total_payout="10.00")
    project.owe(3, total_payout="11.00")

    ran = project.sync()

    assert ran.counts == {"held": 2, "created": 1}
    assert {ran.of(id_)["code"] for id_ in (1, 2)} == {"number-twice"}


def test_a_credit_that_turns_into_a_bill_leaves_no_second_document(project: Project) -> None:
    project.owe(1, total_payout="-10.00")
    project.sync()
    project.owe(1, total_payout="10.00")

    ran = project.sync()

    assert ran.counts == {"held": 1}
    assert ran.of(1)["code"] == "changed-at-source"
    assert (sum(project.numbers().values()), sum(project.numbers("VendorCredit").values())) == (0, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"total_payout": "1.00"}, "changed-at-source"),
        ({"invoice_date": "2026-08-31"}, "changed-at-source"),
        ({"invoice_status": "Void"}, "voided-at-source"),
        ({"invoice_status": "Pending"}, "changed-at-source"),
    ],
)
def test_what_changes_after_the_bill_was_made_is_held_and_released_when_it_changes_back(
    project: Project, change: dict[str, str], code: str
) -> None:
    edit(project, "invoice changed later:     update", "invoice changed later:     hold")
    edit(project, "invoice voided later:      delete", "invoice voided later:      hold")
    project.owe(1)
    project.sync()
    project.owe(1, **change)

    ran = project.sync()
    assert ran.counts == {"held": 1}
    assert ran.of(1)["code"] == code
    project.owe(1)
    assert project.sync().counts == {"unchanged": 1}


def test_texts_and_mapping_edits_never_touch_a_sent_bill(project: Project) -> None:
    project.owe(1)
    project.sync()
    edit(project, "memo:     CAKE invoice", "memo:     Invoice")
    add_row(project, "500001,,Somebody else,,")
    project.owe(1, affiliate_name="Other words", payment_type="Check")

    assert project.sync().counts == {"unchanged": 1}


# Selections.


def test_only_the_invoices_that_are_named_are_touched(project: Project) -> None:
    project.owe(1, 2, 3, 4)

    assert project.sync("1", "cake:2", "CAKE-3").counts == {"created": 3}
    assert project.run("sync", "--yes", "--json", "9").code == 2
    assert project.numbers() == {"CAKE-1": 1, "CAKE-2": 1, "CAKE-3": 1}
    assert project.sync().counts == {"created": 1, "unchanged": 3}


def test_only_the_month_or_since_the_day_that_is_named(project: Project) -> None:
    project.owe(1, invoice_date="2026-08-31")
    project.owe(2, invoice_date="2026-09-01")
    project.owe(3, invoice_date="2026-10-01")

    assert project.plan("--period", "2026-09").counts == {"created": 1}
    assert project.plan("--since", "2026-09-01").counts == {"created": 2}
    assert project.sync("--period", "2026-08").counts == {"created": 1}
    assert project.numbers() == {"CAKE-1": 1}


def test_only_the_source_that_is_named(project: Project) -> None:
    project.settings(commission_factory=True)
    project.owe(1)

    assert project.sync("--source", "commission_factory").counts == {}
    assert project.sync("--source", "cake").counts == {"created": 1}
    assert project.run("sync", "--yes", "--json", "--source", "nobody").code == 2


def test_a_run_that_was_told_to_look_at_one_invoice_advances_no_pull(project: Project) -> None:
    project.owe(1, 2)
    project.sync("1")
    with project.state() as state:
        assert state.last_complete_pull("4620816365000000000", "cake") is None
    project.sync()
    with project.state() as state:
        assert state.last_complete_pull("4620816365000000000", "cake") is not None


def test_without_a_terminal_a_sync_needs_consent(project: Project) -> None:
    assert project.run("sync", "--json").code == 2


def test_the_foreign_bill_carries_the_rate_of_the_day(project: Project) -> None:
    project.switch(foreign_rate_missing="refuse")
    project.owe(1, currency_symbol="USD")

    assert project.sync().counts == {"created": 1}
    (held,) = project.held()
    assert held["CurrencyRef"]["value"] == "USD"
    assert held["ExchangeRate"] != 1


def test_a_currency_that_the_company_has_not_switched_on_is_blocked(project: Project) -> None:
    project.owe(1, currency_symbol="JPY", total_payout="1000")
    project.owe(2)

    ran = project.sync(code=6)

    assert ran.counts == {"blocked": 1, "created": 1}


def test_paid_invoices_are_counted_at_the_end(project: Project) -> None:
    project.owe(1, 2, invoice_status="Paid")

    out = project.run("sync", "--yes").out

    assert "2 of these" in out
    assert "already paid at" in out


def test_the_runs_of_the_state_add_up(project: Project) -> None:
    project.owe(1, 2)
    ran = project.sync()
    with project.state() as state:
        (kept,) = state.runs(5)
    assert kept.id == ran.json["run"]
    assert kept.exit_code == 0
    assert sum((kept.counts or {}).values()) == 2
    assert json.dumps(kept.problems) == "[]"
    assert kept.ended is not None
    assert time.time() - kept.ended.timestamp() < 60


def test_a_lost_key_file_is_got_past_with_a_refresh_token_in_the_settings(project: Project) -> None:
    project.owe(1)
    project.sync()
    (project.folder / "state.key").unlink()
    project.owe(2)

    assert {"created": 1, "unchanged": 1} == project.sync().counts


def test_a_refused_key_says_where_it_came_from(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_SOURCES__CAKE__API_KEY", "no-such-key")

    (problem,) = project.run("sync", "--yes", "--json").json["problems"]

    assert problem["code"] == "source-key-refused"
    assert "CONNECTOR_SOURCES__CAKE__API_KEY" in problem["what"]
    assert "no-such-key" not in str(problem)
