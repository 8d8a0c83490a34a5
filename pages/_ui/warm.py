"""What is loaded ahead, so that the next page need not wait for it."""

from __future__ import annotations

import sys
from importlib import import_module
from threading import Timer

import streamlit as st

TABLES_AFTER_S = 1.0
TABLES = "pandas"  # comes with Streamlit


@st.cache_resource(show_spinner=False)
def prepare_tables() -> None:
    """Load in the background, once per server, what tables need and the first page does not.

    It waits until the first page is out, so that neither page has to wait for it.
    """
    timer = Timer(TABLES_AFTER_S, import_module, args=(TABLES,))
    timer.daemon = True
    timer.start()


def await_tables() -> None:
    """Wait where another thread is loading what tables need: figures trip over half of it."""
    if TABLES in sys.modules:
        import_module(TABLES)
