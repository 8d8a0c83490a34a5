"""Scores of drug-disease pairs, from a whole table or from a trained model as they are needed."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from llador_core.errors import ConfigError
from llador_core.evaluation.ranks import Scores
from llador_core.graph import Graph, Ints
from llador_core.models.scorer import Scorer


class PairScores(Protocol):
    """What a protocol asks of whatever scores pairs. Drugs and diseases by their places."""

    def of_diseases(self, drugs: Ints) -> Scores:
        """Return the scores of all diseases for each drug, shape (n, n_diseases)."""

    def of_drugs(self, diseases: Ints) -> Scores:
        """Return the scores of all drugs for each disease, shape (n, n_drugs)."""

    def of_some_diseases(self, drugs: Ints, diseases: Ints) -> Scores:
        """Return the scores of some diseases for each drug, (n,) and (n, k) -> (n, k)."""

    def of_some_drugs(self, diseases: Ints, drugs: Ints) -> Scores:
        """Return the scores of some drugs for each disease, (n,) and (n, k) -> (n, k)."""


def pair_scores(graph: Graph, scores: Scores | Scorer) -> PairScores:
    """Return the scores of a graph's pairs from a table, checked, or from a trained model.

    Raises ConfigError where a table has another shape or holds what is not finite.
    """
    if isinstance(scores, Scorer):
        return _Model(graph, scores)
    expected = (len(graph.drugs), len(graph.diseases))
    if scores.shape != expected:
        raise ConfigError(
            f"The scores have shape {scores.shape}, expected {expected}: one row per drug and one "
            f"column per disease of graph '{graph.name}'."
        )
    return _Table(_finite(scores))


class _Table:
    def __init__(self, scores: Scores) -> None:
        self.scores = scores

    def of_diseases(self, drugs: Ints) -> Scores:
        return self.scores[drugs]

    def of_drugs(self, diseases: Ints) -> Scores:
        return self.scores.T[diseases]

    def of_some_diseases(self, drugs: Ints, diseases: Ints) -> Scores:
        return self.scores[drugs[:, None], diseases]

    def of_some_drugs(self, diseases: Ints, drugs: Ints) -> Scores:
        return self.scores[drugs, diseases[:, None]]


class _Model:
    """Scores only what is asked for: a large graph's table would not fit in memory."""

    def __init__(self, graph: Graph, scorer: Scorer) -> None:
        self.graph, self.scorer, self.relation = graph, scorer, graph.treatment_relation

    def of_diseases(self, drugs: Ints) -> Scores:
        some, back = np.unique(drugs, return_inverse=True)
        ends = self.graph.drugs[some], self.relation, self.graph.diseases
        return _finite(self.scorer.score_pairs(*ends))[back]

    def of_drugs(self, diseases: Ints) -> Scores:
        some, back = np.unique(diseases, return_inverse=True)
        ends = self.graph.drugs, self.relation, self.graph.diseases[some]
        return _finite(self.scorer.score_pairs(*ends).T)[back]

    def of_some_diseases(self, drugs: Ints, diseases: Ints) -> Scores:
        known, candidates = self.graph.drugs[drugs], self.graph.diseases[diseases]
        return _finite(self.scorer.score_each(known, self.relation, candidates, "tail"))

    def of_some_drugs(self, diseases: Ints, drugs: Ints) -> Scores:
        known, candidates = self.graph.diseases[diseases], self.graph.drugs[drugs]
        return _finite(self.scorer.score_each(known, self.relation, candidates, "head"))


def _finite(scores: Scores) -> Scores:
    if np.isfinite(scores.sum(dtype=np.float64)):  # one pass; a NaN or an infinity stays
        return scores
    n_bad = int((~np.isfinite(scores)).sum())
    if n_bad:
        raise ConfigError(
            f"{n_bad:,} of {scores.size:,} scores are not finite, so nothing can be ranked. "
            "Training has probably diverged; try a smaller learning rate."
        )
    return scores
