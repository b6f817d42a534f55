"""A mapping and its table edited between runs: which run met which edit, and what made a bill of then."""

import pytest
from project import Project

VENDORS = "mappings/cake.vendors.csv"
MAPPING = "mappings/cake.yaml"


@pytest.fixture
def edited(project: Project) -> Project:
    """Three runs, each with a bill for the same payee: before the edits, after the table's, after the mapping's."""
    mapping, table = project.folder / MAPPING, project.folder / VENDORS
    mapping.write_text(mapping.read_text().partition("\nexamples:")[0])
    for n in (1, 2, 3):
        project.owe(n, affiliate_id=67890)
        project.sync()
        if n == 1:
            table.write_text(table.read_text().replace("payouts:US,US", "payouts:UK,UK", 1))
        if n == 2:
            mapping.write_text(f"# Edited.\n{mapping.read_text()}")
    return project


def test_every_run_names_the_file_that_was_edited_before_it(edited: Project) -> None:
    third, second, first = (each["run"] for each in edited.run("runs", "--json").json["runs"])

    shown = {run: edited.run("runs", "show", run).out for run in (first, second, third)}

    assert "changed since" not in shown[first]
    assert f"   mapping of cake changed since run {first}: {VENDORS}   (before, it was version " in shown[second]
    assert f"   mapping of cake changed since run {second}: {MAPPING}   (before, it was version " in shown[third]
    listed = " ".join(edited.run("runs").out.split())
    assert f"the mapping of cake was edited before it: {MAPPING} " in listed
    assert f"the mapping of cake was edited before it: {VENDORS} " in listed


def test_a_bill_is_told_with_the_version_the_line_and_the_row_of_then(edited: Project) -> None:
    version = edited.run("runs", "--json").json["runs"][-1]["mapping_versions"]["cake"]

    old, new = edited.run("why", "cake:1").out, edited.run("why", "cake:3").out

    assert f"{VENDORS}:2  67890,MediaBridge Partners,MediaBridge Partners LLC,Affiliate payouts:US,US\n" in old
    assert f"{MAPPING}:26  number:   CAKE-<invoice_id>" in old
    assert (
        f" Decided by {MAPPING}, version {version[:12]}\n"
        f"   {VENDORS} and {MAPPING} were edited since; what stands here is how it was\n"
    ) in old
    assert f"{MAPPING}:27  number:   CAKE-<invoice_id>" in new
    assert "edited since" not in new
