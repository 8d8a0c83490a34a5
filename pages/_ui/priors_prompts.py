"""Prompts: what each one says, how it reads for one entity, and the user's own."""

from __future__ import annotations

import dataclasses

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.graph import Graph
from llador_core.priors.prompts import PROMPTS, PromptSpec, write_prompt
from pages._ui import state

DONE = "prompt_saved"
EMPTY = PromptSpec(
    name="mine", version="1", words="A prompt of your own.", system="", user="Describe {name}."
)


def show_prompts(graph: Graph, spec: PromptSpec | None) -> None:
    """Show a prompt and how it reads for one entity, and offer to write one from it."""
    chosen = spec or EMPTY
    with st.expander(
        f"The prompt: {plain(chosen.name)} v{plain(chosen.version)}", icon=":material/chat:"
    ):
        if told := st.session_state.pop(DONE, ""):
            st.caption(f":material/check: {markdown(told)}")
        left, right = st.columns(2, gap="large")
        with left:
            made = _pick_prompt(chosen)
        with right:
            _show_preview(graph, made or chosen)


def _pick_prompt(chosen: PromptSpec) -> PromptSpec | None:
    """Show the fields of a prompt; return what they make, None where that is no prompt."""
    is_ours = chosen.name in PROMPTS
    key = f"{chosen.name}-{chosen.version}"
    st.caption(
        "One of ours, which stays as it is. Change it under a name of your own."
        if is_ours
        else "Change the wording under a new version: answers to the old one stay apart."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", value="mine" if is_ours else chosen.name, key=f"prompt_name-{key}"
        )
        version = st.text_input(
            "Version",
            value="1" if is_ours else chosen.version,
            key=f"prompt_version-{key}",
            width=100,
        )
    system = st.text_area(
        "What the system is told", value=chosen.system, key=f"prompt_system-{key}"
    )
    user = st.text_area(
        "What is asked of each entity",
        value=chosen.user,
        key=f"prompt_user-{key}",
        height=180,
        help="{name}, {type} and {synonyms} are filled in; {name} must be there.",
    )
    is_structured = st.toggle(
        "The answer is JSON with background, treatment and caution",
        value=chosen.is_structured,
        key=f"prompt_form-{key}",
    )
    try:
        made = dataclasses.replace(
            chosen,
            name=(name or "").strip(),
            version=(version or "").strip(),
            system=system or "",
            user=user or "",
            is_structured=is_structured,
            words=EMPTY.words if is_ours else chosen.words,
            source="",
        )
    except LladorError as error:
        st.error(markdown(str(error)), icon=":material/error:")
        return None
    st.button(
        "Save the prompt",
        key="prompt_save",
        icon=":material/save:",
        on_click=_save,
        args=(made,),
        disabled=not made.version,
    )
    if problem := st.session_state.pop("prompt_problem", ""):
        st.error(markdown(problem), icon=":material/error:")
    return made


def _save(made: PromptSpec) -> None:
    try:
        write_prompt(made)
    except LladorError as error:
        st.session_state["prompt_problem"] = str(error)
        return
    st.session_state[DONE] = f"Saved as {made.name} v{made.version}; it can be chosen above."


def _show_preview(graph: Graph, spec: PromptSpec) -> None:
    """Show what would be sent about the entity in the address."""
    entity = state.current_entity(graph)
    name = plain(graph.entity_names[entity])
    st.markdown(f"**What would be asked of {markdown(name)}**")
    if not spec.asks:
        st.caption("Nothing: the bare name is the text.")
        return
    system, user = spec.render(
        graph.entity_names[entity], graph.type_of(entity), graph.synonyms[entity]
    )
    for label, words in (("System", system), ("User", user)):
        st.markdown(f":small[**{label}**]")
        st.text(words or "(nothing)")
    if spec.source:
        st.caption(f"Source: {markdown(spec.source)}")
