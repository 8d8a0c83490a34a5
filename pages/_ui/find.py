"""Search any entity of a graph by name, synonym or id, on the server."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from llador_core import names
from llador_core.escape import markdown
from pages._ui import cached
from pages._ui.inputs import MAX_QUERY, N_MATCHES, TOO_FAR


@st.fragment
def pick_entity(graph_name: str, label: str, key: str, take: Callable[[str], None]) -> None:
    """Offer the entities that resemble what is typed; a click gives the id of one to `take`.

    The search runs on the server: a browser cannot hold every entity of a large graph.
    """
    query = st.text_input(
        label,
        type="search",
        live=True,
        key=key,
        icon=":material/search:",
        placeholder="Drug, gene, disease, symptom ...",
        help="Name, synonym or id; typing errors are forgiven. Click a match below the box.",
    )
    if not query or not query.strip():
        return
    graph = cached.graph(graph_name)
    matches = names.search(graph, query[:MAX_QUERY], "entity", limit=N_MATCHES)
    if not matches:
        st.caption("Nothing in this graph resembles that.")
    with st.container(gap=None):
        for match in matches:
            if match.similarity < matches[0].similarity - TOO_FAR:
                break
            is_synonym = match.matched != match.label.casefold()
            hint = f", {markdown(match.matched)}" if is_synonym else ""
            st.button(
                f"{markdown(match.label)} :small[({markdown(graph.type_of(match.entity))}{hint})]",
                key=f"{key}-{match.entity}",
                on_click=_take,
                args=(key, take, graph.entity_ids[match.entity]),
                type="tertiary",
                icon=":material/arrow_forward:",
            )


def _take(key: str, take: Callable[[str], None], entity_id: str) -> None:
    st.session_state[key] = ""
    take(entity_id)
    st.rerun()  # the whole page, not the search box alone
