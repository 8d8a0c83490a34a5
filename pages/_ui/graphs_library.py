"""The graphs that are here and those that can be fetched, a card each."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from llador_core import data, jobs, paths
from llador_core.data import GraphInfo, removal
from llador_core.data.download import megabytes
from llador_core.data.fetch import size_words
from llador_core.data.specs import GRAPHS
from llador_core.escape import markdown
from llador_core.figures.style import count
from llador_core.training import runs
from pages._ui import frame, graphs_view
from pages._ui.graphs_view import attempt

N_RUNS_NAMED = 3


def show_library() -> None:
    """Show every graph with what can be done with it."""
    infos = data.list_graphs()
    n_here = sum(info.is_here for info in infos)
    st.caption(
        f"{count(n_here, 'graph')} here. A graph that is here can be chosen at the top of every "
        "page; what is fetched or imported stays on this machine."
    )
    for first in range(0, len(infos), 2):  # in rows, so that a phone keeps the order
        for place, info in zip(st.columns(2, gap="medium"), infos[first : first + 2], strict=False):
            with place, st.container(border=True, height="stretch"):
                _show_card(info)


def _show_card(info: GraphInfo) -> None:
    spec = GRAPHS.get(info.name)
    marks = ":green-badge[:material/check: here]" if info.is_here else ":gray-badge[not here]"
    marks += " :blue-badge[yours]" if info.is_own else ""
    marks += " :gray-badge[built in]" if spec and spec.is_built_in else ""
    st.subheader(markdown(info.title), anchor=False)
    st.markdown(marks)
    st.markdown(_counts(info))
    st.caption(f"**Licence** {markdown(info.licence)}")
    if spec and spec.citation:
        st.caption(f"**Cite** {markdown(spec.citation)}")
    job = f"fetch-{info.name}"
    found = jobs.follow(job)
    if found.state == "running":
        graphs_view.follow(job, info.name)
        return
    if found.state == "stopped" and not info.is_here:
        kept = " What came so far is kept." if removal.is_begun(info.name) else ""
        st.warning(f"{markdown(found.problem)}{kept}", icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if info.is_here:
            _show_ways(info)
        else:
            _show_fetch(info, job)
        _show_removal(info)


def _counts(info: GraphInfo) -> str:
    """Return how large a graph is, and where it lies."""
    if info.n_entities is None:
        told = "A graph of your own"
    else:
        told = f"{info.n_entities:,} entities, {info.n_triples or 0:,} triples"
        told += "" if info.is_own or info.name == "starter" else " as published"
    if info.is_here and not info.is_own and not Path(info.where).is_relative_to(paths.assets()):
        is_ours = Path(info.where).is_relative_to(paths.home())
        told += " · fetched" if is_ours else " · from the raw folder"
    return told


def _show_ways(info: GraphInfo) -> None:
    st.button(
        "Look inside",
        key=f"inside-{info.name}",
        icon=":material/bar_chart:",
        on_click=graphs_view.open_view,
        args=(graphs_view.CONTENTS, info.name),
    )
    frame.show_link(
        frame.NEIGHBOURHOOD,
        "Explore",
        ":material/hub:",
        graph=None if info.name == "starter" else info.name,
        run=None,
        disease=None,
        drug=None,
    )
    frame.show_link(
        "pages/train.py",
        "Train",
        ":material/model_training:",
        graph=None if info.name == "starter" else info.name,
        run=None,
        disease=None,
        drug=None,
    )


def _show_fetch(info: GraphInfo, job: str) -> None:
    spec = GRAPHS[info.name]
    has_part = removal.is_begun(info.name)
    st.button(
        f"{'Go on fetching' if has_part else 'Fetch'} ({size_words(spec)})",
        key=f"fetch-{info.name}",
        icon=":material/download:",
        type="primary",
        on_click=graphs_view.start,
        args=(job, ["fetch", info.name]),
        help=f"Downloads {' and '.join(file.name for file in spec.downloads)} from their "
        "publisher, verifies and reads them, in the background; an interrupted download goes on "
        "where it was. Files that you put into LLADOR_RAW are found without it.",
    )
    st.link_button("Home page", spec.homepage, icon=":material/open_in_new:", type="tertiary")


def _show_removal(info: GraphInfo) -> None:
    """Offer to free what a graph takes, behind one more click."""
    taken = removal.on_disk(info.name)
    total = taken.raw_bytes + taken.cached_bytes + taken.own_bytes
    if not total:
        return
    with st.popover(megabytes(total), icon=":material/delete:", help="Space it takes; free it"):
        if taken.cached_bytes:
            st.markdown(
                f"**{megabytes(taken.cached_bytes)}** are a copy for fast loading. It is made "
                "again when the graph is next read."
            )
            _button("Remove the copy", "copy", info.name)
        if taken.raw_bytes:
            st.markdown(f"**{megabytes(taken.raw_bytes)}** are fetched files.")
            _button("Remove fetched files and copy", "files", info.name)
        if info.is_own:
            _show_deletion(info)


def _show_deletion(info: GraphInfo) -> None:
    used_by = [run.name for run in runs.list_runs(info.name)]
    if used_by:
        named = ", ".join(markdown(name) for name in used_by[:N_RUNS_NAMED])
        more = len(used_by) - N_RUNS_NAMED
        st.warning(
            f"{count(len(used_by), 'run')} cannot be opened without it: {named}"
            + (f" and {more:,} more." if more > 0 else "."),
            icon=":material/warning:",
        )
    is_sure = st.checkbox(f"Delete {markdown(info.title)} for good", key=f"sure-{info.name}")
    _button("Delete the graph", "own", info.name, disabled=not is_sure)


def _button(label: str, what: str, name: str, disabled: bool = False) -> None:
    st.button(
        label,
        key=f"remove-{what}-{name}",
        icon=":material/delete:",
        disabled=disabled,
        on_click=attempt,
        args=(lambda: _remove(what, name),),
    )


def _remove(what: str, name: str) -> str:
    """Take away what was asked for, and say how much that freed."""
    act = {
        "copy": removal.remove_copies,
        "files": removal.remove_files,
        "own": removal.delete_own,
    }[what]
    freed = act(name)
    if st.query_params.get("graph") == name and what == "own":
        del st.query_params["graph"]
    return f"{name}: {megabytes(freed)} freed."
