"""One thing is wrong at a time: which check says so, who must act, how the command ends; all else is looked at too."""

import datetime
import gzip
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from doctor_days import lately
from late_server import cake_whose_clock_is
from project import Project

from connector.doctor import services
from connector.doctor.clock import Clock
from connector.route import Heard
from connector.state import file

RELEASES = Path(__file__).parents[1] / "state" / "releases"
EVERYWHERE = {"files", "mappings", "state", "clock", "cake", "QuickBooks", "notices"}


@dataclass(frozen=True)
class Case:
    """What is done, and where it shows: area, check, state, code, who; the exit code; words that are said."""

    name: str
    do: Callable[[Project], Any]
    area: str
    check: str
    state: str
    code: str | None
    who: str
    exit_code: int
    says: str


def edit(name: str, old: str, new: str) -> Callable[[Project], Any]:
    def do(project: Project) -> None:
        path = project.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return do


def keep(data: bytes) -> Callable[[Project], Any]:
    return lambda project: (project.folder / "state.db").write_bytes(data)


def in_state(statement: str) -> Callable[[Project], Any]:
    def do(project: Project) -> None:
        project.sync()
        with sqlite3.connect(project.folder / "state.db") as state:
            state.execute(statement)
        state.close()

    return do


def open_key(project: Project) -> None:
    project.run("doctor")
    (project.folder / "state.key").chmod(0o644)


def prefer(**more: Any) -> Callable[[Project], Any]:
    return lambda project: project.control("preferences", more)


def arm(fault: str, path: str, **more: Any) -> Callable[[Project], Any]:
    return lambda project: project.arm(fault, path, method="GET", times=9, **more)


