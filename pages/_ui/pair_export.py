"""What a pair's page holds, as files: paths and objections with notice and provenance."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from llador_core.escape import csv_cell, plain
from llador_core.explain import Explanation
from llador_core.explain.rows import Row, explanation_json, objection_rows, path_rows
from pages._ui import table
from pages._ui.pair_view import Pair


def offer(pair: Pair, found: Explanation, filters: str) -> None:
    """Offer the paths and objections as CSV and as JSON."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button(
            "Paths and objections as CSV",
            data=lambda: to_csv(pair, found, filters),
            file_name=f"{file_stem(pair)}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            help="With graph, checksum, run, prior and notice in its first lines.",
        )
        st.download_button(
            "The same as JSON",
            data=lambda: to_json(pair, found, filters),
            file_name=f"{file_stem(pair)}.json",
            mime="application/json",
            icon=":material/data_object:",
            on_click="ignore",
        )


def to_csv(pair: Pair, found: Explanation, filters: str) -> str:
    """Return what speaks for the pair and against it as one table, provenance before its header."""
    out = io.StringIO()
    for name, value in _provenance(pair, found, filters):
        out.write(f"# {name}: {plain(value)}\n")
    writer = csv.writer(out, lineterminator="\n")
    titles = ("side", "kind", "says", "score", "share", "plausibility", "entities", "sources")
    writer.writerow(titles)
    for row in [*_for(path_rows(pair.graph, found)), *_against(objection_rows(pair.graph, found))]:
        writer.writerow([_cell(row[title]) for title in titles])
    return out.getvalue()


def to_json(pair: Pair, found: Explanation, filters: str) -> str:
    """Return the explanation as one JSON document with its provenance."""
    document = {
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
    return json.dumps(document, ensure_ascii=False, indent=2)


def _for(rows: Sequence[Row]) -> list[Row]:
    return [{**row, "side": "for", "says": row["path"]} for row in rows]


def _against(rows: Sequence[Row]) -> list[Row]:
    blank = {"score": None, "share": None, "plausibility": None}
    return [{**blank, **row, "side": "against", "says": row["sentence"]} for row in rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return csv_cell(value) if isinstance(value, str) else f"{value:.6g}"


def _provenance(pair: Pair, found: Explanation, filters: str) -> list[tuple[str, str]]:
    drug = f"{pair.names[0]} ({pair.candidate.id})"
    shown = sum(len(group.paths) for group in found.groups)
    said = f"{shown} of {found.n_paths} paths; {filters}"
    return [
        *(row for row in table.provenance(pair.view, said) if row[0] != "score"),
        ("drug", drug),
        ("strength", "of a path, comparable within this pair only; not a probability"),
    ]


def file_stem(pair: Pair) -> str:
    """Return a name for the files, of letters, digits and dashes alone."""
    words = "-".join(pair.names).lower()
    kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in words)
    return f"llador-{'-'.join(part for part in kept.split('-') if part)[:80]}-pair"
