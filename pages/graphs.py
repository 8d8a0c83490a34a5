"""The graphs: what is here, what can be fetched, what is in one, and how one's own gets in."""

import streamlit as st

from pages._ui import errors, frame, graphs_contents, graphs_import, graphs_library, graphs_view

frame.page_setup(frame.GRAPHS)

st.title("Graphs", anchor=False)
view = graphs_view.pick_view()
with errors.boxed():
    if view == graphs_view.CONTENTS:
        graphs_contents.show_contents()
    elif view == graphs_view.IMPORT:
        graphs_import.show_import()
    else:
        graphs_library.show_library()
