"""The sources' own sample answers become the right bills, box by box, as they stand in QuickBooks afterwards."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from project import Project
from sample_server import CAKE, COMMISSION_FACTORY_JSON, COMMISSION_FACTORY_XML, saying

from connector.sandbox.server import Sandbox

CAKE_BILL = """
Vendor                MediaBridge Partners LLC
Bill no.              CAKE-10042
Bill date             2026-01-31
Due date              2026-03-02
Terms                 Net 30
Currency              USD
Memo                  CAKE invoice 10042, approved 5 Feb 2026
                      ref:…
Account               Affiliate payouts:US
Class                 US
Description           Affiliate payout to MediaBridge Partners, January 2026
Tax                   (none)
Amount                4825.50
Total                 4825.50
"""

COMMISSION_FACTORY_BILL = """
Vendor                Commission Factory Pty Ltd
Bill no.              CF-1-000{n}
Bill date             2000-0{n}-01
Due date              2000-0{n}-15
Terms                 (none)
Currency              AUD
Memo                  Commissions up to 1/0{n}/2000
                      ref:…
Account               Affiliate commissions
Class                 (none)
Description           Commissions up to 1/0{n}/2000
Tax                   GST free
Amount                100.00
Total                 100.00
"""


def as_a_bookkeeper_reads_it(bill: dict[str, Any], held: dict[str, list[dict[str, Any]]]) -> str:
    """One bill of one line, box by box; references by the names that QuickBooks shows."""

    def name(kind: str, reference: dict[str, str] | None) -> str:
        rows = {str(row["Id"]): row for row in held[kind]}
        row = rows[reference["value"]] if reference else {}
        return str(row.get("FullyQualifiedName") or row.get("DisplayName") or row.get("Name") or "(none)")

    (line,) = bill["Line"]
    detail = line["AccountBasedExpenseLineDetail"]
    text, mark = bill["PrivateNote"].rsplit("\n", 1)
    assert len(mark) == len("ref:") + 16
    boxes = {
        "Vendor": name("Vendor", bill["VendorRef"]),
        "Bill no.": bill["DocNumber"],
        "Bill date": bill["TxnDate"],
        "Due date": bill["DueDate"],
        "Terms": name("Term", bill.get("SalesTermRef")),
        "Currency": bill["CurrencyRef"]["value"],
        "Memo": text,
        "": "ref:…",
        "Account": name("Account", detail["AccountRef"]),
        "Class": name("Class", detail.get("ClassRef")),
        "Description": line["Description"],
        "Tax": name("TaxCode", detail.get("TaxCodeRef")),
        "Amount": f"{line['Amount']:.2f}",
        "Total": f"{bill['TotalAmt']:.2f}",
    }
    return "\n" + "".join(f"{box:<22}{value}\n" for box, value in boxes.items())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Sandbox() as services:
        yield Project(tmp_path, services.url)


def bills_of(project: Project) -> list[str]:
    held = project.control("company")
    return [as_a_bookkeeper_reads_it(bill, held) for bill in sorted(held["Bill"], key=lambda bill: bill["DocNumber"])]


def test_the_sample_of_cake(project: Project) -> None:
    with saying(CAKE, "application/json") as url:
        settings = project.folder / "connector.toml"
        settings.write_text(settings.read_text().replace(f"{project.url}/cake", url))
        assert {"created": 1} == project.sync().counts

        assert [CAKE_BILL] == bills_of(project)
        assert {"unchanged": 1} == project.sync().counts


@pytest.mark.parametrize(
    ("form", "kind", "text"),
    [("json", "application/json", COMMISSION_FACTORY_JSON), ("xml", "application/xml", COMMISSION_FACTORY_XML)],
)
def test_the_sample_of_commission_factory(project: Project, form: str, kind: str, text: str) -> None:
    with saying(text, kind) as url:
        project.settings(commission_factory=True)
        settings = project.folder / "connector.toml"
        changed = (
            settings.read_text().replace(f"{project.url}/commission-factory", url).replace("2026-01-01", "2000-01-01")
        )
        settings.write_text(f'{changed}format = "{form}"\n')
        assert {"created": 3} == project.sync("--source", "commission_factory").counts

        assert [COMMISSION_FACTORY_BILL.format(n=n) for n in (1, 2, 3)] == bills_of(project)
        assert {"unchanged": 3} == project.sync("--source", "commission_factory").counts
