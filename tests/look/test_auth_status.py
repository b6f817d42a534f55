import datetime
import re

import time_machine
from project import Project


def test_auth_status_says_how_long_the_sign_in_lasts(past: Project) -> None:
    ran = past.run("auth", "status", "--json")

    assert (ran.code, ran.json["schema"], ran.json["signed_in"]) == (0, "connector/auth/1", True)
    assert ran.json["company"]["name"].startswith("Sandbox")
    assert 90 <= ran.json["days_left"] <= 101
    assert ran.json["hard_days_left"] > 1800
    assert ran.json["refreshed_at"].endswith("Z")
    assert ran.json["problems"] == []


def test_auth_status_on_the_terminal(past: Project) -> None:
    told = past.run("auth", "status").out

    assert re.match(r"Signed in to Sandbox .*, company 4620816365000000000 \(sandbox\)\.\n", told)
    assert re.search(r"Without a run it ends in \d+ days\.", told)
    assert re.search(r"It ends for good on \d{4}-\d\d-\d\d, in 1,8\d\d days\.", told)


def test_a_sign_in_that_soon_ends_says_what_to_do(past: Project) -> None:
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=90), tick=True):
        told = past.run("auth", "status").out

    assert "Next: connector sync, which refreshes it" in told


def test_a_sign_in_that_has_ended_ends_with_4_even_with_a_token_in_the_settings(past: Project) -> None:
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=102), tick=True):
        ran = past.run("auth", "status", "--json")

    assert ran.code == 4
    assert (ran.json["signed_in"], ran.json["days_left"]) == (False, 0)
    assert ran.json["problems"][0]["code"] == "quickbooks-sign-in"
    assert "has ended, last refreshed" in ran.said


def test_a_token_that_waits_for_its_first_use_is_no_trouble(fresh: Project) -> None:
    ran, told = fresh.run("auth", "status", "--json"), fresh.run("auth", "status").out

    assert (ran.code, ran.json["signed_in"]) == (0, False)
    assert ran.json["token_waiting_in"].startswith("connector.toml:")
    assert "will be used by the next run" in told
    assert not (fresh.folder / "state.db").exists()
