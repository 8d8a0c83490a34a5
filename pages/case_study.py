"""The landing page: one disease, Alzheimer's first, as a story in five steps."""

import streamlit as st

from pages._ui import (
    cached,
    errors,
    frame,
    inputs,
    report,
    shortlist_panel,
    show,
    state,
    story,
    warm,
)

frame.page_setup(frame.CASE_STUDY)

with errors.boxed():
    graph_name = state.current_graph_name()
    title, run, search = st.columns([5, 3, 3])
    with run:
        inputs.pick_run(graph_name)
    with search:
        inputs.pick_disease(graph_name)
    view = cached.current_view()
    with title:
        show.show_header(view)
    story.show_step(inputs.pick_step(lambda: report.show_report(view)), view)
    shortlist_panel.show_expander(view)
warm.prepare_tables()
