"""A zipped run comes in by upload, is deleted and brought back, and stands beside another."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from llador_core.training.exchange.archive import write_zip
from llador_core.training.runs import load_run
from tests.e2e.browser import settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
FULL, NONE = "starter-distmult-full-62e765ac", "starter-distmult-none-ea823796"


def test_upload_delete_and_bring_back(address: str, visit: Visit, tmp_path: Path) -> None:
    file = write_zip(load_run(FULL), tmp_path)
    page = visit(f"{address}/runs?import=true")
    page.set_input_files("input[type=file]", str(file))
    settle(page)
    name = page.get_by_placeholder("as it comes")
    name.fill("by-upload")
    name.press("Enter")
    settle(page)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("by-upload is here.")).to_be_visible()
    settle(page)
    assert "picked=by-upload" in page.url
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("by-upload is in the trash.")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Bring back by-upload").click()
    expect(page.get_by_text("by-upload is back.")).to_be_visible()


def test_two_runs_side_by_side_lead_to_the_case(address: str, visit: Visit) -> None:
    page = visit(f"{address}/runs?picked={FULL}&picked={NONE}")
    expect(page.get_by_text("ranks the hidden pairs better than")).to_be_visible()
    expect(page.locator("[data-testid=stPlotlyChart] svg.main-svg").first).to_be_visible(
        timeout=30_000
    )
    page.get_by_role("link", name="Case study: DistMult, no prior").click()
    page.wait_for_url(f"**run={NONE}**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alzheimer's disease")
