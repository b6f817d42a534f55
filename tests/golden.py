"""Golden files: compared as they are; written anew only where REGENERATE_GOLDEN=1 says so."""

import os
from pathlib import Path


def assert_golden(path: Path, got: str) -> None:
    got = got.rstrip("\n") + "\n"
    if os.environ.get("REGENERATE_GOLDEN") == "1":
        path.write_text(got, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing; look at the words, then write it with REGENERATE_GOLDEN=1"

    assert path.read_text(encoding="utf-8") == got
