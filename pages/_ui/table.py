"""The table of candidates: its columns, the selected row, and its export."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from llador_core.escape import csv_cell, plain
from llador_core.graph import Graph
from llador_core.ranking import Candidate
from pages._ui import cached, state
from pages._ui.cached import View
from pages._ui.show import (
    CAUTION_HELP,
    FLAG_HELP,
    STATUS_MARKS,
    caution_words,
    flag_words,
    shift_words,
)

NOTICE = "For research only. Model output, reviewed by nobody. No medical advice."
ORDER_WORDS = {
    "combined": "predicted treatment weighed against predicted caution",
    "raw": "score of the model alone",
}
HEIGHT = 560


@dataclass(frozen=True)
class Extra:
    """A column that another part of the page adds to the table and to the export.

    Attributes
    ----------
    title : str
    shown, exported : function from a candidate to its cell
    config : object
        Of `st.column_config`.
    export_title : str
    before : str
        Title of the column it stands in front of.
    """

    title: str
    shown: Callable[[Candidate], Any]
    config: Any
    export_title: str
    exported: Callable[[Candidate], str]
    before: str


def pick_candidate(
    view: View, listed: Sequence[Candidate], extras: Sequence[Extra] = ()
) -> Candidate | None:
    """Show the candidates and return the drug in the address, None where none is.

    A click on a row puts its drug into the address; a drug that the filters hide stays chosen.
    """
    chosen = state.current_drug(view.graph)
    if chosen != st.session_state.get("table_drug", chosen):  # the choice was made elsewhere
        st.session_state["table_turn"] = st.session_state.get("table_turn", 0) + 1
    place = next((i for i, c in enumerate(listed) if c.entity == chosen), None)
    event = st.dataframe(
        _rows(view, listed, extras),
        hide_index=True,
        height=HEIGHT,
        alt=f"Drugs ranked for {plain(view.disease_name)}",
        column_config=_columns(view) | {extra.title: extra.config for extra in extras},
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if place is None else [place]}},
        # A selection is kept as a place in the table: another list must not inherit it, and it must
        # not outlive a choice made elsewhere.
        key=f"table-{hash((view.run.name, tuple(c.entity for c in listed)))}"
        f"-{st.session_state.get('table_turn', 0)}",
    )
    selected = [listed[i] for i in event.selection.rows if i < len(listed)]
    if selected and selected[0].entity != chosen:
        chosen = selected[0].entity
        state.choose(drug=selected[0].id)
    elif not selected and place is not None:
        chosen = None
        state.choose(drug=None)
    st.session_state["table_drug"] = chosen
    return next((c for c in view.candidates if c.entity == chosen), None)


def _rows(view: View, listed: Sequence[Candidate], extras: Sequence[Extra]) -> dict[str, list[Any]]:
    classes = cached.classes(view.graph.name)
    columns: dict[str, list[Any]] = {
        "Rank": [c.rank for c in listed],
        "Drug": [plain(c.name) for c in listed],
        "Status": [STATUS_MARKS[c.status] for c in listed],
        "Caution": [caution_words(c.caution) for c in listed],
        "Without prior": [c.base_rank for c in listed],
        "Shift": [shift_words(c.shift) for c in listed],
        "Flags": [flag_words(view, c) for c in listed],
        "Percentile": [c.percentile for c in listed],
        "Edges": [c.degree for c in listed],
        "Class": [plain(", ".join(classes.get(c.entity, ()))) for c in listed],
        "Id": [plain(c.id) for c in listed],
    }
    if view.base is None:
        del columns["Without prior"], columns["Shift"]
    if not view.is_guarded:
        del columns["Caution"]
    rows: dict[str, list[Any]] = {}
    for title, values in columns.items():
        for extra in extras:
            if extra.before == title:
                rows[extra.title] = [extra.shown(c) for c in listed]
        rows[title] = values
    return rows


def _columns(view: View) -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "Rank": number(width=56, help=f"Among {len(view.candidates):,} drugs; 1 is best."),
        "Drug": text(width=150),
        "Status": text(
            width=86,
            help="New: no treatment edge, a proposal. Hidden: a known use kept from training. "
            "Known: a known use that training saw.",
        ),
        "Caution": text(width=82, help=CAUTION_HELP),
        "Without prior": number(
            width=98, help="Rank by the same model trained without the LLM's texts."
        ),
        "Shift": text(width=72, help="Places the prior moved it: ▲ up, ▼ down."),
        "Flags": text(
            width=120,
            help=FLAG_HELP,
        ),
        "Percentile": number(
            width=84, format="%.1f", help="100 is the first of the list, 0 the last."
        ),
        "Edges": number(width=66, help="Facts about the drug in the graph."),
        "Class": text(width=220),
        "Id": text(width=170),
    }


def to_csv(
    view: View, listed: Sequence[Candidate], filters: str, extras: Sequence[Extra] = ()
) -> str:
    """Return the listed candidates as CSV, with provenance in comment lines before the header."""
    classes = cached.classes(view.graph.name)
    out = io.StringIO()
    for name, value in provenance(view, f"{len(listed)} of {len(view.candidates)}; {filters}"):
        out.write(f"# {name}: {plain(value)}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            *("rank", "id", "name", "status", "percentile", "score", "degree"),
            *("rank_without_prior", "shift", "prior_names_it", "contraindicated", "classes"),
            *("rank_by_score_alone", "predicted_caution", "caution_score"),
            *(extra.export_title for extra in extras),
        ]
    )
    for c in listed:
        writer.writerow(
            [
                f"{c.rank:g}",
                csv_cell(c.id),
                csv_cell(c.name),
                c.status,
                f"{c.percentile:.2f}",
                f"{c.score:.6g}",
                c.degree,
                "" if c.base_rank is None else f"{c.base_rank:g}",
                "" if c.shift is None else f"{c.shift:g}",
                str(c.prior_names_it).lower(),
                str(c.is_contraindicated).lower(),
                csv_cell("; ".join(classes.get(c.entity, ()))),
                f"{c.raw_rank:g}",
                c.caution or "",
                "" if c.caution_score is None else f"{c.caution_score:.4f}",
                *(csv_cell(extra.exported(c)) for extra in extras),
            ]
        )
    return out.getvalue()


def provenance(view: View, rows: str) -> list[tuple[str, str]]:
    """Return where an export comes from, as names and values: notice, graph, run, prior, dates.

    Parameters
    ----------
    view : View
    rows : str
        What was exported, in words.
    """
    graph, run = view.graph, view.run
    source = view.texts.provenance if view.texts else None
    written = f"{source.model}, {source.date}, {source.review}" if source else "no texts"
    return [
        ("notice", NOTICE),
        ("disease", f"{view.disease_name} ({graph.entity_ids[view.disease]})"),
        ("graph", f"{graph.title or graph.name}, {graph.licence}"),
        ("graph checksum", graph.checksum),
        ("run", run.name),
        ("model", f"{run.model}, recipe {run.recipe}, dim {run.dim}, seed {run.seed}"),
        ("prior", f"{run.prior}; texts by {written}"),
        ("compared with", view.base.name if view.base else "no run without a prior"),
        ("trained", run.created),
        ("exported", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("rows", rows),
        ("order", ORDER_WORDS[view.order]),
        (
            "score",
            "what the list is ordered by, comparable within this list only; not a probability",
        ),
    ]


def file_name(graph: Graph, disease: int) -> str:
    """Return a name for the export, of letters, digits and dashes alone."""
    name = "".join(c if c.isalnum() and c.isascii() else "-" for c in graph.entity_names[disease])
    return f"llador-{'-'.join(name.lower().split('-'))}-candidates.csv"
