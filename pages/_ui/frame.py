"""The frame around every page: title, navigation, notice."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.paths import assets
from pages._ui import inputs, state, warm

NOTICE = (
    ":material/science: **For research only.** Ranks are a model's, reviewed by nobody, and no "
    "medical advice."
)
NOTICE_HELP = (
    "A high rank does not say that a drug works or is safe. The texts were written by a language "
    "model and the graph by people and models; both contain errors."
)
CASE_STUDY = "pages/case_study.py"
CANDIDATES = "pages/candidates.py"
PAIR = "pages/pair.py"
NEIGHBOURHOOD = "pages/neighbourhood.py"
EMBEDDING_SHIFT = "pages/embedding_shift.py"
PRIORS = "pages/priors.py"
TRAIN = "pages/train.py"
RUNS = "pages/runs.py"
GRAPHS = "pages/graphs.py"
PATHS = {CASE_STUDY: "start"}  # leaves its own name to the page at the end of the router
LINKS = {
    CASE_STUDY: ("Case study", ":material/auto_stories:"),
    CANDIDATES: ("Candidates", ":material/format_list_numbered:"),
    PAIR: ("Why this drug?", ":material/balance:"),
    NEIGHBOURHOOD: ("Neighbourhood", ":material/hub:"),
    EMBEDDING_SHIFT: ("What moved", ":material/scatter_plot:"),
}
# Pages about graphs, texts and runs, not about a case: behind one button beside the others.
TOOLS: dict[str, tuple[str, str]] = {
    GRAPHS: ("Graphs", ":material/database:"),
    PRIORS: ("Priors", ":material/edit_note:"),
    TRAIN: ("Train", ":material/model_training:"),
    RUNS: ("Runs", ":material/table_chart:"),
}


def router() -> Any:
    """Declare the pages and return the one that the address asks for.

    Safe to call twice in one run: the second call finds the same page.
    """
    pages = [
        st.Page(path, title=title, default=path == CASE_STUDY, url_path=PATHS.get(path))
        for path, (title, _) in (LINKS | TOOLS).items()
    ]
    # The default page answers at "/" alone; a link to its own name must work too.
    named = st.Page(CASE_STUDY, title=LINKS[CASE_STUDY][0], url_path="case_study")
    return st.navigation([*pages, named], position="hidden")


def page_setup(path: str) -> None:
    """Set up the browser tab, the links between pages and the notice; every page calls it first.

    A server whose very first request is a link to a page inside `pages/` runs that page without
    app.py, so the page itself declares the navigation again. The links are our own because
    Streamlit's drop from the address what was chosen.
    """
    warm.await_tables()
    router()
    title, _ = (LINKS | TOOLS)[path]
    # A named icon, here or on st.Page, would be fetched from the internet for the browser tab.
    icon = str(assets() / "icon.svg")
    st.set_page_config(page_title=f"{title} · LLaDoR", page_icon=icon, layout="wide")
    st.logo(str(assets() / "logo.svg"), size="large")
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        with st.container(
            horizontal=True, width="content", gap="small", vertical_alignment="center"
        ):
            _show_links(LINKS)
            if TOOLS:
                name = TOOLS[path][0] if path in TOOLS else "Workshop"
                with st.popover(
                    name, icon=":material/construction:", type="tertiary", width="content"
                ):
                    _show_links(TOOLS)
        inputs.pick_graph()
        st.caption(NOTICE, help=NOTICE_HELP, width="content")


def show_link(page: str, label: str, icon: str, key_help: str = "", **choices: str | None) -> None:
    """Show a link to another page with choices; nothing for a page that is not there."""
    if page in LINKS | TOOLS:
        st.page_link(
            page,
            label=label,
            icon=icon,
            help=key_help or None,
            width="content",
            query_params=state.link(**choices),
        )


def _show_links(pages: dict[str, tuple[str, str]]) -> None:
    for path, (label, icon) in pages.items():
        st.page_link(path, label=label, icon=icon, query_params=state.link())
