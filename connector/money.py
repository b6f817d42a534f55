"""Amounts: Decimal and a currency, never a float, rounded to the currency's minor unit half away from zero."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Final

__all__ = ["CURRENCIES", "Money", "minor_units", "plain_decimal", "round_minor", "typed_decimal", "with_thousands"]

# ISO 4217. Two decimals unless named here.
_OTHER_MINOR_UNITS: Final = {
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
        0,
    ),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}

CURRENCIES: Final = frozenset(
    (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD "
        "CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
        "GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK "
        "LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR "
        "PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
        "THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XOF XPF YER "
        "ZAR ZMW ZWG"
    ).split()
)

_PLAIN: Final = re.compile(r"-?\d{1,15}(\.\d{1,8})?", re.ASCII)
_TYPED: Final = re.compile(r"-?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,8})?", re.ASCII)


def minor_units(currency: str) -> int:
    """The number of decimals in which ``currency`` is paid: 2 for USD, 0 for JPY, 3 for KWD."""
    return _OTHER_MINOR_UNITS.get(currency, 2)


def round_minor(amount: Decimal, currency: str) -> Decimal:
    """``amount`` in the currency's minor unit, half away from zero (mapping rule 5)."""
    return amount.quantize(_unit(currency), rounding=ROUND_HALF_UP)


@cache
def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-minor_units(currency))


def plain_decimal(text: str) -> Decimal:
    """
    A number as a source sends it: ``4825.50``, ``-3``, nothing else.

    Raises:
        ValueError: The text is no plain decimal (``1e5``, ``NaN``, ``1,5``).
    """
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"{text!r} is no plain decimal")
    return Decimal(text)


def typed_decimal(text: str) -> Decimal:
    """
    A number as a person types it: ``1234.5`` or ``1,234.50`` and nothing else (mapping rule 7).

    Raises:
        ValueError: The text is not written in one of these two ways.
    """
    if not _TYPED.fullmatch(text):
        raise ValueError(f"{text!r} is not written 1234.5 or 1,234.50")
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation as error:  # pragma: no cover - the pattern admits no such text
        raise ValueError(text) from error


def with_thousands(amount: Decimal, currency: str) -> str:
    """``amount`` as people read it, without its currency: ``1,234.50``."""
    return f"{round_minor(amount, currency):,f}"


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency. Arithmetic across currencies is an error of its own."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise TypeError(f"money needs a finite Decimal, not {self.amount!r}")
        if self.currency not in CURRENCIES:
            raise ValueError(f"{self.currency!r} is no ISO 4217 currency")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __str__(self) -> str:
        return f"{self.currency} {with_thousands(self.amount, self.currency)}"

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other
