"""What is in the chosen graph: types, relations, degrees, hubs, coverage, licence."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core import data, jobs
from llador_core.data import GraphInfo, removal
from llador_core.data.statistics import RelationCount, Statistics, TypeCount, statistics
from llador_core.escape import markdown, plain
from llador_core.figures.degrees import degree_alt, degree_figure, degree_rows
from llador_core.figures.style import count
from llador_core.graph import Graph
from llador_core.priors.texts import written
from pages._ui import cached, exports, frame, graphs_view, show, state
from pages._ui.cached import Stamp

N_LINKED = 12
LARGE_BYTES = 150_000_000  # files of a graph that nobody wants to wait for in a page


def show_contents() -> None:
    """Show what is in the graph that the address asks for."""
    name = state.current_graph_name()
    info = next(one for one in data.list_graphs() if one.name == name)
    if _is_to_be_read_first(info):
        _show_reading(info)
        return
    graph = cached.graph(name)
    found = _statistics(name, cached.graph_stamp(name))
    _show_head(graph, found)
    left, right = st.columns([7, 5], gap="medium")
    with left:
        st.markdown("### Types")
        _show_types(found)
    with right:
        st.markdown("### Edges of an entity")
        show.show_figure(
            degree_figure(found.degrees),
            degree_alt(found.degrees),
            degree_rows(found.degrees),
            "degrees",
        )
    left, right = st.columns([7, 5], gap="medium")
    with left:
        st.markdown("### Relations")
        _show_relations(found)
    with right:
        st.markdown("### Largest hubs")
        _show_hubs(graph, found)


@st.cache_resource(max_entries=8, show_spinner="Counting")
def _statistics(name: str, stamp: Stamp) -> Statistics:  # noqa: ARG001  part of the key
    texts = cached.texts(name)
    return statistics(cached.graph(name), written(texts) if texts else None)


def _is_to_be_read_first(info: GraphInfo) -> bool:
    """Return whether reading the graph would keep the page waiting for long."""
    if not info.is_here:
        return True
    size = sum(file.stat().st_size for file in data.source_files(info.name))
    return size > LARGE_BYTES and not removal.on_disk(info.name).cached_bytes


def _show_reading(info: GraphInfo) -> None:
    """Offer to read a graph in the background, or lead to where it can be fetched."""
    if not info.is_here:
        st.info(
            f"{markdown(info.title)} is not here yet. Fetch it first.",
            icon=":material/download:",
        )
        st.button(
            "To the graphs",
            key="to-library",
            icon=":material/database:",
            on_click=graphs_view.open_view,
            args=(graphs_view.LIBRARY,),
        )
        return
    job = f"fetch-{info.name}"
    found = jobs.follow(job)
    if found.state == "running":
        graphs_view.follow(job, info.name)
        return
    if found.state == "stopped":
        st.warning(markdown(found.problem), icon=":material/error:")
    st.info(
        f"{markdown(info.title)} is large and has not been read yet. Reading it takes a minute or "
        "two, once; after that it opens at once.",
        icon=":material/hourglass_top:",
    )
    st.button(
        "Read it",
        key="read",
        type="primary",
        icon=":material/play_arrow:",
        on_click=graphs_view.start,
        args=(job, ["fetch", info.name]),
    )


def _show_head(graph: Graph, found: Statistics) -> None:
    """Show the graph's name, its size, its licence and what is to be known of it."""
    st.markdown(f"## {markdown(graph.title or graph.name)}")
    with st.container(horizontal=True, gap="large"):
        for label, value, help_ in (
            ("Entities", found.n_entities, ""),
            ("Triples", found.n_triples, ""),
            ("Relations", len(found.relations), ""),
            (
                "Treated pairs",
                found.n_treated_pairs,
                "Distinct pairs of drug and disease that a relation with the role of a treatment "
                "joins.",
            ),
            ("Median edges", found.median_degree, "Half of the entities have as many or fewer."),
        ):
            st.metric(label, f"{value:,.0f}", help=help_ or None, width="content")
    if not found.n_treated_pairs:
        st.warning(
            "No relation of this graph has the role of a treatment, so no drug can be ranked for a "
            "disease. Its neighbourhoods can be explored; to rank, import it again and give a "
            "relation the role `treats`.",
            icon=":material/warning:",
        )
    notes = [*graph.notes]
    if found.n_duplicates:
        notes.append(f"{count(found.n_duplicates, 'repeated row')} left out.")
    if found.n_isolated:
        notes.append(f"{found.n_isolated:,} entities have no edge.")
    for note in notes:
        st.caption(f":material/info: {markdown(note)}")
    st.caption(
        f"**Licence** {markdown(graph.licence)}"
        + (f"\n\n**Cite** {markdown(graph.citation)}" if graph.citation else "")
    )
    with st.container(horizontal=True):
        frame.show_link(frame.NEIGHBOURHOOD, "Explore it", ":material/hub:")
        frame.show_link(frame.CANDIDATES, "Candidates", ":material/format_list_numbered:")
        frame.show_link("pages/train.py", "Train a model on it", ":material/model_training:")


