"""One drug beside one disease: why this drug, what speaks against it, what the prior moved."""

import streamlit as st

from pages._ui import (
    directions,
    errors,
    frame,
    inputs,
    pair_view,
    reasons,
    screen,
    state,
    verdict,
    written,
)

frame.page_setup(frame.PAIR)

with errors.boxed():
    graph_name = state.current_graph_name()
    title, run, drug, disease = st.columns([6, 3, 3, 3])
    with run:
        inputs.pick_run(graph_name)
    with drug:
        inputs.pick_drug(graph_name)
    with disease:
        inputs.pick_disease(graph_name, keeps_drug=True)
    is_turned = pair_view.turn_round()
    if state.wants_diseases():
        listing = pair_view.current_listing()
        with title:
            directions.show_title(listing)
        directions.show_diseases(listing)
    else:
        pair = pair_view.current_pair()
        with title:
            verdict.show_title(pair, is_turned)
        verdict.show_verdict(pair)
        reasons.show_reasons(pair)
        reasons.show_ways_on(pair)
        verdict.show_judgement(pair)
        written.show_written(pair)
        directions.show_directions(pair)
        written.show_links(pair)
    screen.ask()
