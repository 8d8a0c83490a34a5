"""The controls of the map of two runs; every one is in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from llador_core.escape import plain
from llador_core.figures.embedding_map import Places
from llador_core.graph import Graph
from llador_core.projection.layout import MapConfig
from llador_core.training.runs import RunInfo
from pages._ui import find, inputs, maps, state
from pages._ui.cached import View

Colour = Literal["Type", "Drug class", "Size of shift"]
METHODS = {"UMAP": "umap", "PCA": "pca"}
COLOURS: tuple[Colour, ...] = ("Type", "Drug class", "Size of shift")
PLACES: dict[str, Places] = {"In this run": "run", "In the other": "base"}
MAX_ARROWS = 40
TURN = "lists_turn"


@dataclass(frozen=True)
class Look:
    """How a map is shown.

    Attributes
    ----------
    config : MapConfig
    colour : "Type", "Drug class" or "Size of shift"
    places : "run" or "base"
    n_arrows : int
        Candidates with an arrow, besides the disease and its known drugs.
    types : tuple of str
        The types shown.
    """

    config: MapConfig
    colour: Colour
    places: Places
    n_arrows: int
    types: tuple[str, ...]


def pick_base(view: View, base: RunInfo | None) -> None:
    """Offer the runs that can stand beside the one looked at; a choice goes into the address."""
    found = maps.bases(view.run)
    st.session_state["base_pick"] = base.name if base and base.name in found else None
    st.selectbox(
        "Compared with",
        list(found),
        format_func=lambda name: inputs.run_label(found[name]),
        key="base_pick",
        placeholder="Choose a run" if found else "No other run of this model and dim",
        disabled=not found,
        on_change=lambda: state.choose(base=st.session_state["base_pick"], area=None, zoom=None),
        help="The run that the arrows start from. By default the same model without the prior.",
    )


def pick_look(view: View) -> Look:
    """Show the controls of the map and return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Layout",
            list(METHODS),
            default="UMAP",
            key="layout",
            bind="query-params",
            required=True,
            on_change=lambda: state.choose(area=None, zoom=None),  # of another picture
            help="**UMAP** keeps neighbours together and draws groups. **PCA** is a plain "
            "projection onto the two widest directions: faithful at large, blurred in detail.",
        )
        colour = st.segmented_control(
            "Colour and shape by",
            list(COLOURS),
            default="Type",
            key="colour",
            bind="query-params",
            required=True,
        )
        places = st.segmented_control(
            "Dots stand where they are",
            list(PLACES),
            default="In this run",
            key="places",
            bind="query-params",
            required=True,
            help="Arrows always lead from the place in the run compared with to that in this run.",
        )
        n_arrows = st.number_input(
            "Proposed drugs with an arrow",
            min_value=0,
            max_value=MAX_ARROWS,
            value=8,
            key="arrows",
            bind="query-params",
            width=200,
            help="The first candidates that are not known to treat the disease. The disease and "
            "its known drugs have an arrow in any case.",
        )
        with st.popover("More", icon=":material/tune:"):
            types = _pick_types(view.graph)
            config = _pick_config(METHODS[method or "UMAP"] == "umap")
    chosen: Colour = next((c for c in COLOURS if c == colour), "Type")
    return Look(config, chosen, PLACES[places or "In this run"], int(n_arrows), types)


def _pick_types(graph: Graph) -> tuple[str, ...]:
    label = {plain(name): name for name in graph.type_names}
    chosen = st.pills(
        "Types shown",
        list(label),
        selection_mode="multi",
        default=list(label),
        key="types",
        bind="query-params",
    )
    return tuple(label[name] for name in chosen or ())


def _pick_config(is_umap: bool) -> MapConfig:
    """Show UMAP's own settings and return the layout asked for."""
    st.markdown("**UMAP's own settings**")
    st.caption("Maps with other settings than these are computed on request, in the background.")
    neighbours = st.number_input(
        "Neighbours",
        min_value=2,
        max_value=200,
        value=15,
        key="neighbours",
        bind="query-params",
        disabled=not is_umap,
        help="Few show small groups, many the large arrangement.",
    )
    min_dist = st.number_input(
        "Packing",
        min_value=0.0,
        max_value=0.99,
        value=0.1,
        step=0.05,
        key="min_dist",
        bind="query-params",
        disabled=not is_umap,
        help="UMAP's `min_dist`: 0 packs groups tightly, 0.99 spreads them.",
    )
    seed = st.number_input(
        "Seed",
        min_value=0,
        max_value=9999,
        value=0,
        key="map_seed",
        bind="query-params",
        disabled=not is_umap,
        help="Another seed draws another picture of the same data: what changes with it is the "
        "picture's, not the model's.",
    )
    if not is_umap:
        return MapConfig("pca")
    return MapConfig("umap", int(neighbours), round(float(min_dist), 3), int(seed))


def pick_entity(graph_name: str) -> None:
    """Search any entity as the reader types; a click on a match puts it into the address."""
    icon = ":material/my_location:"
    find.pick_entity(graph_name, "Find on the map", "entity_query", choose_entity, icon)


def choose_entity(entity_id: str | None) -> None:
    """Put an entity that was not ticked in a list into the address; None takes it out.

    A list keeps its own tick, so it is made anew, with the tick where it belongs.
    """
    state.choose(entity=entity_id)
    st.session_state[TURN] = lists_turn() + 1


def lists_turn() -> int:
    """Return a number that changes when the lists must forget their ticks."""
    return int(st.session_state.get(TURN, 0))
