"""A process dies at every moment that matters: afterwards each invoice has one bill, and nothing is forgotten."""

import random
from itertools import cycle
from typing import Any

import pytest
from crash_points import around_effects, at_opcodes
from proof_world import BLIND, FORGETS, SEED, World

SINGLES = (1, 2)
BATCH = tuple(range(1, 15))
SHAPES = pytest.mark.parametrize("ids", [SINGLES, BATCH], ids=["two one by one", "fourteen in batches"])
QUICKBOOKS = pytest.mark.parametrize("switches", [FORGETS, BLIND], ids=["forgets ids", "shows no new bill"])


def prepared(world: World, ids: tuple[int, ...]) -> None:
    world.prepare(*ids, batch_size="5")


def points_of(world: World, switches: dict[str, Any]) -> list[str]:
    """The moments of an undisturbed run, by name."""
    world.put_back(**switches)
    ended = world.child(around_effects(0))
    assert ended.code == 0, ended.told
    names: list[str] = ended.told["planted"]
    return names


def dies_at(world: World, ids: tuple[int, ...], switches: dict[str, Any], at: int, names: list[str]) -> None:
    world.put_back(**switches)
    assert world.child(around_effects(at)).killed
    world.recover(ids, f"killed at {at} of {len(names)}, {names[at - 1]}, {switches}")


@pytest.mark.parametrize(("ids", "step"), [(SINGLES, 14), (BATCH, 28)], ids=["two one by one", "fourteen in batches"])
def test_a_process_killed_around_an_effect_leaves_one_bill_each(world: World, ids: tuple[int, ...], step: int) -> None:
    prepared(world, ids)
    names = points_of(world, {})
    first = random.Random(f"{SEED} {len(ids)}").randrange(step)
    chosen = range(1 + first, len(names) + 1, step)

    for at, switches in zip(chosen, cycle([FORGETS, BLIND]), strict=False):
        dies_at(world, ids, switches, at, names)

    print(f"seed {SEED}: {len(chosen)} of {len(names)} crash points around effects")
    assert {"before commit", "after commit", "before note", "before exchange", "sent", "after exchange"} <= set(names)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@QUICKBOOKS
@SHAPES
def test_a_process_killed_around_any_effect_leaves_one_bill_each(
    world: World, ids: tuple[int, ...], switches: dict[str, Any]
) -> None:
    prepared(world, ids)
    names = points_of(world, switches)

    for at in range(1, len(names) + 1):
        dies_at(world, ids, switches, at, names)

    print(f"all {len(names)} crash points around effects")


def dies_at_opcodes(world: World, ids: tuple[int, ...], switches: dict[str, Any], how_many: int) -> None:
    prepared(world, ids)
    world.put_back(**switches)
    ended = world.child(at_opcodes(0))
    assert ended.code == 0, ended.told
    opcodes = ended.told["planted"]
    assert opcodes > 1000
    chosen = sorted(random.Random(f"{SEED} opcodes").sample(range(1, opcodes + 1), how_many))
    killed = 0
    for at in chosen:
        world.put_back(**switches)
        killed += world.child(at_opcodes(at)).killed
        world.recover(ids, f"killed at opcode {at} of {opcodes} (seed {SEED})")
    # The count differs by a few from run to run; only the very last may be missed.
    assert killed >= how_many - 2
    print(f"seed {SEED}: {killed} of {opcodes} opcodes of the write protocol")


def test_a_process_killed_at_an_opcode_of_the_write_protocol_leaves_one_bill_each(world: World) -> None:
    dies_at_opcodes(world, SINGLES, FORGETS, 2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("ids", "switches"), [(SINGLES, FORGETS), (BATCH, BLIND)], ids=["two", "fourteen"])
def test_a_process_killed_at_any_opcode_of_the_write_protocol_leaves_one_bill_each(
    world: World, ids: tuple[int, ...], switches: dict[str, Any]
) -> None:
    dies_at_opcodes(world, ids, switches, 250)
