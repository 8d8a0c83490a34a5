"""How wide the reader's screen is, for the pictures that cannot fit themselves to it."""

import streamlit as st

NARROW_PX = 640  # Streamlit stacks columns below this
_KEY = "screen"
_TELL = """
export default function (component) {
  const { data, setStateValue } = component
  const query = window.matchMedia(`(max-width: ${data.px}px)`)
  const tell = () => {
    if (query.matches !== data.known) setStateValue("narrow", query.matches)
  }
  query.addEventListener("change", tell)
  tell()
  return () => query.removeEventListener("change", tell)
}
"""
_component = st.components.v2.component("llador_screen", js=_TELL)


def is_narrow() -> bool:
    """Return whether the page is as narrow as a phone, as far as `ask` has been answered."""
    return bool(st.session_state.get(_KEY, {}).get("narrow", False))


def ask() -> None:
    """Ask the browser for the width of the page; it takes no room, so call it last.

    Only a phone, or a window made narrower or wider, answers: the page then runs again.
    """
    _component(
        key=_KEY,
        data={"known": is_narrow(), "px": NARROW_PX},
        on_narrow_change=lambda: None,
    )
