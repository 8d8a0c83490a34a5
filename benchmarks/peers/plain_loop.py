"""A plain PyTorch loop, written from the method's description the way such code usually works.

Every triple gets negatives of its own, drawn in Python one triple at a time with the known true
ends of training left out; a `DataLoader` puts them together; head and tail batches take turns;
scores are made from tensors of shape (batch, n_negatives, dim); autograd gives a dense gradient and
Adam walks over the whole table at each step. The settings are the published ones where not said.

References
----------
LLaDR eqs. 3-6 without the anchor; the sampling and the weights are those of RotatE's authors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

Side = Literal["head", "tail"]
Item = tuple[Tensor, Tensor, Tensor]
ENDS: dict[Side, tuple[int, int]] = {"tail": (0, 2), "head": (2, 0)}  # given, asked
SPREAD = 2.0  # beside the margin, in the range of start values


class TrueEnds:
    """The true ends of training for each (entity, relation), and how many there are."""

    def __init__(self, triples: NDArray[np.int32], side: Side) -> None:
        given, asked = ENDS[side]
        keys = triples[:, given].astype(np.int64) << 20 | triples[:, 1]
        order = np.argsort(keys, kind="stable")
        self._ends = triples[order, asked].astype(np.int64)
        distinct, start = np.unique(keys[order], return_index=True)
        spans = zip(start.tolist(), [*start[1:].tolist(), len(keys)], strict=True)
        self._spans = dict(zip(distinct.tolist(), spans, strict=True))

    def __call__(self, entity: int, relation: int) -> NDArray[np.int64]:
        first, last = self._spans[entity << 20 | relation]
        return self._ends[first:last]


class CorruptedTriples(Dataset[Item]):
    """Each triple of training with negatives of its own on one side, and its weight.

    Parameters
    ----------
    triples : int32 array of shape (n, 3)
    ends : dict from side to TrueEnds
    n_entities, n_negatives : int
    side : "head" or "tail"
    generator : numpy Generator
    """

    def __init__(
        self,
        triples: NDArray[np.int32],
        ends: dict[Side, TrueEnds],
        n_entities: int,
        n_negatives: int,
        side: Side,
        generator: np.random.Generator,
    ) -> None:
        self.triples, self.ends, self.side = triples, ends, side
        self.n_entities, self.n_negatives, self.generator = n_entities, n_negatives, generator

    def __len__(self) -> int:
        return len(self.triples)

    def __getitem__(self, place: int) -> Item:
        h, r, t = self.triples[place].tolist()
        tails, heads = self.ends["tail"](h, r), self.ends["head"](t, r)
        known = tails if self.side == "tail" else heads
        found: list[NDArray[np.int64]] = []
        n_found = 0
        while n_found < self.n_negatives:
            drawn = self.generator.integers(self.n_entities, size=2 * self.n_negatives)
            drawn = drawn[np.isin(drawn, known, invert=True)]
            found.append(drawn)
            n_found += len(drawn)
        negatives = np.concatenate(found)[: self.n_negatives]
        weight = (len(tails) + len(heads) + 8) ** -0.5  # counts start at 4 each
        return torch.tensor([h, r, t]), torch.from_numpy(negatives), torch.tensor(weight)


def batches(
    triples: NDArray[np.int32],
    n_entities: int,
    batch_size: int,
    n_negatives: int,
    seed: int,
) -> Iterator[tuple[Side, Tensor, Tensor, Tensor]]:
    """Yield batches for ever, tails corrupted in one and heads in the next.

    Yields
    ------
    side, triples (batch, 3), negatives (batch, n_negatives), weights (batch,)
    """
    generator = np.random.default_rng(seed)
    ends: dict[Side, TrueEnds] = {side: TrueEnds(triples, side) for side in ENDS}
    order = torch.Generator().manual_seed(seed)

    def endless(side: Side) -> Iterator[Any]:
        items = CorruptedTriples(triples, ends, n_entities, n_negatives, side, generator)
        loader = DataLoader(items, batch_size, shuffle=True, generator=order)
        while True:
            yield from loader

    sources: dict[Side, Iterator[Any]] = {side: endless(side) for side in ENDS}
    while True:
        for side, source in sources.items():
            positive, negatives, weights = next(source)
            yield side, positive, negatives, weights


class PlainModel(torch.nn.Module):
    """Two tables and a score; complex numbers lie as their real parts, then imaginary parts.

    Parameters
    ----------
    model : "transe", "distmult", "complex" or "rotate"
    n_entities, n_relations, dim : int
        `dim` counts reals.
    margin : float
    """

    def __init__(
        self, model: str, n_entities: int, n_relations: int, dim: int, margin: float
    ) -> None:
        super().__init__()
        self.model, self.margin = model, margin
        self.spread = (margin + SPREAD) / dim
        width = dim // 2 if model == "rotate" else dim
        self.entities = torch.nn.Parameter(torch.empty(n_entities, dim))
        self.relations = torch.nn.Parameter(torch.empty(n_relations, width))
        for table in (self.entities, self.relations):
            torch.nn.init.uniform_(table, -self.spread, self.spread)

    def angles(self) -> Tensor:
        """Return RotatE's relations in radians: start values reach once round the circle."""
        return self.relations * (torch.pi / self.spread)

    def forward(self, h: Tensor, r: Tensor, t: Tensor, side: Side) -> Tensor:
        """Return scores; h, t of shape (batch, 1 or n, dim), r of shape (batch, 1, width)."""
        scores: Tensor = getattr(self, f"_{self.model}")(h, r, t, side)
        return scores

    def _transe(self, h: Tensor, r: Tensor, t: Tensor, side: Side) -> Tensor:
        difference = h + (r - t) if side == "head" else (h + r) - t
        return self.margin - torch.norm(difference, p=1, dim=2)

    def _distmult(self, h: Tensor, r: Tensor, t: Tensor, side: Side) -> Tensor:
        product = h * (r * t) if side == "head" else (h * r) * t
        return product.sum(2)

    def _complex(self, h: Tensor, r: Tensor, t: Tensor, side: Side) -> Tensor:
        (h_re, h_im), (r_re, r_im), (t_re, t_im) = (x.chunk(2, 2) for x in (h, r, t))
        if side == "head":
            re, im = r_re * t_re + r_im * t_im, r_re * t_im - r_im * t_re
            return (h_re * re + h_im * im).sum(2)
        re, im = h_re * r_re - h_im * r_im, h_re * r_im + h_im * r_re
        return (re * t_re + im * t_im).sum(2)

    def _rotate(self, h: Tensor, r: Tensor, t: Tensor, side: Side) -> Tensor:
        (h_re, h_im), (t_re, t_im) = h.chunk(2, 2), t.chunk(2, 2)
        angle = r * (torch.pi / self.spread)
        cos, sin = torch.cos(angle), torch.sin(angle)
        if side == "head":
            re, im = cos * t_re + sin * t_im - h_re, cos * t_im - sin * t_re - h_im
        else:
            re, im = h_re * cos - h_im * sin - t_re, h_re * sin + h_im * cos - t_im
        return self.margin - torch.stack([re, im]).norm(dim=0).sum(2)


