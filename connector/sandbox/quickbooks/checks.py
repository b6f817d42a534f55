"""Checks that every write passes before its own rules: properties, lengths, dates, amounts, words, references."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.sandbox.quickbooks.company import Company, Data, Record
from connector.sandbox.quickbooks.entities import ENTITIES, ENUMERATIONS, Entity, Shape
from connector.sandbox.quickbooks.faults import Problem, Refusal, inactive_reference, refuse, unknown_reference
from connector.sandbox.quickbooks.wire import CENT, money

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST = Decimal(10) ** 10
_LISTS = {"Line", "LinkedTxn", "TaxLine", "AttachableRef"}


@dataclass(slots=True)
class Writing:
    """
    One write under way: what is asked, what stood there before, and the problems found so far.

    `body` is what was sent (merged with the old record for a sparse update); `sent` names the properties really sent.
    """

    company: Company
    entity: Entity
    body: Data
    old: Record | None = None
    sent: frozenset[str] = frozenset()
    allow_duplicate_number: bool = False
    problems: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Note a problem and go on."""
        self.problems.append(problem)

    def settle(self) -> None:
        """Refuse if there were problems: with the first, or with all of them where the switch says so."""
        if self.problems:
            several = self.company.switches.on("all_errors")
            raise Refusal(self.problems if several else self.problems[:1])

    def text(self, name: str) -> str:
        """A text property, "" when absent."""
        value = self.body.get(name)
        return "" if value is None else str(value)

    def reference(self, holder: Mapping[str, Any], name: str, kind: str) -> Data | None:
        """The reference as it is echoed, with its name; None when absent, empty or (a noted problem) unknown."""
        value = reference_value(holder, name)
        if not value:
            return None
        record = self.company.find(kind, value)
        if record is None:
            self.add(unknown_reference(ENTITIES[kind].element, value))
            return None
        if record.data.get("Active") is False:
            self.add(inactive_reference())
            return None
        return {"value": value, "name": display_name(kind, record.data)}

    def date(self, name: str) -> date | None:
        """A date, None when absent or empty."""
        value = self.text(name)
        refused = value == "" and name in self.sent and self.company.switches.text("empty_dates") == "refuse"
        if not (value or refused):
            return None
        try:
            if _DATE.match(value):
                return date.fromisoformat(value[:10])
        except ValueError:
            pass
        detail = f"Invalid Date format : Date should be in yyyy-MM-dd format. Supplied value:{value}"
        self.add(Problem("2060", detail, name))
        return None

    def number(self, holder: Mapping[str, Any], name: str) -> Decimal | None:
        """A number of any kind, None when absent or empty."""
        value = holder.get(name)
        if value is None or value == "" or isinstance(value, bool):
            return None
        if isinstance(value, str) and self.company.switches.text("string_amounts") == "refuse":
            self.add(Problem("2090", f"Invalid Number : {value}", name))
            return None
        try:
            number = Decimal(value)
        except (InvalidOperation, TypeError, ValueError):
            number = Decimal("NaN")
        if not number.is_finite():
            self.add(Problem("2090", f"Invalid Number : {value}", name))
            return None
        return number

    def refuse_zero(self, name: str, number: Decimal | None) -> None:
        """2110 for a nought that was sent, where the switch says so."""
        if number == 0 and self.company.switches.text("zeros") == "refuse":
            self.add(Problem("2110", f"Invalid Number value : {number}", name))

    def amount(self, holder: Mapping[str, Any], name: str) -> Decimal | None:
        """An amount to the cent, None when absent or empty."""
        number = self.number(holder, name)
        if number is None:
            return None
        refused = self.company.switches.text("excess_decimals") == "refuse" and number != number.quantize(CENT)
        if abs(number) >= _MOST or refused:
            self.add(Problem("2100", f"Invalid Amount : {number}", name))
            return None
        return money(number)

    def enumeration(self, holder: Mapping[str, Any], name: str) -> str:
        """A word of an enumeration, "" when absent."""
        value = holder.get(name)
        if value is None or value == "":
            return ""
        if str(value) not in ENUMERATIONS[name]:
            self.add(Problem("2170", f"Invalid Enumeration : {value}", name))
        return str(value)


def reference_value(holder: Mapping[str, Any], name: str) -> str:
    """The id that a reference holds; "" for absent, null and empty."""
    given = holder.get(name)
    value = given.get("value") if isinstance(given, dict) else None
    return "" if value is None else str(value)


def display_name(kind: str, data: Data) -> str:
    """The name that references to a record echo."""
    return str(data.get("FullyQualifiedName") or data.get(ENTITIES[kind].name_property, ""))


def check_properties(body: Data, shape: Shape) -> None:
    """2010 for the first property that QuickBooks does not know, at any depth, and for a value of the wrong kind."""
    for name, value in body.items():
        if name not in shape.properties:
            raise _unknown(name, shape)
        inner = shape.properties[name]
        if inner is None or value in (None, ""):
            continue
        for item in value if isinstance(value, list) and name in _LISTS else [value]:
            if not isinstance(item, dict):
                detail = f"Property Name:Can not construct instance of {name} from {item!r} is unsupported or invalid"
                raise refuse("2010", detail, None)
            check_properties(item, inner)


def _unknown(name: str, shape: Shape) -> Refusal:
    known = ", ".join(f'"{known}"' for known in list(shape.properties)[:20])
    return refuse(
        "2010",
        f'Property Name:Unrecognized field "{name}" (class com.intuit.schema.finance.v3.{shape.java_class}), not '
        f"marked as ignorable ({len(shape.properties)} known properties: {known}, … [truncated]])\n "
        "specified is unsupported or invalid",
        None,
    )


def check_lengths(writing: Writing) -> None:
    """2050 for every text that is too long."""
    for path, most in writing.entity.limits.items():
        for text in _texts(writing.body, path.split(".")):
            if len(text) > most:
                detail = (
                    "String length specified does not match the supported length. "
                    f"Min:0 Max:{most} supported. Supplied length:{len(text)}"
                )
                writing.add(Problem("2050", detail, path.split(".")[-1]))


def _texts(value: Any, path: list[str]) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item, path)]
    if not path:
        return [value] if isinstance(value, str) else []
    return _texts(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
