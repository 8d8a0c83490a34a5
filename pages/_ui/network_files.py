"""The neighbourhood as files: CSV of entities, CSV of ties, GraphML, each with where it is from."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from llador_core.escape import csv_cell, plain
from llador_core.explain.graphml import to_graphml
from llador_core.explain.neighbourhood import relation_words
from llador_core.figures.network import network_rows
from llador_core.figures.style import listed
from llador_core.tables_out import NOTICE
from pages._ui.surroundings import NetworkView


def show_exports(view: NetworkView) -> None:
    """Offer what is shown as files, each with where it comes from."""
    stem = file_stem(view)
    files = (
        ("CSV of entities", f"{stem}-entities.csv", "text/csv", entities_csv),
        ("CSV of ties", f"{stem}-ties.csv", "text/csv", ties_csv),
        ("GraphML", f"{stem}.graphml", "application/graphml+xml", graphml),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, name, mime, make in files:
            st.download_button(
                label,
                data=lambda make=make: make(view),
                file_name=name,
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"export-{label}",
            )
        st.caption(
            "The picture itself: the download button at its top right. Every file says where it "
            "comes from."
        )


def file_stem(view: NetworkView) -> str:
    """Return the beginning of a file's name, of letters, digits and dashes alone."""
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in view.name.lower())
    return "-".join(["llador", *(part for part in name.split("-") if part), "neighbourhood"])


def provenance(view: NetworkView) -> list[tuple[str, str]]:
    """Return what every export says of itself."""
    graph, shown, choice = view.graph, view.shown, view.choice
    expanded = [graph.entity_names[e] for e in shown.expanded]
    return [
        ("notice", NOTICE),
        ("entity", f"{view.name} ({graph.entity_ids[shown.focus]})"),
        ("graph", f"{graph.title or graph.name}, {graph.licence}"),
        ("graph checksum", graph.checksum),
        ("relevance to", f"{view.anchor_name} ({graph.entity_ids[shown.anchor]})"),
        ("relevance", "degree-penalised connections; comparable within this file only"),
        ("types", listed(choice.types, 50) or "all"),
        ("ties", listed(choice.ties, 50) or "all"),
        ("neighbours", f"{shown.n_shown} of {shown.n_passing}"),
        ("expanded", listed(expanded, 50) or "none"),
        ("exported", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    ]


def graphml(view: NetworkView) -> bytes:
    """Return what is shown as GraphML."""
    return to_graphml(view.graph, view.shown, provenance(view))


def entities_csv(view: NetworkView) -> str:
    """Return the entities of the picture as CSV, with provenance in comment lines before it."""
    rows = network_rows(view.graph, view.shown)
    cells = [[_cell(value) for value in row.values()] for row in rows]
    return _csv(view, [name.lower().replace(" ", "_") for name in rows[0]] if rows else [], cells)


def ties_csv(view: NetworkView) -> str:
    """Return the facts between the entities of the picture as CSV, one a row."""
    graph = view.graph
    header = ["head_id", "head", "relation", "words", "tail_id", "tail"]
    rows = [
        [
            csv_cell(graph.entity_ids[head]),
            csv_cell(graph.entity_names[head]),
            csv_cell(graph.relations[relation].name),
            csv_cell(relation_words(graph, relation)),
            csv_cell(graph.entity_ids[tail]),
            csv_cell(graph.entity_names[tail]),
        ]
        for tie in view.shown.ties
        for head, relation, tail in tie.facts
    ]
    return _csv(view, header, rows)


def _cell(value: Any) -> Any:
    return csv_cell(value) if isinstance(value, str) else value


def _csv(view: NetworkView, header: list[str], rows: list[list[Any]]) -> str:
    out = io.StringIO()
    for name, value in provenance(view):
        out.write(f"# {name}: {plain(value)}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([header, *rows])
    return out.getvalue()
