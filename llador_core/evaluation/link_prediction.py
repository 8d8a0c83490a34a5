"""Link prediction as the field reports it: every held-out triple, both ends, among all entities.

Right answers of the whole graph are filtered out, ties share their mean rank. What is held out are
treatments (and contraindications where the run holds them out), so these are the triples judged:
numbers of papers that hold out triples of every relation are not comparable.

References
----------
Filtered ranks: Bordes et al., NIPS 2013. Mean rank of ties ("realistic") and the adjusted mean
rank index: Berrendorf et al., "On the Ambiguity of Rank-Based Evaluation", 2020.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Split
from llador_core.errors import ConfigError, MissingDataError
from llador_core.evaluation.exact import exact_ranks
from llador_core.evaluation.metrics import Interval, with_intervals
from llador_core.evaluation.pairs import Pairs
from llador_core.evaluation.protocols import DIGITS
from llador_core.evaluation.ranks import Ranks
from llador_core.graph import Graph, Ints
from llador_core.models.interactions import Side
from llador_core.models.scorer import Scorer

LINK_PREDICTION = "link-prediction"
WORDS = "Both ends of each held-out triple among all entities, other known ones left out."
SIDES: tuple[Side, Side] = ("head", "tail")
HITS_AT = (1, 3, 10)


@dataclass(frozen=True, eq=False)
class LinkReport:
    """How the held-out triples of a split rank among all entities.

    Attributes
    ----------
    triples : int array of shape (n, 3)
        Ordered by id of head, relation name and id of tail.
    ranks : float64 array of shape (n, 2)
        Of the head and of the tail.
    n_candidates : int array of shape (n, 2)
        The true one included.
    metrics : dict from metric to Interval
        MR, MRR, Hits@k and AMRI over both ends. AMRI is 1 where every rank is 1, and 0 for a
        scorer that guesses. A triple with both its ends is one unit of the bootstrap.
    by_side : dict from "head" and "tail" to metrics
        Which end was asked for.
    by_role : dict from role of the relation to metrics over both ends
    """

    triples: Ints
    ranks: Ranks
    n_candidates: Ints
    metrics: dict[str, Interval]
    by_side: dict[str, dict[str, Interval]]
    by_role: dict[str, dict[str, Interval]]

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers, rounded to six digits."""
        return {
            "n_triples": len(self.triples),
            "n_candidates": {
                "min": int(self.n_candidates.min()),
                "max": int(self.n_candidates.max()),
            },
            "metrics": _plain(self.metrics),
            "by_side": {side: _plain(metrics) for side, metrics in self.by_side.items()},
            "by_role": {role: _plain(metrics) for role, metrics in self.by_role.items()},
        }


def predict_links(
    graph: Graph,
    split: Split,
    scorer: Scorer,
    seed: int = 0,
    pairs: Pairs = "test",
    *,
    is_filtered: bool = True,
) -> LinkReport:
    """Return how a trained model ranks both ends of the held-out triples among all entities.

    Parameters
    ----------
    graph : Graph
        All its triples count as known.
    split : Split
    scorer : Scorer
    seed : int
        Of the bootstrap.
    pairs : "test" or "valid"
    is_filtered : bool
        False keeps other right answers among the candidates.

    Raises
    ------
    ConfigError
        The model has other entities or relations than the graph, or scores are not finite.
    MissingDataError
        The split holds no such triples.
    """
    sizes = len(scorer.entities), len(scorer.relations)
    if sizes != (graph.n_entities, graph.n_relations):
        raise ConfigError(
            f"The model has {sizes[0]:,} entities and {sizes[1]} relations, graph '{graph.name}' "
            f"has {graph.n_entities:,} and {graph.n_relations}. Choose a run of this graph."
        )
    triples = _judged(graph, split, pairs)
    known = [graph.triples] if is_filtered else []
    both = [exact_ranks(scorer, triples, side, known) for side in SIDES]
    ranks = np.stack([ranks for ranks, _ in both], axis=1)
    n_candidates = np.stack([n for _, n in both], axis=1)
    roles = np.array([str(graph.relations[r].role) for r in triples[:, 1]])
    return LinkReport(
        triples=triples,
        ranks=ranks,
        n_candidates=n_candidates,
        metrics=link_metrics(ranks, n_candidates, seed),
        by_side={
            side: link_metrics(ranks[:, [i]], n_candidates[:, [i]], seed)
            for i, side in enumerate(SIDES)
        },
        by_role={
            role: link_metrics(ranks[roles == role], n_candidates[roles == role], seed)
            for role in sorted(set(roles.tolist()))
        },
    )


def link_metrics(ranks: Ranks, n_candidates: Ints, seed: int) -> dict[str, Interval]:
    """Return the metrics of ranks, (n, n_sides) of both, n at least 1.

    AMRI = 1 - (MR - 1) / (expected MR - 1), expected for a scorer that cannot tell candidates
    apart; its interval takes the expectation as given. 0 where there is but one candidate.
    """
    values: dict[str, NDArray[np.float64]] = {"MR": ranks.mean(1), "MRR": (1 / ranks).mean(1)}
    for k in HITS_AT:
        values[f"Hits@{k}"] = (ranks <= k).mean(1)
    expected = float(((n_candidates + 1) / 2).mean())
    values["AMRI"] = (
        1 - (values["MR"] - 1) / (expected - 1) if expected > 1 else np.zeros(len(ranks))
    )
    return with_intervals(values, seed)


def _judged(graph: Graph, split: Split, pairs: Pairs) -> Ints:
    """Return the distinct held-out triples, in an order that numbers have no say in."""
    test = pairs == "test"
    held_out = np.concatenate(
        [split.test, split.caution_test] if test else [split.valid, split.caution_valid]
    )
    if not len(held_out):
        raise MissingDataError(
            f"The split of graph '{graph.name}' has no {pairs} triples to judge by. "
            "Use a graph with more 'treats' edges, or hold out a larger share."
        )
    rows = np.unique(held_out.astype(np.int64), axis=0).tolist()
    ids, relations = graph.entity_ids, graph.relations
    rows.sort(key=lambda row: (ids[row[0]], relations[row[1]].name, ids[row[2]]))
    return np.array(rows, np.int64)


def _plain(metrics: Mapping[str, Interval]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "value": round(interval.value, DIGITS),
            "low": round(interval.low, DIGITS),
            "high": round(interval.high, DIGITS),
        }
        for name, interval in metrics.items()
    }
