"""Scores of queries against candidates, and their gradients, for all six models."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from llador_core.models.interactions import Interaction
from llador_core.models.pairwise import (
    distance_gradients,
    distances,
    product_gradients,
    products,
    row_product_gradients,
    row_products,
)
from llador_core.models.queries import Query

_TINY = 1e-12
_NOISE = 1e-5  # of the sizes in a difference of matrix products
_KIND = {"transe": "l1", "rotate": "moduli", "protate": "sines"}


class CandidateScores:
    """One evaluation: made for a set of queries and candidates, asked for values, then gradients.

    Parameters
    ----------
    spec : Interaction
    margin : float
    constants : mapping of str to Tensor
        Learned numbers of pRotatE and HAKE.
    query : Query
    table : float32 Tensor of shape (n_rows, dim), angles in radians
    index : int64 Tensor of shape (n_chunks, n)
        Each chunk's candidates in `table`; see `pairwise`.
    kind : dtype
        Of the factors of matrix products, for the bilinear models.
    """

    def __init__(
        self,
        spec: Interaction,
        margin: float,
        constants: Mapping[str, Tensor],
        query: Query,
        table: Tensor,
        index: Tensor,
        kind: torch.dtype = torch.float32,
    ) -> None:
        self.spec, self.margin, self.constants = spec, margin, constants
        self.query, self.table, self.index, self.kind = query, table, index, kind
        self._parts: tuple[Tensor, ...] = ()

    def values(self) -> Tensor:
        """Return the scores, shape (batch, n)."""
        name, q, table, index = self.spec.name, self.query.q, self.table, self.index
        if not self.spec.is_distance and self._is_one_each:
            return row_products(q, table, index)
        if not self.spec.is_distance:
            return products(q, table, index, self.kind)
        if name == "hake":
            modulus, phase = _halves(q)
            t_modulus, t_phase = _halves(table)
            near = _scaled(modulus, self._scale, t_modulus, index)
            turned = distances("sines", phase, t_phase, index)
            self._parts = (near, turned)
            weights = self.constants["weights"]
            return self.margin - weights[0] * near - weights[1] * turned
        self._parts = (distances(_KIND[name], q, table, index),)
        if name == "protate":
            return self.margin - self.constants["modulus"] * self._parts[0]
        return self.margin - self._parts[0]

    def gradients(self, g: Tensor, to_table: Tensor) -> tuple[Query, dict[str, Tensor]]:
        """Return the gradients with respect to the query and the constants.

        Parameters
        ----------
        g : Tensor of shape (batch, n)
            Of the loss with respect to the scores.
        to_table : Tensor of shape (n_rows, dim), changed in place
            The gradient of the candidates is added to it.
        """
        name, q, table, index = self.spec.name, self.query.q, self.table, self.index
        if not self.spec.is_distance and self._is_one_each:
            return Query(row_product_gradients(q, table, index, g, to_table)), {}
        if not self.spec.is_distance:
            return Query(product_gradients(q, table, index, g, to_table, self.kind)), {}
        if name == "hake":
            return self._hake_gradients(g, to_table)
        if name == "protate":
            to_modulus = -(g * self._parts[0]).sum()
            step = -g * self.constants["modulus"]
            to_q = distance_gradients("sines", q, table, index, step, to_table)
            return Query(to_q), {"modulus": to_modulus}
        return Query(distance_gradients(_KIND[name], q, table, index, -g, to_table)), {}

    @property
    def _is_one_each(self) -> bool:
        """Each query has one candidate of its own, as the true triples have."""
        return self.index.shape == (len(self.query.q), 1)

    @property
    def _scale(self) -> Tensor:
        if self.query.scale is None:
            raise TypeError("HAKE's query has a scale")
        return self.query.scale

    def _hake_gradients(self, g: Tensor, to_table: Tensor) -> tuple[Query, dict[str, Tensor]]:
        modulus, phase = _halves(self.query.q)
        t_modulus, t_phase = _halves(self.table)
        near, turned = self._parts
        weights = self.constants["weights"]
        to_weights = -torch.stack([(g * near).sum(), (g * turned).sum()])
        pushes = torch.where(near > 2 * _TINY**0.5, g / near, 0.0)  # no direction from itself
        to_t_modulus, to_t_phase = torch.zeros_like(t_modulus), torch.zeros_like(t_phase)
        to_modulus, to_scale = _scaled_gradients(
            modulus, self._scale, t_modulus, self.index, -weights[0] * pushes, to_t_modulus
        )
        to_phase = distance_gradients(
            "sines", phase, t_phase, self.index, -g * weights[1], to_t_phase
        )
        to_table += torch.cat([to_t_modulus, to_t_phase], -1)
        return Query(torch.cat([to_modulus, to_phase], -1), to_scale), {"weights": to_weights}


def _halves(rows: Tensor) -> tuple[Tensor, Tensor]:
    first, second = rows.chunk(2, -1)
    return first.contiguous(), second.contiguous()


def _scaled(a: Tensor, scale: Tensor, table: Tensor, index: Tensor) -> Tensor:
    """Return ||a - scale o c||_2 of queries and candidates, shape (batch, n).

    Written out as |a|^2 - 2 (a o scale) . c + scale^2 . c^2, which is two matrix products.
    """
    crossed = products(a * scale, table, index)
    squared = products(scale.square(), table.square(), index)
    size = a.square().sum(-1, keepdim=True) + squared
    total = size - 2 * crossed
    # what rounding cannot tell from 0 is 0, an entity against itself for instance
    return torch.where(total > _NOISE * size, total, 0.0).add_(_TINY).sqrt_()


def _scaled_gradients(
    a: Tensor, scale: Tensor, table: Tensor, index: Tensor, g: Tensor, to_table: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients with respect to `a` and `scale`; `g` is divided by the distance."""
    to_crossed, to_squared = torch.zeros_like(table), torch.zeros_like(table)
    crossed = product_gradients(a * scale, table, index, g, to_crossed)
    squared = product_gradients(scale.square(), table.square(), index, g, to_squared)
    to_table += table * to_squared - to_crossed
    to_a = a * g.sum(-1, keepdim=True) - scale * crossed
    return to_a, scale * squared - a * crossed
