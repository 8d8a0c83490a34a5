"""Train models here: with and without a prior, with other settings, or live around one disease."""

import streamlit as st

from llador_core.escape import markdown
from llador_core.training import plan
from pages._ui import (
    cached,
    errors,
    frame,
    inputs,
    state,
    train_form,
    train_jobs,
    train_start,
)

frame.page_setup(frame.TRAIN)

with errors.boxed():
    graph_name = state.current_graph_name()
    graph = cached.graph(graph_name)
    st.title(f"Train on {markdown(graph.title or graph.name)}")
    train_jobs.show_jobs()
    plan.check_treatments(graph)
    what = train_form.pick_what()
    if what == "demo":
        inputs.pick_disease(graph_name)
    choice = train_form.pick_choice(graph, what)
    train_start.show_start(graph, choice)
