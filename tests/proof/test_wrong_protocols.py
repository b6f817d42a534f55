"""The checks can fail: each wrong protocol is caught by them, where the right one passes."""

from collections.abc import Callable
from typing import Any

import pytest
from crash_points import around_effects
from proof_world import BLIND, World
from wrong_protocols import WRONG

SINGLE = (1,)
PROMPT: dict[str, Any] = {"requestids": "forget"}
LATE: dict[str, Any] = {"requestids": "forget", "hide_new_bills_seconds": 3600}
"""What is new is shown only after the first run that could ask for it."""

BATCH = tuple(range(1, 15))


def killed_after_the_send(world: World, switches: dict[str, Any]) -> None:
    """The bill is made, and the process dies before it has the answer."""
    late = switches is LATE
    # Long enough for the run right after the kill to come before it on the busiest machine.
    world.prepare(*SINGLE, settle_after=2 if late else 0.3)
    world.put_back(**switches)
    names = world.child(around_effects(0)).told["planted"]
    world.put_back(**switches)
    at = len(names) - names[::-1].index("after exchange")
    assert world.child(around_effects(at)).killed
    assert sum(world.bills().values()) == 1
    if late:
        world.run()
        world.check(SINGLE, "right after the kill", whole=False)
        world.project.switch(hide_new_bills_seconds=0)
    world.recover(SINGLE, f"killed at {at} of {len(names)}")


def half_a_batch_is_made(world: World, switches: dict[str, Any]) -> None:
    """One item of a batch is not taken, the others are, and the answer that says so is lost."""
    world.prepare(*BATCH, batch_size="30")
    world.put_back(**switches)
    for fault in ({"fault": "batch-item-throttled", "index": 2}, {"fault": "truncate"}):
        world.project.arm(**fault, path="/batch", skip=1)  # the first batch makes vendors
    world.recover(BATCH, "half a batch")


CAUGHT: dict[str, tuple[Callable[[World, dict[str, Any]], None], dict[str, Any]]] = {
    "blind resend": (killed_after_the_send, PROMPT),
    "fresh request ids": (killed_after_the_send, BLIND),
    "no waiting": (killed_after_the_send, LATE),
    "whole batch again": (half_a_batch_is_made, PROMPT),
    "state after the post": (killed_after_the_send, LATE),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_protocol_makes_a_second_bill_and_the_check_says_so(
    world: World, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    happens, switches = CAUGHT[wrong]
    WRONG[wrong](monkeypatch)
    with pytest.raises(AssertionError, match="twice in QuickBooks"):
        happens(world, switches)


@pytest.mark.parametrize(("happens", "switches"), [(killed_after_the_send, LATE), (half_a_batch_is_made, PROMPT)])
def test_the_right_protocol_passes_where_the_wrong_ones_are_caught(
    world: World, happens: Callable[[World, dict[str, Any]], None], switches: dict[str, Any]
) -> None:
    happens(world, switches)
