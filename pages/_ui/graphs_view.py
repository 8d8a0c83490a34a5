"""Which part of the page of graphs is open, and the progress of what runs in the background."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from llador_core import jobs
from llador_core.errors import LladorError
from llador_core.escape import markdown
from pages._ui import state

LIBRARY, CONTENTS, IMPORT = "Library", "Contents", "Import"
VIEWS = {
    LIBRARY: ":material/database: What is here",
    CONTENTS: ":material/bar_chart: What is in a graph",
    IMPORT: ":material/upload: Import your own",
}
PROBLEM = "graphs_problem"  # why something did not start, for the next run of the page
DONE = "graphs_done"  # what was done


def pick_view() -> str:
    """Offer the parts of the page; the choice is in the address."""
    asked = str(st.query_params.get("view", LIBRARY))
    st.session_state["graphs_view"] = asked if asked in VIEWS else LIBRARY
    picked = st.segmented_control(
        "Part of the page",
        list(VIEWS),
        format_func=lambda name: VIEWS[name],
        key="graphs_view",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: open_view(st.session_state["graphs_view"]),
    )
    show_told()
    return str(picked)


def open_view(view: str, graph: str = "") -> None:
    """Put a part of the page, and a graph, into the address."""
    if graph:
        state.choose_graph(graph)
    state.choose(view=None if view == LIBRARY else view)


def show_told() -> None:
    """Show what the last click did, or why it did nothing."""
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(markdown(problem), icon=":material/error:")
    if done := st.session_state.pop(DONE, ""):
        st.success(markdown(done), icon=":material/check:")


def attempt(action: Callable[[], str]) -> None:
    """Do something in a callback; tell what it says, or the sentence of its error."""
    try:
        st.session_state[DONE] = action()
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


def start(job: str, arguments: Sequence[str]) -> None:
    """Start a job in a callback; why it did not start is told on the next run."""
    try:
        jobs.start(job, arguments)
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)


@st.fragment(run_every=1.0)
def follow(job: str, key: str) -> None:
    """Show the progress of a job until it has ended; then the whole page runs again."""
    found = jobs.follow(job)
    if found.state != "running":
        st.rerun()
    left = found.seconds * (1 - found.share) / found.share if found.share > 0.02 else 0.0
    words = f" · about {duration(left)} left" if left >= 1 else ""
    st.progress(min(found.share, 1.0), text=f"{markdown(found.words)}{words}")
    st.button(
        "Cancel", key=f"cancel-{key}", icon=":material/stop:", on_click=jobs.cancel, args=(job,)
    )


def duration(seconds: float) -> str:
    """Return a time in words: '40 s', '3 min', '2.5 h'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3600:.1f} h"
