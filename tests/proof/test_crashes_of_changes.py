"""A process dies while bills are changed and removed: afterwards each stands as its source says, changed once."""

import random
import time
from itertools import cycle
from typing import Any

import pytest
from crash_points import around_effects, at_opcodes
from proof_world import SEED, World, mark

from connector.quickbooks.posted import marker_in

FORGETS: dict[str, Any] = {"requestids": "forget"}
REMEMBERS: dict[str, Any] = {"requestids": "remember"}
REFUSES: dict[str, Any] = {"requestids": "600"}
FEW = (1, 2)
MANY = tuple(range(1, 15))


def prepared(world: World, ids: tuple[int, ...]) -> None:
    """Bills that stand; of each two, one is to be changed and one to be removed."""
    world.prepare(*ids, batch_size="5")
    world.project.sync()
    world.project.owe(*ids[::2], total_payout="250.00")
    world.project.owe(*ids[1::2], invoice_status="Void")
    world.keep()


def recovered(world: World, ids: tuple[int, ...], where: str) -> None:
    changed, gone = len(ids[::2]), len(ids[1::2])
    for n in range(3):
        if n and world.sending():
            time.sleep(world.settle_after + 0.005)
        ran = world.run()
        assert sum(ran.counts.values()) == len(ids), f"{where}: not conserved: {ran.counts}"
    assert ran.counts == {"unchanged": changed, "skipped": gone}, f"{where}: not quiet: {ran.counts}"
    bills = {marker_in(each["PrivateNote"]): (each["TotalAmt"], each["SyncToken"]) for each in world.project.held()}
    assert bills == {mark(id_): (250.0, "1") for id_ in ids[::2]}, f"{where}: {bills}"
    states = {id_: row.state for id_, row in world.documents().items()}
    assert states == {id_: "removed" if id_ in ids[1::2] else "sent" for id_ in ids}, f"{where}: {states}"


def points_of(world: World, plant: Any) -> Any:
    """The moments of an undisturbed run."""
    world.put_back()
    ended = world.child(plant(0))
    assert ended.code == 0, ended.told
    return ended.told["planted"]


@pytest.mark.parametrize(("ids", "step"), [(FEW, 9), (MANY, 12)], ids=["two one by one", "fourteen in batches"])
def test_a_process_killed_around_an_effect_leaves_each_bill_as_its_source_says(
    world: World, ids: tuple[int, ...], step: int
) -> None:
    prepared(world, ids)
    names = points_of(world, around_effects)
    first = random.Random(f"{SEED} changes {len(ids)}").randrange(step)
    chosen = range(1 + first, len(names) + 1, step)

    for at, switches in zip(chosen, cycle([FORGETS, REMEMBERS, REFUSES]), strict=False):
        world.put_back(**switches)
        assert world.child(around_effects(at)).killed
        recovered(world, ids, f"killed at {at} of {len(names)}, {names[at - 1]}, {switches}")

    print(f"seed {SEED}: {len(chosen)} of {len(names)} crash points around effects of changes")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("switches", [FORGETS, REMEMBERS], ids=["forgets ids", "remembers ids"])
@pytest.mark.parametrize("ids", [FEW, MANY], ids=["two one by one", "fourteen in batches"])
def test_a_process_killed_around_any_effect_leaves_each_bill_as_its_source_says(
    world: World, ids: tuple[int, ...], switches: dict[str, Any]
) -> None:
    prepared(world, ids)
    names = points_of(world, around_effects)
    for at in range(1, len(names) + 1):
        world.put_back(**switches)
        assert world.child(around_effects(at)).killed
        recovered(world, ids, f"killed at {at} of {len(names)}, {names[at - 1]}, {switches}")
    print(f"all {len(names)} crash points around effects of changes")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_process_killed_at_any_opcode_leaves_each_bill_as_its_source_says(world: World) -> None:
    prepared(world, FEW)
    opcodes = points_of(world, at_opcodes)
    for at in sorted(random.Random(f"{SEED} opcodes of changes").sample(range(1, opcodes + 1), 150)):
        world.put_back(**FORGETS)
        world.child(at_opcodes(at))
        recovered(world, FEW, f"killed at opcode {at} of {opcodes} (seed {SEED})")
    print(f"seed {SEED}: 150 of {opcodes} opcodes of changes")
