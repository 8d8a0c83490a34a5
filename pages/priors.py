"""The texts behind a prior: read and review them, check what they give away, have them written."""

import streamlit as st

from pages._ui import errors, frame, priors_check, priors_form, priors_make, priors_read, state

frame.page_setup(frame.PRIORS)

PARTS = {
    "Read": priors_read.show_read,
    "Check": priors_check.show_check,
    "Make": priors_make.show_make,
}

priors_form.keep()
with errors.boxed():
    graph_name = state.current_graph_name()
    st.title("Priors", anchor=False)
    part = st.segmented_control(
        "Part",
        list(PARTS),
        default="Read",
        key="part",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
        help="**Read** what a model wrote and say what you think of it. **Check** whether it "
        "gives the held-out answers away. **Make** new texts with a model and prompt of "
        "your choice.",
    )
    PARTS[part or "Read"](graph_name)
