"""Whatever the address, the runs or the graph hold: a box with a sentence, and a way on."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from llador_core import data
from llador_core.escape import markdown
from llador_core.graph import Graph
from llador_core.training import info, runs
from pages._ui import cached
from tests.pages.conftest import Open

PAGES = ("case_study", "candidates", "pair", "embedding_shift")


def stays_usable(app: AppTest) -> None:
    """Assert that the search and the choice of a run are still there."""
    assert not app.exception
    assert app.text_input(key="disease_query")
    assert app.selectbox(key="run_pick")


@pytest.mark.parametrize("page", PAGES)
def test_an_unknown_disease_offers_the_nearest_and_a_way_back(page: str, open_page: Open) -> None:
    app = open_page(page, disease="alzhimer")
    stays_usable(app)
    assert "There is no disease" in app.error[0].value
    app.button(key="instead-disease-Alzheimer's disease").click().run()
    assert not app.error
    assert r"Alzheimer\'s disease" in app.title[0].value


@pytest.mark.parametrize("page", PAGES)
def test_an_unknown_run_offers_the_nearest(page: str, open_page: Open) -> None:
    real = runs.default_run("starter").name
    app = open_page(page, run=real[:-1])
    stays_usable(app)
    assert real in app.error[0].value.replace("\\", "")
    app.button(key=f"instead-run-{real}").click().run()
    assert not app.error
    assert app.title


def test_the_way_back_clears_the_address(open_page: Open) -> None:
    app = open_page(disease="nonsense", run="nonsense", step="3")
    app.button(key="back-to-start").click().run()
    assert not app.error
    assert dict(app.query_params) == {}
    assert app.header[0].value == "What does the graph know?"


def test_an_unknown_drug_is_told_beside_the_table(open_page: Open) -> None:
    app = open_page("candidates", drug="donepzil")
    assert "There is no drug" in app.error[0].value
    app.button(key="instead-drug-Donepezil").click().run()
    assert [s.value for s in app.subheader] == ["Donepezil"]


@pytest.mark.parametrize("graph", ["startr", "../secret", "/etc", "tests/data/local"])
def test_the_address_opens_registered_graphs_only(graph: str, open_page: Open) -> None:
    app = open_page(graph=graph)
    assert not app.exception
    assert "There is no graph" in app.error[0].value


def test_a_graph_that_is_not_here_says_how_to_get_it(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LLADOR_RAW", str(tmp_path))
    app = open_page(graph="hetionet")
    assert not app.exception
    assert "hetionet" in app.info[0].value
    assert app.button(key="back-to-start")


def test_a_run_is_never_a_path(open_page: Open, default_run: runs.RunInfo) -> None:
    app = open_page(run=str(default_run.folder))
    assert "There is no run" in app.error[0].value


@pytest.mark.parametrize("page", PAGES)
def test_without_any_run_the_command_is_named(
    page: str, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(info, "runs_folders", list)
    app = open_page(page)
    assert not app.exception
    assert "llador\\_core train" in app.info[0].value
    assert app.selectbox(key="run_pick").disabled


def test_an_unfinished_run_is_told_and_left_out(open_page: Open, own_run: Path) -> None:
    (own_run / "run.json").unlink()
    app = open_page(run=own_run.name)
    stays_usable(app)
    assert "unfinished" in app.info[0].value
    assert own_run.name not in app.selectbox(key="run_pick").proto.options


def test_damaged_weights_are_told(open_page: Open, own_run: Path) -> None:
    weights = own_run / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    app = open_page(run=own_run.name)
    stays_usable(app)
    assert "damaged" in app.error[0].value


def test_a_run_of_another_version_of_the_graph_is_told(open_page: Open, own_run: Path) -> None:
    record = json.loads((own_run / "run.json").read_text())
    record["graph_checksum"] = "f" * 64
    (own_run / "run.json").write_text(json.dumps(record))
    app = open_page(run=own_run.name)
    stays_usable(app)
    assert "another version of graph" in app.error[0].value


def test_a_run_that_changes_on_disk_is_read_again(open_page: Open, own_run: Path) -> None:
    assert not open_page(run=own_run.name).error
    (own_run / "weights.safetensors").write_bytes(b"")
    assert "damaged" in open_page(run=own_run.name).error[0].value


NASTY = "<script>x</script> **b** $y$ :tada: [a](http://e.vil) | \u202eZ"


def all_words(app: AppTest) -> list[str]:
    elements: Sequence[Any] = [
        *(app.markdown, app.caption, app.title, app.header, app.subheader, app.metric),
        *(app.info, app.error, app.warning),
    ]
    words = [str(e.value) for kind in elements for e in kind]
    words += [b.label for b in app.button] + [e.label for e in app.expander]
    words += [e.proto.body for e in app.get("badge")]
    return words


def test_names_from_a_graph_are_never_markup(
    open_page: Open, starter: Graph, monkeypatch: pytest.MonkeyPatch, fresh_cache: None
) -> None:
    names = [f"{NASTY} {i}" for i in range(starter.n_entities)]
    evil = dataclasses.replace(starter, entity_names=names, title=NASTY)
    monkeypatch.setattr(data, "load_graph", lambda _: evil)
    drug = starter.entity_ids[int(starter.drugs[0])]
    pages = [open_page(step=str(step)) for step in range(1, 6)]
    pages += [open_page("candidates", drug=drug), open_page(disease=NASTY)]
    disease = starter.entity_ids[int(starter.diseases[0])]
    pages += [open_page("pair"), open_page("pair", drug=drug, disease=disease, kinds="true")]
    pages += [open_page("pair", drug=drug), open_page("pair", drug=NASTY, through=NASTY)]
    pages += [open_page("embedding_shift", entity=drug)]
    pages[0].text_input(key="disease_query").set_value("script").run()
    n_escaped = 0
    for app in pages:
        assert not app.exception
        for words in all_words(app):
            assert not re.search(r"(?<!\\)<script|(?<!\\)\]\(http|(?<!\\)\*\*b", words)
            assert "\u202e" not in words
            n_escaped += markdown("<script>x</script> **b**") in words
        for chart in app.get("plotly_chart"):
            assert "<script" not in chart.proto.spec
            assert "\\u003cscript" not in chart.proto.spec
    assert n_escaped > 10  # the names did reach the pages


def test_the_cache_is_asked_by_names_and_stamps_alone() -> None:
    """Streamlit hashes a sample of large arrays, and skips arguments that start with `_`."""
    kept = ("_graph", "_texts", "_classes", "_run", "_ranked")
    kept += ("_drug_ranks", "_explanation", "_caution_reasons", "_hub_bias", "_hub_effect")
    for name in kept:
        taken = getattr(cached, name).__wrapped__.__annotations__
        allowed = {"str", "int", "Stamp", "tuple[str, Stamp]", "tuple[str, Stamp] | None"}
        allowed |= {"tuple[int, ...]", "Order", "int | None"}
        assert {kind for arg, kind in taken.items() if arg != "return"} <= allowed
        assert not any(arg.startswith("_") for arg in taken)
