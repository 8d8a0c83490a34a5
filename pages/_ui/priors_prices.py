"""What tokens cost: the table that ships, and the user's own prices, which win over it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.priors.price_table import price_rows, save_prices

COLUMNS = ("model", "input", "output", "checked")
TOLD = "prices_told"


def show_prices(model: str) -> None:
    """Show the prices and let the reader change or add some.

    Parameters
    ----------
    model : str
        The one that is chosen; offered as a new row where no table has it.
    """
    with st.expander("Prices", icon=":material/payments:"):
        try:
            rows = price_rows()
        except LladorError as error:
            st.error(markdown(str(error)), icon=":material/error:")
            return
        if model and model not in {row["model"] for row in rows}:
            rows = [*rows, {"model": model, "input": None, "output": None, "checked": ""}]
        st.caption(
            "US dollars for a million tokens, as the providers' pages had them on the day noted. "
            "Prices change: put your own here."
        )
        turn = st.session_state.get("prices_turn", 0)
        edited = st.data_editor(
            rows,
            key=f"prices-{turn}-{model}",
            num_rows="dynamic",
            hide_index=True,
            column_order=COLUMNS,
            column_config={
                "model": st.column_config.TextColumn("Model", required=True, width=220),
                "input": st.column_config.NumberColumn("In", min_value=0.0, format="%.3f"),
                "output": st.column_config.NumberColumn("Out", min_value=0.0, format="%.3f"),
                "checked": st.column_config.TextColumn("Checked"),
            },
        )
        st.button(
            "Save the prices",
            key="prices_save",
            icon=":material/save:",
            on_click=_save,
            args=(list(edited), rows),
        )
        if told := st.session_state.pop(TOLD, ""):
            st.caption(markdown(told))


def _save(edited: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    before = {row["model"]: row for row in rows}
    changed = [row for row in edited if row != before.get(row.get("model"))]
    try:
        n = save_prices(changed)
    except LladorError as error:
        st.session_state[TOLD] = str(error)
        return
    st.session_state["prices_turn"] = st.session_state.get("prices_turn", 0) + 1
    st.session_state[TOLD] = f"{n:,} prices of your own are saved." if n else "Nothing changed."
