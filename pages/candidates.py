"""All drugs ranked for one disease: filter, export, and read each drug's card."""

import streamlit as st

from pages._ui import (
    cached,
    errors,
    frame,
    inputs,
    lens,
    report,
    shortlist,
    shortlist_panel,
    show,
    state,
    table,
    together,
)

frame.page_setup(frame.CANDIDATES)

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
    classes = cached.classes(graph_name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        filters = inputs.pick_filters(
            sorted({name for names in classes.values() for name in names}),
            view.base is not None,
            view.weighing,
        )
        with st.container(width="content", gap=None):
            corrected = lens.pick_lens(view)
            common = together.find(view)
            is_common = together.pick_order(common, corrected is not None)
            is_starred_only = shortlist.pick_starred()
    starred = shortlist.read(view)
    listed = [
        c
        for c in together.ordered(lens.ordered(view, corrected), common, is_common)
        if filters.keep(c, classes.get(c.entity, ()))
        and (c.entity in starred.entries or not is_starred_only)
    ]
    extras = [
        *lens.columns(corrected),
        *together.columns(common, is_common),
        *shortlist.columns(starred),
    ]
    told = [*shortlist.words(is_starred_only), *lens.words(corrected)]
    words = ", ".join([filters.words(), *told, *together.words(is_common, common)])
    left, right = st.columns([7, 4], gap="medium")
    with left:
        if listed:
            chosen = table.pick_candidate(view, listed, extras)
        else:
            st.info(
                "No drug passes these filters. Loosen one of them.", icon=":material/filter_alt:"
            )
            chosen = None
        with st.container(horizontal=True, vertical_alignment="center"):
            table.show_exports(view, listed, words, extras)
            report.show_report(view)
    with right:
        with st.container(border=True):
            if chosen:
                parts = [
                    *lens.card_parts(corrected),
                    *together.card_parts(common),
                    *shortlist.card_parts(starred),
                ]
                show.show_drug_card(view, chosen, *parts)
            else:
                show.show_no_drug()
        shortlist_panel.show_box(view, starred)
    if corrected:
        lens.show_panel(view, corrected)
