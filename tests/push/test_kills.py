"""Real processes, killed, stopped and started twice: exactly one bill for each invoice in the end."""

import json
import random
import signal
import time

import pytest
from project import Project

MANY = tuple(range(1, 61))


def until_settled(project: Project) -> dict[str, int]:
    for _ in range(12):
        ran = project.sync(code=None)
        assert ran.code in (0, 6), ran.said
        if not (ran.counts.get("unknown") or ran.counts.get("waiting")):
            return ran.counts
        time.sleep(0.12)
    raise AssertionError(ran.counts)


def killed_at_random(project: Project, seed: int, *, requestids: str) -> None:
    draw = random.Random(seed)
    some = MANY if seed % 2 else MANY[:12]
    project.settings(settle_after="100 ms", batch_size="5", concurrency="3")
    project.switch(requestids=requestids, answer_seconds=0.02)
    project.owe(*some)
    for _ in range(3):
        process = project.process("sync", "--yes", "--json")
        # Wait until it writes, or the draw would mostly hit its start.
        began = time.monotonic()
        seen = len(project.writes())
        while len(project.writes()) == seen and process.poll() is None and time.monotonic() - began < 10:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.25)
        process.kill()
        process.communicate()
    time.sleep(0.15)  # what the pretend QuickBooks is still working on

    counts = until_settled(project)

    assert set(counts) <= {"created", "unchanged", "adopted"}, counts
    assert sum(counts.values()) == len(some)
    assert project.numbers() == {f"CAKE-{id_}": 1 for id_ in some}


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_process_killed_at_any_moment_leaves_one_bill_for_each_invoice(project: Project, seed: int) -> None:
    killed_at_random(project, seed, requestids="forget")


@pytest.mark.slow
@pytest.mark.parametrize("requestids", ["remember", "forget", "600"])
@pytest.mark.parametrize("seed", range(2, 8))
def test_a_process_killed_at_any_moment_leaves_one_bill_for_each_invoice_many_times(
    project: Project, seed: int, requestids: str
) -> None:
    killed_at_random(project, seed, requestids=requestids)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_stop_finishes_what_is_in_flight_and_loses_nothing(
    project: Project, number: signal.Signals
) -> None:
    project.settings(batch_size="5", concurrency="1")
    project.switch(answer_seconds=0.15)
    project.owe(*MANY)
    process = project.process("sync", "--yes", "--json")
    while sum('"Bill"' in each["body"] for each in project.writes()) < 2:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    out, said = process.communicate(timeout=20)

    assert process.returncode == 128 + number, said
    counts = {name: n for name, n in json.loads(out)["counts"].items() if n}
    assert set(counts) == {"created", "waiting"}
    assert sum(counts.values()) == len(MANY)
    assert sum(project.numbers().values()) == counts["created"]

    project.switch(answer_seconds=0)
    assert project.sync().counts == {"created": counts["waiting"], "unchanged": counts["created"]}
    assert project.numbers() == {f"CAKE-{id_}": 1 for id_ in MANY}


def test_a_rest_after_a_throttle_ends_when_the_run_is_told_to_stop(project: Project) -> None:
    project.settings(throttle_wait="60 s")
    project.owe(1)
    project.arm("throttle")
    process = project.process("sync", "--yes", "--json")
    while not project.writes():
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(0.2)
    process.terminate()
    out, said = process.communicate(timeout=10)

    assert process.returncode == 143, said
    assert {name: n for name, n in json.loads(out)["counts"].items() if n} == {"waiting": 1}
    (requests,) = project.folder.glob("company-*.requests")
    requests.unlink()  # the rest is the company's, and holds for the next run too
    assert project.sync().counts == {"created": 1}


def test_of_two_runs_at_once_one_writes_and_the_other_ends_with_7(project: Project) -> None:
    project.settings(batch_size="5", concurrency="1")
    project.switch(answer_seconds=0.2)
    project.owe(*MANY[:20])
    first = project.process("sync", "--yes", "--json")
    while not project.writes():
        assert first.poll() is None
        time.sleep(0.02)
    second = project.run("sync", "--yes", "--json")
    out, said = first.communicate(timeout=30)

    assert second.code == 7
    assert f"process {first.pid}" in second.json["problems"][0]["what"]
    assert first.returncode == 0, said
    assert json.loads(out)["counts"]["created"] == 20
    assert set(project.numbers().values()) == {1}


def test_two_runs_started_together_make_one_bill_each(project: Project) -> None:
    project.owe(*MANY[:20])
    both = [project.process("sync", "--yes", "--json") for _ in range(2)]
    for each in both:
        each.communicate(timeout=30)

    assert {each.returncode for each in both} <= {0, 7}
    assert 0 in {each.returncode for each in both}
    assert project.numbers() == {f"CAKE-{id_}": 1 for id_ in MANY[:20]}
