"""An editor and ``connector check`` agree: in a good mapping nothing is underlined, in a bad one what can be known."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from editor import copied, schema_beside, underlined
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from language_server import LanguageServer, server_script
from mapping_records import VENDORS, form_text

from connector.mapping import Mapping, MappingFaults, load, shipped
from connector.mapping.placeholder import Grammar, parse_template
from connector.mapping.schema_patterns import text as text_pattern
from connector.sources.cake import Cake
from connector.sources.commission_factory import CommissionFactory

FAULTS = Path(__file__).parent / "faults"
BAD = sorted(path.name for path in FAULTS.iterdir())

KNOWN_TO_CHECK_ALONE = {
    "a_remark_without_a_space": "a remark is no part of what is read",
    "an_invoice_sign_cuts_the_text_short": "a remark is no part of what is read",
    "a_status_is_taken_and_left": "a schema cannot compare two lists",
    "shares_of_different_amounts": "a schema cannot compare two lines",
    "shares_do_not_add_up": "a schema cannot add up",
    "anchors_aliases_and_tags": "whoever reads YAML follows them",
    "examples_fail": "an example has to be run",
}
"""Beside every fault that stands in a table: a schema knows its headings alone."""
UNSEEN_BY_THE_SERVER = {
    "a_merge_key": "it follows << as older readers of YAML do",
    "a_mapping_is_empty": "it looks at nothing before something is written",
    "two_mappings_in_one_file": "it takes a file for several documents, and each of these is whole",
    "a_mapping_has_an_invisible_character": "it reads what YAML forbids",
    "a_mapping_is_saved_in_windows_letters": "the editor decodes the file and shows what it could not read",
    "a_comma_inside_braces": "it knows no keys that are numbers",
}

# What people may write, beside the mappings that come along; each is good, and YAML takes it for something else.
TEXTS = [
    "NO", "0412", "12:30", "1e5", "true", "2026-01-31", "a lone > is literal", "5 << 6", '""',
    "'<payment_type or \"<none>\">'", "'<advertiser_id or \"say \"\"no\"\" > yes\">'", "<advertiser_id or 1,234.50>",
    "<advertiser_id or -5>", "<invoice_date - 31 days as dd/mm/yy>", "<invoice_date+30 days>", "< invoice_id >",
    "'<date_approved or \"\" as d mmm yyyy>'", "<vendors.account or vendors.vendor or affiliate_name>",
    "'<vendors.vendor or \"A as B or C\">'", '"Invoice #<invoice_id>"', "|-\n    two\n    lines <invoice_id>",
]  # fmt: skip
BOXES = [
    ("date", "2026-01-31"), ("date", "'<date_approved or \"2026-01-31\">'"), ("due", "<invoice_date + 14 days>"),
    ("due", "<vendors.vendor>"), ("currency", "usd"), ("currency", "'<currency or \"USD\">'"), ("due", '""'),
    ("amounts are", "out of scope of tax"), ("number", "123456789012345678901"), ("vendor", "Ümläut & Söhne (日本)"),
]  # fmt: skip
LINES = [
    "[{account: A, amount: 12.50}]", '[{account: A, amount: "1,234.50", customer: 7}]',
    "[{item: A, quantity: 2, amount: <total_payout or 0>}]", "[{account: A, amount: '<total_payout or \"\">'}]",
    "[{account: A, amount: 1, share: 99.5%}, {account: B, amount: 1, share: 0.5 %}]",
]  # fmt: skip
SECTIONS = [
    {"policy": {"amount above": "25,000.00", "negative amount": "credit"}},
    {"policy": {"amount above": "0", "invoice paid at source": "record payment"}, "payment": "{account: Bank}"},
    {"take": {"invoice_status": "[Approved, 0412, true]", "invoice_kind": "[payout]"}},
    {"tables": {"vendors": "{file: vendors.csv, match: [affiliate_id]}"}},
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_validator_finds_what_a_schema_can_know(name: str) -> None:
    mapping = FAULTS / name / "mapping.yaml"

    found = underlined(mapping, schema_beside(mapping, Cake))

    assert stands_in_a_table(name) or bool(found) != (name in KNOWN_TO_CHECK_ALONE), found


def stands_in_a_table(name: str) -> bool:
    with pytest.raises(MappingFaults) as caught:
        load(FAULTS / name / "mapping.yaml", Cake, root=FAULTS / name)
    return all(fault.place.file.endswith(".csv") for fault in caught.value.faults)


@pytest.mark.parametrize("declaration", [Cake, CommissionFactory], ids=lambda each: each.type)
def test_a_validator_finds_nothing_in_what_comes_along(declaration: Any) -> None:
    mapping = shipped() / f"{declaration.type}.yaml"

    assert underlined(mapping, schema_beside(mapping, declaration)) == []


@pytest.mark.parametrize(
    "sections",
    [
        *({"bill": {"memo": text}} for text in TEXTS),
        *({"bill": {box: text}, "lines": LINES[0]} for box, text in BOXES),
        *({"lines": line} for line in LINES),
        *SECTIONS,
    ],
    ids=str,
)
def test_a_validator_finds_nothing_in_what_check_finds_good(
    sections: dict[str, Any], build: Callable[..., Mapping], tmp_path: Path
) -> None:
    build(vendors=VENDORS.replace("MediaBridge Partners LLC", "2026-01-31"), **sections)

    mapping = tmp_path / "cake.yaml"
    assert underlined(mapping, schema_beside(mapping, Cake)) == []


@pytest.mark.parametrize("text", ["null", "~"])
def test_the_editor_alone_wants_quotes_round_the_two_words_for_nothing(
    text: str, build: Callable[..., Mapping], tmp_path: Path
) -> None:
    build(bill={"memo": text})

    mapping = tmp_path / "cake.yaml"
    assert underlined(mapping, schema_beside(mapping, Cake))


TOKENS = [*'<>" .', "<<", "n", "d", "t.c", "t.two words", " or ", '"a <b> c"', '""', '"2026-01-31"', "-1.5", "1,000",
          " + 14 days", "-3 days", " as ", " as d mmm yyyy", "yyyy", "x"]  # fmt: skip
FIELDS = {"n": "text", "d": "date"}
PATTERN = text_pattern(FIELDS, ["t.c", "t.two words"])


@given(st.lists(st.sampled_from(TOKENS), max_size=9).map("".join))
@example("<n or d as d mmm yyyy>")
@example("<d or -1.5 + 14 days>")
@settings(deadline=None, max_examples=500)
def test_the_pattern_takes_what_the_grammar_takes(text: str) -> None:
    assert Draft7Validator({"pattern": PATTERN}).is_valid(text) == understood(text), text


def understood(text: str) -> bool:
    """What ``check`` says of a text in a box: grammar, names, and dates where days or a pattern ask for one."""
    try:
        placeholders = parse_template(text).placeholders
    except Grammar:
        return False
    names = {*FIELDS, "t.c", "t.two words"}
    if any(str(one) not in names for each in placeholders for one in (*each.names, *each.columns)):
        return False
    dated = [one for each in placeholders if each.dated for one in each.alternatives]
    return all(
        str(one) in ("d", "t.c", "t.two words") or getattr(one, "text", "n") in ("", "2026-01-31") for one in dated
    )


def test_what_is_filled_in_is_judged_at_once_however_long_it_is() -> None:
    validator = Draft7Validator({"pattern": PATTERN})

    assert not validator.is_valid("<n or " * 3000)
    assert not validator.is_valid("<n or " + '"' * 50_001)
    assert not validator.is_valid("<d as " + "d , . / - " * 3000)
    assert validator.is_valid("<n or d or t.c> " * 3000)


# The real server.


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    server = LanguageServer(server_script())
    yield server
    server.close()


def test_the_server_underlines_what_a_schema_can_know(server: LanguageServer, tmp_path: Path) -> None:
    copies = {name: copied(FAULTS / name / "mapping.yaml", Cake, tmp_path / name) for name in BAD}

    found = server.diagnostics(list(copies.values()))

    silent = {name for name, copy in copies.items() if not found[copy]}
    assert {name for name in silent if not stands_in_a_table(name)} == {*KNOWN_TO_CHECK_ALONE, *UNSEEN_BY_THE_SERVER}


def test_the_server_underlines_nothing_in_good_mappings(server: LanguageServer, tmp_path: Path) -> None:
    copies = [copied(shipped() / f"{each.type}.yaml", each, tmp_path / each.type) for each in (Cake, CommissionFactory)]
    good = [{"bill": {"memo": text}} for text in TEXTS] + [{"lines": line} for line in LINES] + SECTIONS
    for n, sections in enumerate(good):
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / "vendors.csv").write_text(VENDORS)
        (folder / "cake.yaml").write_text(form_text(**sections))
        copies.append(copied(folder / "cake.yaml", Cake, folder / "copy"))

    assert {path: found for path, found in server.diagnostics(copies).items() if found} == {}


def test_the_server_completes_and_explains(server: LanguageServer, tmp_path: Path) -> None:
    copy = copied(shipped() / "cake.yaml", Cake, tmp_path)
    server.diagnostics([copy])
    lines = copy.read_text().splitlines()

    def at(text: str) -> tuple[int, int]:
        number = next(n for n, line in enumerate(lines) if text in line)
        return number, lines[number].index(text) + 1

    vendor = server.completion(copy, *at("<vendors.vendor or"))
    assert {"<affiliate_name>", "<vendors.vendor>", "<terms.terms>"} <= vendor.keys()
    assert "affiliate's name" in str(vendor["<affiliate_name>"]["documentation"])
    dates = server.completion(copy, *at("<invoice_date>"))
    assert {"<invoice_date>", "<date_approved>", "<invoice_date + 14 days>"} <= dates.keys()
    assert "<affiliate_name>" not in dates
    assert {"create", "hold"} == server.completion(copy, *at("create     #")).keys()

    assert "at most 21 characters" in server.hover(copy, *at("number:"))
    assert "the vendor is made in QuickBooks" in server.hover(copy, *at("vendor not in"))
    assert "word in neither list holds" in server.hover(copy, *at("take:"))


def test_the_server_puts_a_placeholder_in_place_of_the_whole_text_and_not_into_it(
    server: LanguageServer, tmp_path: Path
) -> None:
    """What it cannot do: ``CAKE-<inv`` is completed to ``<invoice_id>``, so editors offer nothing there."""
    shutil.copytree(shipped(), tmp_path / "mappings")
    mapping = tmp_path / "mappings" / "cake.yaml"
    mapping.write_text(mapping.read_text().replace("CAKE-<invoice_id> ", "CAKE-<inv "))
    copy = copied(mapping, Cake, tmp_path / "copy")
    server.diagnostics([copy])
    lines = copy.read_text().splitlines()
    line = next(n for n, text in enumerate(lines) if "CAKE-<inv" in text)
    begins = lines[line].index("CAKE-")

    edit = server.completion(copy, line, begins + 9)["<invoice_id>"]["textEdit"]

    assert edit["range"]["start"]["character"] == begins
    assert edit["newText"] == "<invoice_id>"


def test_a_misspelt_field_is_underlined_in_the_words_of_the_form(server: LanguageServer, tmp_path: Path) -> None:
    copy = copied(FAULTS / "a_field_is_misspelt" / "mapping.yaml", Cake, tmp_path)

    (found,) = server.diagnostics([copy])[copy]

    assert found["range"]["start"] == {"line": 14, "character": 12}
    assert found["message"] == (
        "This cannot be read as one date, as 2026-01-31 or as a placeholder. There are: invoice_date, date_approved, "
        "vendors.affiliate_id, vendors.vendor, vendors.account. connector check says what is wrong."
    )
