"""The whole set of texts: coverage, lengths, duplicates, and a table with the state of review."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.figures.style import count, listed
from llador_core.figures.texts import lengths_alt, lengths_figure, lengths_rows
from llador_core.priors.texts import TEXT_FIELDS
from pages._ui import exports, priors_data, show, state
from pages._ui.priors_data import STATES, Shelf

MOST_ROWS = 500
N_NAMED = 12
N_GROUPS = 20


def show_overview(shelf: Shelf) -> None:
    """Say how much of the graph has a text, and show lengths, gaps and duplicates."""
    whole = priors_data.overview(shelf)
    n = shelf.graph.n_entities
    n_written = n - len(whole.bare)
    told = [f"{n_written:,} of {n:,} entities have a text ({n_written / max(n, 1):.0%})"]
    if shelf.is_written:
        told.append(f"{count(len(shelf.reviews), 'text')} reviewed")
    told.append(count(len(whole.duplicates), "duplicate"))
    box = st.expander(
        f"The whole set: {', '.join(told)}",
        icon=":material/inventory_2:",
        key="overview",
        bind="query-params",
    )
    if not box.open:
        return
    with box:
        left, right = st.columns([7, 5], gap="large")
        with left:
            st.markdown("**Length of the texts, in words**")
            by_type = {f: priors_data.words_by_type(shelf, f) for f in TEXT_FIELDS}
            by_type = {field: found for field, found in by_type.items() if found}
            rows = lengths_rows(by_type, show.FIELD_TITLES)
            figure = lengths_figure(rows)
            show.show_figure(figure, lengths_alt(rows), rows, "lengths")
        with right:
            _show_gaps(shelf, whole)
            _show_duplicates(shelf, whole)


def _show_gaps(shelf: Shelf, whole: priors_data.Overview) -> None:
    st.markdown("**Without any text**")
    if not whole.bare:
        st.caption("None: every entity has one.")
        return
    names = [plain(shelf.graph.entity_names[i]) for i in whole.bare]
    lines = [
        f"- {markdown(name)}: {n - n_written:,} of {n:,}"
        for name, n, n_written, _ in whole.by_type
        if n_written < n
    ]
    st.markdown("\n".join(lines))
    st.caption(markdown(listed(names, N_NAMED)))
    rows = [
        {"id": shelf.graph.entity_ids[i], "name": name, "type": shelf.graph.type_of(i)}
        for i, name in zip(whole.bare, names, strict=True)
    ]
    exports.offer(rows, "without-text", "Entities without any text")


def _show_duplicates(shelf: Shelf, whole: priors_data.Overview) -> None:
    st.markdown("**The same text word for word**")
    if not whole.duplicates:
        st.caption("None: no two entities share a text.")
        return
    names = shelf.graph.entity_names
    lines = [
        f"- {show.FIELD_TITLES[field]}: {markdown(listed([plain(names[i]) for i in group], 5))}"
        for field, group in whole.duplicates[:N_GROUPS]
    ]
    rest = len(whole.duplicates) - N_GROUPS
    st.markdown("\n".join([*lines, *([f"- and {rest:,} more groups"] if rest > 0 else [])]))


def show_table(shelf: Shelf) -> None:
    """Offer every text with its state of review, filtered and searched; a tick opens one."""
    box = st.expander(
        "All texts", icon=":material/table_rows:", key="all_texts", bind="query-params"
    )
    if not box.open:
        return
    with box:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            query = st.text_input(
                "Words in the text or the name", key="words", bind="query-params", width=280
            )
            types = [plain(name) for name in shelf.graph.type_names]
            type_name = st.selectbox(
                "Type",
                types,
                index=None,
                key="types_of_text",
                bind="query-params",
                placeholder="Any type",
                width=220,
            )
            states = st.pills(
                "State",
                list(STATES.values()),
                selection_mode="multi",
                default=[label for key, label in STATES.items() if key != "none"],
                key="review",
                bind="query-params",
            )
        found = rows(shelf, query or "", type_name, set(states or ()))
        if not found:
            st.info("No text passes these filters.", icon=":material/filter_alt:")
            return
        event = st.dataframe(
            [_shown(row) for row in found[:MOST_ROWS]],
            hide_index=True,
            alt="Texts with their state of review",
            on_select="rerun",
            selection_mode="single-row",
            column_config={"Text": st.column_config.TextColumn(width=560)},
            key=f"texts-{hash((shelf.name, query, type_name, tuple(states or ())))}",
        )
        picked = [found[i]["id"] for i in event.selection.rows if i < len(found)]
        if picked and picked[0] != state.asked("entity"):
            state.choose(entity=picked[0])
            st.rerun()
        cut = f", the first {MOST_ROWS:,} shown" if len(found) > MOST_ROWS else ""
        st.caption(f"{count(len(found), 'text')}{cut}. Tick a row to read it above.")
        exports.offer(found, "texts", f"Texts of the set {priors_data.set_words(shelf.name)}")


def rows(shelf: Shelf, query: str, type_name: str | None, states: set[str]) -> list[dict[str, Any]]:
    """Return a row for each text that passes the filters, with its original and its state."""
    graph, wanted = shelf.graph, query.strip().casefold()
    found: list[dict[str, Any]] = []
    for entity in range(graph.n_entities):
        if type_name is not None and plain(graph.type_of(entity)) != type_name:
            continue
        for field in TEXT_FIELDS:
            label = STATES[shelf.state_of(entity, field)]
            text = shelf.texts.of(field)[entity]
            if label not in states:
                continue
            if wanted and wanted not in f"{graph.entity_names[entity]} {text}".casefold():
                continue
            found.append(_row(shelf, entity, field, label))
    return found


def _row(shelf: Shelf, entity: int, field: Any, label: str) -> dict[str, Any]:
    graph, source = shelf.graph, shelf.texts.provenance
    version = shelf.reviews.get((graph.entity_ids[entity], field))
    return {
        "id": graph.entity_ids[entity],
        "name": graph.entity_names[entity],
        "type": graph.type_of(entity),
        "field": field,
        "state": label if shelf.is_written else "Source",
        "text": shelf.current(entity, field),
        "original": shelf.texts.of(field)[entity],
        "note": version.note if version else "",
        "reviewer": version.reviewer if version else "",
        "reviewed": version.date if version else "",
        "model": source.model,
        "date": source.date,
    }


def _shown(row: dict[str, Any]) -> dict[str, str]:
    return {
        "Name": plain(row["name"]),
        "Type": plain(row["type"]),
        "Field": show.FIELD_TITLES[row["field"]],
        "State": row["state"],
        "Text": plain(row["text"])[:400],
        "Note": plain(row["note"]),
    }
