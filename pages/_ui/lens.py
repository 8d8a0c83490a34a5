"""The hub-bias lens: the list corrected for drugs that a model likes everywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from llador_core import hubs
from llador_core.escape import markdown
from llador_core.evaluation.metrics import Interval
from llador_core.figures import hub_bias
from llador_core.figures.style import ordinal
from llador_core.ranking import Candidate
from pages._ui import cached, exports, show
from pages._ui.cached import View
from pages._ui.table import Extra

HELP = (
    "Some drugs stand near the top whatever the disease. The correction takes from each score what "
    "the drug usually scores over all diseases, and ranks by what is left: how much better it does "
    "here than elsewhere."
)
PERCENT = "%d%%"
METRIC_WORDS = {
    "Hits@10": "Hidden drugs found in the first 10",
    "Hits@50": "Hidden drugs found in the first 50",
    "MRR": "Mean of 1 / rank (MRR)",
}


@dataclass(frozen=True)
class Lens:
    """The corrected list of one disease.

    Attributes
    ----------
    bias : Hubs
    ranks : mapping of int to float
        Corrected rank of each drug.
    shares : mapping of int to float
        Share of diseases in whose first 50 each drug stands.
    """

    bias: hubs.Hubs
    ranks: Mapping[int, float]
    shares: Mapping[int, float]

    def change(self, candidate: Candidate) -> float:
        """Return the places gained by the correction; negative for places lost."""
        return candidate.rank - self.ranks[candidate.entity]


def pick_lens(view: View) -> Lens | None:
    """Offer the correction; return the corrected list, None where it is off."""
    is_on = st.toggle("Correct for hubs", key="hubs", bind="query-params", help=HELP)
    return lens_of(view) if is_on else None


def lens_of(view: View) -> Lens:
    """Return the corrected list of what is looked at."""
    drugs = view.graph.drugs.tolist()
    bias = cached.hub_bias(view.graph.name, view.run, view.order)
    scores = {c.entity: c.score for c in view.candidates}
    ranks = hubs.corrected_ranks(np.array([scores[drug] for drug in drugs]), bias)
    return Lens(
        bias,
        dict(zip(drugs, ranks.tolist(), strict=True)),
        dict(zip(drugs, bias.share.tolist(), strict=True)),
    )


def ordered(view: View, lens: Lens | None) -> Sequence[Candidate]:
    """Return all candidates, best first by the corrected rank where the lens is on."""
    if lens is None:
        return view.candidates
    return sorted(view.candidates, key=lambda c: (lens.ranks[c.entity], c.rank))


def columns(lens: Lens | None) -> list[Extra]:
    """Return the columns that the lens adds."""
    if lens is None:
        return []
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return [
        Extra(
            "Corrected",
            lambda c: lens.ranks[c.entity],
            number(width=82, help="Rank by the score corrected for hubs. The list follows it."),
            "corrected_rank",
            lambda c: lens.ranks[c.entity],
            "Rank",
        ),
        Extra(
            "Change",
            lambda c: show.shift_words(lens.change(c)),
            text(width=76, help="Places moved by the correction: ▲ up, ▼ down."),
            "corrected_change",
            lens.change,
            "Drug",
        ),
        Extra(
            "Top 50 of",
            lambda c: round(lens.shares[c.entity] * 100),
            number(
                width=86,
                format=PERCENT,
                help=f"Share of {lens.bias.n_diseases:,} diseases in whose first {lens.bias.k} the "
                "drug stands before the correction.",
            ),
            "share_of_diseases_in_top_50",
            lambda c: round(lens.shares[c.entity], 4),
            "Flags",
        ),
    ]


def words(lens: Lens | None) -> list[str]:
    """Return what the export says of the order."""
    return ["ordered by the rank corrected for hubs"] if lens else []


def show_panel(view: View, lens: Lens) -> None:
    """Show rank against degree, and what the correction does to the recovery of hidden drugs."""
    effect = cached.hub_effect(view.graph.name, view.run, view.order)
    places = [
        hub_bias.Place(c.name, c.degree, c.rank, lens.ranks[c.entity], lens.shares[c.entity])
        for c in view.candidates
    ]
    st.header("Drugs that are liked everywhere", anchor=False)
    left, right = st.columns([7, 4], gap="medium")
    with left:
        show.show_figure(
            hub_bias.hub_figure(places),
            hub_bias.hub_alt(places),
            hub_bias.hub_rows(places),
            "hub-bias",
            **{"Top 50 of": st.column_config.NumberColumn(format=PERCENT)},
        )
    with right:
        st.markdown(f"{hub_sentence(places, lens)} {effect_sentence(effect)}")
        columns = effect_rows(lens.bias, effect)
        st.table(columns)
        st.caption(
            f"Over {effect.n_pairs} hidden pairs of this run, other known drugs of the disease "
            "left out. In brackets: 95% interval, pair by pair (bootstrap).",
            help="**Rank follows edges**: correlation (Spearman) of a drug's number of edges with "
            "how near the top it stands, mean over diseases. 0: no bias; 1: a list by edges. "
            f"{HELP}",
        )
        rows = [
            {title or "Measure": values[i] for title, values in columns.items()}
            for i in range(len(columns[""]))
        ]
        exports.offer(rows, "hub-effect", "What correcting for hubs does to this run's lists")


def hub_sentence(places: Sequence[hub_bias.Place], lens: Lens) -> str:
    """Say who stands near the top most often, and where the correction sends it here."""
    first = hub_bias.most_frequent(places)[0]
    return (
        f"**{markdown(first.name)}** stands in the top {lens.bias.k} of **{first.share:.0%}** of "
        f"{lens.bias.n_diseases:,} diseases, whatever they are; here the correction takes it from "
        f"{ordinal(first.rank)} to {ordinal(first.corrected)}."
    )


def effect_sentence(effect: hubs.Effect) -> str:
    """Say whether correcting finds more of the hidden drugs, fewer, or neither for certain."""
    before, after = effect.before["Hits@10"].value, effect.after["Hits@10"].value
    change = effect.change["Hits@10"]
    told = f"Of the hidden drugs it finds **{after:.0%}** in the first 10, without it {before:.0%}"
    if change.low > 0:
        return f"{told}: it finds **more**."
    if change.high < 0:
        return f"{told}: it finds **fewer**, the price of a fairer list."
    return f"{told}: too small a difference to tell them apart."


def effect_rows(bias: hubs.Hubs, effect: hubs.Effect) -> dict[str, list[str]]:
    """Return the table of what the correction does, column by column."""
    rows: list[tuple[str, ...]] = []
    for name, title in METRIC_WORDS.items():
        percent = name != "MRR"
        after = _figure(effect.after[name].value, percent)
        rows.append(
            (
                title,
                _figure(effect.before[name].value, percent),
                f"{after} {_span(effect.change[name], percent)}",
                _figure(effect.popularity[name].value, percent),
            )
        )
    rows.append(
        (
            "Rank follows edges (−1 to 1)",
            f"{bias.correlation:+.2f}",
            f"{bias.corrected_correlation:+.2f}",
            f"{effect.popularity_correlation:+.2f}",
        )
    )
    rows.append(
        (
            f"Most frequent drug is in the top {bias.k} of",
            f"{bias.share.max():.0%}",
            f"{bias.corrected_share.max():.0%}",
            "100%",
        )
    )
    if effect.to_avoid:
        shares = [f"{share:.1%}" for share in effect.to_avoid]
        rows.append(("Contraindicated drugs among the first 20", *shares))
    titles = ("", "As it is", "Corrected (change)", "By popularity")
    return {title: [row[i] for row in rows] for i, title in enumerate(titles)}


def _figure(value: float, percent: bool) -> str:
    return f"{value:.0%}" if percent else f"{value:.2f}"


def _span(change: Interval, percent: bool) -> str:
    if percent:
        return f"({change.low * 100:+.0f} to {change.high * 100:+.0f})"
    return f"({change.low:+.2f} to {change.high:+.2f})"


def card_parts(lens: Lens | None) -> list[Callable[[View, Candidate], None]]:
    """Return what the lens adds to a drug's card."""
    if lens is None:
        return []

    def show_drug(_: View, candidate: Candidate) -> None:
        st.caption(
            f":material/balance: Corrected for hubs **{ordinal(lens.ranks[candidate.entity])}** "
            f"({show.shift_words(lens.change(candidate))}) · in the top {lens.bias.k} of "
            f"{lens.shares[candidate.entity]:.0%} of diseases",
            help=HELP,
        )

    return [show_drug]
