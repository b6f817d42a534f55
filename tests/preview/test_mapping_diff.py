"""``connector diff``: what an edited mapping would do to the invoices already seen, to the cent and to the letter."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from project import Project, invoice

from connector.document import Document, Line, changed_boxes
from connector.mapping import load, shipped
from connector.report import mapping_diff
from connector.report.trace import current_decider
from connector.sources.cake import Cake

LINE_BOXES = [each.name for each in fields(Line) if each.name != "amount"]


@pytest.fixture
def seen(project: Project) -> Project:
    """Three bills in QuickBooks, one held above the limit, one left as pending."""
    project.owe(20001, 20002, affiliate_id=67890, affiliate_name="MediaBridge Partners", currency_symbol="USD")
    project.owe(20003, currency_symbol="EUR", affiliate_name="Foo [/bar] <b>")
    project.owe(20004, total_payout="31250.00")
    project.owe(20005, invoice_status="Pending")
    project.sync()
    return project


def edit(project: Project, *changes: tuple[str, str]) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    text = mapping.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    mapping.write_text(text)


def differ(project: Project, *words: str) -> dict:
    ran = project.run("diff", "--json", *words)
    assert ran.code == 0, ran.said
    assert ran.json["schema"] == "connector/diff/1"
    (told,) = ran.json["sources"]
    return told


def test_an_untouched_mapping_and_one_with_another_remark_change_nothing(seen: Project) -> None:
    assert "as the last run used them; nothing would change" in seen.run("diff").out

    edit(seen, ("# How a CAKE invoice", "# This is how a CAKE invoice"))

    assert " cake: mappings/cake.yaml was edited, and none of 5 invoices would change\n" in seen.run("diff").out


def test_what_waits_would_change_and_what_is_in_quickbooks_stays(seen: Project) -> None:
    edit(seen, ("amount above:              25,000.00", "amount above:              50,000.00"))
    edit(seen, ('or "Affiliate payouts">', 'or "Commissions">'))

    told = differ(seen)

    assert (told["looked_at"], told["bills"], told["would_change"], told["in_quickbooks"]) == (5, 4, 1, 1)
    assert told["groups"] == [
        {
            "box": "line account",
            "before": "Affiliate payouts",
            "after": "Commissions",
            "count": 2,
            "in_quickbooks": 1,
            "amounts": {"AUD": "31250.00", "EUR": "103.25"},
            "invoices": ["20003", "20004"],
        },
        {
            "box": "outcome",
            "before": "held [amount-above]",
            "after": "a bill",
            "count": 1,
            "in_quickbooks": 0,
            "amounts": {"AUD": "31250.00"},
            "invoices": ["20004"],
        },
    ]
    assert seen.run("diff").out.splitlines()[:6] == [
        f" cake: 1 of 4 bills would change  (invoices dated since {told['since']}; all of them: --all)",
        "   1 more is in QuickBooks already, would be made otherwise now, and stays as it stands",
        "",
        " Bills  In QuickBooks  Amount                     Box           Change",
        "     2              1  AUD 31,250.00  EUR 103.25  line account  Affiliate payouts → Commissions",
        "     1              0  AUD 31,250.00              outcome       held [amount-above] → a bill",
    ]


def test_a_row_in_a_table_is_an_edit_too(seen: Project) -> None:
    table = seen.folder / "mappings/cake.vendors.csv"
    table.write_text(table.read_text() + "520004,Affiliate 20004,Another Name Ltd,,\n")

    told = differ(seen)

    assert [(each["box"], each["before"], each["after"]) for each in told["groups"]] == [
        ("vendor", "Affiliate 20004", "Another Name Ltd")
    ]


def test_a_changed_amount_is_shown_to_the_cent_and_signed_as_at_the_source(seen: Project) -> None:
    edit(seen, ("    amount:      <total_payout>", "    amount:      <total_payout>\n    share: 40%"))
    edit(
        seen,
        (
            "<invoice_date as mmmm yyyy>\n",
            "<invoice_date as mmmm yyyy>\n  - {account: B, amount: <total_payout>, share: 60%}\n",
        ),
    )

    told = differ(seen)
    (one,) = (each for each in told["invoices"] if each["invoice"] == "20003")

    assert (one["amount_before"], one["amount"], one["currency"]) == ("103.25", "103.25", "EUR")
    assert one["changes"] == [
        {"box": "lines", "before": "103.25 Affiliate payouts", "after": "41.30 Affiliate payouts + 61.95 B"}
    ]


def test_a_bill_counts_once_however_many_of_its_lines_change_alike(project: Project) -> None:
    one = project.folder / "mappings/cake.yaml"
    head, lines, rest = one.read_text().partition("lines:\n")
    line, _, more = rest.partition("\n\n")
    halves = [line.replace("<total_payout>", f"<total_payout>\n    share: {share}%") for share in (40, 60)]
    one.write_text(f"{head}{lines}{halves[0]}\n{halves[1]}\n\n{more}".partition("\nexamples:")[0] + "\n")
    project.owe(20003, currency_symbol="EUR", affiliate_name="Foo")
    project.sync()
    one.write_text(one.read_text().replace('or "Affiliate payouts">', 'or "Commissions">'))

    (group,) = differ(project)["groups"]

    assert (group["box"], group["count"], group["in_quickbooks"]) == ("line account", 1, 1)
    assert (group["amounts"], group["invoices"]) == ({"EUR": "103.25"}, ["20003"])


def test_texts_that_all_differ_are_folded(project: Project) -> None:
    project.owe(*range(20010, 20020))
    project.sync()
    edit(project, ("memo:     CAKE invoice <invoice_id>", "memo:     Invoice <invoice_id>"))

    shown = project.run("diff").out

    assert shown.count("CAKE invoice 200") == 3
    (rest,) = (line.split() for line in shown.splitlines() if "in the same way" in line)
    assert rest[:4] == ["7", "7", "memo", "more"]


def test_examples_that_fail_do_not_keep_anybody_from_looking(seen: Project) -> None:
    edit(seen, ("number:   CAKE-", "number:   AFF-"))

    shown = seen.run("diff").out

    assert "1 expectation of an example fails: until they fit, a sync leaves this source alone" in shown
    assert shown.endswith(" Next: connector check\n")


def test_older_invoices_are_looked_at_on_request(project: Project) -> None:
    project.owe(20001, invoice_date="2026-01-31")
    project.sync("--period", "2026-01")
    project.sync()
    edit(project, ('or "Affiliate payouts">', 'or "Commissions">'))

    assert differ(project, "--since", "2026-03-01")["looked_at"] == 0
    assert differ(project, "--since", "2026-01-01")["looked_at"] == 1
    assert differ(project, "--all")["looked_at"] == 1


def test_where_nothing_has_run_there_is_nothing_to_compare(project: Project) -> None:
    ran = project.run("diff")

    assert ran.code == 2
    assert ran.said.startswith("error[nothing-to-compare]: nothing has been read yet")


def test_a_mapping_with_faults_is_refused_with_them(seen: Project) -> None:
    edit(seen, ("<invoice_date>", "<invoce_date>"))

    ran = seen.run("diff")

    assert ran.code == 3
    assert "error[M104]: a cake invoice has no field <invoce_date>" in ran.said


def test_no_box_of_a_document_is_left_out() -> None:
    """A box that is added to Document or Line must be compared, or an edit could change it in silence."""
    line = Line(Decimal(1), **dict.fromkeys(LINE_BOXES))
    document = Document("bill", "V", "N", date(2026, 1, 1), "USD", (line,))
    boxes = [each.name for each in fields(Document) if each.name != "lines"]

    told = [list(changed_boxes(document, replace(document, **{name: "another"}))) for name in boxes]
    of_lines = [
        list(changed_boxes(document, replace(document, lines=(replace(line, **{name: "another"}),))))
        for name in ("amount", *LINE_BOXES)
    ]

    assert [len(each) for each in told + of_lines] == [1] * (len(boxes) + len(LINE_BOXES) + 1)
    assert [box for box, _, _ in changed_boxes(document, replace(document, lines=(line, line)))] == ["lines"]


@pytest.mark.parametrize("payout", ["100.00", "-75.25"])
def test_every_edit_that_makes_another_document_is_told(tmp_path: Path, payout: str) -> None:
    """Each line of the shipped mapping, edited in turn: whatever comes out otherwise is among the changes."""
    for file in ("cake.vendors.csv", "cake.terms.csv"):
        (tmp_path / file).write_bytes((shipped() / file).read_bytes())
    text = (shipped() / "cake.yaml").read_text().partition("\nexamples:")[0] + "\n"
    record = Cake.read(invoice(7, total_payout=payout), source="cake", currency="USD")
    path = tmp_path / "cake.yaml"
    path.write_text(text)
    before = current_decider(load(path, Cake))
    told = 0
    for old, new in (
        ("or affiliate_name", 'or "One For All"'),
        ("CAKE-<invoice_id>", "C<invoice_id>"),
        ("date:     <invoice_date>", "date:     <invoice_date + 1 days>"),
        ("<terms.terms>", '"Net 7"'),
        ("currency: <currency>", "currency: NZD"),
        ("memo:     CAKE", "memo:     Cake"),
        ('or "Affiliate payouts"', 'or "Other"'),
        ('<vendors.class or "">', "Online"),
        ("description: Affiliate", "description: Partner"),
        ("negative amount:           credit", "negative amount:           hold"),
        ("amount above:              25,000.00", "amount above:              10.00"),
    ):
        path.write_text(text.replace(old, new))
        after = current_decider(load(path, Cake))
        difference = mapping_diff.compare(before, after, [record], [])
        same = _apart_from_places(before.apply(record)) == _apart_from_places(after.apply(record))
        assert bool(difference.changed) is not same, new
        told += len(difference.changed)
    assert told >= 10


def _apart_from_places(outcome: object) -> object:
    document, late = getattr(outcome, "document", None), getattr(outcome, "late", outcome)
    return document, getattr(late, "state", None), getattr(late, "code", None)
