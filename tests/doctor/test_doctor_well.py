"""All is well: what a person reads, what a program reads, what it costs and what it leaves behind."""

import os
import re
import sqlite3
from pathlib import Path

from project import Project

GOLDEN = Path(__file__).parent / "all_well.txt"


def plain(told: str, project: Project) -> str:
    """The answer without what differs from machine to machine and from day to day."""
    told = told.replace(str(project.folder), "FOLDER")
    told = re.sub(r"[\d,]+\.\d GB free, a disk of this machine \(.*\)", "N GB free, a disk of this machine", told)
    told = re.sub(r"[\d,]+\.\d GB free$", "N GB free, a disk of this machine", told, flags=re.MULTILINE)
    told = re.sub(r"dated \S+ to \S+", "dated DAY to DAY", told)
    told = re.sub(r"refreshed .* UTC", "refreshed NOW", told)
    return re.sub(r"until 20\d\d-\d\d-\d\d with", "until DAY with", told)


def test_all_is_well(ready: Project) -> None:
    ran = ready.run("doctor")

    told = plain(ran.out, ready)
    if os.environ.get("REGENERATE_GOLDEN") == "1":
        GOLDEN.write_text(told)
    assert told == GOLDEN.read_text()
    assert ran.code == 0
    assert ran.said.splitlines() == ["reading cake", "reading QuickBooks"]


def test_after_a_sync_the_rows_of_the_state_are_looked_through(ready: Project) -> None:
    ready.sync()

    ran = ready.run("doctor", "--json")

    (told,) = (each for each in ran.json["checks"] if (each["area"], each["check"]) == ("state", "file"))
    assert re.fullmatch(r"state.db: sound, schema \d{4}, [\d.]+ MB, 3 invoices, 3 documents, .*", told["what"])


def test_the_document_has_every_check_and_only_faults_as_problems(ready: Project) -> None:
    ready.settings(cake="wrong-key-1234")

    ran = ready.run("doctor", "--json")

    assert ran.json["schema"] == "connector/doctor/1"
    assert {each["area"] for each in ran.json["checks"]} == {
        *("files", "mappings", "state", "clock", "cake", "QuickBooks", "sign-in", "notices")
    }
    assert all(set(each) == {"area", "check", "state", "what", "remedy", "who", "code"} for each in ran.json["checks"])
    assert {each["state"] for each in ran.json["checks"]} == {"ok", "note", "fault"}
    assert [(each["source"], each["code"], each["who"]) for each in ran.json["problems"]] == [
        ("cake", "source-key-refused", "operator")
    ]
    assert all(each["remedy"] and each["who"] for each in ran.json["checks"] if each["state"] != "ok")
    assert all(each["remedy"] is None for each in ran.json["checks"] if each["state"] == "ok")
    assert ran.json["settings"]["sources.cake.api_key"].startswith("connector.toml:")


def test_v_says_where_each_setting_comes_from(ready: Project, monkeypatch) -> None:
    monkeypatch.setenv("CONNECTOR_SOURCES__CAKE__API_KEY", "sandbox-cake-key")

    told = ready.run("doctor", "-v").out

    assert re.search(r"^ quickbooks.realm_id +connector.toml:\d+$", told, re.MULTILINE)
    assert re.search(r"^ sources.cake.api_key +environment CONNECTOR_SOURCES__CAKE__API_KEY$", told, re.MULTILINE)
    assert "each of them known, 1 from the environment" in told
    assert "sandbox-cake-key" not in told


def test_it_asks_each_service_as_little_as_can_be(ready: Project) -> None:
    ready.settings(commission_factory=True)

    ready.run("doctor")

    asked = [each["kind"] for each in ready.control("requests")]
    assert asked.count("cake") == asked.count("commission_factory") == 1
    assert asked.count("core_plus") == 2


def test_it_makes_no_state_and_leaves_what_a_plan_leaves(ready: Project) -> None:
    before = {each.name for each in ready.folder.iterdir()}

    ready.run("doctor")

    made = {each.name for each in ready.folder.iterdir()} - before
    assert {"state.key"} < made
    assert not [name for name in made if not re.fullmatch(r"state\.key|.*\.(sign-in|lock|requests)", name)]


def test_it_changes_nothing_in_the_state_but_the_sign_in(ready: Project) -> None:
    ready.sync()
    before = rows(ready.folder / "state.db")

    ready.run("doctor")

    assert rows(ready.folder / "state.db") == before


def test_every_width_of_terminal_shows_all_of_it(ready: Project, monkeypatch) -> None:
    whole = words(ready.run("doctor").out)

    for width in ("40", "60", "100", "200"):
        monkeypatch.setenv("COLUMNS", width)
        told = ready.run("doctor").out
        lines = told.splitlines()
        assert words(told) == whole
        # A path stays whole, so that it can be copied.
        assert max(len(line) for line in lines if str(ready.folder) not in line) <= int(width)


def words(told: str) -> list[str]:
    """All but figures: times pass, and disks fill up."""
    return [word for word in told.split() if not any(sign.isdigit() for sign in word)]


def rows(path: Path) -> dict[str, list[object]]:
    with sqlite3.connect(path) as state:
        tables = [row[0] for row in state.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {table: sorted(map(repr, state.execute(f"SELECT * FROM {table}"))) for table in tables}
    state.close()
    del found["sign_in"]
    return found


def test_a_sign_in_that_ends_soon_is_noted(ready: Project) -> None:
    ready.switch(refresh_token_seconds=5 * 24 * 3600)

    ran = ready.run("doctor", "--json")

    (told,) = (each for each in ran.json["checks"] if each["area"] == "sign-in")
    assert (ran.code, told["state"], told["code"]) == (0, "note", "sign-in-ends")
    assert "ends in 4 days" in told["what"] or "ends in 5 days" in told["what"]
