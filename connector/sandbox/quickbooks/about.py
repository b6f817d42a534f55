"""What QuickBooks tells about the company itself: preferences, company info, change data capture."""

from datetime import datetime, timedelta
from typing import Any

from connector.sandbox.quickbooks.company import Company, Data
from connector.sandbox.quickbooks.entities import ENTITIES
from connector.sandbox.quickbooks.faults import refuse
from connector.sandbox.quickbooks.wire import PACIFIC, stamp

_NO_CAPTURE = {"TaxCode", "TaxRate"}
_MOST_OBJECTS = 1000
_LOOK_BACK = timedelta(days=30)
_LONG = {"AU": "AUS", "US": "USA", "GB": "GBR", "NZ": "NZL", "CA": "CAN", "IE": "IRL", "DE": "DEU"}
_MADE = "2024-07-01T09:00:00-07:00"


def preferences(company: Company) -> Data:
    """The Preferences entity."""
    profile = company.profile
    accounting: Data = {
        "TrackDepartments": profile.departments,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": profile.class_tracking,
        "CustomerTerminology": "Customers",
    }
    if profile.book_close_date:
        accounting["BookCloseDate"] = profile.book_close_date
    home = {"value": profile.home_currency, "name": company.currencies[profile.home_currency]}
    warnings = {"CheckNumber": True, "BillNumber": profile.warn_duplicate_bill_number, "JournalNumber": False}
    if not company.switches.on("duplicate_warning_shown"):
        del warnings["BillNumber"]
    return {
        "AccountingInfoPrefs": accounting,
        "SalesFormsPrefs": {"CustomTxnNumbers": True, "AllowDeposit": False},
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True},
        "TaxPrefs": {"UsingSalesTax": profile.using_sales_tax},
        "CurrencyPrefs": {"MultiCurrencyEnabled": profile.multicurrency, "HomeCurrency": home},
        "OtherPrefs": {
            "NameValue": [
                {"Name": f"WarnDuplicate{name}", "Value": str(warns).lower()} for name, warns in warnings.items()
            ]
        },
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {"CreateTime": _MADE, "LastUpdatedTime": _MADE},
    }


def company_info(company: Company) -> Data:
    """The CompanyInfo entity."""
    profile = company.profile
    ended = company.switches.on("subscription_ended")
    return {
        "CompanyName": profile.name,
        "LegalName": profile.name,
        "CompanyStartDate": "2024-07-01",
        "FiscalYearStartMonth": "July" if profile.country == "AU" else "January",
        "Country": profile.country
        if company.switches.text("country_letters") == "2"
        else _LONG.get(profile.country, "ZZZ"),
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "OfferingSku", "Value": profile.plan},
            {"Name": "SubscriptionStatus", "Value": "EXPIRED" if ended else "SUBSCRIBED"},
        ],
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "0",
        "MetaData": {"CreateTime": _MADE, "LastUpdatedTime": _MADE},
    }


def changes(company: Company, names: str, since_text: str) -> Data:
    """The CDCResponse's one element: a QueryResponse for each entity asked, deletions included."""
    try:
        since = datetime.fromisoformat(since_text.replace(" ", "+"))
    except ValueError as fault:
        raise refuse("2060", f"Invalid Date format : {since_text}", "changedSince") from fault
    start = (since if since.tzinfo else since.replace(tzinfo=PACIFIC)).timestamp()
    if start < company.now() - _LOOK_BACK.total_seconds() - 60:
        raise refuse("2060", "changedSince may be at most 30 days in the past", "changedSince")
    responses = []
    left = _MOST_OBJECTS
    for asked in filter(None, (name.strip() for name in names.split(","))):
        kind = next((known for known in ENTITIES if known.lower() == asked.lower()), None)
        if kind is None or kind in _NO_CAPTURE:
            raise refuse("4001", f"QueryValidationError: invalid context declaration: {asked}", None)
        held = company.records[kind].values()
        rows: list[Any] = [one.text for one in held if one.changed >= start and not company.hides(kind, one)]
        rows += [
            {"domain": "QBO", "status": "Deleted", "Id": gone.id, "MetaData": {"LastUpdatedTime": stamp(gone.when)}}
            for gone in company.deletions
            if gone.kind == kind and gone.when >= start
        ]
        rows = rows[:left]
        left -= len(rows)
        responses.append({kind: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return {"QueryResponse": responses}
