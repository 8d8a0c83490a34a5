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
    """

    def __init__(self, triples: NDArray[np.int32], n_entities: int, n_relations: int) -> None:
        self.n_entities = n_entities
        self.n_relations = n_relations
        self._keys: dict[Side, Ints] = {}
        self._start: dict[Side, Ints] = {}
        self._answers: dict[Side, Ints] = {}
        for side, (given, asked) in _ENDS.items():
            keys = self._key(triples[:, given], triples[:, 1])
            order = np.argsort(keys, kind="stable")
            self._keys[side], start = np.unique(keys[order], return_index=True)
            self._start[side] = np.append(start, len(keys))
            self._answers[side] = triples[order, asked].astype(np.int64)

    def _key(self, entity: NDArray[np.integer], relation: NDArray[np.integer]) -> Ints:
        return entity.astype(np.int64) * self.n_relations + relation

    def count(self, triples: NDArray[np.int32], side: Side) -> Ints:
        """Return how many training triples share (given end, relation) with each of `triples`."""
        at = self._rows(triples, side)
        return self._start[side][at + 1] - self._start[side][at]

    def _rows(self, triples: NDArray[np.int32], side: Side) -> Ints:
        given = _ENDS[side][0]
        return np.searchsorted(self._keys[side], self._key(triples[:, given], triples[:, 1]))

    def answers(self, triples: NDArray[np.int32], side: Side) -> tuple[Ints, Ints]:
        """Return (row, entity): every true end, on `side`, of each row of `triples`.

        The triples must be training triples.
        """
        at = self._rows(triples, side)
        first, last = self._start[side][at], self._start[side][at + 1]
        n = last - first
        rows = np.repeat(np.arange(len(triples)), n)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(n) - n, n)
        return rows, self._answers[side][np.repeat(first, n) + offsets]

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
        Distinct, n <= n_negatives.
    is_known : bool Tensor of shape (batch, n)
        The corrupted triple is a training triple and must not count as negative.
    """
    n_typed = round(n_negatives * typed_share)
    uniform = torch.randint(known.n_entities, (n_negatives - n_typed,), generator=generator)
    picks = torch.randint(len(batch), (n_typed,), generator=generator)
    targets = torch.from_numpy(batch[:, _ENDS[side][1]].astype(np.int64))
    entities = torch.unique(torch.cat([uniform, targets[picks]]))
    column = np.full(known.n_entities, -1)
    column[entities.numpy()] = np.arange(len(entities))
    rows, answers = known.answers(batch, side)
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
    is_true[known.answers(batch, side)] = True
    true = torch.from_numpy(is_true)
    is_known = true.gather(1, entities)
    for _ in range(n_redraws):
        n_bad = int(is_known.sum())
        if not n_bad:
            break
        entities[is_known] = torch.randint(known.n_entities, (n_bad,), generator=generator)
        is_known = true.gather(1, entities)
    return entities, is_known
