"""The rank of the true one among candidates, written once for every protocol."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from llador_core.graph import Bools, Ints

Scores = NDArray[np.floating]
Ranks = NDArray[np.float64]


def mean_tie_ranks(scores: Scores, true: Ints, is_candidate: Bools) -> tuple[Ranks, Ints]:
    """Return the rank of the true candidate in each row, and among how many it stood.

    rank = 1 + (number of better ones) + (number of ties) / 2, so that a scorer which cannot tell
    candidates apart stands in the middle instead of being flattered or punished.

    Parameters
    ----------
    scores : float array of shape (n, n_columns)
        Higher is better; finite.
    true : int array of shape (n,)
        The column of the true candidate in each row.
    is_candidate : bool array of shape (n, n_columns)
        Who takes part; the true one always does.

    Returns
    -------
    ranks : float64 array of shape (n,), from 1 to n_candidates
    n_candidates : int array of shape (n,)
        The true one included.
    """
    rows = np.arange(len(scores))
    others = is_candidate.copy()
    others[rows, true] = False
    own = scores[rows, true][:, None]
    n_better = ((scores > own) & others).sum(axis=1)
    n_ties = ((scores == own) & others).sum(axis=1)
    return 1 + n_better + n_ties / 2, others.sum(axis=1) + 1
