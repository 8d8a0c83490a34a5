"""What orders the list: weighed with predicted caution, or the model's score alone."""

from __future__ import annotations

import streamlit as st

from pages._ui import state

ORDERS = {"combined": "Weighed with caution", "raw": "Score alone"}


def pick_order(is_guarded: bool) -> None:
    """Offer what orders the list; the choice is in the address, where the view reads it."""
    st.session_state["order_pick"] = state.current_order() if is_guarded else "raw"
    st.segmented_control(
        "Order",
        list(ORDERS),
        format_func=ORDERS.__getitem__,
        key="order_pick",
        required=True,
        disabled=not is_guarded,
        on_change=lambda: state.choose(
            order="raw" if st.session_state["order_pick"] == "raw" else None
        ),
        help="**Weighed with caution**: the chance of a treatment against the chance that it is "
        "contraindicated, both predicted. **Score alone**: the model's score, which draws "
        "contraindicated drugs to the top as well."
        + ("" if is_guarded else " This run predicts no caution."),
    )
