"""Names of vendors that cannot be used are told in words before anything is sent, with what to do."""

from typing import Any

from project import Project

AUD = {"CurrencyRef": {"value": "AUD"}}


def told(project: Project, invoice: int = 1) -> dict[str, Any]:
    """The plan's document of a blocked invoice; nothing was sent, and no vendor made."""
    vendors, before = len(project.held("Vendor")), len(writes(project))
    planned = project.plan()
    assert planned.of(invoice)["state"] == "blocked"
    ran = project.sync(code=6)
    assert {name: ran.of(invoice)[name] for name in ("code", "reason", "remedy")} == {
        name: planned.of(invoice)[name] for name in ("code", "reason", "remedy")
    }
    assert len(project.held("Vendor")) == vendors
    assert len(writes(project)) == before
    return planned.of(invoice)


def writes(project: Project) -> list[str]:
    """What was sent to make or change anything in QuickBooks."""
    asked = [(each["method"], each["path"].rsplit("/", 1)[-1]) for each in project.control("requests")]
    return [last for method, last in asked if method == "POST" and last in ("vendor", "bill", "vendorcredit", "batch")]


def add_row(project: Project, row: str) -> None:
    with (project.folder / "mappings/cake.vendors.csv").open("a") as file:
        file.write(row + "\n")


def test_a_name_that_a_customer_has(project: Project) -> None:
    project.owe(1, affiliate_name="Northwind Deals")

    blocked = told(project)

    assert blocked["code"] == "vendor-name"
    assert blocked["reason"] == (
        'a customer in QuickBooks is called "Northwind Deals": a vendor needs a name of its own'
    )
    assert "another vendor name in a table of mappings/cake.yaml" in blocked["remedy"]
    add_row(project, "500001,,Northwind Deals (affiliate),,")
    assert project.sync().counts == {"created": 1}


def test_a_name_that_an_employee_has(project: Project) -> None:
    project.load("Employee", {"GivenName": "Emily", "FamilyName": "Platt", "DisplayName": "Emily Platt"})
    project.owe(1, affiliate_name="emily platt")

    assert told(project)["reason"].startswith('an employee in QuickBooks is called "emily platt"')


def test_a_vendor_that_was_made_inactive(project: Project) -> None:
    (vendor,) = project.load("Vendor", {"DisplayName": "Affiliate 1", **AUD})
    project.load("Vendor", {"Id": vendor, "Active": False})
    project.owe(1)

    blocked = told(project)

    assert (blocked["code"], blocked["reason"]) == (
        "vendor-inactive",
        "the vendor 'Affiliate 1' is inactive in QuickBooks",
    )
    assert blocked["remedy"].startswith("add or activate the vendor in QuickBooks")
    project.load("Vendor", {"Id": vendor, "Active": True, "DisplayName": "Affiliate 1"})
    assert project.sync().counts == {"created": 1}


def test_a_vendor_that_was_renamed_is_not_made_a_second_time(project: Project) -> None:
    same = {"affiliate_id": 9, "affiliate_name": "Affiliate 9"}
    project.owe(1, **same)
    project.sync()
    vendor = project.held()[0]["VendorRef"]["value"]
    project.load("Vendor", {"Id": vendor, "DisplayName": "Affiliate Nine Ltd"})
    project.owe(2, **same)

    blocked = told(project, 2)

    assert blocked["code"] == "vendor-renamed-in-quickbooks"
    assert blocked["reason"] == (
        f'payee 9 was paid as vendor {vendor} "Affiliate 9", who is called "Affiliate Nine Ltd" in QuickBooks now'
    )
    assert blocked["remedy"] == (
        'add a row for 9 with the vendor "Affiliate Nine Ltd" to the table of vendors of mappings/cake.yaml, '
        "or give the vendor its old name back in QuickBooks"
    )
    add_row(project, "9,,Affiliate Nine Ltd,,")
    assert project.sync().counts == {"created": 1, "unchanged": 1}
    assert {each["VendorRef"]["value"] for each in project.held()} == {vendor}


def test_a_vendor_that_was_met_by_its_name_is_known_by_its_id_too(project: Project) -> None:
    (vendor,) = project.load("Vendor", {"DisplayName": "Affiliate 1", **AUD})
    project.owe(1, affiliate_id=9, affiliate_name="Affiliate 1")
    project.sync()
    project.load("Vendor", {"Id": vendor, "DisplayName": "Renamed"})
    project.owe(2, affiliate_id=9, affiliate_name="Affiliate 1")

    assert told(project, 2)["code"] == "vendor-renamed-in-quickbooks"
    project.load("Vendor", {"Id": vendor, "DisplayName": "Affiliate 1"})
    assert project.sync().counts == {"created": 1, "unchanged": 1}


def test_another_vendor_that_a_table_names_is_made(project: Project) -> None:
    """A payee that is to be paid as somebody new was not renamed."""
    project.owe(1, affiliate_id=9)
    project.sync()
    add_row(project, "9,,Somebody new,,")
    project.owe(2, affiliate_id=9)

    assert project.sync().counts == {"created": 1, "unchanged": 1}
