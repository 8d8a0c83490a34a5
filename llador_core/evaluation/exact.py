"""Exact ranks of triples among all entities, block by block.

Scores come in single precision from the fastest kernel, each with a bound on its rounding error.
What lies further from the true one's score than that is settled; the few within it are scored again
in double precision by the model's formula. So ranks do not depend on the size of blocks, the number
of threads, the kernel or how entities are numbered, and ties are real ones. Nothing larger than a
block of scores is ever held.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llador_core.errors import ConfigError
from llador_core.evaluation.ranks import Ranks
from llador_core.graph import Ints
from llador_core.models import distances
from llador_core.models.blocks import Block, Queries
from llador_core.models.interactions import INTERACTIONS, Side
from llador_core.models.scorer import WORTH_COMPILING, Floats, Scorer
from llador_core.models.threads import for_each, spans

Triples = NDArray[np.integer]

QUERIES_AT_ONCE = 512
ENTITIES_AT_ONCE = 2_048
PAIRS_AT_ONCE = 4_096  # pairs scored again together: three arrays of 13 MB at dim 400


def exact_ranks(
    scorer: Scorer,
    triples: Triples,
    side: Side,
    known: Sequence[Triples] = (),
    block: tuple[int, int] = (QUERIES_AT_ONCE, ENTITIES_AT_ONCE),
) -> tuple[Ranks, Ints]:
    """Return the rank of one end of each triple among all entities, and among how many it stood.

    rank = 1 + (number of better ones) + (number of ties) / 2.

    Parameters
    ----------
    scorer : Scorer
    triples : int array of shape (n, 3)
    side : "head" or "tail"
        The end that is asked for.
    known : sequence of int arrays of shape (m, 3)
        Triples that are true: their entities leave the candidates, but for the one that is asked
        for. With none the ranks are raw.
    block : tuple of int
        How many queries, and how many entities, are scored together.

    Returns
    -------
    ranks : float64 array of shape (n,), from 1 to n_candidates
    n_candidates : int array of shape (n,)
        The true one included.

    Raises
    ------
    ConfigError
        A score is not finite.
    """
    n_entities = len(scorer.entities)
    true = triples[:, 0 if side == "head" else 2].astype(np.int64)
    given = triples[:, 2 if side == "head" else 0].astype(np.int64)
    # for a matrix product only what settles its scores is compiled
    worth = WORTH_COMPILING if INTERACTIONS[scorer.model].is_distance else 32 * WORTH_COMPILING
    is_compiled = len(triples) * n_entities * scorer.dim > worth
    query, entity = others_known(triples, side, known, n_entities)
    ranks, n_candidates = np.empty(len(triples)), np.empty(len(triples), np.int64)
    for part in spans(len(triples), block[0]):
        queries = Queries(
            scorer,
            given[part],
            triples[part, 1].astype(np.int64),
            side,
            is_compiled=is_compiled,
        )
        places = _Places(queries, true[part])
        places.go_through(n_entities, block[1])
        first, last = np.searchsorted(query, [part.start, part.stop])
        places.count(query[first:last] - part.start, entity[first:last], -1)
        ranks[part] = 1 + places.n_better + places.n_ties / 2
        n_left_out = np.bincount(query[first:last] - part.start, minlength=len(queries))
        n_candidates[part] = n_entities - n_left_out
    return ranks, n_candidates


def others_known(
    triples: Triples, side: Side, known: Sequence[Triples], n_entities: int
) -> tuple[Ints, Ints]:
    """Return the other right answers to each query, as pairs of query number and entity.

    Returns
    -------
    query, entity : int arrays of the same length
        Ordered by query, without repeats, and without the entity that the query's triple has.
    """
    here, there = (2, 0) if side == "head" else (0, 2)
    wanted = np.zeros(n_entities, np.bool_)
    wanted[triples[:, here]] = True
    near = [some[wanted[some[:, here]]] for some in known]  # most triples drop out at once
    answers = np.concatenate([np.empty((0, 3), np.int64), *near]).astype(np.int64)
    n_relations = 1 + max(
        (int(some[:, 1].max()) for some in (answers, triples) if len(some)), default=0
    )
    asked = _keys(triples, here, n_relations)
    keys = _keys(answers, here, n_relations)
    order = np.argsort(keys, kind="stable")
    keys, ends = keys[order], answers[order, there]
    first, last = np.searchsorted(keys, asked), np.searchsorted(keys, asked, side="right")
    counts = last - first
    query = np.repeat(np.arange(len(triples)), counts)
    at = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts) + first[query]
    entity = ends[at]
    pairs = np.unique((query * n_entities + entity)[entity != triples[query, there]])
    return np.asarray(pairs // n_entities), np.asarray(pairs % n_entities)


def _keys(triples: Triples, column: int, n_relations: int) -> Ints:
    ends = triples[:, column].astype(np.int64)
    return np.asarray(ends * n_relations + triples[:, 1], np.int64)


class _Places:
    """Counts what stands above and beside the true entity of each query.

    Attributes
    ----------
    n_better, n_ties : int arrays of shape (n_queries,)
    """

    def __init__(self, queries: Queries, true: Ints) -> None:
        self.queries, self.true = queries, true
        self.own = queries.exact(np.arange(len(true)), true)
        if not np.isfinite(self.own).all():
            raise _not_finite()
        self.n_better = np.zeros(len(true), np.int64)
        self.n_ties = np.zeros(len(true), np.int64)
        self._lock = threading.Lock()

    def go_through(self, n_entities: int, step: int) -> None:
        """Count over all entities."""
        parts = spans(n_entities, step)
        if self.queries.spec.is_distance:
            for_each(self._go_through_block, parts)
            return
        for part in parts:  # a matrix product has threads of its own
            self._go_through_block(part)

    def _go_through_block(self, part: slice) -> None:
        block = self.queries.block(part)
        scores = self.queries.scores(block)  # (n_queries, n_block)
        n_better, near = _settle(scores, *self._bounds(block), self.queries.is_compiled)
        which, column = np.divmod(near, scores.shape[1])
        entity = column + part.start
        is_other = entity != self.true[which]
        with self._lock:
            self.n_better += n_better
        self.count(which[is_other], entity[is_other], 1)

    def _bounds(self, block: Block) -> tuple[Floats, Floats]:
        """Return between which scores a candidate may stand on either side of the true one."""
        error = self.queries.error(self.own, block)
        down, up = np.float32(-np.inf), np.float32(np.inf)
        low = np.nextafter((self.own - error).astype(np.float32), down)
        high = np.nextafter((self.own + error).astype(np.float32), up)
        return low, high

    def count(self, which: Ints, entity: Ints, step: int) -> None:
        """Add `step` for every pair of a query and an entity that is not behind its true one."""
        for part in spans(len(which), PAIRS_AT_ONCE):
            query = which[part]
            scores = self.queries.exact(query, entity[part])
            n_better = np.bincount(query[scores > self.own[query]], minlength=len(self.own))
            n_ties = np.bincount(query[scores == self.own[query]], minlength=len(self.own))
            with self._lock:
                self.n_better += step * n_better
                self.n_ties += step * n_ties


def _settle(
    scores: Floats, low: Floats, high: Floats, is_compiled: bool
) -> tuple[Ints, NDArray[np.integer]]:
    """Return how many scores lie above the bounds of each row, and the flat places between them."""
    if is_compiled:
        n_better, near = np.zeros(len(scores), np.int64), np.empty(scores.size, np.int32)
        n_near = distances.compiled(distances.settle)(scores, low, high, n_better, near)
        if n_near < 0:
            raise _not_finite()
        return n_better, near[:n_near]
    if not np.isfinite(scores.sum(dtype=np.float64)):  # one pass: a NaN or an infinity stays
        raise _not_finite()
    is_above, is_near = scores > high[:, None], scores >= low[:, None]
    return np.count_nonzero(is_above, axis=1), np.flatnonzero(is_near ^ is_above)


def _not_finite() -> ConfigError:
    return ConfigError(
        "Some scores are not finite, so nothing can be ranked. Training has probably diverged; try "
        "a smaller learning rate."
    )
