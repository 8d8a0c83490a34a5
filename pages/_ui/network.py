"""What the page of the neighbourhood draws: header, picture, card."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.explain.neighbourhood import (
    EXPAND_BY,
    MAX_MEMBERS,
    Tie,
    tie_sentences,
)
from llador_core.figures.network import is_crowd, network_alt, network_options, network_rows
from llador_core.figures.style import count
from llador_core.tables_out import NOTICE
from pages._ui import frame, show, state, surroundings
from pages._ui.surroundings import NetworkView

HEIGHT, HEIGHT_OF_CROWD = 570, 740
LINES = (
    "Thick lines: treats or eases. Dashed: contraindicated. Thin: any other tie, in words on hover."
)


def show_header(view: NetworkView) -> None:
    """Show whose surroundings these are, and how much of them."""
    graph, focus = view.graph, view.shown.focus
    st.title(markdown(view.name), anchor=False)
    synonyms = [markdown(name) for name in graph.synonyms[focus][:3]]
    also = f" · also called {', '.join(synonyms)}" if synonyms else ""
    st.caption(f"{markdown(graph.type_of(focus))} · {markdown(graph.title or graph.name)}{also}")


def counted(view: NetworkView) -> str:
    """Say how many are shown of how many, by what, and what was added or left out."""
    shown = view.shown
    to = "it" if shown.anchor == shown.focus else markdown(view.anchor_name)
    neighbours = count(shown.n_passing, "neighbour")
    told = f"Showing **{shown.n_shown:,} of {neighbours}**"
    if shown.n_passing < shown.n_neighbours:
        told += f" that pass the filters (of {shown.n_neighbours:,})"
    if shown.n_shown < shown.n_passing:
        told += f", by relevance to {to}, the types taking turns"
    n_added = len(shown.members) - 1 - shown.n_shown
    if n_added:
        told += f"; **{n_added:,} more** by expanding or connecting"
    ties = count(len(shown.ties), "tie")
    if len(shown.ties) < shown.n_ties:
        ties = f"{len(shown.ties):,} of {shown.n_ties:,} ties"
    told += f"; {ties} drawn."
    if shown.n_left_out:
        told += (
            f" **{shown.n_left_out:,}** found no room: a picture holds {MAX_MEMBERS} entities. "
            "Show fewer neighbours or collapse something."
        )
    return told


def show_problems(view: NetworkView) -> None:
    """Say what in the address could not be followed."""
    for problem in view.problems:
        st.warning(markdown(problem), icon=":material/search_off:")


def show_picture(view: NetworkView) -> None:
    """Draw the network; a click on an entity expands it and opens its card."""
    graph, shown = view.graph, view.shown
    if len(shown.members) == 1:
        _show_nobody(view)
        return
    ids = tuple(graph.entity_ids[e] for e in shown.entities)
    options = network_options(
        graph,
        shown,
        view.places,
        caption=_caption(view),
        is_dark=st.context.theme.type == "dark",
        selected=view.selected,
        marked=view.picked,
        path=[(s.source, s.target) for path in view.paths for s in path.steps],
    )
    # The browser keeps a click as a place in the list: another list must not inherit it.
    turn = st.session_state.get("network_turn", 0)
    ends = (shown.focus, shown.anchor, view.picked, view.goes_round)
    same = (view.graph_name, ends, view.choice, turn)
    key = f"network-{hash(same)}"
    alt = network_alt(graph, shown)
    st.echarts_chart(
        options,
        key=key,
        height=HEIGHT_OF_CROWD if is_crowd(shown) else HEIGHT,
        alt=plain(alt),
        on_select=lambda: _clicked(key, ids),
    )
    dark = " Thickest: the connections told below." if view.paths else ""
    st.caption(f"{LINES}{dark} Click an entity to add its {EXPAND_BY} most relevant neighbours.")
    rows = network_rows(graph, shown)
    show.show_twin(
        alt,
        rows,
        "network",
        Relevance=st.column_config.NumberColumn(
            format="%.3f", help=f"To {plain(view.anchor_name)}; comparable within this list only."
        ),
    )


def _show_nobody(view: NetworkView) -> None:
    shown = view.shown
    if not shown.n_neighbours:
        st.info(
            f"{markdown(view.name)} stands alone: this graph ties nothing to it.",
            icon=":material/hub:",
        )
        return
    st.info(
        f"None of its {count(shown.n_neighbours, 'neighbour')} passes the filters.",
        icon=":material/filter_alt:",
    )
    st.button("Clear the filters", on_click=surroundings.clear_filters)


def _caption(view: NetworkView) -> str:
    graph, shown = view.graph, view.shown
    return (
        f"{view.name}: {shown.n_shown:,} of {count(shown.n_passing, 'neighbour')} by relevance to "
        f"{view.anchor_name}. {graph.title or graph.name}. {NOTICE}"
    )


def _clicked(key: str, ids: tuple[str, ...]) -> None:
    """Expand the entity that was clicked; a second click on the same one un-selects it first."""
    groups = st.session_state[key].selection.selected
    places = [i for g in groups if g["data_type"] == "node" for i in g["data_indices"]]
    place = places[0] if places else st.session_state.get("network_last")
    if any(g["data_type"] == "edge" for g in groups) or place is None or place >= len(ids):
        return
    st.session_state["network_last"] = place
    surroundings.expand(ids[place], ids[0])


def show_card(view: NetworkView) -> None:
    """Show the entity that was clicked: what it is, what ties it, and where to go from it."""
    graph, shown, entity = view.graph, view.shown, view.selected
    st.subheader(markdown(graph.entity_names[entity]), anchor=False)
    st.caption(
        f"{markdown(graph.type_of(entity))} · {count(int(graph.degree[entity]), 'fact')} in the "
        f"graph · {markdown(graph.entity_ids[entity])}"
    )
    _show_ways_on(view)
    for tie in shown.ties:
        if {tie.a, tie.b} == {shown.focus, entity}:
            st.markdown(_told(view, tie))
    tab_graph, tab_text = st.tabs(["What the graph knows", "What the LLM wrote"])
    with tab_graph:
        show.show_groups(surroundings.groups(view, entity), n_names=5)
    with tab_text:
        show.show_llm_text(view, entity, ("background", "treatment", "caution"))
    _pick_card(view)


def _pick_card(view: NetworkView) -> None:
    """Offer the cards of the whole picture, for the keyboard and for a crowd of marks."""
    graph = view.graph
    ids = [graph.entity_ids[e] for e in dict.fromkeys((*view.shown.entities, view.selected))]
    st.session_state["card_pick"] = graph.entity_ids[view.selected]
    st.selectbox(
        "Another card",
        ids,
        format_func=lambda i: plain(graph.entity_names[graph.mapped(i)]),
        key="card_pick",
        on_change=lambda: state.choose(node=st.session_state["card_pick"]),
        help="Everyone in the picture; a click on a mark opens its card too.",
    )


def _told(view: NetworkView, tie: Tie) -> str:
    return "\n".join(f"- {markdown(told)}" for told in tie_sentences(view.graph, tie))


def _show_ways_on(view: NetworkView) -> None:
    graph, shown, entity = view.graph, view.shown, view.selected
    entity_id, focus_id = graph.entity_ids[entity], graph.entity_ids[shown.focus]
    with st.container(horizontal=True, gap="small"):
        if entity != shown.focus:
            if entity in shown.expanded:
                _button("Collapse", "unfold_less", surroundings.collapse, entity_id)
            else:
                _button("Expand", "unfold_more", surroundings.expand, entity_id, focus_id)
            _button("Focus on it", "center_focus_strong", surroundings.focus_on, entity_id)
            _button("Connect", "conversion_path", surroundings.bring, entity_id)
        elif shown.expanded:
            ids = [graph.entity_ids[e] for e in shown.expanded]
            _button("Collapse all", "unfold_less", surroundings.collapse, *ids)
        if entity != shown.anchor:
            st.button(
                "Relevance to it",
                icon=":material/sort:",
                on_click=state.choose,
                kwargs={"to": entity_id},
                help="Let the neighbours most connected to this entity come first.",
            )
    for label, page, params in ways(view):
        st.page_link(
            page, label=markdown(label), icon=":material/arrow_forward:", query_params=params
        )


def _button(label: str, icon: str, act: Any, *args: str) -> None:
    st.button(label, icon=f":material/{icon}:", on_click=act, args=args)


def ways(view: NetworkView) -> list[tuple[str, str, dict[str, str]]]:
    """Return (words, page, parameters) of the pages that know more of the open entity."""
    graph, entity, focus = view.graph, view.selected, view.shown.focus
    entity_id, focus_id = graph.entity_ids[entity], graph.entity_ids[focus]
    if not len(graph.triples_with_role("treats")):
        return []
    kind, disease, drug = graph.type_of(entity), graph.disease_type, graph.drug_type
    found = []
    if kind == disease:
        params = state.link(disease=entity_id, drug=None)
        found.append(("Drugs ranked for this disease", frame.CANDIDATES, params))
        if graph.type_of(focus) == drug:
            params = state.link(drug=focus_id, disease=entity_id)
            found.append((f"Why {view.name} in it, and why not", frame.PAIR, params))
    if kind == drug:
        of = next((e for e in (focus, view.shown.anchor) if graph.type_of(e) == disease), None)
        params = state.link(drug=entity_id)
        if of is not None:
            params = state.link(drug=entity_id, disease=graph.entity_ids[of])
            found.append((f"Why it in {graph.entity_names[of]}, and why not", frame.PAIR, params))
        found.append(("This drug among the candidates", frame.CANDIDATES, params))
    return found
