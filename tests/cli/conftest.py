"""Real runs of the command line, each in a process of its own."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import ROOT, Run, environment


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``connector ARGUMENTS`` in an empty folder, or whatever ``script`` says in its place."""

    def running(
        *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, script: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        start = ["-m", "connector"] if script is None else ["-c", script]
        return subprocess.run(
            [sys.executable, *start, *arguments],
            cwd=cwd or tmp_path,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return running


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A folder with settings and the shipped mappings; no key stands in it."""
    (tmp_path / "mappings").symlink_to(ROOT / "mappings")
    (tmp_path / "connector.toml").write_text(
        """
[quickbooks]
realm_id = "4620816365000000000"
client_id = "client"

[sources.cake]
type = "cake"
base_url = "https://yourdomain.cakemarketing.com"
mapping = "mappings/cake.yaml"
currency = "USD"
start_date = 2026-01-01

[sources.commission_factory]
type = "commission_factory"
base_url = "https://api.commissionfactory.com"
mapping = "mappings/commission_factory.yaml"
start_date = 2026-01-01
"""
    )
    return tmp_path
