import json
import re
import time

import pytest
from past_invoices import CREDIT, EARLY, HOSTILE, HOSTILE_ONE, LARGE, MAPPED, PENDING, REFUSED, TAKEN, UNKNOWN
from project import Project

from connector.sandbox.credentials import CAKE_KEY, CLIENT_SECRET, REFRESH_TOKEN


def life(project: Project, name: object) -> dict:
    document = project.run("why", str(name), "--json").json
    assert document["schema"] == "connector/why/1"
    (found,) = document["invoices"]
    return found


def box(document: dict, name: str) -> tuple[str, list[str]]:
    (found,) = (each for each in document["boxes"] if each["box"] == name)
    return found["value"], [each["place"] for each in found["decided_by"]]


def line_of(project: Project, file: str, beginning: str) -> int:
    lines = (project.folder / file).read_text().splitlines()
    return next(n for n, line in enumerate(lines, start=1) if line.strip().startswith(beginning))


def test_every_box_names_the_line_and_the_row_that_decided_it_as_they_were(past: Project) -> None:
    found = life(past, MAPPED)
    (bill,) = found["documents"]

    # The mapping was edited since and every line moved down by one.
    now = line_of(past, "mappings/cake.yaml", "vendor:")
    row = line_of(past, "mappings/cake.vendors.csv", "67890,")
    assert found["mapping"]["read_from"] == "state"
    assert box(bill, "vendor") == (
        "MediaBridge Partners LLC",
        [f"mappings/cake.yaml:{now - 1}", f"mappings/cake.vendors.csv:{row}"],
    )
    (vendor,) = (each for each in bill["boxes"] if each["box"] == "vendor")
    assert vendor["decided_by"][0]["text"] == "vendor:   <vendors.vendor or affiliate_name>"
    assert vendor["decided_by"][1]["text"].startswith("67890,")
    assert box(bill, "number")[0] == f"CAKE-{MAPPED}"
    assert box(bill, "lines[1].amount")[0] == "162.25"
    assert not found["changed_since"]


def test_a_document_of_the_present_mapping_is_traced_through_its_file(past: Project) -> None:
    found = life(past, UNKNOWN)

    assert found["mapping"]["read_from"] == "file"
    now = line_of(past, "mappings/cake.yaml", "number:")
    assert box(found["documents"][0], "number") == (f"CAKE-{UNKNOWN}", [f"mappings/cake.yaml:{now}"])


def test_an_edited_table_is_traced_through_the_stored_one(copied: Project) -> None:
    table = copied.folder / "mappings/cake.vendors.csv"
    header, *rows = table.read_text().splitlines()
    table.write_text("\n".join([header, "1,A,A,Affiliate payouts,", *rows]) + "\n")

    found = life(copied, MAPPED)

    row = line_of(copied, "mappings/cake.vendors.csv", "67890,")
    assert box(found["documents"][0], "vendor")[1][1] == f"mappings/cake.vendors.csv:{row - 1}"


def test_a_mapping_that_has_faults_now_still_explains_what_it_made(copied: Project) -> None:
    (copied.folder / "mappings/cake.yaml").write_text("nonsense: [")

    assert box(life(copied, MAPPED)["documents"][0], "vendor")[1]


def test_a_mapping_that_is_no_longer_kept_is_said_to_be(copied: Project) -> None:
    with copied.state() as state, state.write() as t:
        t.exec_driver_sql("DELETE FROM mapping_version")

    found = life(copied, MAPPED)

    assert found["mapping"]["read_from"] is None
    assert box(found["documents"][0], "vendor") == ("MediaBridge Partners LLC", [])
    assert "Decided by a mapping that is no longer kept" in copied.run("why", str(MAPPED)).out


@pytest.mark.parametrize(
    ("invoice", "state", "code"),
    [
        (MAPPED, "sent", None),
        (CREDIT, "sent", None),
        (REFUSED, "refused", "rule-of-quickbooks"),
        (LARGE, "held", "amount-above"),
        (PENDING, "skipped", "left"),
        (EARLY, "skipped", "before-start"),
        (TAKEN, "blocked", "vendor-name"),
        (UNKNOWN, "sending", "outcome-unknown"),
    ],
)
def test_every_invoice_seen_has_a_life_with_its_reason(
    past: Project, invoice: int, state: str, code: str | None
) -> None:
    found = life(past, invoice)

    assert (found["state"], found["code"]) == (state, code)
    assert bool(found["reason"]) == (state != "sent")
    assert found["said"]["record"]["invoice_id"] == str(invoice)
    assert found["said"]["first_seen"] <= found["said"]["last_seen"]
    ran = past.run("why", str(invoice))
    assert ran.code == 0
    assert f"What cake said about invoice {invoice}" in ran.out


