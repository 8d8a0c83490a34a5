"""The button that hands a case on: on both pages, made only when asked for."""

from __future__ import annotations

import pytest

from llador_core import report
from llador_core.graph import Graph
from llador_core.shortlist import store
from llador_core.training.runs import RunInfo
from pages._ui import cached
from pages._ui import report as button
from tests.pages.conftest import Open

ALZHEIMER = "Disease::DOID:10652"


@pytest.mark.parametrize("page", ["case_study", "candidates"])
def test_both_pages_offer_both_forms_and_make_neither(
    page: str, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_early(*_: object, **__: object) -> None:
        raise AssertionError("the report was made before anybody asked for it")

    monkeypatch.setattr(report, "gather", too_early)
    app = open_page(page)
    assert not app.exception
    offered = {b.label: b.proto for b in app.get("download_button")}
    for label in ("Interactive page (HTML)", "Hand-out for print (DOCX)"):
        assert label in offered


def test_what_is_downloaded_is_the_view_with_its_shortlist(
    starter: Graph, default_run: RunInfo
) -> None:
    place = store.Place("starter", default_run.name, ALZHEIMER)
    drug = starter.entity_ids[int(starter.drugs[7])]
    store.star(place, drug)
    store.mark(place, drug, verdict="pursue")
    store.annotate(place, drug, "ask the clinic")
    try:
        case = button.make_case(cached.view("starter", starter.mapped(ALZHEIMER), default_run))
    finally:
        store.remove(place, drug)
    assert [(p.candidate.id, p.verdict, p.note) for p in case.picks] == [
        (drug, "Pursue", "ask the clinic")
    ]
    page = report.to_html(case)
    assert "Verdict: Pursue" in page
    assert "ask the clinic" in page
    assert case.base is not None
