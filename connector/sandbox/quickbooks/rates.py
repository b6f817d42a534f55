"""
Exchange rates: of one currency on a day, and as the documented query over several.

Intuit's own samples ask ``SELECT * FROM ExchangeRate WHERE SourceCurrencyCode IN ('EUR', 'GBP') AND AsOfDate =
'2026-01-31'``; whether every company answers it is an open question, hence the switches.
"""

from datetime import date, timedelta
from decimal import Decimal

from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.faults import refuse
from connector.sandbox.quickbooks.grammar import Query, invalid
from connector.sandbox.quickbooks.wire import stamp, trimmed

_SIX_PLACES = Decimal("0.000001")
_SPREAD = 97  # a prime: neither weeks nor months repeat a rate
_OLDER = timedelta(days=3)
_A_YEAR = timedelta(days=366)  # further back a query for all that is older does not go
_COLUMNS = {"sourcecurrencycode", "asofdate"}


def rate_on(company: Company, currency: str, day: date) -> Decimal:
    """Home currency for one unit of a currency."""
    rate = Decimal(company.rates[currency]) / Decimal(company.rates.get(company.profile.home_currency, "1"))
    if company.switches.text("exchange_rates") == "daily" and currency != company.profile.home_currency:
        rate *= 1 + Decimal(day.toordinal() % _SPREAD) / 10_000
    return rate.quantize(_SIX_PLACES)


def exchange_rate(company: Company, currency: str, as_of: str) -> Data:
    """The ExchangeRate entity of ``GET /exchangerate``."""
    if currency not in company.currencies:
        raise refuse("2500", f"Invalid Reference Id : Currency element id {currency} not found")
    day = _day(as_of) if as_of else company.today()
    return _row(company, currency, day, day)


def exchange_rates(company: Company, query: Query) -> list[Data]:
    """Every row that a query over ExchangeRate finds, in order of day and currency; the caller cuts the page."""
    mode = company.switches.text("exchange_rate_query")
    if mode == "4001":
        raise invalid(f"invalid context declaration: {query.context}")
    currencies, days = _asked(company, query)
    if mode == "empty":
        return []
    older = _OLDER if mode == "older" else timedelta(0)
    return [_row(company, currency, day, day - older) for day in days for currency in currencies]


def _asked(company: Company, query: Query) -> tuple[list[str], list[date]]:
    currencies, days = sorted(company.currencies), None
    for name, operator, values in query.where:
        if name.lower() not in _COLUMNS:
            raise invalid(f"property '{name}' is not queryable")
        if name.lower() == "asofdate":
            found = _days(company, operator, values)
            days = found if days is None else days & found
        elif operator in {"=", "IN"}:
            currencies = [code for code in currencies if code in values]
        else:
            raise invalid(f"property '{name}' takes = and IN only")
    return currencies, sorted({company.today()} if days is None else days)


def _days(company: Company, operator: str, values: tuple[str, ...]) -> set[date]:
    if operator != "=" and company.switches.text("exchange_rate_days") == "one":
        raise invalid("property 'AsOfDate' takes = only")
    if operator in {"=", "IN"}:
        return {_day(value) for value in values}
    edge, today = _day(values[0]), company.today()
    first, last = (edge, today) if operator.startswith(">") else (edge - _A_YEAR, edge)
    whole = range(first.toordinal() + (operator == ">"), last.toordinal() + (operator != "<"))
    return {date.fromordinal(number) for number in whole}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise invalid(f"value {text} is not a date") from fault


def _row(company: Company, currency: str, day: date, told: date) -> Data:
    return {
        "SyncToken": "0",
        "domain": "QBO",
        "AsOfDate": told.isoformat(),
        "SourceCurrencyCode": currency,
        "Rate": trimmed(rate_on(company, currency, day)),
        "TargetCurrencyCode": company.profile.home_currency,
        "MetaData": {"LastUpdatedTime": stamp(company.now())},
    }
