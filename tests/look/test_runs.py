import re
import subprocess
import sys

import pytest
from past_invoices import MAPPED, UNKNOWN
from project import ROOT, Project


def runs_of(project: Project, *more: str) -> list[dict]:
    document = project.run("runs", "--json", *more).json
    assert document["schema"] == "connector/runs/1"
    return document["runs"]


def test_runs_are_listed_newest_first_with_how_they_ended(past: Project) -> None:
    third, second, first = runs_of(past)

    assert first["started"] <= second["started"] <= third["started"]
    assert {each["outcome"] for each in (first, second, third)} == {"ended"}
    assert [each["exit_code"] for each in (first, second, third)] == [6, 6, 6]
    assert first["counts"]["refused"] == 1
    assert second["counts"]["created"] == 2
    assert third["counts"]["unknown"] == 1
    assert [each["run"] for each in runs_of(past, "--limit", "1")] == [third["run"]]


def test_a_mapping_that_was_edited_is_told_with_the_run_that_met_it_first(past: Project) -> None:
    third, second, first = runs_of(past)

    assert first["mapping_changes"] == second["mapping_changes"] == []
    (change,) = third["mapping_changes"]
    assert (change["source"], change["since_run"], change["files"]) == ("cake", second["run"], ["mappings/cake.yaml"])
    assert change["before"] != change["now"] == third["mapping_versions"]["cake"]
    # The oldest one shown is compared too.
    assert runs_of(past, "--limit", "1")[0]["mapping_changes"] == [change]


def test_runs_on_the_terminal_are_one_line_each(past: Project) -> None:
    ran = past.run("runs")

    newest = runs_of(past)[0]["run"]
    assert re.search(
        rf"{newest} .* sync +6 +.*1 unknown.*the mapping of cake was edited before it", ran.out.replace("\n", " ")
    )
    assert ran.out.endswith(f" Next: connector runs show {newest}\n")
    assert "\x1b" not in ran.out


def test_one_run_shows_its_documents_and_what_it_did_with_them(past: Project) -> None:
    third, second, _ = runs_of(past)

    shown = past.run("runs", "show", second["run"], "--json").json
    later = past.run("runs", "show", third["run"].lower(), "--json").json

    assert shown["schema"] == "connector/run/1"
    written = {each["invoice"]: each for each in shown["documents"] if each["operation"]}
    assert (written[str(MAPPED)]["outcome"], written[str(MAPPED)]["state"]) == ("applied", "sent")
    assert written[str(MAPPED)]["link"]
    (lost,) = (each for each in later["documents"] if each["operation"])
    assert (lost["invoice"], lost["outcome"], lost["state"]) == (str(UNKNOWN), None, "sending")


def test_one_run_on_the_terminal(past: Project) -> None:
    third = runs_of(past)[0]

    told = past.run("runs", "show", third["run"]).out

    assert told.startswith(f" Run {third['run']}  sync by ")
    assert f"mapping of cake changed since run {third['mapping_changes'][0]['since_run']}" in told
    assert re.search(rf"CAKE-{UNKNOWN} .* create: no answer yet +sending  \[outcome-unknown\]", told)


def test_the_beginning_of_an_id_is_enough_where_it_is_one_runs_alone(past: Project) -> None:
    third = runs_of(past)[0]["run"]

    ambiguous = past.run("runs", "show", third[:4])
    unknown = past.run("runs", "show", "ZZZZ")

    assert past.run("runs", "show", third[:25], "--json").json["run"] == third
    assert (ambiguous.code, "several runs begin with" in ambiguous.said) == (2, True)
    assert (unknown.code, "see: connector runs" in unknown.said) == (2, True)


_BEGUN = """
import os, sys
from connector.state.store import State
State.open(sys.argv[1]).start_run("4620816365000000000", "sync", "ap", ["cake"])
{end}
"""


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "print('begun', flush=True); sys.stdin.read()"])
def test_a_run_that_never_ended_says_whether_it_runs_or_was_killed(copied: Project, end: str) -> None:
    url = f"sqlite:///{copied.folder / 'state.db'}"
    begun = subprocess.Popen(
        [sys.executable, "-c", _BEGUN.format(end=end), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(ROOT)},
    )
    killed = "kill" in end
    with begun:
        if killed:
            begun.wait(20)
        else:
            assert begun.stdout
            assert begun.stdout.readline() == b"begun\n"
        newest, told = runs_of(copied)[0], copied.run("runs").out.replace("\n", " ")
        status = copied.run("status", "--json").json["sources"][0]["last_run"]
        begun.communicate()

    assert (newest["ended"], newest["outcome"]) == (None, "killed" if killed else "running")
    assert ("it was killed" if killed else "it is running") in re.sub(r" +", " ", told)
    assert (status["run"], status["ended"]) == (newest["run"], None)


def test_without_a_state_there_are_no_runs(fresh: Project) -> None:
    assert fresh.run("runs", "--json").json["runs"] == []
    assert "Nothing has run here yet." in fresh.run("runs").out
    assert fresh.run("runs", "show", "01").code == 2
    assert not (fresh.folder / "state.db").exists()


def test_one_trouble_is_one_trouble(copied: Project) -> None:
    copied.settings(cake="wrong-key")
    assert copied.sync(code=None).code == 4

    told = copied.run("runs").out

    assert re.search(r"sync +4 +no invoices, 1 trouble\b(?!s)", told)


def test_no_page_has_blanks_at_the_end_of_a_line(past: Project) -> None:
    newest = runs_of(past)[0]["run"]
    for command in (["runs"], ["runs", "show", newest], ["status"], ["why", str(MAPPED)], ["why", "-v", str(UNKNOWN)]):
        lines = past.run(*command).out.splitlines()
        assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("width", ["60", "80", "120"])
def test_a_narrow_terminal_loses_nothing(past: Project, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    newest = runs_of(past)[0]["run"]

    told = past.run("runs", "show", newest).out
    listed = past.run("runs").out

    assert "AUD 169.25" in told
    assert newest in listed
    assert max(map(len, listed.splitlines())) <= int(width)
