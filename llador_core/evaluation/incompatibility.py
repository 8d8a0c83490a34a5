"""Where held-out contraindicated drugs stand, beside held-out treatments of the same split.

Which drugs stand in a list: every drug of the graph except those known to treat the disease, in
training or held out, as for somebody who looks for new uses; the drug that is judged always stands
in it, and so do all other contraindicated ones, known or held out. `as shown` judges the whole list
instead, known treatments included. A held-out treatment is ranked in the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llador_core.data.splits import Split
from llador_core.errors import MissingDataError
from llador_core.evaluation.metrics import LEVEL, N_RESAMPLES
from llador_core.evaluation.pairs import known_pairs, positions
from llador_core.evaluation.protocols import DIGITS
from llador_core.evaluation.ranks import Ranks, Scores, mean_tie_ranks
from llador_core.graph import Bools, Graph, Ints

TOP_SHARE = 0.05
TOP_PLACES = 20
HITS_AT = (10, 50)
BIN_EDGES = (0.0, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


def incompatibility(
    graph: Graph,
    split: Split,
    scores: Scores,
    seed: int = 0,
    caution: Scores | None = None,
    groups: Mapping[str, Bools] | None = None,
) -> dict[str, Any]:
    """Return how far up held-out contraindicated drugs stand, and held-out treatments.

    Parameters
    ----------
    graph : Graph
    split : Split
        With contraindicated pairs held out.
    scores : float array of shape (n_drugs, n_diseases)
        What orders the lists; higher is better.
    seed : int
        Of the bootstrap.
    caution : float array of shape (n_drugs, n_diseases) or None
        Predicted chance of being a contraindication, from 0 to 1, to be judged by its calibration.
    groups : mapping from name to bool array of shape (n_drugs, n_diseases), or None
        Parts of the pairs to be judged on their own as well, e.g. those whose text names the
        other side. A part without both kinds of pairs is left out.

    Returns
    -------
    dict
        "n_treated", "n_contraindicated": judged pairs; "metrics": value, low and high (95%
        bootstrap over pairs) of
        - "MRR", "Hits@10", "Hits@50": of held-out treatments among drugs;
        - "top 5%", "top 20": share of held-out contraindicated drugs that stand there;
        - "top 5% as shown", "top 20 as shown": in the whole list;
        - "percentile": their median, 100 is the first of the list, 0 the last;
        - "AUC": chance that a treatment scores above a contraindication, over all diseases;
        "calibration", "groups" where asked for.

    Raises
    ------
    MissingDataError
        No contraindicated or no treated pair was held out.
    """
    treated, avoided = _pairs(graph, split.test), _pairs(graph, split.caution_test)
    if not len(treated) or not len(avoided):
        raise MissingDataError(
            f"The split of graph '{graph.name}' holds out {len(treated)} treated and "
            f"{len(avoided)} contraindicated pairs; judging incompatibility needs both. "
            "Train with is_caution_held_out=true on a graph with contraindications."
        )
    known = known_pairs(graph, split)
    report = _judge(scores, known, treated, avoided, seed)
    if caution is not None:
        report["calibration"] = calibration(graph, split, caution)
    for name, part in (groups or {}).items():
        some_treated, some_avoided = treated[part[*treated.T]], avoided[part[*avoided.T]]
        if len(some_treated) and len(some_avoided):
            judged = _judge(scores, known, some_treated, some_avoided, seed)
            report.setdefault("groups", {})[name] = judged
    return report


def _judge(scores: Scores, known: Bools, treated: Ints, avoided: Ints, seed: int) -> dict[str, Any]:
    ranks, _ = _ranks(scores, known, treated)
    places, n_listed = _ranks(scores, known, avoided)
    shown, n_shown = _ranks(scores, np.zeros_like(known), avoided)
    of_treated = {"MRR": 1 / ranks}
    of_treated |= {f"Hits@{k}": (ranks <= k).astype(float) for k in HITS_AT}
    of_avoided = {
        "top 5%": (places <= TOP_SHARE * n_listed).astype(float),
        "top 20": (places <= TOP_PLACES).astype(float),
        "top 5% as shown": (shown <= TOP_SHARE * n_shown).astype(float),
        "top 20 as shown": (shown <= TOP_PLACES).astype(float),
    }
    percentile = 100 * (n_listed - places) / np.maximum(n_listed - 1, 1)
    draw = np.random.default_rng(seed)
    t, x = (_draws(draw, len(pairs)) for pairs in (treated, avoided))  # (n_resamples, n_pairs)
    metrics = {name: _interval(values.mean(), t @ values) for name, values in of_treated.items()}
    metrics |= {name: _interval(values.mean(), x @ values) for name, values in of_avoided.items()}
    metrics["percentile"] = _interval(np.median(percentile), _medians(percentile, x))
    above = _above(scores[*treated.T], scores[*avoided.T])
    metrics["AUC"] = _interval(above.mean(), ((t @ above) * x).sum(axis=1))
    return {"n_treated": len(treated), "n_contraindicated": len(avoided), "metrics": metrics}


def calibration(graph: Graph, split: Split, caution: Scores) -> dict[str, Any]:
    """Return how well a predicted chance of contraindication fits what was held out.

    Judged over all pairs that training says nothing of. Only a share of all contraindications was
    held out, so each counts as many times as makes them as common as in training.

    Returns
    -------
    dict
        "expected_calibration_error", "brier": lower is better, 0 is perfect; "brier_constant": of
        always predicting the mean; "n_pairs"; "bins": from, to, n_pairs, predicted (mean),
        observed (share).
    """
    told = np.zeros(caution.shape, np.bool_)
    told[*_pairs(graph, split.train).T] = True
    told[*_pairs(graph, np.concatenate([split.valid, split.caution_valid])).T] = True
    avoided = np.zeros(caution.shape, np.bool_)
    avoided[*_pairs(graph, split.caution_test).T] = True
    relation = np.unique(split.caution_test[:, 1])
    trained = len(_pairs(graph, split.train[np.isin(split.train[:, 1], relation)]))
    label, chance = avoided[~told], np.asarray(caution[~told], np.float64)
    weight = np.where(label, trained / max(int(label.sum()), 1), 1.0)
    which = np.clip(np.searchsorted(BIN_EDGES, chance, side="right") - 1, 0, len(BIN_EDGES) - 2)
    bins, error = [], 0.0
    for i in np.unique(which):
        here = which == i
        predicted = float(np.average(chance[here], weights=weight[here]))
        observed = float(np.average(label[here], weights=weight[here]))
        error += weight[here].sum() * abs(predicted - observed)
        bins.append(
            {
                "from": BIN_EDGES[i],
                "to": BIN_EDGES[i + 1],
                "n_pairs": int(here.sum()),
                "predicted": round(predicted, DIGITS),
                "observed": round(observed, DIGITS),
            }
        )
    mean = float(np.average(label, weights=weight))
    return {
        "expected_calibration_error": round(error / float(weight.sum()), DIGITS),
        "brier": round(float(np.average((chance - label) ** 2, weights=weight)), DIGITS),
        "brier_constant": round(mean * (1 - mean), DIGITS),
        "n_pairs": len(label),
        "bins": bins,
    }


def _pairs(graph: Graph, triples: NDArray[np.int32]) -> Ints:
    """Return row and column of each distinct drug-disease pair, shape (n, 2)."""
    rows = positions(graph.drugs, triples[:, 0])
    columns = positions(graph.diseases, triples[:, 2])
    is_inside = (rows >= 0) & (columns >= 0)
    pairs = np.column_stack([rows, columns])[is_inside]
    return np.asarray(np.unique(pairs, axis=0), np.int64)


def _ranks(scores: Scores, left_out: Bools, pairs: Ints) -> tuple[Ranks, Ints]:
    """Return the rank of each pair's drug in its disease's list, and how long that is."""
    ranks, n_listed = np.empty(len(pairs)), np.empty(len(pairs), np.int64)
    for disease in np.unique(pairs[:, 1]):
        here = np.flatnonzero(pairs[:, 1] == disease)
        drugs = pairs[here, 0]
        listed = np.repeat(~left_out[:, disease][None], len(here), axis=0)
        listed[np.arange(len(here)), drugs] = True
        column = np.repeat(scores[:, disease][None], len(here), axis=0)
        ranks[here], n_listed[here] = mean_tie_ranks(column, drugs, listed)
    return ranks, n_listed


def _above(treated: Scores, avoided: Scores) -> NDArray[np.float64]:
    """Return 1 where a treatment scores above a contraindication, 1/2 for a tie, else 0."""
    difference = treated[:, None] - avoided[None]
    return np.asarray((np.sign(difference) + 1) / 2, np.float64)


def _draws(generator: np.random.Generator, n: int) -> NDArray[np.float64]:
    """Return the share that each pair has in each resample, shape (n_resamples, n)."""
    return generator.multinomial(n, np.full(n, 1 / n), size=N_RESAMPLES) / n


def _medians(values: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of each resample."""
    order = np.argsort(values)
    at = (np.cumsum(shares[:, order], axis=1) >= 0.5 - 1e-9).argmax(axis=1)
    return np.asarray(values[order][at])


def _interval(value: float, resampled: NDArray[np.float64]) -> dict[str, float]:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return {
        "value": round(float(value), DIGITS),
        "low": round(float(min(low, value)), DIGITS),
        "high": round(float(max(high, value)), DIGITS),
    }
