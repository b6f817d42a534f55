"""A mapping once it is understood: rules without faults, ready to be applied."""

from dataclasses import dataclass, field
from decimal import Decimal

from connector.document import Amounts
from connector.mapping.boxes import Box
from connector.mapping.faults import Span
from connector.mapping.placeholder import Template
from connector.mapping.tables import Table

__all__ = ["Example", "Expected", "LineRule", "Rule", "Rules", "StatusRule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What goes in one box, and where the mapping says so: its line as people see it, and what stands there."""

    box: Box
    template: Template
    place: str
    span: Span


@dataclass(frozen=True, slots=True)
class LineRule:
    boxes: dict[str, Rule]
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StatusRule:
    """The words of one field, case folded: those taken, those left and where ``leave`` names the field."""

    name: str
    taken: frozenset[str]
    left: frozenset[str]
    shown: tuple[str, ...]
    place: str
    leave_place: str


@dataclass(frozen=True, slots=True)
class Expected:
    """One box of an example's ``expect``, as typed."""

    box: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Example:
    """One example: a record in a file beside the mapping or written out, and the boxes that it must give."""

    name: str
    span: Span
    given: str | dict[str, object]
    given_span: Span
    expect: tuple[Expected, ...]

    def waits_for(self, code: str) -> bool:
        """Whether it expects to be held or blocked for this."""
        return any(one.box in ("held", "blocked") and one.value == code for one in self.expect)


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Everything but policy and examples.

    Args:
        amounts_place: Where ``amounts are`` stands; empty where the mapping is silent about tax.
        policy_places: Where the lines of the policy stand; those that the mapping is silent about are not in it.
    """

    status: tuple[StatusRule, ...]
    tables: dict[str, Table] = field(repr=False)
    bill: dict[str, Rule]
    lines: tuple[LineRule, ...]
    check: dict[str, Rule]
    payment: dict[str, Rule]
    amounts_are: Amounts
    amounts_place: str
    policy_places: dict[str, str]
