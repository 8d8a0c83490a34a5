"""The five steps hold for the showcase, for diseases at the edges, and for every run."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from llador_core import data
from llador_core.escape import markdown
from llador_core.graph import Graph
from llador_core.ranking import rank_candidates
from llador_core.training import runs
from llador_core.training.runs import RunInfo
from tests.pages.conftest import Open

HEADERS = (
    "What does the graph know?",
    "Can this list be trusted?",
    "Who is proposed?",
    "What did the prior move?",
    "What to be careful about?",
)


def said(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.info])


def shows_step(app: AppTest, step: int) -> None:
    """Assert that a step is shown, with its picture described."""
    assert not app.exception
    assert not app.error
    assert [header.value for header in app.header] == [HEADERS[step - 1]]
    [chart] = app.get("plotly_chart")
    assert len(chart.proto.alt) > 20
    assert [e.label for e in app.expander] == ["The same as a table", "Your shortlist"]


FIGURES = ("neighbourhood", "recall", "proposals", "shift", "caution")


@pytest.mark.parametrize("step", range(1, 6))
def test_each_step_of_the_showcase_and_its_picture_as_a_table(step: int, open_page: Open) -> None:
    app = open_page(step=str(step))
    shows_step(app, step)
    assert not app.expander[0].dataframe  # made only for who opens it
    app.session_state[f"{FIGURES[step - 1]}-table"] = True
    app.run()
    shows_step(app, step)
    [twin] = app.expander[0].dataframe
    assert len(twin.value) >= 5
    assert twin.proto.alt == app.get("plotly_chart")[0].proto.alt


def edge_cases(graph: Graph) -> dict[str, int]:
    diseases = graph.diseases

    def n(disease: int, role: str) -> int:
        return len(graph.neighbours_with_role(disease, role))  # type: ignore[arg-type]

    treats = np.array([n(d, "treats") for d in diseases])
    avoid = np.array([n(d, "contraindicated") for d in diseases])
    return {
        "fewest treatments": int(diseases[treats.argmin()]),
        "most treatments": int(diseases[treats.argmax()]),
        "fewest to avoid": int(diseases[avoid.argmin()]),
        "most to avoid": int(diseases[avoid.argmax()]),
        "least known": int(diseases[graph.degree[diseases].argmin()]),
        "best known": int(diseases[graph.degree[diseases].argmax()]),
    }


@pytest.mark.parametrize(
    "case",
    [
        *("fewest treatments", "most treatments", "fewest to avoid", "most to avoid"),
        *("least known", "best known"),
    ],
)
def test_every_step_of_diseases_at_the_edges(case: str, starter: Graph, open_page: Open) -> None:
    disease = starter.entity_ids[edge_cases(starter)[case]]
    for step in range(1, 6):
        app = open_page(disease=disease, step=str(step))
        assert not app.exception
        assert not app.error
        assert app.header[0].value == HEADERS[step - 1]


def test_every_pretrained_run_tells_the_story(open_page: Open) -> None:
    pretrained = [run for run in runs.list_runs("starter") if run.is_pretrained]
    assert len(pretrained) >= 9
    for run in pretrained:
        for step in (2, 3, 4):
            app = open_page(run=run.name, step=str(step))
            assert not app.exception, run.name
            assert not app.error, run.name
            if step == 4 and run.prior == "none":
                assert "no prior" in app.info[0].value
            else:
                shows_step(app, step)


def test_step_2_tells_the_stored_figures_whoever_is_ahead(
    open_page: Open, default_run: RunInfo
) -> None:
    metrics = runs.load_run(default_run.name).metrics
    report = metrics["guarded"]["drug-ranking"]
    words = said(open_page(step="2"))
    raw = metrics["run"]["drug-ranking"]["metrics"]["Hits@10"]["value"]
    assert f"**{raw:.0%}** stand among" in said(open_page(step="2", order="raw"))
    assert f"**{report['n_pairs']} known drug–disease pairs**" in words
    assert f"**{report['metrics']['Hits@10']['value']:.0%}** stand among" in words
    for name in ("text", "popularity", "random"):
        hits = metrics["baselines"][name]["drug-ranking"]["metrics"]["Hits@10"]["value"]
        assert f"{hits:.0%}" in words, name
    best = max(
        metrics["baselines"][n]["drug-ranking"]["metrics"]["Hits@10"]["value"]
        for n in ("text", "popularity", "random")
    )
    is_ahead = report["metrics"]["Hits@10"]["value"] > best
    assert ("a simple rule does as well" in words) is not is_ahead


def test_step_3_proposes_what_the_ranking_says(
    open_page: Open, default_run: RunInfo, starter: Graph
) -> None:
    disease = starter.mapped("Disease::DOID:10652")
    ranking = rank_candidates(starter, runs.load_run(default_run.name), disease=disease)
    eased_by = set(starter.neighbours_with_role(disease, "palliates").tolist())
    new = [c for c in ranking if c.status == "new" and c.entity not in eased_by]
    app = open_page(step="3")
    assert app.dataframe[0].value["Drug"].tolist() == [c.name for c in new[:12]]
    assert f"**{markdown(new[0].name)}** leads" in said(app)


def test_step_4_shows_mechanism_texts_beside_the_full_prior(open_page: Open) -> None:
    app = open_page(step="4")
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert "mechanism<br>texts only" in drawn["layout"]["xaxis"]["ticktext"]
    assert "the LLM's own text names the answer" in said(app)


def test_step_5_gives_the_cautions_word_for_word_and_their_source(open_page: Open) -> None:
    app = open_page(step="5")
    texts = " ".join(element.value for element in app.text)
    assert "Avoid anticholinergics" in texts
    assert "Model-written, unreviewed · Claude" in said(app).replace("\\", "")


def test_step_5_tells_what_the_safeguard_removed_and_what_it_cost(
    open_page: Open, default_run: RunInfo, starter: Graph
) -> None:
    run = runs.load_run(default_run.name)
    report = run.metrics["incompatibility"]
    words = said(open_page(step="5"))
    assert f"**{report['raw']['n_contraindicated']} drugs to avoid**" in words
    for order in ("raw", "combined"):
        metrics = report[order]["metrics"]
        assert f"**{metrics['top 5%']['value']:.1%}**" in words
        assert f"**{metrics['Hits@10']['value']:.0%}**" in words
    ranking = rank_candidates(starter, run, disease=starter.mapped("Disease::DOID:10652"))
    gone = [c for c in ranking if c.raw_rank <= 20 < c.rank and c.caution != "no sign"]
    assert gone
    assert f"**{len(gone)} drug" in words
    assert "does not mean safe" in words
    alone = said(open_page(step="5", order="raw"))
    assert "ordered by the model's score alone" in alone
    assert "out of the first 20" not in alone


@pytest.mark.parametrize(
    ("asked", "step"), [("", 1), ("0", 1), ("-3", 1), ("99", 5), ("two", 1), ("4", 4)]
)
def test_a_step_that_is_none_opens_the_nearest(asked: str, step: int, open_page: Open) -> None:
    shows_step(open_page(step=asked), step)


def test_back_and_next_walk_through_the_story(open_page: Open) -> None:
    app = open_page()
    assert app.button(key="step_back").disabled
    for step in range(2, 6):
        app.button(key="step_next").click().run()
        shows_step(app, step)
        assert app.query_params["step"] == str(step)
    assert app.button(key="step_next").disabled
    app.button(key="step_back").click().run()
    shows_step(app, 4)


def test_a_step_can_be_chosen_directly(open_page: Open) -> None:
    app = open_page()
    app.segmented_control(key="step_pick").set_value(3).run()
    shows_step(app, 3)
    assert app.query_params["step"] == "3"


def test_a_misspelt_search_finds_the_disease_and_opens_it(open_page: Open) -> None:
    app = open_page(step="2")
    app.text_input(key="disease_query").set_value("parkinsn").run()
    [match, *_] = [b for b in app.button if str(b.key).startswith("match-")]
    assert match.label.startswith(r"Parkinson\'s disease")
    match.click().run()
    assert app.title[0].value == r"Parkinson\'s disease"
    assert app.query_params["disease"] == "Disease::DOID:14330"
    assert app.query_params["step"] == "2"
    assert app.text_input(key="disease_query").value == ""


def test_a_search_without_a_match_says_so(open_page: Open) -> None:
    app = open_page()
    app.text_input(key="disease_query").set_value("qqqqqqqqqq" * 50).run()
    assert not app.exception
    assert "resembles" in said(app)


def test_another_run_is_chosen_by_name(open_page: Open) -> None:
    app = open_page(step="2")
    other = next(r for r in runs.list_runs("starter") if r.model == "transe" and r.prior == "full")
    app.selectbox(key="run_pick").set_value(other.name).run()
    assert app.query_params["run"] == other.name
    report = runs.load_run(other.name).metrics_by()["run"]["drug-ranking"]
    value = report["metrics"]["Hits@10"]["value"]
    assert f"**{value:.0%}** stand among" in said(app)


def test_a_graph_that_records_no_cautions_says_so_and_shows_what_it_can_tell(
    open_page: Open, starter: Graph, monkeypatch: pytest.MonkeyPatch, fresh_cache: None
) -> None:
    relations = tuple(
        dataclasses.replace(r, role=None) if r.role == "contraindicated" else r
        for r in starter.relations
    )
    monkeypatch.setattr(
        data, "load_graph", lambda _: dataclasses.replace(starter, relations=relations)
    )
    app = open_page(step="5")
    assert not app.exception
    assert "cannot tell which drugs to avoid" in app.info[0].value
    told = app.dataframe[0].value
    assert len(told) == 12
    assert list(told) == ["Rank", "Drug", "Against it"]
    assert all(told["Against it"])
    assert "to be avoided" not in " ".join(m.value for m in open_page(step="3").markdown)
