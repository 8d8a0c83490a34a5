"""One text on the page: as it stands, what changed, and what people say of it."""

from __future__ import annotations

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.priors.difference import Piece, difference, n_changed
from llador_core.priors.reviews import MAX_NOTE, MAX_TEXT, Review, TextPlace, Verdict, review
from llador_core.priors.texts import TextField
from pages._ui import show
from pages._ui.priors_data import STATES, Shelf, set_words

MOST_SHOWN = 2_000  # characters; the rest on request
STATE_LOOKS = {
    "unreviewed": (":material/help:", "gray"),
    "approved": (":material/check_circle:", "green"),
    "edited": (":material/edit:", "blue"),
    "rejected": (":material/cancel:", "red"),
    "none": (":material/remove:", "gray"),
}
PROBLEM = "review_problem"
REVIEWER = "reviewer"


def show_text(shelf: Shelf, entity: int, field: TextField, other: Shelf | None, told: str) -> None:
    """Show one field of an entity: state, text, differences, and the form to review it.

    Parameters
    ----------
    other : Shelf or None
        The set to compare with.
    told : str
        What is known of how the text came about, in plain Markdown.
    """
    state, original = shelf.state_of(entity, field), shelf.texts.of(field)[entity]
    entity_id = shelf.graph.entity_ids[entity]
    version = shelf.reviews.get((entity_id, field))
    if state == "none" and (other is None or not other.texts.of(field)[entity]):
        st.caption(f"{show.FIELD_TITLES[field]}: nothing was written.")
        return
    with st.container(border=True):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
        ):
            with st.container(horizontal=True, width="content", vertical_alignment="center"):
                st.markdown(f"**{show.FIELD_TITLES[field]}**", width="content")
                if shelf.is_written:
                    icon, colour = STATE_LOOKS[state]
                    st.badge(STATES[state], icon=icon, color=colour)
            if shelf.is_written:
                _show_form(shelf, entity_id, field, original, version)
        shown = shelf.current(entity, field)
        if version is not None and state == "edited" and original not in ("", shown):
            show_difference(original, shown, "the model's text", "yours")
        else:
            show_long(shown, f"{shelf.name}-{entity}-{field}")
        if version is not None:
            _show_version(version)
        if told:
            st.caption(told)
        if other is not None:
            theirs = other.texts.of(field)[entity]
            name = markdown(set_words(other.name))
            st.markdown(f":small[Against the set **{name}**]")
            show_difference(theirs, shown, f"“{name}”", "this set")


def show_long(text: str, key: str) -> None:
    """Show a text word for word; a long one cut, with a way to see all of it."""
    text = plain(text)
    if len(text) <= MOST_SHOWN:
        st.text(text)
        return
    shows_all = st.session_state.get(f"all-{key}", False)
    st.text(text if shows_all else f"{text[:MOST_SHOWN].rstrip()} …")
    st.toggle(f"Show all {len(text):,} characters", key=f"all-{key}")


def show_difference(before: str, after: str, was: str, now: str) -> None:
    """Show two texts as one: words of the first alone struck out, of the second alone in bold."""
    if len(before) + len(after) > 2 * MOST_SHOWN:
        before, after = before[:MOST_SHOWN], after[:MOST_SHOWN]
        st.caption(f"The first {MOST_SHOWN:,} characters of both are compared.")
    pieces = difference(before, after)
    if not n_changed(pieces):
        st.caption(f":material/equal: Word for word the same in {was}.")
        return
    st.markdown("".join(_marked(piece) for piece in pieces))
    st.caption(
        f":red-background[~~struck out~~]: in {was} alone. :green-background[**bold**]: in {now} "
        f"alone. {n_changed(pieces):,} words differ."
    )


def _marked(piece: Piece) -> str:
    """Return a piece as Markdown; blanks at its ends stay outside the marks."""
    words = markdown(piece.text)
    if not words:
        return " "
    left = " " if piece.text[:1].isspace() else ""
    right = " " if piece.text[-1:].isspace() else ""
    if piece.what == "removed":
        words = f":red-background[~~{words}~~]"
    elif piece.what == "added":
        words = f":green-background[**{words}**]"
    return f"{left}{words}{right}"


def _show_version(version: Review) -> None:
    """Say who said what of a text, and when."""
    who = f" by {markdown(version.reviewer)}" if version.reviewer else ""
    note = f": “{markdown(version.note)}”" if version.note else ""
    st.caption(f"{STATES[version.verdict]} {version.date[:10]}{who}{note}")


def _show_form(
    shelf: Shelf, entity_id: str, field: TextField, original: str, version: Review | None
) -> None:
    """Offer to approve, edit or reject a text. What is said becomes a new version."""
    key = f"{shelf.name}-{entity_id}-{field}"
    with st.popover("Review", icon=":material/rate_review:", width="content"):
        st.text_area(
            "Text",
            value=version.text if version else original,
            key=f"text-{key}",
            height=220,
            max_chars=MAX_TEXT if len(original) <= MAX_TEXT else None,
            help="Change it and save: your version stands beside the model's, which stays.",
        )
        st.text_input("Note", key=f"note-{key}", max_chars=MAX_NOTE, placeholder="Why?")
        with st.container(horizontal=True):
            buttons: tuple[tuple[Verdict, str, str], ...] = (
                ("approved", "Approve", ":material/check:"),
                ("edited", "Save my version", ":material/save:"),
                ("rejected", "Reject", ":material/close:"),
            )
            for verdict, label, icon in buttons:
                st.button(
                    label,
                    key=f"{verdict}-{key}",
                    icon=icon,
                    disabled=not original and verdict != "edited",
                    on_click=_take,
                    args=(shelf, entity_id, field, verdict, original, key),
                )
        st.caption(
            "**Approve** and **Reject** speak of the model's text, unchanged. A rejected text is "
            "left out when the set is published anew."
        )


def _take(
    shelf: Shelf, entity_id: str, field: TextField, verdict: Verdict, original: str, key: str
) -> None:
    text = st.session_state[f"text-{key}"] if verdict == "edited" else None
    try:
        review(
            shelf.graph.name,
            TextPlace(shelf.name, entity_id, field),
            verdict,
            original,
            text,
            note=st.session_state[f"note-{key}"],
            reviewer=str(st.session_state.get(REVIEWER, "")),
        )
    except LladorError as error:
        st.session_state[PROBLEM] = str(error)
        return
    st.session_state[f"note-{key}"] = ""
    st.toast(f"{STATES[verdict]}. The model's text stays as it was.", icon=":material/check:")
