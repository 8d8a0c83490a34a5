"""Studies on the page of runs: the paper's tables on this graph, beside the published figures."""

from __future__ import annotations

import os
from typing import Any

import streamlit as st

from llador_core import jobs
from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.experiments import study as studies
from llador_core.experiments import table
from llador_core.experiments.specs import EXPERIMENTS, MODELS
from llador_core.experiments.study import Results, Study
from llador_core.figures import studies as drawn
from llador_core.figures.style import count
from llador_core.models.interactions import INTERACTIONS
from pages._ui import cached, show

METRICS = {
    "MRR among 50 diseases": ("sampled-50", "MRR"),
    "Hits@10 among 50 diseases": ("sampled-50", "Hits@10"),
    "AUC among 50 diseases": ("sampled-50", "AUC"),
    "Hits@10 among all drugs": ("drug-ranking", "Hits@10"),
    "MRR among all drugs": ("drug-ranking", "MRR"),
}
# What is bound to the address stands there in words, so the words are the options.
RUNS, STUDIES = "Runs", "Studies"
STUDY_NAMES = {spec.title: name for name, spec in EXPERIMENTS.items()}
MODEL_NAMES = {spec.title: name for name, spec in INTERACTIONS.items()}
RECIPE_NAMES = {"Ours": "llador", "The paper's": "paper"}
PROBLEM = "experiment-problem"
TYPICAL_S = 25.0  # of one training of the built-in graph on one processor


def pick_view() -> str:
    """Offer the runs themselves or the studies; it is in the address."""
    view = st.segmented_control(
        "View",
        [RUNS, STUDIES],
        default=RUNS,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    return view or RUNS


def show_experiments(graph_name: str) -> None:
    """Show a study of the paper on this graph: what is there, and what training the rest costs."""
    asked = _pick_study(graph_name)
    st.markdown(f"**{asked.experiment.words}**")
    graph = cached.graph(graph_name)
    found = studies.present(graph, asked)
    document: dict[str, Any] | None = table.to_json(graph, asked, found)
    is_shipped = not found.records
    if is_shipped:
        document = table.shipped(graph, asked)
    _show_state(asked, found)
    if document is None:
        st.info(
            "Nothing of this study is trained on this graph yet. Press Train above.",
            icon=":material/science:",
        )
        return
    if is_shipped:
        st.caption(
            f"These figures came with the app: {count(document['n_seeds'], 'seed')}, trained "
            f"{document['created'][:10]}."
        )
    _show_document(document)
    for label, problem in found.problems.items():
        st.warning(f"**{markdown(label)}** is left out. {markdown(problem)}")


def _pick_study(graph_name: str) -> Study:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        title = st.selectbox(
            "Study", list(STUDY_NAMES), key="study", bind="query-params", width=320
        )
        models = st.multiselect(
            "Models",
            list(MODEL_NAMES),
            default=[INTERACTIONS[name].title for name in MODELS],
            key="models",
            bind="query-params",
            width=360,
        )
        n_seeds = st.number_input(
            "Seeds",
            1,
            studies.MAX_SEEDS,
            5,
            key="seeds",
            bind="query-params",
            width=130,
            help="Each seed draws the split, the start values and the sampling anew. Spread over "
            "seeds says how far a difference can be trusted.",
        )
        recipe = st.segmented_control(
            "Recipe", list(RECIPE_NAMES), default="Ours", key="recipe", bind="query-params"
        )
    names = [MODEL_NAMES[title] for title in models] or MODELS
    recipe = RECIPE_NAMES[recipe or "Ours"]
    return studies.make_study(STUDY_NAMES[title], graph_name, names, int(n_seeds), recipe)


def _show_state(asked: Study, found: Results) -> None:
    """Say how much is trained, and offer to train the rest or follow it."""
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(markdown(problem), icon=":material/error:")
    job = jobs.follow(asked.job)
    if job.state == "running":
        _follow(asked)
        return
    if job.state == "stopped":
        st.warning(markdown(job.problem), icon=":material/error:")
    blocked = sum(cell.setting.label in found.problems for cell in found.missing)
    n_missing = len(found.missing) - blocked
    if not n_missing:
        return
    seconds = [record["cpu_seconds"] for record in found.records.values()]
    each = sum(seconds) / len(seconds) if seconds else TYPICAL_S
    minutes = n_missing * each / (os.cpu_count() or 1) / 60
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"{len(found.records)} of {len(asked.cells())} trainings are here. The other "
            f"{n_missing} take about {max(minutes, 1):.0f} min on this machine; they can be "
            "cancelled and go on later.",
            width="stretch",
        )
        st.button(
            "Train the rest" if found.records else "Train",
            key="train-study",
            icon=":material/play_arrow:",
            type="primary",
            on_click=_start,
            args=(asked,),
            help=f"The same as `{_command(asked)}`",
        )


def _command(asked: Study) -> str:
    return f"python -m llador_core {' '.join(_arguments(asked))}"


def _arguments(asked: Study) -> list[str]:
    arguments = ["experiment", asked.experiment.name, "--graph", asked.graph]
    arguments += ["--models", ",".join(asked.models), "--seeds", str(asked.n_seeds)]
    return [*arguments, "--recipe", asked.recipe]


def _start(asked: Study) -> None:
    try:
        jobs.start(asked.job, _arguments(asked))
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


@st.fragment(run_every=1.0)
def _follow(asked: Study) -> None:
    """Show the progress of a study until it has ended; then the whole page runs again."""
    job = jobs.follow(asked.job)
    if job.state != "running":
        st.rerun()
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.progress(job.share, text=f"{markdown(job.words)} · {job.seconds / 60:.0f} min so far")
        st.button(
            "Cancel",
            key="cancel-study",
            icon=":material/stop:",
            on_click=jobs.cancel,
            args=(asked.job,),
            help="What is trained stays; training goes on from there.",
        )


def _show_document(document: dict[str, Any]) -> None:
    name = st.selectbox("Figure", list(METRICS), key="study_metric", bind="query-params", width=320)
    protocol, metric = METRICS[name]
    show.show_figure(
        drawn.study_figure(document, protocol, metric),
        drawn.study_alt(document, protocol, metric),
        drawn.study_rows(document, protocol, metric),
        "study-figure",
    )
    if any(row["published"] for row in document["rows"]) and protocol == "sampled-50":
        st.caption(f"Rings: figures of the paper. {markdown(document['note'])}")
