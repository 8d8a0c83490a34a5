"""The shortlist as a panel: what is on it, undo, download and import."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.figures.style import count, ordinal
from llador_core.graph import Graph
from llador_core.shortlist import exchange, store
from llador_core.shortlist.store import Entry, Verdict
from llador_core.tables_out import file_name
from pages._ui import frame, state
from pages._ui.cached import View
from pages._ui.shortlist import PROBLEM, TOLD, VERDICT_WORDS, Shortlist, attempt, read

VERDICT_ICONS: dict[Verdict | None, str] = {
    None: ":material/star:",
    "pursue": ":material/thumb_up:",
    "need_data": ":material/help:",
    "drop": ":material/thumb_down:",
}
ACTION_WORDS = {
    "star": "adding",
    "remove": "removing",
    "verdict": "the verdict on",
    "note": "the note on",
    "import": "the import of",
}
N_SHOWN = 8
N_NOTE = 160  # characters of a note in the list; the card has all of it


def show_panel(view: View, shortlist: Shortlist, *, has_table: bool) -> None:
    """Show the list with its tools: undo, download, import.

    Parameters
    ----------
    view : View
    shortlist : Shortlist
    has_table : bool
        A click on a drug opens its card beside the table of this page, not of another page.
    """
    _show_told()
    if shortlist.problem:
        st.warning(markdown(shortlist.problem), icon=":material/star:")
        return
    ranks = {c.entity: c.rank for c in view.candidates}
    with st.container(gap=None):
        for drug, entry in list(shortlist.entries.items())[:N_SHOWN]:
            _show_entry(view.graph, drug, entry, ranks[drug], has_table)
    more = len(shortlist.entries) - N_SHOWN
    rest = [f"{more:,} more in the table with “Shortlist only”."] if more > 0 else []
    if not shortlist.entries:
        rest.append(
            "Nothing is on it yet. Open a drug's card and add it; it stays on this machine."
        )
    if shortlist.n_elsewhere:
        rest.append(f"{count(shortlist.n_elsewhere, 'entry', 'entries')} under other runs.")
    if rest:
        st.caption(" ".join(rest))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _show_undo(view.graph, shortlist)
        _show_downloads(view.graph, shortlist)
        _show_import(view.graph)


def title(shortlist: Shortlist) -> str:
    """Return the panel's title with the number of drugs on the list."""
    n = len(shortlist.entries)
    return f"Your shortlist ({n:,})" if n else "Your shortlist"


def _show_told() -> None:
    problem, told = st.session_state.get(PROBLEM), st.session_state.pop(TOLD, None)
    if problem:
        st.warning(markdown(problem), icon=":material/error:")
    if told:
        st.success(markdown(told), icon=":material/check:")


def _show_entry(graph: Graph, drug: int, entry: Entry, rank: float, has_table: bool) -> None:
    verdict = f" · {VERDICT_WORDS[entry.verdict].lower()}" if entry.verdict else ""
    label = f"**{markdown(graph.entity_names[drug])}** {ordinal(rank)}{verdict}"
    icon = VERDICT_ICONS[entry.verdict]
    if has_table:
        st.button(
            label,
            key=f"shortlist-open-{entry.drug}",
            icon=icon,
            type="tertiary",
            on_click=state.choose,
            kwargs={"drug": entry.drug},
        )
    else:
        to = state.link(drug=entry.drug)
        st.page_link(frame.CANDIDATES, label=label, icon=icon, query_params=to)
    note = plain(entry.note)
    if note:
        short = note if len(note) <= N_NOTE else f"{note[: N_NOTE - 1].rstrip()}…"
        st.caption(markdown(short))


def _show_undo(graph: Graph, shortlist: Shortlist) -> None:
    step = shortlist.last
    help_text = None
    if step:
        names = [markdown(exchange.name_of(graph, drug)) for drug in step.drugs]
        what = names[0] if len(names) == 1 else count(len(names), "entry", "entries")
        when = f"{step.at[:10]} {step.at[11:16]} UTC"
        help_text = f"Takes back {ACTION_WORDS[step.action]} {what}, {when}."
    st.button(
        "Undo",
        key="shortlist-undo",
        icon=":material/undo:",
        disabled=step is None,
        help=help_text,
        on_click=attempt,
        args=(store.undo, shortlist.place),
    )


def _show_downloads(graph: Graph, shortlist: Shortlist) -> None:
    disease = exchange.name_of(graph, shortlist.place.disease)
    own = tuple(shortlist.entries.values())
    files: tuple[tuple[str, str, str, Callable[[], str]], ...] = (
        ("This list, CSV", disease, "csv", lambda: exchange.export_csv(graph, own)),
        ("This list, JSON", disease, "json", lambda: exchange.export_json(graph, own)),
        (
            "All diseases and runs, JSON",
            graph.name,
            "json",
            lambda: exchange.export_json(graph, store.entries(graph.name)),
        ),
    )
    with st.popover("Download", icon=":material/download:"):
        for label, name, ending, make in files:
            st.download_button(
                label,
                data=make,
                file_name=file_name(name, "shortlist", ending=ending),
                mime="text/csv" if ending == "csv" else "application/json",
                key=f"shortlist-{label}",
                type="tertiary",
                on_click="ignore",
            )


def _show_import(graph: Graph) -> None:
    number = st.session_state.get("shortlist_file_number", 0)
    with st.popover("Import", icon=":material/upload:"):
        file = st.file_uploader(
            "A shortlist as JSON",
            type="json",
            key=f"shortlist-file-{number}",
            max_upload_size=exchange.MAX_BYTES // 1_000_000,
            help="As downloaded here, on this or another computer. What is on your lists stays; "
            "entries of the same drug, disease and run take the file's verdict and note.",
        )
        if file is None:
            return
        try:
            arrival = exchange.read_json(graph, file.getvalue(), store.entries(graph.name))
        except LladorError as error:
            st.error(markdown(str(error)), icon=":material/error:")
            return
        st.markdown(markdown(arrival_sentence(arrival)))
        st.button(
            "Import",
            key="shortlist-import",
            type="primary",
            disabled=not arrival.entries,
            on_click=_import,
            args=(arrival, number),
        )


def arrival_sentence(arrival: exchange.Arrival) -> str:
    """Say what a file would bring."""
    n = arrival.n_new + arrival.n_changed + arrival.n_same
    told = (
        f"{count(n, 'entry', 'entries')}: {arrival.n_new:,} new, {arrival.n_changed:,} with "
        f"another verdict or note than here, {arrival.n_same:,} the same."
    )
    other = " It was written with another version of this graph, which knew all these ids too."
    return told + other * arrival.is_other_version


def _import(arrival: exchange.Arrival, number: int) -> None:
    attempt(store.put, arrival.entries)
    if PROBLEM not in st.session_state:
        st.session_state[TOLD] = (
            f"{count(len(arrival.entries), 'entry was', 'entries were')} imported. Undo takes "
            "them back, list by list."
        )
        st.session_state["shortlist_file_number"] = number + 1


def show_box(view: View, shortlist: Shortlist) -> None:
    """Show the shortlist beside the table."""
    with st.container(border=True):
        st.markdown(f"**{title(shortlist)}**")
        show_panel(view, shortlist, has_table=True)


def show_expander(view: View) -> None:
    """Show the shortlist below a page, closed unless the address says otherwise."""
    shortlist = read(view)
    box = st.expander(
        title(shortlist),
        icon=":material/star:",
        key="shortlist",
        on_change="rerun",
        bind="query-params",
    )
    if box.open:
        with box:
            show_panel(view, shortlist, has_table=False)
