"""The HTML of a reconciliation in a real Chromium: readable for everybody, on every width, and obeying nobody."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_reconciliation import HOSTILE
from playwright.sync_api import Browser, BrowserContext, Page, expect

DESKTOP, PHONE = (1280, 900), (390, 844)
Opener = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Iterator[Opener]:
    """Opens a page; in the end nothing was fetched but the file, and the console is empty."""
    contexts: list[BrowserContext] = []
    heard: list[str] = []

    def open_page(name: str, size: tuple[int, int] = DESKTOP, *, scheme: str = "light") -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(dialog.message))
        page.on("request", lambda request: None if request.url == pages[name].as_uri() else heard.append(request.url))
        page.goto(pages[name].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()

    assert heard == []


def unfolded(page: Page) -> Page:
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["half a year", "hostile", "nothing"])
def test_axe_finds_nothing(opened: Opener, name: str, size: tuple[int, int], scheme: str) -> None:
    page = unfolded(opened(name, size, scheme=scheme))

    found = Axe().run(page)

    assert found.response["passes"]
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("name", ["half a year", "hostile", "nothing"])
def test_the_page_is_never_wider_than_the_screen(opened: Opener, name: str, width: int) -> None:
    page = unfolded(opened(name, (width, 844)))

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_desktop_the_proof_has_room_for_millions(opened: Opener) -> None:
    table = opened("half a year").locator("table.proof").first
    sums = "[...table.querySelectorAll('td.n')].filter((cell) => cell.textContent !== '0.00')"

    written = table.evaluate(f"(table) => {sums}.map((cell) => cell.textContent = '1,886,139.16').length")

    assert written > 20
    wide, shown = table.evaluate("(table) => [table.parentElement.scrollWidth, table.parentElement.clientWidth]")
    assert wide == shown


def test_headings_stand_in_order_and_every_table_says_what_it_is(opened: Opener) -> None:
    page = unfolded(opened("half a year"))

    levels = [int(each) for each in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(e => e.tagName[1])")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    tables = page.locator("table")
    assert tables.count() == page.locator("table > caption").count() > 6
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("thead th").count() > page.locator("thead").count()
    expect(page.get_by_role("region", name="The proof", exact=True)).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_contain_text("company id 4620816365")


def test_the_result_is_a_word_and_stands_in_sight_on_a_phone(opened: Opener) -> None:
    page = opened("half a year", PHONE)

    expect(page.get_by_text("The proof closes to 0.00.")).to_be_in_viewport()
    expect(page.get_by_role("cell", name="✓ closes").first).to_be_visible()


def test_the_keyboard_reaches_the_content_and_what_scrolls_and_shows_where_it_is(opened: Opener) -> None:
    page = opened("half a year", PHONE)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="By source and currency, all months")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.get_by_text("rows that need nobody").press("Enter")
    expect(page.get_by_text("Rows 1 to", exact=False).first).to_be_visible()


def test_an_exception_tells_why_what_next_and_where(opened: Opener) -> None:
    first = opened("half a year").locator(".exceptions > li").first

    expect(first).to_contain_text("amount-differs CF-10007")
    expect(first).to_contain_text("Nordic Deals ApS")
    expect(first).to_contain_text("compare both")
    expect(first).to_contain_text("AUD 36.00")
    expect(first.get_by_role("link", name="bill 1007")).to_have_attribute(
        "href", "https://qbo.intuit.com/app/login?pagereq=bill%3FtxnId%3D1007&deeplinkcompanyid=4620816365"
    )


def test_no_name_does_anything_but_be_read(opened: Opener) -> None:
    page = unfolded(opened("hostile"))

    assert page.title().startswith("Reconciliation, Harbour Media Pty Ltd")
    assert page.locator("script, img, iframe").count() == 0
    names = page.locator(".exceptions .about b").all_inner_texts()
    for name in HOSTILE:
        if not re.search(r"[\u2000-\u206f\t\r]", name):
            assert name in names
    # No name turns the direction of what stands behind it.
    assert page.evaluate(
        "[...document.querySelectorAll('.exceptions .about b')].every(e => e.firstElementChild.tagName == 'BDI')"
    )


def test_bars_are_as_long_as_their_amounts(opened: Opener) -> None:
    page = opened("half a year")

    bars = page.locator("section[aria-labelledby=overdue] tbody").first.locator("tr:not(.group)")
    lengths = {row.locator("th").inner_text(): row.locator("rect").bounding_box()["width"] for row in bars.all()}

    longest = lengths.pop("1 to 30 days")
    assert longest > 60
    assert lengths["not due"] / longest == pytest.approx(2433.55 / 16072.38, abs=0.01)
    assert lengths["over 90 days"] == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_it_is_black_on_white_and_nothing_is_cut(opened: Opener, scheme: str) -> None:
    page = opened("half a year", (1040, 700), scheme=scheme)
    page.emulate_media(media="print", color_scheme=scheme)

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 1040
    assert page.locator(".sign").is_visible()
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
