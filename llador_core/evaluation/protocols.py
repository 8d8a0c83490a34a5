"""Which candidates a held-out pair is judged against, and the report that comes of it.

Everything works from scores of drugs by diseases, so that trained models and baselines are judged
by the same code: a table of them, or a trained model, of which only what is needed is scored.

References
----------
LLaDR, "sampled-50". Deviations: exactly 50 candidates, seeded, none skipped; the filtered form
leaves out the drug's other known diseases, which the published scripts do not although they say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from llador_core.data.splits import Split
from llador_core.evaluation.metrics import (
    Interval,
    per_pair,
    recall_curve,
    with_intervals,
)
from llador_core.evaluation.pair_scores import pair_scores
from llador_core.evaluation.pairs import Pairs, answers, judged, ranks_of_ids
from llador_core.evaluation.ranks import Ranks, Scores, mean_tie_ranks
from llador_core.evaluation.sampling import draw, left_out
from llador_core.graph import Graph, Ints
from llador_core.models.scorer import Scorer
from llador_core.registry import lookup

ROWS_AT_ONCE = 2_048
NUMBERS_AT_ONCE = 1 << 22  # scores, or random keys, held at a time
DIGITS = 6


@dataclass(frozen=True)
class ProtocolSpec:
    """A way to judge.

    Attributes
    ----------
    name, words : str
    ranks : "diseases" or "drugs"
        What the true one is ranked among.
    n_candidates : int or None
        How many, the true one included; None means all.
    is_filtered : bool
        Other known pairs are left out of the candidates.
    """

    name: str
    words: str
    ranks: Literal["diseases", "drugs"]
    n_candidates: int | None
    is_filtered: bool


PROTOCOLS: Mapping[str, ProtocolSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            ProtocolSpec(
                "sampled-50",
                "The true disease among 50 diseases, the drug's other known ones left out.",
                "diseases",
                50,
                is_filtered=True,
            ),
            ProtocolSpec(
                "sampled-50-as-published",
                "The true disease among 50 diseases, other known ones among them.",
                "diseases",
                50,
                is_filtered=False,
            ),
            ProtocolSpec(
                "drug-ranking",
                "The true drug among all drugs, the disease's other known ones left out.",
                "drugs",
                None,
                is_filtered=True,
            ),
            ProtocolSpec(
                "disease-ranking",
                "The true disease among all diseases, the drug's other known ones left out.",
                "diseases",
                None,
                is_filtered=True,
            ),
        )
    }
)


@dataclass(frozen=True, eq=False)
class Report:
    """How the held-out pairs of a split rank.

    Attributes
    ----------
    protocol : str
    drugs, diseases : int arrays of shape (n_pairs,)
        The judged pairs, as entity numbers, ordered by drug id, then disease id.
    ranks : float64 array of shape (n_pairs,)
    n_candidates : int array of shape (n_pairs,)
        The true one included. Below 50 under `sampled-50` only where the graph has no more.
    metrics : dict from metric to Interval
    recall_curve : tuple of list of int, list of float
        k, and the share of pairs with a rank of at most k.
    """

    protocol: str
    drugs: Ints
    diseases: Ints
    ranks: Ranks
    n_candidates: Ints
    metrics: dict[str, Interval]
    recall_curve: tuple[list[int], list[float]]

    @property
    def n_pairs(self) -> int:
        return len(self.ranks)

    def to_json(self) -> dict[str, Any]:
        """Return what metrics.json keeps, rounded to six digits."""
        ks, recall = self.recall_curve
        return {
            "n_pairs": self.n_pairs,
            "n_candidates": {
                "min": int(self.n_candidates.min()),
                "max": int(self.n_candidates.max()),
            },
            "metrics": {
                name: {
                    "value": round(interval.value, DIGITS),
                    "low": round(interval.low, DIGITS),
                    "high": round(interval.high, DIGITS),
                }
                for name, interval in self.metrics.items()
            },
            "recall_curve": {"k": ks, "recall": [round(share, DIGITS) for share in recall]},
        }


def evaluate(
    graph: Graph,
    split: Split,
    scores: Scores | Scorer,
    protocol: str,
    seed: int = 0,
    pairs: Pairs = "test",
) -> Report:
    """Return how a score matrix ranks the held-out pairs of a split.

    Candidates and resamples are drawn in the order of entity ids, so the report does not depend on
    how entities are numbered.

    Parameters
    ----------
    graph : Graph
    split : Split
    scores : float array of shape (n_drugs, n_diseases), or Scorer
        Rows as `graph.drugs`, columns as `graph.diseases`; higher is better. A trained model
        scores only the pairs that the protocol looks at.
    protocol : str
        A key of `PROTOCOLS`.
    seed : int
        Of the sampled candidates and of the bootstrap.
    pairs : "test" or "valid"

    Raises
    ------
    UnknownNameError
        No such protocol.
    ConfigError
        The scores have another shape or are not finite.
    MissingDataError
        The split holds no such pairs.
    """
    rows, columns, ranks, n_candidates = rank_pairs(graph, split, scores, protocol, seed, pairs)
    return Report(
        protocol=protocol,
        drugs=graph.drugs[rows],
        diseases=graph.diseases[columns],
        ranks=ranks,
        n_candidates=n_candidates,
        metrics=with_intervals(per_pair(ranks, n_candidates), seed),
        recall_curve=recall_curve(ranks, int(n_candidates.max())),
    )


def rank_pairs(
    graph: Graph,
    split: Split,
    scores: Scores | Scorer,
    protocol: str,
    seed: int = 0,
    pairs: Pairs = "test",
) -> tuple[Ints, Ints, Ranks, Ints]:
    """Return what `evaluate` reports on, without its bootstrap, which takes longer than ranking.

    Parameters and errors as in `evaluate`.

    Returns
    -------
    rows, columns : int arrays of shape (n_pairs,)
        The judged pairs, as places in `graph.drugs` and `graph.diseases`.
    ranks : float64 array of shape (n_pairs,)
    n_candidates : int array of shape (n_pairs,)
    """
    spec = lookup("protocol", PROTOCOLS, protocol)
    source = pair_scores(graph, scores)
    rows, columns = judged(graph, split, pairs)
    is_of_drugs = spec.ranks == "drugs"
    queries, true = (columns, rows) if is_of_drugs else (rows, columns)
    members = graph.drugs if is_of_drugs else graph.diseases
    place, known = np.empty((2, 0), np.int64)
    if spec.is_filtered:
        right = answers(graph, split, is_of_drugs)
        place, known = left_out(right, len(members), queries, true)
    order, generator = ranks_of_ids(graph, members), np.random.default_rng(seed)
    ranks, n_candidates = np.empty(len(true)), np.empty(len(true), np.int64)
    for block in _blocks(len(true), len(members)):
        first, last = np.searchsorted(place, [block.start, block.stop])
        no = place[first:last] - block.start, known[first:last]
        asked, at = queries[block], true[block]
        if spec.n_candidates is None:
            table = source.of_drugs(asked) if is_of_drugs else source.of_diseases(asked)
            is_candidate = np.ones(table.shape, np.bool_)
            is_candidate[no] = False
        else:
            chosen, is_candidate = draw(at, no, spec.n_candidates - 1, order, generator)
            some = source.of_some_drugs if is_of_drugs else source.of_some_diseases
            table, at = some(asked, chosen), np.zeros(len(at), np.int64)
        ranks[block], n_candidates[block] = mean_tie_ranks(table, at, is_candidate)
    return rows, columns, ranks, n_candidates


def _blocks(n: int, n_columns: int) -> Iterator[slice]:
    step = max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // max(1, n_columns)))
    return (slice(start, min(n, start + step)) for start in range(0, n, step))
