"""The table of candidates: its columns, the selected row, and its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from llador_core import tables_out
from llador_core.escape import plain
from llador_core.figures.style import count
from llador_core.graph import Graph
from llador_core.ranking import Candidate
from llador_core.training.runs import Weighing
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

ORDER_WORDS: dict[Weighing, str] = {
    "caution": "predicted treatment weighed against predicted caution",
    "similar pairs": "score of the model weighed with what similar pairs lead one to expect",
    "nothing": "score of the model alone",
}
PRIOR_NOT_KNOWN = "not known, trained elsewhere"
HEIGHT = 560
N_FITTING = 14  # rows that need no scrolling


@dataclass(frozen=True)
class Extra:
    """A column that another part of the page adds to the table and to the export.

    Attributes
    ----------
    title : str
    shown, exported : function from a candidate to its cell on the page, in a file
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
    exported: Callable[[Candidate], Any]
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
        height=HEIGHT if len(listed) > N_FITTING else "content",
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


def export_rows(
    view: View, listed: Sequence[Candidate], extras: Sequence[Extra] = ()
) -> list[dict[str, Any]]:
    """Return the listed candidates as the export has them."""
    classes = cached.classes(view.graph.name)
    return [
        {
            "rank": c.rank,
            "id": c.id,
            "name": c.name,
            "status": c.status,
            "percentile": round(c.percentile, 2),
            "score": float(f"{c.score:.6g}"),
            "degree": c.degree,
            "rank_without_prior": c.base_rank,
            "shift": c.shift,
            "prior_names_it": c.prior_names_it,
            "contraindicated": c.is_contraindicated,
            "classes": classes.get(c.entity, ()),
            "rank_by_score_alone": c.raw_rank,
            "predicted_caution": c.caution,
            "caution_score": None if c.caution_score is None else round(c.caution_score, 4),
        }
        | {extra.export_title: extra.exported(c) for extra in extras}
        for c in listed
    ]


def to_csv(
    view: View, listed: Sequence[Candidate], filters: str, extras: Sequence[Extra] = ()
) -> str:
    """Return the listed candidates as CSV, with provenance in comment lines before the header."""
    whence = provenance(view, f"{len(listed)} of {len(view.candidates)}; {filters}")
    return tables_out.to_csv(export_rows(view, listed, extras), whence)


def to_json(
    view: View, listed: Sequence[Candidate], filters: str, extras: Sequence[Extra] = ()
) -> str:
    """Return the listed candidates as one JSON document with notice and provenance."""
    whence = provenance(view, f"{len(listed)} of {len(view.candidates)}; {filters}")
    return tables_out.to_json(export_rows(view, listed, extras), whence)


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
        ("disease", f"{view.disease_name} ({graph.entity_ids[view.disease]})"),
        ("graph", f"{graph.title or graph.name}, {graph.licence}"),
        ("graph checksum", graph.checksum),
        ("run", run.name),
        ("model", f"{run.model}, recipe {run.recipe}, dim {run.dim}, seed {run.seed}"),
        ("prior", PRIOR_NOT_KNOWN if run.is_imported else f"{run.prior}; texts by {written}"),
        ("compared with", view.base.name if view.base else "no run without a prior"),
        ("trained", run.created),
        ("exported", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("rows", rows),
        ("order", ORDER_WORDS[view.weighing if view.order == "combined" else "nothing"]),
        (
            "score",
            "what the list is ordered by, comparable within this list only; not a probability",
        ),
    ]


def file_name(graph: Graph, disease: int, ending: str = "csv") -> str:
    """Return a name for the export, of letters, digits and dashes alone."""
    return tables_out.file_name(graph.entity_names[disease], "candidates", ending=ending)


def show_exports(
    view: View, listed: Sequence[Candidate], filters: str, extras: Sequence[Extra]
) -> None:
    """Offer the listed candidates as CSV and as JSON."""
    files = (
        (f"Export {len(listed):,} rows", "csv", "text/csv", ":material/download:", to_csv),
        ("JSON", "json", "application/json", ":material/data_object:", to_json),
    )
    for label, ending, mime, icon, make in files:
        st.download_button(
            label,
            data=lambda make=make: make(view, listed, filters, extras),
            file_name=file_name(view.graph, view.disease, ending),
            mime=mime,
            icon=icon,
            on_click="ignore",
            disabled=not listed,
            help=f"{ending.upper()} with graph, checksum, run, prior and notice.",
            key=f"export-{ending}",
        )
    st.caption(f"{len(listed):,} of {count(len(view.candidates), 'drug')} listed.")
