"""One real browser for a process of tests, and the pages that it opens."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_reconciliation import COMPANY, half_a_year, hostile, made
from playwright.sync_api import Browser, sync_playwright

from connector.report.reconciliation_html import write_html

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or name one in CHROMIUM")
    arguments = ["--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none", "--disable-lcd-text"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of half a year, that of names that mean harm, and that of nothing."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, rows in (("half a year", half_a_year()), ("hostile", hostile()), ("nothing", ())):
        written[name] = folder / f"{name.replace(' ', '-')}.html"
        found = made(rows)
        with written[name].open("w", encoding="utf-8", newline="") as file:
            write_html(file, found, COMPANY)
        found.close()
    return written
