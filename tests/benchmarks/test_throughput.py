"""Achieved against allowed: as many bills as Intuit's limits admit, over a line that jitters, and never a 429."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from project import ROOT, Project, invoice

FASTER = 4
"""A minute of the pretend QuickBooks takes so much less, and so do the line and the work."""
MINUTE = 60 / FASTER
ANSWER = 5.0 / FASTER  # QuickBooks takes 1.7 s for a batch of four
JITTER = 0.6 / FASTER
CONCURRENCY = 8  # so many batches are under way where one takes that long
MINUTES, BATCHES_A_MINUTE, BATCH = 2, 40, 30
BILLS = MINUTES * BATCHES_A_MINUTE * BATCH
LEAST = 0.95


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Project]:
    """The pretend services in a process of their own, and settings whose minute is as short as theirs."""
    scenario = tmp_path / "scenario.json"
    limits = {"enforce_limits": True, "minute_seconds": MINUTE, "throttle_retry_after": 1}
    line = {"answer_seconds": ANSWER, "arrival_jitter_seconds": JITTER}
    scenario.write_text(json.dumps({"cake_invoices": 0, "switches": limits | line}))
    server = subprocess.Popen(
        [sys.executable, "-m", "connector", "sandbox", "--port", "0", "--scenario", str(scenario)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    url = next(found[1] for line in server.stderr if (found := re.match(r"CAKE +(\S+)/cake$", line)))
    project = Project(tmp_path, url)
    yield project
    project.session.close()
    server.terminate()
    server.communicate()


def batches(project: Project) -> list[dict[str, Any]]:
    log = project.control("requests")
    assert not [each for each in log if each["status"] == 429]
    return [each for each in log if each["path"].endswith("/batch")]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_bills_leave_as_fast_as_the_published_limits_allow_and_none_is_turned_away(apart: Project) -> None:
    apart.settings(concurrency=str(CONCURRENCY))
    settings = apart.folder / "connector.toml"
    text = settings.read_text()
    for name, limit in (("requests_per_minute", 500), ("requests_per_second", 10), ("batches_per_minute", 40)):
        text = re.sub(rf"{name} = \d+", f"{name} = {limit * FASTER}", text)
    settings.write_text(text)
    owed = [invoice(n, affiliate_id=1, affiliate_name="One") for n in range(1, BILLS)]  # and the sandbox's own one
    apart.control("load", {"cake": owed})

    assert apart.sync().counts == {"created": BILLS}

    sent = batches(apart)
    assert len(sent) == BILLS / BATCH
    minutes = (sent[-1]["time"] + ANSWER - sent[0]["time"]) / MINUTE
    achieved, allowed = BILLS / minutes, BATCHES_A_MINUTE * BATCH
    print(f"{achieved:.0f} bills a minute of {allowed} allowed ({achieved / allowed:.1%})")
    assert achieved >= LEAST * allowed
