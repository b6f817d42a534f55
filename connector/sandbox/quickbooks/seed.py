"""The company as it is before anyone touched it: accounts, currencies, tax codes, terms, names."""

from decimal import Decimal
from typing import Any

from connector.sandbox.quickbooks.checks import Writing
from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.entities import ENTITIES
from connector.sandbox.quickbooks.wire import stamp
from connector.sandbox.quickbooks.write import create

CURRENCIES = {
    "AUD": ("Australian Dollar", "0.66"),
    "USD": ("United States Dollar", "1"),
    "EUR": ("Euro", "1.09"),
    "GBP": ("British Pound Sterling", "1.27"),
    "NZD": ("New Zealand Dollar", "0.60"),
    "CAD": ("Canadian Dollar", "0.73"),
}
_TAXES = {"AU": ("GST", "10", "GST free"), "GB": ("20.0% S", "20", "0.0% Z"), "NZ": ("GST", "15", "Zero rated")}
_HOME = {"AU": "AUD", "US": "USD", "GB": "GBP", "NZ": "NZD", "CA": "CAD", "IE": "EUR", "DE": "EUR"}
_TERMS = (("Net 7", 7), ("Net 15", 15), ("Net 30", 30), ("Net 45", 45), ("Due on receipt", 0))


def home_currency_of(country: str) -> str:
    """The usual home currency of a country; USD where the sandbox knows none."""
    return _HOME.get(country, "USD")


def seed(company: Company) -> None:
    """Empty the company and give it its first records, as its profile says."""
    company.clear()
    company.currencies = {code: name for code, (name, _) in CURRENCIES.items()}
    company.rates = {code: rate for code, (_, rate) in CURRENCIES.items()}
    _accounts(company)
    _taxes(company)
    for name, days in _TERMS:
        _add(company, "Term", {"Name": name, "Type": "STANDARD", "DueDays": days, "DiscountPercent": 0})
    for name in ("US", "EU", "UK", "AU"):
        _add(company, "Class", {"Name": name})
    for name in ("Sydney", "London"):
        _add(company, "Department", {"Name": name})
    _people(company)
    income = {"value": _account(company, "Commission income")}
    expense = {"value": _account(company, "Affiliate commissions")}
    item = {"Name": "Affiliate services", "Type": "Service", "IncomeAccountRef": income, "ExpenseAccountRef": expense}
    _add(company, "Item", item)


def _add(company: Company, kind: str, body: Data) -> str:
    return str(create(Writing(company, ENTITIES[kind], body, sent=frozenset(body))).data["Id"])


def _accounts(company: Company) -> None:
    home = company.profile.home_currency

    def add(name: str, kind: str, subtype: str, **more: Any) -> str:
        body = {"Name": name, "AccountType": kind, "AccountSubType": subtype} | more
        return _add(company, "Account", body)

    add("Operating account", "Bank", "Checking", AcctNum="1000")
    add("Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable", AcctNum="2000")
    if company.profile.multicurrency:
        for code in CURRENCIES:
            if code != home:
                reference = {"value": code}
                add(f"Accounts Payable (A/P) - {code}", "Accounts Payable", "AccountsPayable", CurrencyRef=reference)
        if home != "USD":
            add("USD account", "Bank", "Checking", CurrencyRef={"value": "USD"})
    add("Commission income", "Income", "SalesOfProductIncome", AcctNum="4000")
    payouts = add("Affiliate payouts", "Expense", "AdvertisingPromotional", AcctNum="6000")
    for number, name in enumerate(("US", "EU", "UK"), 1):
        parent = {"SubAccount": True, "ParentRef": {"value": payouts}}
        add(name, "Expense", "AdvertisingPromotional", AcctNum=f"60{number}0", **parent)
    add("Affiliate commissions", "Expense", "AdvertisingPromotional", AcctNum="6100")
    add("Advertising", "Expense", "AdvertisingPromotional")
    add("Bank fees", "Expense", "BankCharges")


def _account(company: Company, name: str) -> str:
    return next(key for kind, key in company.named("Account", name) if kind == "Account")


def _taxes(company: Company) -> None:
    if company.profile.country == "US":
        for pseudo in ("TAX", "NON"):
            names = {"Id": pseudo, "Name": pseudo, "Description": pseudo}
            _put(company, "TaxCode", names | {"Taxable": pseudo == "TAX", "TaxGroup": False})
        return
    full, percent, free = _TAXES.get(company.profile.country, ("Standard", "10", "Exempt"))
    for number, (name, rate) in enumerate(((full, percent), (free, "0")), 1):
        key = str(number)
        rate_key = str(number + 16)
        _put(company, "TaxRate", {"Id": rate_key, "Name": f"{name} (purchases)", "RateValue": Decimal(rate)})
        reference = {"value": rate_key, "name": f"{name} (purchases)"}
        rates = {"TaxRateDetail": [{"TaxRateRef": reference, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0}]}
        code = {"Id": key, "Name": name, "Description": name, "Taxable": True, "TaxGroup": True}
        _put(company, "TaxCode", code | {"PurchaseTaxRateList": rates})


def _put(company: Company, kind: str, data: Data) -> None:
    now = stamp(company.now())
    times = {"CreateTime": now, "LastUpdatedTime": now}
    head = {"domain": "QBO", "sparse": False, "SyncToken": "0", "MetaData": times, "Active": True}
    company.put(kind, data | head, touch=False)


def _people(company: Company) -> None:
    for name in ("Northwind Deals", "Blue Fin Travel", "Harbour Books"):
        _add(company, "Customer", {"DisplayName": name})
    _add(company, "Employee", {"GivenName": "Alex", "FamilyName": "Morgan"})
    _add(company, "Vendor", {"DisplayName": "Sydney Office Rentals", "CompanyName": "Sydney Office Rentals Pty Ltd"})
    foreign = {"CurrencyRef": {"value": "USD"}} if company.profile.multicurrency else {}
    _add(company, "Vendor", {"DisplayName": "MediaBridge Partners"} | foreign)
    _add(company, "Vendor", {"DisplayName": "Commission Factory Pty Ltd"})