def test_an_invoice_that_is_left_names_the_line_that_leaves_it(past: Project) -> None:
    told = past.run("why", str(PENDING)).out

    place = line_of(past, "mappings/cake.yaml", "invoice_status: [Pending")
    assert f"mappings/cake.yaml:{place}  leave names invoice_status Pending" in told


def test_a_bill_that_waits_for_a_start_shows_what_it_would_become(past: Project) -> None:
    found = life(past, EARLY)

    assert found["documents"] == []
    assert box(found, "number")[0] == f"CAKE-{EARLY}"


def test_requests_and_attempts_are_told_with_what_came_back(past: Project) -> None:
    (request,) = life(past, MAPPED)["documents"][0]["requests"]
    (attempt,) = request["attempts"]

    assert (request["operation"], request["outcome"], attempt["http_status"]) == ("create", "applied", 200)
    assert len(request["request_id"]) == 32
    assert attempt["intuit_tid"]
    assert request["request_id"] not in past.run("why", str(MAPPED)).out
    assert "the bill was sent; QuickBooks took it" in past.run("why", str(MAPPED)).out
    told = past.run("why", "-v", str(MAPPED)).out
    assert f"Request {request['request_id']}: create, applied" in told
    assert re.search(r"sending 1: sent .* UTC, answered .* UTC\n     \S+, HTTP 200, intuit_tid \S+", told)


def test_a_refusal_and_a_lost_answer_are_told_apart(past: Project) -> None:
    refused = life(past, REFUSED)["documents"][0]["requests"][0]
    lost = life(past, UNKNOWN)["documents"][0]["requests"][0]

    assert (refused["outcome"], refused["attempts"][0]["http_status"], refused["attempts"][0]["code"]) == (
        "refused",
        400,
        "6000",
    )
    assert (lost["outcome"], lost["attempts"][0]["http_status"]) == (None, None)
    assert "create, no answer yet" in past.run("why", "-v", str(UNKNOWN)).out
    told = past.run("why", str(UNKNOWN)).out
    assert "the bill was sent; the answer was lost\n   The next run looks in QuickBooks before anything is sent" in told
    assert "the bill was sent; QuickBooks refused it: " in past.run("why", str(REFUSED)).out


def test_a_lost_answer_that_was_settled_says_how(copied: Project) -> None:
    copied.settings(settle_after="1 s", more='schedule = "every 15 minutes"')
    time.sleep(1.1)
    copied.sync("--period", "2026-09", code=None)

    found, told = life(copied, UNKNOWN), copied.run("why", str(UNKNOWN)).out

    assert found["state"] == "sent"
    assert (
        "the bill was sent; the answer was lost\n   Then QuickBooks was looked at, and the bill was found there" in told
    )


def test_a_number_of_an_invoice_without_a_document_is_found_by_its_end(past: Project) -> None:
    for name in (f"CAKE-{PENDING}", f"CAKE-{EARLY}"):
        assert life(past, name)["invoice"] == name.removeprefix("CAKE-")
    other = past.run("why", f"OTHER-{PENDING}")
    assert (other.code, f"did you mean CAKE-{PENDING}?" in other.said) == (2, True)
    far = past.run("why", "CAKE-99999999")
    assert (far.code, "did you mean" in far.said) == (2, False)


def test_what_nobody_wrote_says_why_it_is_so(past: Project) -> None:
    value, places = box(life(past, MAPPED)["documents"][0], "amounts are")

    assert (value, places) == ("out of scope of tax", ["by itself"])
    assert "by itself  because no line has a tax box" in past.run("why", str(MAPPED)).out


def test_one_invoice_is_found_by_all_of_its_names(past: Project) -> None:
    bill = life(past, MAPPED)["documents"][0]

    for name in (f"cake:{MAPPED}", f"CAKE-{MAPPED}"):
        assert life(past, name)["invoice"] == str(MAPPED)
    ids = [each["invoice"] for each in past.run("why", bill["qbo_id"], "--json").json["invoices"]]
    assert str(MAPPED) in ids


