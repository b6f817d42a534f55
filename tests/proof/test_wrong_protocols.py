"""The checks can fail: each wrong protocol is caught by the enumerations themselves, where the right one passes."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from proof_world import BLIND, FORGETS, World
from scenes import SCENES
from test_crashes import crash_points, dies_at
from test_nth_failure import fails, failures
from wrong_protocols import WRONG

Check = Callable[[], None]
Enumeration = Callable[[World, str, dict[str, Any]], list[Check]]


def crashes(world: World, scene: str, switches: dict[str, Any]) -> list[Check]:
    """As in test_crashes, every crash point under one kind of QuickBooks."""

    def check(at: int, name: str) -> Check:
        return lambda: dies_at(world, switches, at, name)

    return [check(at, name) for under, at, name in crash_points(world, SCENES[scene]) if under == switches]


def lost_answers(world: World, scene: str, switches: dict[str, Any]) -> list[Check]:
    """As in test_nth_failure, every answer that can be lost under one kind of QuickBooks."""

    def check(failure: Any) -> Check:
        return lambda: fails(world, failure)

    return [
        check(failure)
        for failure in failures(world, SCENES[scene])
        if failure.kind == "answer lost" and failure.switches == switches
    ]


def all_hold(checks: Iterable[Check]) -> None:
    for check in checks:
        check()


CAUGHT: list[tuple[str, Enumeration, str, dict[str, Any]]] = [
    ("blind resend", crashes, "two one by one", FORGETS),
    ("blind resend", lost_answers, "fourteen in batches", FORGETS),
    ("fresh request ids", crashes, "two one by one", BLIND),
    ("fresh request ids", lost_answers, "fourteen in batches", BLIND),
    ("no waiting", crashes, "two one by one", FORGETS),
    ("no waiting", lost_answers, "fourteen in batches", FORGETS),
    ("whole batch again", crashes, "an unanswered batch", FORGETS),
    ("state after the post", crashes, "two one by one", FORGETS),
]


@pytest.mark.parametrize(
    ("wrong", "enumeration", "scene", "switches"), CAUGHT, ids=[f"{each[0]}-{each[1].__name__}" for each in CAUGHT]
)
def test_a_wrong_protocol_makes_a_second_bill_and_the_enumeration_says_so(
    world: World,
    wrong: str,
    enumeration: Enumeration,
    scene: str,
    switches: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    SCENES[scene].lay_out(world)
    WRONG[wrong](monkeypatch)
    checks = enumeration(world, scene, switches)
    with pytest.raises(AssertionError, match="twice in QuickBooks"):
        all_hold(reversed(checks))  # the bills come after the vendors
    record_property("proof", ["times that a wrong protocol was caught", 1, 1])


def test_every_wrong_protocol_is_tried() -> None:
    assert {wrong for wrong, *_ in CAUGHT} == set(WRONG)
