"""The figures of ``/metrics``: those of ``status``, without a look at what is settled."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from connector.state import figures as asked
from connector.state.figures import OPEN, figures
from connector.state.overview import payments, standings
from connector.state.store import State

EXAMPLE = Path(__file__).parents[2] / "state.db.example"
COMPANY = "4620816365000000000"


@pytest.fixture
def example(tmp_path: Path):
    shutil.copy(EXAMPLE, tmp_path / "state.db")
    state = State.open(f"sqlite:///{tmp_path}/state.db")
    yield state
    state.close()


def test_every_invoice_counts_as_status_counts_it(example: State) -> None:
    company = example.runs(1)[0].company
    found = figures(example, company)

    assert found.invoices == Counter(one.state for one in standings(example, company) if one.state in OPEN)
    assert found.payments == Counter(one.state for one in payments(example, company) if one.state in OPEN)
    assert found.invoices.total() > 0


def test_a_bill_with_a_credit_beside_it_counts_once(example: State) -> None:
    company = example.runs(1)[0].company
    with example.write() as t:
        t.exec_driver_sql(
            "insert into document (company, source, invoice, kind, state, marker, generation, revision, adopted, "
            "rounds, created, updated) select company, source, invoice, 'credit', 'ready', marker || 'c', 0, '0', 0, 0,"
            " created, updated from document where kind = 'bill'"
        )

    assert figures(example, company).invoices == Counter(
        one.state for one in standings(example, company) if one.state in OPEN
    )


@pytest.mark.parametrize("name", ["_WITHOUT_DOCUMENT", "_BILLS", "_PAYMENTS", "_WAITING_SINCE", "_UNKNOWN_SINCE"])
def test_nothing_reads_all_there_is(example: State, name: str) -> None:
    given = {"company": COMPANY, "source": "cake"}
    query = getattr(asked, name)
    query = query.params({each: given[each] for each in query.compile().params if each in given})
    text = str(query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with example.read() as t:
        plan = [row[3] for row in t.exec_driver_sql(f"explain query plan {text}")]

    assert not [step for step in plan if step.startswith("SCAN")], plan
    assert any("ix_document_company_state_source (company=? AND state=?)" in step for step in plan) == (
        name != "_WITHOUT_DOCUMENT"
    )
