import copy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from conftest import Books, code


def detail(answer: Any) -> str:
    return answer.json()["Fault"]["Error"][0]["Detail"]


def usd_vendor(books: Books) -> dict[str, str]:
    return {"value": books.id("Vendor", "MediaBridge Partners")}


def test_a_bill_is_echoed_with_names_defaults_and_two_decimals(books: Books) -> None:
    answer = books.post("bill", books.bill(books.line(100.1), SalesTermRef={"value": books.id("Term", "Net 30")}))
    assert answer.status_code == 200
    assert '"TotalAmt":100.10,' in answer.text
    assert '"TotalTax":0,' in answer.text
    assert answer.headers["intuit_tid"]
    bill = answer.json()["Bill"]
    assert bill["SyncToken"] == "0"
    assert bill["DueDate"] == "2026-03-02"
    assert bill["VendorRef"]["name"] == "Sydney Office Rentals"
    assert bill["APAccountRef"]["name"] == "Accounts Payable (A/P)"
    assert bill["CurrencyRef"] == {"value": "AUD", "name": "Australian Dollar"}
    line = bill["Line"][0]["AccountBasedExpenseLineDetail"]
    assert line["AccountRef"]["name"] == "Affiliate payouts:US"
    assert line["BillableStatus"] == "NotBillable"
    assert bill["MetaData"]["CreateTime"][-6:] in {"-08:00", "-07:00"}
    assert "." in answer.json()["time"]
    assert books.get(f"bill/{bill['Id']}").json()["Bill"] == bill


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "an unknown property",
        {"BadJson": 1},
        "2010",
        'Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Bill)',
    ),
    ("an unknown property of a line", {"Line": [{"Foo": 1}]}, "2010", "v3.Line"),
    ("no lines", {"Line": None}, "2020", "Required parameter Line is missing in the request"),
    ("an empty list of lines", {"Line": []}, "2250", ""),
    ("no vendor", {"VendorRef": None}, "2020", "VendorRef"),
    ("a line without a kind", {"Line": [{"Amount": 1}]}, "2020", "Line.DetailType"),
    ("a bad id", {"Id": "1.5", "SyncToken": "0"}, "2030", "Id should be a valid number. Supplied value:1.5"),
    ("an id that is not there", {"Id": "99999", "SyncToken": "0"}, "610", "Object Not Found"),
    ("a long number", {"DocNumber": "x" * 45}, "2050", "Min:0 Max:21 supported. Supplied length:45"),
    ("a long memo", {"PrivateNote": "x" * 4001}, "2050", "Max:4000"),
    ("an unknown vendor", {"VendorRef": {"value": "987"}}, "2500", "Names element id 987 not found"),
    ("an unknown term", {"SalesTermRef": {"value": "77"}}, "2500", "Terms element id 77 not found"),
    ("an unknown department", {"DepartmentRef": {"value": "77"}}, "2500", "Depts element id 77 not found"),
    ("a bad date", {"TxnDate": "31/01/2026"}, "2060", "31/01/2026"),
    ("a bad word", {"GlobalTaxCalculation": "Sometimes"}, "2170", "Invalid Enumeration : Sometimes"),
    (
        "a currency that is not the vendor's",
        {"CurrencyRef": {"value": "USD"}, "ExchangeRate": 1.5},
        "6000",
        "one foreign",
    ),
    ("tax detail out of scope", {"GlobalTaxCalculation": "NotApplicable", "TxnTaxDetail": {"TotalTax": 3}}, "6170", ""),
]


