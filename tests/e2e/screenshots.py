"""Take the README's pictures anew: `make screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from llador_core.paths import REPOSITORY
from tests.e2e.browser import launch, served, settle

FOLDER = REPOSITORY / "assets" / "screenshots"
PAGES = {"proposed": "/?step=3", "pair": "/pair", "moved": "/embedding_shift"}
SIZE = (1440, 900)
DRAWN_MS = 2_000  # WebGL is drawn after the page has run


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        served(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        for name, path in PAGES.items():
            page.goto(address + path)
            page.wait_for_selector(".js-plotly-plot text")
            settle(page)
            page.wait_for_timeout(DRAWN_MS)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
