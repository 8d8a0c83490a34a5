"""Entity embeddings tied to what an LLM wrote: entity = mix * free + (1 - mix) * anchor.

References
----------
LLaDR eqs. 1-2. Deviations: entities without text keep their free vector unmixed (the paper fills
all); the distances are means over coordinates or angles, so that `pull` does not depend on `dim`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor
from torch.nn import functional


class AnchoredEmbedding(torch.nn.Module):
    """The entity table of a model, plain or anchored.

    Parameters
    ----------
    free : Tensor of shape (n_entities, dim)
        Start values of the trained part.
    anchors : Tensor of shape (n_entities, dim) or None
        Text vectors reduced to the model's width; None means a plain knowledge-graph embedding.
    has_anchor : bool Tensor of shape (n_entities,) or None
        Which entities have text; None means all.
    mix : float in [0, 1]
        Share of the free part (the paper's rho). 1 leaves the anchors out of the entity vector.
    """

    anchors: Tensor | None
    weight: Tensor | None
    has_anchor: Tensor | None

    def __init__(
        self,
        free: Tensor,
        anchors: Tensor | None = None,
        has_anchor: Tensor | None = None,
        mix: float = 1.0,
    ) -> None:
        super().__init__()
        self.free = torch.nn.Parameter(free)
        if anchors is None:
            self.register_buffer("anchors", None)
            self.register_buffer("weight", None)
            self.register_buffer("has_anchor", None)
            return
        if has_anchor is None:
            has_anchor = torch.ones(len(anchors), dtype=torch.bool)
        weight = torch.where(has_anchor, mix, 1.0).to(free.dtype)
        self.register_buffer("anchors", torch.where(has_anchor[:, None], anchors, 0.0))
        self.register_buffer("weight", weight[:, None])  # (n_entities, 1)
        self.register_buffer("has_anchor", has_anchor)

    @property
    def is_anchored(self) -> bool:
        return self.anchors is not None

    def forward(self, entities: Tensor | None = None) -> Tensor:
        """Return the mixed vectors of `entities`, or of all, shape (..., dim)."""
        free = self.free if entities is None else self._rows(self.free, entities)
        if self.anchors is None or self.weight is None:
            return free
        anchors, weight = self.anchors, self.weight
        if entities is not None:
            anchors, weight = self._rows(anchors, entities), weight[entities]
        return weight * free + (1.0 - weight) * anchors

    @staticmethod
    def _rows(table: Tensor, entities: Tensor) -> Tensor:
        if entities.ndim == 1 and not torch.is_grad_enabled():
            return table.index_select(0, entities)  # several times as fast as plain indexing
        return table[entities]

    def to_free(self, entities: Tensor, gradient: Tensor) -> Tensor:
        """Return the gradient of the free vectors of `entities` from that of their mixed ones."""
        return gradient if self.weight is None else gradient * self.weight[entities]

    def anchors_of(self, entities: Tensor) -> tuple[Tensor, Tensor]:
        """Return the anchors of `entities`, (n, dim), and which have one as 1 or 0, (n,).

        Raises
        ------
        ValueError
            The table is plain.
        """
        if self.anchors is None or self.has_anchor is None:
            raise ValueError("a plain table has no anchors")
        return self._rows(self.anchors, entities), self.has_anchor[entities].to(self.anchors.dtype)

    def pull_loss(self, rows: Tensor, entities: Tensor, distance: Distance) -> Tensor:
        """Return the mean distance of mixed vectors to their anchors (LLaDR eq. 2), a scalar.

        Parameters
        ----------
        rows : Tensor of shape (n, dim)
            The mixed vectors of `entities`. Those without text do not count; 0 where none has any.
        entities : int Tensor of shape (n,)
        """
        if self.anchors is None or self.has_anchor is None:
            return rows.new_zeros(())
        has = self.has_anchor[entities]
        losses = distance(rows, self.anchors[entities])
        return (losses * has).sum() / has.sum().clamp(min=1)


Distance = Callable[[Tensor, Tensor], Tensor]


def cosine_distance(x: Tensor, anchor: Tensor) -> Tensor:
    """Return 1 - cosine, in [0, 2]; shapes (..., dim) -> (...)."""
    return 1.0 - functional.cosine_similarity(x, anchor, dim=-1)


def euclidean_distance(x: Tensor, anchor: Tensor) -> Tensor:
    """Return the root mean square of the difference; shapes (..., dim) -> (...)."""
    return ((x - anchor).square().mean(-1) + 1e-12).sqrt()


def manhattan_distance(x: Tensor, anchor: Tensor) -> Tensor:
    """Return the mean absolute difference; shapes (..., dim) -> (...)."""
    return (x - anchor).abs().mean(-1)


def phase_distance(x: Tensor, anchor: Tensor) -> Tensor:
    """Return the mean |sin| of half the angle between rows read as dim / 2 complex numbers.

    In [0, 1]; moduli do not count. Shapes (..., dim) -> (...), dim even.
    """
    x_re, x_im = x.chunk(2, -1)
    a_re, a_im = anchor.chunk(2, -1)
    dot = x_re * a_re + x_im * a_im
    lengths = ((x_re**2 + x_im**2) * (a_re**2 + a_im**2) + 1e-12).sqrt()
    # |sin(a / 2)| = sqrt((1 - cos a) / 2), which needs no arctangent
    return (((1.0 - dot / lengths) / 2).clamp(min=0) + 1e-12).sqrt().mean(-1)


def kl_distance(x: Tensor, anchor: Tensor) -> Tensor:
    """Return KL(softmax(anchor) || softmax(x)), LLaDR Table 9; shapes (..., dim) -> (...)."""
    target = functional.log_softmax(anchor, -1)
    return (target.exp() * (target - functional.log_softmax(x, -1))).sum(-1)


def distance_gradient(name: str, x: Tensor, anchor: Tensor) -> tuple[Tensor, Tensor]:
    """Return distances and their gradients with respect to `x`, shapes (n,) and (n, dim).

    Parameters
    ----------
    name : str
        A key of `DISTANCES`.
    x, anchor : Tensors of shape (n, dim)
    """
    if name == "cosine":  # the default, written out: a third of the time
        x_length = x.norm(dim=-1, keepdim=True).clamp_(min=1e-8)
        unit = anchor / anchor.norm(dim=-1, keepdim=True).clamp_(min=1e-8)
        direction = x / x_length
        cosine = (direction * unit).sum(-1, keepdim=True)
        return 1.0 - cosine[:, 0], (direction * cosine - unit) / x_length
    with torch.enable_grad():
        leaf = x.detach().requires_grad_()
        distances = DISTANCES[name](leaf, anchor)
        (gradient,) = torch.autograd.grad(distances.sum(), leaf)
    return distances.detach(), gradient


DISTANCES: Mapping[str, Distance] = MappingProxyType(
    {
        "cosine": cosine_distance,
        "euclidean": euclidean_distance,
        "manhattan": manhattan_distance,
        "phase": phase_distance,
        "kl": kl_distance,
    }
)
