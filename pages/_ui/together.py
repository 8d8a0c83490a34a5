"""What the runs of one kind say together: a common list, and how far a rank ranges among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from llador_core.agreement import Consensus
from llador_core.errors import LladorError
from llador_core.escape import markdown
from llador_core.figures.style import ordinal
from llador_core.ranking import Candidate
from pages._ui import inputs, runs_cached
from pages._ui.cached import View
from pages._ui.table import Extra

HOW = (
    "Drugs by the geometric mean of their ranks in these runs, which were given the same texts and "
    "hid the same pairs, and differ in model or seed. Runs stopped early are left out."
)


@dataclass(frozen=True)
class Together:
    """The common list of one disease.

    Attributes
    ----------
    found : Consensus
    places : dict of int to int
        Place of each drug in it.
    """

    found: Consensus
    places: dict[int, int]

    def rank(self, candidate: Candidate) -> float:
        return float(self.found.ranks[self.places[candidate.entity]])

    def best(self, candidate: Candidate) -> float:
        return float(self.found.best[self.places[candidate.entity]])

    def worst(self, candidate: Candidate) -> float:
        return float(self.found.worst[self.places[candidate.entity]])

    def between(self, candidate: Candidate) -> str:
        """Return the range of ranks: '2-31', or a single one."""
        best, worst = self.best(candidate), self.worst(candidate)
        return f"{best:g}" if best == worst else f"{best:g}–{worst:g}"

    def runs_words(self) -> str:
        """Return which runs these are, as Markdown."""
        return "; ".join(markdown(inputs.run_label(run)) for run in self.found.runs)


def find(view: View) -> Together | None:
    """Return what the chosen run and its peers say together; None where they are too few."""
    try:
        found = runs_cached.consensus(view.graph.name, view.disease, view.run, view.order)
    except LladorError:  # one of them cannot be read: its own page says so
        return None
    if found is None:
        return None
    return Together(found, {drug: i for i, drug in enumerate(view.graph.drugs.tolist())})


def pick_order(together: Together | None, is_corrected: bool) -> bool:
    """Offer to order the list by what the runs say together; return whether it is."""
    if together is None:
        return False
    n = together.found.n_runs
    is_on = st.toggle(
        f"Consensus of {n} runs",
        key="consensus",
        bind="query-params",
        disabled=is_corrected,
        help=f"{HOW} They are: {together.runs_words()}."
        + (" Turn the correction for hubs off to order by it." if is_corrected else ""),
    )
    return bool(is_on) and not is_corrected


def ordered(listed: Sequence[Candidate], together: Together | None, is_on: bool) -> list[Candidate]:
    """Return candidates in the common order where it is asked for, else as they are."""
    if together is None or not is_on:
        return list(listed)
    return sorted(listed, key=lambda c: (together.rank(c), c.rank))


def columns(together: Together | None, is_on: bool) -> list[Extra]:
    """Return the columns of the common list: in front where the list follows it."""
    if together is None:
        return []
    before = "Drug" if is_on else "Percentile"
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    n = together.found.n_runs
    return [
        Extra(
            "Consensus",
            together.rank,
            number(width=86, help=f"Rank in the common list of {n} runs. {HOW}"),
            "consensus_rank",
            together.rank,
            before,
        ),
        Extra(
            "Range",
            together.between,
            text(width=76, help=f"Nearest to the top and furthest from it among {n} runs."),
            "rank_range",
            lambda c: [together.best(c), together.worst(c)],
            before,
        ),
    ]


def card_parts(together: Together | None) -> list[Callable[[View, Candidate], None]]:
    """Return what shows the common list's say on a drug's card."""
    if together is None:
        return []

    def show_rank(_: View, candidate: Candidate) -> None:
        st.caption(
            f"{together.found.n_runs} runs with these texts together: "
            f"{ordinal(together.rank(candidate))}, from {ordinal(together.best(candidate))} to "
            f"{ordinal(together.worst(candidate))}.",
            help=f"{HOW} They are: {together.runs_words()}.",
        )

    return [show_rank]


def words(is_on: bool, together: Together | None) -> list[str]:
    """Return what the export says of the order."""
    if together is None or not is_on:
        return []
    names = ", ".join(run.name for run in together.found.runs)
    return [f"ordered by the consensus of {names}"]


def show_line(view: View, candidate: Candidate) -> None:
    """Say where the runs of this kind put a drug together, on the page of a pair."""
    together = find(view)
    if together is None:
        return
    st.markdown(
        f"**Consensus** of the {together.found.n_runs} runs with these texts: "
        f"**{ordinal(together.rank(candidate))}**, from {ordinal(together.best(candidate))} to "
        f"{ordinal(together.worst(candidate))}.",
        help=f"{HOW} They are: {together.runs_words()}.",
    )
