"""What orders the list: weighed with what else is known, or the model's score alone."""

from __future__ import annotations

import streamlit as st

from llador_core.training.runs import Weighing
from pages._ui import state

LABELS: dict[Weighing, str] = {
    "caution": "Weighed with caution",
    "similar pairs": "With similar pairs",
    "nothing": "Weighed",
}
RAW = "**Score alone**: the model's score"
HELPS: dict[Weighing, str] = {
    "caution": "**Weighed with caution**: the chance of a treatment against the chance that it is "
    f"contraindicated, both predicted. {RAW}, which draws contraindicated drugs to the top as "
    "well.",
    "similar pairs": "**With similar pairs**: the score weighed with what the known treatments of "
    f"similar drugs and similar diseases lead one to expect. {RAW}. This run predicts no caution.",
    "nothing": f"{RAW}. This run predicts no caution.",
}


def pick_order(weighing: Weighing) -> None:
    """Offer what orders the list; the choice is in the address, where the view reads it."""
    is_choice = weighing != "nothing"
    st.session_state["order_pick"] = state.current_order() if is_choice else "raw"
    labels = {"combined": LABELS[weighing], "raw": "Score alone"}
    st.segmented_control(
        "Order",
        list(labels),
        format_func=labels.__getitem__,
        key="order_pick",
        required=True,
        disabled=not is_choice,
        on_change=lambda: state.choose(
            order="raw" if st.session_state["order_pick"] == "raw" else None
        ),
        help=HELPS[weighing],
    )
