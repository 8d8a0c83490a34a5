"""One server and one browser for all tests that can share them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.browser import chromium, launch, served, settle

Visit = Callable[..., Page]


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser of the test's own: one that dies takes no other test with it."""
    if chromium() is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture
def fresh_address(tmp_path: Path) -> Iterator[str]:
    """A server that nobody has visited yet."""
    with served(tmp_path) as address:
        yield address


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Return a function that opens an address in a window of its own."""
    contexts = []

    def visited(address: str, width: int = 1440, height: int = 900, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("h1, [data-testid='stAlert'], [data-testid='stMarkdown']")
        settle(page)
        return page

    yield visited
    for context in contexts:
        context.close()
