"""The candidates that a sampled protocol draws, and the right answers that a filtered one drops."""

from __future__ import annotations

import numpy as np

from llador_core.graph import Bools, Ints


def left_out(answers: Ints, n_columns: int, queries: Ints, true: Ints) -> tuple[Ints, Ints]:
    """Return the other right answers of each query, as pairs of its place and a column.

    Parameters
    ----------
    answers : int array
        query * n_columns + column of every right answer, ascending.
    queries, true : int arrays of shape (n,)
        What is asked, and the answer that is judged.

    Returns
    -------
    place, column : int arrays of the same length, ordered by place
    """
    first = np.searchsorted(answers, queries * n_columns)
    counts = np.searchsorted(answers, (queries + 1) * n_columns) - first
    place = np.repeat(np.arange(len(queries)), counts)
    at = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts) + first[place]
    column = answers[at] - queries[place] * n_columns
    is_other = column != true[place]
    return place[is_other], column[is_other]


def draw(
    true: Ints,
    not_allowed: tuple[Ints, Ints],
    n_others: int,
    order: Ints,
    generator: np.random.Generator,
) -> tuple[Ints, Bools]:
    """Return the true column of each row and `n_others` of the allowed others, at random.

    Every row takes one random key per column, dealt by `order`; those with the smallest keys are a
    uniform draw without replacement, and the same one however columns are numbered.

    Parameters
    ----------
    true : int array of shape (n,)
    not_allowed : tuple of int arrays
        Row and column of who may not be drawn.
    n_others : int
    order : int array of shape (n_columns,)
        The place of each column when they are sorted by id.
    generator : numpy Generator

    Returns
    -------
    columns : int array of shape (n, k), k at most n_others + 1
        The true one first.
    is_candidate : bool array of shape (n, k)
        False where a row has fewer allowed columns than k.
    """
    n, n_columns = len(true), len(order)
    keys = generator.random((n, n_columns))  # by place
    keys[not_allowed[0], order[not_allowed[1]]] = 2
    keys[np.arange(n), order[true]] = -1
    k = min(n_others + 1, n_columns)
    places = _smallest(keys, k)
    is_candidate = np.take_along_axis(keys, places, axis=1) < 2
    return np.argsort(order)[places], is_candidate


def _smallest(keys: np.ndarray, k: int) -> Ints:
    """Return the columns of the k smallest keys of each row, ascending, shape (n, k)."""
    n, n_columns = keys.shape
    limit = (
        k + 5 * np.sqrt(k) + 1
    ) / n_columns  # enough for nearly every row: the rest is unsorted
    if limit >= 1:
        return np.asarray(np.argsort(keys, axis=1)[:, :k])
    flat = np.flatnonzero(keys < limit)
    row = flat // n_columns
    counts = np.bincount(row, minlength=n)
    place = np.arange(len(flat)) - np.repeat(np.cumsum(counts) - counts, counts)
    few = np.full((n, max(k, int(counts.max()))), np.inf)
    few[row, place] = keys.ravel()[flat]
    column = np.zeros(few.shape, np.int64)
    column[row, place] = flat - row * n_columns
    out = np.take_along_axis(column, np.argsort(few, axis=1)[:, :k], axis=1)
    is_short = counts < k
    out[is_short] = np.argsort(keys[is_short], axis=1)[:, :k]
    return out
