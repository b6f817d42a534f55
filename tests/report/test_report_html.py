"""The HTML of a reconciliation as it is written: what stands in it, and that nothing in it is obeyed."""

import base64
import hashlib
import io
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from made_reconciliation import COMPANY, half_a_year, hostile, made

from connector import log
from connector.errors import Problem
from connector.reconcile import Reconciled
from connector.report.reconciliation_html import write_html


class Page(HTMLParser):
    """The text that a person reads, and the tags and attributes that a browser acts on."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(source)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def written(found: Reconciled) -> str:
    stream = io.StringIO()
    write_html(stream, found, COMPANY)
    return stream.getvalue()


def test_every_row_stands_in_it_once_and_its_bill_opens_in_the_right_company() -> None:
    rows = list(half_a_year())

    page = Page(written(made(rows)))

    links = [attributes["href"] or "" for attributes in page.all("a")]
    for row in rows:
        assert page.texts.count(row.number or "") == 1, row.number
        if row.qbo_id:
            assert sum(f"txnId%3D{row.qbo_id}&deeplinkcompanyid=4620816365" in link for link in links) == 1


def test_the_proof_stands_before_the_exceptions_and_they_before_the_rest() -> None:
    source = written(made(half_a_year()))

    places = [source.index(f'id="{name}"') for name in ("proof", "families", "exceptions", "ages", "totals", "rest")]
    assert places == sorted(places)
    assert "The proof closes to 0.00." in source


def test_a_proof_that_does_not_close_is_said_in_words() -> None:
    found = made(half_a_year())
    found.proof.add_invoice("cake", "USD", "2026-10", Decimal("0.01"))

    text = Page(written(found)).text

    assert "The proof does not close." in text
    assert "closes to 0.00" not in text
    assert text.count("✗ does not close") == 2  # its month, and its source and currency


def test_nothing_compared_proves_nothing_and_the_trouble_is_told() -> None:
    found = made(())
    found.problems.append(Problem("operator", "sign-in-revoked", "the <sign-in> is gone", "connector auth login"))

    text = Page(written(found)).text

    assert "Nothing was compared." in text
    assert "the <sign-in> is gone" in text
    assert "closes" not in text


def test_the_policy_lets_nothing_in_but_the_style_that_it_names() -> None:
    source = written(made(hostile()))
    page = Page(source)

    (policy,) = [each["content"] or "" for each in page.all("meta") if each.get("http-equiv")]
    style = source.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not [tag for tag, _ in page.tags if tag in {"script", "img", "iframe", "link", "form", "object"}]
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    assert {(each["href"] or "").split("?")[0] for each in page.all("a")} == {
        "#content",
        "https://qbo.intuit.com/app/login",
    }


def test_a_name_is_shown_as_it_is_without_what_turns_the_direction_or_is_secret() -> None:
    log.hide("s3cr3t-of-cake")
    rows = [replace(row, why="asked with s3cr3t-of-cake") for row in hostile()]

    text = Page(written(made(rows))).text

    assert "<script>document.title='owned'</script>" in text
    assert "{{ 7 * 7 }} {% raw %}" in text
    assert "W" * 500 in text
    assert not {"\u202e", "\u2066", "\u200f"} & set(text)
    assert "s3cr3t" not in text


def test_many_vendors_are_the_largest_and_one_line_of_the_others() -> None:
    rows = [replace(row, vendor=f"Vendor {n}") for n, row in enumerate(half_a_year()) if row.currency == "USD"]

    text = Page(written(made(rows))).text

    assert f"{len(rows) - 12} more (all of them: --format xlsx)" in text


def test_the_same_rows_give_the_same_bytes() -> None:
    assert written(made(half_a_year())) == written(made(half_a_year()))


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_report_of_any_size_is_written(count: int) -> None:
    assert written(made(half_a_year(count))).rstrip().endswith("</html>")
