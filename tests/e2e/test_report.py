"""The report in a real Chromium: every figure is drawn, and nothing is asked of the internet."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from llador_core.__main__ import main

pytestmark = pytest.mark.e2e


def test_the_page_draws_itself_without_a_network(browser: Browser, tmp_path: Path) -> None:
    out = tmp_path / "case.html"
    assert main(["report", "--disease", "Alzheimer's disease", "--out", str(out)]) == 0
    page = browser.new_page(viewport={"width": 390, "height": 844})
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.goto(out.as_uri())
    page.wait_for_function("document.querySelectorAll('figure .main-svg').length >= 5")
    assert page.locator("figure .plotly-graph-div").count() == 5
    assert [url for url in asked if url.startswith("http")] == []
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_text("The same as a table").first.click()
    assert page.locator("figure table").first.is_visible()
