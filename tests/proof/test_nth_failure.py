"""The n-th request, commit or note fails, once or for good: when the trouble is over, each invoice has one bill."""

import random
from typing import Any

import pytest
from failing_operations import OPERATIONS, Failing, Plant
from proof_world import BLIND, FORGETS, SEED, World

SINGLES = (1, 2)
BATCH = tuple(range(1, 15))
KINDS = pytest.mark.parametrize("kind", OPERATIONS)


def failed(world: World, ids: tuple[int, ...], kind: str, n: int, *, for_good: bool, switches: dict[str, Any]) -> int:
    """One run in which it fails, and what makes good for it; how many operations the run had."""
    plant: Plant = OPERATIONS[kind]
    failing = Failing(n, for_good=for_good)
    world.put_back(**switches)
    world.project.arm("expire-access-tokens")
    with pytest.MonkeyPatch.context() as patch:
        plant(patch, failing)
        world.run()
    if n:
        assert failing.count >= n
        world.recover(ids, f"{kind}: the {n}. {'and all after it' if for_good else 'once'}, {switches}")
    return failing.count


@KINDS
def test_an_operation_that_fails_costs_no_bill_and_makes_none_twice(world: World, kind: str) -> None:
    world.prepare(*SINGLES)
    count = failed(world, SINGLES, kind, 0, for_good=False, switches={})
    draw = random.Random(f"{SEED} {kind}")
    chosen = sorted(draw.sample(range(1, count + 1), min(count, 2)))

    for n in chosen:
        failed(world, SINGLES, kind, n, for_good=draw.random() < 0.5, switches=draw.choice([FORGETS, BLIND]))

    print(f"seed {SEED}: {kind}: {len(chosen)} of {2 * count} failures")
    assert count


@pytest.mark.slow
@pytest.mark.timeout(1800)
@KINDS
@pytest.mark.parametrize("ids", [SINGLES, BATCH], ids=["two one by one", "fourteen in batches"])
def test_any_operation_that_fails_costs_no_bill_and_makes_none_twice(
    world: World, ids: tuple[int, ...], kind: str
) -> None:
    world.prepare(*ids, batch_size="5")
    count = failed(world, ids, kind, 0, for_good=False, switches={})
    for n in range(1, count + 1):
        for for_good in (False, True):
            failed(world, ids, kind, n, for_good=for_good, switches=BLIND if n % 2 else FORGETS)
    print(f"{kind}: all {2 * count} failures")
