"""Batches of the engine that touches only their rows: drawn on the device, in whole arrays.

What step s draws depends on the seed and on s alone, so a run that is resumed needs to remember
nothing but the number of the step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from llador_core.graph import Ints
from llador_core.models.interactions import Side
from llador_core.models.pairwise import loops_for
from llador_core.training.config import TrainConfig
from llador_core.training.negatives import KnownTriples

_EPOCHS, _POSITIVES, _NEGATIVES = range(3)  # each has random numbers of its own
_MANY = 1 << 20  # negatives drawn at once: few calls, little memory
_STEPS_AT_ONCE = 64


@dataclass(frozen=True)
class Batch:
    """Training triples of one step and what they are compared with.

    Attributes
    ----------
    side : "head" or "tail"
        The end that is corrupted.
    known, relation, target : int64 Tensors of shape (batch,)
        The end that stays, and the true one at the other end.
    weights : float32 Tensor of shape (batch,)
    drawn : int64 Tensor of shape (n_chunks, n)
        Entities put in the place of `target`, for each chunk of the batch.
    is_known : bool Tensor of shape (batch, n)
        The corrupted triple is a training triple.
    """

    side: Side
    known: Tensor
    relation: Tensor
    target: Tensor
    weights: Tensor
    drawn: Tensor
    is_known: Tensor


class Batches:
    """Draws the batch of each step.

    Parameters
    ----------
    triples : int32 array of shape (n, 3)
    known : KnownTriples
        Of the same triples.
    treats : int array
        Relations whose triples come `config.treat_weight` times as often.
    config : TrainConfig
    device : torch.device
    """

    def __init__(
        self,
        triples: NDArray[np.int32],
        known: KnownTriples,
        treats: Ints,
        config: TrainConfig,
        device: torch.device,
    ) -> None:
        self.config, self.device = config, device
        self.n_entities = known.n_entities
        self.triples = torch.from_numpy(np.ascontiguousarray(triples)).to(device)
        weights = known.weights(triples) if config.is_subsampled else np.ones(len(triples))
        self.weights = torch.from_numpy(weights.astype(np.float32)).to(device)
        self._pool = _Pool(triples, treats, config, device)
        self.size, self.chunk = _sizes(config, self._pool.n)
        self._answers = {side: _Answers(known, side, device) for side in _SIDES}
        self._generator = torch.Generator(device)
        self._drawn: tuple[int, Tensor, Tensor] | None = None

    def batch(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0."""
        side = _SIDES[step % 2]
        rows = self._pool.rows(step, self.size)
        if not self.config.n_negatives:
            known, relation, target = self._ends(rows, side)
            drawn = torch.arange(self.n_entities, device=self.device)[None]
            is_known = self._answers[side].all_of(rows, self.n_entities)
            return Batch(side, known, relation, target, self.weights[rows], drawn, is_known)
        uniform, picks = self._draws(step)
        target = self._ends(rows, side)[2]
        return self.against(side, rows, torch.cat([uniform, target[picks]], -1))

    def against(self, side: Side, rows: Tensor, drawn: Tensor) -> Batch:
        """Return some training triples against entities drawn for each chunk, (n_chunks, n)."""
        is_known = self._answers[side].among(rows, drawn)
        return Batch(side, *self._ends(rows, side), self.weights[rows], drawn, is_known)

    def _ends(self, rows: Tensor, side: Side) -> tuple[Tensor, Tensor, Tensor]:
        """Return the ends that stay, the relations and the true other ends of training triples."""
        h, r, t = self.triples[rows].long().unbind(1)
        return (h, r, t) if side == "tail" else (t, r, h)

    def _draws(self, step: int) -> tuple[Tensor, Tensor]:
        """Return entities and rows of the batch whose targets are drawn, for each chunk."""
        config, n_chunks = self.config, self.size // self.chunk
        n_typed = round(config.n_negatives * config.typed_share)
        at_once = max(1, min(_STEPS_AT_ONCE, _MANY // (n_chunks * config.n_negatives)))
        block, place = divmod(step, at_once)
        if self._drawn is None or self._drawn[0] != block:
            self._generator.manual_seed(_seed(config.seed, _NEGATIVES, block))
            shape = (at_once, n_chunks)
            uniform = self._random(self.n_entities, (*shape, config.n_negatives - n_typed))
            self._drawn = (block, uniform, self._random(self.size, (*shape, n_typed)))
        return self._drawn[1][place], self._drawn[2][place]

    def _random(self, high: int, shape: tuple[int, ...]) -> Tensor:
        return torch.randint(high, shape, generator=self._generator, device=self.device)


_SIDES: tuple[Side, Side] = ("tail", "head")


class _Pool:
    """Which training triples come in which step."""

    def __init__(
        self, triples: NDArray[np.int32], treats: Ints, config: TrainConfig, device: torch.device
    ) -> None:
        self.seed, self.device = config.seed, device
        self._generator = torch.Generator(device)
        self._epoch: tuple[int, Tensor] | None = None
        self._shares: Tensor | None = None
        is_treat = np.isin(triples[:, 1], treats)
        if config.relation_balance:
            order = np.argsort(triples[:, 1], kind="stable")
            relations, first, n = np.unique(
                triples[order, 1], return_index=True, return_counts=True
            )
            shares = n ** (1.0 - config.relation_balance)
            shares *= np.where(np.isin(relations, treats), config.treat_weight, 1)
            self._shares = torch.from_numpy(shares / shares.sum()).float().to(device)
            self._first = torch.from_numpy(first).to(device)
            self._count = torch.from_numpy(n).to(device)
            pool = order
        else:
            rows = np.arange(len(triples), dtype=np.int32)
            pool = np.concatenate([rows, *[rows[is_treat]] * (config.treat_weight - 1)])
        self.n = len(pool)
        self._pool = torch.from_numpy(pool.astype(np.int32)).to(device)

    def rows(self, step: int, size: int) -> Tensor:
        """Return the rows of the training triples of a step, shape (size,)."""
        if self._shares is not None:
            self._generator.manual_seed(_seed(self.seed, _POSITIVES, step))
            pick = torch.multinomial(
                self._shares, size, replacement=True, generator=self._generator
            )
            within = torch.rand(size, generator=self._generator, device=self.device)
            count = self._count[pick]
            offset = torch.minimum((within * count).long(), count - 1)
            return self._pool[self._first[pick] + offset].long()
        epoch, start = divmod(step * size, self.n)
        rows = self._order(epoch)[start : start + size]
        if len(rows) < size:
            rows = torch.cat([rows, self._order(epoch + 1)[: size - len(rows)]])
        return rows.long()

    def _order(self, epoch: int) -> Tensor:
        """Return the pool in the order of an epoch: every row comes once in it."""
        if self._epoch is None or self._epoch[0] != epoch:
            self._generator.manual_seed(_seed(self.seed, _EPOCHS, epoch))
            order = torch.randperm(
                self.n, generator=self._generator, dtype=torch.int32, device=self.device
            )
            self._epoch = (epoch, self._pool[order])
        return self._epoch[1]


class _Answers:
    """Which entities are true at one side of training triples."""

    def __init__(self, known: KnownTriples, side: Side, device: torch.device) -> None:
        self._known, self._side = known, side
        self._pair = torch.from_numpy(known.pair[side]).to(device)
        self._n_entities = known.n_entities
        self._loops = loops_for(self._pair)
        if self._loops is None:  # every true answer as one ascending number
            pair = np.repeat(np.arange(len(known.start[side]) - 1), np.diff(known.start[side]))
            keys = pair * known.n_entities + known.answers[side]
            self._keys = torch.from_numpy(keys).to(device)

    def among(self, rows: Tensor, drawn: Tensor) -> Tensor:
        """Return which drawn entities, shape (n_chunks, n), are true for each row, (batch, n)."""
        pair = self._pair[rows].long()
        per_chunk = len(rows) // len(drawn)
        if self._loops is not None:
            start, answers = self._known.start[self._side], self._known.answers[self._side]
            out = torch.empty(len(rows), drawn.shape[1], dtype=torch.bool)
            self._loops.mark_known(
                pair.numpy(), start, answers, drawn.numpy(), per_chunk, out.numpy()
            )
            return out
        keys = pair.view(len(drawn), -1, 1) * self._n_entities + drawn[:, None]
        at = torch.searchsorted(self._keys, keys).clamp_(max=len(self._keys) - 1)
        return (self._keys[at] == keys).flatten(0, 1)

    def all_of(self, rows: Tensor, n_entities: int) -> Tensor:
        """Return which of all entities are true for each row, shape (batch, n_entities)."""
        at, ends = self._known.ends_of(self._pair[rows].cpu().numpy(), self._side)
        out = torch.zeros(len(rows), n_entities, dtype=torch.bool, device=rows.device)
        out[torch.from_numpy(at).to(rows.device), torch.from_numpy(ends).to(rows.device).long()] = (
            True
        )
        return out


def _sizes(config: TrainConfig, n_pool: int) -> tuple[int, int]:
    """Return the triples in a batch and in a chunk; a small graph has fewer than asked for."""
    size = min(config.batch_size, n_pool)
    if not config.shared_negatives:
        return size, 1
    chunk = min(config.chunk_size or size, size)
    return size // chunk * chunk, chunk


def _seed(*numbers: int) -> int:
    """Return one seed for several numbers, such that near ones give unrelated seeds."""
    (state,) = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    return int(state) >> 1
