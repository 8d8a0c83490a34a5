"""The part "Read": one entity's texts, their review, who is near by text, and the whole set."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.escape import markdown, plain
from llador_core.figures.style import count
from llador_core.priors.answers import Answer, answers_of
from llador_core.priors.nearest import Near
from llador_core.priors.reviews import reviews_of
from llador_core.priors.sets import definition_of
from llador_core.priors.texts import TEXT_FIELDS
from llador_core.priors.vectors import FIELDS
from pages._ui import find, priors_data, priors_list, show, state
from pages._ui.priors_data import STATES, Shelf
from pages._ui.priors_text import PROBLEM, REVIEWER, show_long, show_text

MOST_NAME = 30
FIELD_WORDS = {"name": "Name", **show.FIELD_TITLES}


def show_read(graph_name: str) -> None:
    """Show the entity in the address with its texts, and the set as a whole."""
    shelf = priors_data.current_shelf(graph_name)
    entity = state.current_entity(shelf.graph)
    names = [one.name for one in priors_data.sets(shelf.graph)]
    if len(names) < 2:  # no empty columns: on a phone they would be a gap
        with st.container(width=400):
            find.pick_entity(graph_name, "Another entity", "entity_query", _choose)
        other = None
    else:
        search, pick, against = st.columns([4, 4, 4], gap="medium")
        with search:
            find.pick_entity(graph_name, "Another entity", "entity_query", _choose)
        other = _pick_sets(shelf, names, pick, against)
    left, right = st.columns([8, 4], gap="medium")
    with left:
        _show_entity(shelf, entity, other)
    with right:
        _show_near(shelf, entity)
    priors_list.show_overview(shelf)
    priors_list.show_table(shelf)


def _choose(entity_id: str) -> None:
    state.choose(entity=entity_id)


def _pick_sets(shelf: Shelf, names: list[str], pick: Any, against: Any) -> Shelf | None:
    """Offer the sets of texts, and another to compare with; both are in the address."""
    st.session_state["texts_pick"] = shelf.name
    pick.selectbox(
        "Set of texts",
        names,
        format_func=priors_data.set_words,
        key="texts_pick",
        on_change=lambda: state.choose(texts=st.session_state["texts_pick"] or None, against=None),
        help="What one model wrote in answer to one prompt, or what was made of that.",
    )
    others = [name for name in names if name != shelf.name]
    asked = state.asked("against")
    st.session_state["against_pick"] = asked if asked in others else None
    against.selectbox(
        "Compare with",
        others,
        index=None,
        format_func=priors_data.set_words,
        key="against_pick",
        placeholder="No comparison",
        on_change=lambda: state.choose(against=st.session_state["against_pick"]),
        help="Another prompt, another model or another version of the same text, word by word.",
    )
    return priors_data.shelf(shelf.graph.name, asked) if asked in others else None


def _show_entity(shelf: Shelf, entity: int, other: Shelf | None) -> None:
    graph = shelf.graph
    st.header(markdown(graph.entity_names[entity]), anchor=False)
    synonyms = ", ".join(markdown(name) for name in graph.synonyms[entity][:6])
    also = f" · also called {synonyms}" if synonyms else ""
    st.caption(f"{markdown(graph.type_of(entity))}{also}")
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(markdown(problem), icon=":material/error:")
    if not shelf.is_written:
        show.show_description(graph, entity)
        st.caption("No model has written about this graph: the source's words stand in.")
        return
    written = [field for field in TEXT_FIELDS if shelf.texts.of(field)[entity]]
    if not written:
        st.info(
            "This set has no text about this entity: a model anchored to it knows it by its name "
            "and the graph alone.",
            icon=":material/edit_off:",
        )
    answers = _answers(shelf, entity)
    for field in TEXT_FIELDS if written or other else ():
        text = shelf.texts.of(field)[entity]
        told = count(len(text.split()), "word") if text else ""
        show_text(shelf, entity, field, other, told)
    show.show_provenance(shelf.texts.provenance)
    _show_answers(answers)
    _show_history(shelf, entity)


def _answers(shelf: Shelf, entity: int) -> list[Answer]:
    """Return every answer about an entity, those that this set is made of first."""
    found = answers_of(shelf.graph.name, shelf.graph.entity_ids[entity], is_latest=False)
    own = definition_of(shelf.graph.name, shelf.name) if shelf.name else None
    return sorted(found, key=lambda a: (a.definition != own, -a.id))


def _show_answers(answers: list[Answer]) -> None:
    """Show what models answered about an entity, of whatever prompt and in whatever attempt."""
    if not answers:
        return
    box = st.expander(
        f"Every answer about it ({len(answers):,})",
        icon=":material/forum:",
        key="answers",
        bind="query-params",
    )
    if not box.open:
        return
    with box:
        for answer in answers:
            asked, reply = answer.definition, answer.reply
            tokens = f"{reply.tokens_in or 0:,} + {reply.tokens_out or 0:,} tokens"
            cost = "" if reply.cost_usd is None else f", {reply.cost_usd:.5f} USD"
            st.markdown(
                f"**{markdown(asked.model)}**, prompt {markdown(asked.prompt)} v"
                f"{markdown(asked.version)}, {answer.date[:16].replace('T', ' ')} UTC, "
                f"attempt {answer.attempt}: {markdown(reply.status.replace('_', ' '))}"
            )
            show_long(reply.raw or reply.error or "(nothing)", f"answer-{answer.id}")
            st.caption(f"{tokens}{cost}, {reply.latency_s:.1f} s · model-written, unreviewed")


def _show_history(shelf: Shelf, entity: int) -> None:
    """Show every version of an entity's texts, and ask whose reviews these are."""
    versions = reviews_of(shelf.graph.name, shelf.name, shelf.graph.entity_ids[entity])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Your name, kept with your reviews",
            key=REVIEWER,
            max_chars=80,
            placeholder="Optional",
            width=260,
        )
    if versions:
        with st.expander(f"History ({count(len(versions), 'version')})", icon=":material/history:"):
            for one in reversed(versions):
                note = f" — {markdown(one.note)}" if one.note else ""
                who = f" by {markdown(one.reviewer)}" if one.reviewer else ""
                st.markdown(
                    f"**{STATES[one.verdict]}** {one.date[:16].replace('T', ' ')} UTC{who}, "
                    f"{show.FIELD_TITLES[one.field].lower()}{note}"
                )
                if one.verdict == "edited":
                    st.text(one.text)


