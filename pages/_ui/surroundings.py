"""The surroundings that the address asks for, and the choices behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from llador_core import names
from llador_core.errors import UnknownNameError
from llador_core.escape import plain
from llador_core.explain import neighbourhood
from llador_core.explain.connections import shortest_connections
from llador_core.explain.neighbourhood import Choice, Surroundings
from llador_core.explain.paths import Path
from llador_core.figures.neighbourhood import Group, neighbour_groups
from llador_core.figures.network_layout import Places, network_places
from llador_core.graph import Graph
from llador_core.priors.texts import Texts
from pages._ui import cached, state
from pages._ui.cached import Stamp

N_SHOWN = (20, 40, 60, 100, 150, 200, 299)
DEFAULT_N = 60
MAX_PICKED = 6
MAX_EXPANDED = 40
N_PATHS = 12


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
    goes_round : bool
        Their direct ties are left aside.
    paths : tuple of Path
        The shortest connections of the focus and the picked ones.
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
    goes_round: bool
    paths: tuple[Path, ...]
    problems: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.graph.entity_names[self.shown.focus]

    @property
    def anchor_name(self) -> str:
        return self.graph.entity_names[self.shown.anchor]


def current_view(graph_name: str, focus: int, choice: Choice, goes_round: bool) -> NetworkView:
    """Return what the address asks for around `focus`.

    Parameters
    ----------
    graph_name : str
    focus : int
    choice : Choice
    goes_round : bool
        Connections leave the direct ties of their two ends aside.
    """
    graph = cached.graph(graph_name)
    problems: list[str] = []
    anchor = current_anchor(graph, focus, problems)
    picked = tuple(e for e in _asked(graph, "with", problems) if e != focus)[:MAX_PICKED]
    expanded = tuple(_asked(graph, "expanded", problems))
    selected = next(iter(_asked(graph, "node", problems)), focus)
    if len(expanded) > MAX_EXPANDED:
        problems.append(f"Only the first {MAX_EXPANDED} of {len(expanded)} expansions are shown.")
    stamp = cached.graph_stamp(graph_name)
    paths = ()
    if picked:
        paths = _connections(graph_name, stamp, (focus, *picked), goes_round)
    brought = dict.fromkeys([*picked, *(e for path in paths for e in path.entities)])
    brought.pop(focus, None)
    shown, places = _surroundings(
        graph_name, stamp, focus, anchor, choice, tuple(brought), expanded[:MAX_EXPANDED]
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
        goes_round,
        paths,
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
    tie_words = _tie_words(graph_name, cached.graph_stamp(graph_name))
    choice = Choice(
        _asked_number(), _asked_among("types", graph.type_names), _asked_among("ties", tie_words)
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _pick_many("Types", "types", graph.type_names, choice.types)
        _pick_many("Ties", "ties", tie_words, choice.ties)
        _pick_anchor(graph, focus)
        st.session_state["neighbours_pick"] = choice.n_shown
        st.select_slider(
            "Neighbours shown, at most",
            N_SHOWN,
            key="neighbours_pick",
            on_change=lambda: state.choose(neighbours=st.session_state["neighbours_pick"]),
            width=166,
        )
    return choice


def _asked_number() -> int:
    """Return the number in the address; the default where it is none of those offered."""
    asked = state.asked("neighbours")
    return next((n for n in N_SHOWN if str(n) == asked), DEFAULT_N)


def _asked_among(param: str, offered: Sequence[str]) -> tuple[str, ...]:
    """Return the values in the address that are offered."""
    asked = state.asked_many(param)
    return tuple(value for value in offered if value in asked)


def _pick_many(label: str, param: str, offered: Sequence[str], chosen: tuple[str, ...]) -> None:
    """Offer a filter. Unlike a bound widget it forgets with the address, as on a new graph."""
    key = f"{param}_pick"
    st.session_state[key] = list(chosen)
    st.multiselect(
        label,
        offered,
        format_func=plain,
        key=key,
        on_change=lambda: state.choose_many(param, st.session_state[key]),
        placeholder=f"All {param}",
        width=166,
        help="What the graph states between two entities, in plain words."
        if param == "ties"
        else None,
    )


def clear_filters() -> None:
    """Show all types and ties again."""
    state.choose_many("types", [])
    state.choose_many("ties", [])


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
    state.choose_many("with", [*asked, entity_id][-MAX_PICKED:])


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
    known = None
    if expanded:  # what was there before the last expansion stays where it was
        known = _surroundings(graph_name, stamp, focus, anchor, choice, brought, expanded[:-1])[1]
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
    return shown, network_places(graph, shown, known)


@st.cache_resource(max_entries=200, show_spinner="Looking for connections")
def _connections(
    graph_name: str,
    stamp: Stamp,  # noqa: ARG001
    entities: tuple[int, ...],
    goes_round: bool,
) -> tuple[Path, ...]:
    found = shortest_connections(
        cached.graph(graph_name), entities, n_max=N_PATHS, skip_direct=goes_round
    )
    return tuple(found)


def groups(view: NetworkView, entity: int) -> tuple[Group, ...]:
    """Return the neighbours of an entity by what ties them to it."""
    return _groups(view.graph_name, cached.graph_stamp(view.graph_name), entity)


@st.cache_resource(max_entries=200, show_spinner=False)
def _groups(graph_name: str, stamp: Stamp, entity: int) -> tuple[Group, ...]:  # noqa: ARG001
    return tuple(neighbour_groups(cached.graph(graph_name), entity))
