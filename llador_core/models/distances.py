"""Distances of many queries to all of many candidates, compiled by numba where it is installed.

A distance cannot be a matrix product. Written in NumPy each operation passes over memory once
more; compiled, four queries meet a candidate while it is in the registers. Importing numba and
compiling take seconds, so this is for work that takes longer, never for a page.

The functions below are plain Python that numba translates: called as they are they say, slowly,
what the compiled ones must say.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Kernel = Callable[..., Any]

TINY = np.float32(1e-12)  # as in `interactions`
AT_ONCE = 4  # queries that share a load; callers pad to a multiple
TILE = 64  # candidates that stay in a core's own cache while the queries pass
STRIP = 256  # scores that are looked at one by one when any of them is near
ZERO = np.float32(0)
LARGEST = np.finfo(np.float32).max

# Sums may be reordered so that they can be done 8 or 16 at a time. Nothing else of "fast" mode:
# it would assume that there is no NaN.
_FREEDOM = {"reassoc", "contract", "nsz"}


def l1(q: Floats, c: Floats, out: Floats) -> None:
    """Write -sum |q - c| into `out`.

    Parameters
    ----------
    q : array of shape (n_queries, dim), n_queries a multiple of `AT_ONCE`
    c : array of shape (n_candidates, dim)
    out : array of shape (n_queries, n_candidates)
    """
    for tile in range(0, c.shape[0], TILE):
        last = min(c.shape[0], tile + TILE)
        for i in range(0, q.shape[0], AT_ONCE):
            for j in range(tile, last):
                s0, s1, s2, s3 = ZERO, ZERO, ZERO, ZERO
                for k in range(q.shape[1]):
                    x = c[j, k]
                    s0 += abs(q[i, k] - x)
                    s1 += abs(q[i + 1, k] - x)
                    s2 += abs(q[i + 2, k] - x)
                    s3 += abs(q[i + 3, k] - x)
                out[i, j], out[i + 1, j], out[i + 2, j], out[i + 3, j] = -s0, -s1, -s2, -s3


def moduli(q: Floats, c: Floats, out: Floats) -> None:
    """Write minus the sum of moduli of q - c, read as complex numbers. Shapes as in `l1`."""
    half = q.shape[1] // 2
    for tile in range(0, c.shape[0], TILE):
        last = min(c.shape[0], tile + TILE)
        for i in range(0, q.shape[0], AT_ONCE):
            for j in range(tile, last):
                s0, s1, s2, s3 = ZERO, ZERO, ZERO, ZERO
                for k in range(half):
                    x, y = c[j, k], c[j, k + half]
                    a, b = q[i, k] - x, q[i, k + half] - y
                    s0 += np.sqrt(a * a + b * b + TINY)
                    a, b = q[i + 1, k] - x, q[i + 1, k + half] - y
                    s1 += np.sqrt(a * a + b * b + TINY)
                    a, b = q[i + 2, k] - x, q[i + 2, k + half] - y
                    s2 += np.sqrt(a * a + b * b + TINY)
                    a, b = q[i + 3, k] - x, q[i + 3, k + half] - y
                    s3 += np.sqrt(a * a + b * b + TINY)
                out[i, j], out[i + 1, j], out[i + 2, j], out[i + 3, j] = -s0, -s1, -s2, -s3


def sines(q: Floats, c: Floats, weight: np.float32, out: Floats) -> None:
    """Write -weight * sum |sin(q - c)| of angles given by their sines and cosines.

    |sin(q - c)| = |sin q cos c - cos q sin c|: no sine is left to compute.

    Parameters
    ----------
    q, c : arrays of shape (n, 2 * n_angles)
        Sines, then cosines.
    """
    half = q.shape[1] // 2
    for tile in range(0, c.shape[0], TILE):
        last = min(c.shape[0], tile + TILE)
        for i in range(0, q.shape[0], AT_ONCE):
            for j in range(tile, last):
                s0, s1, s2, s3 = ZERO, ZERO, ZERO, ZERO
                for k in range(half):
                    x, y = c[j, k], c[j, k + half]
                    s0 += abs(q[i, k] * y - q[i, k + half] * x)
                    s1 += abs(q[i + 1, k] * y - q[i + 1, k + half] * x)
                    s2 += abs(q[i + 2, k] * y - q[i + 2, k + half] * x)
                    s3 += abs(q[i + 3, k] * y - q[i + 3, k + half] * x)
                out[i, j], out[i + 1, j] = -weight * s0, -weight * s1
                out[i + 2, j], out[i + 3, j] = -weight * s2, -weight * s3


def add_norms(q: Floats, w: Floats, c: Floats, weight: np.float32, out: Floats) -> None:
    """Subtract weight * ||w * c - q||_2 from `out`.

    Parameters
    ----------
    q, w : arrays of shape (n_queries, width)
        Each query stretches the candidates in its own way.
    c : array of shape (n_candidates, width)
    """
    for tile in range(0, c.shape[0], TILE):
        last = min(c.shape[0], tile + TILE)
        for i in range(q.shape[0]):
            for j in range(tile, last):
                s = ZERO
                for k in range(q.shape[1]):
                    a = w[i, k] * c[j, k] - q[i, k]
                    s += a * a
                out[i, j] -= weight * np.sqrt(s + TINY)


def settle(
    scores: Floats, low: Floats, high: Floats, n_better: NDArray[np.int64], near: NDArray[np.int32]
) -> int:
    """Sort scores by the bounds of their row; return how many lie between them, -1 for a NaN.

    Parameters
    ----------
    scores : array of shape (n, n_columns)
    low, high : arrays of shape (n,)
    n_better : array of shape (n,)
        The number of scores above `high` is added.
    near : array of shape (n * n_columns,)
        Filled with the flat places of scores from `low` to `high`, ascending.
    """
    n_near = 0
    for i in range(scores.shape[0]):
        for start in range(0, scores.shape[1], STRIP):
            last = min(scores.shape[1], start + STRIP)
            above, not_below, finite = 0, 0, 0
            for j in range(start, last):
                x = scores[i, j]
                above += x > high[i]
                not_below += x >= low[i]
                finite += abs(x) <= LARGEST  # a NaN compares as false
            if finite < last - start:
                return -1
            n_better[i] += above
            if not_below > above:
                for j in range(start, last):
                    if low[i] <= scores[i, j] <= high[i]:
                        near[n_near] = i * scores.shape[1] + j
                        n_near += 1
    return n_near


@cache
def is_there() -> bool:
    """Return whether numba is installed, without importing it."""
    return importlib.util.find_spec("numba") is not None


@cache
def compiled(kernel: Kernel) -> Kernel:
    """Return one of the functions above as machine code; it is compiled when first called."""
    import numba

    options = {"nogil": True, "fastmath": _FREEDOM}
    try:
        fast: Kernel = numba.njit(cache=True, **options)(kernel)
    except RuntimeError:  # nowhere to keep it
        fast = numba.njit(**options)(kernel)
    return fast
