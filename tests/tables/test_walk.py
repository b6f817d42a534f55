"""A finance person's walk: an affiliate nobody knew, its row pasted, checked and sent; kept as a transcript."""

import os
import re
from pathlib import Path

from table_folder import TableFolder

WALK = Path(__file__).parent / "walk.txt"


def test_from_an_unknown_affiliate_to_its_bill(company: TableFolder) -> None:
    company.load("Vendor", {"DisplayName": "Nordic Deals ApS", "CurrencyRef": {"value": "EUR"}})
    nordic = {"affiliate_id": 70113, "affiliate_name": "Nordic Deals", "currency_symbol": "EUR"}
    company.owe(10047, 10048, **nordic, total_payout="120.50")
    company.owe(10046, affiliate_id=67890)
    assert company.sync(code=6).counts == {"created": 1, "blocked": 2}
    said: list[str] = []

    def typed(*words: str) -> None:
        ran = company.run(*words)
        assert ran.code == 0, ran.said
        said.append(f"$ connector {' '.join(words)}\n{ran.out}")

    typed("unmapped")
    (row,) = [line for line in said[0].splitlines() if line.startswith("70113")]
    with company.vendors.open("a") as table:
        table.write(f"{row.replace(',,,', ',Nordic Deals ApS,,')}\n")
    said.append("(pasted the row into mappings/cake.vendors.csv, and filled in Nordic Deals ApS)\n")
    typed("check")
    typed("diff", "--all")
    typed("sync", "--yes")
    typed("unmapped")

    got = re.sub(r"bill \d+", "bill N", "\n".join(said).replace(company.today, "<today>"))
    if os.environ.get("REGENERATE_GOLDEN") == "1":
        WALK.write_text(got)
    assert got == WALK.read_text()
    assert company.numbers() == {"CAKE-10046": 1, "CAKE-10047": 1, "CAKE-10048": 1}
