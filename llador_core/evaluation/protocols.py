"""Which candidates a held-out pair is judged against, and the report that comes of it.

Everything works from one matrix of scores, drugs by diseases, so that trained models and baselines
are judged by the same code.

References
----------
LLaDR, "sampled-50". Deviations: exactly 50 candidates, seeded, none skipped; the filtered form
leaves out the drug's other known diseases, which the published scripts do not although they say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Split
from llador_core.errors import ConfigError, MissingDataError
from llador_core.evaluation.metrics import (
    Interval,
    per_pair,
    recall_curve,
    with_intervals,
)
from llador_core.evaluation.ranks import Ranks, Scores, mean_tie_ranks
from llador_core.graph import Bools, Graph, Ints
from llador_core.registry import lookup

Pairs = Literal["test", "valid"]
ROWS_AT_ONCE = 2_048
DIGITS = 6
UNKNOWN_SPLIT = (
    "This model was trained elsewhere on pairs nobody here knows: it may have seen every known "
    "treatment, so none can be used to judge it. If it was trained without the hidden pairs of a "
    "run here, import it again and name that run (--split-of)."
)


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
    scores: Scores,
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
    scores : float array of shape (n_drugs, n_diseases)
        Rows as `graph.drugs`, columns as `graph.diseases`; higher is better.
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
    spec = lookup("protocol", PROTOCOLS, protocol)
    _check_scores(graph, scores)
    rows, columns = _judged(graph, split, pairs)
    known = known_pairs(graph, split) if spec.is_filtered else np.zeros(scores.shape, np.bool_)
    sides = (rows, columns, scores, known, _ranks_of_ids(graph, graph.diseases))
    if spec.ranks == "drugs":
        sides = (columns, rows, scores.T, known.T, _ranks_of_ids(graph, graph.drugs))
    queries, true, table, is_known, order = sides
    generator = np.random.default_rng(seed)
    ranks, n_candidates = np.empty(len(true)), np.empty(len(true), np.int64)
    for block in _blocks(len(true)):
        is_candidate = ~is_known[queries[block]]  # (n_block, n_columns)
        is_candidate[np.arange(len(is_candidate)), true[block]] = True
        if spec.n_candidates is not None:
            is_candidate = _sample(
                is_candidate, true[block], spec.n_candidates - 1, order, generator
            )
        ranks[block], n_candidates[block] = mean_tie_ranks(
            table[queries[block]], true[block], is_candidate
        )
    return Report(
        protocol=protocol,
        drugs=graph.drugs[rows],
        diseases=graph.diseases[columns],
        ranks=ranks,
        n_candidates=n_candidates,
        metrics=with_intervals(per_pair(ranks, n_candidates), seed),
        recall_curve=recall_curve(ranks, int(n_candidates.max())),
    )


def known_pairs(graph: Graph, split: Split) -> Bools:
    """Return which drug-disease pairs stand under `treats` in train, valid or test.

    Returns
    -------
    bool array of shape (n_drugs, n_diseases)
    """
    treats = graph.relations_with_role("treats")
    known = np.zeros((len(graph.drugs), len(graph.diseases)), np.bool_)
    for triples in (split.train, split.valid, split.test):
        of_role = triples[np.isin(triples[:, 1], treats)]
        rows, columns = (
            positions(graph.drugs, of_role[:, 0]),
            positions(graph.diseases, of_role[:, 2]),
        )
        is_inside = (rows >= 0) & (columns >= 0)
        known[rows[is_inside], columns[is_inside]] = True
    return known


def positions(members: Ints, entities: NDArray[np.integer]) -> Ints:
    """Return where each entity stands in the ascending `members`; -1 for one that does not."""
    at = np.searchsorted(members, entities).clip(max=max(len(members) - 1, 0))
    return np.where(members[at] == entities, at, -1).astype(np.int64)


def _check_scores(graph: Graph, scores: Scores) -> None:
    expected = (len(graph.drugs), len(graph.diseases))
    if scores.shape != expected:
        raise ConfigError(
            f"The scores have shape {scores.shape}, expected {expected}: one row per drug and one "
            f"column per disease of graph '{graph.name}'."
        )
    n_bad = int((~np.isfinite(scores)).sum())
    if n_bad:
        raise ConfigError(
            f"{n_bad:,} of {scores.size:,} scores are not finite, so nothing can be ranked. "
            "Training has probably diverged; try a smaller learning rate."
        )


def _judged(graph: Graph, split: Split, pairs: Pairs) -> tuple[Ints, Ints]:
    """Return row and column of each distinct held-out pair, ordered by drug id, then disease id."""
    triples = split.test if pairs == "test" else split.valid
    if split.kind == "unknown":
        raise MissingDataError(UNKNOWN_SPLIT)
    if not len(triples):
        raise MissingDataError(
            f"The split of graph '{graph.name}' has no {pairs} pairs to judge by. "
            "Use a graph with more 'treats' edges, or hold out a larger share."
        )
    distinct = np.unique(triples[:, [0, 2]], axis=0)
    rows, columns = (
        positions(graph.drugs, distinct[:, 0]),
        positions(graph.diseases, distinct[:, 1]),
    )
    if (rows < 0).any() or (columns < 0).any():
        raise ConfigError(
            f"The split judges {int(((rows < 0) | (columns < 0)).sum())} pairs that are not a drug "
            f"and a disease of graph '{graph.name}'. It belongs to another graph; split it anew."
        )
    by_id = np.lexsort(
        (
            _ranks_of_ids(graph, graph.diseases)[columns],
            _ranks_of_ids(graph, graph.drugs)[rows],
        )
    )
    return rows[by_id], columns[by_id]


def _ranks_of_ids(graph: Graph, entities: Ints) -> Ints:
    """Return the place of each entity among `entities` when their ids are sorted."""
    ids: Sequence[str] = [graph.entity_ids[entity] for entity in entities]
    place = np.empty(len(ids), np.int64)
    place[np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)] = np.arange(len(ids))
    return place


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_AT_ONCE) for start in range(0, n, ROWS_AT_ONCE))


def _sample(
    allowed: Bools, true: Ints, n_others: int, order: Ints, generator: np.random.Generator
) -> Bools:
    """Keep the true column of each row and `n_others` of the others that are allowed, at random."""
    # One key per candidate, dealt by id: the smallest keys are a uniform draw without replacement.
    keys = generator.random(allowed.shape)[:, order]
    keys[~allowed] = 2
    keys[np.arange(len(keys)), true] = -1
    n_kept = min(n_others + 1, keys.shape[1])
    kept = np.argpartition(keys, n_kept - 1, axis=1)[:, :n_kept]
    chosen = np.zeros_like(allowed)
    np.put_along_axis(chosen, kept, values=True, axis=1)
    return chosen & allowed
