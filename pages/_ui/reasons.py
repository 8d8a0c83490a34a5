"""What speaks for a pair and what against it, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from llador_core import names
from llador_core.errors import UnknownNameError
from llador_core.escape import markdown
from llador_core.explain import Explanation, Path, PathGroup
from llador_core.figures import paths as figure
from llador_core.figures.style import count
from llador_core.graph import Graph
from pages._ui import cached, find, frame, objections, pair_export, screen, show, state
from pages._ui.objections import slug, sources
from pages._ui.pair_view import Pair

LENGTHS = (2, 3, 4)
EACH = (3, 10, 30)
FRAGMENT = "reasons"
# Title, whether the paths start at a target of the drug, and how many kinds are shown at first: in
# all about as many as there are kinds of objection, so that neither side outweighs the other.
PARTS = (("How it might work", True, 3), ("By likeness to what is known", False, 2))
BAR = 10
MAX_THROUGH = 3  # the longest path has no more places between its ends


@st.fragment(key=FRAGMENT)
def show_reasons(pair: Pair) -> None:
    """Show paths for the pair and objections to it; controls rerun this part alone."""
    length, n_each, through = _pick_paths(pair)
    found = cached.explanation(
        pair.graph.name,
        pair.drug,
        pair.disease,
        pair.view.run,
        max_length=length,
        through=through,
        n_per_group=n_each,
    )
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        _show_for(pair, found)
    with right, st.container(border=True, height="stretch"):
        objections.show_against(pair, found)
    _show_picture(pair, found)
    pair_export.offer(pair, found, _filters(pair.graph, length, through))


def _pick_paths(pair: Pair) -> tuple[int, int, tuple[int, ...]]:
    """Show which paths to look for; return longest length, paths of each kind, and by whom."""
    head, length_at, each_at, through_at = st.columns([5, 2, 2, 3], vertical_alignment="bottom")
    head.header("What speaks for it, and what against?", anchor=False)
    with length_at:
        length = st.segmented_control(
            "Longest path",
            LENGTHS,
            default=LENGTHS[-1],
            required=True,
            key="length",
            bind="query-params",
            help="Edges from drug to disease. The edge between the two themselves, known or "
            "hidden, is never used as a reason.",
        )
    with each_at:
        n_each = st.segmented_control(
            "Paths of each kind",
            EACH,
            default=EACH[0],
            required=True,
            key="each",
            bind="query-params",
        )
    with through_at:
        _pick_through(pair.graph.name)
    through = _asked_through(pair.graph)
    if through:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("Every path passes through", width="content")
            for entity in through:
                st.button(
                    markdown(pair.graph.entity_names[entity]),
                    key=f"through-{entity}",
                    icon=":material/close:",
                    on_click=_leave_out,
                    args=(pair.graph.entity_ids[entity],),
                )
    return int(length or LENGTHS[-1]), int(n_each or EACH[0]), through


@st.fragment
def _pick_through(graph_name: str) -> None:
    def take(entity_id: str) -> None:
        kept = [e for e in state.asked_many("through") if e != entity_id]
        state.choose_many("through", [*kept, entity_id][-MAX_THROUGH:])

    find.search_entity(
        graph_name, "entity", "Must pass through", "through_query", take, reruns=FRAGMENT
    )


def _leave_out(entity_id: str) -> None:
    state.choose_many("through", [e for e in state.asked_many("through") if e != entity_id])


def _asked_through(graph: Graph) -> tuple[int, ...]:
    """Return the entities in the address; tell of those the graph does not know."""
    found: dict[int, None] = {}
    for asked in state.asked_many("through")[:MAX_THROUGH]:
        try:
            found[names.resolve(graph, asked, "entity")] = None
        except UnknownNameError as error:
            st.warning(f"{markdown(str(error))} It is left out.", icon=":material/search_off:")
    return tuple(found)


def _filters(graph: Graph, length: int, through: Sequence[int]) -> str:
    by_way = " and ".join(graph.entity_names[entity] for entity in through)
    return f"paths of up to {length} edges" + (f" through {by_way}" if by_way else "")


def _show_for(pair: Pair, found: Explanation) -> None:
    st.subheader("For", icon=":material/add_circle:", anchor=False)
    if found.groups:
        st.markdown(
            f"**{count(found.n_paths, 'path')}** of **{count(found.n_groups, 'kind')}** lead from "
            f"{markdown(pair.names[0])} to {markdown(pair.names[1])}; the strongest kinds first."
        )
    elif found.notes:
        st.info(markdown(found.notes[0]), icon=":material/info:")
    parts = [
        (title, [group for group in found.groups if group.is_mechanism is is_mechanism], n_kinds)
        for title, is_mechanism, n_kinds in PARTS
    ]
    n_hidden = sum(len(groups[n_kinds:]) for _, groups, n_kinds in parts)
    body = st.container()  # above the switch that says how much of it is shown
    shows_all = bool(n_hidden) and st.toggle(
        f"Show {count(n_hidden, 'more kind')}", key="kinds", bind="query-params"
    )
    with body:
        for title, groups, n_kinds in parts:
            if groups:
                st.markdown(f"**{title}**")
            for group in groups if shows_all else groups[:n_kinds]:
                best = groups[0].paths[0].score
                _show_group(pair.graph, group, best, is_first=group is found.groups[0])
    if found.groups:
        notes = (markdown(note) for note in found.notes)
        st.caption(
            "Strength: 100 is the best path of its part. An edge counts as far as it can be "
            "trusted, and less where it starts or ends at what is tied to everything. Model "
            "percentile: how the run scores the path's least expected edge among others of its "
            "kind. Neither is a probability.",
            help="\n\n".join(notes) or None,
        )


def _show_group(graph: Graph, group: PathGroup, best: float, is_first: bool = False) -> None:
    opened = st.expander(
        f"{markdown(group.title)} :gray-badge[{group.n_paths:,}]",
        expanded=is_first,
        # The first has a name of its own: another pair's first kind must not inherit being closed.
        key="open-best" if is_first else slug(group.key),
        bind="query-params",
    )
    if not opened.open:
        return
    with opened:
        for path in group.paths:
            _show_path(graph, path, best)
        if rest := group.n_paths - len(group.paths):
            st.caption(f"{count(rest, 'weaker path')} of this kind not shown.")


def _show_path(graph: Graph, path: Path, best: float) -> None:
    names_of = graph.entity_names
    told = f"**{markdown(names_of[path.entities[0]])}**"
    for step in path.steps:
        told += f" :gray[—{markdown(step.words)}→] **{markdown(names_of[step.target])}**"
    strength = path.score / best
    full = max(1, round(strength * BAR))
    st.markdown(
        f"{told}  \n:small[:blue[{'▰' * full}{'▱' * (BAR - full)}] strength "
        f"{100 * strength:.0f} of 100 · {sources(path.steps)}]"
    )


def _show_picture(pair: Pair, found: Explanation) -> None:
    is_narrow = screen.is_narrow()
    best = figure.best_paths(found, is_narrow)
    if not best:
        return
    only = [path for _, path in best]
    st.markdown(f"**The {count(len(best), 'best path', 'best paths')} as a picture**")
    show.show_figure(
        figure.paths_figure(pair.graph, best, is_narrow),
        figure.paths_alt(pair.graph, only),
        figure.paths_rows(pair.graph, best),
        "paths",
        Strength=st.column_config.ProgressColumn(min_value=0, max_value=100, format="%.0f"),
    )


def show_ways_on(pair: Pair) -> None:
    """Link to the pages that show the same two in their surroundings and on the map."""
    drug, disease = pair.candidate.id, pair.graph.entity_ids[pair.disease]
    with st.container(horizontal=True, gap="small"):
        st.page_link(
            frame.NEIGHBOURHOOD,
            label="What surrounds the two, as a network",
            icon=":material/hub:",
            query_params=state.link(drug=drug, disease=disease, entity=drug, **{"with": disease}),
        )
        st.page_link(
            frame.EMBEDDING_SHIFT,
            label="Where the prior moved them, as a map",
            icon=":material/scatter_plot:",
            query_params=state.link(drug=drug, disease=disease, entity=drug),
        )
