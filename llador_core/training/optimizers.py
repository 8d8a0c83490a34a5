"""Optimizers that touch only the rows a step has gradients for.

No pass over the whole table, and at most one table of state. Written with sums into rows, so that
rows which stand in only to keep shapes fixed on a GPU (all their numbers are zero) change nothing.

References
----------
Adagrad: Duchi et al., JMLR 2011; one number for a row: as DGL-KE and PyTorch-BigGraph do. Adam:
Kingma and Ba, ICLR 2015; with moments of the touched rows alone, the second one a number for each
row, and the steps of a row counted for its bias correction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor

from llador_core.models.pairwise import loops_for

_EPSILON = 1e-10
_BETA_1, _BETA_2, _ADAM_EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Touched:
    """The distinct rows that a step needs.

    Attributes
    ----------
    ids : int64 Tensor of shape (n_rows,)
        On a GPU, followed by zeros that fill up to the number asked for: counting the distinct ones
        would make the processor wait for the GPU.
    place : int64 Tensor of shape (n_asked,)
        Where each one that was asked for stands in `ids`.
    is_real : float32 Tensor of shape (n_rows, 1) or None
        0 for the zeros at the end; None where there are none.
    """

    ids: Tensor
    place: Tensor
    is_real: Tensor | None = None


def touch(asked: Tensor) -> Touched:
    """Return the distinct rows of a list, shape (n_asked,)."""
    if asked.device.type == "cpu":
        ids, place = torch.unique(asked, return_inverse=True)
        return Touched(ids, place)
    return _padded(asked)


def _padded(asked: Tensor) -> Touched:
    """Return the distinct rows of a list in arrays whose shapes do not depend on how many."""
    in_order, order = asked.sort(stable=True)
    is_new = torch.ones_like(in_order)
    is_new[1:] = in_order[1:] != in_order[:-1]
    rank = is_new.cumsum(0) - 1
    place = torch.empty_like(asked).scatter_(0, order, rank)
    ids = torch.zeros_like(asked).scatter_(0, rank, in_order)
    is_real = torch.arange(len(asked), device=asked.device) <= rank[-1]
    return Touched(ids, place, is_real[:, None].float())


class RowOptimizer(Protocol):
    """Changes the touched rows of one table in place."""

    def __init__(self, table: Tensor) -> None: ...

    def update(self, rows: Touched, gradient: Tensor, lr: float) -> None:
        """Take a step; `gradient` has shape (n_rows, width)."""

    def state(self) -> dict[str, Tensor]:
        """Return what a checkpoint must keep, the tensors themselves."""


class RowwiseAdagrad:
    """Adagrad with one accumulated number for each row: the mean square of its gradients."""

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.sums = table.new_zeros(len(table))

    def update(self, rows: Touched, gradient: Tensor, lr: float) -> None:
        loops = loops_for(self.table)
        if loops is not None:
            loops.rowwise_adagrad(
                self.table.numpy(), self.sums.numpy(), rows.ids.numpy(), gradient.numpy(), lr
            )
            return
        self.sums.index_add_(0, rows.ids, gradient.square().mean(1))
        size = self.sums[rows.ids].sqrt_().add_(_EPSILON)
        self.table.index_add_(0, rows.ids, gradient / size[:, None], alpha=-lr)

    def state(self) -> dict[str, Tensor]:
        return {"sums": self.sums}


class Adagrad:
    """Adagrad with an accumulated number for each coordinate."""

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.sums = torch.zeros_like(table)

    def update(self, rows: Touched, gradient: Tensor, lr: float) -> None:
        loops = loops_for(self.table)
        if loops is not None:
            loops.adagrad(
                self.table.numpy(), self.sums.numpy(), rows.ids.numpy(), gradient.numpy(), lr
            )
            return
        self.sums.index_add_(0, rows.ids, gradient.square())
        size = self.sums[rows.ids].sqrt_().add_(_EPSILON)
        self.table.index_add_(0, rows.ids, gradient / size, alpha=-lr)

    def state(self) -> dict[str, Tensor]:
        return {"sums": self.sums}


class RowwiseAdam:
    """Adam on touched rows: a first moment for each coordinate, a second one for each row."""

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.first = torch.zeros_like(table)
        self.second = table.new_zeros(len(table))
        self.counts = table.new_zeros(len(table))

    def update(self, rows: Touched, gradient: Tensor, lr: float) -> None:
        ids, square = rows.ids, gradient.square().mean(1)
        change = (1 - _BETA_1) * (gradient - self.first[ids])
        change_2 = (1 - _BETA_2) * (square - self.second[ids])
        count = torch.ones_like(square)
        if rows.is_real is not None:
            change, change_2 = change * rows.is_real, change_2 * rows.is_real[:, 0]
            count = rows.is_real[:, 0]
        self.first.index_add_(0, ids, change)
        self.second.index_add_(0, ids, change_2)
        self.counts.index_add_(0, ids, count)
        n = self.counts[ids].clamp_(min=1)
        size = (self.second[ids] / (1 - _BETA_2**n)).sqrt_().add_(_ADAM_EPSILON)
        step = self.first[ids] / ((1 - _BETA_1**n) * size)[:, None]
        if rows.is_real is not None:
            step *= rows.is_real
        self.table.index_add_(0, ids, step, alpha=-lr)

    def state(self) -> dict[str, Tensor]:
        return {"first": self.first, "second": self.second, "counts": self.counts}


class Constant:
    """Adagrad for a learned number, in units of its start value: the same `lr` serves all sizes."""

    def __init__(self, value: Tensor) -> None:
        self.value = value
        self.unit = value.clone()
        self.sums = torch.zeros_like(value)

    def update(self, gradient: Tensor, lr: float) -> None:
        scaled = gradient * self.unit
        self.sums += scaled.square()
        self.value -= lr * self.unit * scaled / (self.sums.sqrt() + _EPSILON)

    def state(self) -> dict[str, Tensor]:
        return {"unit": self.unit, "sums": self.sums}


OPTIMIZERS: Mapping[str, Callable[[Tensor], RowOptimizer]] = MappingProxyType(
    {"rowwise-adagrad": RowwiseAdagrad, "adagrad": Adagrad, "rowwise-adam": RowwiseAdam}
)
