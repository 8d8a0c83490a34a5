"""What the LLM wrote about both ends of a pair, and what the rank owes to it."""

from __future__ import annotations

import streamlit as st

from llador_core import links
from llador_core.escape import markdown
from llador_core.figures.shift import NAMED_MARK, Shift
from llador_core.figures.style import ordinal
from llador_core.priors.anchors import PRIORS
from llador_core.priors.leakage import sentences
from llador_core.priors.texts import TEXT_FIELDS, Texts
from pages._ui import cached, show
from pages._ui.pair_view import Pair


@st.fragment
def show_written(pair: Pair) -> None:
    """Show both texts with the sentences that name the other end, and ranks with less text."""
    st.header("What did the LLM write?", anchor=False)
    texts = pair.view.texts
    if texts is None:
        st.caption("No text was written for this graph, so there is none that could name the use.")
        for column, entity in zip(
            st.columns(2, gap="large"), (pair.drug, pair.disease), strict=True
        ):
            with column:
                st.subheader(markdown(pair.graph.entity_names[entity]), anchor=False)
                show.show_description(pair.graph, entity)
        return
    st.markdown(f"{_read_by(pair)} {_less_text(pair)}")
    left, right = st.columns(2, gap="large")
    for column, entity, other in (
        (left, pair.drug, pair.disease),
        (right, pair.disease, pair.drug),
    ):
        with column:
            _show_one(pair, texts, entity, other)
    show.show_provenance(texts.provenance)


def _show_one(pair: Pair, texts: Texts, entity: int, other: int) -> None:
    graph = pair.graph
    st.subheader(markdown(graph.entity_names[entity]), anchor=False)
    n_marked = n_sentences = 0
    for field in TEXT_FIELDS:
        found = sentences(graph, texts, entity, field)
        n_sentences += len(found)
        n_marked += sum(other in s.named for s in found)
        if found:
            st.markdown(
                f":small[**{show.FIELD_TITLES[field]}**]  \n"
                + " ".join(
                    f":orange-background[{NAMED_MARK} {markdown(s.text)}]"
                    if other in s.named
                    else markdown(s.text)
                    for s in found
                )
            )
    name = markdown(graph.entity_names[other])
    if not n_sentences:
        st.caption(
            f"Nothing was written about {markdown(graph.entity_names[entity])}: the prior is "
            "silent on it, and the run leans on the graph alone."
        )
    elif n_marked:
        sentences_name = "sentence names" if n_marked == 1 else "sentences name"
        st.caption(f"{NAMED_MARK} {n_marked} {sentences_name} {name} (on coloured ground).")
    else:
        st.caption(f"No sentence names {name}.")


def _read_by(pair: Pair) -> str:
    """Say which of the texts the run has read."""
    spec = PRIORS[pair.view.run.prior]
    if not spec.text_fields:
        return "**This run read none of these texts**; they are shown for the reader."
    if len(spec.text_fields) == len(TEXT_FIELDS):
        return "This run read all of these texts."
    read = " and ".join(f"“{show.FIELD_TITLES[field]}”" for field in spec.text_fields)
    return f"This run read {read} alone."


def _less_text(pair: Pair) -> str:
    """Say where the drug stands without text, with mechanisms alone, and with all of it."""
    view, candidate = pair.view, pair.candidate
    if view.base is None or candidate.base_rank is None:
        return ""
    told = f"Without any text the same model ranks the drug {ordinal(candidate.base_rank)}"
    if view.mechanism is None:
        return f"{told}, with its texts {ordinal(candidate.rank)}."
    ranks = cached.drug_ranks(pair.graph.name, pair.disease, view.mechanism, view.order)
    middle = float(ranks[pair.place])
    told += (
        f", with texts on mechanisms alone, which name no use, **{ordinal(middle)}**, with all "
        f"texts {ordinal(candidate.rank)}."
    )
    shift = Shift(candidate.name, candidate.base_rank, candidate.rank, middle)
    kept = shift.kept_share
    if kept is None or shift.rose_by <= 0:
        return told
    if kept >= 1:
        return f"{told} Mechanisms explain the whole climb."
    if kept <= 0:
        return f"{told} Mechanisms explain nothing of the climb: it rests on what the texts claim."
    return f"{told} Mechanisms explain about {kept:.0%} of the climb."


def show_links(pair: Pair) -> None:
    """Offer the sites where the pair and its ends can be looked up; the reader opens them."""
    st.header("Look it up", anchor=False)
    st.caption("These open in a new tab. This page itself asks the internet for nothing.")
    rows = [
        ("Both", links.pair_links(pair.graph, pair.drug, pair.disease)),
        (pair.names[0], links.entity_links(pair.graph, pair.drug)),
        (pair.names[1], links.entity_links(pair.graph, pair.disease)),
    ]
    for name, found in rows:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{markdown(name)}**", width=190)
            for link in found:
                st.link_button(f"{link.site}: {link.what}", link.url, icon=":material/open_in_new:")
