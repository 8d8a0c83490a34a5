"""The frame around every page: title, navigation, notice."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.paths import assets

NOTICE = (
    ":material/science: **For research only.** Ranks come from a model and were not reviewed by "
    "anyone; they are no medical advice and no statement that a drug works or is safe."
)
CASE_STUDY = "pages/case_study.py"
CANDIDATES = "pages/candidates.py"


def router() -> Any:
    """Declare the pages and return the one that the address asks for.

    Safe to call twice in one run: the second call finds the same page.
    """
    case: dict[str, Any] = {"title": "Case study", "icon": ":material/auto_stories:"}
    return st.navigation(
        [
            st.Page(
                CASE_STUDY,
                default=True,
                url_path="start",  # leaves the page's own name to the page at the end
                help="One disease in five steps: what is known, whether the list can be trusted, "
                "who is proposed, what the LLM prior moved, what speaks against it.",
                **case,
            ),
            st.Page(
                CANDIDATES,
                title="Candidates",
                icon=":material/format_list_numbered:",
                help="All drugs ranked for one disease, with filters, export and a card per drug.",
            ),
            # The default page answers at "/" alone; a link to its own name must work too.
            st.Page(CASE_STUDY, url_path="case_study", visibility="hidden", **case),
        ],
        position="top",
    )


def page_setup(title: str) -> None:
    """Set up the browser tab, navigation and notice; every page calls it first.

    A server whose very first request is a link to a page inside `pages/` runs that page without
    app.py, so the page itself declares the navigation again.
    """
    router()
    st.set_page_config(page_title=f"{title} · LLaDoR", page_icon=":material/hub:", layout="wide")
    st.logo(str(assets() / "logo.svg"), size="large")
    st.caption(NOTICE)
