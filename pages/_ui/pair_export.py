"""What a pair's page holds, as files: paths and objections with notice and provenance."""

from __future__ import annotations

import json

import streamlit as st

from llador_core import tables_out
from llador_core.explain import Explanation
from llador_core.explain.rows import explanation_json, objection_rows, path_rows
from pages._ui import table
from pages._ui.pair_view import Pair

COLUMNS = (
    *("side", "kind", "found", "says", "score", "share", "length"),
    *("plausibility", "entities", "sources"),
)


def offer(pair: Pair, found: Explanation, filters: str) -> None:
    """Offer the paths and objections as CSV and as JSON."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button(
            "Paths and objections as CSV",
            data=lambda: to_csv(pair, found, filters),
            file_name=tables_out.file_name(*pair.names, "pair", ending="csv"),
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="With graph, checksum, run, prior and notice in its first lines.",
        )
        st.download_button(
            "The same as JSON",
            data=lambda: to_json(pair, found, filters),
            file_name=tables_out.file_name(*pair.names, "pair", ending="json"),
            mime="application/json",
            icon=":material/data_object:",
            on_click="ignore",
        )


def to_csv(pair: Pair, found: Explanation, filters: str) -> str:
    """Return what speaks for the pair and against it as one table, provenance before its header."""
    graph = pair.graph
    rows = [{"side": "for", "says": row.pop("path"), **row} for row in path_rows(graph, found)]
    rows += [
        {"side": "against", "says": row.pop("sentence"), **row}
        for row in objection_rows(graph, found)
    ]
    return tables_out.to_csv(rows, _provenance(pair, found, filters), COLUMNS)


def to_json(pair: Pair, found: Explanation, filters: str) -> str:
    """Return the explanation as one JSON document with notice and provenance."""
    document = {
        "notice": tables_out.NOTICE,
        "provenance": dict(_provenance(pair, found, filters)),
        "pair": {
            "rank": pair.candidate.rank,
            "rank_without_prior": pair.candidate.base_rank,
            "status": pair.candidate.status,
            "n_drugs": len(pair.view.candidates),
            "prior_names_it": pair.candidate.prior_names_it,
        },
        **explanation_json(pair.graph, found),
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)


def _provenance(pair: Pair, found: Explanation, filters: str) -> list[tuple[str, str]]:
    drug = f"{pair.names[0]} ({pair.candidate.id})"
    shown = sum(len(group.paths) for group in found.groups)
    said = f"{shown} of {found.n_paths} paths; {filters}"
    return [
        *(row for row in table.provenance(pair.view, said) if row[0] not in ("notice", "score")),
        ("drug", drug),
        ("score", "of a path, comparable within this pair only; not a probability"),
    ]
