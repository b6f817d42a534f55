"""Bills and vendor credits: from what was sent to what QuickBooks stores and echoes."""

from datetime import date, timedelta
from decimal import Decimal

from connector.sandbox.quickbooks.checks import Writing, reference_value
from connector.sandbox.quickbooks.company import Data
from connector.sandbox.quickbooks.faults import Problem, business, missing, refuse
from connector.sandbox.quickbooks.rates import rate_on
from connector.sandbox.quickbooks.tax import LineDraft, Totals, apply_tax
from connector.sandbox.quickbooks.wire import canonical, money, trimmed

_ACCOUNT = "AccountBasedExpenseLineDetail"
_ITEM = "ItemBasedExpenseLineDetail"
_CLOSED = (
    "The account period has closed and the account books cannot be updated through through the QBO Services API. "
    "Please use the QBO website to make these changes."
)


def build_purchase(writing: Writing) -> Data:
    """The record of a bill or vendor credit, without its Id, SyncToken and times. Raises Refusal."""
    _require(writing)
    vendor = writing.reference(writing.body, "VendorRef", "Vendor")
    dated = writing.date("TxnDate") or writing.company.today()
    check_open(writing, dated)
    currency, rate = _currency(writing, vendor, dated)
    lines = _lines(writing)
    totals = apply_tax(writing, lines)
    account = _payable(writing, currency)
    _check_number(writing, vendor)
    data: Data = {"TxnDate": dated.isoformat()} | _plain(writing)
    data |= _due(writing, dated) if writing.entity.name == "Bill" else {}
    if totals.net + totals.tax < 0:
        writing.add(business("Transaction amount must be 0 or greater."))
    writing.settle()
    data |= _amounts(writing, totals, rate)
    data |= {
        "CurrencyRef": {"value": currency, "name": writing.company.currencies[currency]},
        "Line": [line.body for line in lines],
        "VendorRef": vendor,
        "APAccountRef": account,
    }
    if rate is not None:
        data["ExchangeRate"] = trimmed(rate)
    return data


def _require(writing: Writing) -> None:
    lines = writing.body.get("Line")
    if lines is None:
        raise refuse("2020", missing("Line").detail, "Line")
    if not isinstance(lines, list) or not lines:
        writing.add(Problem("2250", "You must enter at least one split line.", "Line"))
    if not reference_value(writing.body, "VendorRef"):
        writing.add(missing("VendorRef"))
    writing.settle()


def check_open(writing: Writing, dated: date) -> None:
    """6210 when the books are closed on that day, or were on the day that the stored transaction bears."""
    closed = writing.company.profile.book_close_date
    days = [dated.isoformat()] + ([writing.old.data["TxnDate"]] if writing.old else [])
    if closed and min(days) <= closed:
        writing.add(Problem("6210", _CLOSED))


def _currency(writing: Writing, vendor: Data | None, dated: date) -> tuple[str, Decimal | None]:
    profile = writing.company.profile
    currency = reference_value(writing.body, "CurrencyRef") or profile.home_currency
    rate = writing.number(writing.body, "ExchangeRate")
    writing.refuse_zero("ExchangeRate", rate)
    if currency not in writing.company.currencies:
        writing.add(Problem("2500", f"Invalid Reference Id : Currency element id {currency} not found"))
        return profile.home_currency, rate
    if not profile.multicurrency:
        if currency != profile.home_currency:
            writing.add(business("Multi currency should be enabled to perform this operation."))
        return profile.home_currency, None
    if vendor is not None:
        theirs = writing.company.records["Vendor"][vendor["value"]].data["CurrencyRef"]["value"]
        if theirs != currency:
            writing.add(business("You can only use one foreign currency per transaction."))
    if currency == profile.home_currency:
        return currency, Decimal(1)
    return currency, rate or _missing_rate(writing, currency, dated)


