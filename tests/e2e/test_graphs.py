"""A table goes in by the browser and comes out as a graph that every page can show."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import settle
from tests.e2e.conftest import Visit

pytestmark = pytest.mark.e2e
TABLE = b"""subject_id,subject_type,subject_name,predicate,object_id,object_type,object_name
DB1,Drug,Drug <b>one</b>,indication,D1,Disorder,Illness one
DB2,Drug,Drug two,indication,D1,Disorder,Illness one
DB1,Drug,Drug <b>one</b>,targets,G1,Gene,Gene one
G1,Gene,Gene one,associated_with,D1,Disorder,Illness one
"""


def test_an_uploaded_table_becomes_a_graph_to_explore(fresh_address: str, visit: Visit) -> None:
    page = visit(f"{fresh_address}/graphs?view=Import")
    page.set_input_files(
        "input[type=file] >> nth=0",
        {"name": "my table.csv", "mimeType": "text/csv", "buffer": TABLE},
    )
    page.get_by_role("button", name="Import as my_table").click()
    expect(page.get_by_text("is here: 4 entities, 4 triples.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Look inside").click()
    expect(page.get_by_role("heading", name="Largest hubs")).to_be_visible()
    settle(page)
    assert "graph=my_table" in page.url
    page.get_by_role("link", name="Illness one").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Illness one")

    page = visit(f"{fresh_address}/graphs")
    page.get_by_role("button", name=re.compile(r"\d kB")).click()
    page.get_by_text("Delete my_table for good").click()
    page.get_by_role("button", name="Delete the graph").click()
    expect(page.get_by_text("freed")).to_be_visible()
    expect(page.get_by_role("heading", name="my_table")).to_have_count(0)
