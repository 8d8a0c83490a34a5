"""The shortest connections between the focus of a neighbourhood and picked entities, in words."""

from __future__ import annotations

from itertools import combinations

import streamlit as st

from llador_core.escape import markdown
from llador_core.explain.paths import MAX_LENGTH, Path
from llador_core.figures.style import count
from llador_core.graph import Graph
from pages._ui import find, state, surroundings
from pages._ui.surroundings import MAX_PICKED, NetworkView


def goes_round() -> bool:
    """Return whether the address asks to leave direct ties aside."""
    return state.asked("round") == "true"


def _take_round() -> None:
    state.choose(round="true" if st.session_state["round_pick"] else None)


def show_connections(view: NetworkView) -> None:
    """Let the reader pick entities, and say how each two are connected."""
    graph = view.graph
    st.subheader("Shortest connections", anchor=False)
    words, pick = st.columns([8, 4], gap="medium")
    with pick:
        find.pick_entity(view.graph_name, "Connect with", "with_query", surroundings.bring)
        st.session_state["round_pick"] = view.goes_round
        st.toggle(
            "Leave direct ties aside",
            key="round_pick",
            on_change=_take_round,
            help="Show the shortest way round instead of the tie itself.",
        )
        for entity in view.picked:
            entity_id = graph.entity_ids[entity]
            st.button(
                markdown(graph.entity_names[entity]),
                key=f"away-{entity_id}",
                icon=":material/close:",
                on_click=surroundings.send_away,
                args=(entity_id,),
                type="tertiary",
                help="Take it out again",
            )
    with words:
        if not view.picked:
            st.markdown(
                f"Pick up to {MAX_PICKED} entities to see how they hang together with "
                f"{markdown(view.name)}: a drug, a gene, another disease. The ways are drawn in "
                "the picture and told here."
            )
            return
        for source, target in combinations((view.shown.focus, *view.picked), 2):
            found = [p for p in view.paths if (p.entities[0], p.entities[-1]) == (source, target)]
            st.markdown(told(graph, source, target, found))


def told(graph: Graph, source: int, target: int, paths: list[Path]) -> str:
    """Return how two entities are connected, as Markdown."""
    ends = (
        f"**{markdown(graph.entity_names[source])}** and **{markdown(graph.entity_names[target])}**"
    )
    if not paths:
        return f"{ends} are not connected by {MAX_LENGTH} ties or fewer."
    length = len(paths[0].steps)
    how = "are tied directly" if length == 1 else f"are {length} ties apart"
    more = "" if len(paths) == 1 else f", {count(len(paths), 'way')} shown"
    return "\n".join([f"{ends} {how}{more}:", "", *(f"- {_sentence(graph, p)}" for p in paths)])


def _sentence(graph: Graph, path: Path) -> str:
    """Return a path as a sentence with the names in bold and the source of each edge."""
    parts = [f"**{markdown(graph.entity_names[path.entities[0]])}**"]
    for i, step in enumerate(path.steps):
        which = ", which " if i else " "
        parts.append(
            f"{which}{markdown(step.words)} **{markdown(graph.entity_names[step.target])}**"
        )
    origins = dict.fromkeys(step.origin for step in path.steps if step.origin)
    source = f" :small[({markdown('; '.join(origins))})]" if origins else ""
    return "".join(parts) + "." + source
