"""The surroundings of any entity as a picture that grows by clicks, and what connects entities."""

import streamlit as st

from pages._ui import (
    cached,
    connections,
    errors,
    find,
    frame,
    network,
    network_files,
    state,
    surroundings,
)

frame.page_setup(frame.NEIGHBOURHOOD)

with errors.boxed():
    graph_name = state.current_graph_name()
    title, search = st.columns([8, 3])
    with search:
        find.pick_entity(graph_name, "Another entity", "entity_query", surroundings.focus_on)
    graph = cached.graph(graph_name)
    focus = state.current_entity(graph)
    choice = surroundings.pick_choice(graph_name, graph, focus)
    view = surroundings.current_view(graph_name, focus, choice, goes_round=connections.goes_round())
    with title:
        network.show_header(view)
    network.show_problems(view)
    left, right = st.columns([8, 4], gap="medium")
    with left:
        st.markdown(network.counted(view))
        network.show_picture(view)
        network_files.show_exports(view)
    with right, st.container(border=True):
        network.show_card(view)
    connections.show_connections(view)
