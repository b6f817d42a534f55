"""The two ends of a sign-in: put off for as long as something runs, foretold, and told in one clear sentence."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from project import Project

from connector.sandbox.tokens import DAY

CLEAR = "Intuit no longer accepts the QuickBooks sign-in (company 4620816365000000000, sandbox)"


@contextmanager
def later(days: float) -> Iterator[None]:
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days), tick=True):
        yield


def asked(project: Project) -> int:
    return sum(each["path"].endswith("/token") for each in project.control("requests"))


@pytest.fixture
def signed_in(project: Project) -> Project:
    project.owe(1)
    project.sync()
    assert asked(project) == 1
    return project


def test_a_sync_with_nothing_to_write_keeps_the_sign_in_alive(signed_in: Project) -> None:
    with later(0.5):
        signed_in.sync()
        assert asked(signed_in) == 1
    for n, days in enumerate((60, 120, 180), start=2):
        with later(days):
            signed_in.sync()
        assert asked(signed_in) == n
    with later(200):
        assert signed_in.run("auth", "status").code == 0


def test_a_plan_keeps_nothing_alive(signed_in: Project) -> None:
    with later(60):
        signed_in.plan()
    assert asked(signed_in) == 1


def test_a_sync_with_nothing_to_write_does_not_mind_that_intuit_is_down(signed_in: Project) -> None:
    signed_in.control("arm", {"fault": "answer-html", "path": "/token", "method": "POST", "times": 9})
    with later(60):
        assert signed_in.sync().json["problems"] == []
    assert asked(signed_in) == 3


@pytest.mark.parametrize("wording", ["incorrect", "invalid", "bare"])
def test_a_sign_in_that_is_over_ends_in_one_clear_sentence_and_exit_4(signed_in: Project, wording: str) -> None:
    signed_in.switch(invalid_grant=wording)
    with later(110):
        for owed in ((), (2,)):  # whether or not there is something to write
            signed_in.owe(*owed)
            ran = signed_in.sync(code=4)
            (problem,) = ran.json["problems"]
            assert (problem["code"], problem["what"]) == ("quickbooks-sign-in", CLEAR)
            assert "CONNECTOR_QUICKBOOKS__REFRESH_TOKEN" in problem["remedy"]
        assert signed_in.numbers() == {"CAKE-1": 1}
        told = signed_in.run("sync", "--yes")
        assert told.code == 4
        assert told.said.count(CLEAR) == 1


def test_a_token_of_another_app_or_environment_is_told_as_that(signed_in: Project) -> None:
    signed_in.switch(invalid_grant="type")
    with later(110):
        (problem,) = signed_in.sync(code=4).json["problems"]
    assert problem["what"].startswith("Intuit says that the refresh token belongs to another app or environment")


def test_every_token_is_tried_once_and_no_more(signed_in: Project) -> None:
    with later(110):
        signed_in.sync(code=4)
    assert asked(signed_in) == 1 + 2  # the kept one, and the one that it replaced, which the settings hold too


@pytest.mark.parametrize(("days", "warned"), [(86, False), (89, True)])
def test_the_100_days_are_foretold_by_status_and_by_a_plan(signed_in: Project, days: int, *, warned: bool) -> None:
    with later(days):
        documents = [signed_in.run(*words, "--json").json for words in (("auth", "status"), ("plan",), ("status",))]
        auth, plan, status = documents
        told = signed_in.run("status").out
        assert signed_in.run("status", "--exit-code").code == 0

    assert [each["code"] for each in auth["problems"]] == ["sign-in-ends"] * warned
    assert [each["code"] for each in plan["problems"]] == ["sign-in-ends"] * warned
    assert status["problems"] == []
    assert (status["sign_in"]["problem"] is not None) == warned
    assert status["sign_in"]["days_left"] == auth["days_left"]
    assert ("ends in 11 days unless it is refreshed" in told) == warned
    assert ("= connector sync, which refreshes it" in told) == warned


@pytest.mark.parametrize(("days", "warned"), [(65, False), (45, True)])
def test_the_hard_end_is_foretold_by_every_run(project: Project, days: int, *, warned: bool) -> None:
    project.switch(refresh_hard_seconds=days * DAY)
    project.owe(1)

    first, second = project.sync(), project.run("sync", "--yes")

    assert first.counts == {"created": 1}
    problems = first.json["problems"]
    assert [each["code"] for each in problems] == ["sign-in-ends"] * warned
    assert all("ends for good in 44 days, however often it is refreshed" in each["what"] for each in problems)
    assert second.code == 0
    assert ("ends for good in 44 days" in second.said) == warned
    assert (project.run("auth", "status").out.count("Soon: the sign-in") == 1) == warned
    # A warning is no trouble of the run: what the runs are told to have met is empty.
    assert project.run("status", "--json").json["problems"] == []


def test_the_state_of_the_sign_in_shows_where_nobody_is_signed_in(project: Project) -> None:
    assert project.run("status", "--json").json["sign_in"] == {
        "signed_in": False,
        "days_left": None,
        "hard_days_left": None,
        "problem": None,
    }


def test_status_says_that_the_key_is_lost(signed_in: Project) -> None:
    (signed_in.folder / "state.key").unlink()
    settings = signed_in.folder / "connector.toml"
    settings.write_text(settings.read_text().replace("refresh_token", "# refresh_token"))

    ran = signed_in.run("status")

    assert ran.code == 0
    assert "does not open the stored sign-in" in ran.out
