"""An example written into a mapping's text: read back it expects what came out, and no other line has changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping import Mapped, NotMapped, load, shipped
from connector.mapping.faults import TextFile
from connector.mapping.new_example import with_example
from connector.mapping.yaml_text import Items, Map, Text, read_yaml
from connector.sources.cake import Cake

TEXT = (shipped() / "cake.yaml").read_text()
MAPPING = load(shipped() / "cake.yaml", Cake)
RECORD = {
    "invoice_id": "7",
    "invoice_date": "2026-09-30",
    "invoice_status": "Approved",
    "affiliate_id": "1",
    "affiliate_name": "A",
    "billing_cycle_name": "Net 30",
    "currency_symbol": "EUR",
    "total_payout": "-12.50",
    "payment_type": "",
    "date_approved": "2026-10-01",
}


def outcome(**changes: str) -> Mapped | NotMapped:
    return MAPPING.apply(Cake.read(RECORD | changes, source="cake"))


def last_example(text: str) -> dict[str, object]:
    node, faults = read_yaml(TextFile("cake.yaml", text))
    assert not faults
    assert isinstance(node, Map)
    examples = node.get("examples")
    assert isinstance(examples, Items)
    last = examples.entries[-1]
    assert isinstance(last, Map)
    return {key.value: plain(value) for key, value in last.entries}


def plain(node: object) -> object:
    if isinstance(node, Map):
        return {key.value: plain(value) for key, value in node.entries}
    assert isinstance(node, Text)
    return node.value


def test_the_boxes_that_decide_where_money_goes_are_expected() -> None:
    text = with_example(TEXT, "a correction", "examples/x.json", outcome())

    assert text is not None
    assert text.startswith(TEXT.rstrip("\n"))
    assert last_example(text) == {
        "name": "a correction",
        "given": "examples/x.json",
        "expect": {
            "vendor": "A",
            "number": "CAKE-7",
            "date": "2026-09-30",
            "currency": "EUR",
            "total": "-12.50",
            "lines[1].account": "Affiliate payouts",
            "lines[1].amount": "-12.50",
        },
    }


@given(
    name=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff"), min_size=1)
)
def test_any_name_is_read_back_to_the_letter(name: str) -> None:
    text = with_example(TEXT, name, "examples/x.json", outcome())

    assert text is not None
    assert last_example(text)["name"] == name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("source: cake\n", "source: cake\n\nexamples:\n  - name: n\n    given: g\n    expect:\n      skipped: left\n"),
        ("source: cake", "source: cake\n\nexamples:\n  - name: n\n    given: g\n    expect:\n      skipped: left\n"),
        (
            "examples:   # ours\n- name: a\n  given: b\n\n# the end\nsource: cake\n",
            (
                "examples:   # ours\n- name: a\n  given: b\n\n- name: n\n  given: g\n  expect:\n    skipped: left\n\n"
                "# the end\nsource: cake\n"
            ),
        ),
        (
            "examples:\r\n    - name: a\r\n",
            (
                "examples:\r\n    - name: a\r\n\r\n    - name: n\r\n      given: g\r\n      expect:\r\n"
                "        skipped: left\r\n"
            ),
        ),
        ("examples: [{name: a}]\n", None),
    ],
    ids=["none yet", "no end of line", "in the middle", "as Windows saves it", "in brackets"],
)
def test_it_stands_at_the_end_of_the_examples_as_they_are_written(before: str, after: str | None) -> None:
    assert with_example(before, "n", "g", outcome(invoice_status="Pending")) == after
