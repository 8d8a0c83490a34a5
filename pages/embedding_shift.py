"""What the prior moved in the model itself: one map of two runs, and who came nearer."""

import streamlit as st

from llador_core.escape import markdown
from pages._ui import (
    cached,
    errors,
    frame,
    inputs,
    map_controls,
    map_lists,
    map_parts,
    maps,
    screen,
    show,
    state,
)

frame.page_setup(frame.EMBEDDING_SHIFT)

with errors.boxed():
    graph_name = state.current_graph_name()
    title, run, against, search, find = st.columns([4, 3, 3, 2.4, 2.4])
    with run:
        inputs.pick_run(graph_name)
    with search:
        inputs.pick_disease(graph_name)
    with find:
        map_controls.pick_entity(graph_name)
    view = cached.current_view()
    with title:
        show.show_header(view)
    base, note = maps.current_base(view)
    with against:
        map_controls.pick_base(view, base)
        if note:
            st.caption(markdown(note))
    if base is None:
        map_parts.show_no_base(view)
        st.stop()
    look = map_controls.pick_look(view)
    picked = state.asked_entity(view.graph)
    found = maps.find(view.run, base, look.config)
    left, right = st.columns([8, 5], gap="medium")
    drawn = None
    with left:
        map_parts.show_state(found)
        if found.map:
            drawn = map_parts.scene(view, found.map, look, picked)
            map_parts.show_map(drawn)
        map_parts.show_method(found, view.run.dim)
        if drawn:
            map_parts.show_twin(drawn)
    with right:
        if found.map:
            map_parts.show_sentence(view, found.map)
        if picked is not None:
            map_lists.show_entity(view, base, found.map, picked)
        map_lists.pick_from_lists(view, base, found.map, drawn)
    screen.ask()
