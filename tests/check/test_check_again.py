"""``check --watch`` and ``check --format github``."""

import re
import signal
import time
from collections.abc import Callable

import pytest
from project import Project

from connector.cli.check_words import as_annotations
from connector.mapping import Fault, Place


def until(seen: Callable[[], bool]) -> None:
    for _ in range(200):
        if seen():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come")


@pytest.mark.parametrize("changed", ["cake.yaml", "cake.vendors.csv", "examples/cake-10042.json"])
def test_a_saved_file_is_checked_again_until_ctrl_c(changed: str, project: Project) -> None:
    out = project.folder / "out.txt"
    path = project.folder / "mappings" / changed
    with out.open("w") as file:
        process = project.process("check", "--watch", stdout=file)
    try:
        until(lambda: "waiting" in out.read_text())
        assert out.read_text().startswith("ok  mappings/cake.yaml")
        good = path.read_text()
        path.write_text(good.replace("MediaBridge Partners LLC", "Somebody else").replace("4825.50", "1.00"))
        until(lambda: out.read_text().count("waiting") == 2)
        assert "error[M142]" in out.read_text()
        path.write_text(good)
        until(lambda: out.read_text().count("waiting") == 3)
    finally:
        process.send_signal(signal.SIGINT)

    process.communicate(timeout=10)
    assert process.returncode == 130
    assert out.read_text().count("ok  mappings/cake.yaml") == 2
    assert re.search(r"^-- \d\d:\d\d:\d\d  waiting for the next change; Ctrl-C ends$", out.read_text(), re.MULTILINE)


def test_faults_are_annotations_of_a_pull_request(project: Project) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("<invoice_date>", "<invoce_date>"))

    ran = project.run("check", "--format", "github")

    annotation = "::error file=mappings/cake.yaml,line=27,col=13,title=M104,endColumn=26"
    assert ran.code == 3
    assert ran.out.splitlines() == [
        f"{annotation}::a cake invoice has no field <invoce_date>%0Adid you mean <invoice_date>?",
        "1 fault. Next: mend what it says, then connector check",
    ]


def test_annotations_are_escaped_as_github_wants_it() -> None:
    fault = Fault("M1", "100% of\r\n::error::it", Place("a,b:c%.yaml"), "", "one\ntwo")
    note = Fault("M2", "a note", Place("x.csv", 3, 1, 2), "", "nothing", "note")

    assert as_annotations([fault], [note]).splitlines() == [
        "::error file=a%2Cb%3Ac%25.yaml,title=M1::100%25 of%0D%0A::error::it%0Aone%0Atwo",
        "::notice file=x.csv,line=3,col=1,title=M2,endColumn=3::a note%0Anothing",
    ]


@pytest.mark.parametrize("other", [("--watch",), ("--format", "github")])
def test_json_is_one_document_and_goes_with_neither(other: tuple[str, ...], project: Project) -> None:
    ran = project.run("check", "--json", *other)

    assert ran.code == 2
    assert ran.said.startswith("error[options-contradict]")


def test_help_says_what_it_takes(project: Project) -> None:
    told = project.run("check", "--help").out

    assert all(word in told for word in ("--online", "--watch", "github"))
