"""Both directions of a pair: the drugs for its disease, and the diseases for its drug, ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.figures.style import count
from llador_core.ranking import Candidate
from pages._ui import cached, exports, show, state
from pages._ui.cached import View
from pages._ui.pair_view import Pair

N_LISTED = 200
HEIGHT = 430
DISEASES, DRUGS = (
    "Other diseases for the drug",
    "Other drugs for the disease",
)  # the words stand in the address


@st.fragment
def show_directions(pair: Pair) -> None:
    """Offer the neighbouring pairs: the same drug in other diseases, other drugs in the same."""
    st.header("The pairs around it", anchor=False)
    direction = st.segmented_control(
        "Direction",
        (DISEASES, DRUGS),
        default=DISEASES,
        required=True,
        key="direction",
        bind="query-params",
        label_visibility="collapsed",
    )
    if direction == DRUGS:
        words = f"Drugs ranked for {plain(pair.names[1])}"
        chosen = _pick(pair.view.candidates, pair.drug, pair.view, words, "Drug")
        if chosen:
            _open(drug=chosen.id, disease=pair.graph.entity_ids[pair.disease])
    else:
        chosen = _pick_disease(pair, pair.disease)
        if chosen:
            _open(drug=pair.candidate.id, disease=chosen.id)


def show_title(pair: Pair) -> None:
    """Show the drug as the title of its list of diseases."""
    st.title(f"{markdown(pair.names[0])}: for which disease?", anchor=False)
    st.caption(markdown(pair.graph.title or pair.graph.name))


def show_diseases(pair: Pair) -> None:
    """Show every disease ranked for a drug; a click on a row opens the pair."""
    known = len(pair.graph.neighbours_with_role(pair.drug, "treats"))
    st.markdown(
        f"All {len(pair.graph.diseases):,} diseases as this run ranks them for "
        f"{markdown(pair.names[0])}; the graph knows {count(known, 'disease')} that it treats. "
        "**Tick the box at the left of a row** to see what speaks for that pair and what against."
    )
    if chosen := _pick_disease(pair, None, height=620):
        _open(drug=pair.candidate.id, disease=chosen.id)


def _pick_disease(pair: Pair, current: int | None, height: int = HEIGHT) -> Candidate | None:
    """Show the diseases of a drug; return one that was newly chosen."""
    view = pair.view
    rows = cached.ranked_diseases(view.graph.name, pair.drug, view.run, view.base, view.order)
    words = f"Diseases ranked for {plain(pair.names[0])}"
    return _pick(rows, current, view, words, "Disease", height)


def _open(drug: str, disease: str) -> None:
    state.choose(drug=drug, disease=disease)
    st.rerun()


def _pick(
    rows: Sequence[Candidate],
    current: int | None,
    view: View,
    alt: str,
    title: str,
    height: int = HEIGHT,
) -> Candidate | None:
    listed = list(rows[:N_LISTED])
    columns = _columns(listed, title, view.base is not None)
    place = next((i for i, c in enumerate(listed) if c.entity == current), None)
    event = st.dataframe(
        columns,
        hide_index=True,
        height=height,
        alt=alt,
        column_config={
            "Rank": st.column_config.NumberColumn(width=56),
            title: st.column_config.TextColumn(width=240),
            "Flags": st.column_config.TextColumn(width=140, help=show.FLAG_HELP),
            "Percentile": st.column_config.NumberColumn(format="%.1f"),
            "Edges": st.column_config.NumberColumn(help="Facts about it in the graph."),
        },
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if place is None else [place]}},
        key=f"around-{hash((view.run.name, title, current, tuple(c.entity for c in listed)))}",
    )
    shown = f"the first {len(listed):,} of {len(rows):,}" if len(rows) > len(listed) else "all"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        ids = [{"Id": c.id} for c in listed]
        cells = zip(*columns.values(), strict=True)
        table = [
            dict(zip(columns, row, strict=True)) | i for row, i in zip(cells, ids, strict=True)
        ]
        exports.offer(table, f"{title}s-ranked", f"{alt}: {shown}")
        if len(rows) > len(listed):
            st.caption(f"{shown[:1].upper()}{shown[1:]}.")
    picked = [listed[i] for i in event.selection.rows if i < len(listed)]
    return picked[0] if picked and picked[0].entity != current else None


def _columns(listed: Sequence[Candidate], title: str, has_base: bool) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "Rank": [c.rank for c in listed],
        title: [plain(c.name) for c in listed],
        "Status": [show.STATUS_MARKS[c.status] for c in listed],
        "Without prior": [c.base_rank for c in listed],
        "Shift": [show.shift_words(c.shift) for c in listed],
        "Flags": [_flags(c) for c in listed],
        "Percentile": [c.percentile for c in listed],
        "Edges": [c.degree for c in listed],
    }
    if not has_base:
        del columns["Without prior"], columns["Shift"]
    return columns


def _flags(candidate: Candidate) -> str:
    marks = (("✕ avoid", candidate.is_contraindicated), ("✱ named", candidate.prior_names_it))
    return ", ".join(word for word, is_set in marks if is_set)
