"""Two rankings of the same held-out pairs: by how much one is better, pair by pair.

Pairs differ far more in how hard they are than two models do, so the difference is taken within
each pair first and resampled over pairs after: the interval of a difference is then much narrower
than what two overlapping intervals suggest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from llador_core.data.splits import Split
from llador_core.errors import ConfigError
from llador_core.evaluation.metrics import HITS_AT, Interval, per_pair, with_intervals
from llador_core.evaluation.protocols import DIGITS, evaluate
from llador_core.evaluation.ranks import Ranks, Scores
from llador_core.graph import Graph, Ints

# Of all metrics those in which more is better, so that a positive difference always means better.
METRICS = ("MRR", *(f"Hits@{k}" for k in HITS_AT), "AUC")


@dataclass(frozen=True)
class DiseaseResult:
    """How the held-out pairs of one disease fare.

    Attributes
    ----------
    disease : int
    n_better, n_worse, n_equal : int
        Pairs that the first ranking puts nearer the top than the second, further down, or alike.
    rank, base_rank : float
        Median rank of its pairs in the first ranking, and in the second.
    """

    disease: int
    n_better: int
    n_worse: int
    n_equal: int
    rank: float
    base_rank: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """What one ranking does better than another on the same pairs.

    Attributes
    ----------
    protocol : str
    drugs, diseases : int arrays of shape (n_pairs,)
    ranks, base_ranks : float64 arrays of shape (n_pairs,)
        In the first ranking, and in the second.
    differences : dict from metric to Interval
        Mean of first minus second over the pairs, with its 95% interval; positive: first is better.
    """

    protocol: str
    drugs: Ints
    diseases: Ints
    ranks: Ranks
    base_ranks: Ranks
    differences: dict[str, Interval]

    @property
    def n_pairs(self) -> int:
        return len(self.ranks)

    def by_disease(self) -> list[DiseaseResult]:
        """Return the result of each disease, most pairs won over lost first."""
        found = []
        for disease in np.unique(self.diseases).tolist():
            mine = self.diseases == disease
            ranks, base = self.ranks[mine], self.base_ranks[mine]
            counts = (int((ranks < base).sum()), int((ranks > base).sum()))
            medians = float(np.median(ranks)), float(np.median(base))
            found.append(DiseaseResult(disease, *counts, len(ranks) - sum(counts), *medians))
        found.sort(key=lambda one: (one.n_worse - one.n_better, one.rank - one.base_rank))
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the differences, rounded to six digits, and how many pairs were won and lost."""
        return {
            "protocol": self.protocol,
            "n_pairs": self.n_pairs,
            "n_better": int((self.ranks < self.base_ranks).sum()),
            "n_worse": int((self.ranks > self.base_ranks).sum()),
            "differences": {
                name: {key: round(value, DIGITS) for key, value in vars(interval).items()}
                for name, interval in self.differences.items()
            },
        }


def paired_differences(
    ranks: Ranks, base_ranks: Ranks, n_candidates: Ints, seed: int
) -> dict[str, Interval]:
    """Return first minus second in each metric, with the interval over resampled pairs.

    Parameters
    ----------
    ranks, base_ranks : float arrays of shape (n_pairs,)
        Of the same pairs in the same order, n_pairs at least 1.
    n_candidates : int array of shape (n_pairs,)
    seed : int
        Of the resampling.
    """
    first, second = (per_pair(one, n_candidates) for one in (ranks, base_ranks))
    return with_intervals({name: first[name] - second[name] for name in METRICS}, seed)


def compare(
    graph: Graph,
    split: Split,
    scores: Scores,
    base: Scores,
    protocol: str = "drug-ranking",
    seed: int = 0,
) -> Comparison:
    """Return what `scores` rank better than `base` on the test pairs of a split.

    Raises as `evaluate`; ConfigError where the two were not judged against the same candidates.
    """
    first, second = (evaluate(graph, split, one, protocol, seed) for one in (scores, base))
    if not np.array_equal(first.n_candidates, second.n_candidates):
        raise ConfigError("The two rankings were judged against different candidates.")
    return Comparison(
        protocol=protocol,
        drugs=first.drugs,
        diseases=first.diseases,
        ranks=first.ranks,
        base_ranks=second.ranks,
        differences=paired_differences(first.ranks, second.ranks, first.n_candidates, seed),
    )
