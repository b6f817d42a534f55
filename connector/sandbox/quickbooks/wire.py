"""
JSON as QuickBooks writes it, and its two kinds of time.

Amounts are JSON numbers with two decimals, zero is ``0``; timestamps carry the Pacific offset, with milliseconds on the
envelope only. Python's json cannot print a Decimal as a number, hence the small writer here.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from json.encoder import encode_basestring_ascii
from types import NoneType
from typing import Any
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
CENT = Decimal("0.01")
_MOST_DIGITS = 60

MONEY_PROPERTIES = frozenset(
    "Amount TotalAmt Balance HomeBalance TotalTax NetAmountTaxable TaxInclusiveAmt TaxAmount TaxInclusiveAmount "
    "CurrentBalance CurrentBalanceWithSubAccounts BalanceWithJobs".split()
)


class Verbatim(str):
    """Text that is already JSON."""

    __slots__ = ()


def encode(value: Any) -> str:
    """Compact JSON; Decimals become numbers with the decimals they have."""
    write = _WRITERS.get(type(value))
    if write is None:
        raise TypeError(f"{type(value).__name__} has no place in QuickBooks' JSON")
    return write(value)


def _object(value: dict[str, Any]) -> str:
    # Most of what is encoded is text in small objects, hence no call of encode for it.
    inner = [
        f"{encode_basestring_ascii(k)}:{encode_basestring_ascii(v) if type(v) is str else encode(v)}"
        for k, v in value.items()
    ]
    return "{" + ",".join(inner) + "}"


def _array(value: list[Any] | tuple[Any, ...]) -> str:
    return "[" + ",".join([encode(item) for item in value]) + "]"


_WRITERS: dict[type, Callable[[Any], str]] = {
    Verbatim: str,
    str: encode_basestring_ascii,
    bool: lambda value: "true" if value else "false",
    NoneType: lambda _: "null",
    int: str,
    Decimal: lambda value: format(value, "f") if value else "0",
    dict: _object,
    defaultdict: _object,
    list: _array,
    tuple: _array,
}


def decode(body: bytes | str) -> Any:
    """JSON with exact numbers; ValueError for anything that is not JSON, NaN and numbers of absurd size included."""
    try:
        return json.loads(body, parse_float=_number, parse_constant=_refuse)
    except RecursionError as fault:
        raise ValueError("nested too deeply") from fault


def _number(text: str) -> Decimal:
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _MOST_DIGITS:
        raise ValueError(f"the number {text} is out of range")
    return number


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def money(amount: Decimal) -> Decimal:
    """To the cent, half up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def canonical(value: Any, name: str = "") -> Any:
    """The value as QuickBooks echoes it: amounts with two decimals, other numbers trimmed, nulls and "" left out."""
    if isinstance(value, dict):
        inner = {key: canonical(item, key) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item not in (None, "", {})}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        if name in MONEY_PROPERTIES:
            return money(Decimal(value))
        return trimmed(value) if isinstance(value, Decimal) else value
    return value


def trimmed(number: Decimal) -> Decimal:
    """Without trailing zeros and never in exponent form: quantities, prices, rates."""
    short = number.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def stamp(when: float) -> str:
    """MetaData's time: seconds, Pacific offset."""
    return datetime.fromtimestamp(when, UTC).astimezone(PACIFIC).isoformat(timespec="seconds")


def envelope_time(when: float) -> str:
    """An answer's time: milliseconds, Pacific offset."""
    return datetime.fromtimestamp(when, UTC).astimezone(PACIFIC).isoformat(timespec="milliseconds")
