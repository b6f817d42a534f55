"""Queries of exchange rates: by currency and day, which have neither ids nor an order."""

from datetime import date, timedelta

from connector.sandbox.quickbooks.about import exchange_rate
from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.grammar import Query, invalid

_SET_ON = "2024-07-01"


def queried_rates(company: Company, query: Query) -> Data:
    """
    The QueryResponse object: every currency and day that is asked for, or as the switch ``rate_queries`` has it.

    Raises Refusal 4001 for another property or operator, and where such queries are refused.
    """
    shown = company.switches.text("rate_queries")
    if shown == "refuse":
        raise invalid(f"invalid context declaration: {query.context}")
    codes = sorted(company.currencies.keys() - {company.profile.home_currency})
    first, last = date.min, company.today()
    for name, operator, values in query.where:
        match name.lower(), operator:
            case "sourcecurrencycode", "=" | "IN":
                codes = [code for code in codes if code in values]
            case "asofdate", "=":
                first, last = _day(values[0]), min(last, _day(values[0]))
            case "asofdate", ">=":
                first = _day(values[0])
            case "asofdate", "<=":
                last = min(last, _day(values[0]))
            case _:
                raise invalid(f"property '{name}' is not queryable")
    if first == date.min:
        first = last
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    if shown == "last set":
        days = [_SET_ON]
    rows = [exchange_rate(company, code, day) for day in days for code in codes]
    page = rows[query.start - 1 : query.start - 1 + query.most]
    return {"ExchangeRate": page, "startPosition": query.start, "maxResults": len(page)} if page else {}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise invalid(f"value {text} is not a date") from fault