class PlainLoop:
    """The loop: `step` trains on one batch.

    Parameters
    ----------
    triples : int32 array of shape (n, 3)
        The training triples.
    lr : float
        Of Adam; the published one by default.
    """

    def __init__(  # noqa: PLR0913
        self,
        model: str,
        triples: NDArray[np.int32],
        n_entities: int,
        n_relations: int,
        *,
        dim: int,
        batch_size: int = 512,
        n_negatives: int = 128,
        margin: float = 12.0,
        lr: float = 1e-4,
        seed: int = 0,
    ) -> None:
        torch.manual_seed(seed)
        self.model = PlainModel(model, n_entities, n_relations, dim, margin)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)
        self.batches = batches(triples, n_entities, batch_size, n_negatives, seed)

    def step(self) -> float:
        """Train on the next batch and return its loss (LLaDR eqs. 3-5)."""
        side, positive, negatives, weights = next(self.batches)
        h, r, t = (column[:, None] for column in positive.unbind(1))  # (batch, 1) each
        entities, relation = self.model.entities, self.model.relations[r]
        ends = (entities[h], entities[negatives])
        if side == "head":
            ends = (entities[negatives], entities[t])
        negative = self.model(ends[0], relation, ends[1], side)  # (batch, n_negatives)
        truth = self.model(entities[h], relation, entities[t], "tail")[:, 0]
        of_negatives = functional.logsigmoid(-negative).mean(1)
        share = weights / weights.sum()
        loss = -(share * (functional.logsigmoid(truth) + of_negatives)).sum() / 2
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())
