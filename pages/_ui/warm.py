"""What is loaded ahead, so that the next page need not wait for it."""

from __future__ import annotations

from importlib import import_module
from threading import Timer

import streamlit as st

TABLES_AFTER_S = 1.0


@st.cache_resource(show_spinner=False)
def prepare_tables() -> None:
    """Load in the background, once per server, what tables need and the first page does not.

    It waits until the first page is out, so that neither page has to wait for it.
    """
    timer = Timer(TABLES_AFTER_S, import_module, args=("pandas",))
    timer.daemon = True
    timer.start()
