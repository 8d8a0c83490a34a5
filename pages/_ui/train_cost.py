"""What trainings will take, and what is odd about them, before they start."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.graph import Graph
from llador_core.priors import places, sets
from llador_core.priors.texts import load_texts
from llador_core.priors.vectors import load_vectors
from llador_core.training import plan
from llador_core.training.plan import Plan
from pages._ui import cached
from pages._ui.train_live import duration
from pages._ui.train_pick import prior_words

MEASURING = "train_measuring"


def show_cost(graph: Graph, todo: Sequence[Plan]) -> None:
    """Say what the trainings will take, and what is odd about them, before they start."""
    said = (s for one in todo for s in concerns(graph.name, one.config.prior, one.config.texts))
    for sentence in dict.fromkeys(said):
        st.warning(markdown(sentence), icon=":material/warning:")
    if not todo:
        return
    costs = [plan.cost(graph, one.config) for one in todo]
    seconds, memory = sum(c.seconds for c in costs), max(c.memory_gb for c in costs)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/timer: About **{duration(seconds)}** on one core of a usual processor and "
            f"**{memory:.1f} GB** of memory; a GPU is faster.",
            help="Told from the size of graph and batches, right to a factor of two or so. Where "
            "the device is taken, the training waits in line.",
            width="content",
        )
        is_measuring = plan.measured(todo[-1].run).job.state == "running"
        st.fragment(_show_measured, run_every=1.0 if is_measuring else None)(todo[-1])
    if memory > (free := plan.free_memory_gb()):
        st.warning(
            f"Only {free:.1f} GB of memory are free here. Lower the width or the negatives.",
            icon=":material/memory:",
        )


def _show_measured(one: Plan) -> None:
    """Show what a few steps on this machine told of the last of the trainings, or offer them."""
    found = plan.measured(one.run)
    if found.seconds is not None and found.memory_gb is not None:
        st.caption(
            f"Measured here: **{duration(found.seconds)}** and **{found.memory_gb:.1f} GB** for "
            f"{markdown(prior_words(one.asked.graph, one.asked.prior))}; judging it comes on top."
        )
    elif found.job.state == "running":
        st.caption("Taking a few steps ...")
    else:
        if found.job.problem:
            st.caption(f":material/error: {markdown(found.job.problem)}")
        st.button(
            "Measure it here",
            key="train_measure",
            icon=":material/speed:",
            type="tertiary",
            on_click=_measure,
            args=(one,),
            help="Takes a few steps of it, in the background, and leaves nothing behind.",
        )
    if found.job.state != "running" and st.session_state.pop(MEASURING, False):
        st.rerun(scope="app")  # so that it stops looking
    if found.job.state == "running":
        st.session_state[MEASURING] = True


def _measure(one: Plan) -> None:
    try:
        plan.measure(one)
    except LladorError as error:
        st.session_state["train_problem"] = str(error)
    st.rerun(scope="app")


def concerns(graph_name: str, prior: str, texts: str) -> tuple[str, ...]:
    """Return what is odd about a prior on a graph, e.g. that it covers little of it.

    Raises MissingDataError where the texts have no vectors that fit, naming the command that makes
    them.
    """
    if prior == "none":
        return ()
    graph = cached.graph(graph_name)
    name, _ = places.split_texts(texts)
    folder = places.set_folder(graph, name)
    files = [folder / places.TEXTS_FILE] if folder else []
    files += places.vectors_files(graph, name)
    stamp = tuple(file.stat().st_mtime_ns for file in files if file.is_file())
    return _concerns(graph_name, prior, texts, (*cached.graph_stamp(graph_name), *stamp))


@st.cache_resource(max_entries=50, show_spinner=False)
def _concerns(
    graph_name: str,
    prior: str,
    texts: str,
    stamp: tuple[int, ...],  # noqa: ARG001  a part of the key
) -> tuple[str, ...]:
    graph = cached.graph(graph_name)
    load_vectors(graph, texts)
    return tuple(sets.concerns(graph, load_texts(graph, texts), prior))
