"""Our boxes on a document, and whether QuickBooks holds them as they are meant. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

__all__ = ["OURS", "edited_boxes", "holds"]

# What `to_body` may set, less what only a new document needs; an update changes these and nothing else.
OURS: Final = frozenset(
    "VendorRef TxnDate DueDate SalesTermRef DocNumber PrivateNote Line APAccountRef DepartmentRef "
    "GlobalTaxCalculation".split()
)

# The boxes as people see them; what stands in their details is told by the line.
_SHOWN: Final = {
    "VendorRef": "vendor",
    "TxnDate": "date",
    "DueDate": "due date",
    "SalesTermRef": "terms",
    "DocNumber": "number",
    "PrivateNote": "memo",
    "Line": "lines",
    "APAccountRef": "payables account",
    "DepartmentRef": "location",
    "GlobalTaxCalculation": "way of tax",
    "TotalAmt": "total",
}
_IN_A_LINE: Final = ("AccountRef", "ItemRef", "ClassRef", "CustomerRef", "TaxCodeRef")


def holds(record: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a record of QuickBooks has every one of our boxes as the body ``wanted`` has it."""
    there, ours = _boxes(record), _boxes(wanted)
    if ours.get("GlobalTaxCalculation") == "TaxInclusive":
        # QuickBooks keeps such lines without their tax; the total is what was meant.
        meant = sum((line.pop("Amount") for line in ours["Line"]), Decimal(0))
        if meant != _number(record.get("TotalAmt")):
            return False
    return all(_agree(there.get(name), value) for name, value in ours.items())


def edited_boxes(record: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Our boxes, and the total, that QuickBooks holds otherwise than in its answer to us."""
    there, then = _boxes(record), _boxes(answer)
    names = [name for name in sorted({*there, *then}) if there.get(name) != then.get(name)]
    total = [] if _number(record.get("TotalAmt")) == _number(answer.get("TotalAmt")) else ["TotalAmt"]
    return tuple(_SHOWN[name] for name in [*names, *total])


def _boxes(record: Mapping[str, Any]) -> dict[str, Any]:
    """Our boxes to be compared: references by id, amounts as numbers, texts without regard to spaces, nothing empty."""
    held: dict[str, Any] = {name: _plain(record.get(name)) for name in OURS - {"Line"}}
    held["Line"] = [_line_boxes(line) for line in record.get("Line") or () if "Amount" in line]
    return _named(held)


def _line_boxes(line: Mapping[str, Any]) -> dict[str, Any]:
    detail = line.get(str(line.get("DetailType"))) or {}
    boxes = {"Amount": _number(line["Amount"]), "Description": _plain(line.get("Description"))}
    return _named(boxes | {name: _plain(detail.get(name)) for name in _IN_A_LINE})


def _plain(value: Any) -> str:
    return " ".join(str((value.get("value") if isinstance(value, Mapping) else value) or "").split())


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _agree(there: Any, wanted: Any) -> bool:
    """QuickBooks may fill in what a line leaves open (a tax code), and nothing else."""
    if not isinstance(wanted, list) or not isinstance(there, list):
        return bool(there == wanted)
    return len(there) == len(wanted) and all(
        theirs.get(name) == value for ours, theirs in zip(wanted, there, strict=True) for name, value in ours.items()
    )


def _named(boxes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in boxes.items() if value not in (None, "", [])}