def _missing_rate(writing: Writing, currency: str, dated: date) -> Decimal:
    mode = writing.company.switches.text("foreign_rate_missing")
    if mode == "refuse":
        text = "The currency and exchange rate are required for transaction in foreign currency."
        writing.add(Problem("2410", text))
    return rate_on(writing.company, currency, dated) if mode == "daily" else Decimal(1)


def _payable(writing: Writing, currency: str) -> Data | None:
    given = writing.reference(writing.body, "APAccountRef", "Account")
    if given is not None:
        account = writing.company.records["Account"][given["value"]].data
        if account["AccountType"] != "Accounts Payable":
            writing.add(business("The account for this transaction must be an Accounts Payable account."))
        elif account["CurrencyRef"]["value"] != currency:
            writing.add(business("The currency of the Accounts Payable account must match the transaction's currency."))
        return given
    for account in writing.company.all("Account"):
        payable = account["AccountType"] == "Accounts Payable" and account["Active"]
        if payable and account["CurrencyRef"]["value"] == currency:
            return {"value": account["Id"], "name": account["FullyQualifiedName"]}
    writing.add(business(f"There is no Accounts Payable account in {currency}."))
    return None


def _check_number(writing: Writing, vendor: Data | None) -> None:
    number = writing.text("DocNumber")
    kind = writing.entity.name
    if not (number and vendor and writing.company.profile.warn_duplicate_bill_number) or writing.allow_duplicate_number:
        return
    own = writing.old.data["Id"] if writing.old else ""
    if writing.old and writing.old.data.get("DocNumber") == number:
        return
    twins = writing.company.numbered(kind, number) & writing.company.of_vendor(kind, vendor["value"]) - {own}
    if twins:
        detail = (
            "Duplicate Document Number Error : You must specify a different number. This number has already been used."
        )
        if writing.company.switches.text("duplicate_number_text") == "id":
            detail += f" DocNumber={number} is assigned to TxnType={kind} with TxnId={min(twins, key=int)}"
        writing.add(Problem("6140", detail))


def _plain(writing: Writing) -> Data:
    data: Data = {name: writing.text(name) for name in ("DocNumber", "PrivateNote", "Memo")}
    data["VendorAddr"] = canonical(writing.body.get("VendorAddr"))
    department = tracked(writing, writing.body, "DepartmentRef", "Department", writing.company.profile.departments)
    return {name: value for name, value in (data | {"DepartmentRef": department}).items() if value}


def tracked(writing: Writing, holder: Data, name: str, kind: str, tracking: bool) -> Data | None:
    """A class or a location: echoed where the company tracks them, else dropped or refused (plan, switch)."""
    if not reference_value(holder, name):
        return None
    if not plan_tracks(writing.company.profile.plan):
        writing.add(not_in_plan(writing.company.profile.plan))
        return None
    if not tracking:
        if (code := writing.company.switches.text("tracking_off")) != "ignore":
            text = f"{kind} tracking is turned off."
            writing.add(business(text) if code == "6000" else Problem(code, text))
        return None
    return writing.reference(holder, name, kind)


def plan_tracks(plan: str) -> bool:
    """Classes, locations and item lines come with Plus and Advanced."""
    return plan.endswith(("Plus", "Advanced"))


def not_in_plan(plan: str) -> Problem:
    """5030."""
    return Problem("5030", f"We're sorry. This feature is not included in your {plan} subscription")


def _due(writing: Writing, dated: date) -> Data:
    term = writing.reference(writing.body, "SalesTermRef", "Term")
    due = writing.date("DueDate")
    if due is None:
        days = writing.company.records["Term"][term["value"]].data.get("DueDays", 0) if term else 0
        due = dated + timedelta(days=int(days))
    data: Data = {"DueDate": due.isoformat()}
    return data | {"SalesTermRef": term} if term else data


