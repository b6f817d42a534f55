"""The log of a run as operators search it: one line a document, one line the run, the same keys in each."""

import json
import re
import time
from typing import Any

from project import Project, bill

from connector.sync.planned import COUNTS

KEYS = "run source invoice kind number action state qbo_id code intuit_tid seconds".split()
HEAD = ["event", "level", "timestamp"]

GOLDEN = """\
document cake 1 payment - pay sent 6 tid seconds
document cake 2 bill CAKE-2 update sent 2 tid seconds
document cake 4 bill CAKE-4 adopt sent 4 - - entered-by-hand
document cake 5 bill CAKE-5 create sent 5 tid seconds
document cake 6 bill CAKE-6 hold held - - - amount-above
run cake - - - - - - - seconds
"""


def lines(said: str) -> list[dict[str, Any]]:
    """The lines for a document and for the run."""
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return [line for line in told if line["event"] in ("document", "run")]


def shown(line: dict[str, Any]) -> str:
    """The line as the golden text has it: what differs from run to run by its name alone."""
    assert line["level"] == "info"
    named = {**line}
    if line["intuit_tid"] is not None:
        assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", line["intuit_tid"])
        named["intuit_tid"] = "tid"
    if line["seconds"] is not None:
        assert 0 < line["seconds"] < 60
        named["seconds"] = "seconds"
    told = ["event", *(key for key in KEYS if key not in ("run", "code"))]
    return " ".join([str(named[key] or "-") for key in told] + ([named["code"]] if named["code"] else []))


def test_a_run_is_told_in_lines_of_the_same_keys_with_the_request_of_each_document(project: Project) -> None:
    project.settings(concurrency="1")  # or any of the bills may get the lowest id
    project.records_payments()
    project.owe(1, 2, 3)
    project.sync()
    project.load("Vendor", {"DisplayName": "Affiliate 4", "CurrencyRef": {"value": "AUD"}})
    project.load("Bill", bill("CAKE-4", "Affiliate 4", 104.25))
    project.owe(1, invoice_status="Paid")
    project.owe(2, total_payout="150.25")
    project.owe(4, 5)
    project.owe(6, total_payout="30000.00")

    ran = project.run("-v", "sync", "--yes", "--json", "--log-format", "json")

    told = lines(ran.said)
    assert "\n".join(map(shown, told)) + "\n" == GOLDEN
    for line in told[:-1]:
        assert sorted(line) == sorted([*HEAD, *KEYS])
    assert sorted(told[-1]) == sorted([*HEAD, *KEYS, "command", "exit_code", *COUNTS])
    assert {name: told[-1][name] for name in COUNTS} == ran.json["counts"]
    assert {line["run"] for line in told} == {ran.json["run"]}


def test_of_a_batch_all_have_the_same_request_and_without_info_nobody_asks_for_any(
    project: Project,
) -> None:
    project.owe(*range(100, 130))

    (request,) = {
        (line["intuit_tid"], line["seconds"])
        for line in lines(project.run("-v", "sync", "--yes", "--log-format", "json").said)
        if line["event"] == "document"
    }

    assert request[0]


def test_two_sources_in_one_run_have_no_one_source_and_a_lost_answer_its_request_too(project: Project) -> None:
    project.settings(commission_factory=True)
    project.owe(1)
    project.arm("commit-then-drop")

    one, run = lines(project.run("-v", "sync", "--yes", "--log-format", "json").said)

    assert (one["state"], one["code"], one["intuit_tid"]) == ("sending", "outcome-unknown", None)
    assert one["seconds"] > 0
    assert (run["source"], run["exit_code"], run["unknown"]) == (None, 6, 1)

    time.sleep(1.1)
    found, _ = lines(project.run("-v", "sync", "--yes", "--wait", "--log-format", "json").said)

    assert (found["action"], found["state"], found["qbo_id"] is None) == ("create", "sent", False)
    assert (found["intuit_tid"], found["seconds"]) == (None, None)  # looked for and found; nothing was sent
