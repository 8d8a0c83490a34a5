"""Two logistic heads on the same features: is the pair a treatment, is it a contraindication?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.safeguard.evidence import Matrix

PENALTY = 10.0
N_STEPS = 50
FARTHEST = 30.0  # logits beyond this are certain in float64 anyway


@dataclass(frozen=True, eq=False)
class Head:
    """A logistic regression: logit = bias + sum of weights times (feature - centre) / scale.

    Attributes
    ----------
    names : tuple of str
        The features, in the order of the arrays.
    weights, centre, scale : float arrays of shape (n_features,)
    bias : float
    """

    names: tuple[str, ...]
    weights: Matrix
    centre: Matrix
    scale: Matrix
    bias: float

    def logits(self, features: Mapping[str, Matrix]) -> Matrix:
        """Return the logit of every pair, in the shape of the features."""
        out = np.full(next(iter(features.values())).shape, self.bias)
        parts = zip(self.names, self.weights, self.centre, self.scale, strict=True)
        for name, weight, centre, scale in parts:
            out += weight / scale * (features[name] - centre)
        return out


def fit_head(
    features: Mapping[str, Matrix],
    rows: NDArray[np.int64],
    labels: Matrix,
    weights: Matrix,
    penalty: float = PENALTY,
) -> Head:
    """Return the head that fits best, by Newton's method.

    Parameters
    ----------
    features : mapping of str to float array of shape (n_drugs, n_diseases)
    rows : int array of shape (n,)
        The pairs to fit on, as places in a flattened table.
    labels : float array of shape (n,), 0 or 1
    weights : float array of shape (n,)
        How much each pair counts.
    penalty : float > 0
        On the squared weights of standardised features; the bias is free.
    """
    names = tuple(features)
    table = np.stack([features[name].ravel()[rows] for name in names], axis=1)
    centre, spread = table.mean(axis=0), table.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    inputs = np.column_stack([np.ones(len(rows)), (table - centre) / scale])
    ridge = np.full(inputs.shape[1], penalty)
    ridge[0] = 1e-6
    solution = np.zeros(inputs.shape[1])
    for _ in range(N_STEPS):
        chance = sigmoid(inputs @ solution)
        slope = inputs.T @ (weights * (labels - chance)) - ridge * solution
        bend = (inputs * (weights * chance * (1 - chance))[:, None]).T @ inputs
        step = np.linalg.solve(bend + np.diag(ridge), slope)
        solution += step
        if np.abs(step).max() < 1e-6:
            break
    return Head(names, solution[1:], centre, scale, float(solution[0]))


def sigmoid(logits: Matrix) -> Matrix:
    """Return 1 / (1 + exp(-logit)), from 0 to 1."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -FARTHEST, FARTHEST))))
