"""The verdict on a pair in a strip: rank with and without prior, agreement, what to doubt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import streamlit as st

from llador_core.escape import markdown
from llador_core.figures import agreement as strip
from llador_core.figures.style import count, ordinal
from llador_core.hubs import TOP
from llador_core.priors.anchors import PRIORS
from llador_core.ranking import Candidate
from llador_core.safeguard.model import CautionLevel
from pages._ui import cached, pair_view, shortlist, shortlist_panel, show, together
from pages._ui.pair_view import Pair

HUB = 0.25  # near the top of more than a quarter of all diseases' lists: little is said of this one
CAUTION_COLOURS: Mapping[CautionLevel, Literal["gray", "orange", "red"]] = {
    "no sign": "gray",
    "some": "orange",
    "strong": "red",
}


def show_title(pair: Pair, is_turned: bool = False) -> None:
    """Show the pair as the page's title, the graph it is seen in, and what was put right."""
    drug, disease = (markdown(name) for name in pair.names)
    st.title(f"{drug} for {disease}?", anchor=False)
    graph = markdown(pair.graph.title or pair.graph.name)
    note = " · the first new proposal, as no drug was chosen" if pair.is_default else ""
    note += " · drug and disease stood in each other's place in the link" if is_turned else ""
    st.caption(f"{graph}{note}")


def show_verdict(pair: Pair) -> None:
    """Show badges, a sentence, the figures behind it, and how far the installed runs agree."""
    asked = pair_view.ask_runs(pair)
    share = _top_share(pair)
    with st.container(horizontal=True, gap="small"):
        show.show_flags(pair.view, pair.candidate)
        _show_caution_badge(pair.candidate)
        _show_hub_badge(share)
    figures, picture = st.columns([8, 5], gap="medium")
    with figures:
        st.markdown(_sentence(pair, asked))
        _show_figures(pair, share)
    with picture:
        _show_agreement(pair, asked)


def _top_share(pair: Pair) -> float:
    return float(cached.hub_bias(pair.graph.name, pair.view.run, pair.view.order).share[pair.place])


def _show_hub_badge(share: float) -> None:
    words = f"In the top {TOP} of {share:.0%} of diseases"
    is_hub = share > HUB
    st.badge(
        words,
        icon=":material/hub:" if is_hub else ":material/filter_center_focus:",
        color="orange" if is_hub else "gray",
        help="A drug that a model ranks high for most diseases owes its place here to being well "
        "known rather than to this disease."
        if is_hub
        else "The lower, the more the rank says about this disease rather than about the drug.",
    )


def _show_caution_badge(candidate: Candidate) -> None:
    if candidate.caution is None:
        return
    st.badge(
        f"Predicted caution: {candidate.caution}",
        icon=":material/shield:" if candidate.caution == "no sign" else ":material/warning:",
        color=CAUTION_COLOURS[candidate.caution],
        help="What the run predicts the graph would list as contraindicated, from what it lists "
        "for similar drugs and diseases and from what the texts say. “No sign” is not “safe”.",
    )


def _sentence(pair: Pair, asked: pair_view.Asked) -> str:
    """Return the verdict in one or two sentences."""
    candidate, n = pair.candidate, len(pair.view.candidates)
    told = f"This run ranks {markdown(pair.names[0])} **{ordinal(candidate.rank)}** of {n:,} drugs"
    if candidate.caution is not None and pair.view.order == "raw":
        told += " by its score alone, predicted caution left aside"
    elif candidate.raw_rank not in (None, candidate.rank) and candidate.caution is not None:
        told += f" ({ordinal(candidate.raw_rank)} before predicted caution is weighed in)"
    if candidate.base_rank is not None:
        told += f"; the same model without the prior **{ordinal(candidate.base_rank)}**"
    agreed = asked.agreement
    if agreed and len(agreed.standings) > 1:
        n_runs = len(agreed.standings)
        told += (
            f". **{agreed.n_within(TOP)} of {n_runs}** installed runs have it among the first {TOP}"
        )
        if agreed.n_trained_on:
            told += (
                f"; {agreed.n_trained_on} of {n_runs} were trained on this very pair, so theirs is "
                "memory, not foresight"
            )
    return f"{told}."


def _show_figures(pair: Pair, share: float) -> None:
    candidate, graph, n = pair.candidate, pair.graph, len(pair.view.candidates)
    without = candidate.base_rank
    with st.grid(3, min_column_width=150, gap="small"):
        st.metric(
            "Rank",
            ordinal(candidate.rank),
            f"percentile {candidate.percentile:.1f}",
            delta_color="off",
            delta_arrow="off",
            help=f"Among {n:,} drugs; 1st is best. Percentile 100 is the first, 0 the last. "
            "Neither is a probability.",
        )
        st.metric(
            "Without the prior",
            show.MISSING if without is None else ordinal(without),
            "no such run"
            if without is None
            else f"percentile {100 * (n - without) / max(1, n - 1):.1f}",
            delta_color="off",
            delta_arrow="off",
            help="By the same model trained without the LLM's texts.",
        )
        st.metric(
            "Moved by the prior",
            show.shift_words(candidate.shift),
            _naming(pair),
            delta_color="off",
            delta_arrow="off",
            help="Places up or down. Where the text of either side names the other, the prior may "
            "have stated the answer.",
        )
        for entity, name in ((pair.drug, "Drug"), (pair.disease, "Disease")):
            kind = "drugs" if entity == pair.drug else "diseases"
            st.metric(
                f"{name} studied",
                count(int(graph.degree[entity]), "fact"),
                f"more than {int(100 * pair_view.studied(graph, entity))}% of {kind}",
                delta_color="off",
                delta_arrow="off",
                help="Edges in this graph. Models favour what is well studied, and where little is "
                "known a low rank says little.",
            )
        st.metric(
            f"Top {TOP} elsewhere",
            f"{share:.0%}",
            "of diseases",
            delta_color="off",
            delta_arrow="off",
            help=f"Share of all diseases whose first {TOP} drugs hold this one, by this run.",
        )


def _naming(pair: Pair) -> str:
    """Say whether the text that the run has read names the answer."""
    if pair.view.texts is None or not PRIORS[pair.view.run.prior].text_fields:
        return "this run read no LLM text"
    return "LLM text names it" if pair.candidate.prior_names_it else "LLM text does not name it"


def _show_agreement(pair: Pair, asked: pair_view.Asked) -> None:
    agreed = asked.agreement
    if agreed is None:
        st.caption("No installed run could be asked about this pair.")
    else:
        st.markdown(f"**Across runs**: {strip.agreement_words(agreed)}")
        together.show_line(pair.view, pair.candidate)
        show.show_figure(
            strip.agreement_figure(agreed, pair.view.run.name),
            strip.agreement_alt(agreed),
            strip.agreement_rows(agreed),
            "agreement",
        )
    left_out = [count(asked.n_controls, "control run")] if asked.n_controls else []
    if asked.problems:
        left_out.append(f"{count(len(asked.problems), 'run')} that cannot be read")
    if left_out:
        st.caption(
            f"Left out: {' and '.join(left_out)}.",
            help=markdown(" ".join(asked.problems)) or None,
        )


def show_judgement(pair: Pair) -> None:
    """Offer to star the pair and to judge it; what is judged stays on this machine."""
    starred = shortlist.read(pair.view)
    with st.container(border=True):
        st.markdown("**And you?** Pursue it, ask for data, or drop it; with a note for later.")
        for show_part in shortlist.card_parts(starred):
            show_part(pair.view, pair.candidate)
    shortlist_panel.show_expander(pair.view)
