"""The sets of texts there are: what they are made of, publishing, vectors, training, deleting."""

from __future__ import annotations

from typing import Any

import streamlit as st

from llador_core.errors import LladorError
from llador_core.escape import markdown, plain
from llador_core.graph import Graph
from llador_core.priors.places import slug
from llador_core.priors.publish import publish
from llador_core.priors.sets import TextSet, coverage, delete_set, list_sets
from llador_core.priors.tallies import tallies
from llador_core.priors.vectors import stored_embedders
from pages._ui import exports, frame, priors_data, priors_jobs, state

TOLD = "sets_told"
LITTLE = 0.2  # of the entities: a prior that covers less says little of the graph
EMBEDDERS = {
    "all-MiniLM-L6-v2": "MiniLM, on this machine",
    "tfidf": "Words alone (TF-IDF), on this machine",
    "openai:text-embedding-3-small": "OpenAI text-embedding-3-small",
}


def show_sets(graph: Graph, made: str) -> None:
    """Show every set as a table, and what can be done with one.

    Parameters
    ----------
    made : str
        The set that the form above makes; chosen once it is there.
    """
    st.header("The sets of texts", anchor=False)
    found = list_sets(graph)
    if not found:
        st.caption("None yet. What a model writes above becomes the first.")
        return
    rows = [_row(graph, one) for one in found]
    st.dataframe(rows, hide_index=True, alt="Sets of texts")
    exports.offer(rows, "text-sets", "Sets of texts of this graph")
    if told := st.session_state.pop(TOLD, ""):
        st.info(markdown(told), icon=":material/info:")
    names = [one.name for one in found]
    if made in names and st.session_state.get("sets_made") != made:
        st.session_state["sets_made"] = st.session_state["sets_pick"] = made
    with st.container(border=True):
        name = st.selectbox(
            "Do something with",
            names,
            index=len(names) - 1,
            format_func=priors_data.set_words,
            key="sets_pick",
        )
        one = next(one for one in found if one.name == name)
        left, middle, right = st.columns(3, gap="large")
        with left:
            _show_publish(graph, one)
        with middle:
            _show_embed(graph, one)
        with right:
            _show_use(graph, one)


def _row(graph: Graph, one: TextSet) -> dict[str, Any]:
    source, asked = one.provenance, one.definition
    tally = next((t for t in tallies(graph.name) if t.definition == asked), None) if asked else None
    texts = priors_data.texts_of(graph.name, one.name) if one.is_published else None
    return {
        "Set": plain(priors_data.set_words(one.name)),
        "Model": plain(source.model if source else asked.model if asked else ""),
        "Prompt": plain(source.prompt if source else asked.prompt if asked else "")[:120],
        "Date": plain(source.date if source else "not published"),
        "Entities with text": coverage(texts) if texts else 0,
        "Of": graph.n_entities,
        "Review": plain(source.review if source else ""),
        "Vectors": ", ".join(stored_embedders(graph, one.name)) if one.is_published else "",
        "Cost (USD)": round(tally.cost_usd, 4) if tally and not tally.n_unpriced else None,
    }


def _show_publish(graph: Graph, one: TextSet) -> None:
    """Offer to write the texts of a set anew, with what people said of them."""
    st.markdown("**Publish**")
    is_own = one.definition is not None
    st.caption(
        "Writes its texts anew, with the reviews in: edits replace, rejected texts go."
        if is_own
        else "Its files stay as they are; with the reviews in, it becomes a set of another name."
    )
    name = one.name
    if not is_own:
        name = st.text_input(
            "Name of the new set",
            value=slug(f"{one.name or 'own'}-reviewed"),
            key=f"publish_as-{one.name}",
            max_chars=80,
        )
    only = st.toggle("Only approved and edited texts", key=f"publish_only-{one.name}")
    st.button(
        "Publish",
        key="publish",
        icon=":material/publish:",
        on_click=_publish,
        args=(graph, name, only, None if is_own else one.name),
    )


def _publish(graph: Graph, name: str, only: bool, of: str | None) -> None:
    try:
        done = publish(graph, name, "reviewed" if only else "all", of)
        st.session_state[TOLD] = f"{done.words} Its vectors must be computed before training."
    except LladorError as error:
        st.session_state[TOLD] = str(error)


def _show_embed(graph: Graph, one: TextSet) -> None:
    """Offer to compute the vectors of a set."""
    st.markdown("**Vectors**")
    if not one.is_published:
        st.caption("Publish it first.")
        return
    have = stored_embedders(graph, one.name)
    st.caption(f"There by {', '.join(have)}." if have else "None yet: training needs them.")
    embedder = st.selectbox(
        "Computed by",
        list(EMBEDDERS),
        format_func=lambda name: EMBEDDERS.get(name, name),
        key="embedder",
        accept_new_options=True,
        help="Or type st:NAME of a sentence-transformers model, a folder, or openai:MODEL. Those "
        "of OpenAI need the key and address above.",
    )
    try:
        name = priors_jobs.embed_job(graph.name, one.name, embedder or "")
    except LladorError as error:
        st.error(markdown(str(error)), icon=":material/error:")
        return
    if priors_jobs.show_job(name, "Computed."):
        return
    asked = ["embed", f"--graph={graph.name}", f"--texts={one.name}", f"--embedder={embedder}"]
    url = str(st.session_state.get("make_url") or "").strip()
    asked += [f"--base-url={url}"] if url and embedder.startswith("openai:") else []
    st.button(
        "Compute",
        key="embed",
        icon=":material/calculate:",
        on_click=priors_jobs.start,
        args=(name, asked),
        help="In the background: seconds for TF-IDF, minutes for a sentence model.",
    )


def _show_use(graph: Graph, one: TextSet) -> None:
    """Offer what to do with a finished set."""
    st.markdown("**Use**")
    st.button(
        "Read it",
        key="read_set",
        icon=":material/menu_book:",
        type="tertiary",
        disabled=not one.is_published,
        on_click=_read,
        args=(one.name,),
    )
    asked = state.link(prior="full", texts=one.name or None, what="one", run=None)
    texts = priors_data.texts_of(graph.name, one.name) if one.is_published else None
    if texts is not None and (n := coverage(texts)) < LITTLE * graph.n_entities:
        st.caption(
            f":material/warning: Only {n:,} of {graph.n_entities:,} entities "
            f"({n / graph.n_entities:.1%}) have a text. All others are anchored to their name "
            "alone, so that such a prior says little."
        )
    if frame.TRAIN in frame.TOOLS:
        st.page_link(
            frame.TRAIN, label="Train with it", icon=":material/model_training:", query_params=asked
        )
    else:
        setting = f" --set texts={one.name}" if one.name else ""
        st.code(
            f"python -m llador_core train --graph {graph.name} --prior full{setting}",
            language="bash",
            wrap_lines=True,
        )
    if not one.name:
        return
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown(
            f"The files of “{markdown(one.name)}” and its vectors go; runs trained with it stay. "
            + (
                "Answers and reviews stay: it can be published again."
                if one.definition
                else "Reviews stay, its texts do not."
            )
        )
        st.button("Delete it", key="delete_set", on_click=_delete, args=(graph, one.name))


def _read(name: str) -> None:
    st.session_state["part"] = "Read"
    state.choose(texts=name or None, against=None)


def _delete(graph: Graph, name: str) -> None:
    try:
        delete_set(graph, name)
        if state.asked("texts") == name:
            state.choose(texts=None)
        st.session_state[TOLD] = f"The set '{name}' is deleted."
    except LladorError as error:
        st.session_state[TOLD] = str(error)
