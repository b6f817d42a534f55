"""A run needs no more memory for many invoices than for few."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from project import Project

HERE = Path(__file__).parent


def peak(project: Project, invoices: int, *command: str) -> int:
    """The most memory, in KiB, that a command of its own process takes over so many invoices."""
    cake = subprocess.Popen(
        [sys.executable, str(HERE / "many_invoices.py"), str(invoices)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert cake.stdout is not None
        url = f"http://127.0.0.1:{cake.stdout.readline().strip()}"
        path = project.folder / "connector.toml"
        path.write_text(re.sub(r'base_url = "[^"]*"', f'base_url = "{url}"', path.read_text()))
        mapping = project.folder / "mappings/cake.yaml"
        mapping.write_text(mapping.read_text().split("\nexamples:")[0].replace("25,000.00", "250,000,000.00"))
        with (project.folder / "out").open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "connector", "-q", *command],
                cwd=project.folder,
                env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (project.folder / "out").read_text()[-2000:]
        return used.ru_maxrss
    finally:
        cake.kill()
        cake.communicate()


@pytest.mark.slow
def test_three_times_the_invoices_take_no_more_memory(project: Project) -> None:
    """Fewer tell nothing: so many are kept at hand whatever their number."""
    few = peak(project, 10_000, "plan", "--json")
    many = peak(project, 30_000, "plan", "--json")

    assert many / few < 1.3, (few, many)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", [("plan",), ("plan", "--json"), ("sync", "--yes")], ids=" ".join)
def test_a_hundred_thousand_invoices_take_no_more_memory_than_ten_thousand(
    project: Project, command: tuple[str, ...]
) -> None:
    few = peak(project, 10_000, *command)
    if command[0] == "sync":
        project.control("reset", {})
        project.forget()
    many = peak(project, 100_000, *command)

    assert many / few < 1.3, (few, many)
