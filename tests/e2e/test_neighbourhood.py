"""The picture of a neighbourhood in a real Chromium: hover, click, export, and its link."""

from __future__ import annotations

import io
import re
from pathlib import Path

import networkx as nx
import pytest
from playwright.sync_api import Page, expect

from llador_core.explain.neighbourhood import surroundings
from llador_core.figures.network import STRETCH
from llador_core.figures.network_layout import network_places
from llador_core.graph import Graph
from tests.e2e.browser import settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
LEFT, TOP, BOTTOM = 0.06, 46, 66  # of the drawing inside its canvas


def pixel(page: Page, graph: Graph, focus: str, wanted: str) -> tuple[float, float]:
    """Return where an entity of the first picture is drawn."""
    at = graph.mapped(focus)
    places = network_places(graph, surroundings(graph, at, at))
    xs, ys = ([p[i] * STRETCH[i] for p in places.values()] for i in (0, 1))
    box = page.get_by_test_id("stEChartsChart").bounding_box()
    assert box is not None
    width, height = box["width"] * (1 - 2 * LEFT), box["height"] - TOP - BOTTOM
    scale = min(width / (max(xs) - min(xs)), height / (max(ys) - min(ys)))
    x, y = (places[graph.mapped(wanted)][i] * STRETCH[i] for i in (0, 1))
    return (
        box["x"] + box["width"] / 2 + (x - (min(xs) + max(xs)) / 2) * scale,
        box["y"] + TOP + height / 2 + (y - (min(ys) + max(ys)) / 2) * scale,
    )


def test_a_click_expands_and_the_export_holds_it(
    address: str, visit: Visit, starter: Graph
) -> None:
    page = visit(f"{address}/neighbourhood", height=1000)
    page.wait_for_selector("[data-testid=stEChartsChart][aria-busy=false]")
    x, y = pixel(page, starter, "Disease::DOID:10652", "Compound::DB00843")
    page.mouse.move(x, y)
    tooltip = page.get_by_test_id("stEChartsChart")
    expect(tooltip).to_contain_text("DonepezilCompound, 19 facts")
    page.mouse.click(x, y)
    expect(page.get_by_role("heading", level=3).first).to_have_text("Donepezil")
    expect(page.get_by_text(re.compile("12 more by expanding"))).to_be_visible()
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="GraphML").click()
    network = nx.read_graphml(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert len(network) == 73
    assert network.nodes["Compound::DB00843"]["is_expanded"]
    assert "For research only" in network.graph["notice"]
    again = visit(page.url)
    expect(again.get_by_role("heading", level=3).first).to_have_text("Donepezil")
    expect(again.get_by_text(re.compile("12 more by expanding"))).to_be_visible()


def test_a_phone_never_scrolls_sideways(address: str, visit: Visit) -> None:
    page = visit(f"{address}/neighbourhood?node=Gene::351", width=390, height=844)
    page.wait_for_selector("[data-testid=stEChartsChart][aria-busy=false]")
    widths = page.evaluate(
        "[...document.querySelectorAll('[data-testid=stMain], body')].map(e => e.scrollWidth)"
    )
    assert max(widths) <= 390