def test_several_matches_are_all_shown_and_none_twice(past: Project) -> None:
    # Bills and credits count on their own in some companies: a name may mean several invoices.
    found = past.run("why", str(MAPPED), f"CAKE-{MAPPED}", str(CREDIT), "--json").json["invoices"]

    assert [each["invoice"] for each in found] == [str(MAPPED), str(CREDIT)]


def test_a_credit_is_shown_as_one(past: Project) -> None:
    told = past.run("why", str(CREDIT)).out

    assert "\n Vendor credit AUD 75.25  sent\n" in told
    assert "vendorcredit%3FtxnId" in told


def test_a_name_that_nothing_has_ends_with_2_and_near_misses(past: Project) -> None:
    ran = past.run("why", "CAKE-1006", "--json")

    assert (ran.code, ran.out) == (2, "")
    assert "error[invoice-unknown]: no invoice is known by" in ran.said
    assert re.search(r"did you mean CAKE-100\d\d", ran.said)
    assert past.run("why", "%").code == 2


def test_without_a_state_why_says_that_nothing_was_read(fresh: Project) -> None:
    ran = fresh.run("why", "10042")

    assert (ran.code, "nothing has been read yet" in ran.said) == (2, True)


def test_a_hostile_name_does_nothing_to_the_terminal(past: Project) -> None:
    for command in (
        ["why", str(HOSTILE_ONE)],
        ["status"],
        ["runs"],
        ["runs", "show", "0"],
        ["runs", "show", "nope\x1b"],
    ):
        ran = past.run(*command)
        assert "\x1b" not in ran.out + ran.said
        assert "\u202e" not in ran.out + ran.said
    told = past.run("why", str(HOSTILE_ONE)).out
    assert "Foo [/bar]" in told
    assert life(past, HOSTILE_ONE)["said"]["record"]["affiliate_name"] == HOSTILE


def test_no_secret_is_ever_shown(past: Project) -> None:
    names = [str(each) for each in (MAPPED, REFUSED, UNKNOWN, LARGE)]
    shown = "".join(past.run(*each).out for each in (["why", *names], ["why", *names, "--json"], ["auth", "status"]))

    for secret in (CAKE_KEY, CLIENT_SECRET, REFRESH_TOKEN):
        assert secret not in shown
    assert json.loads(past.run("why", str(MAPPED), "--json").out)


def online(project: Project, name: object) -> tuple[dict, str]:
    """The bill as ``why --online`` tells of it, as data and on the screen."""
    (found,) = project.run("why", str(name), "--online", "--json").json["invoices"]
    (line,) = (
        each for each in project.run("why", str(name), "--online").out.splitlines() if "in QuickBooks now" in each
    )
    return found["documents"][0]["quickbooks"], line.partition(": ")[2]


def test_what_became_of_a_bill_in_quickbooks_since_is_told_where_somebody_looks(project: Project) -> None:
    project.owe(1, 2, 3, 4)
    project.sync()
    assert life(project, "CAKE-1")["documents"][0]["quickbooks"] is None
    project.control("person", {"does": "edit", "bill": "CAKE-2", "changes": {"DueDate": "2026-12-24"}})
    project.control("person", {"does": "pay", "bill": "CAKE-3"})
    project.control("person", {"does": "delete", "bill": "CAKE-4"})

    told = {n: online(project, f"CAKE-{n}") for n in (1, 2, 3, 4)}

    assert told[1] == (
        {"deleted": False, "paid": False, "edited": [], "date": "2026-09-30", "net": "101.25"},
        "AUD 101.25 before tax, dated 2026-09-30; unpaid; as it was sent",
    )
    assert told[2][0]["edited"] == ["due date"]
    assert told[2][1].endswith("; a person changed its due date")
    assert told[3][0]["paid"]
    assert "something was paid on it" in told[3][1]
    assert told[4] == (
        {"deleted": True, "paid": False, "edited": [], "date": None, "net": None},
        "somebody deleted it",
    )


def test_whether_a_bill_that_was_found_there_was_changed_nobody_can_tell(project: Project) -> None:
    project.owe(1)
    project.sync()
    project.forget()
    assert project.sync().counts == {"adopted": 1}

    assert online(project, "CAKE-1")[0]["edited"] is None
    assert "nobody can tell" in online(project, "CAKE-1")[1]
