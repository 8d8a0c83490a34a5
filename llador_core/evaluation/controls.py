"""Baselines that know nothing of the model, judged by the same code and shown beside every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Split
from llador_core.evaluation.protocols import PROTOCOLS, evaluate
from llador_core.evaluation.ranks import Scores
from llador_core.graph import Graph, Ints
from llador_core.priors.anchors import PRIORS
from llador_core.priors.vectors import FieldVectors
from llador_core.registry import lookup

ScoreMatrix = NDArray[np.float32]


def popularity_scores(graph: Graph, split: Split) -> ScoreMatrix:
    """Return scores that order drugs, and diseases, by their number of treatments in training.

    Ties are ordered by all edges in training. The score of a pair is the place of its drug plus
    the place of its disease, so that within a row only the disease counts, within a column the
    drug.

    Returns
    -------
    float32 array of shape (n_drugs, n_diseases)
    """
    drugs, diseases = popularity_places(graph, split)
    return (drugs[:, None] + diseases).astype(np.float32)


def popularity_places(graph: Graph, split: Split) -> tuple[Ints, Ints]:
    """Return the place of each drug, and of each disease, by treatments in training; 0 is last."""
    treats = split.train[np.isin(split.train[:, 1], graph.relations_with_role("treats"))]
    degree = np.bincount(split.train[:, [0, 2]].ravel(), minlength=graph.n_entities)
    as_drug = np.bincount(treats[:, 0], minlength=graph.n_entities)
    as_disease = np.bincount(treats[:, 2], minlength=graph.n_entities)
    drugs = _places(as_drug[graph.drugs], degree[graph.drugs])
    diseases = _places(as_disease[graph.diseases], degree[graph.diseases])
    return drugs, diseases


def _places(first: Ints, second: Ints) -> Ints:
    """Return 0, 1, 2, ... by `first`, then `second`; equals share a place. Exact in float32."""
    _, places = np.unique(np.stack([first, second], axis=1), axis=0, return_inverse=True)
    return np.asarray(places, np.int64).reshape(-1)


def text_scores(graph: Graph, vectors: FieldVectors, prior: str = "full") -> ScoreMatrix:
    """Return the cosine of each drug's and each disease's text: nearest neighbours, no graph.

    A text's vector is the mean over the fields of `prior`; 0 for a pair that lacks text.

    Returns
    -------
    float32 array of shape (n_drugs, n_diseases), from -1 to 1
    """
    fields = lookup("prior", PRIORS, prior).fields
    total = np.sum([vectors.vectors[field] for field in fields], axis=0)  # missing ones are zero
    length = np.linalg.norm(total, axis=1, keepdims=True)
    full = total / np.where(length > 0, length, 1)
    return np.asarray(full[graph.drugs] @ full[graph.diseases].T, dtype=np.float32)


def random_scores(graph: Graph, seed: int) -> ScoreMatrix:
    """Return uniform scores from 0 to 1, shape (n_drugs, n_diseases)."""
    shape = (len(graph.drugs), len(graph.diseases))
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def baselines(
    graph: Graph, split: Split, vectors: FieldVectors | None, seed: int
) -> dict[str, ScoreMatrix]:
    """Return the score matrix of each baseline; those of text are absent without vectors.

    `text` reads all that a model with the prior `full` does, `text-mechanism` what one with the
    prior `mechanism` does: a model that does not beat its own has learnt nothing from the graph.
    """
    scores = {"popularity": popularity_scores(graph, split), "random": random_scores(graph, seed)}
    if vectors is not None:
        scores["text"] = text_scores(graph, vectors)
        scores["text-mechanism"] = text_scores(graph, vectors, "mechanism")
    return scores


def report_with_controls(
    graph: Graph,
    split: Split,
    scores: Scores,
    vectors: FieldVectors | None,
    seed: int,
    protocols: Sequence[str] = tuple(PROTOCOLS),
) -> dict[str, Any]:
    """Return what metrics.json keeps: a run under the protocols, with the baselines beside it.

    Parameters
    ----------
    graph, split : Graph, Split
    scores : float array of shape (n_drugs, n_diseases)
    vectors : FieldVectors or None
        None leaves out the baselines `text` and `text-mechanism`.
    seed : int
        Of the candidates, the bootstrap and the baseline `random`.

    Returns
    -------
    dict
        "run": report per protocol; "baselines": the same per baseline; "split": its sizes.

    Raises
    ------
    ConfigError, MissingDataError
        As `evaluate`.
    """

    def judged(matrix: Scores) -> dict[str, Any]:
        return {name: evaluate(graph, split, matrix, name, seed).to_json() for name in protocols}

    return {
        "run": judged(scores),
        "baselines": {
            name: judged(matrix) for name, matrix in baselines(graph, split, vectors, seed).items()
        },
        "split": {
            "kind": split.kind,
            "seed": split.seed,
            "n_train": len(split.train),
            "n_valid": len(split.valid),
            "n_test": len(split.test),
            "n_removed": split.n_removed,
        },
    }
