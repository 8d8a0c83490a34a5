"""The map of two runs in a real Chromium: drawn by WebGL, marked, clicked, zoomed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
PLOT = ".js-plotly-plot"


def layout(page: Page, what: str) -> Any:
    """Return a part of the map's layout as Plotly has it."""
    return page.evaluate(f"document.querySelector('{PLOT}')._fullLayout.{what}")


def test_mark_an_area_click_a_dot_and_paste_the_link(
    address: str, fresh_address: str, visit: Visit
) -> None:
    page = visit(f"{address}/embedding_shift?layout=PCA")
    page.wait_for_selector(f"{PLOT} .gl-canvas")
    settle(page)
    box = page.locator(PLOT).bounding_box()
    assert box is not None
    page.locator('[data-val="lasso"]').click()
    corners = [(0.45, 0.3), (0.55, 0.3), (0.55, 0.45), (0.45, 0.45), (0.45, 0.32)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for x, y in places[1:]:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("area="))
    listed = page.get_by_text(re.compile(r"^[\d,]+ entities in the marked area"))
    expect(listed).to_be_visible()
    settle(page)

    [x, y] = page.evaluate(
        f"""() => {{
            const plot = document.querySelector('{PLOT}'), at = plot._fullLayout;
            const dots = plot._fullData[1];
            return [at.xaxis._offset + at.xaxis.d2p(dots.x[0]),
                    at.yaxis._offset + at.yaxis.d2p(dots.y[0])];
        }}"""
    )
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.wait_for_url(re.compile("entity="))
    expect(page.get_by_text("Kept", exact=True).first).to_be_visible()
    settle(page)

    before = layout(page, "xaxis.range")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(500)
    zoomed = layout(page, "xaxis.range")
    assert zoomed[1] - zoomed[0] < before[1] - before[0]
    page.get_by_text("Size of shift", exact=True).first.click()
    settle(page)
    page.get_by_role("button", name="Zoom in on it").click()
    page.wait_for_url(re.compile("zoom=area"))
    settle(page)
    window = layout(page, "yaxis.range")

    there = visit(fresh_address + page.url.removeprefix(address))
    expect(there.get_by_text(listed.inner_text())).to_be_visible()
    expect(there.get_by_text("Kept", exact=True).first).to_be_visible()
    assert "colour=Size" in there.url
    there.wait_for_selector(f"{PLOT} .gl-canvas")
    assert layout(there, "yaxis.range") == pytest.approx(window, abs=0.02)
