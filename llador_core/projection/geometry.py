"""What moved between two runs, measured in their own space of `dim` numbers, never in a picture.

The axes of an embedding mean nothing: training again turns, shifts and stretches the whole cloud.
So each cloud is brought to the same middle and the same size, and the base is turned (or mirrored)
onto the run as well as a rigid turn can (orthogonal Procrustes, over all entities).

References
----------
Schönemann, A generalized solution of the orthogonal Procrustes problem, Psychometrika 1966.
Deviation: instead of the scale that fits best, both clouds get the same size (root mean square
distance from the middle 1). The best-fitting scale shrinks the base the less it resembles the run,
which hides shifts; and with equal sizes a shift reads the same in both directions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import DataFormatError

Floats = NDArray[np.floating]
Report = Callable[[float], None]

N_NEAREST = 10
UNRELATED = float(np.sqrt(2.0))  # the shift to expect between two clouds that share nothing
_BLOCK = 1 << 24  # distances held at once: 64 MB


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs in one space, and what moved.

    Attributes
    ----------
    base, run : float64 arrays of shape (n_entities, dim)
        Middle at 0, root mean square length 1; the base turned onto the run.
    shift : float32 array of shape (n_entities,)
        Distance between the two places of an entity: 0 for one that stayed, 1 for one that moved
        as far as a typical entity stands from the middle.
    kept : uint8 array of shape (n_entities,)
        How many of its `n_nearest` nearest neighbours are the same in both runs.
    n_nearest : int
    """

    base: Floats
    run: Floats
    shift: NDArray[np.float32]
    kept: NDArray[np.uint8]
    n_nearest: int


def centred(rows: Floats) -> NDArray[np.float64]:
    """Return `rows`, shape (n, dim), moved to middle 0 and scaled to root mean square length 1.

    Raises
    ------
    DataFormatError
        All rows are the same, so they have no size.
    """
    moved = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    size = float(np.sqrt((moved**2).sum(axis=1).mean()))
    if size < 1e-12:
        raise DataFormatError(
            "All entities of the run stand at one point, so nothing can be mapped. Train it again."
        )
    scaled: NDArray[np.float64] = moved / size
    return scaled


def aligned(base: Floats, run: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both clouds centred and scaled, the base turned onto the run.

    Parameters
    ----------
    base, run : float arrays of shape (n_entities, dim)
        Row i of both is the same entity.

    Raises
    ------
    DataFormatError
        The shapes differ, or a cloud has no size.
    """
    if base.shape != run.shape:
        raise DataFormatError(
            f"The base has {base.shape[0]:,} entities of {base.shape[1]} numbers, the run "
            f"{run.shape[0]:,} of {run.shape[1]}; only runs of the same graph and dim can share a "
            "map. Choose another base, or train one with the same settings."
        )
    base, run = centred(base), centred(run)
    left, _, right = np.linalg.svd(base.T @ run)  # (dim, dim)
    return base @ (left @ right), run


def nearest(rows: Floats, k: int = N_NEAREST, report: Report | None = None) -> NDArray[np.int32]:
    """Return the `k` nearest other rows of every row by Euclidean distance, in no order.

    Distances are made in blocks, so that 53,000 rows need 64 MB and not 11 GB.

    Parameters
    ----------
    rows : float array of shape (n, dim)
    k : int
        At most n - 1 are found.
    report : callable or None
        Called with the share done, from 0 to 1.

    Returns
    -------
    int32 array of shape (n, min(k, n - 1))
    """
    n = len(rows)
    k = min(k, n - 1)
    points = rows.astype(np.float32)
    half_squares = (points**2).sum(axis=1) / 2
    found = np.empty((n, k), np.int32)
    step = max(1, _BLOCK // n)
    for start in range(0, n, step):
        block = slice(start, min(start + step, n))
        # |a - b|^2 / 2 without |a|^2 / 2, which is the same along a row and moves no rank
        away = half_squares - points[block] @ points.T  # (block, n)
        away[np.arange(block.stop - start), np.arange(start, block.stop)] = np.inf
        found[block] = np.argpartition(away, k - 1, axis=1)[:, :k] if k else 0
        if report:
            report(block.stop / n)
    return found


def n_shared(first: NDArray[np.integer], second: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return how many members each pair of rows shares. Shapes (n, k), (n, k) -> (n,)."""
    shared: NDArray[np.uint8] = np.zeros(len(first), np.uint8)
    for column in range(second.shape[1]):
        shared += (first == second[:, [column]]).any(axis=1)
    return shared


def turnover(kept: NDArray[np.integer], n_nearest: int = N_NEAREST) -> NDArray[np.float64]:
    """Return 1 - Jaccard of the two sets of neighbours: 0 all kept, 1 all new."""
    kept = kept.astype(np.float64)
    return np.asarray(1 - kept / np.maximum(2 * n_nearest - kept, 1))


def compare(
    base: Floats,
    run: Floats,
    report: Report | None = None,
    measured: tuple[NDArray[np.float32], NDArray[np.uint8]] | None = None,
) -> Comparison:
    """Return two runs in one space with the shift and the kept neighbours of every entity.

    Parameters
    ----------
    base, run : float arrays of shape (n_entities, dim)
        In score space; row i of both is the same entity.
    report : callable or None
        Called with the share done, from 0 to 1.
    measured : (shift, kept) or None
        Of the same two runs, where they are known: neighbours are what takes time.
    """
    told = report or (lambda _: None)
    turned, there = aligned(base, run)
    k = min(N_NEAREST, len(there) - 1)
    if measured is None:
        shift = np.sqrt(((turned - there) ** 2).sum(axis=1)).astype(np.float32)
        before = nearest(turned, k, lambda share: told(share / 2))
        after = nearest(there, k, lambda share: told(0.5 + share / 2))
        measured = shift, n_shared(before, after)
    return Comparison(turned, there, *measured, k)
