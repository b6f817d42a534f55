"""What a company has switched on, as far as a bill depends on it."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["CompanyFacts", "company_facts"]


# Of the countries QuickBooks is sold in, by the first two letters of both ways in which it writes them.
_CURRENCIES: Final = {
    "US": "USD",
    "CA": "CAD",
    "GB": "GBP",
    "UK": "GBP",
    "AU": "AUD",
    "NZ": "NZD",
    "IN": "INR",
    "ZA": "ZAR",
}


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """
    The company's preferences; what QuickBooks does not tell is taken for off.

    Args:
        home_currency: ISO 4217; every account but payables, bank and card is kept in it.
        country: As QuickBooks writes it: two letters, in newer answers three.
        closing_date: Nothing dated on or before it can be written.
        plan: ``QuickBooks Online Plus``; "" where QuickBooks does not say.
        sales_tax: Whether it works out sales tax; None where QuickBooks does not say.
        warns_of_number_twice: QuickBooks refuses a bill number that the vendor's bills have already.
        subscription: ``SUBSCRIBED``; "" where QuickBooks does not say.
    """

    name: str
    country: str
    home_currency: str
    multicurrency: bool
    closing_date: datetime.date | None
    class_tracking: bool
    plan: str
    sales_tax: bool | None = None
    location_tracking: bool = False
    warns_of_number_twice: bool = False
    subscription: str = ""

    @property
    def bill_currency(self) -> str:
        """What a bill that names no currency is in: a company of one currency may leave it out."""
        return self.home_currency or _CURRENCIES.get(self.country.upper()[:2], "USD")

    @property
    def in_united_states(self) -> bool:
        """There a bill carries no tax codes and no word on how its amounts stand to tax."""
        return self.country.upper() in ("US", "USA")


def company_facts(company_info: Mapping[str, Any], preferences: Mapping[str, Any]) -> CompanyFacts:
    """The facts in QuickBooks' ``CompanyInfo`` and ``Preferences``, whichever of their parts are there."""
    accounting = _part(preferences, "AccountingInfoPrefs")
    currency = _part(preferences, "CurrencyPrefs")
    taxing = _part(preferences, "TaxPrefs").get("UsingSalesTax")
    told = _named(company_info.get("NameValue"))
    others = _named(_part(preferences, "OtherPrefs").get("NameValue"))
    return CompanyFacts(
        name=str(company_info.get("CompanyName") or company_info.get("LegalName") or ""),
        country=str(company_info.get("Country") or ""),
        home_currency=str(_part(currency, "HomeCurrency").get("value") or ""),
        multicurrency=_yes(currency.get("MultiCurrencyEnabled")),
        closing_date=_date(accounting.get("BookCloseDate")),
        class_tracking=_yes(accounting.get("ClassTrackingPerTxnLine")) or _yes(accounting.get("ClassTrackingPerTxn")),
        plan=told.get("OfferingSku", ""),
        sales_tax=None if taxing is None else _yes(taxing),
        location_tracking=_yes(accounting.get("TrackDepartments")),
        warns_of_number_twice=_yes(others.get("WarnDuplicateBillNumber")),
        subscription=told.get("SubscriptionStatus", ""),
    )


def _part(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = holder.get(name)
    return part if isinstance(part, Mapping) else {}


def _named(pairs: Any) -> dict[str, str]:
    listed = pairs if isinstance(pairs, list) else []
    return {str(pair.get("Name")): str(pair.get("Value")) for pair in listed if isinstance(pair, Mapping)}


def _date(value: Any) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _yes(value: Any) -> bool:
    return str(value).lower() == "true"
