"""Search an entity of a graph by name, synonym or id, on the server."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from llador_core import names
from llador_core.escape import markdown
from pages._ui import cached

N_MATCHES = 6
TOO_FAR = 12  # points below the best match, of 100: no longer what was meant
MAX_QUERY = 80


@st.fragment
def pick_entity(
    graph_name: str,
    label: str,
    key: str,
    take: Callable[[str], None],
    icon: str = ":material/search:",
) -> None:
    """Offer the entities of any type that resemble what is typed, as `search_entity` does."""
    search_entity(graph_name, "entity", label, key, take, icon=icon)


def search_entity(
    graph_name: str,
    kind: names.Kind,
    label: str,
    key: str,
    take: Callable[[str], None],
    reruns: str | None = None,
    icon: str = ":material/search:",
) -> None:
    """Search an entity as the reader types; a click on a match hands its id to `take`.

    The search runs on the server: a browser cannot hold every disease of a large graph. Call it in
    a fragment, so that typing reruns no more than the search.

    Parameters
    ----------
    graph_name : str
    kind : "disease", "drug" or "entity"
    label, key : str
        Of the box. The matches have keys that start with "match-".
    take : function
        Puts the choice into the address.
    reruns : str or None
        Key of the fragment that a choice reruns; None for the whole page.
    icon : str
        Of the box.
    """
    query = st.text_input(
        label,
        type="search",
        live=True,
        key=key,
        icon=icon,
        placeholder="Any drug, gene, symptom ..." if kind == "entity" else "Name, synonym or id",
        help="Name, synonym or id; typing errors are forgiven. Click a match below the box.",
    )
    if not query or not query.strip():
        return

    def taken(entity_id: str) -> None:
        st.session_state[key] = ""
        take(entity_id)
        if reruns:
            st.rerun(reruns)
        st.rerun()  # the whole page, not the search box alone

    graph = cached.graph(graph_name)
    matches = names.search(graph, query[:MAX_QUERY], kind, limit=N_MATCHES)
    if not matches:
        st.caption("Nothing in this graph resembles that.")
    with st.container(gap=None):
        for match in matches:
            if match.similarity < matches[0].similarity - TOO_FAR:
                break
            hints = [graph.type_of(match.entity)] if kind == "entity" else []
            hints += [match.matched] if match.matched != match.label.casefold() else []
            hint = f" :small[({markdown(', '.join(hints))})]" if hints else ""
            st.button(
                markdown(match.label) + hint,
                key=f"match-{key}-{match.entity}",
                on_click=taken,
                args=(graph.entity_ids[match.entity],),
                type="tertiary",
                icon=":material/arrow_forward:",
            )
