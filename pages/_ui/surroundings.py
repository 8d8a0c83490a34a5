"""The surroundings that the address asks for, and the choices behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from llador_core import names
from llador_core.errors import UnknownNameError
from llador_core.escape import plain
from llador_core.explain import neighbourhood
from llador_core.explain.neighbourhood import Choice, Surroundings
from llador_core.figures.network_layout import Places, network_places
from llador_core.graph import Graph
from llador_core.priors.texts import Texts
from pages._ui import cached, state
from pages._ui.cached import Stamp

N_SHOWN = (20, 40, 60, 100, 150, 200, 299)
DEFAULT_N = 60
MAX_BROUGHT = 6
FILTER_KEYS = ("types", "ties", "neighbours")


@dataclass(frozen=True)
class NetworkView:
    """Everything the page shows, as chosen in the address.

    Attributes
    ----------
    graph_name : str
    graph : Graph
    texts : Texts or None
    choice : Choice
    shown : Surroundings
    places : dict of entity to (x, y)
    selected : int
        Whose card is open; the focus where none was clicked.
    picked : tuple of int
        Entities to connect with the focus.
    problems : tuple of str
        Sentences on what in the address could not be followed.
    """

    graph_name: str
    graph: Graph
    texts: Texts | None
    choice: Choice
    shown: Surroundings
    places: Places
    selected: int
    picked: tuple[int, ...]
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.graph.entity_names[self.shown.focus]

    @property
    def anchor_name(self) -> str:
        return self.graph.entity_names[self.shown.anchor]


def current_view(graph_name: str, focus: int, choice: Choice) -> NetworkView:
    """Return what the address asks for around `focus`."""
    graph = cached.graph(graph_name)
    problems: list[str] = []
    anchor = current_anchor(graph, focus, problems)
    picked = tuple(e for e in _asked(graph, "with", problems) if e != focus)[:MAX_BROUGHT]
    expanded = tuple(_asked(graph, "expanded", problems))
    selected = next(iter(_asked(graph, "node", problems)), focus)
    shown, places = _surroundings(
        graph_name, _graph_stamp(graph_name), focus, anchor, choice, picked, expanded
    )
    return NetworkView(
        graph_name,
        graph,
        cached.texts(graph_name),
        choice,
        shown,
        places,
        selected,
        picked,
        tuple(problems),
    )


def _asked(graph: Graph, param: str, problems: list[str]) -> list[int]:
    """Return the entities under a name of the address; those unknown become problems."""
    found: dict[int, None] = {}
    for asked in state.asked_many(param):
        try:
            found[names.resolve(graph, asked, "entity")] = None
        except UnknownNameError as error:
            problems.append(str(error))
    return list(found)


def current_anchor(graph: Graph, focus: int, problems: list[str]) -> int:
    """Return to whom relevance is: as asked, else the chosen disease, else the focus."""
    asked = _asked(graph, "to", problems)
    if asked:
        return asked[0]
    if not len(graph.triples_with_role("treats")):
        return focus
    try:
        return state.current_disease(graph)
    except UnknownNameError as error:
        problems.append(str(error))
        return focus


def pick_choice(graph_name: str, graph: Graph, focus: int) -> Choice:
    """Show the filters, the number and the anchor; every one is in the address."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        types = st.multiselect(
            "Types",
            [plain(name) for name in graph.type_names],
            key="types",
            bind="query-params",
            placeholder="All types",
            width=166,
        )
        ties = st.multiselect(
            "Ties",
            [plain(words) for words in _tie_words(graph_name, _graph_stamp(graph_name))],
            key="ties",
            bind="query-params",
            placeholder="All ties",
            width=166,
            help="What the graph states between two entities, in plain words.",
        )
        _pick_anchor(graph, focus)
        n_shown = st.select_slider(
            "Neighbours shown, at most",
            N_SHOWN,
            value=DEFAULT_N,
            key="neighbours",
            bind="query-params",
            width=166,
        )
    return Choice(n_shown if n_shown in N_SHOWN else DEFAULT_N, tuple(types), tuple(ties))


def clear_filters() -> None:
    """Show all types and ties again."""
    st.session_state["types"] = []
    st.session_state["ties"] = []


def _pick_anchor(graph: Graph, focus: int) -> None:
    """Offer the focus and the chosen disease, and whoever else is asked for, as the anchor."""
    anchor = current_anchor(graph, focus, [])
    options = [anchor, focus]
    if len(graph.triples_with_role("treats")):
        try:
            options.append(state.current_disease(graph))
        except UnknownNameError:  # the page says so already
            options.append(focus)
    ids = list(dict.fromkeys(graph.entity_ids[e] for e in sorted(options)))
    st.session_state["anchor_pick"] = graph.entity_ids[anchor]
    st.selectbox(
        "By relevance to",
        ids,
        format_func=lambda i: plain(graph.entity_names[graph.mapped(i)]),
        key="anchor_pick",
        on_change=lambda: state.choose(to=st.session_state["anchor_pick"]),
        disabled=len(ids) == 1,
        width=166,
        help="Who comes first: entities with many connections to this one, where a connection "
        "through a hub, or to an entity tied to everything, counts less. Any entity of the "
        "picture can be chosen on its card.",
    )


def focus_on(entity_id: str) -> None:
    """Make another entity the middle of the picture."""
    state.choose(entity=entity_id, node=None)
    state.choose_many("expanded", [])


def bring(entity_id: str) -> None:
    """Pick an entity to connect with the focus."""
    asked = [i for i in state.asked_many("with") if i != entity_id]
    state.choose_many("with", [*asked, entity_id][-MAX_BROUGHT:])


def send_away(entity_id: str) -> None:
    """Take back a pick."""
    state.choose_many("with", [i for i in state.asked_many("with") if i != entity_id])


def expand(entity_id: str, focus_id: str) -> None:
    """Open an entity's card, and add its neighbours if they were not added yet."""
    state.choose(node=entity_id)
    asked = state.asked_many("expanded")
    if entity_id != focus_id and entity_id not in asked:
        state.choose_many("expanded", [*asked, entity_id])


def collapse(*entity_ids: str) -> None:
    """Take back expansions, which renumbers what is drawn: the picture starts anew."""
    kept = [i for i in state.asked_many("expanded") if i not in entity_ids]
    state.choose_many("expanded", kept)
    st.session_state["network_turn"] = st.session_state.get("network_turn", 0) + 1


def _graph_stamp(name: str) -> Stamp:
    return cached._graph_stamp(name)


@st.cache_resource(max_entries=4, show_spinner=False)
def _tie_words(graph_name: str, stamp: Stamp) -> list[str]:  # noqa: ARG001
    return neighbourhood.tie_words(cached.graph(graph_name))


@st.cache_resource(max_entries=50, show_spinner=False)
def _relevance(graph_name: str, stamp: Stamp, anchor: int) -> np.ndarray:  # noqa: ARG001
    return neighbourhood.relevance(cached.graph(graph_name), anchor)


@st.cache_resource(max_entries=200, show_spinner=False)
def _surroundings(
    graph_name: str,
    stamp: Stamp,
    focus: int,
    anchor: int,
    choice: Choice,
    brought: tuple[int, ...],
    expanded: tuple[int, ...],
) -> tuple[Surroundings, Places]:
    graph = cached.graph(graph_name)
    shown = neighbourhood.surroundings(
        graph,
        focus,
        anchor,
        choice,
        brought=brought,
        expanded=expanded,
        relevant=_relevance(graph_name, stamp, anchor),
    )
    return shown, network_places(graph, shown)
