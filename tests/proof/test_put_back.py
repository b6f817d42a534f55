"""A world that is put back is as it was, however long ago that is: else a slow machine would prove something else."""

import pytest
from proof_world import World
from scenes import SCENES
from test_crashes import crash_points

LATER = 400.0


@pytest.mark.parametrize("name", ["the state lost", "voided and credited one by one"])
def test_minutes_later_a_run_meets_the_same_moments(world: World, name: str) -> None:
    SCENES[name].lay_out(world)
    at_once = crash_points(world, SCENES[name])

    world._since -= LATER
    world._kept_at += LATER  # all clocks went on

    assert crash_points(world, SCENES[name]) == at_once
