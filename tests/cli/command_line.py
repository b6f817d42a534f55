"""Where the package is, and the environment in which its command line is run."""

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without anything that would change what is printed."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CONNECTOR_", "GITHUB_")) and name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
    }
    return kept | {"PYTHONPATH": str(ROOT), **(more or {})}