@pytest.mark.parametrize(("changes", "expected", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bill_is_refused_by_rule(books: Books, changes: dict[str, Any], expected: str, text: str) -> None:
    answer = books.post("bill", books.bill(**changes))
    assert answer.status_code == 400
    assert code(answer) == expected
    assert text in detail(answer)
    assert ("time" in answer.json()) == (expected != "2030")
    assert books.control("company")["Bill"] == []


REFUSED_LINES: list[tuple[str, dict[str, Any], str, str]] = [
    ("an unknown account", {"AccountRef": {"value": "777"}}, "2500", "Accounts element id 777 not found"),
    ("no account", {"AccountRef": None}, "2020", "AccountRef"),
    ("an unknown class", {"ClassRef": {"value": "777"}}, "2500", "Klasses element id 777 not found"),
    ("no tax code", {"TaxCodeRef": None}, "6000", "Make sure all your transactions have a GST rate before you save."),
    ("an unknown tax code", {"TaxCodeRef": {"value": "NON"}}, "2500", "TaxCodes"),
    ("billable to nobody", {"BillableStatus": "Billable"}, "6310", ""),
]


@pytest.mark.parametrize(
    ("changes", "expected", "text"), [row[1:] for row in REFUSED_LINES], ids=[row[0] for row in REFUSED_LINES]
)
def test_a_line_is_refused_by_rule(books: Books, changes: dict[str, Any], expected: str, text: str) -> None:
    answer = books.post("bill", books.bill(books.line(**changes)))
    assert (answer.status_code, code(answer)) == (400, expected)
    assert text in detail(answer)


def test_what_was_made_inactive_cannot_be_used(books: Books) -> None:
    account = books.rows("select * from Account where FullyQualifiedName = 'Affiliate payouts:US'")[0]
    body = books.bill()
    books.made("Account", {"Id": account["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    answer = books.post("bill", body)
    assert code(answer) == "2500"
    assert "made inactive" in detail(answer)


def test_several_errors_come_together_where_the_switch_says_so(books: Books) -> None:
    books.control("switches", {"all_errors": True})
    body = books.bill(books.line(AccountRef={"value": "777"}, ClassRef={"value": "778"}))
    codes = [error["Detail"] for error in books.post("bill", body).json()["Fault"]["Error"]]
    assert len(codes) == 2


def test_a_missing_tax_code_is_no_matter_out_of_scope_of_tax(books: Books) -> None:
    bill = books.made("Bill", books.bill(books.line(TaxCodeRef=None), GlobalTaxCalculation="NotApplicable"))
    assert bill["TotalAmt"] == 100
    assert "TxnTaxDetail" not in bill


def test_exclusive_tax_is_computed_from_the_purchase_rates(books: Books) -> None:
    lines = [books.line(100, TaxCodeRef={"value": "1"}), books.line(50)]
    bill = books.made("Bill", books.bill(*lines, GlobalTaxCalculation="TaxExcluded"))
    assert bill["TxnTaxDetail"]["TotalTax"] == 10
    assert bill["TotalAmt"] == bill["Balance"] == 160
    taxed = bill["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]
    assert (taxed["TaxPercent"], taxed["NetAmountTaxable"]) == (10, 100)


def test_inclusive_tax_is_taken_out_of_the_amounts_and_may_be_a_cent_off(books: Books) -> None:
    lines = [books.line(amount, TaxCodeRef={"value": "1"}) for amount in (110, 0.05, 0.05, 0.05)]
    bill = books.made("Bill", books.bill(*lines, GlobalTaxCalculation="TaxInclusive"))
    first = bill["Line"][0]
    assert first["Amount"] == 100
    assert first["AccountBasedExpenseLineDetail"]["TaxInclusiveAmt"] == 110
    # 100 + 3 * 0.05 before tax, and a tenth of that: 10.02 after rounding, where the sender reckoned 10.01.
    assert (bill["TxnTaxDetail"]["TotalTax"], bill["TotalAmt"]) == (10.02, 110.17)


def test_a_sent_tax_overrides_the_computed_one_and_must_name_every_rate(books: Books) -> None:
    line = books.line(100, TaxCodeRef={"value": "1"})
    own = {
        "TaxLine": [{"Amount": 9.99, "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": {"value": "17"}}}]
    }
    assert books.made("Bill", books.bill(line, TxnTaxDetail=own))["TotalAmt"] == 109.99
    wrong = {
        "TaxLine": [{"Amount": 9.99, "DetailType": "TaxLineDetail", "TaxLineDetail": {"TaxRateRef": {"value": "18"}}}]
    }
    assert code(books.post("bill", books.bill(line, TxnTaxDetail=wrong))) == "6000"


def test_a_us_company_takes_its_two_pseudo_codes_only(books: Books) -> None:
    books.control("preferences", {"country": "US"})
    body = books.bill(books.line(TaxCodeRef=None))
    bill = books.made("Bill", body)
    assert bill["Line"][0]["AccountBasedExpenseLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert bill["CurrencyRef"]["value"] == "USD"
    assert "TxnTaxDetail" not in bill
    assert code(books.post("bill", books.bill(books.line(TaxCodeRef={"value": "2"})))) == "6100"


def test_a_foreign_bill_has_its_own_payable_account_rate_and_home_balance(books: Books) -> None:
    body = books.bill(VendorRef=usd_vendor(books), CurrencyRef={"value": "USD"}, ExchangeRate=1.5)
    bill = books.made("Bill", body)
    assert bill["APAccountRef"]["name"] == "Accounts Payable (A/P) - USD"
    assert (bill["ExchangeRate"], bill["TotalAmt"], bill["HomeBalance"]) == (1.5, 100, 150)
    home = {"value": books.id("Account", "Accounts Payable (A/P)")}
    assert code(books.post("bill", body | {"APAccountRef": home})) == "6000"
    assert code(books.post("bill", books.bill(VendorRef=usd_vendor(books)))) == "6000"


def test_a_foreign_bill_without_a_rate_is_refused_or_booked_at_one(books: Books) -> None:
    body = books.bill(VendorRef=usd_vendor(books), CurrencyRef={"value": "USD"})
    assert code(books.post("bill", body)) == "2410"
    assert code(books.post("bill", body | {"ExchangeRate": 0})) == "2410"
    books.control("switches", {"foreign_rate_missing": "one"})
    assert books.made("Bill", body)["ExchangeRate"] == 1


def test_a_single_currency_company_knows_no_other(books: Books) -> None:
    books.control("preferences", {"multicurrency": False})
    assert "ExchangeRate" not in books.made("Bill", books.bill())
    assert code(books.post("bill", books.bill(CurrencyRef={"value": "USD"}))) == "6000"
    assert books.rows("select * from Account where AcctNum = '2000'")[0]["Name"] == "Accounts Payable (A/P)"


def test_item_lines_take_quantity_and_price_and_words_cost_nothing(books: Books) -> None:
    kind = "ItemBasedExpenseLineDetail"
    item = {"ItemRef": {"value": books.id("Item", "Affiliate services")}, "TaxCodeRef": {"value": "2"}}
    line = {"Amount": 30, "DetailType": kind, kind: item | {"Qty": 4, "UnitPrice": 7.5}}
    words = {"Amount": 12, "DetailType": kind, "Description": "words", kind: {}}
    answer = books.post("bill", books.bill(line, words))
    assert '"UnitPrice":7.5,"Qty":4' in answer.text
    assert answer.json()["Bill"]["TotalAmt"] == 30
    wrong = copy.deepcopy(line)
    wrong[kind]["Qty"] = 5
    assert code(books.post("bill", books.bill(wrong))) == "6070"
    own_account = {"Amount": 30, "DetailType": kind, kind: item | {"AccountRef": {"value": "1"}}}
    assert code(books.post("bill", books.bill(own_account))) == "2010"


@pytest.mark.parametrize(
    ("plan", "refused"),
    [
        ("Simple Start", {"bill", "class", "item"}),
        ("Essentials", {"class", "item"}),
        ("Plus", set()),
        ("Advanced", set()),
    ],
)
def test_plans_gate_bills_items_and_classes(books: Books, plan: str, refused: set[str]) -> None:
    books.control("preferences", {"plan": plan})
    kind = "ItemBasedExpenseLineDetail"
    item = {"ItemRef": {"value": books.id("Item", "Affiliate services")}, "TaxCodeRef": {"value": "2"}}
    bodies = {
        "bill": books.bill(),
        "class": books.bill(books.line(ClassRef={"value": books.id("Class", "US")})),
        "item": books.bill({"Amount": 1, "DetailType": kind, kind: item}),
    }
    assert books.get("companyinfo/1").json()["CompanyInfo"]["NameValue"][0]["Value"] == f"QuickBooks Online {plan}"
    codes = {name: code(books.post("bill", body)) for name, body in bodies.items()}
    assert codes == {name: "5030" if name in refused else "" for name in bodies}


def test_classes_and_locations_are_echoed_dropped_or_refused(books: Books) -> None:
    body = books.bill(
        books.line(ClassRef={"value": books.id("Class", "US")}),
        DepartmentRef={"value": books.id("Department", "Sydney")},
    )
    bill = books.made("Bill", body)
    assert bill["DepartmentRef"]["name"] == "Sydney"
    assert bill["Line"][0]["AccountBasedExpenseLineDetail"]["ClassRef"]["name"] == "US"
    books.control("preferences", {"class_tracking": False, "departments": False})
    assert "DepartmentRef" not in books.made("Bill", body)
    books.control("switches", {"tracking_off": "6000"})
    assert code(books.post("bill", body)) == "6000"


def test_closed_books_refuse_up_to_and_with_the_closing_date(books: Books) -> None:
    bill = books.made("Bill", books.bill())
    books.control("preferences", {"book_close_date": "2026-01-31"})
    assert books.get("preferences").json()["Preferences"]["AccountingInfoPrefs"]["BookCloseDate"] == "2026-01-31"
    answer = books.post("bill", books.bill())
    assert code(answer) == "6210"
    assert "through through" in detail(answer)
    assert code(books.post("bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")) == "6210"
    assert code(books.post("bill", bill | {"TxnDate": "2026-03-01"})) == "6210"
    assert code(books.post("bill", books.bill(TxnDate="2026-02-01"))) == ""


def test_a_number_may_be_used_twice_unless_the_company_warns(books: Books) -> None:
    first = books.made("Bill", books.bill())
    books.made("Bill", books.bill())
    books.control("preferences", {"warn_duplicate_bill_number": True})
    other = books.get("preferences").json()["Preferences"]
    assert {"Name": "WarnDuplicateBillNumber", "Value": "true"} in other["OtherPrefs"]["NameValue"]
    answer = books.post("bill", books.bill())
    assert code(answer) == "6140"
    assert f"DocNumber=CAKE-10042 is assigned to TxnType=Bill with TxnId={first['Id']}" in detail(answer)
    assert code(books.post("bill", books.bill(), include="allowduplicatedocnum")) == ""
    foreign = {"CurrencyRef": {"value": "USD"}, "ExchangeRate": 1.5, "VendorRef": usd_vendor(books)}
    assert code(books.post("bill", books.bill(**foreign))) == ""


def test_totals_come_from_the_lines_and_negative_lines_are_fine_while_the_total_is_not_below_zero(books: Books) -> None:
    body = books.bill(books.line(100), books.line(-30.005), TotalAmt=5)
    assert books.made("Bill", body)["TotalAmt"] == 69.99
    assert code(books.post("bill", books.bill(books.line(-1)))) == "6000"
    books.control("switches", {"negative_lines": "refuse"})
    assert code(books.post("bill", body)) == "2290"
    books.control("switches", {"excess_decimals": "refuse"})
    assert code(books.post("bill", books.bill(books.line(1.001)))) == "2100"


def test_amounts_as_text_are_taken_or_refused(books: Books) -> None:
    assert books.made("Bill", books.bill(books.line("19.90")))["TotalAmt"] == 19.9
    books.control("switches", {"string_amounts": "refuse"})
    assert code(books.post("bill", books.bill(books.line("19.90")))) == "2090"


def test_the_empty_strings_of_python_quickbooks_mean_nothing(books: Books) -> None:
    line = books.line(0.30000000000000004) | {"CustomField": [], "LineNum": 0, "LinkedTxn": []}
    line["AccountBasedExpenseLineDetail"]["TaxInclusiveAmt"] = 0
    line["AccountBasedExpenseLineDetail"]["AccountRef"] |= {"name": "", "type": ""}
    empty = {
        "Balance": 0,
        "DueDate": "",
        "PrivateNote": "",
        "SyncToken": 0,
        "TotalAmt": "",
        "TxnDate": "",
        "DocNumber": "",
    }
    body = books.bill(
        line, **empty, LinkedTxn=[], domain="QBO", sparse=False, ExchangeRate=0, DepartmentRef={"value": None}
    )
    bill = books.made("Bill", body)
    assert abs(date.fromisoformat(bill["TxnDate"]) - datetime.now(UTC).date()) <= timedelta(days=1)
    assert bill["DueDate"] == bill["TxnDate"]
    assert bill["TotalAmt"] == 0.3
    assert "DocNumber" not in bill


def test_a_full_update_blanks_what_it_leaves_out_and_keeps_known_lines(books: Books) -> None:
    bill = books.made("Bill", books.bill(books.line(1), books.line(2), PrivateNote="note"))
    kept = bill["Line"][1] | {"Amount": 5}
    changed = {name: bill[name] for name in ("Id", "SyncToken", "VendorRef", "TxnDate")} | {
        "Line": [kept, books.line(7)]
    }
    after = books.made("Bill", changed)
    assert (after["SyncToken"], after["TotalAmt"]) == ("1", 12)
    assert [line["Id"] for line in after["Line"]] == ["2", "3"]
    assert "PrivateNote" not in after
    assert "DocNumber" not in after
    assert after["MetaData"]["CreateTime"] == bill["MetaData"]["CreateTime"]
    assert code(books.post("bill", changed)) == "5010"


def test_a_sparse_update_keeps_the_rest_and_computes_tax_anew(books: Books) -> None:
    bill = books.made("Bill", books.bill(books.line(100, TaxCodeRef={"value": "1"}), PrivateNote="note"))
    change = {"Id": bill["Id"], "SyncToken": 0, "sparse": True, "DocNumber": "NEW"}
    after = books.made("Bill", change)
    assert (after["DocNumber"], after["PrivateNote"], after["TotalAmt"]) == ("NEW", "note", 110)
    lines = {"Line": [books.line(200, TaxCodeRef={"value": "1"})], "SyncToken": "1"}
    assert books.made("Bill", change | lines)["TotalAmt"] == 220
    assert code(books.post("bill", {"Id": bill["Id"], "sparse": True})) == "2020"
    assert books.rows("select * from Bill where DocNumber = 'CAKE-10042'") == []
    assert books.post("bill", after | {"SyncToken": "2"}, operation="update").json()["Bill"]["SyncToken"] == "3"


def test_a_deleted_bill_is_gone_everywhere_but_in_change_data_capture(books: Books) -> None:
    bill = books.made("Bill", books.bill())
    assert code(books.post("bill", {"Id": bill["Id"], "SyncToken": "5"}, operation="delete")) == "5010"
    answer = books.post("bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")
    assert answer.json()["Bill"] == {"domain": "QBO", "status": "Deleted", "Id": bill["Id"]}
    missing = books.get(f"bill/{bill['Id']}")
    assert (missing.status_code, code(missing)) == (400, "610")
    assert books.query("select * from Bill").json()["QueryResponse"] == {}
    since = (datetime.now(UTC).date() - timedelta(days=2)).isoformat() + "T00:00:00-07:00"
    changed = books.get("cdc", entities="Bill,Vendor,VendorCredit", changedSince=since).json()["CDCResponse"][0]
    bills, vendors, vendor_credits = changed["QueryResponse"]
    assert bills["Bill"][0]["status"] == "Deleted"
    assert len(vendors["Vendor"]) == 3
    assert vendor_credits == {}


def pay(books: Books, bill: dict[str, Any], amount: float, **changes: Any) -> dict[str, Any]:
    bank = {"BankAccountRef": {"value": books.id("Account", "Operating account")}}
    lines = [{"Amount": amount, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}]
    known = {
        "VendorRef": bill["VendorRef"],
        "TotalAmt": amount,
        "PayType": "Check",
        "CheckPayment": bank,
        "Line": lines,
    }
    return known | changes


def test_paying_a_bill_moves_its_balance_and_its_sync_token(books: Books) -> None:
    bill = books.made("Bill", books.bill())
    payment = books.made("BillPayment", pay(books, bill, 40, PrivateNote="ref:x"))
    after = books.get(f"bill/{bill['Id']}").json()["Bill"]
    assert (after["Balance"], after["SyncToken"]) == (60, "1")
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "BillPaymentCheck"}]
    assert code(books.post("bill", {"Id": bill["Id"], "SyncToken": "1"}, operation="delete")) == "6000"
    smaller = books.made("BillPayment", payment | {"TotalAmt": 10, "Line": pay(books, bill, 10)["Line"]})
    assert books.get(f"bill/{bill['Id']}").json()["Bill"]["Balance"] == 90
    books.post("billpayment", {"Id": payment["Id"], "SyncToken": smaller["SyncToken"]}, operation="delete")
    free = books.get(f"bill/{bill['Id']}").json()["Bill"]
    assert (free["Balance"], free["LinkedTxn"]) == (100, [])


def test_a_payment_is_voided_and_gives_back_what_it_paid(books: Books) -> None:
    bill = books.made("Bill", books.bill())
    payment = books.made("BillPayment", pay(books, bill, 100))
    head = {"Id": payment["Id"], "SyncToken": "0"}
    voided = books.made("BillPayment", head, operation="update", include="void")
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided")
    assert books.get(f"bill/{bill['Id']}").json()["Bill"]["Balance"] == 100


PAYMENTS: list[tuple[str, dict[str, Any], str]] = [
    ("no amount", {"TotalAmt": None}, "6000"),
    ("less than its lines", {"TotalAmt": 1}, "6000"),
    ("no kind", {"PayType": None}, "2020"),
    ("no bank", {"CheckPayment": {}}, "2020"),
    ("a bank that is not there", {"CheckPayment": {"BankAccountRef": {"value": "99"}}}, "2500"),
    ("a bill that is not there", {"Line": [{"Amount": 1, "LinkedTxn": [{"TxnId": "9", "TxnType": "Bill"}]}]}, "610"),
    ("another vendor's bill", {"VendorRef": {"value": "6"}}, "620"),
    (
        "too much",
        {"TotalAmt": 500, "Line": [{"Amount": 500, "LinkedTxn": [{"TxnId": "1", "TxnType": "Bill"}]}]},
        "6000",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in PAYMENTS], ids=[row[0] for row in PAYMENTS])
def test_a_payment_is_refused_by_rule(books: Books, changes: dict[str, Any], expected: str) -> None:
    bill = books.made("Bill", books.bill())
    assert code(books.post("billpayment", pay(books, bill, 40, **changes))) == expected
    assert books.get(f"bill/{bill['Id']}").json()["Bill"]["Balance"] == 100


def test_what_is_paid_above_a_bill_may_be_kept_as_a_credit(books: Books) -> None:
    books.control("switches", {"overpayments": "credit"})
    bill = books.made("Bill", books.bill())
    first = books.made("BillPayment", pay(books, bill, 100))
    books.made("BillPayment", pay(books, bill, 100))
    after = books.get(f"bill/{bill['Id']}").json()["Bill"]
    assert (after["Balance"], len(after["LinkedTxn"])) == (0, 2)
    books.post("billpayment", {"Id": first["Id"], "SyncToken": "0"}, operation="delete")
    assert len(books.get(f"bill/{bill['Id']}").json()["Bill"]["LinkedTxn"]) == 1


def test_a_vendor_credit_is_a_bill_without_a_due_date(books: Books) -> None:
    credit = books.made("VendorCredit", books.bill())
    assert credit["Balance"] == 100
    assert "DueDate" not in credit
    assert code(books.post("vendorcredit", books.bill(DueDate="2026-01-01"))) == "2010"
    bill = books.made("Bill", books.bill())
    lines = [
        {"Amount": 100, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]},
        {"Amount": 100, "LinkedTxn": [{"TxnId": credit["Id"], "TxnType": "VendorCredit"}]},
    ]
    books.made("BillPayment", pay(books, bill, 0) | {"TotalAmt": 0, "Line": lines})
    assert books.get(f"vendorcredit/{credit['Id']}").json()["VendorCredit"]["Balance"] == 0
