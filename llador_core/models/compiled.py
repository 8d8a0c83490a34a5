"""Loops compiled for the processor with numba: what PyTorch can only do through large temporaries.

Every number is summed by one thread in a fixed order, so that results do not depend on how many
threads there are. Arrays are float32, indices int64. Compiled on first use and kept on disk.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Sums may be reordered and fused, but a NaN stays a NaN: a diverged loss must be seen.
_MATH = {"reassoc", "contract", "arcp", "nsz"}
_PER_TURN = np.float32(1 / (2 * np.pi))
_TINY = np.float32(1e-12)
_HALF = np.float32(0.5)


def _loop(**options: Any) -> Any:
    return numba.njit(fastmath=_MATH, cache=True, nogil=True, **options)


@_loop(parallel=True)
def start_threads(x: Floats) -> None:
    """Do next to nothing, on all threads."""
    for i in numba.prange(len(x)):
        x[i] += 1


@_loop(inline="always")
def _sin_pi(u: Any) -> Any:
    """Return sin(pi u) for u from 0 to 1/2, to 1e-7 (Taylor's series to u^11)."""
    z = u * u
    s = np.float32(0.08214589) + z * np.float32(-0.00737043)
    s = np.float32(2.5501640) + z * (np.float32(-0.59926453) + z * s)
    return u * (np.float32(3.1415927) + z * (np.float32(-5.1677128) + z * s))


@_loop(parallel=True)
def l1_value(q: Floats, table: Floats, index: Ints, rows: int, out: Floats) -> None:
    for i in numba.prange(len(q)):
        c = i // rows
        for j in range(index.shape[1]):
            candidate = table[index[c, j]]
            total = np.float32(0)
            for x in range(q.shape[1]):
                total += abs(q[i, x] - candidate[x])
            out[i, j] = total


@_loop(parallel=True)
def moduli_value(q: Floats, table: Floats, index: Ints, rows: int, out: Floats) -> None:
    half = q.shape[1] // 2
    for i in numba.prange(len(q)):
        c = i // rows
        q_re, q_im = q[i, :half], q[i, half:]
        for j in range(index.shape[1]):
            c_re, c_im = table[index[c, j], :half], table[index[c, j], half:]
            total = np.float32(0)
            for x in range(half):
                re, im = q_re[x] - c_re[x], q_im[x] - c_im[x]
                total += np.sqrt(re * re + im * im)
            out[i, j] = total


@_loop(parallel=True)
def sines_value(q: Floats, table: Floats, index: Ints, rows: int, out: Floats) -> None:
    for i in numba.prange(len(q)):
        c = i // rows
        for j in range(index.shape[1]):
            candidate = table[index[c, j]]
            total = np.float32(0)
            for x in range(q.shape[1]):
                y = (q[i, x] - candidate[x]) * _PER_TURN
                total += _sin_pi(abs(y - np.floor(y + _HALF)))
            out[i, j] = total


@_loop(parallel=True)
def l1_gradient(
    q: Floats,
    table: Floats,
    index: Ints,
    rows: int,
    width: int,
    g: Floats,
    to_q: Floats,
    to_table: Floats,
) -> None:
    for k in numba.prange((q.shape[1] + width - 1) // width):
        low, high = k * width, min(q.shape[1], (k + 1) * width)
        for i in range(len(q)):
            query, to_query = q[i, low:high], to_q[i, low:high]
            for j in range(index.shape[1]):
                at, weight = index[i // rows, j], g[i, j]
                candidate, to_candidate = table[at, low:high], to_table[at, low:high]
                for x in range(high - low):
                    step = weight if query[x] > candidate[x] else -weight
                    to_query[x] += step
                    to_candidate[x] -= step


@_loop(parallel=True)
def moduli_gradient(
    q: Floats,
    table: Floats,
    index: Ints,
    rows: int,
    width: int,
    g: Floats,
    to_q: Floats,
    to_table: Floats,
) -> None:
    half = q.shape[1] // 2
    for k in numba.prange((half + width - 1) // width):
        low, high = k * width, min(half, (k + 1) * width)
        for i in range(len(q)):
            q_re, q_im = q[i, low:high], q[i, half + low : half + high]
            to_re, to_im = to_q[i, low:high], to_q[i, half + low : half + high]
            for j in range(index.shape[1]):
                at, weight = index[i // rows, j], g[i, j]
                c_re, c_im = table[at, low:high], table[at, half + low : half + high]
                d_re, d_im = to_table[at, low:high], to_table[at, half + low : half + high]
                for x in range(high - low):
                    re, im = q_re[x] - c_re[x], q_im[x] - c_im[x]
                    factor = weight / np.sqrt(re * re + im * im + _TINY)
                    re *= factor
                    im *= factor
                    to_re[x] += re
                    to_im[x] += im
                    d_re[x] -= re
                    d_im[x] -= im


@_loop(parallel=True)
def sines_gradient(
    q: Floats,
    table: Floats,
    index: Ints,
    rows: int,
    width: int,
    g: Floats,
    to_q: Floats,
    to_table: Floats,
) -> None:
    for k in numba.prange((q.shape[1] + width - 1) // width):
        low, high = k * width, min(q.shape[1], (k + 1) * width)
        for i in range(len(q)):
            query, to_query = q[i, low:high], to_q[i, low:high]
            for j in range(index.shape[1]):
                at, weight = index[i // rows, j], g[i, j] * _HALF
                candidate, to_candidate = table[at, low:high], to_table[at, low:high]
                for x in range(high - low):
                    y = (query[x] - candidate[x]) * _PER_TURN
                    y -= np.floor(y + _HALF)
                    cosine = weight * _sin_pi(_HALF - abs(y))
                    step = cosine if y > 0 else -cosine
                    to_query[x] += step
                    to_candidate[x] -= step


@_loop(parallel=True)
def rowwise_adagrad(table: Floats, sums: Floats, ids: Ints, gradient: Floats, lr: float) -> None:
    for i in numba.prange(len(ids)):
        row, step = table[ids[i]], gradient[i]
        total = np.float32(0)
        for x in range(len(step)):
            total += step[x] * step[x]
        sums[ids[i]] += total / np.float32(len(step))
        rate = np.float32(lr / (np.sqrt(sums[ids[i]]) + 1e-10))
        for x in range(len(step)):
            row[x] -= rate * step[x]


@_loop(parallel=True)
def adagrad(table: Floats, sums: Floats, ids: Ints, gradient: Floats, lr: float) -> None:
    rate = np.float32(lr)
    for i in numba.prange(len(ids)):
        row, step, total = table[ids[i]], gradient[i], sums[ids[i]]
        for x in range(len(step)):
            total[x] += step[x] * step[x]
            row[x] -= rate * step[x] / (np.sqrt(total[x]) + np.float32(1e-10))


@_loop(parallel=True)
def mark_known(
    pair: Ints, start: Ints, answers: NDArray[np.int32], drawn: Ints, rows: int, out: Bools
) -> None:
    """Mark which drawn entities are true answers.

    `pair` numbers the (entity, relation) of each triple; its true answers, ascending, are
    answers[start[pair] : start[pair + 1]]. `drawn` has shape (n_chunks, n), `out` (batch, n).
    """
    for i in numba.prange(len(pair)):
        first, end = start[pair[i]], start[pair[i] + 1]
        for j in range(drawn.shape[1]):
            entity = drawn[i // rows, j]
            low, high = first, end
            while low < high:
                middle = (low + high) >> 1
                if answers[middle] < entity:
                    low = middle + 1
                else:
                    high = middle
            out[i, j] = low < end and answers[low] == entity


@_loop()
def add_rows(to_table: Floats, index: Ints, rows: Floats) -> None:
    """Add rows[i] to to_table[index[i]], in this order."""
    for i in range(len(index)):
        target, row = to_table[index[i]], rows[i]
        for x in range(len(row)):
            target[x] += row[x]
