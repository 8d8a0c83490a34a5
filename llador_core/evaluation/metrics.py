"""Means over judged pairs, with bootstrap intervals, and their spread over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from llador_core.evaluation.ranks import Ranks
from llador_core.graph import Ints

HITS_AT = (1, 3, 10, 50)
METRICS = ("MR", "MRR", *(f"Hits@{k}" for k in HITS_AT), "AUC")
N_RESAMPLES = 1_000
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean over pairs and the bootstrap interval that holds it at a level of 95%."""

    value: float
    low: float
    high: float


class Spread(NamedTuple):
    """Mean and sample standard deviation over seeds; sd is nan for a single seed."""

    mean: float
    sd: float


def per_pair(ranks: Ranks, n_candidates: Ints) -> dict[str, Ranks]:
    """Return what each pair adds to each metric, arrays of shape (n_pairs,).

    MR is the rank, MRR its reciprocal, Hits@k whether it is at most k. AUC is the probability that
    the true one stands above another candidate, a tie counting half; with no other candidate 1/2.
    """
    n_others = n_candidates - 1
    values: dict[str, Ranks] = {"MR": ranks.astype(np.float64), "MRR": 1 / ranks}
    for k in HITS_AT:
        values[f"Hits@{k}"] = (ranks <= k).astype(np.float64)
    values["AUC"] = np.where(n_others > 0, 1 - (ranks - 1) / np.maximum(n_others, 1), 0.5)
    return values


def with_intervals(values: Mapping[str, NDArray[np.float64]], seed: int) -> dict[str, Interval]:
    """Return the mean of each metric and its interval over 1,000 resamples of the pairs.

    Parameters
    ----------
    values : mapping from metric to float array of shape (n_pairs,), n_pairs at least 1
    seed : int
        Of the resampling. The same resamples serve every metric.
    """
    table = np.stack(list(values.values()), axis=1)  # (n_pairs, n_metrics)
    n_pairs = len(table)
    generator = np.random.default_rng(seed)
    # How often each pair is drawn in each resample: the mean is then one matrix product.
    draws = generator.multinomial(n_pairs, np.full(n_pairs, 1 / n_pairs), size=N_RESAMPLES)
    means = draws @ table / n_pairs  # (n_resamples, n_pairs) -> (n_resamples, n_metrics)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    value = table.mean(axis=0)
    return {
        name: Interval(float(value[i]), float(min(low[i], value[i])), float(max(high[i], value[i])))
        for i, name in enumerate(values)
    }


def recall_curve(ranks: Ranks, n_largest: int) -> tuple[list[int], list[float]]:
    """Return k and the share of pairs with a rank of at most k, for k up to 100 and the end."""
    steps = [*range(1, 21), *range(25, 101, 5), n_largest]
    ks = sorted({k for k in steps if k <= n_largest})
    shares = np.searchsorted(np.sort(ranks), ks, side="right") / len(ranks)
    return ks, [float(share) for share in shares]


def spread(reports: Iterable[Mapping[str, Any]]) -> dict[str, Spread]:
    """Return mean and standard deviation of each metric over runs that differ in their seed.

    Parameters
    ----------
    reports : iterable of mapping
        One stored report per seed, as `Report.to_json` gives it; at least one.
    """
    runs = [report["metrics"] for report in reports]
    table = {name: np.array([run[name]["value"] for run in runs]) for name in runs[0]}
    return {
        name: Spread(float(column.mean()), float(column.std(ddof=1)) if len(runs) > 1 else np.nan)
        for name, column in table.items()
    }