def _show_types(found: Statistics) -> None:
    has_source_texts = any(one.n_described for one in found.types)
    rows = [_type_row(one, has_source_texts) for one in found.types]
    share = st.column_config.ProgressColumn
    st.dataframe(
        rows,
        hide_index=True,
        alt="Entities, edges, names and texts of each type",
        column_config={
            "Entities": st.column_config.NumberColumn(format="localized"),
            "Edges": st.column_config.NumberColumn(
                format="localized", help="Ends of edges at entities of the type."
            ),
            "With a name": share(
                format="percent",
                min_value=0,
                max_value=1,
                color="auto",
                help="Of the others only an id is known.",
            ),
            "With LLM text": share(
                format="percent",
                min_value=0,
                max_value=1,
                color="auto",
                help="Described by a language model; without it a prior has nothing to say.",
            ),
            "Described": share(
                format="percent",
                min_value=0,
                max_value=1,
                color="auto",
                help="The graph's source has a text about it.",
            ),
        },
    )
    exports.offer(rows, "types", "Entities, edges, names and texts of each type of the graph")


def _type_row(one: TypeCount, has_source_texts: bool) -> dict[str, Any]:
    mark = " · drugs" if one.is_drug else " · diseases" if one.is_disease else ""
    n = max(one.n_entities, 1)
    row: dict[str, Any] = {
        "Type": plain(one.name) + mark,
        "Entities": one.n_entities,
        "Edges": one.n_edges,
        "With a name": one.n_named / n,
    }
    if one.n_written is not None:
        row["With LLM text"] = one.n_written / n
    elif has_source_texts:
        row["Described"] = one.n_described / n
    return row


def _show_relations(found: Statistics) -> None:
    rows = [_relation_row(one) for one in found.relations]
    st.dataframe(
        rows,
        hide_index=True,
        height=min(38 + 35 * len(rows), 460),
        alt="Triples, role and words of each relation",
        column_config={
            "Triples": st.column_config.NumberColumn(format="localized", width="small"),
            "Role": st.column_config.TextColumn(
                help="What the relation means across graphs; explanations rest on it.",
                width="small",
            ),
        },
    )
    exports.offer(rows, "relations", "Triples, role and words of each relation of the graph")


def _relation_row(one: RelationCount) -> dict[str, Any]:
    return {
        "Relation": plain(one.name),
        "Triples": one.n_triples,
        "Role": one.role or show.MISSING,
        "In words": f"{plain(one.head_type)} {plain(one.words)} {plain(one.tail_type)}",
        "Heads": one.n_heads,
        "Tails": one.n_tails,
        "Source": plain(one.origin) or show.MISSING,
    }


def _show_hubs(graph: Graph, found: Statistics) -> None:
    st.caption("Well-studied entities; a model finds them everywhere. Open one to see why.")
    with st.container(gap=None):
        for entity, degree in found.hubs[:N_LINKED]:
            frame.show_link(
                frame.NEIGHBOURHOOD,
                f"{markdown(graph.entity_names[entity])} :small[({markdown(graph.type_of(entity))},"
                f" {count(degree, 'edge')})]",
                ":material/arrow_forward:",
                entity=graph.entity_ids[entity],
            )
    rows = [
        {
            "Entity": graph.entity_names[entity],
            "Id": graph.entity_ids[entity],
            "Type": graph.type_of(entity),
            "Edges": degree,
        }
        for entity, degree in found.hubs
    ]
    show.show_twin("The entities with most edges", rows, "hubs")