def _of_set(shelf: Shelf) -> str:
    return f" --texts {shelf.name}" if shelf.name else ""


def _near_words(shelf: Shelf, one: Near) -> str:
    name = plain(shelf.graph.entity_names[one.entity])
    cut = name if len(name) <= MOST_NAME else f"{name[:MOST_NAME].rstrip()}…"
    kind = markdown(shelf.graph.type_of(one.entity))
    return f"{one.cosine:.2f}  {markdown(cut)} :small[({kind})]"


def _show_near(shelf: Shelf, entity: int) -> None:
    """Show who is near an entity by text; a click opens it."""
    if not shelf.is_written:
        return
    with st.container(border=True):
        st.markdown("**Near by text**")
        field = st.segmented_control(
            "Of which text",
            list(FIELDS),
            default="background",
            format_func=FIELD_WORDS.__getitem__,
            key="near",
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        is_same_type = st.toggle("Same type only", key="same_type", bind="query-params")
        found = priors_data.near(shelf, entity, field or "background", is_same_type)
        if found is None:
            st.caption(
                "This set has no vectors yet: compute them in the part “Make”, or with "
                f"`python -m llador_core embed --graph {shelf.graph.name}{_of_set(shelf)}`."
            )
            return
        if not found:
            st.caption("It has no such text, so nobody is near it by that.")
        with st.container(gap=None):
            for one in found:
                st.button(
                    _near_words(shelf, one),
                    key=f"near-{one.entity}",
                    type="tertiary",
                    icon=":material/arrow_forward:",
                    on_click=_choose,
                    args=(shelf.graph.entity_ids[one.entity],),
                )
        st.caption("Cosine of the text vectors: 1 is the same, 0 unrelated.")
