"""Hub bias: drugs that stand near the top of every list, and ranks corrected for it.

A drug that a model likes everywhere says little about the disease at hand. The correction takes
from each score what the drug usually scores: the mean over all diseases of how far it stands above
the mean of the list, its best and its worst tenth left aside. What is left is how much better it
does *here*. This is the double centring of the score matrix, made firm against single extremes:
with a safeguard, a contraindication that training saw weighs as much as ten ordinary diseases.

Chosen on the validation pairs of the nine shipped runs, by their score alone and weighed with
caution. Only trimmed means and medians leave no run with a correlation of rank and degree (0.02 at
most); they find alike, but with medians the worst hub keeps the top 50 of 35% of the lists (this:
26%, uncorrected: 83%). Plain means leave correlations up to 0.17, half weights and z-scores up to
0.14, and z-scores lose a tenth of what is found; local scaling by the best diseases (CSLS) turns
the bias round (-0.30). `benchmarks/hub_correction.py` measures what it does on the test pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError
from llador_core.evaluation.compare import paired_differences
from llador_core.evaluation.controls import popularity_places
from llador_core.evaluation.metrics import Interval
from llador_core.evaluation.pairs import positions
from llador_core.evaluation.protocols import Report, evaluate
from llador_core.evaluation.ranks import Scores
from llador_core.graph import Graph, Ints
from llador_core.ranking import mean_ranks
from llador_core.training.runs import Order, Run, check_graph

Shares = NDArray[np.float64]
ScoreOf = Callable[[Ints], Scores]

TOP = 50
FIRST = 20  # as far as a reader looks for what may do harm
MAX_DISEASES = 500  # more tell the same: a share of 500 is exact to a few percent
AT_ONCE = 64
ASIDE = 0.1  # of a drug's diseases, at either end, that do not count as usual
PROTOCOL = "drug-ranking"
METRICS = ("Hits@10", "Hits@50", "MRR")


@dataclass(frozen=True, eq=False)
class Hubs:
    """How much a model likes each drug whatever the disease; rows follow `graph.drugs`.

    Attributes
    ----------
    usual : float64 array of shape (n_drugs,)
        What the drug scores above the mean of a list, mean over the diseases looked at without
        the best and the worst tenth of them.
    share : float64 array of shape (n_drugs,)
        Share of these diseases in whose first `k` the drug stands, 0 to 1.
    corrected_share : float64 array of shape (n_drugs,)
        The same in lists ordered by the corrected score.
    correlation, corrected_correlation : float
        Spearman correlation, mean over diseases, of a drug's degree with how near the top it
        stands; 0 for no bias, 1 for a list by degree.
    n_diseases, k : int
    """

    usual: Shares
    share: Shares
    corrected_share: Shares
    correlation: float
    corrected_correlation: float
    n_diseases: int
    k: int = TOP


@dataclass(frozen=True)
class Effect:
    """What the correction does to the recovery of hidden pairs, beside ranking by popularity.

    Attributes
    ----------
    n_pairs : int
        Treatments of the test split, each looked for among all drugs.
    before, after, popularity : dict from metric to Interval
        Of the list as it is, of the corrected one, and of drugs by their number of uses.
    change : dict from metric to Interval
        After less before, pair by pair; where the interval holds 0 there is no telling.
    popularity_correlation : float
        As `Hubs.correlation`, of ranking by popularity.
    to_avoid : tuple of three floats, or None
        Share of the first 20 places, over the diseases of the pairs, that hold a drug which the
        graph lists as contraindicated there: before, after, by popularity. None for a graph that
        records no contraindications.
    """

    n_pairs: int
    before: dict[str, Interval]
    after: dict[str, Interval]
    change: dict[str, Interval]
    popularity: dict[str, Interval]
    popularity_correlation: float
    to_avoid: tuple[float, float, float] | None


def score_of(graph: Graph, run: Run, order: Order = "combined") -> ScoreOf:
    """Return the function from diseases to what orders a run's lists, (n_drugs, n_diseases).

    Raises DataFormatError where the run belongs to another version of the graph.
    """
    check_graph(run, graph)

    def scores(diseases: Ints) -> Scores:
        if order == "combined" and run.safeguard is not None:
            return run.safeguard.combined[:, positions(graph.diseases, diseases)]
        raw = run.scorer.score_pairs(graph.drugs, graph.treatment_relation, diseases)
        if order == "combined" and run.similar is not None:
            return run.similar.combined(raw, positions(graph.diseases, diseases))
        return raw

    return scores


def reference_diseases(graph: Graph) -> Ints:
    """Return the diseases to look at: all, or 500 spread evenly over them in the order of ids."""
    by_id = sorted(graph.diseases.tolist(), key=graph.entity_ids.__getitem__)
    if len(by_id) > MAX_DISEASES:
        places = np.linspace(0, len(by_id) - 1, MAX_DISEASES).round().astype(int)
        by_id = [by_id[place] for place in places]
    return np.array(by_id, np.int64)


def measure(graph: Graph, scores: ScoreOf, k: int = TOP) -> Hubs:
    """Return how much a score likes each drug whatever the disease, before and after correction.

    Parameters
    ----------
    graph : Graph
    scores : callable
        From disease numbers to scores, (n,) -> (n_drugs, n), such as `score_of` returns.
    k : int
        How far down a list counts as near the top. Drugs tied at the last of the `k` places
        divide what is left of them, so shares always sum to `k` (or to the number of drugs).

    Raises
    ------
    ConfigError
        `k` is below 1.
    """
    if k < 1:
        raise ConfigError(f"The first {k} places of a list hold nobody; k must be at least 1.")
    diseases = reference_diseases(graph)
    table = np.concatenate(list(_blocks(graph, scores)), axis=1).astype(np.float64)
    usual = _usual(table)
    centred = table - usual[:, None]
    degree = graph.degree[graph.drugs]
    return Hubs(
        usual=usual,
        share=_row_means(_in_top(table, k)),
        corrected_share=_row_means(_in_top(centred, k)),
        correlation=degree_correlation(table, degree),
        corrected_correlation=degree_correlation(centred, degree),
        n_diseases=len(diseases),
        k=k,
    )


def corrected_ranks(scores: NDArray[np.floating], hubs: Hubs) -> Shares:
    """Return the ranks of all drugs for one disease by the corrected score, shape (n_drugs,).

    Parameters
    ----------
    scores : float array of shape (n_drugs,)
        In the order of `graph.drugs`, of the kind that `hubs` was measured on.
    hubs : Hubs
    """
    return mean_ranks(np.asarray(scores, np.float64) - hubs.usual)


def effect(graph: Graph, run: Run, scores: ScoreOf, hubs: Hubs, seed: int = 0) -> Effect:
    """Return how a run's hidden test pairs rank before and after the correction.

    Parameters
    ----------
    graph, run : Graph, Run
    scores : callable
        As for `measure`; what the lists are ordered by.
    hubs : Hubs
        Measured on these scores.
    seed : int
        Of the bootstrap.

    Raises
    ------
    MissingDataError
        The run hid no test pairs.
    """
    split = run.split(graph)
    is_judged = np.isin(graph.diseases, split.test[:, 2])
    # The other columns are never read: on a large graph they would take minutes.
    table = np.zeros((len(graph.drugs), len(graph.diseases)), np.float32)
    table[:, is_judged] = scores(graph.diseases[is_judged])
    before = evaluate(graph, split, table, PROTOCOL, seed)
    lists = [table[:, is_judged]]
    table -= hubs.usual[:, None].astype(np.float32)
    after = evaluate(graph, split, table, PROTOCOL, seed)
    places = popularity_places(graph, split)[0][:, None].astype(np.float32)
    lists += [table[:, is_judged], np.broadcast_to(places, lists[0].shape)]
    popularity = run.metrics["baselines"]["popularity"][PROTOCOL]["metrics"]
    return Effect(
        n_pairs=before.n_pairs,
        before={name: before.metrics[name] for name in METRICS},
        after={name: after.metrics[name] for name in METRICS},
        change=_changes(before, after, seed),
        popularity={name: Interval(**popularity[name]) for name in METRICS},
        popularity_correlation=degree_correlation(places, graph.degree[graph.drugs]),
        to_avoid=_shares_to_avoid(graph, graph.diseases[is_judged], lists),
    )


def _shares_to_avoid(
    graph: Graph, diseases: Ints, lists: Sequence[Scores]
) -> tuple[float, float, float] | None:
    """Return how much of the first 20 places contraindicated drugs hold, mean over diseases."""
    if not len(graph.relations_with_role("contraindicated")):
        return None
    to_avoid = np.stack(
        [
            np.isin(graph.drugs, graph.neighbours_with_role(disease, "contraindicated"))
            for disease in diseases.tolist()
        ],
        axis=1,
    )
    first, second, third = (float(_in_top(one, FIRST)[to_avoid].sum()) for one in lists)
    n_places = min(FIRST, len(graph.drugs)) * len(diseases)
    return first / n_places, second / n_places, third / n_places


def _changes(before: Report, after: Report, seed: int) -> dict[str, Interval]:
    found = paired_differences(after.ranks, before.ranks, before.n_candidates, seed)
    return {name: found[name] for name in METRICS}


def degree_correlation(scores: Scores, degree: NDArray[np.integer]) -> float:
    """Return the Spearman correlation of score and degree, mean over the columns of `scores`.

    A column of equal scores, or equal degrees, count as 0.

    Parameters
    ----------
    scores : float array of shape (n_drugs, n_diseases)
    degree : int array of shape (n_drugs,)
    """
    by_degree = mean_ranks(degree.astype(np.float64))
    return float(np.mean([_correlation(mean_ranks(column), by_degree) for column in scores.T]))


def _correlation(a: Shares, b: Shares) -> float:
    a, b = a - a.mean(), b - b.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length else 0.0


def _usual(table: Scores) -> Shares:
    """Return the trimmed mean of each row after the mean of each column is taken away."""
    ordered = np.sort(table - table.mean(axis=0), axis=1)
    n_aside = int(table.shape[1] * ASIDE)
    return _row_means(ordered[:, n_aside : table.shape[1] - n_aside])


def _row_means(table: Scores) -> Shares:
    means: Shares = table.mean(axis=1, dtype=np.float64)
    return means


def _in_top(scores: Scores, k: int) -> Shares:
    """Return how much of one of the first `k` places each drug holds, (n_drugs, n_diseases)."""
    k = min(k, len(scores))
    last = -np.partition(-scores, k - 1, axis=0)[k - 1]  # (n_diseases,)
    above, tied = scores > last, scores == last
    left = (k - above.sum(axis=0)) / tied.sum(axis=0)
    held: Shares = above + tied * left
    return held


def _blocks(graph: Graph, scores: ScoreOf) -> Iterator[Scores]:
    diseases = reference_diseases(graph)
    for start in range(0, len(diseases), AT_ONCE):
        yield scores(diseases[start : start + AT_ONCE])
