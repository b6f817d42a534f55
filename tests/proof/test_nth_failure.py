"""The n-th request, commit or note fails, once or for good: when the trouble is over, each invoice has one bill."""

from dataclasses import dataclass
from typing import Any

import pytest
from failing_operations import OPERATIONS, Failing
from proof import Proof
from proof_world import World
from scenes import SCENES, Scene


@dataclass(frozen=True, slots=True)
class Failure:
    """The ``n``-th operation of a kind fails; ``for_good`` all that follow fail too."""

    kind: str
    n: int
    for_good: bool
    switches: dict[str, Any]


def failures(world: World, scene: Scene) -> list[Failure]:
    """Every operation of an undisturbed run, failing once and for good, under each kind of QuickBooks in turn."""
    counts = {kind: Failing(0, for_good=False) for kind in OPERATIONS}
    _run(world, scene.quickbooks[0], counts)
    found: list[Failure] = []
    for kind, counted in counts.items():
        for n in range(1, counted.count + 1):
            for for_good in (False, True):
                found.append(Failure(kind, n, for_good, scene.quickbooks[len(found) // 2 % len(scene.quickbooks)]))
    return found


def fails(world: World, failure: Failure) -> None:
    """It fails, and then all is well again."""
    _run(world, failure.switches, {failure.kind: Failing(failure.n, for_good=failure.for_good)})
    world.recover(str(failure))


def _run(world: World, switches: dict[str, Any], failing: dict[str, Failing]) -> None:
    world.put_back(**switches)
    with pytest.MonkeyPatch.context() as patch:
        for kind, one in failing.items():
            OPERATIONS[kind](patch, one)
        world.run()


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_an_operation_that_fails_costs_no_bill_and_makes_none_twice(world: World, proof: Proof, scene: Scene) -> None:
    scene.lay_out(world)
    every = failures(world, scene)
    assert {failure.kind for failure in every} == set(OPERATIONS)
    for failure in proof.cases("failing operations", every, sample=2):
        fails(world, failure)
