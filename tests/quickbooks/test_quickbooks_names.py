"""Names to references against the pretend company, and how few reads that takes."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from kept import KeptLists
from pretend import Box

from connector.document import Document, Line
from connector.quickbooks.kept import KeptLists as ListsLastRead
from connector.quickbooks.names import Missing, Names, Reference
from connector.quickbooks.transport import Company
from connector.sandbox.quickbooks.company import Company as Books


def is_missing(found: Reference | Missing, code: str) -> Missing:
    assert isinstance(found, Missing), found
    assert found.code == code
    return found


def is_found(found: Reference | Missing) -> Reference:
    assert isinstance(found, Reference), found
    return found


def queries(box: Box) -> int:
    return len(box.log("/query"))


@pytest.mark.parametrize(
    "text",
    ["Affiliate payouts:US", "6010 Affiliate payouts:US", "6010 · Affiliate payouts:US", "affiliate PAYOUTS:us"],
)
def test_an_account_is_found_as_quickbooks_shows_it(names: Names, text: str) -> None:
    assert is_found(names.account(text)).full_name == "Affiliate payouts:US"


def test_a_sub_account_without_its_parents_is_not_found_and_named_as_near(names: Names) -> None:
    missing = is_missing(names.account("US"), "account-not-found")
    assert missing.near == ("Affiliate payouts:US",)
    assert "Affiliate payouts:UK" in is_missing(names.account("Affiliate payout:UK"), "account-not-found").near


def test_the_type_of_an_account_fits_its_use(names: Names) -> None:
    missing = is_missing(names.account("Accounts Payable (A/P)"), "account-wrong-type")
    assert "Accounts Payable" in missing.reason
    assert is_found(names.ap_account("Accounts Payable (A/P)"))
    is_missing(names.ap_account("Advertising"), "account-wrong-type")
    assert is_found(names.payment_account("Operating account"))
    is_missing(names.payment_account("Advertising"), "account-wrong-type")


def test_a_category_of_products_is_told_as_such_from_the_lists_last_read_too() -> None:
    cache = KeptLists({"Item": [Reference("Item", "1", "Goods", "Goods", type="Category")]})
    line = Line(amount=Decimal(1), account=None, item="Goods")
    document = Document("bill", "V", "1", datetime.date(2026, 1, 31), "USD", (line,))

    (missing,) = ListsLastRead(cache).missing(document, vendor=False)

    assert (missing.kind, missing.code) == ("product or service", "item-wrong-type")


def test_every_list_of_a_document_can_be_asked(names: Names) -> None:
    found = [
        is_found(reference)
        for reference in (
            names.klass("EU"),
            names.location("London"),
            names.term("Net 30"),
            names.tax_code("GST"),
            names.item("Affiliate services"),
        )
    ]
    assert [reference.entity for reference in found] == ["Class", "Department", "Term", "TaxCode", "Item"]
    assert found[2].extra == {"due_days": "30"}


def test_exact_beats_case_and_two_that_differ_in_case_only_are_a_fault(box: Box, names: Names) -> None:
    books: Books = box.sandbox.company
    first = next(data for data in books.all("Class") if data["Name"] == "EU")
    for key, name in (("901", "Eu"), ("902", "eU")):
        books.put("Class", first | {"Id": key, "Name": name, "FullyQualifiedName": name})
    assert is_found(names.klass("Eu")).id == "901"
    assert is_missing(names.klass("eu"), "class-ambiguous").near == ("EU", "Eu", "eU")


def test_an_accent_is_one_however_unicode_writes_it(box: Box, names: Names) -> None:
    box.load(Vendor=[{"DisplayName": "Caf\u00e9 M\u00e9dia"}])
    assert is_found(names.vendor("Cafe\u0301 Me\u0301dia"))


def test_an_inactive_entry_is_told_apart_from_none(box: Box, names: Names) -> None:
    books: Books = box.sandbox.company
    vendor = dict(next(books.all("Vendor")))
    name = vendor["DisplayName"]
    books.put("Vendor", vendor | {"Active": False, "DisplayName": f"{name} (deleted)"})
    assert "inactive" in is_missing(names.vendor(name), "vendor-inactive").reason


def test_a_list_is_read_when_it_is_first_asked_for_and_kept(box: Box, company: Company) -> None:
    cache = KeptLists()
    names = Names(company, cache)
    assert queries(box) == 0
    for _ in range(3):
        names.account("Advertising")
    assert queries(box) == 1
    again = Names(company, cache)
    again.account("Advertising")
    assert queries(box) == 2


def test_a_refresh_reads_what_changed_only(box: Box, company: Company) -> None:
    cache = KeptLists()
    Names(company, cache).vendor("MediaBridge Partners")
    as_of = cache.times["Vendor"] = cache.times["Vendor"] + datetime.timedelta(hours=1)
    box.sandbox.company.switches.set({"clock_ahead_seconds": 7200})
    made = box.load(Vendor=[{"DisplayName": "Newcomer"}])
    assert made
    seen: list[dict[str, Any]] = []
    asked = company.query

    def watched(entity: str, where: str = "", order: str = "Id") -> Any:
        for row in asked(entity, where, order):
            seen.append(row)
            yield row

    company.query = watched  # type: ignore[method-assign]
    names = Names(company, cache)
    assert is_found(names.vendor("Newcomer"))
    assert [row["DisplayName"] for row in seen] == ["Newcomer"]
    assert is_found(names.vendor("MediaBridge Partners"))
    assert cache.times["Vendor"] > as_of


def test_a_change_that_queries_showed_late_is_not_overlooked(box: Box, company: Company) -> None:
    cache = KeptLists()
    Names(company, cache).klass("EU")
    books: Books = box.sandbox.company
    early = cache.times["Class"] - datetime.timedelta(minutes=5)
    late = {
        "Id": "900",
        "Name": "Late",
        "FullyQualifiedName": "Late",
        "MetaData": {"LastUpdatedTime": early.isoformat()},
    }
    books.put("Class", dict(next(books.all("Class"))) | late, touch=False)
    asked = queries(box)
    assert is_found(Names(company, cache).klass("Late"))
    assert queries(box) == asked + 1


def test_a_vendor_is_looked_for_by_name_before_it_is_missing(box: Box, company: Company) -> None:
    cache = KeptLists()
    Names(company, cache).vendor("MediaBridge Partners")
    names = Names(company, cache)
    names.vendor("MediaBridge Partners")
    box.load(Vendor=[{"DisplayName": "O'Neil \\ Sons"}])
    assert is_found(names.vendor("O'Neil \\ Sons"))
    asked = queries(box)
    for _ in range(5):
        is_missing(names.vendor("Nobody"), "vendor-not-found")
        is_missing(names.vendor("a\tb"), "vendor-not-found")
    assert queries(box) == asked + 1


def test_a_renamed_parent_is_seen_by_its_children(box: Box, company: Company) -> None:
    cache = KeptLists()
    Names(company, cache).klass("EU")
    books: Books = box.sandbox.company
    child = dict(next(data for data in books.all("Class") if data["Name"] == "EU"))
    # QuickBooks changes the child's shown name and not its time.
    books.put("Class", child | {"FullyQualifiedName": "Europe:EU"}, touch=False)
    assert is_found(Names(company, cache).klass("Europe:EU")).id == child["Id"]


def test_a_vendor_just_made_is_known_at_once(box: Box, company: Company, names: Names) -> None:
    outcome = company.send("Vendor", b'{"DisplayName":"Fresh","CurrencyRef":{"value":"EUR"}}', "request-1", "create")
    assert outcome.body is not None
    names.all("Vendor")
    asked = queries(box)
    made = names.add(outcome.body)
    assert made.currency == "EUR"
    assert names.vendor("Fresh") == made
    assert queries(box) == asked


def test_a_list_that_the_plan_lacks_is_empty(box: Box, names: Names) -> None:
    box.control("arm", fault="answer-fault", status=400, code="5030", message="Feature Not Supported", path="query")
    is_missing(names.klass("EU"), "class-not-found")


def test_the_facts_of_the_company_are_read_once(box: Box, names: Names) -> None:
    assert names.facts.home_currency == "AUD"
    assert names.facts.multicurrency
    assert names.facts.class_tracking
    assert len(box.log("/preferences")) == 1
