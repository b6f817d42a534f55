"""What the tests of ``review`` share: what a person types, and what a bookkeeper does in QuickBooks."""

from typing import Any

from project import Project, Ran

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
    return gone


def pay(project: Project, id_: int) -> None:
    """A person pays half of a bill."""
    project.control("person", {"does": "pay", "bill": f"CAKE-{id_}", "amount": 50})
