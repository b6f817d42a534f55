"""A process dies at every moment that matters: afterwards each invoice has one bill, and nothing is forgotten."""

from typing import Any

import pytest
from effects import around_effects, at_opcodes
from proof import Proof
from proof_world import World
from scenes import SCENES, Scene

EVERY_SCENE = pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
OPCODES = {
    "two one by one": 150,
    "fourteen in batches": 100,
    "changed and voided one by one": 100,
    "voided and credited one by one": 100,
    "paid one by one": 100,
    "unanswered singles": 75,
    "an unanswered batch": 75,
}


def crash_points(world: World, scene: Scene) -> list[tuple[dict[str, Any], int, str]]:
    """Each kind of QuickBooks with every moment of an undisturbed run under it."""
    points: list[tuple[dict[str, Any], int, str]] = []
    for switches in scene.quickbooks:
        world.put_back(**switches)
        ended = world.child(around_effects(0))
        assert ended.code in (0, 6), ended.told
        points += [(switches, at, name) for at, name in enumerate(ended.told["planted"], 1)]
    return points


def dies_at(world: World, switches: dict[str, Any], at: int, name: str) -> None:
    world.put_back(**switches)
    where = f"killed at moment {at}, {name}, {switches}"
    ended = world.child(around_effects(at))
    assert ended.killed, f"not {where}: {ended}"
    world.recover(where)


@EVERY_SCENE
def test_a_process_killed_around_any_effect_leaves_one_bill_each(world: World, proof: Proof, scene: Scene) -> None:
    scene.lay_out(world)
    points = crash_points(world, scene)
    for switches, at, name in proof.cases("crash points", points, sample=1):
        dies_at(world, switches, at, name)

    names = {name for _, _, name in points}
    assert names == {f"{when} {what}" for when in ("before", "after") for what in ("commit", "note", "exchange")} | {
        "sent"
    }


@pytest.mark.parametrize("name", OPCODES)
def test_a_process_killed_at_any_opcode_of_the_write_protocol_leaves_one_bill_each(
    world: World, proof: Proof, name: str
) -> None:
    scene = SCENES[name]
    scene.lay_out(world)
    reached = [opcodes_of(world, switches) for switches in scene.quickbooks]
    assert min(reached) > 1000

    draw = proof.draw("opcodes")
    kinds = [draw.randrange(len(reached)) for _ in range(OPCODES[name])]
    drawn = [(scene.quickbooks[kind], draw.randint(1, reached[kind])) for kind in kinds]
    missed = 0
    for switches, at in proof.cases("opcodes", drawn, sample=2):
        world.put_back(**switches)
        missed += not world.child(at_opcodes(at)).killed
        world.recover(f"killed at opcode {at}, {switches}")
    # The count differs from run to run: a few of the last are not reached.
    assert missed <= max(1, OPCODES[name] // 10)


def opcodes_of(world: World, switches: dict[str, Any]) -> int:
    """How many an undisturbed run has under this kind of QuickBooks."""
    world.put_back(**switches)
    ended = world.child(at_opcodes(0))
    assert ended.code in (0, 6), ended.told
    return int(ended.told["planted"])
