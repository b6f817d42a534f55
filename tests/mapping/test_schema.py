"""The schema itself: draft-07, the whole language, the same bytes for the same fields and headings."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator

from connector.mapping import outline, shipped
from connector.mapping.boxes import BILL, CHECK, LINE, PAYMENT
from connector.mapping.policy import AMOUNT_ABOVE, CHOICES, MEANINGS, QUESTIONS
from connector.mapping.schema import schema_of
from connector.sources.cake import Cake

_, TABLES = outline(shipped() / "cake.yaml", Cake)
SCHEMA = schema_of(Cake, TABLES)
DRAFT_07 = set(
    "$schema $comment $ref type description properties additionalProperties patternProperties propertyNames required "
    "items minItems minProperties enum const pattern minimum examples allOf anyOf not if then else dependencies "
    "definitions".split()
)
KNOWN_TO_EDITORS = {"defaultSnippets", "enumDescriptions", "patternErrorMessage", "errorMessage"}
NAMES_INSIDE = {"properties", "patternProperties", "dependencies", "definitions"}


def words(schema: Any) -> Iterator[str]:
    """Every keyword of a schema and of those in it."""
    if isinstance(schema, list):
        for each in schema:
            yield from words(each)
    if not isinstance(schema, dict):
        return
    for word, value in schema.items():
        yield word
        if word in NAMES_INSIDE:
            yield from words(list(value.values()))
        elif word not in {"examples", "enum", "const", "required", *KNOWN_TO_EDITORS}:
            yield from words(value)


def test_it_is_draft_07_and_says_no_more_than_editors_know() -> None:
    Draft7Validator.check_schema(SCHEMA)

    assert set(words(SCHEMA)) <= DRAFT_07 | KNOWN_TO_EDITORS


def test_every_box_is_there_with_its_description() -> None:
    sections = SCHEMA["properties"]
    line = sections["lines"]["items"]
    for boxes, schema in (
        (BILL, sections["bill"]),
        (LINE, line),
        (PAYMENT, sections["payment"]),
        (CHECK, sections["check"]),
    ):
        assert schema["properties"].keys() == boxes.keys()
        assert all(schema["properties"][name]["description"] == box.help for name, box in boxes.items())
    assert all(section["description"] for section in sections.values())
    assert "21 characters" in sections["bill"]["properties"]["number"]["description"]


def test_every_answer_of_the_policy_says_what_it_means() -> None:
    policy = SCHEMA["properties"]["policy"]["properties"]

    assert policy.keys() == QUESTIONS.keys() == {*CHOICES, AMOUNT_ABOVE}
    for name, (_, answers) in CHOICES.items():
        assert set(MEANINGS[name]) == set(answers)
        assert policy[name]["enum"] == list(answers)
        assert policy[name]["enumDescriptions"] == [MEANINGS[name][answer] for answer in answers]


def test_fields_and_headings_are_offered_where_their_kind_fits() -> None:
    offered = {
        kind: [snippet["body"] for snippet in SCHEMA["definitions"][kind]["defaultSnippets"]]
        for kind in ("text", "date", "number")
    }

    assert "<affiliate_name>" in offered["text"]
    assert "<affiliate_name>" not in offered["date"] + offered["number"]
    assert [body for body in offered["number"] if "." not in body] == ["<total_payout>"]
    assert all("<vendors.account>" in bodies for bodies in offered.values())


def test_the_same_fields_and_headings_give_the_same_bytes() -> None:
    _, again = outline(shipped() / "cake.yaml", Cake)

    assert json.dumps(schema_of(Cake, again)) == json.dumps(SCHEMA)
    assert json.dumps(schema_of(Cake, {"vendors": None})) != json.dumps(SCHEMA)


def test_names_with_signs_of_a_pattern_are_taken_as_they_are() -> None:
    class Odd(Cake):
        fields = (*Cake.fields, Cake.fields[0].__class__("a+b(c|[$", "text", "Odd."))

    assert Draft7Validator(schema_of(Odd, {})).is_valid is not None
    pattern = schema_of(Odd, {})["definitions"]["text"]["pattern"]
    assert Draft7Validator({"pattern": pattern}).is_valid("<a+b(c|[$>")
    assert not Draft7Validator({"pattern": pattern}).is_valid("<aab>")
