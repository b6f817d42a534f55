"""The mappings that come with the connector: the documents' own samples, as an accountant reads the bill."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from golden import assert_golden

from connector.invoice import Declaration
from connector.mapping import Mapped, Mapping, NotMapped, load, outcome_text, shipped
from connector.sources.cake import Cake
from connector.sources.commission_factory import CommissionFactory

HERE = Path(__file__).parent
SOURCES: dict[str, tuple[str, Declaration]] = {
    "cake": ("cake.yaml", Cake),
    "commission-factory": ("commission_factory.yaml", CommissionFactory),
}
RECORDS = sorted(path.stem for path in (shipped() / "examples").glob("*.json"))


def mapping_for(record: str) -> Mapping:
    file, declaration = next(found for prefix, found in SOURCES.items() if record.startswith(prefix))
    return load(shipped() / file, declaration, root=shipped().parent)


def as_read_by_an_accountant(record: dict[str, object], mapping: Mapping, outcome: Mapped | NotMapped) -> str:
    lines = ["What the source sent", ""]
    lines += [f"  {name:<20} {'' if value is None else value}".rstrip() for name, value in record.items()]
    lines += ["", "What it becomes", ""]
    late = outcome.late if isinstance(outcome, Mapped) else outcome
    if isinstance(outcome, Mapped):
        document = outcome.document
        lines.append(f"  a {'vendor credit' if document.kind == 'credit' else 'bill'}, {document.amounts_are}")
        lines += [
            f"  {trace.box:<20} {trace.value:<60} {', '.join((trace.place, *trace.via))}".rstrip()
            for trace in outcome.trace
        ]
        lines.append(f"  {'total':<20} {document.total}")
        for name in ("net", "tax", "gross"):
            expected = getattr(document, f"expected_{name}")
            if expected is not None:
                lines.append(f"  {f'QuickBooks: {name}':<20} {document.currency} {expected}")
    if late:
        invoice = mapping.declaration.read(record, source=mapping.source_type)
        lines += ["", *outcome_text(mapping.title, mapping.payee, invoice, late).splitlines()]
    return "\n".join(lines)


@pytest.mark.parametrize("name", RECORDS)
def test_a_sample_becomes_this(name: str) -> None:
    mapping = mapping_for(name)
    record = json.loads((shipped() / "examples" / f"{name}.json").read_text(), parse_float=Decimal)
    invoice = mapping.declaration.read(record, source=mapping.source_type)

    assert_golden(HERE / "cases" / f"{name}.txt", as_read_by_an_accountant(record, mapping, mapping.apply(invoice)))


def test_every_sample_stands_in_an_example_of_its_mapping() -> None:
    named = "".join((shipped() / file).read_text() for file, _ in SOURCES.values())

    assert RECORDS
    assert [name for name in RECORDS if f"given: examples/{name}.json" not in named] == []


def test_the_head_of_commission_factory_says_which_way_the_money_goes() -> None:
    head = (shipped() / "commission_factory.yaml").read_text().split("source:")[0]

    assert "for the affiliate itself it is income" in head
    assert "a bill is right for a company that pays out on behalf of the affiliates" in " ".join(
        head.replace("#", "").split()
    )
