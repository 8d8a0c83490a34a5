"""The button behind which a case can be taken along as a document."""

from __future__ import annotations

import streamlit as st

from llador_core import report
from llador_core.escape import markdown
from llador_core.tables_out import file_name
from pages._ui import cached
from pages._ui.cached import View

WIDTH = 320
HTML, DOCX = "text/html", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def show_report(view: View) -> None:
    """Offer the report of the chosen disease and run; it is made when it is asked for."""
    with st.popover("Report", icon=":material/description:"), st.container(width=WIDTH):
        st.markdown(
            f"**{markdown(view.disease_name)}** to hand on: the candidates, what speaks for and "
            "against the first of them, where it all comes from."
        )
        st.download_button(
            "Interactive page (HTML)",
            data=lambda: report.to_html(make_case(view)),
            file_name=file_name(view.disease_name, "report", ending="html"),
            mime=HTML,
            icon=":material/download:",
            on_click="ignore",
            key="report-html",
            help="One file of 5 MB with every figure; it needs no network.",
        )
        st.download_button(
            "Hand-out for print (DOCX)",
            data=lambda: report.to_docx(make_case(view)),
            file_name=file_name(view.disease_name, "report", ending="docx"),
            mime=DOCX,
            icon=":material/download:",
            on_click="ignore",
            key="report-docx",
            help="Two to three pages of words and tables.",
        )


def make_case(view: View) -> report.Case:
    """Return the case as the page shows it, with the shortlist as it stands on disk now."""
    return report.gather(
        view.graph,
        cached.run(view.run),
        view.disease,
        base=cached.run(view.base) if view.base else None,
        mechanism=cached.run(view.mechanism) if view.mechanism else None,
        texts=view.texts,
        order=view.order,
        shortlist=report.shortlisted(view.graph, view.run.name, view.disease),
    )
