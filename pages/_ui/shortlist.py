"""The shortlist on the pages: star, judge and note a drug; look at the list, undo, hand it on.

Notes are the reader's own text: escaped like any other. What cannot be read or saved is said in a
sentence, and the page goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from llador_core.errors import LladorError
from llador_core.ranking import Candidate
from llador_core.shortlist import store
from llador_core.shortlist.store import Entry, Place, Step, Verdict
from pages._ui.cached import View
from pages._ui.table import Extra

VERDICT_WORDS: dict[Verdict, str] = {
    "pursue": "Pursue",
    "need_data": "Need data",
    "drop": "Drop",
}
PROBLEM, TOLD = "shortlist_problem", "shortlist_told"  # what the last change left to be said


@dataclass(frozen=True)
class Shortlist:
    """What is starred for the disease and the run looked at.

    Attributes
    ----------
    place : Place
    entries : mapping of int to Entry
        By the number of the drug, in the order of starring.
    n_elsewhere : int
        Entries of this disease under other runs.
    last : Step or None
        What undoing would take back.
    problem : str
        Why nothing could be read; "" where it could.
    """

    place: Place
    entries: Mapping[int, Entry]
    n_elsewhere: int = 0
    last: Step | None = None
    problem: str = ""


def read(view: View) -> Shortlist:
    """Return the shortlist of what is looked at, as it stands on disk now."""
    graph = view.graph
    place = Place(graph.name, view.run.name, graph.entity_ids[view.disease])
    try:
        found = store.entries(graph.name, disease=place.disease)
        last = store.last_step(place)
    except LladorError as error:
        return Shortlist(place, {}, problem=str(error))
    own = {
        graph.mapped(entry.drug): entry
        for entry in found
        if entry.place == place and graph.has(entry.drug)
    }
    n_elsewhere = sum(entry.place != place for entry in found)
    return Shortlist(place, own, n_elsewhere, last)


def pick_starred() -> bool:
    """Offer to list only what is on the shortlist; return whether to."""
    return st.toggle(
        "Shortlist only",
        key="starred",
        bind="query-params",
        help="Only the drugs that you put on the shortlist of this disease and this run.",
    )


def columns(shortlist: Shortlist) -> list[Extra]:
    """Return the column that the shortlist adds once something is on it."""
    if not shortlist.entries:
        return []

    def mark(candidate: Candidate) -> str:
        entry = shortlist.entries.get(candidate.entity)
        if entry is None:
            return ""
        return f"★ {VERDICT_WORDS[entry.verdict].lower()}" if entry.verdict else "★"

    def exported(candidate: Candidate) -> str | None:
        entry = shortlist.entries.get(candidate.entity)
        return None if entry is None else entry.verdict or "starred"

    help_text = "★ on your shortlist, with your verdict."
    config = st.column_config.TextColumn(width=92, help=help_text)
    return [Extra("Shortlist", mark, config, "shortlist", exported, "Status")]


def words(is_starred_only: bool) -> list[str]:
    """Return what the export says of the filter."""
    return ["on the shortlist"] * is_starred_only


def card_parts(shortlist: Shortlist) -> list[Callable[[View, Candidate], None]]:
    """Return what the shortlist adds to a drug's card: the star, the verdict and the note."""
    if shortlist.problem:
        return []

    def show_mark(_: View, candidate: Candidate) -> None:
        entry = shortlist.entries.get(candidate.entity)
        if entry is None:
            st.button(
                "Add to shortlist",
                key="shortlist-add",
                icon=":material/star_border:",
                on_click=attempt,
                args=(store.star, shortlist.place, candidate.id, candidate.rank),
            )
        else:
            _show_judgement(entry)

    return [show_mark]


def _show_judgement(entry: Entry) -> None:
    of_entry = "-".join(entry.key)
    verdict_key, note_key = f"verdict-{of_entry}", f"note-{of_entry}"
    st.session_state[verdict_key] = entry.verdict
    if PROBLEM not in st.session_state or note_key not in st.session_state:
        st.session_state[note_key] = entry.note  # what could not be saved stays in the box
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Your verdict",
            list(VERDICT_WORDS),
            format_func=lambda verdict: VERDICT_WORDS[verdict],
            key=verdict_key,
            label_visibility="collapsed",
            on_change=lambda: attempt(
                store.mark, entry.place, entry.drug, verdict=st.session_state[verdict_key]
            ),
        )
        st.button(
            "Remove",
            key="shortlist-remove",
            icon=":material/star:",
            type="tertiary",
            help="Takes it off your shortlist. Undo, in the shortlist, brings it back.",
            on_click=attempt,
            args=(store.remove, entry.place, entry.drug),
        )
    st.text_area(
        "Your note",
        key=note_key,
        height=72,
        max_chars=store.MAX_NOTE,
        label_visibility="collapsed",
        placeholder="Your note: why, what is missing, whom to ask",
        on_change=lambda: attempt(
            store.annotate, entry.place, entry.drug, st.session_state[note_key]
        ),
    )


def attempt(change: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Make a change; keep the sentence of one that fails for the page to say."""
    st.session_state.pop(PROBLEM, None)
    try:
        change(*args, **kwargs)
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)
