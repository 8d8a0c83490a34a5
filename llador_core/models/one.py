"""One query against many entities, or several against a few each, in NumPy: what a page asks for.

Nothing is compiled and nothing but NumPy is imported, so the first answer is as fast as the next.
Temporaries stay in a core's own cache; the table is read once, from wherever it lies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llador_core.graph import Ints
from llador_core.models.interactions import (
    INTERACTIONS,
    Side,
    bilinear_query,
    distance_query,
    hake_query,
    is_euclidean,
)
from llador_core.models.threads import for_each, n_threads, spans

if TYPE_CHECKING:
    from llador_core.models.scorer import Scorer

Floats = NDArray[np.float32]
Query = tuple[Floats, ...]
Fill = Callable[[Query, Floats, Floats, Floats], None]

ROWS_AT_ONCE = 128
_TINY = np.float32(1e-12)  # as in `interactions`
_HALF = np.float32(0.5)


def one_query(scorer: Scorer, known: int, relation: int, candidates: Ints, side: Side) -> Floats:
    """Return the scores of one query without margin, shape (n_candidates,).

    Parameters
    ----------
    scorer : Scorer
    known : int
        The head where `side` is "tail", else the tail.
    relation : int
    candidates : int array of shape (n_candidates,)
    side : "head" or "tail"
        The end that candidates take.
    """
    n = len(candidates)
    query = _query(scorer, scorer.rows[known], scorer.relations[relation], side)
    # neighbours in the table are read where they are, without a copy
    is_run = n > 0 and bool(candidates[-1] - candidates[0] == n - 1 and _is_ascending(candidates))
    start = int(candidates[0]) if is_run else 0
    fill, out = _fill(scorer), np.empty(n, np.float32)

    def work(part: slice) -> None:
        copy = np.empty((ROWS_AT_ONCE, scorer.dim), np.float32)
        spare = np.empty((2, ROWS_AT_ONCE, scorer.dim), np.float32)
        for inner in spans(part.stop - part.start, ROWS_AT_ONCE):
            at = slice(part.start + inner.start, part.start + inner.stop)
            if is_run:
                here = scorer.rows[start + at.start : start + at.stop]
            else:
                here = copy[: inner.stop - inner.start]
                np.take(scorer.rows, candidates[at], axis=0, out=here, mode="clip")
            fill(query, here, spare, out[at])

    for_each(work, spans(n, max(8 * ROWS_AT_ONCE, -(-n // n_threads()))))
    return out


def each_query(scorer: Scorer, known: Ints, relation: int, candidates: Ints, side: Side) -> Floats:
    """Return the scores of queries with their own candidates each, without margin.

    Parameters as in `one_query`, but known : int array of shape (n,), candidates : int array of
    shape (n, k).

    Returns
    -------
    float32 array of shape (n, k)
    """
    query = _query(scorer, scorer.rows[known], scorer.relations[relation][None], side)
    fill, out = _fill(scorer), np.empty(candidates.shape, np.float32)
    query = tuple(np.broadcast_to(part, (len(known), part.shape[1])) for part in query)

    def work(part: slice) -> None:
        copy = np.empty((ROWS_AT_ONCE, scorer.dim), np.float32)
        spare = np.empty((2, ROWS_AT_ONCE, scorer.dim), np.float32)
        for i in range(part.start, part.stop):
            mine = tuple(array[i] for array in query)
            for at in spans(candidates.shape[1], ROWS_AT_ONCE):
                here = copy[: at.stop - at.start]
                np.take(scorer.rows, candidates[i, at], axis=0, out=here, mode="clip")
                fill(mine, here, spare, out[i, at])

    for_each(work, spans(len(known), max(16, -(-len(known) // n_threads()))))
    return out


def _is_ascending(candidates: Ints) -> bool:
    return bool((candidates[1:] > candidates[:-1]).all())


def _parts(spare: Floats, n_rows: int, width: int) -> tuple[Floats, Floats]:
    """Return two arrays of shape (n_rows, width), without gaps, in the space of `spare`."""
    first, second = (half.reshape(-1)[: n_rows * width] for half in spare)
    return first.reshape(n_rows, width), second.reshape(n_rows, width)


def _query(scorer: Scorer, rows: Floats, r: Floats, side: Side) -> Query:
    """Return what candidates are measured by; rows and relations broadcast."""
    if scorer.model == "hake":
        return hake_query(rows, r, side)
    if not INTERACTIONS[scorer.model].is_distance:
        return (bilinear_query(scorer.model, rows, r, side),)
    return (distance_query(scorer.model, rows, r, side),)


def _fill(scorer: Scorer) -> Fill:
    """Return what writes the scores of some rows: of (query, rows, spare space, out)."""
    if scorer.model == "hake":
        return _hake(scorer.dim // 2, scorer.constants["weights"].astype(np.float32))
    half = scorer.dim // 2

    def l1(query: Query, rows: Floats, spare: Floats, out: Floats) -> None:
        x, _ = _parts(spare, *rows.shape)
        np.subtract(rows, query[0], out=x)
        _sum(np.abs(x, out=x), out)

    def moduli(query: Query, rows: Floats, spare: Floats, out: Floats) -> None:
        re, im = _parts(spare, len(rows), half)
        np.square(np.subtract(rows[:, :half], query[0][:half], out=re), out=re)
        np.square(np.subtract(rows[:, half:], query[0][half:], out=im), out=im)
        re += im
        re += _TINY
        _sum(np.sqrt(re, out=re), out)

    def l2(query: Query, rows: Floats, spare: Floats, out: Floats) -> None:
        x, _ = _parts(spare, *rows.shape)
        np.subtract(rows, query[0], out=x)
        np.einsum("ij,ij->i", x, x, out=out)
        out += _TINY
        np.negative(np.sqrt(out, out=out), out=out)

    def sines(query: Query, rows: Floats, spare: Floats, out: Floats) -> None:
        x, _ = _parts(spare, *rows.shape)
        np.subtract(rows, query[0], out=x)
        _sines(x, out)
        out *= np.float32(scorer.constants["modulus"])

    if is_euclidean(scorer.constants.get("norm")):
        return l2
    return {"transe": l1, "rotate": moduli, "protate": sines}.get(scorer.model, _products)


def _products(query: Query, rows: Floats, _: Floats, out: Floats) -> None:
    np.einsum("ij,j->i", rows, query[0], out=out)  # not BLAS, whose threads would fight with ours


def _sum(x: Floats, out: Floats) -> None:
    """Write minus the sum of each row."""
    np.einsum("ij->i", x, out=out)  # twice as fast as sum(-1)
    np.negative(out, out=out)


def _sines(x: Floats, out: Floats) -> None:
    x *= _HALF
    _sum(np.abs(np.sin(x, out=x), out=x), out)


def _hake(half: int, weights: Floats) -> Fill:
    def fill(query: Query, rows: Floats, spare: Floats, out: Floats) -> None:
        moduli, stretch, angles = query
        x, y = _parts(spare, len(rows), half)
        np.subtract(rows[:, half:], angles, out=x)
        _sines(x, out)
        out *= weights[1]
        np.multiply(rows[:, :half], stretch, out=y)
        y -= moduli
        out -= weights[0] * np.sqrt(np.einsum("ij,ij->i", y, y) + _TINY)

    return fill
