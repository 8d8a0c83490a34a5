"""The hub-bias lens: off unless asked for, in the address, and honest about what it does."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from llador_core import hubs
from llador_core.evaluation.metrics import Interval
from llador_core.graph import Graph
from llador_core.training.runs import RunInfo
from pages._ui import cached, lens, table
from pages._ui.cached import View
from tests.pages.conftest import Open

ALZHEIMER = "Disease::DOID:10652"
DONEPEZIL = "Compound::DB00843"


@pytest.fixture
def view(starter: Graph, default_run: RunInfo) -> View:
    return cached.view("starter", starter.mapped(ALZHEIMER), default_run)


def test_the_lens_is_off_unless_asked_for(open_page: Open) -> None:
    app = open_page("candidates")
    assert not app.toggle(key="hubs").value
    assert "Corrected" not in app.dataframe[0].value
    assert not app.header


def test_a_link_opens_with_the_lens(open_page: Open, view: View) -> None:
    app = open_page("candidates", hubs="true", drug=DONEPEZIL)
    assert not app.exception
    assert not app.error
    shown = app.dataframe[0].value
    found = lens.lens_of(view)
    expected = [c.id for c in lens.ordered(view, found)]
    assert shown["Id"].tolist() == expected
    assert expected != [c.id for c in view.candidates]
    assert shown["Corrected"].tolist() == sorted(shown["Corrected"].tolist())
    by_id = {c.id: c for c in view.candidates}
    assert shown["Rank"].tolist() == [by_id[i].rank for i in expected]
    for change, rank, corrected in zip(
        shown["Change"], shown["Rank"], shown["Corrected"], strict=True
    ):
        moved = rank - corrected
        assert change == ("=" if not moved else f"{'▲' if moved > 0 else '▼'} {abs(moved):g}")
    assert [h.value for h in app.header] == ["Drugs that are liked everywhere"]
    assert len(app.get("plotly_chart")) == 1
    assert any("Corrected for hubs" in c.value for c in app.caption)


def test_the_toggle_is_in_the_address_and_filters_still_hold(open_page: Open) -> None:
    app = open_page("candidates", status="New")
    app.toggle(key="hubs").set_value(True).run()
    assert app.toggle(key="hubs").proto.query_param_key == "hubs"
    assert set(app.dataframe[0].value["Status"]) == {"● New"}


def test_the_correction_is_of_the_score_the_list_is_ordered_by(view: View) -> None:
    """Doubling what orders the list, and the means with it, changes no corrected rank."""
    found = lens.lens_of(view)
    drugs = view.graph.drugs.tolist()
    score = {c.entity: c.score for c in view.candidates}
    centred = {d: score[d] - m for d, m in zip(drugs, found.bias.usual.tolist(), strict=True)}
    best = max(centred, key=lambda d: centred[d])
    assert found.ranks[best] == 1
    assert min(found.ranks.values()) == 1
    assert sum(found.ranks.values()) == pytest.approx(len(drugs) * (len(drugs) + 1) / 2)


def test_the_export_has_both_ranks(view: View) -> None:
    found = lens.lens_of(view)
    some = lens.ordered(view, found)[:3]
    text = table.to_csv(view, some, ", ".join(["all", *lens.words(found)]), lens.columns(found))
    head, *rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert head.endswith("corrected_rank,corrected_change,share_of_diseases_in_top_50")
    assert [row.split(",")[-3] for row in rows] == ["1", "2", "3"]
    assert "ordered by the rank corrected for hubs" in text


def interval(value: float, low: float, high: float) -> Interval:
    return Interval(value, low, high)


def effect(change: Interval) -> hubs.Effect:
    before = dict.fromkeys(hubs.METRICS, interval(0.5, 0.4, 0.6))
    after = dict.fromkeys(hubs.METRICS, interval(0.5 + change.value, 0.4, 0.7))
    changes = dict.fromkeys(hubs.METRICS, change)
    return hubs.Effect(100, before, after, changes, before, 0.55, (0.1, 0.1, 0.2))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (interval(0.1, 0.02, 0.2), "it finds **more**"),
        (interval(-0.1, -0.2, -0.02), "it finds **fewer**"),
        (interval(0.01, -0.02, 0.05), "too small a difference"),
    ],
)
def test_the_sentence_goes_by_the_interval(change: Interval, words: str) -> None:
    assert words in lens.effect_sentence(effect(change))


def test_the_panel_holds_before_after_change_and_popularity(view: View) -> None:
    bias = cached.hub_bias("starter", view.run, view.order)
    told = cached.hub_effect("starter", view.run, view.order)
    rows: dict[str, Any] = lens.effect_rows(bias, told)
    assert rows["As it is"][0] == f"{told.before['Hits@10'].value:.0%}"
    assert rows["Corrected (change)"][0].startswith(f"{told.after['Hits@10'].value:.0%} (")
    assert rows["By popularity"][0] == f"{told.popularity['Hits@10'].value:.0%}"
    assert rows["As it is"][3] == f"{bias.correlation:+.2f}"
    assert rows["By popularity"][4] == "100%"
    assert told.to_avoid is not None
    assert rows["As it is"][5] == f"{told.to_avoid[0]:.1%}"
    silent = dataclasses.replace(told, to_avoid=None)
    assert len(lens.effect_rows(bias, silent)["As it is"]) == 5
    assert len({len(column) for column in rows.values()}) == 1


def test_a_nasty_name_in_the_sentence_is_escaped(view: View) -> None:
    evil = dataclasses.replace(view.candidates[0], name="<b>x</b> **y**")
    place = lens.hub_bias.Place(evil.name, 3, 1.0, 9.0, 1.0)
    assert r"\<b\>x" in lens.hub_sentence([place], lens.lens_of(view))
