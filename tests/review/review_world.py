"""What the tests of ``review`` share: what a person types, and what a bookkeeper does in QuickBooks."""

import os
import pty
import sys
import time
from collections.abc import Callable
from typing import Any

from project import ROOT, Project, Ran

LARGE = {"total_payout": "31250.00"}


def review(project: Project, verb: str, *words: str, code: int = 0, why: str | None = "because") -> Ran:
    """``connector review VERB … --as anna --yes --json``."""
    reason = () if why is None else ("--why", why)
    ran = project.run("review", verb, *words, "--as", "anna", "--yes", "--json", *reason)
    assert ran.code == code, (ran.code, ran.said[-2000:], ran.out[-2000:])
    return ran


def waiting(project: Project) -> list[dict[str, Any]]:
    ran = project.run("review", "--json")
    assert ran.code == 0, ran.said
    documents: list[dict[str, Any]] = ran.json["documents"]
    return documents


def only(project: Project) -> dict[str, Any]:
    (document,) = waiting(project)
    return document


def policy(project: Project, **answers: str) -> None:
    """Other answers in the policy block: ``changed_later="hold"``."""
    lines = {
        "changed_later": "invoice changed later",
        "voided_later": "invoice voided later",
        "negative": "negative amount",
        "zero": "zero amount",
    }
    path = project.folder / "mappings/cake.yaml"
    text = path.read_text()
    for name, answer in answers.items():
        (old,) = [line for line in text.splitlines() if line.strip().startswith(lines[name] + ":")]
        text = text.replace(old, f"  {lines[name]}: {answer}")
    path.write_text(text)


def bill_of(project: Project, id_: int, kind: str = "Bill") -> dict[str, Any]:
    (bill,) = [each for each in project.held(kind) if each.get("DocNumber") == f"CAKE-{id_}"]
    return bill


def edit(project: Project, id_: int, **changes: Any) -> None:
    """A person changes a bill in QuickBooks."""
    project.control("person", {"does": "edit", "bill": f"CAKE-{id_}", "changes": changes})


def delete(project: Project, id_: int) -> str:
    """A person deletes a bill in QuickBooks; its id."""
    gone = str(bill_of(project, id_)["Id"])
    project.control("person", {"does": "delete", "bill": gone})
    project.settings(settle_after="10 ms")  # what was sent counts as settled
    time.sleep(0.02)
    return gone


def pay(project: Project, id_: int) -> None:
    """A person pays half of a bill."""
    project.control("person", {"does": "pay", "bill": f"CAKE-{id_}", "amount": 50})


def at_a_terminal(
    project: Project, words: list[str], *answers: tuple[str, str, Callable[[], object]]
) -> tuple[int, str]:
    """
    The exit code and what a person at a terminal sees.

    Args:
        answers: What is waited for, what is typed then, and what happens before it is typed.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.folder)
        environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "140", "NO_COLOR": "1"}
        os.execvpe(sys.executable, [sys.executable, "-m", "connector", *words], environment)
    seen, left = b"", list(answers)
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
        if left and left[0][0].encode() in seen:
            _, typed, meanwhile = left.pop(0)
            meanwhile()
            seen += b"|"
            os.write(terminal, typed.encode())
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen.decode(errors="replace")
