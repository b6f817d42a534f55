"""Any one character of a good mapping or table changed: read or refused in our own words, at once; never a crash."""

import os
import random
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from editor import schema_beside, underlined

from connector.mapping import FAULT_CODES, MappingFaults, load, shipped
from connector.mapping.notes import notes_of
from connector.sources.cake import Cake

SEED = int(os.environ.get("MUTATION_SEED", "20261126"))
INSERTED = "\"'<>:#&*!{}[]|-,.%@`~?\\ \t\n\r\0\x07\x85\u00a0\u200b\u2028\u202eé日=+;0a_"
WORDS_OF_A_LIBRARY = re.compile(
    r"yaml|scalar|token|mapping values|sequence|parser|scanner|codec|exception|pydantic|validation|traceback"
    r"|input should|(?-i:None)|<class|object at",
    re.IGNORECASE,
)
SHARES = """source: cake
take: {invoice_status: [Approved, 'Paid'], invoice_kind: [payout]}
leave: {invoice_status: ["Void"], invoice_kind: [revenue]}
tables:
  vendors: {file: cake.vendors.csv, match: [affiliate_id, affiliate_name]}
bill:
  vendor: '<vendors.vendor or "Nobody ""Else"" Ltd">'
  number: "#<invoice_id>"
  date: <date_approved or invoice_date + 3 days>
  due: <invoice_date - 1 days>
  currency: <currency or "USD">
  memo: >-
    5 << 6, <invoice_date as d mmmm yyyy>
    and more
  amounts are: inclusive of tax
lines:
  - {account: A, amount: "<total_payout or 1,234.50>", share: 33.3%, tax: <vendors.class>}
  - {account: B, amount: "<total_payout or 1,234.50>", share: 66.7%, tax: GST}
payment:
  account: Operating account
  date: 2026-01-31
check: {gross: <total_payout>}
policy:
  invoice paid at source: record payment
  amount above: 1,000
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(shipped(), tmp_path / "mappings")
    (tmp_path / "mappings" / "shares.yaml").write_text(SHARES)
    ours = tmp_path / "mappings" / "cake.yaml"
    ours.write_text(ours.read_text().partition("\n")[2])  # its first line names an editor's server
    return tmp_path / "mappings"


def mutants(texts: dict[str, str], count: int) -> Iterator[tuple[str, str]]:
    """File and its text with one character deleted, inserted, or swapped with the next."""
    draw = random.Random(SEED)
    for _ in range(count):
        name = draw.choice(list(texts))
        text = texts[name]
        at = draw.randrange(len(text) - 1)
        how = draw.choice(("delete", "insert", "swap"))
        if how == "delete":
            yield name, text[:at] + text[at + 1 :]
        elif how == "insert":
            yield name, text[:at] + draw.choice(INSERTED) + text[at:]
        else:
            yield name, text[:at] + text[at + 1] + text[at] + text[at + 2 :]


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_one_character_is_changed(count: int, folder: Path) -> None:
    names = ("cake.yaml", "shares.yaml", "cake.vendors.csv", "cake.terms.csv")
    texts = {name: (folder / name).read_text() for name in names}
    refused = 0

    for name, text in mutants(texts, count):
        (folder / name).write_text(text, newline="")
        for form in [name] if name.endswith("yaml") else ["cake.yaml", "shares.yaml"]:
            faults = faults_of(folder / form, text)
            refused += bool(faults)
            if not faults:
                # An editor refuses nothing that is right, but the two words that it takes for nothing.
                found = underlined(folder / form, schema_beside(folder / form, Cake))
                assert not found or re.search(r": +(~|null)$", text, re.MULTILINE), (form, found, text)
        (folder / name).write_text(texts[name])

    assert refused > count / 4


def faults_of(form: Path, text: str) -> list[str]:
    """The codes of what is refused; asserts that it is told at once, whole and in our words."""
    began = time.process_time()
    try:
        notes_of(load(form, Cake, root=form.parent))
    except MappingFaults as error:
        told = error.faults
    else:
        told = ()
    assert time.process_time() - began < 1, text

    for fault in told:
        assert fault.code in FAULT_CODES, text
        assert fault.help, text
        assert fault.render(), text
        said = f"{fault.what} {fault.help}"
        for name in ("cake.yaml", "shares.yaml"):
            said = said.replace(name, "")
        assert not WORDS_OF_A_LIBRARY.search(said), (said, text)
    return [fault.code for fault in told]
