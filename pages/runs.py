"""Runs: a table to filter, one in detail, several side by side; the studies of the paper."""

import streamlit as st

from llador_core.escape import markdown
from pages._ui import (
    cached,
    errors,
    experiments,
    frame,
    runs_compare,
    runs_detail,
    runs_import,
    runs_list,
    runs_manage,
    state,
)

frame.page_setup(frame.RUNS)

with errors.boxed():
    graph_name = state.current_graph_name()
    st.title("Runs", anchor=False)
    if experiments.pick_view() == experiments.STUDIES:
        experiments.show_experiments(graph_name)
        st.stop()
    place = st.empty()
    is_every = st.toggle("Runs of all graphs", key="every", bind="query-params")
    found = runs_list.find(None if is_every else graph_name)
    where = "all graphs" if is_every else markdown(cached.graph_title(graph_name))
    place.caption(
        f"{len(found):,} of {where}. A run is one training of one model: its settings, weights "
        "and how it ranks the pairs that were hidden from it."
    )
    runs_manage.show_told()
    runs_manage.show_trash()
    if not found:
        runs_list.show_none(graph_name)
    else:
        shown = runs_list.pick_shown(found)
        picked = runs_list.pick_runs(shown) if shown else []
        if not shown:
            st.info("No run passes these filters. Loosen one.", icon=":material/filter_alt:")
        elif not picked:
            runs_list.show_hint()
        elif len(picked) == 1:
            runs_detail.show_run(picked[0])
        else:
            runs_compare.show_comparison(picked)
    runs_import.show_import(graph_name)
