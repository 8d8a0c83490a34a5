"""A choice of the page `train` that lives in the address, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from llador_core.registry import lookup
from pages._ui import cached, inputs, state

DEVICE_WORDS = {
    "auto": "the fastest there is",
    "cpu": "processor",
    "cuda": "NVIDIA GPU",
    "mps": "Apple GPU",
}


def pick(
    name: str,
    label: str,
    options: Mapping[str, str],
    default: str,
    width: int,
    help_words: str | None = None,
) -> str:
    """Offer a choice that lives in the address under `name`; return it.

    Raises UnknownNameError where the address has another one; the nearest are listed.
    """
    asked = state.asked(name)
    chosen = default if asked is None else asked
    lookup(name, dict.fromkeys(options), chosen)
    key = f"train_{name}"
    st.session_state[key] = chosen
    st.selectbox(
        label,
        list(options),
        format_func=options.__getitem__,
        key=key,
        width=width,
        help=help_words,
        on_change=_take,
        args=(name, key, default),
    )
    return chosen


def _take(name: str, key: str, default: Any) -> None:
    value = st.session_state[key]
    state.choose(**{name: None if value == default else value})


def prior_words(graph_name: str, prior: str) -> str:
    """Return a prior in plain words."""
    words = inputs.PRIOR_WORDS.get(prior, prior)
    return words if cached.has_llm_texts(graph_name) else inputs.CURATED_WORDS.get(prior, words)
