"""The disk of the state fills up, at any moment of a run and to any degree: when there is room again, one bill each."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from effects import Moments, watch
from project import Project
from proof import Proof
from proof_world import World
from scenes import SCENES

from connector.sandbox.server import Sandbox

BLOCK = 4096
LEFT = (0, 2, 16)
"""Blocks of the disk that stay free."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A small file system, and the one file that fills it."""

    folder: Path

    def fill(self, leave: int) -> None:
        """Leave so many free blocks."""
        with (self.folder / "ballast").open("wb") as file:
            while free := os.statvfs(self.folder).f_bavail - leave:
                if free < 0:
                    return
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free * BLOCK)

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here; test_nth_failure takes SQLite's pages away instead")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def small_world(disk: Disk, services: Sandbox, world: World, tmp_path: Path) -> Iterator[World]:
    """The world with its project on the small disk."""
    project = Project(disk.folder, services.url)
    scratch = tmp_path / "beside"
    scratch.mkdir()
    yield World(project, services, world.time, scratch)
    project.session.close()


def fills_up(world: World, disk: Disk, switches: dict[str, Any], at: int, leave: int) -> int:
    """The disk fills up at the ``at``-th moment of a run; the number of moments."""
    world.put_back(**switches)
    moments = Moments(at, lambda: disk.fill(leave))
    with pytest.MonkeyPatch.context() as patch:
        watch(patch, moments)
        world.run()
    disk.free()
    if at:
        world.recover(f"disk full but for {leave} blocks at moment {at}, {switches}")
    return moments.n


@pytest.mark.parametrize("name", ["two one by one", "fourteen in batches", "an unanswered batch", "the state lost"])
def test_a_disk_that_fills_up_costs_no_bill_and_makes_none_twice(
    small_world: World, disk: Disk, proof: Proof, name: str
) -> None:
    scene = SCENES[name]
    scene.lay_out(small_world)
    cases = [
        (switches, at, leave)
        for switches in scene.quickbooks
        for at in range(1, 1 + fills_up(small_world, disk, switches, 0, 0))
        for leave in LEFT
    ]
    for switches, at, leave in proof.cases("full disks", cases, sample=3):
        fills_up(small_world, disk, switches, at, leave)
