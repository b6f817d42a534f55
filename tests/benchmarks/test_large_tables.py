"""A table of fifty thousand rows: checked, exported and imported in seconds."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from project import Project

ROWS = 50_000
CHECK = 3.0
"""Seconds of processor time, as a person waits for it; about a tenth is needed."""
EXCEL = 30.0
"""Likewise there and back; reading a workbook takes most of it."""


@contextmanager
def at_most(seconds: float, what: str) -> Iterator[None]:
    began = time.process_time() + sum(os.times()[2:4])
    yield
    spent = time.process_time() + sum(os.times()[2:4]) - began
    print(f"{what} of {ROWS:,} rows: {spent:.2f} s")
    assert spent < seconds


@pytest.mark.slow
def test_a_table_of_fifty_thousand_rows(project: Project) -> None:
    table = project.folder / "mappings/cake.vendors.csv"
    with table.open("a") as file:
        file.writelines(f"{100_000 + n},Affiliate {n},Affiliate {n} Ltd,Affiliate payouts:US,US\n" for n in range(ROWS))
    before = table.read_bytes()

    with at_most(CHECK, "check"):
        process = project.process("check")
        out, _ = process.communicate()
    assert process.returncode == 0, out
    with at_most(EXCEL, "table export"):
        assert project.run("table", "export", "cake.vendors", "-o", "out.xlsx").code == 0
    with at_most(EXCEL, "table import of a workbook"):
        assert "nothing differs" in project.run("table", "import", "out.xlsx", "cake.vendors", "--yes").out
    (project.folder / "in.csv").write_bytes(before.replace(b"Affiliate 4711 Ltd", b"Somebody"))
    with at_most(CHECK, "table import of a CSV"):
        assert project.run("table", "import", "in.csv", "cake.vendors", "--yes").code == 0
    assert table.read_bytes() == before.replace(b"Affiliate 4711 Ltd", b"Somebody")
