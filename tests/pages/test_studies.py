"""Studies on the page of runs: nothing trained, some trained, a damaged file, a refusal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llador_core import jobs, paths
from llador_core.experiments import table
from llador_core.experiments.cells import Cell, cells_folder
from llador_core.experiments.study import Study, make_study
from llador_core.graph import Graph
from pages._ui import experiments
from tests.pages.conftest import Open


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of this test's own, and no study that came with the app."""
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    monkeypatch.setattr(table, "shipped", lambda *_: None)
    return tmp_path


def keep(graph: Graph, cell: Cell, mrr: float) -> Path:
    """Put the figures of a cell where a study finds them."""
    names = ("MR", "MRR", "Hits@1", "Hits@3", "Hits@10", "Hits@50", "AUC")
    metrics = dict.fromkeys(names, mrr)
    told = {
        "seconds": 60.0,
        "cpu_seconds": 30.0,
        "metrics": {"sampled-50": metrics, "drug-ranking": metrics},
    }
    path = cells_folder(graph) / f"{cell.key(graph)}.json"
    paths.write_atomically(path, json.dumps(told).encode())
    return path


def asked() -> Study:
    return make_study("main", "starter")


def test_nothing_trained_says_what_it_costs(open_page: Open, own_home: Path) -> None:
    app = open_page("runs", view="Studies")
    assert not app.exception
    assert "Nothing of this study is trained" in app.info[0].value
    assert any("0 of 90 trainings are here" in words.value for words in app.markdown)
    assert not app.get("plotly_chart")


def test_what_is_trained_is_drawn_beside_the_published_figures(
    open_page: Open, own_home: Path, starter: Graph
) -> None:
    for place, cell in enumerate(asked().cells()[:6]):
        keep(starter, cell, 0.1 * (place + 1))
    app = open_page("runs", view="Studies", **{"study-figure-table": "true"})
    assert not app.exception
    [chart] = app.get("plotly_chart")
    names = [trace["name"] for trace in json.loads(chart.proto.spec)["data"]]
    assert "TransE" in names and "RotatE, published" in names and "RotatE" not in names
    assert any("6 of 90 trainings are here" in words.value for words in app.markdown)
    assert any("another graph" in caption.value for caption in app.caption)


def test_a_damaged_file_is_named_and_the_rest_is_shown(
    open_page: Open, own_home: Path, starter: Graph
) -> None:
    first, second, *_ = asked().cells()
    keep(starter, first, 0.5)
    keep(starter, second, 0.5).write_text("{")
    app = open_page("runs", view="Studies")
    assert not app.exception
    assert any("Delete it" in warning.value for warning in app.warning)
    assert app.get("plotly_chart")


def test_the_button_starts_the_command_and_a_refusal_is_told(
    open_page: Open, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda name, arguments: started.append([name, *arguments]))
    app = open_page("runs", view="Studies", seeds="2", recipe="The paper's")
    app.button(key="train-study").click().run()
    assert started == [
        [
            *("experiment-starter-main", "experiment", "main", "--graph", "starter"),
            *("--models", "transe,distmult,rotate", "--seeds", "2", "--recipe", "paper"),
        ]
    ]

    def refuse(*_: object) -> None:
        raise experiments.LladorError("Two computations are running already.")

    monkeypatch.setattr(jobs, "start", refuse)
    app.button(key="train-study").click().run()
    assert "Two computations are running already" in app.error[0].value


@pytest.mark.parametrize(
    ("study", "n_rows", "told"),
    [
        ("Main table and controls", 18, "not the levels"),
        ("Facts left out, false facts added", 42, "look like misprints"),
        ("Words left out of the texts", 12, "not the levels"),
    ],
)
def test_a_study_that_came_with_the_app_is_shown_where_nothing_is_trained(
    open_page: Open,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    study: str,
    n_rows: int,
    told: str,
) -> None:
    monkeypatch.setenv("LLADOR_HOME", str(tmp_path))
    app = open_page("runs", view="Studies", study=study)
    assert not app.exception
    captions = [caption.value for caption in app.caption]
    assert any("came with the app: 5 seeds" in caption for caption in captions)
    assert any(told in caption for caption in captions)
    [chart] = app.get("plotly_chart")
    traces = json.loads(chart.proto.spec)["data"]
    marks = [y for trace in traces for y in trace["y"] if "published" not in trace["name"]]
    assert len(marks) == n_rows
