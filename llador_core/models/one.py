"""One query against many entities, in NumPy: what a page asks for.

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
Fill = Callable[[Floats, Floats, Floats], None]

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
    row, r = scorer.rows[known], scorer.relations[relation]
    # neighbours in the table are read where they are, without a copy
    is_run = n > 0 and bool(candidates[-1] - candidates[0] == n - 1 and _is_ascending(candidates))
    start = int(candidates[0]) if is_run else 0
    fill = _fill(scorer, row, r, side)
    out = np.empty(n, np.float32)

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
            fill(here, spare, out[at])

    for_each(work, spans(n, max(8 * ROWS_AT_ONCE, -(-n // n_threads()))))
    return out


def _is_ascending(candidates: Ints) -> bool:
    return bool((candidates[1:] > candidates[:-1]).all())


def _parts(spare: Floats, n_rows: int, width: int) -> tuple[Floats, Floats]:
    """Return two arrays of shape (n_rows, width), without gaps, in the space of `spare`."""
    first, second = (half.reshape(-1)[: n_rows * width] for half in spare)
    return first.reshape(n_rows, width), second.reshape(n_rows, width)


def _fill(scorer: Scorer, row: Floats, r: Floats, side: Side) -> Fill:
    """Return what writes the scores of some rows: of (rows, spare space, out)."""
    if scorer.model == "hake":
        return _hake(scorer, row, r, side)
    if not INTERACTIONS[scorer.model].is_distance:
        factor = bilinear_query(scorer.model, row, r, side)
        return lambda rows, _, out: _products(rows, factor, out)
    query = distance_query(scorer.model, row, r, side)
    half = scorer.dim // 2

    def l1(rows: Floats, spare: Floats, out: Floats) -> None:
        x, _ = _parts(spare, *rows.shape)
        np.subtract(rows, query, out=x)
        _sum(np.abs(x, out=x), out)

    def moduli(rows: Floats, spare: Floats, out: Floats) -> None:
        re, im = _parts(spare, len(rows), half)
        np.square(np.subtract(rows[:, :half], query[:half], out=re), out=re)
        np.square(np.subtract(rows[:, half:], query[half:], out=im), out=im)
        re += im
        re += _TINY
        _sum(np.sqrt(re, out=re), out)

    def l2(rows: Floats, spare: Floats, out: Floats) -> None:
        x, _ = _parts(spare, *rows.shape)
        np.subtract(rows, query, out=x)
        np.einsum("ij,ij->i", x, x, out=out)
        out += _TINY
        np.negative(np.sqrt(out, out=out), out=out)

    def sines(rows: Floats, spare: Floats, out: Floats) -> None:
        x, _ = _parts(spare, *rows.shape)
        np.subtract(rows, query, out=x)
        _sines(x, out)
        out *= np.float32(scorer.constants["modulus"])

    if is_euclidean(scorer.constants.get("norm")):
        return l2
    return {"transe": l1, "rotate": moduli, "protate": sines}[scorer.model]


def _products(rows: Floats, factor: Floats, out: Floats) -> None:
    np.einsum("ij,j->i", rows, factor, out=out)  # not BLAS, whose threads would fight with ours


def _sum(x: Floats, out: Floats) -> None:
    """Write minus the sum of each row."""
    np.einsum("ij->i", x, out=out)  # twice as fast as sum(-1)
    np.negative(out, out=out)


def _sines(x: Floats, out: Floats) -> None:
    x *= _HALF
    _sum(np.abs(np.sin(x, out=x), out=x), out)


def _hake(scorer: Scorer, row: Floats, r: Floats, side: Side) -> Fill:
    moduli, stretch, angles = hake_query(row, r, side)
    half, weights = scorer.dim // 2, scorer.constants["weights"].astype(np.float32)

    def fill(rows: Floats, spare: Floats, out: Floats) -> None:
        x, y = _parts(spare, len(rows), half)
        np.subtract(rows[:, half:], angles, out=x)
        _sines(x, out)
        out *= weights[1]
        np.multiply(rows[:, :half], stretch, out=y)
        y -= moduli
        out -= weights[0] * np.sqrt(np.einsum("ij,ij->i", y, y) + _TINY)

    return fill
