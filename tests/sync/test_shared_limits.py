"""Intuit's limits are one company's, whichever of our processes asks."""

from itertools import pairwise

from project import Project


def moments(project: Project) -> list[tuple[float, int]]:
    """When QuickBooks was asked, and the status it gave."""
    return [(each["time"], each["status"]) for each in project.control("requests") if "/company/" in each["path"]]


def test_a_run_that_was_told_to_slow_down_keeps_the_next_one_back(project: Project) -> None:
    project.settings(throttle_wait="700 ms")
    project.owe(1)
    project.control("arm", {"fault": "throttle", "path": "/query", "times": 3})
    assert project.sync(code=5).json["problems"][0]["code"] == "quickbooks-throttled"
    told = [at for at, status in moments(project) if status == 429]
    assert [later - first > 0.69 for first, later in pairwise(told)] == [True, True]

    assert project.plan().counts == {"created": 1}
    after = min(at for at, status in moments(project) if at > told[-1])
    assert after - told[-1] > 0.69


def test_one_run_after_another_stays_within_one_second(project: Project) -> None:
    """Six requests a run and ten a second: what the last run sent counts in this one."""
    project.owe(1)
    text = (project.folder / "connector.toml").read_text()
    faster = text.replace("requests_per_second = 10000", "requests_per_second = 10")
    (project.folder / "connector.toml").write_text(faster)
    for _ in range(3):
        project.plan()
    asked = [at for at, _ in moments(project)]
    assert len(asked) > 20
    assert all(later - first > 1 for first, later in zip(asked, asked[10:], strict=False))
