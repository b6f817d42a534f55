"""``connector schema``: one file per mapping, under the name that its first line says."""

import json

import pytest
from project import Project


def test_every_mapping_of_the_settings_gets_its_schema(project: Project) -> None:
    project.settings(commission_factory=True)

    first, again = project.run("schema"), project.run("schema")

    assert first.out.splitlines() == [
        "written    mappings/cake.schema.json                of mappings/cake.yaml: 13 fields, 7 columns",
        "written    mappings/commission_factory.schema.json  of mappings/commission_factory.yaml: 10 fields, 2 columns",
        "Next: open the mapping in an editor that knows YAML; in VS Code add Red Hat's extension YAML",
    ]
    assert [line.split()[0] for line in again.out.splitlines()[:2]] == ["as", "as"]
    schema = json.loads((project.folder / "mappings/cake.schema.json").read_text())
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["properties"]["source"]["enum"] == ["cake"]


def test_a_new_heading_is_known_after_writing_it_anew(project: Project) -> None:
    project.run("schema")
    table = project.folder / "mappings/cake.vendors.csv"
    table.write_text(
        "\n".join(f"{line},{'region' if n == 0 else ''}" for n, line in enumerate(table.read_text().split()))
    )

    assert project.run("schema", "--json").json["schemas"][0]["written"]
    assert "vendors.region" in (project.folder / "mappings/cake.schema.json").read_text()


def test_it_goes_to_another_folder_and_under_the_name_that_the_mapping_says(project: Project) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("$schema=cake.schema.json", "$schema=help/ours.json"))

    beside, elsewhere = project.run("schema", "--json"), project.run("schema", "--json", "-o", "made/here", "cake")

    assert [ran.json["schemas"][0]["path"] for ran in (beside, elsewhere)] == [
        "mappings/help/ours.json",
        "made/here/help/ours.json",
    ]
    assert (project.folder / "made/here/help/ours.json").read_text() == (mapping.parent / "help/ours.json").read_text()


@pytest.mark.parametrize("line", ["# a mapping", "# yaml-language-server: $schema=https://x.example/y.json",
                                  "# yaml-language-server: $schema=../../out.json"])  # fmt: skip
def test_a_mapping_that_names_none_of_its_own_is_told_what_to_write(line: str, project: Project) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("# yaml-language-server: $schema=cake.schema.json", line))

    ran = project.run("schema")

    assert "let the first line of mappings/cake.yaml be   # yaml-language-server: $schema=cake.schema.json" in ran.out
    assert (mapping.parent / "cake.schema.json").exists()
    assert not (project.folder.parent / "out.json").exists()


def test_what_it_has_not_written_itself_stays(project: Project) -> None:
    other = project.folder / "mappings/cake.schema.json"
    other.write_text('{"mine": true}')

    ran = project.run("schema")

    assert (ran.code, other.read_text()) == (2, '{"mine": true}')
    assert ran.said.startswith("error[schema-name-taken]")


def test_a_mapping_with_mistakes_still_gets_one_and_one_without_layout_keeps_the_old(project: Project) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    good = mapping.read_text()
    mapping.write_text(good.replace("<invoice_date>", "<invoce_date>").replace("cake.terms.csv", "gone.csv"))
    told = project.run("schema")
    written = (mapping.parent / "cake.schema.json").read_text()
    mapping.write_text(good.replace("  date:     <", "   date:     <"))
    refused = project.run("schema")

    assert (told.code, refused.code) == (0, 3)
    assert "the table terms is left out" in told.out
    assert refused.out.startswith("error[M102]")
    assert (mapping.parent / "cake.schema.json").read_text() == written


def test_it_is_readable_by_whoever_reads_the_mapping(project: Project) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    mapping.chmod(0o640)
    project.run("schema")

    assert (mapping.parent / "cake.schema.json").stat().st_mode & 0o777 == 0o640
