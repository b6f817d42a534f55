"""A report needs no more memory for many rows than for few, as far as its format allows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT

HERE = Path(__file__).parent
# Excel's format lists every link of a sheet beside it, and its library keeps them until then.
MOST = {"csv": 1.1, "html": 1.1, "xlsx": 1.8}


def peak(form: str, rows: int, path: Path) -> int:
    """The most memory, in KiB, of a process that writes so many rows."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "reported_rows.py"), form, str(rows), str(path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss


@pytest.mark.parametrize("form", ["csv", *(pytest.param(each, marks=pytest.mark.slow) for each in ("html", "xlsx"))])
@pytest.mark.parametrize(
    "rows", [5_000, pytest.param(50_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])], ids="{:,}".format
)
def test_many_rows_take_no_more_memory_than_few(form: str, rows: int, tmp_path: Path) -> None:
    few, many = (peak(form, count, tmp_path / f"{count}.{form}") for count in (500, rows))

    assert many / few < MOST[form], (few, many)
    assert (tmp_path / f"{rows}.{form}").stat().st_size > 5 * (tmp_path / f"500.{form}").stat().st_size
