"""Drawing corrupted ends, and knowing which of them are true after all."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from llador_core.graph import Ints
from llador_core.models.interactions import Side

_ENDS: dict[Side, tuple[int, int]] = {"tail": (0, 2), "head": (2, 0)}


class KnownTriples:
    """For every (entity, relation, side) of the training triples, its true other ends.

    Parameters
    ----------
    triples : int array of shape (n, 3)
    n_entities, n_relations : int

    Attributes
    ----------
    pair : dict from side to int32 array of shape (n,)
        The number of each triple's (given end, relation).
    start : dict from side to int64 array of shape (n_pairs + 1,)
        The true ends of pair p are answers[start[p] : start[p + 1]].
    answers : dict from side to int32 array of shape (n,)
        Ascending for each pair.
    """

    def __init__(self, triples: NDArray[np.int32], n_entities: int, n_relations: int) -> None:
        self.n_entities = n_entities
        self.n_relations = n_relations
        self._triples = triples
        self._keys: dict[Side, Ints] = {}
        self.pair: dict[Side, NDArray[np.int32]] = {}
        self.start: dict[Side, Ints] = {}
        self.answers: dict[Side, NDArray[np.int32]] = {}
        for side, (given, asked) in _ENDS.items():
            keys = self._key(triples[:, given], triples[:, 1])
            order = np.argsort(keys * n_entities + triples[:, asked])  # one sort of whole numbers
            keys = keys[order]
            is_first = np.ones(len(keys), bool)
            is_first[1:] = keys[1:] != keys[:-1]
            first = np.flatnonzero(is_first)
            self._keys[side] = keys[first]
            self.start[side] = np.append(first, len(keys))
            self.answers[side] = triples[order, asked]
            self.pair[side] = np.empty(len(keys), np.int32)
            self.pair[side][order] = np.cumsum(is_first) - 1

    def _key(self, entity: NDArray[np.integer], relation: NDArray[np.integer]) -> Ints:
        return entity.astype(np.int64) * self.n_relations + relation

    def count(self, triples: NDArray[np.int32], side: Side) -> Ints:
        """Return how many training triples share (given end, relation) with each of `triples`."""
        at = self._pairs(triples, side)
        return np.asarray(self.start[side][at + 1] - self.start[side][at], np.int64)

    def _pairs(self, triples: NDArray[np.int32], side: Side) -> NDArray[np.integer]:
        if triples is self._triples:
            return self.pair[side]
        given = _ENDS[side][0]
        keys = self._key(triples[:, given], triples[:, 1])
        return np.asarray(np.searchsorted(self._keys[side], keys), np.int64)

    def true_ends(self, triples: NDArray[np.int32], side: Side) -> tuple[Ints, NDArray[np.int32]]:
        """Return (row, entity): every true end, on `side`, of each row of `triples`.

        The triples must be training triples.
        """
        return self.ends_of(self._pairs(triples, side), side)

    def ends_of(self, pairs: NDArray[np.integer], side: Side) -> tuple[Ints, NDArray[np.int32]]:
        """Return (row, entity): every true end of each of `pairs`, numbered as in `pair`."""
        first, last = self.start[side][pairs], self.start[side][pairs + 1]
        n = last - first
        rows = np.repeat(np.arange(len(pairs)), n)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(n) - n, n)
        return rows, self.answers[side][np.repeat(first, n) + offsets]

    def weights(self, triples: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return subsampling weights of mean 1: 1 / sqrt(count(h, r) + count(r, t) + 8).

        The counts start at 4 each, as in RotatE's published code, which the paper uses.
        """
        total = self.count(triples, "tail") + self.count(triples, "head") + 8
        weights: NDArray[np.float64] = 1.0 / np.sqrt(total)
        return np.asarray(weights / weights.mean(), np.float32)


def draw_shared(
    batch: NDArray[np.int32],
    side: Side,
    known: KnownTriples,
    n_negatives: int,
    typed_share: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Return one set of negatives for a whole batch.

    Parameters
    ----------
    batch : int array of shape (batch, 3)
    side : "head" or "tail"
        The end that is corrupted.
    typed_share : float in [0, 1]
        Share drawn from the batch's own true ends, hence of types that occur there.

    Returns
    -------
    entities : int64 Tensor of shape (n,)
        Distinct, n <= n_negatives; all entities for `n_negatives` 0.
    is_known : bool Tensor of shape (batch, n)
        The corrupted triple is a training triple and must not count as negative.
    """
    n_typed = round(n_negatives * typed_share)
    uniform = torch.randint(known.n_entities, (n_negatives - n_typed,), generator=generator)
    picks = torch.randint(len(batch), (n_typed,), generator=generator)
    targets = torch.from_numpy(batch[:, _ENDS[side][1]].astype(np.int64))
    entities = torch.unique(torch.cat([uniform, targets[picks]]))
    if not n_negatives:
        entities = torch.arange(known.n_entities)
    column = np.full(known.n_entities, -1)
    column[entities.numpy()] = np.arange(len(entities))
    rows, answers = known.true_ends(batch, side)
    hit = column[answers]
    is_known = np.zeros((len(batch), len(entities)), bool)
    is_known[rows[hit >= 0], hit[hit >= 0]] = True
    return entities, torch.from_numpy(is_known)


def draw_per_triple(
    batch: NDArray[np.int32],
    side: Side,
    known: KnownTriples,
    n_negatives: int,
    generator: torch.Generator,
    n_redraws: int = 10,
) -> tuple[Tensor, Tensor]:
    """Return negatives of each triple's own, uniform over entities, known positives redrawn.

    Returns
    -------
    entities : int64 Tensor of shape (batch, n_negatives)
    is_known : bool Tensor of the same shape
        Still a training triple after `n_redraws` redraws (an end that fits nearly everything).
    """
    shape = (len(batch), n_negatives)
    entities = torch.randint(known.n_entities, shape, generator=generator)
    is_true = np.zeros((len(batch), known.n_entities), bool)
    is_true[known.true_ends(batch, side)] = True
    true = torch.from_numpy(is_true)
    is_known = true.gather(1, entities)
    for _ in range(n_redraws):
        n_bad = int(is_known.sum())
        if not n_bad:
            break
        entities[is_known] = torch.randint(known.n_entities, (n_bad,), generator=generator)
        is_known = true.gather(1, entities)
    return entities, is_known
