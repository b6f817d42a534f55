"""A bookkeeper pays, edits, copies and closes; whatever the policy answers, only the bookkeeper moves those bills."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from project import Project

CLOSED = "2026-08-31"
VENDOR = {"affiliate_id": 7, "affiliate_name": "Affiliate"}

WISHES: dict[str, dict[str, str]] = {
    "more": {"total_payout": "250.00"},
    "a credit": {"total_payout": "-5.00"},
    "another payee": {"affiliate_id": "8", "affiliate_name": "Somebody else"},
    "void": {"invoice_status": "Void"},
    "pending": {"invoice_status": "Pending"},
}
"""What the source says afterwards."""

Deed = Callable[[Project, str], Any]
DEEDS: dict[str, Deed | None] = {
    "paid": lambda project, number: person(project, "pay", number),
    "paid in part": lambda project, number: person(project, "pay", number, amount="1.00"),
    "edited": lambda project, number: person(project, "edit", number, changes={"DueDate": "2026-12-24"}),
    "its mark taken out": lambda project, number: person(project, "edit", number, changes={"PrivateNote": "mine"}),
    "renumbered": lambda project, number: person(project, "edit", number, changes={"DocNumber": f"{number}x"}),
    "in closed books": None,  # by its date
}
FREE: dict[str, Deed | None] = {
    "left alone": None,
    "touched": lambda project, number: person(project, "edit", number, changes={"Memo": "a box that is none of ours"}),
}
"""Bills that are nobody's but ours: these do follow, or the test would prove nothing."""


def person(project: Project, does: str, number: str, **more: Any) -> None:
    project.control("person", {"does": does, "bill": number, **more})


def policy(project: Project, **answers: str) -> None:
    path = project.folder / "mappings/cake.yaml"
    text = path.read_text().split("\nexamples:")[0]
    lines = [
        next((f"  {line}: {answer}" for line, answer in answers.items() if old.startswith(f"  {line}:")), old)
        for old in text.splitlines()
    ]
    path.write_text("\n".join(lines) + "\n")


def asked_to_change(project: Project) -> set[str]:
    """The ids of the bills that QuickBooks was asked to change or delete, whether it did or not."""
    bodies = [json.loads(each["body"]) for each in project.writes()]
    items = [item for body in bodies for item in body.get("BatchItemRequest", [{"Bill": body}])]
    return {item["Bill"]["Id"] for item in items if "Id" in item.get("Bill", {})}


def bills(project: Project) -> dict[str, dict[str, Any]]:
    return {each["Id"]: each for each in project.held()}


@pytest.mark.parametrize("closed", ["hold", "next open day"])
@pytest.mark.parametrize("voided", ["delete", "credit", pytest.param("hold", marks=pytest.mark.slow)])
@pytest.mark.parametrize("changed", ["update", "hold"])
def test_only_the_bookkeeper_moves_a_bill_of_a_bookkeepers(
    project: Project, changed: str, voided: str, closed: str
) -> None:
    answers = {"invoice changed later": changed, "invoice voided later": voided, "books closed": closed}
    policy(project, **answers, **{"negative amount": "credit"})
    rows = {id_: (deed, wish) for id_, (deed, wish) in enumerate(itertools.product({**DEEDS, **FREE}, WISHES), start=1)}
    days = {
        id_: {"invoice_date": CLOSED if deed == "in closed books" else "2026-09-30"} for id_, (deed, _) in rows.items()
    }
    for id_ in rows:
        project.owe(id_, **VENDOR, **days[id_])
    assert project.sync().counts == {"created": len(rows)}
    ids = {each["DocNumber"]: each["Id"] for each in project.held()}
    for id_, (deed, _) in rows.items():
        if (does := {**DEEDS, **FREE}[deed]) is not None:
            does(project, f"CAKE-{id_}")
    project.control("preferences", {"book_close_date": CLOSED})
    before = bills(project)
    for id_, (_, wish) in rows.items():
        project.owe(id_, **{**VENDOR, **days[id_], **WISHES[wish]})

    for arguments in ((), (), ("--retry-refused",)):
        ran = project.sync(*arguments, code=None)
        assert ran.code in (0, 6), ran.said
        assert sum(ran.counts.values()) == len(rows)

    after = bills(project)
    moved = {id_ for id_ in rows if after.get(ids[f"CAKE-{id_}"]) != before[ids[f"CAKE-{id_}"]]}
    follows = {"more": changed == "update", "another payee": changed == "update", "void": voided == "delete"}
    assert {rows[id_] for id_ in moved} == {
        (deed, wish) for deed, wish in rows.values() if deed in FREE and follows.get(wish, False)
    }
    assert asked_to_change(project) == {ids[f"CAKE-{id_}"] for id_ in moved}
    credits_made = sum(project.numbers("VendorCredit").values())
    assert credits_made == (len(DEEDS) + len(FREE) if voided == "credit" else 0)
