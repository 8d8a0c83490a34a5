"""From a row of the table to the pair, into its reasons, and back out of a pasted link."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import settle
from tests.e2e.conftest import Visit
from tests.e2e.test_main_paths import click_row

pytestmark = pytest.mark.e2e
PAIR = "/pair?drug=Compound::DB00502&disease=Disease::DOID:14330"
KIND = "Acts on a protein that takes part in a process involving the disease"
TITLE = "Haloperidol for Parkinson's disease?"


def has_title(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_from_a_row_to_its_reasons_and_by_a_pasted_link_again(
    address: str, fresh_address: str, visit: Visit
) -> None:
    page = visit(f"{address}/candidates?disease=Disease::DOID:14330&drug=Compound::DB00502")
    page.get_by_role("link", name="Why this drug? Open the pair").click()
    page.wait_for_url("**/pair?**")
    has_title(page, TITLE)
    for side in ("For", "Against"):
        expect(page.get_by_role("heading", name=side, exact=True)).to_be_visible()
    expect(page.get_by_role("figure")).to_have_count(2)
    page.locator(".st-key-length").get_by_text("3", exact=True).click()
    page.wait_for_url(re.compile(r"length=3"))
    settle(page)  # or the click meets what is being redrawn
    page.get_by_text(KIND).first.click()
    page.wait_for_url(re.compile(r"open-acts-[a-z-]+=true"))
    settle(page)
    page.get_by_role("searchbox", name="Must pass through").press_sequentially("drd2", delay=20)
    page.get_by_role("button", name=re.compile(r"^DRD2|arrow_forward DRD2")).first.click()
    page.wait_for_url(re.compile(r"through=Gene"))
    settle(page)
    found = re.compile(r"^\d+ paths of \d+ kinds lead from Haloperidol")
    there = visit(page.url.replace(address, fresh_address))
    for each in (page, there):
        has_title(each, TITLE)
        expect(each.get_by_text("Every path passes through")).to_be_visible()
        expect(each.get_by_text("dopamine receptor signaling pathway").first).to_be_visible()
    said = [each.get_by_text(found).first.inner_text() for each in (page, there)]
    assert said[0] == said[1]


def test_another_row_opens_its_pair_and_the_pair_can_be_saved(address: str, visit: Visit) -> None:
    page = visit(address + PAIR)
    with page.expect_download() as download:
        page.get_by_role("button", name="The same as JSON").click()
    document = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert document["notice"].startswith("For research only")
    assert document["for"]
    page.get_by_test_id("stDataFrame").scroll_into_view_if_needed()
    click_row(page, 0)
    expect(page.get_by_role("heading", level=1)).not_to_have_text(TITLE)
    assert "drug=Compound%3A%3ADB00502" in page.url
