"""Every broken mapping gets exactly the words that stand beside it."""

import re
from pathlib import Path

import pytest
from golden import assert_golden

from connector.mapping import FAULT_CODES, MappingFaults, load
from connector.sources.cake import Cake

HERE = Path(__file__).parent
CASES = sorted(path.name for path in (HERE / "faults").iterdir())


def faults_of(name: str) -> MappingFaults:
    folder = HERE / "faults" / name
    with pytest.raises(MappingFaults) as caught:
        load(folder / "mapping.yaml", Cake, root=folder)
    return caught.value


@pytest.mark.parametrize("name", CASES)
def test_a_broken_mapping_gets_these_words(name: str) -> None:
    faults = faults_of(name)

    assert_golden(HERE / "faults" / name / "expected.txt", faults.what)
    assert faults.exit_code == 3
    assert faults.faults[0].code == faults.code


@pytest.mark.parametrize("name", CASES)
def test_every_fault_says_what_to_do_and_never_uses_the_words_of_a_library(name: str) -> None:
    faults = faults_of(name)
    strange = re.compile(
        r"yaml|scalar|token|mapping values|sequence|parser|scanner|codec|exception|(?-i:None)", re.IGNORECASE
    )

    for fault in faults.faults:
        assert fault.help
        assert fault.code in FAULT_CODES
        assert not strange.search(f"{fault.what} {fault.help}".replace("mapping.yaml", ""))


def test_every_code_has_a_golden_message_and_an_explanation() -> None:
    source = "".join(path.read_text() for path in (HERE.parents[1] / "connector" / "mapping").glob("*.py"))
    used = set(re.findall(r'"(M1\d\d)"', source))
    shown = {fault.code for name in CASES for fault in faults_of(name).faults}

    assert used == set(FAULT_CODES)
    assert used == shown


def test_the_fault_of_the_documentation_reads_to_the_letter() -> None:
    fault = faults_of("a_field_is_misspelt").faults[0]

    assert fault.render().splitlines() == [
        "error[M104]: a cake invoice has no field <invoce_date>",
        "  --> mapping.yaml:14:13",
        "   |",
        "14 |   date:     <invoce_date>",
        "   |             ^^^^^^^^^^^^^",
        "   = did you mean <invoice_date>?",
    ]


def test_one_mistake_is_one_fault() -> None:
    assert [fault.code for fault in faults_of("a_box_is_misspelt_and_missed_once").faults] == ["M105"]
    assert [fault.code for fault in faults_of("a_status_is_misspelt").faults] == ["M104"]


def test_a_fault_as_json_has_its_place_in_numbers() -> None:
    told = faults_of("a_field_is_misspelt").faults[0].as_json()

    assert {key: told[key] for key in ("file", "line", "column", "length")} == {
        "file": "mapping.yaml",
        "line": 14,
        "column": 13,
        "length": 13,
    }
