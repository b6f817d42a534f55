"""A reconciliation as programs see it: the one JSON document."""

import json
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TextIO

from connector.money import minor_units
from connector.quickbooks.documents import link
from connector.reconcile import FAMILIES, Family, ProofLine, Reconciled, Row
from connector.report.problems import problem_data
from connector.report.run import CompanyName, stamp

__all__ = ["link_of", "row_data", "write_reconciliation"]


def write_reconciliation(stream: TextIO, found: Reconciled, company: CompanyName) -> None:
    """The one JSON document, a proof line and a row to a line; written as it goes, however many rows there are."""
    counts = Counter(row.family for row in found.rows())
    head = {
        "schema": "connector/reconcile/1",
        "as_of": {name: stamp(time) for name, time in found.as_of.items()},
        "company": company,
        "period": {"first": found.first.isoformat(), "last": found.last.isoformat() if found.last else None},
        "counts": {family: counts[family] for family in FAMILIES},
        "mappings": found.mappings,
        "unplaced": found.unplaced,
        "problems": [problem_data(problem) for problem in found.problems],
    }
    stream.write("{\n")
    stream.writelines(f" {_json(name)}: {_json(value)},\n" for name, value in head.items())
    stream.write(' "proof": [')
    _write_list(stream, (_proof_data(line) for line in found.proof.lines()))
    stream.write('],\n "rows": [')
    _write_list(stream, (row_data(row, company) for row in found.rows()))
    stream.write("]\n}\n")
    stream.flush()


def row_data(row: Row, company: CompanyName) -> dict[str, Any]:
    """One row; amounts as text with their currency beside."""
    return {
        "status": row.status,
        "family": row.family,
        "source": row.source,
        "invoice": row.invoice,
        "number": row.number,
        "vendor": row.vendor,
        "date": row.date.isoformat() if row.date else None,
        "month": row.month,
        "currency": row.currency,
        "source_amount": _amount(row.source_amount, row.currency),
        "our_amount": _amount(row.our_amount, row.our_currency),
        "our_currency": row.our_currency,
        "quickbooks_amount": _amount(row.quickbooks_amount, row.quickbooks_currency),
        "quickbooks_currency": row.quickbooks_currency,
        "entity": row.entity,
        "qbo_id": row.qbo_id,
        "link": link_of(row, company),
        "due": row.due.isoformat() if row.due else None,
        "open_amount": _amount(row.open_amount, row.quickbooks_currency),
        "accounts": [{"account": name, "amount": _amount(amount, row.our_currency)} for name, amount in row.accounts],
        "why": row.why,
        "next": row.next,
    }


def link_of(row: Row, company: CompanyName) -> str | None:
    """The address of the row's bill in QuickBooks; None where it has none."""
    if row.entity is None or row.qbo_id is None:
        return None
    return link(company["environment"], company["realm_id"], row.entity, row.qbo_id)


def _proof_data(line: ProofLine) -> dict[str, Any]:
    currency = line.currency
    sums = {_key(family): _amount(amount, currency) for family, amount in line.families.items()}
    return {
        "source": line.source,
        "currency": currency,
        "month": line.month,
        "source_total": _amount(line.source_total, currency),
        **sums,
        "difference": _amount(line.difference, currency),
        "quickbooks_total": _amount(line.quickbooks_total, currency),
        "quickbooks_difference": _amount(line.quickbooks_difference, currency),
    }


def _key(family: Family) -> str:
    return "matched" if family == "agree" else family.replace("-", "_")


def _write_list(stream: TextIO, items: Iterable[dict[str, Any]]) -> None:
    between = "\n  "
    for item in items:
        stream.write(f"{between}{_json(item)}")
        between = ",\n  "


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _amount(amount: Decimal | None, currency: str | None) -> str | None:
    """With the decimals of its currency, and never fewer than it has."""
    if amount is None:
        return None
    least = -minor_units(currency or "USD")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent > least:
        amount = amount.quantize(Decimal(1).scaleb(least))
    return f"{amount + 0:f}"
