"""The lists beside the map: who moved towards the disease and away, who is marked, one entity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.figures.embedding_map import Scene
from llador_core.figures.style import count
from llador_core.projection.area import inside
from llador_core.projection.maps import EmbeddingMap
from llador_core.projection.nearness import Move, pick_moves
from llador_core.training.runs import RunInfo
from pages._ui import exports, frame, maps, show, state
from pages._ui.cached import View
from pages._ui.map_controls import choose_entity, lists_turn

N_LISTED = 60
N_MARKED = 500
LISTS = {"towards": "Moved towards it", "away": "Moved away", "marked": "In the marked area"}


def pick_from_lists(
    view: View, base: RunInfo, found: EmbeddingMap | None, drawn: Scene | None
) -> None:
    """Show who moved towards the disease, who away, or who stands in the marked area."""
    asked = st.query_params.get("list", "towards")
    which = asked if asked in LISTS else "towards"
    st.session_state["list_pick"] = which  # a marked area opens its list, so no bound widget
    st.segmented_control(
        "List",
        list(LISTS),
        format_func=lambda name: LISTS[name],
        key="list_pick",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: state.choose(list=st.session_state["list_pick"]),
    )
    if which == "marked":
        _show_marked(view, drawn)
        return
    label = {plain(name): name for name in view.graph.type_names}
    of = st.selectbox(
        "Nearness to it, as a rank among all of type",
        list(label),
        index=list(label).index(plain(view.graph.drug_type)),
        key="of",
        bind="query-params",
        help="By distance in the full space of each run, 1 is the nearest. Listed are those that "
        "end (or started) among the nearest tenth, farthest movers first; from 200th to 20th is "
        "as far as from 20th to 2nd. To be near is not the same as to be proposed: the model "
        "ranks drugs by its relation, not by distance.",
    )
    towards, away = pick_moves(maps.moves(view, base, label[of]), N_LISTED)
    some = towards if which == "towards" else away
    if not some:
        st.info("Nobody of this type did.", icon=":material/filter_alt_off:")
        return
    _show_moves(view, some, found, LISTS[which])


def _show_moves(view: View, some: Sequence[Move], found: EmbeddingMap | None, which: str) -> None:
    ranked = {c.entity: c for c in view.candidates}
    entities = [move.entity for move in some]
    columns: dict[str, list[Any]] = {
        "Name": [plain(view.graph.entity_names[i]) for i in entities],
        "Before": [move.rank_before for move in some],
        "Now": [move.rank_after for move in some],
    }
    if found is not None:
        columns["Shift"] = [float(found.shift[i]) for i in entities]
        columns["Kept"] = [int(found.kept[i]) for i in entities]
    if entities[0] in ranked:
        columns["Rank"] = [ranked[i].rank for i in entities]
        columns["Status"] = [show.STATUS_MARKS[ranked[i].status] for i in entities]
    _pick_row(view, columns, entities, f"{which}: {len(some)} entities")


def _show_marked(view: View, drawn: Scene | None) -> None:
    """List who stands in the marked area of the map."""
    if drawn is None or drawn.area is None:
        st.info(
            "Nothing is marked. Take the lasso or the box from the map's toolbar and draw around "
            "the dots to list.",
            icon=":material/lasso_select:",
        )
        return
    shown = np.concatenate([layer.entities for layer in drawn.layers] or [np.empty(0, int)])
    shown = np.unique(shown.astype(np.int64))
    within = shown[inside(drawn.area, drawn.xy[shown])]
    shift, kept = drawn.found.shift, drawn.found.kept
    within = within[np.argsort(-shift[within], kind="stable")]
    cut = f", the {N_MARKED} that moved farthest listed" if len(within) > N_MARKED else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{count(len(within), 'entity', 'entities')} in the marked area{cut}.", width="content"
        )
        st.button(
            "Show all" if drawn.is_zoomed else "Zoom in on it",
            key="zoom_area",
            icon=":material/zoom_out_map:" if drawn.is_zoomed else ":material/zoom_in_map:",
            type="tertiary",
            on_click=state.choose,
            kwargs={"zoom": None if drawn.is_zoomed else "area"},
        )
        st.button(
            "Clear it",
            key="clear_area",
            icon=":material/backspace:",
            type="tertiary",
            on_click=state.choose,
            kwargs={"area": None, "zoom": None},
        )
    entities = within[:N_MARKED].tolist()
    if entities:
        columns: dict[str, list[Any]] = {
            "Name": [plain(view.graph.entity_names[i]) for i in entities],
            "Type": [plain(view.graph.type_of(i)) for i in entities],
            "Shift": [float(shift[i]) for i in entities],
            "Kept": [int(kept[i]) for i in entities],
        }
        _pick_row(view, columns, entities, "Entities in the marked area")


def _pick_row(view: View, columns: dict[str, list[Any]], entities: Sequence[int], alt: str) -> None:
    """Show a list; a tick puts its entity into the address."""
    chosen = state.asked_entity(view.graph)
    place = entities.index(chosen) if chosen in entities else None
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    # A tick is kept as a place in the table: another list must not inherit it.
    key = f"moves-{hash((view.run.name, tuple(entities), lists_turn()))}"

    def take() -> None:
        rows = [i for i in st.session_state[key]["selection"]["rows"] if i < len(entities)]
        state.choose(entity=view.graph.entity_ids[entities[rows[0]]] if rows else None)

    st.dataframe(
        columns,
        hide_index=True,
        height=330,
        alt=plain(alt),
        on_select=take,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if place is None else [place]}},
        key=key,
        column_config={
            "Name": text(width=150),
            "Before": number(width=62, help="Nearness rank in the run compared with."),
            "Now": number(width=54, help="Nearness rank in this run."),
            "Shift": number(width=58, format="%.2f", help="Size of shift in the full space."),
            "Kept": number(width=54, help="Nearest neighbours that stayed, of 10."),
            "Rank": number(width=56, help="Rank in the list of candidates of this run."),
            "Status": text(width=86),
        },
    )
    ids = [view.graph.entity_ids[i] for i in entities]
    names, values = [*columns, "Id"], zip(*columns.values(), ids, strict=True)
    exports.offer([dict(zip(names, row, strict=True)) for row in values], "who-moved", alt)


def show_entity(view: View, base: RunInfo, found: EmbeddingMap | None, entity: int) -> None:
    """Show one entity: how far it moved, which neighbours it kept, lost and gained."""
    graph = view.graph
    title = f"**{markdown(graph.entity_names[entity])}** · {markdown(graph.type_of(entity))}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(title, width="content")
        st.button(
            "Let go",
            key="let_go",
            icon=":material/close:",
            type="tertiary",
            on_click=choose_entity,
            args=(None,),
        )
    if found is not None:
        st.caption(
            f"Moved by {found.shift[entity]:.2f} (typical {np.median(found.shift):.2f}); keeps "
            f"{found.kept[entity]} of {found.n_nearest} nearest neighbours (turnover "
            f"{found.turnover[entity]:.2f})."
        )
    before, after = (maps.neighbours(one, entity) for one in (base, view.run))

    def names(some: Sequence[int]) -> str:
        return ", ".join(markdown(graph.entity_names[i]) for i in some) or "none"

    st.markdown(
        f"- **Kept**: {names([i for i in after if i in before])}\n"
        f"- **New**: {names([i for i in after if i not in before])}\n"
        f"- **Gone**: {names([i for i in before if i not in after])}"
    )
    _show_links(view, entity)


def _show_links(view: View, entity: int) -> None:
    """Link to the other pages about an entity."""
    graph, entity_id = view.graph, view.graph.entity_ids[entity]
    with st.container(horizontal=True):
        if graph.type_of(entity) == graph.drug_type:
            targets = (frame.PAIR, "Why this drug?"), (frame.CANDIDATES, "Among the candidates")
            for page, label in targets:
                st.page_link(
                    page,
                    label=label,
                    icon=":material/arrow_forward:",
                    query_params=state.link(drug=entity_id),
                )
        st.page_link(
            frame.NEIGHBOURHOOD,
            label="Its neighbourhood",
            icon=":material/arrow_forward:",
            query_params=state.link(entity=entity_id),
        )
        if graph.type_of(entity) == graph.disease_type and entity != view.disease:
            st.page_link(
                frame.EMBEDDING_SHIFT,
                label="Look from this disease",
                icon=":material/arrow_forward:",
                query_params=state.link(disease=entity_id),
            )
