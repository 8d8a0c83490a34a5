"""The part "Make"."""

import streamlit as st


def show_make(graph_name: str) -> None:
    st.info(graph_name)
