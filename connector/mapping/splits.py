"""Amounts of lines, so that they always add up and no sign ever turns (mapping rule 5)."""

from collections.abc import Sequence
from decimal import Decimal

from connector.money import round_minor

__all__ = ["line_amounts", "split"]


def split(amount: Decimal, shares: Sequence[Decimal], currency: str) -> list[Decimal]:
    """
    ``amount`` in parts: line k = round(amount x shares of lines 1 to k) - the lines before it.

    Args:
        amount: As sent, unrounded.
        shares: In percent; they add up to 100.
        currency: ISO 4217; its minor unit is rounded to.
    """
    parts: list[Decimal] = []
    share = before = Decimal(0)
    for one in shares:
        share += one
        until = round_minor(amount * share / 100, currency)
        parts.append(until - before)
        before = until
    return parts


def line_amounts(amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """
    Each amount in the minor unit of ``currency``; their sum is rounded once and the last line takes the rest.

    Where that rest would turn the last line's sign, the running total is rounded instead, which never does.
    """
    total = round_minor(sum(amounts, Decimal(0)), currency)
    lines = [round_minor(amount, currency) for amount in amounts[:-1]]
    rest = total - sum(lines, Decimal(0))
    if rest * amounts[-1] > 0 or not rest:
        return [*lines, rest]
    lines, running, before = [], Decimal(0), Decimal(0)
    for amount in amounts:
        running += amount
        until = round_minor(running, currency)
        lines.append(until - before)
        before = until
    return lines
