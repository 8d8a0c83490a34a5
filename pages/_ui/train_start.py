"""From what is chosen to trainings in line: what is there of it, how long it takes, start."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from llador_core import data
from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.graph import Graph
from llador_core.training import plan, queue, subgraph
from llador_core.training.plan import Plan
from llador_core.training.queue import Asked
from pages._ui import frame, state
from pages._ui.train_cost import show_cost
from pages._ui.train_form import Choice
from pages._ui.train_pick import prior_words

PROBLEM = "train_problem"  # why a training did not start
MOST_SEEDS = 200
MESSAGES = {
    "finished": ":material/check_circle: is there already",
    "active": ":material/progress_activity: is in line or at work, see above",
    "unfinished": ":material/pause_circle: was begun; it goes on from its checkpoint",
}


def show_start(graph: Graph, choice: Choice) -> None:
    """Say what is there of the chosen trainings and offer to start what is not."""
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(markdown(problem), icon=":material/error:")
    if choice.what == "demo":
        _show_demo(graph, choice)
        return
    plans = [plan.plan(graph, asked) for asked in choice.asked]
    for one in plans:
        if one.stage in MESSAGES:
            label = prior_words(graph.name, one.asked.prior)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{markdown(label)}** {MESSAGES[one.stage]}.", width="content")
                if one.stage == "finished":
                    _link(graph.name, one)
    todo = [one for one in plans if one.stage in ("new", "unfinished")]
    show_cost(graph, todo)
    label = "Go on" if todo and all(one.stage == "unfinished" for one in todo) else "Start training"
    st.button(
        f"{label} ({len(todo)} runs)" if len(todo) > 1 else label,
        key="train_start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not todo,
        on_click=_start,
        args=(graph, [one.asked for one in plans], [one.run for one in plans]),
        help="It runs in the background: this page, the tab and the server may be closed.",
    )


def _link(graph_name: str, one: Plan) -> None:
    params = state.link(
        graph=None if graph_name == state.DEFAULT_GRAPH else graph_name, run=one.run
    )
    st.page_link(
        frame.CASE_STUDY,
        label="Open its case study",
        icon=":material/auto_stories:",
        query_params=params,
    )


def _start(graph: Graph, asked: Sequence[Asked], runs: Sequence[str], disease: str = "") -> None:
    """Put trainings in line. Those that are finished or in line already stay as they are."""
    group = hashlib.sha256(" ".join(runs).encode()).hexdigest()[:8] if len(runs) > 1 else ""
    try:
        for one in asked:
            if plan.plan(graph, one).stage != "finished":
                queue.enqueue(graph, one, group=group, disease=disease)
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


def _show_demo(graph: Graph, choice: Choice) -> None:
    disease = state.current_disease(graph)
    name = graph.entity_names[disease]
    st.markdown(
        f"Takes up to {choice.max_triples:,} triples around **{markdown(name)}** out of "
        f"{markdown(graph.title or graph.name)}, as a graph of its own that every page can show."
    )
    st.button(
        "Start the demo",
        key="train_start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_start_demo,
        args=(graph, disease, choice),
        help="Trains without the prior first, then with it. Done before? Then with another seed.",
    )


def _start_demo(source: Graph, disease: int, choice: Choice) -> None:
    """Make the surroundings of a disease a graph, and put both trainings in line.

    Where they have been trained before, chance starts from the next seed: a demo shows a training.
    """
    try:
        name = subgraph.make_subgraph(source, disease, choice.max_triples)
        # Not from the cache: its spinner would let the reader's next click end this half-way.
        part = data.load_graph(name)
        there = [
            replace(one, graph=name, settings=_without_seed(one.settings)) for one in choice.asked
        ]
        for seed in range(MOST_SEEDS):
            seeded = [_with_seed(one, seed) for one in there]
            plans = [plan.plan(part, one) for one in seeded]
            if any(one.stage != "finished" for one in plans):
                break
        _start(part, seeded, [one.run for one in plans], source.entity_ids[disease])
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


def _without_seed(settings: Sequence[str]) -> tuple[str, ...]:
    return tuple(setting for setting in settings if not setting.startswith("seed="))


def _with_seed(asked: Asked, seed: int) -> Asked:
    return replace(asked, settings=(*asked.settings, f"seed={seed}")) if seed else asked
