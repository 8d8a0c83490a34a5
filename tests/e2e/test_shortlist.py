"""Star a drug, judge it, come back: it is still there, and a click on the list opens its card."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
PARKINSON = "Disease::DOID:14330"


def test_a_starred_drug_is_there_after_a_reload(address: str, visit: Visit) -> None:
    page = visit(f"{address}/candidates?disease={PARKINSON}&drug=Compound::DB00843")
    page.get_by_role("button", name="Add to shortlist").click()
    page.get_by_text("Need data", exact=True).click()
    settle(page)
    note = page.get_by_placeholder("Your note")
    note.fill("ask <b>whom</b>?")
    note.press("Control+Enter")
    expect(page.get_by_text("ask <b>whom</b>?").first).to_be_visible()
    settle(page)

    page.get_by_text("Correct for hubs", exact=True).click()
    page.wait_for_url("**hubs=true**")
    expect(page.get_by_role("heading", name="Drugs that are liked everywhere")).to_be_visible()

    again = visit(f"{address}/candidates?disease={PARKINSON}&starred=true")
    expect(again.get_by_text("1 of 636 drugs listed.")).to_be_visible()
    again.get_by_role("button", name="Donepezil").click()
    expect(again.get_by_role("heading", level=3)).to_have_text("Donepezil")
    settle(again)
    assert "drug=Compound" in again.url
    expect(again.get_by_placeholder("Your note")).to_have_value("ask <b>whom</b>?")
    again.get_by_role("button", name="Undo").click()
    expect(again.get_by_placeholder("Your note")).to_have_value("")
