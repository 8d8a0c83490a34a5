"""Fitting the safeguard, honestly: no number it learns from has seen the pair it describes.

The embedding's scores of pairs it was trained on are inflated. So a second embedding is trained on
training minus a fold, the heads are fitted on that fold with the second embedding's scores, and
applied with the first one's. Everything else leaves the pair out in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import MIN_PAIRS, Split
from llador_core.graph import Graph, Role, pair_keys
from llador_core.models.scorer import Scorer
from llador_core.safeguard.evidence import ANSWERS, Matrix, answers_of
from llador_core.safeguard.features import Features, Reading, embedding, text_and_evidence
from llador_core.safeguard.heads import Head, fit_head
from llador_core.safeguard.model import KNOWN_LOGIT, SOME, STRONG, Knots, Safeguard

FOLD_SHARE = 0.25
LARGEST = 3_000_000  # drug-disease pairs; beyond, fitting would take more than 2 GB
N_NEITHER = 200_000
A_KNOT = 10  # validation pairs


@dataclass(frozen=True, eq=False)
class Fold:
    """Part of training set aside to fit the safeguard on.

    Attributes
    ----------
    split : Split
        What the second embedding is trained on: `train` lacks the fold, the rest is as it was.
    triples : int32 array of shape (n, 3)
        The fold: answers between drugs and diseases.
    """

    split: Split
    triples: NDArray[np.int32]


def can_guard(graph: Graph, split: Split) -> bool:
    """Return whether training knows enough contraindications, and the graph is small enough."""
    n_known = answers_of(graph, split.train, "contraindicated").sum()
    return bool(n_known >= MIN_PAIRS) and len(graph.drugs) * len(graph.diseases) <= LARGEST


def set_aside(graph: Graph, split: Split, seed: int, share: float = FOLD_SHARE) -> Fold:
    """Return a fold of the training answers, drawn as the split itself was: by pair or by end.

    Every triple between a pair of the fold leaves training, under any relation.

    Parameters
    ----------
    share : float
        Of the pairs that have an answer in training, or of the diseases or drugs.
    """
    roles: tuple[Role, ...] = ("treats", "palliates", "contraindicated")
    is_answer = np.isin(split.train[:, 1], graph.relations_with_role(*roles))
    is_answer &= np.isin(split.train[:, 0], graph.drugs) & np.isin(
        split.train[:, 2], graph.diseases
    )
    keys = pair_keys(split.train[:, [0, 2]], graph.n_entities)
    items = keys if split.kind == "pair" else split.train[:, 0 if split.kind == "drug" else 2]
    members = np.random.default_rng((seed, 2)).permutation(np.unique(items[is_answer]))
    drawn = members[: max(1, round(share * len(members)))]
    in_fold = is_answer & np.isin(items, drawn)
    leaves = np.isin(keys, keys[in_fold])
    return Fold(replace(split, train=split.train[~leaves]), split.train[in_fold])


def fit_safeguard(
    graph: Graph, split: Split, fold: Fold, inner: Scorer, outer: Scorer, reading: Reading
) -> Safeguard:
    """Return the safeguard of a model.

    Parameters
    ----------
    split : Split
        What the model was trained on.
    fold : Fold
        Of that split.
    inner, outer : Scorer
        The model trained without the fold, and with it.
    reading : Reading
        What the model's prior lets through.
    """
    at_hand = text_and_evidence(graph, split.train, reading)
    for_fit = (
        at_hand
        if split.kind == "pair"
        else text_and_evidence(graph, split.train, reading, split.kind)
    )
    seen = for_fit | embedding(graph, inner)
    treat_head, caution_head = fit_heads(graph, split, fold, seen)
    features = at_hand | embedding(graph, outer)
    caution = caution_head.logits(features)
    known = answers_of(graph, split.train, "contraindicated") > 0
    caution = np.where(known, KNOWN_LOGIT, np.minimum(caution, KNOWN_LOGIT - 1))
    return Safeguard(
        treat=treat_head.logits(features).astype(np.float32),
        caution_logits=caution.astype(np.float32),
        settings=_settings(treat_head, caution_head, fold, graph),
        knots=calibrate(graph, split, caution),
    )


def fit_heads(graph: Graph, split: Split, fold: Fold, features: Features) -> tuple[Head, Head]:
    """Return the heads for treating and for being contraindicated, fitted on a fold.

    Pairs that training says nothing of count as neither, at the share that the fold is of
    training, so that what is predicted is as common as in the graph. Held-out pairs are among
    them: nothing tells them from the others.
    """
    whole = {role: answers_of(graph, split.train, role) > 0 for role in ANSWERS}
    part = {role: answers_of(graph, fold.triples, role) > 0 for role in ANSWERS}
    neither = np.flatnonzero(~np.logical_or.reduce(list(whole.values())))
    share = sum(int(t.sum()) for t in part.values()) / sum(int(t.sum()) for t in whole.values())
    counts = share
    if len(neither) > N_NEITHER:
        counts *= len(neither) / N_NEITHER
        neither = np.random.default_rng(split.seed).choice(neither, N_NEITHER, replace=False)
    told = np.flatnonzero(np.logical_or.reduce(list(part.values())))
    rows = np.concatenate([told, neither])
    weights = np.concatenate([np.ones(len(told)), np.full(len(neither), counts)])
    treats, avoids = (
        part[role].ravel()[rows].astype(np.float64) for role in ("treats", "contraindicated")
    )
    return fit_head(features, rows, treats, weights), fit_head(features, rows, avoids, weights)


def calibrate(graph: Graph, split: Split, caution: Matrix) -> Knots:
    """Return what chance a logit of caution stands for, found on validation pairs.

    All pairs that training says nothing of are sorted by their logit and cut after every tenth
    contraindicated validation pair. A part's chance is the share of contraindicated ones, each
    counting as many times as makes them as common as in training; parts are joined until chances
    ascend (isotonic regression).

    Returns
    -------
    tuple of (float, float)
        Mean logit and chance of each part, ascending; empty with fewer than ten such pairs.
    """
    avoided = answers_of(graph, split.caution_valid, "contraindicated") > 0
    trained = {role: answers_of(graph, split.train, role) > 0 for role in ANSWERS}
    if avoided.sum() < A_KNOT:
        return ()
    unknown = ~np.logical_or.reduce(list(trained.values()))
    order = np.argsort(-caution[unknown], kind="stable")
    logits, labels = caution[unknown][order], avoided[unknown][order]
    counts = float(trained["contraindicated"].sum() / avoided.sum())
    ends = np.flatnonzero(labels)[A_KNOT - 1 :: A_KNOT] + 1
    ends = np.unique([*ends, len(labels)])
    parts: list[tuple[float, float, float]] = []  # contraindicated, others, sum of logits
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        n = float(labels[start:end].sum())
        parts.append((n * counts, end - start - n, float(logits[start:end].sum())))
        while len(parts) > 1 and _odds(parts[-1]) >= _odds(parts[-2]):
            parts[-2:] = [tuple(map(sum, zip(*parts[-2:], strict=True)))]  # type: ignore[list-item]
    return tuple(_knot(part, counts) for part in reversed(parts))


def _odds(part: tuple[float, float, float]) -> float:
    return part[0] / max(part[1], 1.0)


def _knot(part: tuple[float, float, float], counts: float) -> tuple[float, float]:
    """Return mean logit and chance of a part; at least one of it is not contraindicated."""
    n_avoided, n_others, total = part
    n_pairs = n_avoided / counts + n_others
    return round(total / n_pairs, 4), max(
        round(n_avoided / (n_avoided + max(n_others, 1.0)), 6), 1e-6
    )


def _settings(treat: Head, caution: Head, fold: Fold, graph: Graph) -> dict[str, object]:
    """Return what a reader may want to know, weights in units of a feature's spread."""

    def told(head: Head) -> dict[str, float]:
        pairs = zip(head.names, head.weights, strict=True)
        return {name: round(float(weight), 4) for name, weight in pairs}

    counts = {role: int(answers_of(graph, fold.triples, role).sum()) for role in ANSWERS}
    return {
        "fitted_on": counts,
        "levels": {"some": SOME, "strong": STRONG},
        "treat_weights": told(treat),
        "caution_weights": told(caution),
    }