CASES = (
    Case(
        "settings open to others",
        lambda project: (project.folder / "connector.toml").chmod(0o640),
        *("files", "modes", "note", "file-open", "operator", 0, "mode 0640"),
    ),
    Case(
        "a folder in which others write",
        lambda project: project.folder.chmod(0o777),
        *("files", "folder", "note", "file-open", "operator", 0, "mode 0777"),
    ),
    Case(
        "a misspelt field",
        edit("mappings/cake.yaml", "<invoice_date>", "<invoce_date>"),
        *("mappings", "cake", "fault", "M104", "finance", 3, "no field <invoce_date>"),
    ),
    Case(
        "an example that comes out otherwise",
        edit("mappings/cake.yaml", "4,825.50", "4,825.51"),
        *("mappings", "cake", "fault", "M142", "finance", 3, "4,825.51"),
    ),
    Case(
        "a mapping that is not there",
        lambda project: (project.folder / "mappings/cake.yaml").unlink(),
        *("mappings", "cake", "fault", "M101", "finance", 3, "no such file"),
    ),
    Case(
        "a state that is something else",
        keep(b"a letter to somebody"),
        *("state", "file", "fault", "state-damaged", "operator", 3, "no SQLite database"),
    ),
    Case(
        "a state of a newer version",
        in_state("UPDATE alembic_version SET version_num = '9999'"),
        *("state", "file", "fault", "state-newer", "operator", 3, "schema 9999"),
    ),
    Case(
        "a state of an older version",
        keep(gzip.decompress((RELEASES / "0001.db.gz").read_bytes())),
        *("state", "file", "note", None, "operator", 0, "schema 0001"),
    ),
    Case(
        "a row that breaks the protocol",
        in_state("UPDATE document SET qbo_id = NULL WHERE invoice = '2'"),
        *("state", "file", "fault", "state-inconsistent", "operator", 3, "cake 2) is sent, and its id"),
    ),
    Case(
        "a key that CAKE refuses",
        lambda project: project.settings(cake="wrong-key-1234"),
        *("cake", "CAKE", "fault", "source-key-refused", "operator", 4, "comes from: connector.toml:"),
    ),
    Case(
        "no key",
        lambda project: project.settings(cake=""),
        *("cake", "CAKE", "fault", "setting-missing", "operator", 3, "CONNECTOR_SOURCES__CAKE__API_KEY: not set"),
    ),
    Case(
        "a source that is down",
        arm("answer-html", "/cake"),
        *("cake", "CAKE", "fault", "source-down", "nobody", 5, "HTTP 503"),
    ),
    Case(
        "a source that asks to slow down",
        arm("throttle", "/cake"),
        *("cake", "CAKE", "fault", "source-throttled", "nobody", 5, "slow down"),
    ),
    Case(
        "a source that answers something else",
        arm("empty-200", "/cake"),
        *("cake", "CAKE", "fault", "source-shape", "operator", 5, "an empty answer"),
    ),
    Case(
        "records without a key that they need",
        lambda project: project.control(
            "load", {"cake": [{"invoice_id": 1, "invoice_date": lately(), "colour": "red"}]}
        ),
        *("cake", "CAKE", "fault", "source-shape", "operator", 5, "it has: colour, invoice_date, invoice_id"),
    ),
    Case(
        "records that hold more than is known",
        lambda project: project.owe(4, invoice_date=lately(), colour="red"),
        *("cake", "keys", "note", None, "nobody", 0, "than the connector knows: colour"),
    ),
    Case(
        "invoices that would be held",
        lambda project: project.owe(4, invoice_date=lately(), total_payout="a lot"),
        *("cake", "invoices", "note", "amount-unreadable", "finance", 0, "1 of 4 looked at would be held"),
    ),
    Case(
        "QuickBooks is down",
        arm("answer-500", "/quickbooks"),
        *("QuickBooks", "company", "fault", "quickbooks-down", "nobody", 5, "HTTP 500"),
    ),
    Case(
        "the company is another's",
        lambda project: project.switch(realm_forbidden=True),
        *("sign-in", "sandbox", "fault", "quickbooks-forbidden", "operator", 4, "forbids this app"),
    ),
    Case(
        "a smaller plan",
        prefer(plan="Simple Start"),
        *("QuickBooks", "plan", "fault", "plan-too-small", "finance", 6, "Simple Start has no bills"),
    ),
    Case(
        "a subscription that is over",
        lambda project: project.switch(subscription_ended=True),
        *("QuickBooks", "subscription", "fault", "subscription-ended", "finance", 6, "is expired"),
    ),
    Case(
        "classes that are filled and not tracked",
        prefer(class_tracking=False),
        *("QuickBooks", "classes", "note", None, "finance", 0, "filled by mappings/cake.yaml"),
    ),
    Case(
        "tax codes where no tax is worked out",
        lambda project: (
            project.settings(commission_factory=True),
            project.control("preferences", {"using_sales_tax": False}),
        ),
        *("QuickBooks", "sales tax", "note", "tax-not-enabled", "finance", 0, "commission_factory.yaml fills in tax"),
    ),
    Case(
        "taxed lines without a code",
        edit("mappings/cake.yaml", "  currency: <currency>", "  currency: <currency>\n  amounts are: exclusive of tax"),
        *("QuickBooks", "sales tax", "note", "tax-code-missing", "finance", 0, "cake.yaml has taxed lines"),
    ),
    Case(
        "no warning of numbers used twice",
        prefer(warn_duplicate_bill_number=False),
        *("QuickBooks", "bill numbers", "note", None, "finance", 0, "does not warn"),
    ),
    Case(
        "a token that is none",
        edit("connector.toml", "sandbox-refresh-token", "somebody-elses-token"),
        *("sign-in", "sandbox", "fault", "quickbooks-sign-in", "operator", 4, "no longer accepts"),
    ),
    Case(
        "an app that Intuit does not know",
        edit("connector.toml", "sandbox-secret", "some-other-secret"),
        *("sign-in", "sandbox", "fault", "quickbooks-client", "operator", 4, "does not know this app"),
    ),
    Case(
        "no secret of the app",
        edit("connector.toml", "sandbox-secret", ""),
        *("sign-in", "sandbox", "fault", "setting-missing", "operator", 3, "CLIENT_SECRET: not set"),
    ),
    Case(
        "a key of the sign-in that others may read",
        open_key,
        *("sign-in", "sandbox", "fault", "state-key", "operator", 3, "may be read by others"),
    ),
    Case(
        "nobody who is told",
        lambda _: None,
        *("notices", "channels", "note", None, "operator", 0, "nobody is told when something stops"),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_check_says_what_is_wrong_and_who_must_act(ready: Project, case: Case) -> None:
    case.do(ready)
    (ready.folder / "connector.toml").chmod(0o600 if case.code != "file-open" else 0o640)

    ran = ready.run("doctor", "--json")

    found = [each for each in ran.json["checks"] if (each["area"], each["check"]) == (case.area, case.check)]
    told = next(each for each in found if each["state"] != "ok")
    assert (told["state"], told["code"], told["who"]) == (case.state, case.code, case.who)
    assert case.says in told["what"]
    assert "\ufffd" not in told["what"]
    assert told["remedy"]
    assert ran.code == case.exit_code, ran.json["problems"]
    assert len(ran.json["problems"]) == (case.state == "fault")
    assert {each["area"] for each in ran.json["checks"]} >= EVERYWHERE - {
        "QuickBooks" if case.area == "sign-in" else ""
    }


def test_what_passes_by_itself_is_nobodys_work(ready: Project) -> None:
    arm("answer-html", "/cake")(ready)

    told = ready.run("doctor").out

    assert "[source-down]" in told
    assert "for nobody" not in told


def test_a_state_that_cannot_be_opened_leaves_the_sign_in_alone(ready: Project) -> None:
    data = gzip.decompress((RELEASES / "0001.db.gz").read_bytes())
    keep(data)(ready)

    ran = ready.run("doctor", "--json")

    (told,) = (each for each in ran.json["checks"] if each["area"] == "QuickBooks")
    assert told["what"].startswith("not looked at: the sign-in is in the state")
    assert (ready.folder / "state.db").read_bytes() == data
    assert not [each for each in ready.control("requests") if each["kind"] in ("oauth", "core_plus")]


def test_a_full_disk(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "_ROOM", 1 << 60)

    ran = ready.run("doctor", "--json")

    assert (ran.code, [each["code"] for each in ran.json["problems"]]) == (5, ["disk-low"])


def test_several_faults_are_all_told_and_the_first_of_the_list_is_the_exit_code(ready: Project) -> None:
    edit("mappings/cake.yaml", "<invoice_date>", "<invoce_date>")(ready)
    ready.settings(cake="wrong-key-1234")
    arm("answer-500", "/quickbooks")(ready)

    ran = ready.run("doctor")

    assert ran.code == 3
    assert all(f"[{code}]" in ran.out for code in ("M104", "source-key-refused", "quickbooks-down"))
    assert "3 faults, " in ran.out
    assert ran.out.endswith("Next: mend what is named above, then: connector doctor\n")


def test_settings_with_faults_are_all_that_is_looked_at(ready: Project) -> None:
    edit("connector.toml", "realm_id", "realmid")(ready)
    edit("connector.toml", 'type = "cake"', 'type = "cake"\napi_kye = "canary"')(ready)

    plain, as_json = ready.run("doctor"), ready.run("doctor", "--json")

    assert (plain.code, as_json.code) == (3, 3)
    assert {each["code"] for each in as_json.json["checks"]} == {"setting-unknown"}
    assert len(as_json.json["problems"]) == 2
    assert "2 faults; the rest waits for the settings" in plain.out
    assert "canary" not in plain.out + as_json.out


def test_without_settings_the_next_step_is_init(ready: Project) -> None:
    (ready.folder / "connector.toml").unlink()

    ran = ready.run("doctor")

    assert ran.code == 3
    assert "[settings-missing]" in ran.out
    assert ran.out.endswith("Next: connector init\n")


def test_settings_without_a_source(ready: Project) -> None:
    settings = ready.folder / "connector.toml"
    settings.write_text(settings.read_text().partition("[sources.cake]")[0])

    ran = ready.run("doctor", "--json")

    assert (ran.code, [each["code"] for each in ran.json["problems"]]) == (3, ["setting-missing"])


@pytest.mark.parametrize(
    ("ahead", "state", "exit_code", "words"),
    [
        (0, "ok", 0, "has the same time"),
        (20, "note", 0, "s behind that of 127.0.0.2"),
        (-75, "fault", 3, "s ahead of that of 127.0.0.2"),
        (3600, "fault", 3, "s behind that of 127.0.0.2"),
    ],
)
def test_a_wrong_clock_is_seen_on_a_servers_answer(
    ready: Project, ahead: float, state: str, exit_code: int, words: str
) -> None:
    with cake_whose_clock_is(ahead) as url:
        edit("connector.toml", f"{ready.url}/cake", url)(ready)
        ran = ready.run("doctor", "--json")

    told = {each["check"]: each for each in ran.json["checks"] if each["area"] == "clock"}
    assert (told["127.0.0.2"]["state"], ran.code) == (state, exit_code)
    assert words in told["127.0.0.2"]["what"]
    assert told["127.0.0.1"]["state"] == "ok"  # QuickBooks' clock is right


def test_a_header_of_whole_seconds_and_a_slow_answer_are_no_difference() -> None:
    now = datetime.datetime(2026, 11, 26, 12, 0, 30, 900_000, tzinfo=datetime.UTC)

    def judged(date: str, seconds: float) -> str:
        clock = Clock(lambda: now)
        clock.heard(Heard("", "host", date, seconds, 200))
        return next(clock.checks()).state

    assert judged("Thu, 26 Nov 2026 12:00:30 GMT", 0.0) == "ok"
    assert judged("Thu, 26 Nov 2026 12:00:28 GMT", 0.0) == "ok"  # 1.9 s at least, 2.9 s at most
    assert judged("Thu, 26 Nov 2026 12:00:27 GMT", 0.0) == "note"
    assert judged("Thu, 26 Nov 2026 12:00:25 GMT", 0.0) == "note"
    assert judged("Thu, 26 Nov 2026 12:00:25 GMT", 5.0) == "ok"  # it was on its way for so long
    assert judged("Thu, 26 Nov 2026 12:00:34 GMT", 5.0) == "note"
    assert judged("Thu, 26 Nov 2026 12:01:40 GMT", 0.0) == "fault"
    assert judged("yesterday", 0.0) == "note"  # no server told its time


def test_a_bug_in_one_area_is_told_with_its_trace_and_the_others_are_looked_at(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise RuntimeError("GET https://x/?api_key=canary-in-url failed")
        yield

    monkeypatch.setattr(services, "checks", broken)

    ran = ready.run("doctor", "--json")

    assert ran.code == 1
    (problem,) = ran.json["problems"]
    assert (problem["code"], problem["who"]) == ("our-fault", "us")
    (trace,) = ready.folder.glob("connector-trace-*.txt")
    assert str(trace) in problem["remedy"]
    assert "broken" in trace.read_text()
    assert "canary" not in ran.out + ran.said + trace.read_text()
    assert {each["area"] for each in ran.json["checks"]} >= EVERYWHERE