def _amounts(writing: Writing, totals: Totals, rate: Decimal | None) -> Data:
    total = totals.net + totals.tax
    paid = Decimal(0)
    linked: list[Data] = []
    if writing.old is not None:
        paid = Decimal(writing.old.data["TotalAmt"]) - Decimal(writing.old.data["Balance"])
        linked = writing.old.data["LinkedTxn"]
    data: Data = {"TotalAmt": total, "Balance": total - paid, "LinkedTxn": linked}
    if rate is not None:
        data["HomeBalance"] = money((total - paid) * rate)
    if totals.calculation:
        data["GlobalTaxCalculation"] = totals.calculation
    if totals.detail is not None:
        data["TxnTaxDetail"] = totals.detail
    return data


def _lines(writing: Writing) -> list[LineDraft]:
    held = {line["Id"] for line in writing.old.data["Line"]} if writing.old else set()
    last = max((int(key) for key in held), default=0)
    drafts: list[LineDraft] = []
    for number, sent in enumerate(writing.body["Line"], 1):
        key = str(sent.get("Id") or "")
        if key in held:
            held.discard(key)
        else:
            last += 1
            key = str(last)
        drafts.append(_line(writing, sent, {"Id": key, "LineNum": number}))
    return drafts


def _line(writing: Writing, sent: Data, body: Data) -> LineDraft:
    kind = writing.enumeration(sent, "DetailType")
    given = sent.get(kind) or {}
    amount = writing.amount(sent, "Amount")
    if description := sent.get("Description"):
        body["Description"] = str(description)
    detail: Data = {}
    if not kind:
        writing.add(missing("Line.DetailType"))
    elif kind == _ACCOUNT:
        _account_line(writing, given, detail)
    elif kind == _ITEM:
        if not plan_tracks(writing.company.profile.plan):
            writing.add(not_in_plan(writing.company.profile.plan))
        if not reference_value(given, "ItemRef"):
            # QuickBooks takes such a line for words: its amount is ignored and the bill is silently smaller.
            body |= {"Amount": Decimal(0), "LinkedTxn": [], "DetailType": kind, kind: detail}
            return LineDraft(body, detail, given, None)
        _item_line(writing, given, detail, amount)
    if amount is None:
        writing.add(missing("Line.Amount"))
    elif amount < 0 and writing.company.switches.text("negative_lines") == "refuse":
        writing.add(Problem("2290", "Negative amounts aren't supported on transaction lines", "Amount"))
    _line_references(writing, given, detail)
    body |= {"Amount": amount or Decimal("0.00"), "LinkedTxn": [], "DetailType": kind, kind: detail}
    return LineDraft(body, detail, given, amount or Decimal("0.00"))


def _account_line(writing: Writing, given: Data, detail: Data) -> None:
    if not reference_value(given, "AccountRef"):
        writing.add(missing("Line.AccountBasedExpenseLineDetail.AccountRef"))
    detail["AccountRef"] = writing.reference(given, "AccountRef", "Account")


def _item_line(writing: Writing, given: Data, detail: Data, amount: Decimal | None) -> None:
    detail["ItemRef"] = writing.reference(given, "ItemRef", "Item")
    price, quantity = writing.number(given, "UnitPrice"), writing.number(given, "Qty")
    if price is not None:
        detail["UnitPrice"] = trimmed(price)
    if quantity is not None:
        detail["Qty"] = trimmed(quantity)
    if price is not None and quantity is not None and amount is not None and money(price * quantity) != amount:
        detail_text = f"Amount is not equal to UnitPrice * Qty. Supplied value:{amount:,}"
        writing.add(Problem("6070", detail_text, "Amount"))


def _line_references(writing: Writing, given: Data, detail: Data) -> None:
    profile = writing.company.profile
    if (klass := tracked(writing, given, "ClassRef", "Class", profile.class_tracking)) is not None:
        detail["ClassRef"] = klass
    if (customer := writing.reference(given, "CustomerRef", "Customer")) is not None:
        detail["CustomerRef"] = customer
    status = writing.enumeration(given, "BillableStatus") or "NotBillable"
    if status == "Billable" and not reference_value(given, "CustomerRef"):
        writing.add(Problem("6310", "A billable line needs a customer.", "BillableStatus"))
    detail["BillableStatus"] = status
