"""What a command costs in processor time before it does anything, against Python that imports Typer alone."""

import math
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from connector.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
BARE = ["-c", "import typer"]
COMPLETE = "<TAB>"
SETTINGS = """
[quickbooks]
realm_id = "4620816365000000000"
[sources.cake]
type = "cake"
base_url = "https://cake.example"
mapping = "mappings/cake.yaml"
start_date = 2026-01-01
[sources.commission_factory]
type = "commission_factory"
base_url = "https://factory.example"
mapping = "mappings/commission_factory.yaml"
start_date = 2026-01-01
"""
MOST = {
    "--help": 2.0,
    "check": 4.0,
    "sync --help": 2.5,
    "review approve --help": 2.5,
    f"re{COMPLETE}": 2.5,
    f"sync --{COMPLETE}": 2.5,
    "plam": 3.5,
    "sync --nope": 3.5,
    "why": 3.5,
    "runs --limit few": 3.5,
    "help M101": 6.0,
}
"""
Of the bare processor time; the first two are promised. Half of a wrong use is pydantic, with which Typer reads values.

The least of some rounds counts, because what shares the machine only ever adds; with few rounds something is let pass.
"""
FEW = {name: MOST[name] for name in ("--help", "check", "sync --help", "sync --nope")}
EVERY = (
    MOST
    | {f"{command.name} --help": 2.5 for command in COMMANDS}
    | {f"{command.name} --nope": 3.5 for command in COMMANDS}
)


def processor_time(arguments: list[str], folder: Path, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "mappings").symlink_to(ROOT / "mappings")
    (tmp_path / "connector.toml").write_text(SETTINGS)
    return tmp_path


@pytest.mark.parametrize(
    ("most", "rounds", "leave"),
    [(FEW, 5, 1.5), pytest.param(EVERY, 40, 1.0, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
    ids=["a sample", "every command"],
)
def test_what_needs_nobody_elses_answer_starts_at_once(
    company: Path, most: dict[str, float], rounds: int, leave: float
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation is compiled
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(company / "compiled")}
    completing = environment | {"_CONNECTOR_COMPLETE": "1"}

    least = dict.fromkeys(["bare", *most], math.inf)
    late = ["bare", *most]
    told: dict[str, float] = {}
    for n in range(rounds):
        for name in late:
            words = BARE if name == "bare" else ["-m", "connector", *name.removesuffix(COMPLETE).split()]
            took = processor_time(words, company, completing if name.endswith(COMPLETE) else environment)
            least[name] = min(took, least[name])
        told = {name: round(least[name] / least["bare"], 2) for name in most}
        if n > 2:
            late = ["bare", *(name for name in most if told[name] > most[name])]
        if len(late) == 1:
            break
    print(f"processor time of a start, of {least['bare'] * 1000:.0f} ms for Python with Typer: {told}")

    assert {name: ratio for name, ratio in told.items() if ratio > most[name] * leave} == {}
