"""The page of the neighbourhood: every choice in the address, a click that grows the picture."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from llador_core import data
from llador_core.explain.neighbourhood import EXPAND_BY
from llador_core.graph import Graph
from llador_core.paths import REPOSITORY
from llador_core.training import info
from pages._ui import network, network_files, surroundings
from pages._ui.surroundings import NetworkView
from tests.pages.conftest import Open

ALZHEIMER = "Disease::DOID:10652"
DONEPEZIL = "Compound::DB00843"
PAGE = "neighbourhood"


def words(app: AppTest) -> str:
    return "\n".join(m.value for m in (*app.markdown, *app.caption, *app.info, *app.warning))


def options(app: AppTest) -> Any:
    assert not app.exception
    assert not app.error
    return json.loads(app.get("echarts_chart")[0].proto.spec)


def series(app: AppTest) -> Any:
    return options(app)["baseOption"]["series"][0]


def drawn(app: AppTest) -> list[str]:
    return [node["name"] for node in series(app)["data"]]


def at(app: AppTest, **params: str | list[str]) -> AppTest:
    """Run the page again with some of its address changed, as a click would."""
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture
def view(starter: Graph) -> NetworkView:
    focus = starter.mapped(ALZHEIMER)
    choice = surroundings.Choice(20, ("Compound", "Gene"))
    return surroundings.current_view("starter", focus, choice, goes_round=False)


def test_the_first_picture_is_the_default_disease_with_its_words(open_page: Open) -> None:
    app = open_page(PAGE)
    assert drawn(app)[0] == "Alzheimer's disease"
    assert len(drawn(app)) == 61
    assert "Showing **60 of 69 neighbours**, by relevance to it" in words(app)
    assert app.subheader[0].value == r"Alzheimer\'s disease"
    assert "No medical advice" in options(app)["baseOption"]["title"]["text"]
    assert app.get("echarts_chart")[0].proto.alt.startswith("Alzheimer's disease and 60 entities")


def test_an_entity_is_given_by_id_name_or_synonym(open_page: Open) -> None:
    for asked in (DONEPEZIL, "donepezil", "Aricept"):
        app = open_page(PAGE, entity=asked)
        assert app.title[0].value == "Donepezil"
    assert open_page(PAGE, disease="Disease::DOID:14330").title[0].value == r"Parkinson\'s disease"


@pytest.mark.parametrize(
    ("params", "n", "sentence"),
    [
        ({"neighbours": "20"}, 21, "**20 of 69 neighbours**"),
        ({"types": "Gene"}, 19, "**18 of 18 neighbours** that pass the filters (of 69)"),
        ({"ties": "is contraindicated in"}, 14, "**13 of 13 neighbours**"),
        ({"types": ["Gene", "Compound"], "neighbours": "20"}, 21, "**20 of 38 neighbours**"),
        ({"to": DONEPEZIL}, 61, "by relevance to Donepezil"),
        ({"expanded": DONEPEZIL}, 61 + EXPAND_BY, "**12 more** by expanding"),
        ({"expanded": "Gene::351", "entity": DONEPEZIL, "with": "TNF"}, 34, "**14 more** by"),
        ({"node": DONEPEZIL}, 61, "Donepezil treats"),
        ({"with": "TNF", "entity": DONEPEZIL}, 21, "which is linked to **TNF**"),
        ({"with": ALZHEIMER, "entity": DONEPEZIL}, 20, r"Donepezil** treats **Alzheimer\'s"),
        (
            {"with": ALZHEIMER, "entity": DONEPEZIL, "round": "true"},
            20,
            r"eases **dementia with Lewy bodies**, which resembles **Alzheimer\'s disease**",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_every_choice_is_in_the_address(
    params: dict[str, Any], n: int, sentence: str, open_page: Open
) -> None:
    app = open_page(PAGE, **params)
    assert len(drawn(app)) == n
    assert sentence in words(app)


@pytest.mark.parametrize(
    "junk",
    [
        {"neighbours": "61"},
        {"neighbours": "x"},
        {"types": "<b>"},
        {"ties": "cures"},
        {"round": "?"},
    ],
)
def test_junk_in_a_filter_falls_back(junk: dict[str, str], open_page: Open) -> None:
    assert len(drawn(open_page(PAGE, **junk))) == 61


def test_an_expansion_opens_the_card_and_keeps_the_rest_in_place(open_page: Open) -> None:
    app = open_page(PAGE)
    before = series(app)["data"]
    place = drawn(app).index("APP")
    app = at(app, node="Gene::351", expanded=["Gene::351"])
    after = series(app)["data"]
    assert len(before) < len(after) <= len(before) + EXPAND_BY
    assert [(n["x"], n["y"], n["id"]) for n in after[: len(before)]] == [
        (n["x"], n["y"], n["id"]) for n in before
    ]
    assert after[place]["itemStyle"]["borderWidth"] == 4
    assert app.subheader[0].value == "APP"


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def test_buttons_on_the_card_change_the_address(open_page: Open) -> None:
    app = open_page(PAGE, node=DONEPEZIL)
    press(app, "Expand")
    assert app.query_params["expanded"] == DONEPEZIL
    press(app, "Collapse")
    assert "expanded" not in app.query_params
    press(app, "Relevance to it")
    assert "by relevance to Donepezil" in words(app)
    press(app, "Connect")
    assert app.query_params["with"] == DONEPEZIL
    assert r"**Alzheimer\'s disease** is treated with **Donepezil**" in words(app)
    app.button(key=f"away-{DONEPEZIL}").click().run()
    assert "with" not in app.query_params
    press(app, "Focus on it")
    assert app.title[0].value == "Donepezil"
    assert "node" not in app.query_params


def test_filters_go_into_the_address(open_page: Open) -> None:
    app = open_page(PAGE)
    app.multiselect(key="types_pick").set_value(["Gene", "Compound"]).run()
    app.multiselect(key="ties_pick").set_value(["is linked to"]).run()
    app.select_slider(key="neighbours_pick").set_value(100).run()
    expected = {"types": ["Gene", "Compound"], "ties": "is linked to", "neighbours": "100"}
    assert dict(app.query_params) == expected
    assert "**18 of 18 neighbours** that pass the filters (of 69)" in words(app)


def test_going_round_goes_into_the_address(open_page: Open) -> None:
    app = open_page(PAGE, entity=DONEPEZIL, **{"with": ALZHEIMER})
    app.toggle(key="round_pick").set_value(True).run()
    assert app.query_params["round"] == "true"
    assert "resembles **Alzheimer" in words(app)
    app.toggle(key="round_pick").set_value(False).run()
    assert "round" not in app.query_params


def test_the_anchor_goes_into_the_address(open_page: Open) -> None:
    app = open_page(PAGE, entity=DONEPEZIL)
    assert "by relevance to" not in words(app)  # all 19 are shown
    app.selectbox(key="anchor_pick").set_value(DONEPEZIL).run()
    assert app.query_params["to"] == DONEPEZIL


def test_a_card_can_be_opened_without_the_mouse(open_page: Open) -> None:
    app = open_page(PAGE)
    app.selectbox(key="card_pick").set_value("Gene::351").run()
    assert app.subheader[0].value == "APP"
    assert app.query_params["node"] == "Gene::351"
    assert len(drawn(app)) == 61


def test_search_finds_every_type_and_says_which(open_page: Open) -> None:
    app = open_page(PAGE)
    app.text_input(key="entity_query").set_value("apoe").run()
    [match] = [b for b in app.button if b.label.startswith("APOE ")]
    assert "(Gene)" in match.label


def test_the_selection_of_the_chart_is_read_as_a_click(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(surroundings, "expand", lambda one, focus: asked.append((one, focus)))
    monkeypatch.setattr(st, "session_state", {})
    state = st.session_state

    def click(*groups: dict[str, Any]) -> None:
        selection = type("Selection", (), {"selected": list(groups)})()
        state["chart"] = type("State", (), {"selection": selection})()
        network._clicked("chart", ("focus", "a", "b"))

    click({"data_type": "node", "data_indices": [2]})
    click()  # a second click on the same mark takes the selection back
    click({"data_type": "edge", "data_indices": [1]})
    click({"data_type": "node", "data_indices": [17]})  # of a picture that is gone
    assert asked == [("b", "focus"), ("b", "focus")]


@pytest.mark.parametrize("param", ["expanded", "with", "node", "to"])
def test_unknown_ids_are_told_on_a_page_that_works(param: str, open_page: Open) -> None:
    app = open_page(PAGE, **{param: ["Gene::0", "<script>|"]})
    assert len(drawn(app)) == 61
    assert any("There is no entity" in w.value for w in app.warning)
    assert all("<script" not in w.value.replace("\\<", "") for w in app.warning)


def test_an_unknown_entity_offers_the_nearest(open_page: Open) -> None:
    app = open_page(PAGE, entity="donepzil")
    assert "There is no entity" in app.error[0].value
    assert app.text_input(key="entity_query") is not None
    app.button(key="instead-entity-Donepezil").click().run()
    assert app.title[0].value == "Donepezil"


def test_filters_that_nobody_passes_are_a_state(open_page: Open) -> None:
    app = open_page(PAGE, types="Side Effect")
    assert not app.exception
    assert "None of its 69 neighbours passes the filters" in app.info[0].value
    press(app, "Clear the filters")
    assert len(drawn(app)) == 61


def test_another_graph_starts_without_the_filters_of_the_old_one(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(REPOSITORY / "tests" / "data"))
    app = open_page(PAGE, types="Gene", ties="treats", neighbours="20", expanded="Gene::351")
    app.selectbox(key="graph_pick").set_value("hetionet").run()
    assert not app.exception
    assert dict(app.query_params) == {"graph": "hetionet", "neighbours": "20"}
    assert app.multiselect(key="types_pick").value == []
    assert app.multiselect(key="ties_pick").value == []


def test_no_run_is_needed(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "runs_folders", list)
    assert len(drawn(open_page(PAGE))) == 61


@pytest.fixture
def patched(starter: Graph, monkeypatch: pytest.MonkeyPatch, fresh_cache: None) -> Any:
    def patch(**changes: Any) -> Graph:
        changed = dataclasses.replace(starter, **changes)
        monkeypatch.setattr(data, "load_graph", lambda _: changed)
        return changed

    return patch


def test_an_entity_without_edges_is_a_state(patched: Any, starter: Graph, open_page: Open) -> None:
    focus = starter.mapped(DONEPEZIL)
    alone = (starter.triples[:, [0, 2]] != focus).all(1)
    patched(triples=np.ascontiguousarray(starter.triples[alone]))
    app = open_page(PAGE, entity=DONEPEZIL, **{"with": ALZHEIMER})
    assert not app.exception
    assert "are not connected by 4 ties or fewer" in words(app)
    app = open_page(PAGE, entity=DONEPEZIL)
    assert "stands alone" in app.info[0].value


def test_names_from_a_graph_are_never_markup(patched: Any, starter: Graph, open_page: Open) -> None:
    nasty = "<script>x</script> **b** $y$ | \n \u202eZ"
    names = [f"{nasty} {i}" for i in range(starter.n_entities)]
    patched(entity_names=names, title=nasty)
    app = open_page(PAGE, node=DONEPEZIL, expanded=[DONEPEZIL], **{"with": "Gene::7124"})
    app.text_input(key="entity_query").set_value("script").run()
    assert not app.exception
    said = [*words(app).splitlines(), *(b.label for b in app.button)]
    said += [t.value for t in (*app.title, *app.subheader)]
    for line in said:
        assert "\u202e" not in line
        assert "<script" not in line.replace("\\<script", "")
    spec = app.get("echarts_chart")[0].proto.spec
    assert "\\u202e" not in spec
    for part in (*series(app)["data"], *series(app)["links"]):
        assert "<script" not in part["tooltip"]["formatter"]


def test_exports_hold_what_is_shown_and_say_whence(view: NetworkView, starter: Graph) -> None:
    entities = network_files.entities_csv(view).splitlines()
    head = dict(line[2:].split(": ", 1) for line in entities if line.startswith("# "))
    assert head["notice"].startswith("For research only")
    assert head["graph checksum"] == starter.checksum
    assert head["relevance to"] == f"Alzheimer's disease ({ALZHEIMER})"
    assert (head["types"], head["neighbours"]) == ("Compound and Gene", "20 of 38")
    rows = list(csv.DictReader(io.StringIO("\n".join(entities[len(head) :]))))
    assert [row["id"] for row in rows] == [starter.entity_ids[e] for e in view.shown.entities[1:]]
    ties = network_files.ties_csv(view).splitlines()
    facts = list(csv.DictReader(io.StringIO("\n".join(ties[len(head) :]))))
    assert len(facts) == sum(len(tie.facts) for tie in view.shown.ties)
    assert {row["type"] for row in rows} == {"Compound", "Gene"}
    assert b"For research only" in network_files.graphml(view)


def test_files_are_named_by_letters_digits_and_dashes(view: NetworkView) -> None:
    assert network_files.file_stem(view) == "llador-alzheimer-s-disease-neighbourhood"


def test_the_table_twin_is_the_picture(open_page: Open) -> None:
    app = open_page(PAGE)
    app.session_state["network-table"] = True
    app.run()
    shown = app.dataframe[0].value
    assert shown["Order"].tolist() == list(range(1, 61))
    assert shown["Relevance"].notna().all()


def links(app: AppTest) -> dict[str, str]:
    return {e.label.replace("\\", ""): e.proto.query_string for e in app.get("page_link")}


def test_a_disease_and_a_drug_lead_to_the_pages_that_know_more(open_page: Open) -> None:
    of_disease = links(open_page(PAGE))
    assert "10652" in of_disease["Drugs ranked for this disease"]
    of_drug = links(open_page(PAGE, node=DONEPEZIL))
    for label in ("This drug among the candidates", "Why it in Alzheimer's disease, and why not"):
        assert "DB00843" in of_drug[label]
        assert "10652" in of_drug[label]
    between = links(open_page(PAGE, entity=DONEPEZIL, node="Disease::DOID:14330"))
    pair = between["Why Donepezil in it, and why not"]
    assert "DB00843" in pair
    assert "14330" in pair
    assert len(links(open_page(PAGE, node="Gene::351"))) < len(of_disease)
