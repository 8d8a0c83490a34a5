"""The one place where an error of ours becomes a box on the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from llador_core.errors import LladorError, MissingDataError, UnknownNameError
from llador_core.escape import markdown
from pages._ui import state

# What is chosen on the page `train`; each is named in the address as its errors name it.
TRAIN_PARAMS = ("model", "prior", "against", "recipe", "texts", "split", "device")


@contextmanager
def boxed() -> Iterator[None]:
    """Show a `LladorError` as a box with its sentence and ways on; let anything else pass."""
    try:
        yield
    except UnknownNameError as error:
        st.error(markdown(str(error)), icon=":material/search_off:")
        _ways_on(error)
    except MissingDataError as error:
        st.info(markdown(str(error)), icon=":material/terminal:")
        _way_back()
    except LladorError as error:
        st.error(markdown(str(error)), icon=":material/error:")
        _way_back()


def _ways_on(error: UnknownNameError) -> None:
    """Offer the nearest names as buttons, and the way back."""
    params = ("disease", "drug", "run", "graph", "base", "entity", *TRAIN_PARAMS)
    param = next((p for p in params if error.kind.startswith(p)), "")
    with st.container(horizontal=True):
        for name in error.nearest if param else ():
            st.button(
                markdown(name),
                key=f"instead-{param}-{name}",
                on_click=state.choose,
                kwargs={param: name},
            )
    _way_back()


def _way_back() -> None:
    if state.has_choices():
        st.button(
            "Back to the start",
            key="back-to-start",
            icon=":material/restart_alt:",
            on_click=state.reset,
        )
