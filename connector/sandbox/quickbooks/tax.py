"""
Sales tax on purchases: what QuickBooks computes from tax codes, and what it refuses.

US companies know the two pseudo codes alone and compute nothing; elsewhere every line needs a code of the company.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.sandbox.quickbooks.checks import Writing, reference_value
from connector.sandbox.quickbooks.company import Data
from connector.sandbox.quickbooks.faults import Problem, business
from connector.sandbox.quickbooks.wire import money, trimmed

_HUNDRED = Decimal(100)
_MISSING_CODE = {
    "AU": "Make sure all your transactions have a GST rate before you save.",
    "CA": "Make sure all your transactions have a GST/HST rate before you save.",
    "GB": "Make sure all your transactions have a VAT rate before you save.",
}
_MISSING_CODE_ELSEWHERE = "Make sure all your transactions have a tax rate before you save."


@dataclass(slots=True)
class LineDraft:
    """A line on its way: its JSON, its detail object inside it, and its amount (None: a line of words only)."""

    body: Data
    detail: Data
    sent: Data
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Totals:
    """What tax makes of the lines. `calculation` is "" where QuickBooks does not echo GlobalTaxCalculation."""

    calculation: str
    net: Decimal
    tax: Decimal
    detail: Data | None


def apply_tax(writing: Writing, lines: list[LineDraft]) -> Totals:
    """Put tax codes on the lines and compute; problems go to the writing."""
    profile = writing.company.profile
    counted = [line for line in lines if line.amount is not None]
    if profile.country == "US":
        for line in counted:
            code = reference_value(line.sent, "TaxCodeRef") or "NON"
            if code not in {"TAX", "NON"}:
                detail = f"Invalid tax code : Tax code {code} is not valid for this company."
                writing.add(Problem("6100", detail, "TaxCodeRef"))
            line.detail["TaxCodeRef"] = {"value": code}
        return Totals("", _sum(counted), Decimal(0), None)
    calculation = writing.enumeration(writing.body, "GlobalTaxCalculation") or "TaxExcluded"
    if not profile.using_sales_tax:
        return Totals("NotApplicable", _sum(counted), Decimal(0), None)
    given = writing.body.get("TxnTaxDetail") if "TxnTaxDetail" in writing.sent else None
    if calculation == "NotApplicable":
        if given and (given.get("TaxLine") or given.get("TotalTax")):
            detail = "Invalid tax detail : Tax is not applicable to this transaction."
            writing.add(Problem("6170", detail, "TxnTaxDetail"))
        return Totals(calculation, _sum(counted), Decimal(0), None)
    return _taxed(writing, counted, calculation, given or {})


def _taxed(writing: Writing, lines: list[LineDraft], calculation: str, given: Data) -> Totals:
    taxable: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        rates = _rates_of(writing, line)
        if calculation == "TaxInclusive":
            _make_exclusive(writing, line, sum(rates.values(), Decimal(0)))
        for rate in rates:
            taxable[rate] += line.amount or 0
    rate_values = {rate: _rate(writing, rate) for rate in taxable}
    tax_lines = [_tax_line(rate, rate_values[rate], net) for rate, net in taxable.items()]
    if given.get("TaxLine"):
        tax_lines = _overridden(writing, given["TaxLine"], set(taxable), tax_lines)
    total = sum((line["Amount"] for line in tax_lines), Decimal(0))
    if not given.get("TaxLine") and (asked := writing.amount(given, "TotalTax")) is not None:
        total = asked
    return Totals(calculation, _sum(lines), total, {"TotalTax": total, "TaxLine": tax_lines})


def _rates_of(writing: Writing, line: LineDraft) -> dict[str, Decimal]:
    code = writing.reference(line.sent, "TaxCodeRef", "TaxCode")
    if code is None:
        if not reference_value(line.sent, "TaxCodeRef"):
            text = business(_MISSING_CODE.get(writing.company.profile.country, _MISSING_CODE_ELSEWHERE))
            if text not in writing.problems:
                writing.add(text)
        return {}
    line.detail["TaxCodeRef"] = {"value": code["value"]}
    record = writing.company.records["TaxCode"][code["value"]].data
    details = record.get("PurchaseTaxRateList", {}).get("TaxRateDetail", [])
    keys = [detail["TaxRateRef"]["value"] for detail in details]
    return {key: _rate(writing, key) for key in keys}


def _rate(writing: Writing, key: str) -> Decimal:
    return Decimal(writing.company.records["TaxRate"][key].data["RateValue"])


def _make_exclusive(writing: Writing, line: LineDraft, percent: Decimal) -> None:
    inclusive = writing.amount(line.sent, "TaxInclusiveAmt")
    writing.refuse_zero("TaxInclusiveAmt", inclusive)
    gross = inclusive or line.amount or Decimal(0)
    line.amount = money(gross * _HUNDRED / (_HUNDRED + percent))
    line.body["Amount"] = line.amount
    line.detail["TaxInclusiveAmt"] = gross


def _tax_line(rate: str, percent: Decimal, net: Decimal) -> Data:
    return {
        "Amount": money(net * percent / _HUNDRED),
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": rate},
            "PercentBased": True,
            "TaxPercent": trimmed(percent),
            "NetAmountTaxable": net,
        },
    }


def _overridden(writing: Writing, given: list[Any], needed: set[str], computed: list[Data]) -> list[Data]:
    """The sender's tax lines; every rate of every code used must be among them."""
    sent = {reference_value(line.get("TaxLineDetail") or {}, "TaxRateRef"): line for line in given}
    if needed - sent.keys():
        writing.add(business("You must send all TaxRateRefs of a TaxCode even if you are modifying just one."))
        return computed
    overridden = []
    for line in computed:
        asked = writing.amount(sent[line["TaxLineDetail"]["TaxRateRef"]["value"]], "Amount")
        overridden.append(line if asked is None else line | {"Amount": asked})
    return overridden


def _sum(lines: list[LineDraft]) -> Decimal:
    return sum((line.amount or Decimal(0) for line in lines), Decimal(0))
