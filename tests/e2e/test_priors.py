"""Read a text, say what is wrong with it, and find the version beside the original."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e


def test_an_edit_stands_beside_the_models_text_and_after_a_reload(
    address: str, visit: Visit
) -> None:
    path = f"{address}/priors?entity=Compound::DB00843"
    page = visit(path)
    page.get_by_role("button", name="Review").first.click()
    box = page.locator("textarea[aria-label='Text']").first
    expect(box).to_be_visible()
    box.fill("<b>Shorter</b> words.")
    page.get_by_role("button", name="Save my version").first.click()
    settle(page)
    expect(page.get_by_text("struck out").first).to_be_visible()
    shown = page.get_by_test_id("stMarkdown").filter(has_text="Shorter")
    expect(shown.first).to_contain_text("<b>")  # shown, not rendered
    expect(page.locator("b", has_text="Shorter")).to_have_count(0)
    again = visit(path)
    expect(again.get_by_text("struck out").first).to_be_visible()

    again.get_by_text("Check", exact=True).click()
    again.wait_for_url("**part=Check**")
    expect(
        again.get_by_role("heading", name="Did the texts simply name the answer?")
    ).to_be_visible()
    settle(again)
    assert "entity=Compound" in again.url
